//! The door to the readers: a listener around [`respond`], with a deadline and a bound for everything.

mod call;
mod conditions;
mod connection;
mod delta;
mod doors;
mod files;
mod gate;
mod go;
mod heads;
mod lanes;
mod negotiate;
mod refuse;
mod respond;
mod route;
mod twin;
mod watched;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use self::call::{Call, Handled};
use self::connection::{Answer, Patience};
pub use self::doors::{Admission, Doors, Envelope, Mail, Mailbox, Pages, Pass, Reply};
use self::lanes::Lanes;
use self::negotiate::Accepted;
use self::refuse::{is_chunked, refused};
pub use self::respond::{Request, STARTING_SECONDS, answer, respond, text};
use self::route::Route;

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 100;
/// Streams of one HTTP/2 connection that its peer opened and took back before we looked at them: more end it.
const RESETS_MAX: usize = 20;
/// Streams of one HTTP/2 connection on which its peer broke the protocol: more end it.
const ERRORS_MAX: usize = 100;
/// Bytes of bodies that an HTTP/2 peer may send before they are read.
const WINDOW_BYTES: u32 = 64 * 1024;
/// Bytes of an answer that wait for an HTTP/2 stream's window.
const SEND_BYTES_MAX: usize = 64 * 1024;
/// How long the listener rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// hyper reads HTTP/1 heads into a buffer that cannot be smaller.
const HEAD_BYTES_MIN: usize = 8 * 1024;

/// The bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the backlog.
    pub connections_max: u32,
    /// A connection's first request must be there, its head whole, within this time.
    pub head: Duration,
    /// The first byte of each further one must be there within this time of the last answer: how long an idle
    /// connection is kept. From that byte on the head has the same time as the first one.
    pub idle: Duration,
    /// The body of a request must be there, whole, within this time.
    pub body: Duration,
    /// A peer that takes no byte of its answer for this long is cut off; so is a request that takes longer.
    pub write: Duration,
    /// A connection that has lived this long is told to finish.
    pub age: Duration,
    /// A connection that was told to finish is cut off after this time, with what still runs.
    pub drain: Duration,
    /// The same where nothing runs; also how long a peer that is still sending has to read its answer.
    pub grace: Duration,
    /// Bytes of a request's head; at least 8 KiB.
    pub head_bytes_max: usize,
    /// Item pages, or where they lead, read from the store at once.
    pub items_max: u32,
    /// How long a request for an item page waits for its turn.
    pub items_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_240,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(30),
            write: Duration::from_secs(60),
            age: Duration::from_secs(600),
            drain: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            head_bytes_max: 16 * 1024,
            items_max: 8,
            items_wait: Duration::from_secs(5),
        }
    }
}

/// Serves until `shutdown` ends, then lets running requests finish.
pub async fn run(
    listener: TcpListener,
    doors: Doors,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let limits = Limits::default();
    let connections_max = files::connections_max(limits.connections_max);
    run_with(listener, doors, shutdown, Limits { connections_max, ..limits }).await
}

/// [`run`] with other bounds.
pub async fn run_with(
    listener: TcpListener,
    doors: Doors,
    shutdown: impl Future<Output = ()> + Send,
    limits: Limits,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.connections_max as usize));
    let (stop, stopped) = watch::channel(false);
    let server = Arc::new(Server {
        doors,
        item_slots: Arc::new(Semaphore::new(limits.items_max as usize)),
        http1: http1(&limits),
        http2: http2(&limits),
        limits,
        main: Handle::current(),
    });
    let lanes = Lanes::open(&server, &stopped)?;
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let ((stream, peer), slot) = tokio::select! {
            next = next(&listener, &slots) => next,
            () = &mut shutdown => break,
        };
        lanes.take(stream, peer, slot);
    }
    drop(listener);
    // Each connection keeps to its own deadline, so all slots come back.
    let _ = stop.send(true);
    drop(lanes);
    let all = slots.acquire_many(limits.connections_max);
    if timeout(limits.drain + limits.grace, all).await.is_err() {
        tracing::warn!("requests were still running at the deadline and are cut off");
    }
    Ok(())
}

