//! The private listener: who may say what, and how much of it.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nashra::edge::admin::{
    AdminApi, AdminCallError, AdminRequest, AdminResponse, bind_unix, call, serve_tcp, serve_unix,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::kit::daemon::DEADLINE;

/// Answers with what it heard.
struct Echo;

impl AdminApi for Echo {
    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>> {
        Box::pin(async move {
            if request.path == "/never" {
                std::future::pending::<()>().await;
            }
            let AdminRequest { method, path, query, body, from_socket } = request;
            let heard = serde_json::json!([method, path, query, body.len(), from_socket]);
            AdminResponse::json(200, &heard)
        })
    }
}

async fn ask(socket: &Path, method: &str, path: &str, bytes: usize) -> (u16, String) {
    let (status, body) = call(socket, method, path, &vec![b'a'; bytes], DEADLINE).await.unwrap();
    (status, String::from_utf8(body.clone()).unwrap())
}

#[tokio::test]
async fn the_socket_takes_what_its_owner_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nashra.sock");
    let none = call(&path, "GET", "/", &[], DEADLINE).await;
    assert!(matches!(none, Err(AdminCallError::NotRunning)), "{none:?}");
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = bind_unix(&path).unwrap();
    let stopped = async { drop(stopped.await) };
    let server = tokio::spawn(serve_unix(listener, path.clone(), Arc::new(Echo), stopped));
    for (method, address, bytes, status, heard) in [
        ("GET", "/healthz", 0, 200, r#"["GET","/healthz",[],0,true]"#),
        (
            "POST",
            "/api/poll?source=a&source=%D8%A3",
            9,
            200,
            r#"["POST","/api/poll",[["source","a"],["source","أ"]],9,true]"#,
        ),
        ("HEAD", "/healthz", 0, 200, ""),
        ("POST", "/", 16 << 20, 200, r#"["POST","/",[],16777216,true]"#),
        ("POST", "/", (16 << 20) + 1, 413, "the request is too large"),
    ] {
        let answer = ask(&path, method, address, bytes).await;
        assert_eq!((answer.0, answer.1.trim_end()), (status, heard), "{method} {address}");
    }
    let late = call(&path, "GET", "/never", &[], Duration::from_millis(50)).await;
    assert!(matches!(late, Err(AdminCallError::Timeout)), "{late:?}");
    // Who binds it while a dead one lies there gets it; here it is ours still, so it is only replaced.
    drop(bind_unix(&path).unwrap());
    // A process that another test is starting may hold the closed listener for a moment longer.
    let end = std::time::Instant::now() + DEADLINE;
    loop {
        match call(&path, "GET", "/", &[], Duration::from_secs(1)).await {
            Err(AdminCallError::NotRunning) => break,
            other => assert!(std::time::Instant::now() < end, "{other:?}"),
        }
    }
    drop(stop);
    server.await.unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn tcp_is_for_reading_only_and_one_request_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve_tcp(listener, Arc::new(Echo), async { drop(stopped.await) }));
    for (request, status, end) in [
        ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200", "[\"GET\",\"/healthz\",[],0,false]\n"),
        ("POST /api/poll HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405", "only GET, HEAD here\n"),
        ("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "405", "only GET, HEAD here\n"),
        ("nonsense\r\n\r\n", "400", "\r\n\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(answer.ends_with(end), "{request}: {answer}");
    }
    drop(stop);
    server.await.unwrap().unwrap();
}
