//! Redirects: followed, resolved, counted, and told nothing that is not theirs.

use nashra::model::*;

use super::{SET, ask, body, error, fetcher, known, source};
use crate::kit::origin::{Origin, Reply};

#[tokio::test]
async fn every_kind_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let origin = Origin::start(move |asked| match asked.path.as_str() {
            "/old" => Reply::redirect(status, "new/place"),
            "/new/place" => Reply::ok("moved"),
            other => panic!("{other}"),
        });
        let retrieved = ask(&source(&origin.url("/old#part"))).await;
        assert_eq!((retrieved.status, retrieved.wire_bytes), (Some(200), 5));
        let body = body(retrieved);
        assert_eq!((&body.bytes[..], body.url), (&b"moved"[..], origin.url("/new/place#part")), "{status}");
        // The short body of the redirect was read, so that its connection could be used again.
        assert_eq!(origin.connections(), 1, "{status}");
    }
}

#[tokio::test]
async fn ten_hops_and_no_more() {
    let origin = Origin::start(|asked| {
        let n: usize = asked.path.trim_start_matches('/').parse().unwrap();
        if n == 0 { Reply::ok("end") } else { Reply::redirect(302, &format!("/{}", n - 1)) }
    });
    body(ask(&source(&origin.url("/10"))).await);
    let error = error(ask(&source(&origin.url("/11"))).await);
    assert_eq!(error.kind, FetchErrorKind::Redirect);
    assert!(error.message.contains("(redirect 10 from 127.0.0.1:"), "{error}");
    assert!(error.message.contains("once more after 10 redirects"), "{error}");
    assert_eq!(origin.asked().len(), 22);
}

#[tokio::test]
async fn bad_redirects_are_told_apart() {
    let check = async |headers: &'static [(&'static str, &'static str)], kind, words: &str| {
        let origin = Origin::start(move |_| Reply::new(302, headers, ""));
        let retrieved = ask(&source(&origin.url("/feed"))).await;
        assert_eq!(retrieved.status, Some(302));
        assert_eq!(retrieved.manners.retry_after_seconds, Some(9));
        let error = error(retrieved);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert_eq!(origin.asked().len(), 1);
    };
    let kind = FetchErrorKind::Redirect;
    check(&[("Retry-After", "9")], kind, "without saying where to").await;
    check(&[("Retry-After", "9"), ("Location", "")], kind, "without saying where to").await;
    check(&[("Retry-After", "9"), ("Location", "feed")], kind, "in a circle").await;
    check(&[("Retry-After", "9"), ("Location", "gopher://x/")], kind, "neither http nor https").await;
    check(&[("Retry-After", "9"), ("Location", "http://[oops/")], kind, "which is no address").await;
}

#[tokio::test]
async fn a_longer_circle_is_found() {
    let origin = Origin::start(|asked| match asked.path.as_str() {
        "/a" => Reply::redirect(302, "/b#x"),
        "/b" => Reply::redirect(302, "/c"),
        _ => Reply::redirect(302, "/b#y"),
    });
    let error = error(ask(&source(&origin.url("/a"))).await);
    assert!(error.message.contains("(redirect 2 from") && error.message.contains("in a circle"), "{error}");
    assert_eq!(origin.asked().len(), 3);
}

#[tokio::test]
async fn secrets_stay_at_home() {
    let origin = Origin::start(|asked| {
        let port = asked.header("host").rsplit(':').next().unwrap().to_owned();
        match asked.path.as_str() {
            "/start" => Reply::redirect(301, "/here"),
            "/here" => Reply::redirect(302, &format!("http://user:pw@away.test:{port}/away")),
            "/away" => Reply::redirect(302, &format!("http://home.test:{port}/back")),
            "/back" => Reply::new(304, &[], ""),
            other => panic!("{other}"),
        }
    });
    let mut source = source(&origin.named("home.test", "/start"));
    source.fetch.auth = Some(Auth::Bearer { token_env: SET.to_owned() });
    source.fetch.headers = vec![("X-Key".to_owned(), "k".to_owned())];
    let retrieved = fetcher().fetch(&source, &known(b"\"e\"", b"")).await.0;
    assert!(matches!(retrieved.outcome, Ok(Answer::NotModified { .. })), "{retrieved:?}");
    for asked in origin.asked() {
        let at_home = asked.path != "/away";
        assert_eq!(asked.header("authorization").starts_with("Bearer "), at_home, "{}", asked.path);
        assert_eq!(asked.header("authorization").is_empty(), !at_home, "{}", asked.path);
        assert_eq!(asked.header("x-key"), if at_home { "k" } else { "" }, "{}", asked.path);
        // The validators may be those of the last hop, so every hop is told them.
        assert_eq!(asked.header("if-none-match"), "\"e\"");
        assert_eq!(asked.header("referer"), "");
    }
    assert_eq!(origin.asked().len(), 4);
}

#[tokio::test]
async fn another_origin_that_wants_credentials_is_explained() {
    let origin = Origin::start(|asked| match asked.path.as_str() {
        "/start" => {
            let port = asked.header("host").rsplit(':').next().unwrap().to_owned();
            Reply::redirect(302, &format!("http://away.test:{port}/away"))
        }
        _ => Reply::new(401, &[], ""),
    });
    let mut source = source(&origin.named("home.test", "/start"));
    source.fetch.auth = Some(Auth::Bearer { token_env: SET.to_owned() });
    let error = error(ask(&source).await);
    assert!(error.message.contains("credentials are never sent to another origin"), "{error}");
    assert!(error.message.starts_with("away.test:"), "{error}");
}

#[tokio::test]
async fn secrets_stay_at_home_when_the_source_has_moved() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let mut source = source(&origin.named("home.test", "/old"));
    source.fetch.auth = Some(Auth::Bearer { token_env: SET.to_owned() });
    source.fetch.headers = vec![("X-Key".to_owned(), "k".to_owned())];
    let fetcher = fetcher();
    for (place, at_home) in
        [(origin.named("home.test", "/new"), true), (origin.named("away.test", "/new"), false)]
    {
        let moved_to = place.parse().unwrap();
        body(fetcher.fetch_at(&source, Some(&moved_to), &Validators::default()).await.0);
        let asked = origin.asked().pop().unwrap();
        assert_eq!(asked.path, "/new");
        assert_eq!(asked.header("authorization").is_empty(), !at_home, "{place}");
        assert_eq!(asked.header("x-key").is_empty(), !at_home, "{place}");
    }
}

#[tokio::test]
async fn only_the_source_itself_is_gone() {
    let check = async |status, kind| {
        let origin = Origin::start(move |asked| match asked.path.as_str() {
            "/old" => Reply::redirect(status, "/gone"),
            _ => Reply::new(410, &[], ""),
        });
        assert_eq!(error(ask(&source(&origin.url("/old"))).await).kind, kind, "{status}");
    };
    check(301, FetchErrorKind::Gone).await;
    check(302, FetchErrorKind::Status).await;
}