/// The next connection, once there is a slot for it: others wait in the kernel's backlog.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> ((TcpStream, SocketAddr), Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok(caller) => return (caller, slot),
            // The peer has gone again.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of file descriptors, most likely: connections that end will free some.
                tracing::warn!(%error, "connections cannot be accepted at the moment");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Server {
    doors: Doors,
    item_slots: Arc<Semaphore>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    limits: Limits,
    /// Where everything but the conversation itself is done.
    main: Handle,
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // `connection` keeps the deadlines for heads, too.
        .header_read_timeout(None)
        // Who sends a request and then closes that side, as `nc` does, still reads.
        .half_close(true)
        .max_buf_size(limits.head_bytes_max.max(HEAD_BYTES_MIN));
    builder
}

fn http2(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(ERRORS_MAX)
        // What peers send is short: a form for the hub.
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
    builder
}

/// Answers from the snapshot at once, and everything else by and by.
fn handle(
    server: &Arc<Server>,
    patience: &Arc<Patience>,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Handled {
    let (head, body) = request.into_parts();
    let call = Call { running: patience.begin(), version: head.version, is_unread: !body.is_end_stream() };
    let route = Route::of(head.uri.path());
    if let Some(refused) = refused(&head, &route) {
        return Handled::Now(Some(call.close(refused, patience)));
    }
    if head.uri.path() == "/healthz"
        && respond::not_allowed(&head.method).is_none()
        && let Some(why) = server.doors.pages.trouble()
    {
        // It serves, so whoever looks after it is to leave it alone.
        let response = text(StatusCode::OK, format!("degraded: {why}\n"), &head.method);
        return Handled::Now(Some(call.answer(response, patience)));
    }
    if route == Route::Snapshot {
        let asked = Request { method: &head.method, path: head.uri.path(), headers: &head.headers };
        let front = server.doors.front.load();
        let response = match respond::find(&front, &asked) {
            Ok(document) => {
                let response = answer(document, &asked);
                if head.version < Version::HTTP_2 {
                    patience.expect(heads::twin(document, response.body()));
                }
                response
            }
            Err(other) => *other,
        };
        return Handled::Now(Some(call.answer(response, patience)));
    }
    let (server, patience) = (Arc::clone(server), Arc::clone(patience));
    // On the heap, so that a connection that only asks for documents is small.
    let main = server.main.clone();
    let work = Box::pin(async move { server.handle(call, &patience, route, head, body, peer).await });
    Handled::Later(main, work)
}

/// The whole body of a request, or why it is not taken.
async fn read(body: Incoming, bytes_max: usize) -> Result<Bytes, Box<Response<Bytes>>> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Box::new(text(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long.\n", &Method::POST)))
        }
        Err(_) => Err(Box::new(text(StatusCode::BAD_REQUEST, "The body broke off.\n", &Method::POST))),
    }
}

impl Server {
    /// Whatever the snapshot does not hold.
    async fn handle(
        &self,
        mut call: Call,
        patience: &Patience,
        route: Route,
        head: Parts,
        body: Incoming,
        peer: SocketAddr,
    ) -> Response<Answer> {
        let response = match route {
            Route::Mail(bytes_max) => match self.receive(&head, body, bytes_max).await {
                Ok((body, pass)) => {
                    // Nothing that follows a body in chunks is read: another length may have been named as well, by
                    // which a proxy in front of us went (RFC 9112 §6.3).
                    call.is_unread = is_chunked(&head);
                    self.deliver(head, body, peer, pass).await
                }
                Err(refused) => *refused,
            },
            _ => self.answer(&head, route).await,
        };
        patience.ready();
        call.answer(response, patience)
    }

