//! The door to the readers: a listener around [`respond`], with a deadline and a bound for everything.

mod negotiate;
mod respond;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub use respond::{Request, answer, respond, text};

use crate::model::{Document, Published};

/// Pages of single entries, which are rendered from the store on request.
pub trait ItemPages: Send + Sync + 'static {
    /// The page of the entry with this key; `None` where there is none. May block.
    fn page(&self, key: &str) -> Option<Arc<Document>>;
}

/// The bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the backlog.
    pub connections_max: usize,
    /// A connection must say something within this time.
    pub first_byte: Duration,
    /// A request's head must be whole within this time.
    pub head: Duration,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Requests that run on after a stop are cut off then.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_240,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            head_bytes_max: 16 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` ends, then lets running requests finish.
pub async fn run(
    listener: TcpListener,
    published: Arc<ArcSwap<Published>>,
    items: Arc<dyn ItemPages>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    run_with(listener, published, items, shutdown, Limits::default()).await
}

/// [`run`] with other bounds.
pub async fn run_with(
    listener: TcpListener,
    published: Arc<ArcSwap<Published>>,
    items: Arc<dyn ItemPages>,
    shutdown: impl Future<Output = ()> + Send,
    limits: Limits,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    let builder = Arc::new(builder(&limits));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        // A slot first: connections beyond the cap wait in the kernel's backlog.
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (listener.accept().await, slot)
        };
        let (accepted, slot) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: closing connections will free some.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (builder, watcher) = (Arc::clone(&builder), graceful.watcher());
        let (published, items) = (Arc::clone(&published), Arc::clone(&items));
        tokio::spawn(async move {
            let _slot = slot;
            // hyper waits for ever for a peer that says nothing at all.
            if timeout(limits.first_byte, speaks(&stream)).await.is_err() {
                return;
            }
            let service =
                service_fn(move |request| handle(Arc::clone(&published), Arc::clone(&items), request));
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            // A peer that breaks the protocol or goes away is its own affair.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
    drop(listener);
    if timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the deadline and are cut off");
    }
    Ok(())
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        // Without a timer the deadline below does nothing.
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes_max.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(limits.head);
    builder
}

async fn speaks(stream: &TcpStream) -> io::Result<()> {
    let mut first = [0];
    stream.peek(&mut first).await.map(|_| ())
}

async fn handle(
    published: Arc<ArcSwap<Published>>,
    items: Arc<dyn ItemPages>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, _) = request.into_parts();
    let asked = Request { method: &head.method, path: head.uri.path(), headers: &head.headers };
    let response = match asked.path.strip_prefix("/item/") {
        Some(key) if !key.is_empty() => {
            let key = key.to_owned();
            match spawn_blocking(move || items.page(&key)).await.ok().flatten() {
                Some(document) => answer(&document, &asked),
                None => text(StatusCode::NOT_FOUND, "There is nothing at this address.\n", asked.method),
            }
        }
        _ => respond(&published.load(), &asked),
    };
    Ok(response.map(Full::new))
}
