//! What an exchange says beside its document, and what it cost.

use nashra::model::*;

use super::{ask, source};
use crate::kit::origin::{Origin, Reply};

fn port(origin: &Origin) -> u16 {
    origin.address.port()
}

fn hops(retrieved: &Retrieved) -> Vec<(String, Option<u16>, u64)> {
    let hop = |hop: &Hop| (hop.host.clone(), hop.status, hop.wire_bytes);
    retrieved.manners.hops.iter().map(hop).collect()
}

#[tokio::test]
async fn every_request_is_counted_at_its_host() {
    let origin = Origin::start(|asked| {
        let port = asked.header("host").rsplit(':').next().unwrap().to_owned();
        match asked.path.as_str() {
            "/a" => Reply::new(301, &[("Location", "/b")], "over there"),
            "/b" => Reply::redirect(302, &format!("http://other.test:{port}/c")),
            "/c" => Reply::ok("<rss/>"),
            "/broken" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"),
            "/silent" => Reply::raw(""),
            _ => Reply::new(404, &[], "nothing here"),
        }
    });
    let check = async |path: &str, expected: &[(&str, Option<u16>, u64)]| {
        let retrieved = ask(&source(&origin.named("www.feeds.test", path))).await;
        let expected: Vec<_> = expected
            .iter()
            .map(|(host, status, bytes)| (format!("{host}:{}", port(&origin)), *status, *bytes))
            .collect();
        assert_eq!(hops(&retrieved), expected, "{path}");
        assert_eq!(retrieved.wire_bytes, expected.iter().map(|hop| hop.2).sum::<u64>());
        retrieved
    };
    let moved = [("feeds.test", Some(301), 10), ("feeds.test", Some(302), 0), ("other.test", Some(200), 6)];
    let retrieved = check("/a", &moved).await;
    assert_eq!(retrieved.manners.url, Some(origin.named("other.test", "/c").parse().unwrap()));
    check("/missing", &[("feeds.test", Some(404), 12)]).await;
    check("/broken", &[("feeds.test", Some(200), 4)]).await;
    let retrieved = check("/silent", &[("feeds.test", None, 0)]).await;
    assert_eq!(retrieved.manners.url, Some(origin.named("www.feeds.test", "/silent").parse().unwrap()));
}

#[tokio::test]
async fn what_never_began_cost_nothing() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let mut at_wrong_port = source(&origin.url("/"));
    at_wrong_port.fetch.ports = Ports::Only(vec![(80, 80)]);
    let mut without_secret = source(&origin.url("/"));
    without_secret.fetch.auth = Some(Auth::Bearer { token_env: "NO_SUCH_SECRET".to_owned() });
    for source in [at_wrong_port, without_secret] {
        assert_eq!(hops(&ask(&source).await), []);
    }
    // A connection that was refused was tried.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let retrieved = ask(&source(&format!("http://us:er@{closed}/"))).await;
    assert_eq!(hops(&retrieved), [(closed.to_string(), None, 0)]);
    assert_eq!(retrieved.manners.url, Some(format!("http://{closed}/").parse().unwrap()));
}

#[tokio::test]
async fn freshness_is_that_of_the_answer() {
    let check = async |reply: Reply, expected| {
        let origin = Origin::start(move |asked| match asked.path.as_str() {
            "/moved" => Reply::new(301, &[("Location", "/feed"), ("Cache-Control", "max-age=86400")], ""),
            _ => reply.clone(),
        });
        let knowing = super::known(b"\"old\"", b"");
        let retrieved = super::fetcher().fetch(&source(&origin.url("/moved")), &knowing).await.0;
        assert_eq!(retrieved.manners.fresh_seconds, expected, "{:?}", retrieved.status);
    };
    let kept = [("Cache-Control", "max-age=600"), ("Age", "60")];
    check(Reply::new(200, &kept, "<rss/>"), Some(540)).await;
    check(Reply::new(304, &kept, ""), Some(540)).await;
    check(Reply::new(200, &[("Expires", "0")], "<rss/>"), Some(0)).await;
    check(Reply::ok("<rss/>"), None).await;
    check(Reply::new(404, &kept, ""), None).await;
    check(Reply::new(200, &kept, "<html><title>Just a moment...</title>"), None).await;
}

#[tokio::test]
async fn the_longest_wait_of_all_hops_counts() {
    let check = async |first: Option<&'static str>, last: (u16, Option<&'static str>), expected| {
        let origin = Origin::start(move |asked| {
            let (status, wait) = if asked.path == "/a" { (302, first) } else { last };
            let wait = wait.map(|wait| ("Retry-After", wait));
            let headers: Vec<_> = [("Location", "/b")].into_iter().chain(wait).collect();
            Reply::new(status, &headers, "<rss/>")
        });
        let retrieved = ask(&source(&origin.url("/a"))).await;
        assert_eq!(retrieved.manners.retry_after_seconds, expected, "{first:?} {last:?}");
    };
    check(Some("120"), (200, None), Some(120)).await;
    check(Some("120"), (503, Some("60")), Some(120)).await;
    check(Some("60"), (429, Some("120")), Some(120)).await;
    check(None, (404, Some("7")), Some(7)).await;
    check(None, (200, Some("7")), None).await;
    check(Some("soon"), (200, None), None).await;
}

#[tokio::test]
async fn a_wait_is_heard_though_the_answer_never_ends() {
    let reply = Reply::raw("HTTP/1.1 503 No\r\nRetry-After: 77\r\n\r\n").then_hang();
    let origin = Origin::start(move |_| reply.clone());
    let mut source = source(&origin.url("/"));
    source.fetch.timeout = std::time::Duration::from_millis(200);
    let retrieved = ask(&source).await;
    assert_eq!((retrieved.status, retrieved.manners.retry_after_seconds), (Some(503), Some(77)));
}

#[tokio::test]
async fn only_an_unbroken_chain_is_for_good() {
    let check = async |statuses: &'static [u16], end: u16, expected: Option<&str>| {
        let origin = Origin::start(move |asked| {
            let at: usize = asked.path.trim_start_matches('/').parse().unwrap();
            match statuses.get(at) {
                Some(status) => Reply::redirect(*status, &format!("/{}", at + 1)),
                None => Reply::new(end, &[], ""),
            }
        });
        let retrieved = ask(&source(&origin.url("/0"))).await;
        let expected = expected.map(|path| origin.url(path).parse().unwrap());
        assert_eq!(retrieved.manners.permanent, expected, "{statuses:?}");
    };
    check(&[], 200, None).await;
    check(&[301], 200, Some("/1")).await;
    check(&[308, 301], 200, Some("/2")).await;
    check(&[301, 302], 200, Some("/1")).await;
    check(&[301, 307, 301], 200, Some("/1")).await;
    check(&[302, 301], 200, None).await;
    check(&[303], 200, None).await;
    check(&[301], 404, Some("/1")).await;
}