    async fn answer(&self, head: &Parts, route: Route) -> Response<Bytes> {
        let asked = Request { method: &head.method, path: head.uri.path(), headers: &head.headers };
        let of_the_store = if route == Route::Go {
            let is_reader = go::is_reader(&asked);
            let open = move |pages: &dyn Pages, path: &str| pages.open(path.strip_prefix("/go/")?, is_reader);
            let redirect = |place: String| {
                go::redirect(&place, asked.method).unwrap_or_else(|| respond::not_found(asked.method))
            };
            self.stored(&asked, open).await.map(redirect)
        } else {
            let query = head.uri.query().map(str::to_owned);
            let accepted = Accepted::of(asked.headers);
            let page = move |pages: &dyn Pages, path: &str| {
                let document = pages.page(path, query.as_deref())?;
                accepted.prepare(&document);
                Some(document)
            };
            self.stored(&asked, page).await.map(|document| answer(&document, &asked))
        };
        of_the_store.unwrap_or_else(|refused| *refused)
    }

    /// The body of a mail, where it is wanted, whole and in time.
    async fn receive(
        &self,
        head: &Parts,
        body: Incoming,
        bytes_max: usize,
    ) -> Result<(Bytes, Pass), Box<Response<Bytes>>> {
        let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = announced.unwrap_or(bytes_max).min(bytes_max);
        let envelope = Envelope { method: &head.method, path: head.uri.path(), bytes };
        let pass = match self.doors.mailbox.admit(envelope) {
            Admission::Read(pass) => pass,
            Admission::Refuse(refused) => return Err(refused),
        };
        let slow = || text(StatusCode::REQUEST_TIMEOUT, "The body took too long.\n", &head.method);
        let body = timeout(self.limits.body, read(body, bytes_max)).await.map_err(|_| Box::new(slow()))??;
        Ok((body, pass))
    }

    async fn deliver(&self, head: Parts, body: Bytes, peer: SocketAddr, pass: Pass) -> Response<Bytes> {
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().map(str::to_owned));
        let mail = Mail { method: head.method, path, query, headers: head.headers, body, peer, pass };
        self.doors.mailbox.take(mail).await
    }

    /// The addresses that read the store: beside the reactor, and only some at once.
    async fn stored<T: Send + 'static>(
        &self,
        asked: &Request<'_>,
        read: impl FnOnce(&dyn Pages, &str) -> Option<T> + Send + 'static,
    ) -> Result<T, Box<Response<Bytes>>> {
        let path = respond::checked(asked)?.into_owned();
        if respond::is_preflight(asked) && path.strip_suffix(".atom").is_some() {
            return Err(Box::new(respond::preflight()));
        }
        if let Some(refused) = respond::not_allowed(asked.method) {
            return Err(Box::new(refused));
        }
        if !self.doors.pages.is_open() {
            return Err(Box::new(respond::starting(asked.method)));
        }
        let turn = timeout(self.limits.items_wait, Arc::clone(&self.item_slots).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Box::new(busy(asked))) };
        let pages = Arc::clone(&self.doors.pages);
        let found = spawn_blocking(move || {
            // Held for as long as the store is read, also when the reader has gone meanwhile.
            let _turn = turn;
            read(pages.as_ref(), &path).ok_or_else(|| pages.is_gone(&path))
        });
        Err(Box::new(match found.await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(true)) => respond::gone(asked.method),
            Ok(Err(false)) => respond::not_found(asked.method),
            Err(error) => {
                tracing::error!(%error, path = asked.path, "an entry page made nashra fail; please report it");
                text(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown.\n", asked.method)
            }
        }))
    }
}

fn busy(asked: &Request<'_>) -> Response<Bytes> {
    let mut response =
        text(StatusCode::SERVICE_UNAVAILABLE, "Too many pages are asked for at once.\n", asked.method);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
