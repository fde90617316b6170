//! robots.txt: obeyed where it shall be, and asked for its pace from the second time on.

use std::time::{Duration, Instant};

use nashra::edge::fetch::Fetcher;
use nashra::model::*;
use tokio::task::JoinSet;

use super::{body, error, fetcher, fetcher_within, source};
use crate::kit::origin::{Gate, Origin, Reply};

/// A server whose robots.txt is answered so; everything else is a feed.
fn with_robots(reply: Reply) -> Origin {
    Origin::start(move |asked| if asked.path == "/robots.txt" { reply.clone() } else { Reply::ok("<rss/>") })
}

fn saying(text: &str) -> Origin {
    with_robots(Reply::new(200, &[("Content-Type", "text/plain")], text))
}

/// A source that obeys robots.txt.
fn obedient(url: &str) -> Source {
    let mut source = source(url);
    source.fetch.robots = true;
    source
}

/// A source that heeds `Crawl-delay` alone, as all do unless told otherwise.
fn heeding(url: &str) -> Source {
    let mut source = source(url);
    source.fetch.hints.crawl_delay = true;
    source
}

async fn ask(fetcher: &Fetcher, source: &Source) -> Retrieved {
    fetcher.fetch(source, &Validators::default()).await.0
}

fn paths(origin: &Origin) -> Vec<String> {
    origin.asked().into_iter().map(|asked| asked.path).collect()
}

#[tokio::test]
async fn what_is_forbidden_is_not_asked() {
    let origin = saying("User-agent: nashra\nDisallow: /private\n\nUser-agent: *\nDisallow: /");
    let fetcher = fetcher();
    let retrieved = ask(&fetcher, &obedient(&origin.url("/private/feed"))).await;
    assert_eq!((retrieved.status, retrieved.manners.hops.len()), (None, 1));
    let error = error(retrieved);
    assert_eq!(error.kind, FetchErrorKind::Robots);
    let words = "was not asked: its robots.txt forbids that (Disallow: /private)";
    assert!(error.message.contains(words), "{error}");
    assert_eq!(paths(&origin), ["/robots.txt"]);

    // What is allowed is asked, and robots.txt is remembered.
    body(ask(&fetcher, &obedient(&origin.url("/feed"))).await);
    body(ask(&fetcher, &source(&origin.url("/private/feed"))).await);
    assert_eq!(paths(&origin), ["/robots.txt", "/feed", "/private/feed"]);
}

#[tokio::test]
async fn robots_txt_is_asked_for_without_secrets() {
    let origin = saying("");
    let mut source = obedient(&origin.url("/feed?q"));
    source.fetch.headers = vec![("X-Key".to_owned(), "k".to_owned())];
    source.fetch.auth = Some(Auth::Bearer { token_env: super::SET.to_owned() });
    fetcher().fetch(&source, &super::known(b"\"e\"", b"x")).await.0.outcome.unwrap();
    let [robots, feed] = &origin.asked()[..] else { panic!() };
    for header in ["x-key", "authorization", "if-none-match", "if-modified-since", "a-im"] {
        assert_eq!(robots.header(header), "", "{header}");
        assert_ne!(feed.header(header), "", "{header}");
    }
    assert_eq!(robots.header("user-agent"), super::AGENT);
}

