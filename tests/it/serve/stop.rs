//! A stop: what runs is answered, what idles is closed, and nothing is waited for without end.

use std::net::TcpStream;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::doors::{House, SOON, patient, until};

#[test]
fn running_requests_are_answered_and_idle_connections_closed() {
    let mut house = House::open(patient());
    let mut idle = house.call();
    idle.ask("GET /healthz");
    assert_eq!(idle.hear().status, 200);
    let mut silent = house.call();
    let mut running = house.call();
    running.ask("GET /item/slow");
    until("the page is being read", || house.pages.waiting.load(Ordering::SeqCst) == 1);
    house.stop();
    assert_eq!(idle.rest(), "");
    assert_eq!(silent.rest(), "");
    until("the door is closed", || TcpStream::connect(house.address).is_err());
    assert!(!house.has_ended());
    house.pages.open();
    let answer = running.hear();
    assert_eq!((answer.status, answer.headers["connection"].as_str()), (200, "close"));
    assert_eq!(running.rest(), "");
    house.ended();
}

#[test]
fn what_never_ends_is_cut_off() {
    let mut limits = patient();
    limits.drain = SOON;
    limits.grace = SOON;
    let mut house = House::open(limits);
    let mut running = house.call();
    running.ask("GET /item/slow");
    let mut deaf = house.call();
    deaf.ask("GET /big.atom");
    let mut slow = house.call();
    slow.send("GET /sport.atom HTTP/1.1\r\n");
    until("the page is being read", || house.pages.waiting.load(Ordering::SeqCst) == 1);
    house.stop();
    until("it ends all the same", || house.has_ended());
    assert_eq!(running.rest(), "");
    assert_eq!(slow.rest(), "");
}

#[tokio::test]
async fn http_2_is_told_to_go_away_and_its_streams_are_answered() {
    let mut house = House::open(patient());
    let connect = async || {
        let stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
        let (sender, connection) =
            http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        (sender, tokio::spawn(connection))
    };
    let ask = |path: &str| Request::builder().uri(format!("http://x{path}")).body(Empty::new()).unwrap();
    let (mut idle, idle_end) = connect().await;
    assert_eq!(idle.send_request(ask("/healthz")).await.unwrap().status(), 200);
    let (mut sender, end) = connect().await;
    let answer = sender.send_request(ask("/item/slow"));
    let answer = tokio::spawn(answer);
    while house.pages.waiting.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    house.stop();
    idle_end.await.unwrap().unwrap();
    house.pages.open();
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "<h1>");
    end.await.unwrap().unwrap();
    assert!(sender.send_request(ask("/healthz")).await.is_err());
}
