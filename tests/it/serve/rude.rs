//! The listener as slow, broken and hostile clients meet it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::BODY;
use super::doors::{House, SOON, patient};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

#[test]
fn who_says_nothing_whole_is_not_waited_for() {
    let mut limits = patient();
    limits.head = SOON;
    limits.grace = SOON;
    let house = House::open(limits);
    let h2 = [PREFACE, SETTINGS].concat();
    for beginning in [
        &b""[..],
        b"G",
        b"\r\n",
        b"GET /sport.atom HTTP/1.1\r\n",
        b"GET /sport.atom HTTP/1.1\r\nHost: x\r\nA: b\r\n",
        b"PRI * HT",
        PREFACE,
        &h2,
    ] {
        let said = house.say(beginning);
        assert!(!said.contains("200"), "{beginning:?}: {said}");
    }
}

#[test]
fn a_head_that_comes_in_drops_is_not_waited_for() {
    let mut limits = patient();
    limits.head = SOON;
    limits.grace = SOON;
    let house = House::open(limits);
    let mut caller = house.call();
    caller.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    caller.send("GET /sport.atom HTTP/1.1\r\nHost: x\r\nA: ");
    let hung_up = (0..1000).any(|_| {
        caller.send("a");
        let heard = caller.stream.read(&mut [0; 100]);
        !matches!(heard, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    });
    assert!(hung_up, "a thousand drops were waited for");
}

#[test]
fn idle_connections_are_closed() {
    let mut limits = patient();
    limits.idle = SOON;
    limits.grace = SOON;
    let house = House::open(limits);
    let mut caller = house.call();
    caller.ask("GET /sport.atom");
    assert!(caller.rest().ends_with(BODY));
    let limits = super::doors::patient();
    let house = House::open(nashra::edge::serve::Limits { age: SOON, grace: SOON, ..limits });
    let mut caller = house.call();
    caller.ask("GET /sport.atom");
    assert!(caller.rest().ends_with(BODY), "old connections are closed");
}

/// From its first byte on, a head has its time, also that of a connection that has been answered before: one that hyper
/// still has, one that it has given back, and one that came with the request before.
#[test]
fn a_second_head_is_not_waited_for_either() {
    let mut limits = patient();
    limits.head = SOON;
    limits.grace = SOON;
    let house = House::open(limits);
    let whole = "GET /sport.atom HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut caller = house.call();
    caller.send(format!("{whole}GET /sport.atom HTTP/1.1\r\n"));
    assert!(caller.rest().ends_with(BODY), "with the first");
    for (what, is_parked) in [("at once", false), ("later", true)] {
        let mut caller = house.call();
        // Silence is allowed, for longer than a head may take.
        for _ in 0..3 {
            caller.send(whole);
            assert_eq!(caller.hear().status, 200, "{what}");
            if is_parked {
                caller.stream.set_read_timeout(Some(4 * SOON)).unwrap();
                let silence = caller.stream.read(&mut [0; 1]).unwrap_err();
                assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
                caller.stream.set_read_timeout(Some(crate::kit::daemon::DEADLINE)).unwrap();
            }
        }
        caller.send("GET /sport.atom HTTP/1.1\r\n");
        assert_eq!(caller.rest(), "", "{what}");
    }
}

/// What came in drops, or before its time, is answered like all else when it is whole.
#[test]
fn heads_may_come_in_pieces() {
    let house = House::open(patient());
    let whole = "GET /sport.atom HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut caller = house.call();
    for at in 1..whole.len() {
        // The end of one, and the beginning of the next.
        caller.send(if at == 1 { whole } else { &whole[at - 1..] });
        caller.send(&whole[..at]);
        assert_eq!(caller.hear().status, 200, "{at}");
    }
    caller.send(&whole[whole.len() - 1..]);
    assert_eq!(caller.hear().status, 200);
}

#[test]
fn who_does_not_read_is_cut_off() {
    let mut limits = patient();
    limits.connections_max = 1;
    limits.write = SOON;
    let house = House::open(limits);
    let mut deaf = house.call();
    deaf.ask("GET /big.atom");
    // The second is served once the first has lost the only slot.
    let mut other = house.call();
    other.ask("GET /sport.atom");
    assert_eq!(other.hear().status, 200);
    assert!(deaf.rest().len() < super::doors::BIG_BYTES);
}

#[tokio::test]
async fn who_does_not_read_over_http_2_is_cut_off() {
    let mut limits = patient();
    limits.connections_max = 1;
    limits.write = SOON;
    let house = House::open(limits);
    let stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::builder().uri("http://x/big.atom").body(Empty::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    // The connection is well and answers pings, but the window of this stream never opens again.
    let end = tokio::time::timeout(crate::kit::daemon::DEADLINE, connection).await;
    end.expect("it was never cut off").unwrap().unwrap_err();
    let mut other = house.call();
    other.ask("GET /sport.atom");
    assert_eq!(other.hear().status, 200);
    drop(answer);
}

#[test]
fn connections_beyond_the_cap_wait_for_their_turn() {
    let mut limits = patient();
    limits.connections_max = 2;
    let house = House::open(limits);
    let mut first = [house.call(), house.call()];
    for caller in &mut first {
        caller.ask("GET /healthz");
        assert_eq!(caller.hear().status, 200);
    }
    let mut third = house.call();
    third.ask("GET /sport.atom");
    third.stream.set_read_timeout(Some(SOON)).unwrap();
    let early = third.stream.read(&mut [0; 10]).unwrap_err();
    assert!(matches!(early.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{early}");
    third.stream.set_read_timeout(Some(crate::kit::daemon::DEADLINE)).unwrap();
    drop(first);
    assert_eq!(third.hear().status, 200);
}

#[test]
fn heads_and_addresses_are_bounded() {
    let house = House::open(patient());
    let head = |filler: usize| {
        format!(
            "GET /sport.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: {}\r\n\r\n",
            "a".repeat(filler)
        )
    };
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(1000));
    let long =
        |bytes: usize| format!("GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(bytes));
    let query =
        format!("GET /sport.atom?{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(9000));
    for (request, status) in [
        (head(15_000), "200"),
        (head(20_000), "431"),
        // The answer arrives although much of the request is never read.
        (head(400_000), "431"),
        (many, "431"),
        (long(8000), "404"),
        (long(9000), "414"),
        (query, "414"),
        (long(100_000), "431"),
    ] {
        let answer = house.say(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{} bytes: {answer}", request.len());
    }
}

#[test]
fn a_body_is_refused_and_not_drained() {
    let house = House::open(patient());
    for (framing, status) in [
        ("Content-Length: 99999999999", 405),
        ("Transfer-Encoding: chunked", 400),
        ("Content-Length: 100000", 405),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let mut caller = house.call();
            caller.send(format!("POST /sport.atom HTTP/1.1\r\nHost: x\r\n{expect}{framing}\r\n\r\n"));
            let answer = caller.hear();
            assert_eq!(
                (answer.status, answer.headers["connection"].as_str()),
                (status, "close"),
                "{framing}"
            );
            // A client that goes on regardless is hung up on.
            let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
            let hung_up = (0..10_000).any(|_| caller.stream.write_all(chunk.as_bytes()).is_err());
            assert!(hung_up, "{framing}: 640 MB were taken");
        }
    }
    // A document is served to a GET with a body, and nothing after it.
    let mut caller = house.call();
    caller.send("GET /sport.atom HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    caller.hush();
    let said = caller.rest();
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    assert!(said.contains("connection: close") && said.ends_with(BODY), "{said}");
}

/// Requests on whose length two parties can disagree: none may be answered as two, and none that is answered
/// leaves the connection open.
#[test]
fn no_request_is_smuggled() {
    let house = House::open(patient());
    let inner = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for (head, statuses) in [
        ("Content-Length: 6\r\nTransfer-Encoding: chunked", &["400"][..]),
        ("Transfer-Encoding: chunked\r\nContent-Length: 6", &["400"]),
        ("tRANSFER-eNCODING:\tcHUNKED\r\nContent-Length: 0", &["400"]),
        ("A: b\nTransfer-Encoding: chunked\r\nContent-Length: 0", &["400"]),
        ("Content-Length: 0\r\nContent-Length: 35", &["400"]),
        ("Content-Length: 35\r\nContent-Length: 35", &["405", "400"]),
        ("Content-Length: 0, 35", &["400"]),
        ("Content-Length: +35", &["400"]),
        ("Content-Length: -1", &["400"]),
        ("Content-Length: 0x23", &["400"]),
        ("Content-Length: 35 ", &["405"]),
        ("Content-Length : 35", &["400"]),
        (" Content-Length: 35", &["400"]),
        ("A: b\r\n Content-Length: 35", &["400"]),
        ("A: b\r\n\tc", &["400"]),
        ("Transfer-Encoding: chunked, identity", &["400", "405"]),
        ("Transfer-Encoding: xchunked", &["400"]),
        ("Transfer-Encoding\u{b}: chunked", &["400"]),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", &["400", "405"]),
        ("Content-Length: 35\0", &["400"]),
        ("Content-Length: 35\r", &["400"]),
        ("Host: y", &["400"]),
        (
            "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\nContent-Length: 35",
            &["405"],
        ),
    ] {
        for method in ["POST", "GET"] {
            let said = house.say_all(format!(
                "{method} /sport.atom HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n0\r\n\r\n{inner}"
            ));
            let status = said.get(9..12).unwrap_or_default();
            // A document is served to a GET whose body is not read.
            let is_served = method == "GET" && statuses.contains(&"405") && status == "200";
            assert!(is_served || statuses.contains(&status), "{method} {head:?}: {said}");
            assert_eq!(said.matches("HTTP/1.").count(), 1, "{method} {head:?}: {said}");
        }
    }
}

/// A form whose length is in its chunks is read, but nothing that follows it.
#[test]
fn mail_in_chunks_is_the_last_on_its_connection() {
    let house = House::open(patient());
    let inner = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let said = house.say_all(format!(
        "POST /hub HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n{inner}"
    ));
    assert!(said.starts_with("HTTP/1.1 202 ") && said.contains("connection: close"), "{said}");
    assert_eq!(said.matches("HTTP/1.").count(), 1, "{said}");
    let said = house.say_all(format!("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n{inner}"));
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    assert_eq!(said.matches("HTTP/1.").count(), 1, "{said}");
}

#[test]
fn what_is_no_http_is_refused() {
    let house = House::open(patient());
    for request in [
        "GET /sport.atom HTTP/1.1\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: a b/c\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: a:b:c\r\n\r\n",
        "GET /sport.atom HTTP/1.1\r\nHost: a:99999\r\n\r\n",
        "GET /sport.atom\r\n\r\n",
        "GET  /sport.atom HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /sport atom HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /sport.atom HTTP/9.9\r\nHost: x\r\n\r\n",
        "G\u{e9}T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA\u{1}: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let mut caller = house.call();
        caller.send(request);
        caller.hush();
        let said = caller.rest();
        assert!(said.starts_with("HTTP/1.1 400 "), "{request:?}: {said:?}");
        assert_eq!(said.matches("HTTP/1.").count(), 1, "{request:?}: {said}");
    }
    // A line feed alone ends a line, too (RFC 9112 §2.2); both readings find one request here.
    assert!(house.say("GET /sport.atom HTTP/1.1\nHost: x\nConnection: close\n\n").ends_with(BODY));
}
