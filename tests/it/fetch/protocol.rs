//! Servers that speak HTTP in their own way.

use nashra::model::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{ask, body, error, fetcher, source};
use crate::kit::origin::{Origin, Reply};

async fn raw(bytes: &'static [u8]) -> Retrieved {
    let origin = Origin::start(move |_| Reply::raw(bytes));
    ask(&source(&origin.url("/"))).await
}

#[tokio::test]
async fn odd_answers_are_read() {
    let check = async |bytes: &'static [u8], expected: &str| {
        let body = body(raw(bytes).await);
        assert_eq!(body.bytes, expected, "{}", bytes.escape_ascii());
        body
    };
    check(b"HTTP/1.0 200 OK\r\n\r\nold", "old").await;
    check(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", "old").await;
    check(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end").await;
    check(b"HTTP/1.1 200\r\n\r\nno reason", "no reason").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "").await;
    check(b"HTTP/1.1 200 OK\n\nbare line ends", "bare line ends").await;
    check(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold and more", "old").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\ntoo long", "too").await;
    check(b"HTTP/1.1 200 \xe9t\xe9\r\nX: \xe9\xff\r\n\r\nx", "x").await;
    check(b"HTTP/1.1 200 OK\r\nX-\xe9: y\r\nServer: \xfc\r\n\r\nx", "x").await;
    check(b"HTTP/1.1 203 Changed\r\n\r\nx", "x").await;
    check(b"HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Space : y\r\nX-Folded: a\r\n b\r\n\r\nx", "x").await;
    check(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 1\r\n\r\nx", "x").await;
    check(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", "x").await;
    check(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n2;ext=1\r\nab\r\n1\r\nc\r\n0\r\nETag: \"late\"\r\n\r\n",
        "abc",
    )
    .await;
    let typed =
        check(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=\"\xe9\"\r\nETag:\r\n\r\nx", "x").await;
    assert_eq!(typed.content_type.as_deref(), Some("text/xml; charset=\"\u{fffd}\""));
    assert_eq!(typed.validators, Validators::default());
}

#[tokio::test]
async fn broken_answers_are_told() {
    let check = async |bytes: &'static [u8], words: &str| {
        let error = error(raw(bytes).await);
        assert_eq!(error.kind, FetchErrorKind::Broken, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    check(b"", "closed the connection before its answer was complete").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Le", "closed the connection before its answer was complete").await;
    check(b"<rss></rss> from HTTP/0.9", "not HTTP").await;
    check(b"SSH-2.0-OpenSSH_9.9\r\n", "not HTTP").await;
    check(b"HTTP/3.7 200 OK\r\n\r\n", "not HTTP").await;
    check(b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour", "broke off its answer after 4 bytes").await;
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off its answer after")
        .await;
    check(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        "broke off its answer after 0 bytes",
    )
    .await;
    check(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n<rss/>", "gzip").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n<rss/>", "br").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nfour", "not HTTP").await;
    check(b"HTTP/1.1 200 OK\r\n\0\0\0\r\n\r\nx", "not HTTP").await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "not HTTP").await;
    let upgraded =
        error(raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n").await);
    assert!(matches!(upgraded.kind, FetchErrorKind::Status | FetchErrorKind::Broken), "{upgraded}");
}

#[tokio::test]
async fn figures_hold_for_what_broke_off() {
    let retrieved = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour").await;
    assert_eq!((retrieved.status, retrieved.wire_bytes), (Some(200), 4));
}

#[tokio::test]
async fn connections_are_used_again_and_cookies_are_not() {
    let origin = Origin::start(|_| Reply::new(200, &[("Set-Cookie", "track=1")], "x"));
    let (fetcher, source) = (fetcher(), source(&origin.url("/")));
    for _ in 0..5 {
        body(fetcher.fetch(&source, &Validators::default()).await.0);
    }
    assert_eq!(origin.connections(), 1);
    assert!(origin.asked().iter().all(|asked| asked.header("cookie").is_empty()));
}

#[tokio::test]
async fn a_connection_that_the_server_has_given_up_is_replaced() {
    // The second request on a connection is never answered, as when it meets the server's own idle limit.
    let origin = Origin::start(|asked| match (asked.connection, asked.path.as_str()) {
        (0, "/second") => Reply::raw(""),
        _ => Reply::ok("x"),
    });
    let fetcher = fetcher();
    for path in ["/first", "/second"] {
        body(fetcher.fetch(&source(&origin.url(path)), &Validators::default()).await.0);
    }
    assert_eq!((origin.connections(), origin.asked().len()), (2, 3));
    // A new connection that fails is not tried again: the server would be asked twice for nothing.
    let origin = Origin::start(|_| Reply::raw(""));
    error(fetcher.fetch(&source(&origin.url("/")), &Validators::default()).await.0);
    assert_eq!(origin.asked().len(), 1);
}

/// Whatever a server sends, the exchange ends with a document or a clear line, and in time.
#[test]
fn any_answer_ends_well() {
    const ANSWERS: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /next?a=b\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fetcher = fetcher();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
    let outcome =
        runner.run(&(0..ANSWERS.len(), changes, any::<prop::sample::Index>()), |(n, changes, end)| {
            let mut answer = ANSWERS[n].to_vec();
            for (at, byte) in changes {
                *at.get_mut(&mut answer) = byte;
            }
            if end.index(3) == 0 {
                answer.truncate(end.index(answer.len()));
            }
            let origin = Origin::start(move |_| Reply::raw(&answer));
            let retrieved =
                runtime.block_on(fetcher.fetch(&source(&origin.url("/")), &Validators::default())).0;
            prop_assert!(retrieved.elapsed_ms < 10_000, "{:?}", retrieved);
            if let Err(error) = retrieved.outcome {
                prop_assert!(error.message.starts_with("127.0.0.1:"), "{}", error);
                prop_assert!(!error.message.contains(char::is_control), "{}", error);
            }
            Ok(())
        });
    outcome.unwrap();
}
