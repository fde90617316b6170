//! Long documents, which the kernel may send by itself once they were asked for a few times: nobody is to notice.

use std::io::Read as _;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nashra::edge::serve::Limits;
use nashra::model::Document;

use super::doors::{Caller, House, SOON, patient, until};
use super::{BODY, IDENTITY, document};

/// More than small ears take at once; no two tests have documents of the same length.
const BYTES: usize = 1 << 18;
/// After so many requests, every long document has its twin.
const OFTEN: usize = 6;

/// No two places of it look the same.
fn text(bytes: usize) -> Vec<u8> {
    (0..=bytes / 8).flat_map(|number| format!("{number:07x} ").into_bytes()).take(bytes).collect()
}

fn house(limits: Limits, bytes: usize) -> House {
    let of = |bytes: usize| -> Arc<Document> {
        let document = document("application/atom+xml", text(bytes));
        nashra::model::Coding::PACKED.iter().for_each(|coding| assert!(document.body(*coding).is_some()));
        document
    };
    House::with(limits, [("/long.atom", of(bytes)), ("/other.atom", of(bytes / 16))])
}

/// How many twins of that length this process has.
#[cfg(target_os = "linux")]
fn twins(bytes: usize) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    all.filter(|file| {
        let name = std::fs::read_link(file.path()).unwrap_or_default();
        let length = std::fs::metadata(file.path()).map_or(0, |data| data.len());
        name.to_string_lossy().contains("nashra document") && length == bytes as u64
    })
    .count()
}

/// Asks often enough that all of the long document have a twin, and checks what comes.
fn warm(caller: &mut Caller, bytes: usize) {
    let expected = text(bytes);
    for _ in 0..OFTEN {
        caller.ask("GET /long.atom");
        assert!(caller.hear().body == expected);
    }
}

#[test]
fn all_bytes_arrive_in_every_coding_and_at_every_pace() {
    let bytes = BYTES + 1;
    let (house, plain) = (house(patient(), bytes), text(bytes));
    for mut caller in [house.call(), house.call_with_small_ears()] {
        for _ in 0..OFTEN {
            for coding in ["identity", "br", "zstd", "gzip"] {
                let ask = |caller: &mut Caller, method: &str, line: &str| {
                    let head = format!("{method} /long.atom HTTP/1.1\r\nHost: x\r\n");
                    caller.send(format!("{head}Accept-Encoding: {coding}\r\n{line}\r\n"));
                };
                let ending = if coding == "identity" { String::new() } else { format!(" as {coding}") };
                ask(&mut caller, "GET", "");
                let whole = caller.hear();
                assert!(whole.body == [&plain, ending.as_bytes()].concat(), "{coding}");
                ask(&mut caller, "HEAD", "");
                assert_eq!(caller.hear_of(false).headers["content-length"], whole.body.len().to_string());
                ask(&mut caller, "GET", "Range: bytes=0-9\r\n");
                assert_eq!(caller.hear().body.len(), whole.body.len(), "{coding}: no ranges are served");
                ask(&mut caller, "GET", &format!("If-None-Match: {}\r\n", whole.headers["etag"]));
                assert_eq!(caller.hear().status, 304, "{coding}");
            }
        }
    }
}

#[test]
fn one_connection_or_one_for_each() {
    let bytes = BYTES + 2;
    let (house, expected) = (house(patient(), bytes), text(bytes));
    for line in
        ["GET /long.atom HTTP/1.0\r\n\r\n", "GET /long.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
    {
        for _ in 0..OFTEN {
            let said = house.say(line);
            let (_, body) = said.split_once("\r\n\r\n").unwrap();
            assert!(body.as_bytes() == expected, "{line}");
        }
    }
}

#[test]
fn answers_keep_their_order_in_a_pipeline() {
    let bytes = BYTES + 3;
    let house = house(patient(), bytes);
    let (long, other) = (text(bytes), text(bytes / 16));
    for mut caller in [house.call(), house.call_with_small_ears()] {
        for _ in 0..OFTEN {
            let order = ["/long", "/other", "/sport", "/other", "/other", "/long", "/long", "/sport"];
            let lines = order.map(|path| format!("GET {path}.atom HTTP/1.1\r\nHost: x\r\n\r\n"));
            caller.send(lines.concat());
            for path in order {
                let expected = match path {
                    "/long" => &long,
                    "/other" => &other,
                    _ => BODY.as_bytes(),
                };
                assert!(caller.hear().body == expected, "{path}");
            }
        }
    }
}

#[test]
fn who_goes_away_in_the_middle_disturbs_nobody() {
    let bytes = BYTES + 4;
    let house = house(patient(), bytes);
    let mut steady = house.call();
    for _ in 0..20 {
        let mut fickle = house.call_with_small_ears();
        fickle.ask("GET /long.atom");
        fickle.ask("GET /long.atom");
        fickle.stream.read_exact(&mut [0; 5000]).unwrap();
        drop(fickle);
        warm(&mut steady, bytes);
    }
}

#[test]
fn who_takes_nothing_is_cut_off() {
    let bytes = BYTES + 5;
    let house = house(Limits { connections_max: 1, write: SOON, ..patient() }, bytes);
    let mut first = house.call();
    warm(&mut first, bytes);
    drop(first);
    let mut deaf = house.call_with_small_ears();
    for _ in 0..64 {
        deaf.ask("GET /long.atom");
    }
    // The other is served once the first has lost the only slot.
    let mut other = house.call();
    warm(&mut other, bytes);
    assert!(deaf.rest().len() < 64 * bytes);
}

#[tokio::test]
async fn http_2_has_the_same_bytes() {
    let bytes = BYTES + 6;
    let (house, expected) = (house(patient(), bytes), text(bytes));
    warm(&mut house.call(), bytes);
    let stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let asked: Vec<_> = (0..OFTEN)
        .map(|_| {
            let request = Request::builder().uri("http://x/long.atom");
            sender.send_request(request.body(Empty::<Bytes>::new()).unwrap())
        })
        .collect();
    for answer in asked {
        assert!(answer.await.unwrap().into_body().collect().await.unwrap().to_bytes() == expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_twin_is_made_once_and_goes_with_its_document() {
    let bytes = BYTES + 7;
    let house = house(patient(), bytes);
    let mut callers = [house.call(), house.call()];
    let mut same = house.call();
    assert_eq!(twins(bytes), 0, "nobody has asked yet");
    callers.iter_mut().for_each(|caller| warm(caller, bytes));
    assert_eq!(twins(bytes), 1);
    same.send(format!("GET /long.atom HTTP/1.1\r\nHost: x\r\nIf-None-Match: {IDENTITY}\r\n\r\n"));
    assert_eq!(same.hear().status, 304);
    drop((callers, same));
    house.ended();
    until("the file is closed", || twins(bytes) == 0);
}
