//! The listener as well-behaved clients meet it.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::doors::{BIG_BYTES, House, SOON, patient, until};
use super::{BODY, IDENTITY};

#[test]
fn a_connection_answers_many_requests_in_order() {
    let house = House::open(patient());
    let mut caller = house.call();
    let pipelined = "GET /sport.atom HTTP/1.1\r\nHost: x\r\n\r\nHEAD /sport.atom HTTP/1.1\r\nHost: x\r\n\r\n\
        GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n";
    caller.send(pipelined);
    let whole = caller.hear();
    assert_eq!((whole.status, whole.body.as_slice()), (200, BODY.as_bytes()));
    let head = caller.hear_of(false);
    assert_eq!((head.status, &head.headers), (200, &whole.headers), "HEAD has the headers of GET");
    assert_eq!(caller.hear().status, 404);
    caller.send("\r\n");
    assert_eq!(caller.hear().body, b"ok\n");
    caller.send(format!("GET /sport.atom HTTP/1.1\r\nHost: x\r\nIf-None-Match: {IDENTITY}\r\n\r\n"));
    let same = caller.hear();
    assert_eq!(same.status, 304);
    // The date is the listener's own; everything else is `respond`'s.
    let names: Vec<&str> = same.headers.keys().map(String::as_str).collect();
    let expected = [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "cache-control",
        "date",
        "etag",
        "vary",
    ];
    assert_eq!(names, expected);
    caller.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(caller.rest().ends_with("ok\n"));
}

#[test]
fn every_form_of_an_address_is_understood() {
    let house = House::open(patient());
    for line in [
        "GET /sport.atom HTTP/1.1\r\nHost: x\r\nConnection: close",
        "GET /sport.atom?utm_source=x&%zz HTTP/1.1\r\nHost: x\r\nConnection: close",
        "GET http://other.example:81/sport.atom HTTP/1.1\r\nHost: x\r\nConnection: close",
        "GET /%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9.atom HTTP/1.1\r\nHost: x\r\nConnection: close",
        "GET /رياضة.atom HTTP/1.1\r\nHost: x\r\nConnection: close",
        "GET /sport.atom HTTP/1.1\r\nHost:\r\nConnection: close",
        "GET /sport.atom HTTP/1.0",
        "GET /sport.atom HTTP/1.0\r\nHost: x",
        "GET /sport.atom HTTP/1.1\r\nHost: news.example.org:8080\r\nConnection: close",
        "GET /sport.atom HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close",
        "GET /sport.atom HTTP/1.1\r\nHost: [::1]\r\nConnection: close",
        "GET /sport.atom HTTP/1.1\r\nHost: my_host:\r\nConnection: close",
        "\r\nGET /sport.atom HTTP/1.1\r\nHost: x\r\nConnection: close",
    ] {
        let answer = house.say(format!("{line}\r\n\r\n"));
        assert!(
            answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.0 200 "),
            "{line}: {answer}"
        );
        assert!(answer.ends_with(BODY), "{line}: {answer}");
    }
    let refused = house.say("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 404 "), "{refused}");
}

#[test]
fn who_only_listens_on_still_gets_everything() {
    let house = House::open(patient());
    let mut caller = house.call();
    caller.ask("GET /big.atom");
    caller.hush();
    assert_eq!(caller.hear().body.len(), BIG_BYTES);
}

#[test]
fn item_pages_are_read_beside_the_reactor_and_only_some_at_once() {
    let mut limits = patient();
    limits.items_max = 2;
    limits.items_wait = SOON;
    let house = House::open(limits);
    let ask = |line: &str| {
        let mut caller = house.call();
        caller.ask(line);
        caller
    };
    for (line, status) in [
        ("GET /item/quick", 200),
        ("GET /item/%D8%AE%D8%A8%D8%B1", 200),
        ("GET /item/none", 404),
        ("GET /item/broken", 500),
    ] {
        assert_eq!(ask(line).hear().status, status, "{line}");
    }
    let asked = house.pages.asked.load(Ordering::SeqCst);
    let long = format!("GET /item/{}", "a".repeat(9000));
    for (line, status) in [("POST /item/quick", 405), ("GET /item/%ff", 400), (long.as_str(), 414)] {
        assert_eq!(ask(line).hear().status, status, "{line}");
    }
    assert_eq!(house.pages.asked.load(Ordering::SeqCst), asked, "the store was read for nothing");
    let mut slow = [ask("GET /item/slow"), ask("GET /item/slow")];
    until("both read the store", || house.pages.waiting.load(Ordering::SeqCst) == 2);
    let busy = ask("GET /item/quick").hear();
    assert_eq!((busy.status, busy.headers["retry-after"].as_str()), (503, "5"));
    assert_eq!(ask("GET /sport.atom").hear().status, 200, "documents wait for no item page");
    house.pages.open();
    for caller in &mut slow {
        assert_eq!(caller.hear().status, 200);
    }
    assert_eq!(ask("GET /item/quick").hear().status, 200, "the turns have come back");
    house.ended();
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let house = House::open(patient());
    let stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut ask = |method: &str, path: &str, header: Option<(&'static str, String)>| {
        let mut request = Request::builder().method(method).uri(format!("http://x{path}"));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        sender.send_request(request.body(Empty::<Bytes>::new()).unwrap())
    };
    for (method, path, header, status, bytes) in [
        ("GET", "/sport.atom", None, 200, BODY.len()),
        ("HEAD", "/sport.atom", None, 200, 0),
        ("GET", "/sport.atom", Some(("if-none-match", IDENTITY.to_owned())), 304, 0),
        ("POST", "/sport.atom", None, 405, 30),
        ("GET", "/item/quick", None, 200, 4),
        ("GET", "/sport.atom", Some(("cookie", "a".repeat(20_000))), 431, 0),
        ("GET", "/big.atom", None, 200, BIG_BYTES),
    ] {
        let response = ask(method, path, header).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), bytes, "{method} {path}");
    }
    let many: Vec<_> = (0..300).map(|_| ask("GET", "/sport.atom", None)).collect();
    for answer in many {
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }
}

#[test]
fn mail_is_read_whole_and_within_bounds() {
    let house = House::open(patient());
    let long = "a".repeat(64 * 1024 + 1);
    for (path, body, expected) in [
        ("/hub", "a=b", "HTTP/1.1 202"),
        ("/hub", "a=c", "HTTP/1.1 404"),
        ("/websub/x", "a=b", "HTTP/1.1 404"),
        ("/hub", long.as_str(), "HTTP/1.1 413"),
        ("/sport.atom", "a=b", "HTTP/1.1 405"),
    ] {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let answer = house.say(request);
        assert!(answer.starts_with(expected), "{path}: {answer}");
    }
}
