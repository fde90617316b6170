//! Tests of fetch: what is asked and what answers mean. Each quarter of the room has a file of its own.

mod bounds;
mod codings;
mod cookies;
mod deltas;
mod files;
mod guard;
mod manners;
mod parcels;
mod protocol;
mod proxies;
mod redirects;
mod robots;
mod tls;
mod turns;
mod ways;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nashra::edge::fetch::{Fetcher, Lookup, Patience, Surroundings};
use nashra::model::*;

use crate::kit::daemon::Home;
use crate::kit::entries;
use crate::kit::origin::{Origin, Reply};

/// An environment variable that every test finds set.
const SET: &str = "PATH";
const AGENT: &str = "nashra/test (+http://127.0.0.1/bot)";

/// A source at this address that may live on loopback.
fn source(url: &str) -> Source {
    let mut source = entries::source("x", &["latest"]);
    source.location = Location::Web(url.parse().unwrap());
    source.fetch.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    source.fetch.timeout = Duration::from_secs(20);
    // Requests are counted to the last one; those for robots.txt have tests of their own.
    source.fetch.hints.crawl_delay = false;
    source
}

/// Every name under `.test` is 127.0.0.1; nothing is looked up outside.
fn local_lookup() -> Lookup {
    Arc::new(|name| match name {
        "localhost" | "localhost." => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
        name if name.rsplit('.').next() == Some("test") => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
        _ => Err(std::io::Error::other("no such name")),
    })
}

fn fetcher_within(change: impl FnOnce(&mut Surroundings, &mut FetchLimits)) -> Fetcher {
    let mut surroundings = Surroundings { lookup: local_lookup(), ..Surroundings::default() };
    let mut limits = FetchLimits { concurrency: 8, per_host: 8 };
    change(&mut surroundings, &mut limits);
    Fetcher::within(surroundings, limits, AGENT, Some("admin@example.org")).unwrap()
}

fn fetcher() -> Fetcher {
    fetcher_within(|_, _| ())
}

fn with_patience(change: impl FnOnce(&mut Patience)) -> Fetcher {
    fetcher_within(|surroundings, _| change(&mut surroundings.patience))
}

/// Asks once, without knowing anything.
async fn ask(source: &Source) -> Retrieved {
    fetcher().fetch(source, &Validators::default()).await.0
}

fn body(retrieved: Retrieved) -> Body {
    match retrieved.outcome {
        Ok(Answer::Body(body)) => body,
        other => panic!("no body: {other:?}"),
    }
}

fn error(retrieved: Retrieved) -> FetchError {
    let error = retrieved.outcome.expect_err("it should have failed");
    assert!(!error.message.contains('\n') && !error.message.is_empty(), "{error:?}");
    error
}

/// What a source at a server with this one answer fails with.
async fn failure(reply: Reply) -> FetchError {
    let origin = Origin::start(move |_| reply.clone());
    error(ask(&source(&origin.url("/feed"))).await)
}

fn known(etag: &[u8], last_modified: &[u8]) -> Validators {
    let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_vec());
    Validators { etag: some(etag), last_modified: some(last_modified) }
}

#[tokio::test]
async fn we_say_who_we_are_and_what_we_want() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let mut source = source(&origin.url("/feed?a=b&c#part"));
    let retrieved = ask(&source).await;
    assert_eq!((retrieved.status, retrieved.wire_bytes), (Some(200), 1));
    assert!(retrieved.elapsed_ms < 20_000);
    let body = body(retrieved);
    assert_eq!((&body.bytes[..], body.content_type), (&b"x"[..], None));
    assert_eq!(body.url, origin.url("/feed?a=b&c#part"));

    source.fetch.user_agent = Some("Another/1.0".to_owned());
    source.fetch.headers = vec![("Accept-Language".to_owned(), "ar".to_owned())];
    ask(&source).await;
    let [first, second] = &origin.asked()[..] else { panic!() };
    assert_eq!(first.path, "/feed?a=b&c");
    assert_eq!(first.header("host"), origin.address.to_string());
    assert_eq!(first.header("user-agent"), AGENT);
    assert_eq!(first.header("from"), "admin@example.org");
    assert!(first.header("accept").starts_with("application/atom+xml, application/rss+xml"));
    assert_eq!(first.header("accept-encoding"), "gzip, br, zstd, deflate");
    for absent in [
        "if-none-match",
        "if-modified-since",
        "a-im",
        "cookie",
        "referer",
        "authorization",
        "accept-language",
    ] {
        assert_eq!(first.header(absent), "", "{absent}");
    }
    assert_eq!(second.header("user-agent"), "Another/1.0");
    assert_eq!(second.header("accept-language"), "ar");
}

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    let check = async |etag: &'static [u8], last_modified: &'static [u8]| {
        let origin = Origin::start(move |asked| {
            let head = [b"HTTP/1.1 200 OK\r\nETag: ", etag, b"\r\nLast-Modified: ", last_modified].concat();
            if asked.header("if-none-match").is_empty() {
                return Reply::raw([&head[..], b"\r\nContent-Length: 1\r\n\r\nx"].concat());
            }
            Reply::new(304, &[("ETag", "\"new\"")], "")
        });
        let fetcher = fetcher();
        let source = source(&origin.url("/"));
        let first = fetcher.fetch(&source, &Validators::default()).await.0;
        let validators = body(first).validators;
        assert_eq!(validators, known(etag, last_modified));
        let second = fetcher.fetch(&source, &validators).await.0;
        assert_eq!((second.status, second.wire_bytes), (Some(304), 0));
        let Ok(Answer::NotModified { validators }) = second.outcome else { panic!() };
        assert_eq!(validators, known(b"\"new\"", b""));
        let asked = &origin.asked()[1];
        assert_eq!(asked.bytes("if-none-match"), etag);
        assert_eq!(asked.bytes("if-modified-since"), last_modified);
    };
    check(b"\"a\"", b"Wed, 25 Nov 2026 10:00:00 GMT").await;
    check(b"W/\"a\"", b"yesterday").await;
    check(b"unquoted, \"and odd", b"0").await;
    check("\"نشرة\"".as_bytes(), b"25.11.2026\t10:00").await;
    check(b"\"\xff\xfe\"", b"Thu, 99 Foo 2026").await;
}

