//! Messages to other programs: what is sent, and what may not be.

use bytes::Bytes;
use http::{HeaderMap, Method};
use nashra::edge::fetch::Parcel;

use super::*;

fn parcel(url: &str, body: &'static str) -> Parcel {
    Parcel {
        method: if body.is_empty() { Method::GET } else { Method::POST },
        url: url.parse().unwrap(),
        headers: HeaderMap::from_iter([(http::header::CONTENT_TYPE, "text/plain".parse().unwrap())]),
        body: Bytes::from_static(body.as_bytes()),
        answer_bytes_max: 1000,
        time_max: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let origin = Origin::start(|request| {
        let said = format!("{} {} {}", request.method, request.path, String::from_utf8_lossy(&request.body));
        Reply::ok(said)
    });
    let policy = source(&origin.url("/")).fetch;
    for (body, expected) in [("a=b", "POST /in?x=1 a=b"), ("", "GET /in?x=1 ")] {
        let receipt = fetcher().send(parcel(&origin.url("/in?x=1"), body), &policy).await.unwrap();
        assert_eq!((receipt.status.as_u16(), &receipt.body[..]), (200, expected.as_bytes()));
    }
}

#[tokio::test]
async fn a_message_goes_nowhere_where_sources_may_not_live() {
    let origin = Origin::start(|_| Reply::ok("never"));
    let mut guarded = source(&origin.url("/")).fetch;
    guarded.allow_private.clear();
    let error = fetcher().send(parcel(&origin.url("/"), "x"), &guarded).await.unwrap_err();
    assert!(error.message.contains("loopback"), "{error}");
    let mut closed = source(&origin.url("/")).fetch;
    closed.ports = Ports::Only(vec![(443, 443)]);
    let error = fetcher().send(parcel(&origin.url("/"), "x"), &closed).await.unwrap_err();
    assert!(error.message.contains("port"), "{error}");
    assert_eq!(origin.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_its_status() {
    let begun = "HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nhalf";
    for reply in [Reply::raw(begun), Reply::raw(begun).then_hang()] {
        let origin = Origin::start(move |_| reply.clone());
        let policy = source(&origin.url("/")).fetch;
        let parcel = Parcel { time_max: Duration::from_secs(1), ..parcel(&origin.url("/"), "x") };
        let receipt = fetcher().send(parcel, &policy).await.unwrap();
        assert_eq!((receipt.status.as_u16(), receipt.body.len()), (202, 0));
    }
}
