//! The other side: asking the daemon behind a socket.

use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::stream::{self, Outgoing, STALL_MAX, Source};

/// Bytes of an answer that the client reads.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

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
) -> Result<(u16, Vec<u8>), AdminCallError> {
    let stream = connect(socket).await?;
    let body = Outgoing::Whole(Bytes::copy_from_slice(body));
    let exchange = async { collect(exchange(stream, method, path_and_query, body).await?).await };
    in_time(deadline, exchange).await
}

/// Gives the body of the answer to `take`, piece by piece; the status, and the body where it is not 200. Each piece has
/// a deadline of its own.
pub async fn download(
    socket: &Path,
    path_and_query: &str,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(u16, Vec<u8>), AdminCallError> {
    let stream = connect(socket).await?;
    let mut response =
        in_time(STALL_MAX, exchange(stream, "GET", path_and_query, Outgoing::Whole(Bytes::new()))).await?;
    if response.status() != 200 {
        return in_time(STALL_MAX, collect(response)).await;
    }
    loop {
        let frame = timeout(STALL_MAX, response.frame()).await.map_err(|_| AdminCallError::Timeout)?;
        let Some(frame) = frame else { return Ok((200, vec![])) };
        let frame = frame.map_err(|error| broken(&format!("the answer broke off: {error}")))?;
        take(&frame.into_data().unwrap_or_default()).map_err(|error| broken(&error))?;
    }
}

/// Sends what `write` writes, on a thread that may wait; the status and the body of the answer.
pub async fn upload(
    socket: &Path,
    path_and_query: &str,
    write: impl FnOnce(&mut Source) -> io::Result<()> + Send + 'static,
    deadline: Duration,
) -> Result<(u16, Vec<u8>), AdminCallError> {
    let stream = connect(socket).await?;
    let (mut source, body) = stream::pieces();
    let written = tokio::task::spawn_blocking(move || {
        write(&mut source)?;
        source.end()
    });
    let exchange = async { collect(exchange(stream, "POST", path_and_query, body).await?).await };
    let answered = in_time(deadline, exchange).await;
    match (answered, written.await) {
        (Ok(answer), _) => Ok(answer),
        (Err(_), Ok(Err(error))) if error.kind() != io::ErrorKind::BrokenPipe => Err(broken(&error)),
        (Err(error), _) => Err(error),
    }
}

async fn connect(socket: &Path) -> Result<UnixStream, AdminCallError> {
    UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AdminCallError::NotRunning,
        _ => AdminCallError::Broken(format!("{}: {error}", socket.display())),
    })
}

async fn in_time<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, AdminCallError>>,
) -> Result<T, AdminCallError> {
    timeout(deadline, work).await.map_err(|_| AdminCallError::Timeout)?
}

async fn exchange(
    stream: UnixStream,
    method: &str,
    path_and_query: &str,
    body: Outgoing,
) -> Result<Response<Incoming>, AdminCallError> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    let request = hyper::Request::builder()
        .method(method)
        .uri(path_and_query)
        .header(header::HOST, "nashra")
        .body(body)
        .map_err(|error| broken(&error))?;
    sender.send_request(request).await.map_err(|error| broken(&error))
}

async fn collect(response: Response<Incoming>) -> Result<(u16, Vec<u8>), AdminCallError> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok((status, body.map_err(|error| broken(&error))?.to_bytes().to_vec()))
}

fn broken(error: &dyn std::fmt::Display) -> AdminCallError {
    AdminCallError::Broken(error.to_string())
}