#[tokio::test]
async fn not_modified_counts_only_where_it_was_asked_for() {
    let error = failure(Reply::new(304, &[], "")).await;
    assert_eq!(error.kind, FetchErrorKind::Status);
    assert!(error.message.contains("304 (Not Modified): but we had told it of no earlier answer"), "{error}");

    let origin = Origin::start(|_| Reply::new(304, &[], ""));
    // What no header can carry did not come from one; it is not sent and does not count.
    let odd = known(b"a\nb", b"");
    let retrieved = fetcher().fetch(&source(&origin.url("/")), &odd).await.0;
    assert_eq!(self::error(retrieved).kind, FetchErrorKind::Status);
}

#[tokio::test]
async fn statuses_are_explained() {
    let check_kind = async |kind, status, headers: &[(&str, &str)], page: &str, words: &str, wait| {
        let reply = Reply::new(status, headers, page);
        let origin = Origin::start(move |_| reply.clone());
        let retrieved = ask(&source(&origin.url("/feed"))).await;
        assert_eq!(retrieved.manners.retry_after_seconds, wait, "{status}");
        let error = error(retrieved);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.starts_with("127.0.0.1:"), "{error}");
        assert!(error.message.contains(&format!("answered {status} (")), "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    let check = async |status, headers: &[(&str, &str)], page: &str, words: &str, wait| {
        check_kind(FetchErrorKind::Status, status, headers, page, words, wait).await;
    };
    check(401, &[], "", "set auth in the source", None).await;
    check(403, &[], "no", "ask the publisher", None).await;
    check(404, &[], "", "check url", None).await;
    check_kind(FetchErrorKind::Gone, 410, &[], "", "gone for good", None).await;
    check(404, &[("Retry-After", "9")], "", "check url", Some(9)).await;
    check(429, &[("Retry-After", "120")], "", "wait 120 s", Some(120)).await;
    check(429, &[], "", "longer schedule", None).await;
    check(503, &[("Retry-After", "7")], "", "in trouble and wants us to wait 7 s", Some(7)).await;
    check(500, &[], "", "ask again later", None).await;
    check(300, &[("Retry-After", "5")], "", "no redirect that can be followed", Some(5)).await;
    check(204, &[], "", "no document to give", None).await;
    check(206, &[("Content-Range", "bytes 0-0/9")], "x", "a part", None).await;
    check(226, &[("IM", "feed")], "x", "a part", None).await;
    check(418, &[], "", "no feed", None).await;
    let dated = [("Date", "Wed, 25 Nov 2026 10:00:00 GMT"), ("Retry-After", "Wed, 25 Nov 2026 11:00:00 GMT")];
    check(503, &dated, "", "wait 3600 s", Some(3600)).await;
    let wall = FetchErrorKind::Wall;
    let cloudflare = "<html><title>Just a moment...</title>";
    for status in [200, 202, 403, 429, 503] {
        check_kind(wall, status, &[], cloudflare, "a page of Cloudflare, a bot wall", None).await;
    }
    check_kind(wall, 429, &[("Retry-After", "9")], cloudflare, "a bot wall", Some(9)).await;
    check_kind(wall, 403, &[("cf-mitigated", "challenge")], "", "a page of Cloudflare", None).await;
    check_kind(wall, 202, &[("x-amzn-waf-action", "challenge")], "", "a page of AWS WAF", None).await;
    check_kind(wall, 403, &[], "<a href=https://errors.edgesuite.net/1>", "a page of Akamai", None).await;
}

#[tokio::test]
async fn feeds_that_speak_of_walls_are_feeds() {
    let words = "<title>Just a moment...</title> captcha-delivery.com _cf_chl_opt g-recaptcha";
    for feed in [format!("<rss><channel>{words}</channel></rss>"), format!("{{\"title\": \"{words}\"}}")] {
        let reply = Reply::new(200, &[("Content-Type", "text/html"), ("x-datadome", "protected")], &feed);
        let origin = Origin::start(move |_| reply.clone());
        assert_eq!(body(ask(&source(&origin.url("/"))).await).bytes, feed.as_bytes());
    }
}