#[tokio::test]
async fn what_robots_txt_answers_is_understood() {
    let check = async |reply: Reply, refused: Option<&str>| {
        let origin = with_robots(reply);
        let retrieved = ask(&fetcher(), &obedient(&origin.url("/feed"))).await;
        match refused {
            None => assert_eq!(body(retrieved).bytes, "<rss/>"),
            Some(words) => {
                let error = error(retrieved);
                assert_eq!(error.kind, FetchErrorKind::Robots, "{error}");
                assert!(error.message.contains(words), "{error}");
                assert_eq!(paths(&origin), ["/robots.txt"]);
            }
        }
    };
    let all = "User-agent: *\nDisallow: /";
    for status in [400, 401, 403, 404, 410, 429] {
        check(Reply::new(status, &[], all), None).await;
    }
    for status in [500, 502, 503] {
        let words = format!("its robots.txt answered {status}, and until it can be read everything");
        check(Reply::new(status, &[], ""), Some(&words)).await;
    }
    let busy = with_robots(Reply::new(503, &[("Retry-After", "77")], ""));
    let refused = ask(&fetcher(), &obedient(&busy.url("/feed"))).await;
    assert_eq!(refused.manners.retry_after_seconds, Some(77));
    check(Reply::raw(""), Some("could not be read")).await;
    check(Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser"), Some("could not be read")).await;
    check(Reply::ok(all), Some("forbids")).await;
    check(Reply::ok(""), None).await;
    check(Reply::ok("<!doctype html><title>Home</title>"), None).await;
    check(Reply::redirect(302, "http://127.0.0.1:1/robots.txt"), Some("refuses connections")).await;
    check(Reply::redirect(302, "http://10.0.0.1/robots.txt"), Some("is a private address")).await;
    check(Reply::redirect(302, "/robots.txt"), None).await;
    check(Reply::redirect(302, ""), None).await;
    // Half a mebibyte is read, and no more.
    let long = "# sixteen bytes.\n".repeat(40_000);
    check(Reply::ok(format!("User-agent: *\n{long}Disallow: /\n")), None).await;
    check(Reply::ok(format!("{all}\n{long}")), Some("forbids")).await;
}

#[tokio::test]
async fn five_redirects_of_robots_txt_are_followed() {
    let check = async |count: usize, is_allowed: bool| {
        let origin = Origin::start(move |asked| {
            let at = asked.path.trim_start_matches("/robots.txt").trim_start_matches('/');
            match at.parse::<usize>() {
                Err(_) if at.is_empty() => Reply::redirect(301, &format!("/robots.txt/{}", count - 1)),
                Ok(0) => Reply::ok("User-agent: *\nDisallow: /"),
                Ok(n) => Reply::redirect(301, &format!("/robots.txt/{}", n - 1)),
                Err(_) => Reply::ok("<rss/>"),
            }
        });
        let retrieved = ask(&fetcher(), &obedient(&origin.url("/feed"))).await;
        assert_eq!(retrieved.outcome.is_ok(), is_allowed, "{count}: {retrieved:?}");
        assert_eq!(retrieved.manners.permanent, None);
    };
    check(5, false).await;
    check(6, true).await;
}

#[tokio::test]
async fn redirects_are_checked_where_they_lead() {
    let target = saying("User-agent: *\nDisallow: /private");
    let check = async |path: &str, is_allowed: bool| {
        let to = target.url(path);
        let origin = Origin::start(move |asked| match asked.path.as_str() {
            "/robots.txt" => Reply::ok("User-agent: *\nDisallow: /secret"),
            "/feed" => Reply::redirect(301, "/next"),
            "/inside" => Reply::redirect(301, "/secret"),
            _ => Reply::redirect(301, &to),
        });
        let retrieved = ask(&fetcher(), &obedient(&origin.url("/feed"))).await;
        assert_eq!(retrieved.outcome.is_ok(), is_allowed, "{retrieved:?}");
        assert_eq!(paths(&origin), ["/robots.txt", "/feed", "/next"]);
        let inside = error(ask(&fetcher(), &obedient(&origin.url("/inside"))).await);
        assert!(inside.message.contains("(Disallow: /secret)"), "{inside}");
    };
    check("/private/feed", false).await;
    check("/public/feed", true).await;
    assert_eq!(paths(&target), ["/robots.txt", "/robots.txt", "/public/feed"]);
}

#[tokio::test]
async fn a_host_that_is_asked_once_is_asked_for_its_feed_alone() {
    let origin = saying("User-agent: *\nDisallow: /\nCrawl-delay: 0");
    let fetcher = fetcher();
    for _ in 0..3 {
        body(ask(&fetcher, &heeding(&origin.url("/feed"))).await);
    }
    assert_eq!(paths(&origin), ["/feed", "/robots.txt", "/feed", "/feed"]);
}

#[tokio::test]
async fn a_robots_txt_that_cannot_be_read_fails_nobody() {
    let half = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser");
    for reply in [half, Reply::new(500, &[("Retry-After", "999")], ""), Reply::raw("").then_hang()] {
        let origin = with_robots(reply);
        let (fetcher, mut source) = (fetcher(), heeding(&origin.url("/feed")));
        source.fetch.timeout = Duration::from_secs(2);
        for _ in 0..3 {
            let retrieved = ask(&fetcher, &source).await;
            assert_eq!(retrieved.manners.retry_after_seconds, None);
            body(retrieved);
        }
        assert_eq!(paths(&origin), ["/feed", "/robots.txt", "/feed", "/feed"]);
    }
}

#[tokio::test]
async fn the_delay_lies_between_requests() {
    let origin = saying("User-agent: *\nCrawl-delay: 0.3");
    let fetcher = fetcher();
    let mut asked = JoinSet::new();
    let began = Instant::now();
    for n in 0..5 {
        let (fetcher, source) = (fetcher.clone(), heeding(&origin.url(&format!("/{n}"))));
        asked.spawn(async move { body(ask(&fetcher, &source).await) });
    }
    assert_eq!(asked.join_all().await.len(), 5);
    // The first one and robots.txt come at once; four are spaced.
    assert!(began.elapsed() >= Duration::from_millis(1200), "{:?}", began.elapsed());
    assert_eq!(paths(&origin).iter().filter(|path| *path == "/robots.txt").count(), 1);
}

#[tokio::test]
async fn a_long_delay_sends_us_away() {
    let origin = saying("User-agent: *\nCrawl-delay: 100000");
    let (fetcher, mut source) = (fetcher(), obedient(&origin.url("/feed")));
    source.fetch.hints.crawl_delay = true;
    source.fetch.max_interval = Duration::from_secs(600);
    let retrieved = ask(&fetcher, &source).await;
    let wait = retrieved.manners.retry_after_seconds.unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    assert_eq!(error(retrieved).kind, FetchErrorKind::Held);
    // Whoever does not heed it is not held up.
    source.fetch.hints.crawl_delay = false;
    body(ask(&fetcher, &source).await);
    assert_eq!(paths(&origin), ["/robots.txt", "/feed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_robots_txt_keeps_nobody_from_a_slot() {
    let gate = Gate::default();
    let slow = with_robots(Reply::new(404, &[], "").behind(&gate));
    let target = slow.url("/b");
    let first = Origin::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::new(404, &[], ""),
        _ => Reply::redirect(302, &target),
    });
    let free = saying("");
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 2, per_host: 2 });
    let mut waiting = JoinSet::new();
    // The second one comes with a slot of its own to where the first one asks for the robots.txt of both.
    for (origin, path, requests) in [(&slow, "/a", 1), (&first, "/", 2)] {
        let (fetcher, source) = (fetcher.clone(), obedient(&origin.url(path)));
        waiting.spawn(async move { body(ask(&fetcher, &source).await) });
        tokio::task::block_in_place(|| origin.wait_for(requests));
    }
    body(ask(&fetcher, &obedient(&free.url("/feed"))).await);
    assert_eq!(paths(&slow), ["/robots.txt"]);
    gate.open();
    assert_eq!(waiting.join_all().await.len(), 2);
}
