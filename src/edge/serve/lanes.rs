//! Threads that each drive a share of the connections, and nothing else. A connection stays where it began: nothing is
//! handed from thread to thread between a request and its answer, and all are served in turn.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, available_parallelism};

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::timeout;

use super::connection::{Patience, drive};
use super::gate::{Protocol, wait};
use super::watched::Watched;
use super::{HEAD_BYTES_MIN, Server, handle};

/// One lane sends more than the line of most machines can carry; further ones only spread the work of the kernel.
const LANES_MAX: usize = 4;
/// Bytes of an answer that wait in the kernel to be sent, but for the last piece that is handed over; what is on its way
/// does not count. A peer that takes less than half of that in [`super::Limits::write`] is cut off.
const UNSENT_BYTES_MAX: u32 = 32 * 1024;

/// All lanes. When they are dropped, each ends with its last connection, or when its time is up.
pub(super) struct Lanes(Vec<Lane>);

struct Lane {
    /// As many wait here as have a slot, at most.
    callers: mpsc::UnboundedSender<Caller>,
    /// Held once by each connection.
    held: Arc<()>,
}

/// A connection on its way to its lane.
struct Caller {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    slot: Option<OwnedSemaphorePermit>,
    held: Arc<()>,
}

impl Lanes {
    /// One for each core, up to a few.
    pub(super) fn open(server: &Arc<Server>, stopped: &watch::Receiver<bool>) -> io::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from).min(LANES_MAX);
        let open = |_| {
            // Every caller has one of the bounded number of slots.
            let (sender, callers) = mpsc::unbounded_channel();
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (server, stopped) = (Arc::clone(server), stopped.clone());
            thread::Builder::new()
                .name("readers".to_owned())
                .spawn(move || run(runtime, &server, callers, &stopped))?;
            Ok(Lane { callers: sender, held: Arc::new(()) })
        };
        (0..count).map(open).collect::<io::Result<_>>().map(Self)
    }

    /// Hands a connection to the lane that has the fewest.
    pub(super) fn take(&self, stream: TcpStream, peer: SocketAddr, slot: Option<OwnedSemaphorePermit>) {
        let Some(lane) = self.0.iter().min_by_key(|lane| Arc::strong_count(&lane.held)) else { return };
        match stream.into_std() {
            Ok(stream) => {
                // A lane waits for as long as it may be sent something.
                let _ = lane.callers.send(Caller { stream, peer, slot, held: Arc::clone(&lane.held) });
            }
            Err(error) => tracing::warn!(%error, "a connection cannot be handed over"),
        }
    }
}

/// Drives connections until no more come and those that came have ended, or their time is up.
fn run(
    runtime: Runtime,
    server: &Arc<Server>,
    mut callers: mpsc::UnboundedReceiver<Caller>,
    stopped: &watch::Receiver<bool>,
) {
    let (alive, mut ended) = mpsc::channel::<()>(1);
    runtime.block_on(async {
        while let Some(caller) = callers.recv().await {
            let (server, stopped, alive) = (Arc::clone(server), stopped.clone(), alive.clone());
            tokio::spawn(async move {
                converse(server, caller, stopped).await;
                drop(alive);
            });
        }
        drop(alive);
        let _ = timeout(server.limits.drain + server.limits.grace, ended.recv()).await;
    });
    runtime.shutdown_background();
}

async fn converse(server: Arc<Server>, caller: Caller, stopped: watch::Receiver<bool>) {
    let Caller { stream, peer, slot, held } = caller;
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::warn!(%error, "a connection cannot be waited for"),
    };
    // Small frames of HTTP/2 would wait for each other otherwise. A stream that refuses works all the same.
    let _ = stream.set_nodelay(true);
    let patience = Patience::new(server.limits);
    // A peer that reads slowly, or not at all, holds little of the kernel's memory.
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
    let mut stream = Watched::new(stream, Arc::clone(&patience));
    let head_bytes_max = server.limits.head_bytes_max.max(HEAD_BYTES_MIN);
    while let Some(protocol) = wait(&mut stream, &patience, head_bytes_max, stopped.clone()).await {
        let service = {
            let (server, patience) = (Arc::clone(&server), Arc::clone(&patience));
            service_fn(move |request| handle(&server, &patience, peer, request))
        };
        if protocol == Protocol::Http2 {
            let connection = Box::pin(server.http2.serve_connection(stream, service));
            drive(connection, http2::Connection::graceful_shutdown, &patience, stopped).await;
            break;
        }
        patience.park(true);
        let connection = Box::pin(server.http1.serve_connection(stream, service));
        let parked =
            drive(connection, http1::Connection::graceful_shutdown, &patience, stopped.clone()).await;
        patience.park(false);
        let Some(parked) = parked else { break };
        let parts = Pin::into_inner(parked).into_parts();
        stream = parts.io;
        stream.give_back(&parts.read_buf);
    }
    drop((slot, held));
}
