//! Bounds of size and patience.

use std::time::{Duration, Instant};

use nashra::model::*;

use super::{ask, body, error, failure, fetcher, source, with_patience};
use crate::kit::origin::{Origin, Reply};

/// A source with room for 1000 bytes.
fn small(origin: &Origin) -> Source {
    let mut source = source(&origin.url("/"));
    source.fetch.body_bytes_max = 1000;
    source
}

fn chunked(bytes: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", bytes.len());
    [head.as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat()
}

#[tokio::test]
async fn a_document_has_its_limit_to_the_byte() {
    let lengths = |length: usize| {
        let plain = Reply::ok(vec![b'x'; length]);
        let close = Reply::raw([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; length]].concat());
        [plain, Reply::raw(chunked(&vec![b'x'; length])), close]
    };
    for reply in lengths(1000) {
        let origin = Origin::start(move |_| reply.clone());
        assert_eq!(body(ask(&small(&origin)).await).bytes.len(), 1000);
    }
    for reply in lengths(1001) {
        let origin = Origin::start(move |_| reply.clone());
        let retrieved = ask(&small(&origin)).await;
        assert_eq!(retrieved.status, Some(200));
        let error = error(retrieved);
        assert_eq!(error.kind, FetchErrorKind::TooLarge, "{error}");
        assert!(error.message.contains("1000 bytes") && error.message.contains("max_body"), "{error}");
    }
}

#[tokio::test]
async fn what_is_announced_too_large_is_refused_at_once() {
    let reply = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx").then_hang();
    let origin = Origin::start(move |_| reply.clone());
    let retrieved = ask(&small(&origin)).await;
    assert_eq!(retrieved.wire_bytes, 0);
    let error = error(retrieved);
    assert_eq!(error.kind, FetchErrorKind::TooLarge);
    assert!(error.message.contains("announces 99999999999 bytes"), "{error}");
}

#[tokio::test]
async fn an_endless_answer_ends() {
    let reply = Reply::raw("HTTP/1.1 200 OK\r\n\r\n").then_drip(&[b'x'; 5000], Duration::from_millis(1));
    let origin = Origin::start(move |_| reply.clone());
    let mut source = source(&origin.url("/"));
    source.fetch.body_bytes_max = 100_000;
    let retrieved = ask(&source).await;
    assert!((100_001..=300_000).contains(&retrieved.wire_bytes), "{}", retrieved.wire_bytes);
    assert_eq!(error(retrieved).kind, FetchErrorKind::TooLarge);
}

#[tokio::test]
async fn heads_are_bounded() {
    let many = "X: y\r\n".repeat(1000);
    let large = format!("X: {}\r\n", "y".repeat(1 << 20));
    for headers in [many, large] {
        let error = failure(Reply::raw(format!("HTTP/1.1 200 OK\r\n{headers}\r\nx"))).await;
        assert_eq!(error.kind, FetchErrorKind::TooLarge, "{error}");
        assert!(error.message.contains("too many or too large headers"), "{error}");
    }
    // An endless head, an endless line.
    for piece in [&b"X: y\r\n"[..], b"y"] {
        let reply =
            Reply::raw("HTTP/1.1 200 OK\r\nA: b").then_drip(&piece.repeat(2000), Duration::from_millis(1));
        assert_eq!(failure(reply).await.kind, FetchErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn a_timeout_says_how_far_it_came() {
    let check = async |reply: Reply, kind, words: &str| {
        let origin = Origin::start(move |_| reply.clone());
        let mut source = source(&origin.url("/"));
        source.fetch.timeout = Duration::from_millis(300);
        let retrieved = ask(&source).await;
        assert!((300..5000).contains(&retrieved.elapsed_ms), "{retrieved:?}");
        let error = error(retrieved);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words) && error.message.contains("within 300ms"), "{error}");
    };
    let timeout = FetchErrorKind::Timeout;
    check(Reply::raw("").then_hang(), timeout, "did not answer").await;
    check(Reply::raw("HTTP/1.1 200 OK\r\nX:").then_hang(), timeout, "did not answer").await;
    let body = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour").then_hang();
    check(body, timeout, "did not finish its answer within 300ms, 4 bytes came").await;
    let drip = Reply::raw("HTTP/1.1 200 OK\r\n\r\n").then_drip(b".", Duration::from_millis(5));
    check(drip, timeout, "did not finish its answer").await;
    let slow_head = Reply::raw("HTTP/1.1 200 OK\r\nX: ").then_drip(b".", Duration::from_millis(5));
    check(slow_head, timeout, "did not answer").await;
    let refusal = Reply::raw("HTTP/1.1 500 No\r\n\r\n").then_drip(b".", Duration::from_millis(5));
    check(refusal, timeout, "did not finish its answer").await;
    let interim = Reply::raw("").then_drip(b"HTTP/1.1 103 Early Hints\r\n\r\n", Duration::from_millis(5));
    check(interim, timeout, "did not answer").await;
}

#[tokio::test]
async fn the_deadline_covers_all_hops() {
    let reply = Reply::raw("").then_hang();
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/" => Reply::redirect(302, "/next"),
        _ => reply.clone(),
    });
    let mut source = source(&origin.url("/"));
    source.fetch.timeout = Duration::from_millis(300);
    let retrieved = ask(&source).await;
    assert!((300..5000).contains(&retrieved.elapsed_ms));
    assert_eq!(retrieved.status, None);
    let error = error(retrieved);
    assert!(error.message.contains("(redirect 1 from") && error.message.contains("within 300ms"), "{error}");
}

