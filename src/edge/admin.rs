//! The private listener: a unix socket in the state folder through which the command line speaks to the
//! daemon, and on request a TCP address for reading only.

mod call;
mod stream;

use std::fs;
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub use self::call::{AdminCallError, call, download, upload};
use self::stream::Outgoing;
pub use self::stream::{PIECE_BYTES, Source, Upload};
use crate::model::Digest;

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The same over the unix socket, which only its owner can use: the largest feeds.toml goes through it.
const SOCKET_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Conversations at once; further ones wait in the backlog.
const CONNECTIONS_MAX: u32 = 64;
/// How long the listener rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// How long a stop waits for answers that are on their way.
const GOODBYE: Duration = Duration::from_secs(1);

/// What the daemon answers. The room that knows the daemon implements it.
pub trait AdminApi: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>>;

    /// Who takes the body of a request as it comes, where it may be too long to be held; the request has none then.
    fn taker(&self, _request: &AdminRequest) -> Option<Taker> {
        None
    }
}

/// Takes a body as it comes, and answers.
pub type Taker = Box<dyn FnOnce(Upload) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>> + Send>;

/// A request, read whole.
#[derive(Clone, Debug)]
pub struct AdminRequest {
    /// Upper-case.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// At most 1 MiB, over the unix socket 16 MiB.
    pub body: Bytes,
    /// Whether it came over the unix socket: only its owner can use that.
    pub from_socket: bool,
}

/// An answer.
#[derive(Debug)]
pub struct AdminResponse {
    status: u16,
    content_type: &'static str,
    allow: Option<&'static str>,
    etag: Option<String>,
    body: Outgoing,
}

impl AdminResponse {
    /// A JSON value and a line feed.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        let body = Outgoing::Whole(format!("{value}\n").into());
        Self { status, content_type: "application/json", allow: None, etag: None, body }
    }

    /// One line of plain text.
    pub fn text(status: u16, line: &str) -> Self {
        let body = Outgoing::Whole(format!("{line}\n").into());
        Self { status, content_type: "text/plain; charset=utf-8", allow: None, etag: None, body }
    }

    /// A document that readers ask for again and again: whoever has it already is told so.
    pub fn document(content_type: &'static str, body: Vec<u8>) -> Self {
        let etag = Some(format!("\"{}\"", Digest::of([body.as_slice()])));
        Self { status: 200, content_type, allow: None, etag, body: Outgoing::Whole(body.into()) }
    }

    /// A body that is written while it is sent, on a thread that may wait.
    pub fn pieces(content_type: &'static str) -> (Self, Source) {
        let (source, body) = stream::pieces();
        (Self { status: 200, content_type, allow: None, etag: None, body }, source)
    }

    /// 405 with the methods that are allowed.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::text(405, &format!("only {allow} here")) }
    }
}

/// A unix socket that only its owner can use. What a dead daemon left at `path` is replaced: the store's lock
/// says that no living one is there.
pub fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    // Bound aside and renamed once its mode is right, so that nobody else can slip in between.
    let aside = path.with_extension("new");
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&aside)?;
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600))?;
    fs::rename(&aside, path)?;
    Ok(listener)
}

/// Serves on a socket of [`bind_unix`] until `shutdown` ends; then removes it.
pub async fn serve_unix(
    listener: UnixListener,
    path: PathBuf,
    api: Arc<dyn AdminApi>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve(listener, &api, true, shutdown).await;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Serves on TCP, for reading only, until `shutdown` ends.
pub async fn serve_tcp(
    listener: TcpListener,
    api: Arc<dyn AdminApi>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve(listener, &api, false, shutdown).await;
    Ok(())
}

/// A listener of either kind.
trait Accept: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The next connection.
    fn next(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Accept for UnixListener {
    type Stream = UnixStream;
    async fn next(&self) -> io::Result<UnixStream> {
        self.accept().await.map(|(stream, _)| stream)
    }
}

impl Accept for TcpListener {
    type Stream = TcpStream;
    async fn next(&self) -> io::Result<TcpStream> {
        self.accept().await.map(|(stream, _)| stream)
    }
}

/// Converses with whoever comes, then waits a moment for what is being answered.
async fn serve(
    listener: impl Accept,
    api: &Arc<dyn AdminApi>,
    from_socket: bool,
    shutdown: impl Future<Output = ()> + Send,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async { (Arc::clone(&slots).acquire_owned().await, listener.next().await) };
        let (slot, accepted) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok(stream) => {
                let conversation = converse(stream, Arc::clone(api), from_socket);
                tokio::spawn(async move {
                    conversation.await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "an admin connection cannot be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Who waits for a round is told that there is none; who says nothing is left.
    let _ = timeout(GOODBYE, slots.acquire_many(CONNECTIONS_MAX)).await;
}

/// One request a connection: nothing idles here, and a stop has nothing to wait for.
async fn converse<S>(stream: S, api: Arc<dyn AdminApi>, from_socket: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&api), request, from_socket));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .half_close(true)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that goes away is its own affair.
    let _ = connection.await;
}

async fn answer(
    api: Arc<dyn AdminApi>,
    request: hyper::Request<Incoming>,
    from_socket: bool,
) -> Result<Response<Outgoing>, http::Error> {
    let (head, body) = request.into_parts();
    let read_only = matches!(head.method, Method::GET | Method::HEAD);
    let response = if read_only || from_socket {
        let query = head.uri.query().unwrap_or_default();
        let request = AdminRequest {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: Bytes::new(),
            from_socket,
        };
        handle(api, request, body).await
    } else {
        AdminResponse::method_not_allowed("GET, HEAD")
    };
    let known = response.etag.as_deref().is_some_and(|etag| holds(&head.headers, etag));
    let status = if known { 304 } else { response.status };
    let mut built = Response::builder().status(StatusCode::from_u16(status)?);
    if !known {
        built = built.header(header::CONTENT_TYPE, response.content_type);
    }
    built = match response.etag {
        Some(etag) => built.header(header::ETAG, etag).header(header::CACHE_CONTROL, "private, no-cache"),
        None => built.header(header::CACHE_CONTROL, "no-store"),
    };
    if let Some(allow) = response.allow {
        built = built.header(header::ALLOW, allow);
    }
    let is_bare = known || head.method == Method::HEAD;
    built.body(if is_bare { Outgoing::Whole(Bytes::new()) } else { response.body })
}

async fn handle(api: Arc<dyn AdminApi>, mut request: AdminRequest, body: Incoming) -> AdminResponse {
    if let Some(taker) = api.taker(&request) {
        return taker(stream::receive(body)).await;
    }
    let bytes_max = if request.from_socket { SOCKET_BODY_BYTES_MAX } else { BODY_BYTES_MAX };
    match timeout(BODY_TIMEOUT, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => {
            request.body = body.to_bytes();
            api.handle(request).await
        }
        Ok(Err(_)) => AdminResponse::text(413, "the request is too large"),
        Err(_) => AdminResponse::text(408, "the request did not come in time"),
    }
}

/// Whether `If-None-Match` names this tag, which has no comma in it, or any (RFC 9110 §13.1.2).
fn holds(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
