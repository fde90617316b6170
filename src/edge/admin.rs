//! The private listener: a unix socket in the state folder through which the command line speaks to the
//! daemon, and on request a TCP address for reading only.

use std::fs;
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::timeout;

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an answer that the client reads.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// What the daemon answers. The room that knows the daemon implements it.
pub trait AdminApi: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>>;
}

/// A request, read whole.
#[derive(Clone, Debug)]
pub struct AdminRequest {
    /// Upper-case.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// At most 1 MiB.
    pub body: Bytes,
    /// Whether it came over the unix socket: only its owner can use that.
    pub from_socket: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct AdminResponse {
    status: u16,
    content_type: &'static str,
    allow: Option<&'static str>,
    body: Bytes,
}

impl AdminResponse {
    /// A JSON value and a line feed.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        let body = Bytes::from(format!("{value}\n"));
        Self { status, content_type: "application/json", allow: None, body }
    }

    /// One line of plain text.
    pub fn text(status: u16, line: &str) -> Self {
        let body = Bytes::from(format!("{line}\n"));
        Self { status, content_type: "text/plain; charset=utf-8", allow: None, body }
    }

    /// 405 with the methods that are allowed.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::text(405, &format!("only {allow} here")) }
    }
}

/// Serves on a unix socket that only its owner can use, until `shutdown` ends; then removes it.
pub async fn serve_unix(
    path: PathBuf,
    api: Arc<dyn AdminApi>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    // The store's lock says that no other daemon lives in this folder: what lies here is left over.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(converse(stream, Arc::clone(&api), true));
                }
                Err(error) => tracing::warn!(%error, "the admin socket cannot accept"),
            },
            () = &mut shutdown => break,
        }
    }
    fs::remove_file(&path)
}

/// Serves on TCP, for reading only, until `shutdown` ends.
pub async fn serve_tcp(
    listener: TcpListener,
    api: Arc<dyn AdminApi>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(converse(stream, Arc::clone(&api), false));
                }
                Err(error) => tracing::warn!(%error, "the admin listener cannot accept"),
            },
            () = &mut shutdown => return Ok(()),
        }
    }
}

async fn converse<S>(stream: S, api: Arc<dyn AdminApi>, from_socket: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&api), request, from_socket));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that goes away is its own affair.
    let _ = connection.await;
}

async fn answer(
    api: Arc<dyn AdminApi>,
    request: hyper::Request<Incoming>,
    from_socket: bool,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let (head, body) = request.into_parts();
    let read_only = matches!(head.method, Method::GET | Method::HEAD);
    let response = if read_only || from_socket {
        match Limited::new(body, BODY_BYTES_MAX).collect().await {
            Ok(body) => {
                let query = head.uri.query().unwrap_or_default();
                let request = AdminRequest {
                    method: head.method.as_str().to_owned(),
                    path: head.uri.path().to_owned(),
                    query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                    body: body.to_bytes(),
                    from_socket,
                };
                api.handle(request).await
            }
            Err(_) => AdminResponse::text(413, "the request is too large"),
        }
    } else {
        AdminResponse::method_not_allowed("GET, HEAD")
    };
    let mut built = Response::builder()
        .status(StatusCode::from_u16(response.status)?)
        .header(header::CONTENT_TYPE, response.content_type)
        .header(header::CACHE_CONTROL, "no-store");
    if let Some(allow) = response.allow {
        built = built.header(header::ALLOW, allow);
    }
    built.body(Full::new(if head.method == Method::HEAD { Bytes::new() } else { response.body }))
}

/// Why a call did not come back with an answer.
#[derive(Debug, thiserror::Error)]
pub enum AdminCallError {
    /// There is no socket, or nobody listens at it.
    #[error("no daemon is running")]
    NotRunning,
    /// It did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Anything else.
    #[error("{0}")]
    Broken(String),
}

/// Asks the daemon behind `socket`; the status and the body of its answer.
pub async fn call(
    socket: &Path,
    method: &str,
    path_and_query: &str,
    body: &[u8],
    deadline: Duration,
) -> Result<(u16, Bytes), AdminCallError> {
    let stream = UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AdminCallError::NotRunning,
        _ => AdminCallError::Broken(format!("{}: {error}", socket.display())),
    })?;
    timeout(deadline, exchange(stream, method, path_and_query, body))
        .await
        .map_err(|_| AdminCallError::Timeout)?
}

async fn exchange(
    stream: UnixStream,
    method: &str,
    path_and_query: &str,
    body: &[u8],
) -> Result<(u16, Bytes), AdminCallError> {
    let broken = |error: &dyn std::fmt::Display| AdminCallError::Broken(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    let request = hyper::Request::builder()
        .method(method)
        .uri(path_and_query)
        .header(header::HOST, "nashra")
        .body(Full::new(Bytes::copy_from_slice(body)))
        .map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| broken(&error))?;
    Ok((status, body.to_bytes()))
}