#[tokio::test]
async fn walls_are_known_through_their_codings() {
    let page = format!("<html><title>Just a moment...</title>{}", "<!-- x -->".repeat(20_000));
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, page.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    for status in [200, 403] {
        let error = failure(Reply::new(status, &[("Content-Encoding", "gzip")], &zipped)).await;
        assert_eq!(error.kind, FetchErrorKind::Wall, "{error}");
    }
}

#[tokio::test]
async fn credentials_come_from_the_environment_or_are_missed() {
    let secret = std::env::var(SET).unwrap();
    let origin = Origin::start(|_| Reply::new(401, &[], ""));
    let ask_with = async |auth| {
        let mut source = source(&origin.url("/"));
        source.fetch.auth = Some(auth);
        error(ask(&source).await)
    };
    let name = |name: &str| name.to_owned();
    let refused = ask_with(Auth::Bearer { token_env: name(SET) }).await;
    assert!(refused.message.contains("does not accept our credentials"), "{refused}");
    assert!(!refused.message.contains(&secret), "{refused}");
    ask_with(Auth::Basic { user: name("أ"), password_env: name(SET) }).await;
    let asked = origin.asked();
    assert_eq!(asked[0].header("authorization"), format!("Bearer {secret}"));
    // The base64 of "أ:" in UTF-8.
    assert!(asked[1].header("authorization").starts_with("Basic 2KM6"), "{:?}", asked[1]);

    let missing = ask_with(Auth::Bearer { token_env: name("NO_SUCH_SECRET") }).await;
    assert_eq!(missing.kind, FetchErrorKind::Unsendable);
    assert!(missing.message.contains("set the environment variable NO_SUCH_SECRET"), "{missing}");
    assert_eq!(origin.asked().len(), 2);

    // The command line may name an address with userinfo; it is sent as credentials and shown nowhere.
    let named = format!("http://us%3Aer:pass@{}/", origin.address);
    let refused = error(ask(&source(&named)).await);
    assert!(!refused.message.contains("pass"), "{refused}");
    assert_eq!(origin.asked()[2].header("authorization"), "Basic dXM6ZXI6cGFzcw==");
}

/// systemd hands credentials over as files in a folder that only the service can read.
#[test]
fn credentials_of_systemd_are_read_by_the_program() {
    let origin = Origin::start(|_| Reply::new(404, &[], ""));
    let home = Home::new(&format!(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\n\
         [sources.a]\nurl = \"{}\"\n\
         auth = {{ basic = {{ user = \"u\", password_env = \"feed-password\" }} }}\n",
        origin.url("/")
    ));
    std::fs::create_dir(home.path("credentials")).unwrap();
    let probe = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nashra"));
        command.current_dir(home.folder.path()).args(["check", "--probe"]);
        let output = command.env("CREDENTIALS_DIRECTORY", home.path("credentials")).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let told = probe();
    assert!(told.contains("its secret is missing; set the environment variable feed-password"), "{told}");
    assert_eq!(origin.connections(), 0);
    home.write("credentials/feed-password", "p:w\n");
    let told = probe();
    assert!(told.contains("answered 404 (Not Found)"), "{told}");
    assert_eq!(origin.asked()[0].header("authorization"), "Basic dTpwOnc=");
}

#[tokio::test]
async fn a_broken_source_disturbs_no_other() {
    let origin = Origin::start(|asked| match asked.path.as_str() {
        "/hang" => Reply::raw("").then_hang(),
        "/rubbish" => Reply::raw([0xff; 3000]),
        "/missing" => Reply::new(404, &[], ""),
        "/half" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        path => Reply::ok(path),
    });
    let fetcher = fetcher();
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..60 {
        let path = match n % 6 {
            0 => "/hang".to_owned(),
            1 => "/rubbish".to_owned(),
            2 => "/missing".to_owned(),
            3 => "/half".to_owned(),
            _ => format!("/good/{n}"),
        };
        let (fetcher, mut source) = (fetcher.clone(), source(&origin.url(&path)));
        if path == "/hang" {
            source.fetch.timeout = Duration::from_millis(200);
        }
        asked.spawn(async move { (path, fetcher.fetch(&source, &Validators::default()).await.0) });
    }
    for (path, retrieved) in asked.join_all().await {
        let kind = retrieved.outcome.as_ref().err().map(|error| error.kind);
        let expected = match path.as_str() {
            "/hang" => Some(FetchErrorKind::Timeout),
            "/rubbish" | "/half" => Some(FetchErrorKind::Broken),
            "/missing" => Some(FetchErrorKind::Status),
            _ => None,
        };
        assert_eq!(kind, expected, "{path}: {retrieved:?}");
        if expected.is_none() {
            assert_eq!(body(retrieved).bytes, path.as_bytes());
        }
    }
}
