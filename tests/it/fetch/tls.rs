//! TLS and HTTP/2, against a server with a certificate of an authority made for these tests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use nashra::edge::fetch::Fetcher;
use nashra::model::*;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::NoClientAuth;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;

use super::{body, error, fetcher, fetcher_within, source};
use crate::kit::daemon::DEADLINE;

/// They protect nothing: only these tests trust the authority.
pub(super) const AUTHORITY: &[u8] = include_bytes!("tls/authority.der");
const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.der");
const KEY: &[u8] = include_bytes!("tls/key.der");

pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) connections: Arc<AtomicUsize>,
    /// Connections that are open now.
    open: Arc<AtomicUsize>,
    /// Protocol and path of each request.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

/// A server for `feeds.test`, the names below it and 127.0.0.1 that speaks these protocols.
pub(super) async fn site(protocols: &[&[u8]]) -> Site {
    site_for(protocols, Arc::new(NoClientAuth)).await
}

/// The same where clients have to show who they are.
pub(super) async fn site_for(protocols: &[&[u8]], clients: Arc<dyn ClientCertVerifier>) -> Site {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Site {
        address: listener.local_addr().unwrap(),
        connections: Arc::default(),
        open: Arc::default(),
        asked: Arc::default(),
    };
    let (connections, open, asked) = (site.connections.clone(), site.open.clone(), site.asked.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let (acceptor, open, asked) = (acceptor.clone(), open.clone(), asked.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request| {
                    let response = answer(&request, &asked);
                    async { Ok::<_, Infallible>(response) }
                });
                open.fetch_add(1, Ordering::SeqCst);
                // A client that goes away ends the connection and nothing else.
                let _ = if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    let builder = http2::Builder::new(TokioExecutor::new());
                    builder.serve_connection(TokioIo::new(stream), service).await
                } else {
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
                };
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    site
}

fn answer(request: &Request<Incoming>, asked: &Mutex<Vec<String>>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    asked.lock().unwrap().push(format!("{:?} {path}", request.version()));
    let builder = Response::builder();
    let response = match path {
        "/moved" => builder.status(302).header("location", "/feed").body(Full::default()),
        "/plain" => builder.status(302).header("location", "http://127.0.0.1:1/").body(Full::default()),
        "/known" if request.headers().contains_key("if-none-match") => {
            builder.status(304).body(Full::default())
        }
        "/large" => builder.header("x", "y".repeat(100_000)).body(Full::from("x")),
        "/long" => builder.body(Full::from(vec![b'x'; 3_000_000])),
        _ => builder.header("etag", "\"1\"").body(Full::from("over TLS")),
    };
    response.unwrap()
}

/// A fetcher that trusts the authority of these tests.
pub(super) fn trusting() -> Fetcher {
    fetcher_within(|surroundings, _| surroundings.roots = vec![CertificateDer::from(AUTHORITY)])
}

async fn ask(fetcher: &Fetcher, site: &Site, host: &str, path: &str) -> Retrieved {
    let source = source(&format!("https://{host}:{}{path}", site.address.port()));
    fetcher.fetch(&source, &Validators::default()).await.0
}

#[tokio::test]
async fn both_protocols_are_spoken_and_connections_used_again() {
    for (protocols, expected) in [
        (&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"),
        (&[&b"http/1.1"[..]][..], "HTTP/1.1"),
        (&[][..], "HTTP/1.1"),
    ] {
        let (site, fetcher) = (site(protocols).await, trusting());
        for path in ["/feed", "/moved", "/long"] {
            let retrieved = ask(&fetcher, &site, "feeds.test", path).await;
            assert_eq!(retrieved.status, Some(200));
            let wire_bytes = retrieved.wire_bytes;
            assert_eq!(wire_bytes, body(retrieved).bytes.len() as u64);
        }
        let known = super::known(b"\"1\"", b"");
        let source = source(&format!("https://feeds.test:{}/known", site.address.port()));
        let retrieved = fetcher.fetch(&source, &known).await.0;
        assert!(matches!(retrieved.outcome, Ok(Answer::NotModified { .. })), "{retrieved:?}");
        let asked = site.asked.lock().unwrap().join(", ");
        assert_eq!(
            asked,
            ["/feed", "/moved", "/feed", "/long", "/known"]
                .map(|path| format!("{expected} {path}"))
                .join(", ")
        );
        assert_eq!(site.connections.load(Ordering::SeqCst), 1, "{expected}");
        body(ask(&fetcher, &site, "127.0.0.1", "/feed").await);
    }
}

#[tokio::test]
async fn certificates_are_checked() {
    let site = site(&[b"h2", b"http/1.1"]).await;
    let check = async |fetcher: Fetcher, host: &str, words: &str| {
        let retrieved = ask(&fetcher, &site, host, "/feed").await;
        assert_eq!(retrieved.status, None);
        let error = error(retrieved);
        assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    check(trusting(), "other.test", "a certificate for another name").await;
    check(fetcher(), "feeds.test", "an authority that is not trusted here").await;
    assert!(site.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_speaks_no_tls_is_told() {
    let refuser = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = refuser.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        while let Ok((mut stream, _)) = refuser.accept() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error =
        error(fetcher().fetch(&source(&format!("https://{address}/")), &Validators::default()).await.0);
    assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
    assert!(error.message.contains("does not speak TLS there"), "{error}");
}

#[tokio::test]
async fn https_does_not_become_http_on_the_way() {
    let site = site(&[b"h2"]).await;
    let error = error(ask(&trusting(), &site, "feeds.test", "/plain").await);
    assert_eq!(error.kind, FetchErrorKind::Redirect);
    assert!(error.message.contains("from https to http: write url = \"http://127.0.0.1:1/\""), "{error}");
}

#[tokio::test]
async fn heads_over_http2_are_bounded() {
    let site = site(&[b"h2"]).await;
    let error = error(ask(&trusting(), &site, "feeds.test", "/large").await);
    assert!(matches!(error.kind, FetchErrorKind::TooLarge | FetchErrorKind::Broken), "{error}");
}

#[tokio::test]
async fn connections_that_wait_are_bounded_over_http2_too() {
    let (site, fetcher) = (site(&[b"h2"]).await, trusting());
    for n in 0..160 {
        body(ask(&fetcher, &site, &format!("host-{n}.feeds.test"), "/feed").await);
    }
    // 128 may wait, beside as many as there are slots; the others were closed, which takes a moment to arrive.
    let end = Instant::now() + DEADLINE;
    while site.open.load(Ordering::SeqCst) > 136 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    let open = site.open.load(Ordering::SeqCst);
    assert!((100..=136).contains(&open), "{open} connections are open");
    body(ask(&fetcher, &site, "host-1.feeds.test", "/feed").await);
    assert_eq!(site.connections.load(Ordering::SeqCst), 160);
}