#[tokio::test]
async fn silence_and_drips_end_long_before_the_deadline() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nfour";
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/silent" => Reply::raw(head).then_hang(),
        _ => Reply::raw(head).then_drip(b".", Duration::from_millis(50)),
    });
    let check = async |path: &str, fetcher: nashra::edge::fetch::Fetcher, words: &str| {
        let mut source = source(&origin.url(path));
        source.fetch.timeout = Duration::from_secs(600);
        let error = error(fetcher.fetch(&source, &Validators::default()).await.0);
        assert_eq!(error.kind, FetchErrorKind::Timeout);
        assert!(error.message.contains(words), "{error}");
    };
    let began = Instant::now();
    let silent = with_patience(|patience| patience.silence = Duration::from_millis(100));
    check("/silent", silent, "stopped for 100ms in the middle of its answer, after 4 bytes").await;
    let slow = with_patience(|patience| patience.slow_start = Duration::from_millis(100));
    check("/drip", slow, "sends less than 100 bytes a second").await;
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn the_body_of_a_redirect_or_failure_holds_nobody_up() {
    let head = "Content-Length: 100000\r\n\r\n<a href=https://errors.edgesuite.net/1>";
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/moved" => Reply::raw(format!("HTTP/1.1 302 Found\r\nLocation: /good\r\n{head}")).then_hang(),
        "/shut" => Reply::raw(format!("HTTP/1.1 403 Forbidden\r\n{head}")).then_hang(),
        "/endless" => {
            let head = "HTTP/1.1 302 Found\r\nLocation: /good\r\n\r\n";
            Reply::raw(head).then_drip(&[b'x'; 5000], Duration::from_millis(1))
        }
        _ => Reply::ok("good"),
    });
    let fetcher = with_patience(|patience| patience.aside = Duration::from_millis(100));
    let ask = async |path: &str| fetcher.fetch(&source(&origin.url(path)), &Validators::default()).await.0;
    assert_eq!(body(ask("/moved").await).bytes, "good");
    assert!(error(ask("/shut").await).message.contains("a page of Akamai"));
    let patient = super::fetcher();
    let retrieved = patient.fetch(&source(&origin.url("/endless")), &Validators::default()).await.0;
    assert!(retrieved.wire_bytes < 300_000, "{}", retrieved.wire_bytes);
    assert_eq!(body(retrieved).bytes, "good");
}

#[tokio::test]
async fn nobody_at_home_is_told() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let retrieved =
        fetcher().fetch(&source(&format!("http://127.0.0.1:{port}/")), &Validators::default()).await.0;
    assert_eq!((retrieved.status, retrieved.wire_bytes), (None, 0));
    let error = error(retrieved);
    assert_eq!(error.kind, FetchErrorKind::Connect);
    assert_eq!(error.message, format!("127.0.0.1:{port} refuses connections: is it down?"));
}
