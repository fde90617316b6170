//! `respond` by the rules of RFC 9110 and 9111.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use nashra::edge::serve::{Request, respond};
use proptest::prelude::*;

use super::{BODY, GZIP, IDENTITY, ZIPPED, check_of, headers, published};

const CHANGED: &str = "Fri, 20 Nov 2026 08:00:00 GMT";
const LATER: &str = "Fri, 20 Nov 2026 08:00:01 GMT";
const EARLIER: &str = "Fri, 20 Nov 2026 07:59:59 GMT";

fn check(
    method: &str,
    path: &str,
    lines: &[(&str, &str)],
    status: u16,
    expected: &[(&str, &str)],
    body: &str,
) {
    check_of(&published(), method, path, lines, status, expected, body);
}

/// The status alone, and with it which representation was chosen, by its tag. `"aa"` stands for the tag of the bytes
/// as they are, `"bb"` for that of gzip.
fn check_status(lines: &[(&str, &str)], status: u16, tag: Option<&str>) {
    let spelled = lines.iter().map(|(name, value)| {
        (*name, value.replace("aa", IDENTITY.trim_matches('"')).replace("bb", GZIP.trim_matches('"')))
    });
    let spelled: Vec<(&str, String)> = spelled.collect();
    let lines: Vec<(&str, &str)> = spelled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for method in [Method::GET, Method::HEAD] {
        let request = Request { method: &method, path: "/sport.atom", headers: &headers(&lines) };
        let response = respond(&published(), &request);
        assert_eq!(response.status().as_u16(), status, "{method} {lines:?}");
        let sent = response.headers().get("etag").map(|tag| tag.to_str().unwrap());
        assert_eq!(sent, tag, "{method} {lines:?}");
        assert!(status == 200 && method == Method::GET || status >= 400 || response.body().is_empty());
    }
}

const CACHED: (&str, &str) = ("cache-control", "public, max-age=60, stale-if-error=86400");
const NO_STORE: (&str, &str) = ("cache-control", "no-store");
const VARY: (&str, &str) = ("vary", "Accept-Encoding");
const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
const ANYONE: (&str, &str) = ("access-control-allow-origin", "*");
const SHOWS_TAGS: (&str, &str) = ("access-control-expose-headers", "ETag");
const ATOM: (&str, &str) = ("content-type", "application/atom+xml; charset=utf-8");
const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const PLAIN: (&str, &str) = ("content-type", "text/plain; charset=utf-8");
const MODIFIED: (&str, &str) = ("last-modified", CHANGED);
const TAG: (&str, &str) = ("etag", IDENTITY);
const TAG_GZIP: (&str, &str) = ("etag", GZIP);
const CSP: (&str, &str) = (
    "content-security-policy",
    "default-src 'none'; style-src 'self'; img-src http: https:; media-src http: https:; frame-src https:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
);
const REFERRER: (&str, &str) = ("referrer-policy", "strict-origin-when-cross-origin");

#[test]
fn documents_come_with_these_headers_and_no_others() {
    let feed = [CACHED, VARY, NOSNIFF, ANYONE, SHOWS_TAGS, ATOM, MODIFIED, TAG];
    check("GET", "/sport.atom", &[], 200, &feed, BODY);
    check("HEAD", "/sport.atom", &[], 200, &feed, BODY);
    let zipped =
        [CACHED, VARY, NOSNIFF, ANYONE, SHOWS_TAGS, ATOM, MODIFIED, TAG_GZIP, ("content-encoding", "gzip")];
    check("GET", "/sport.atom", &[("accept-encoding", "gzip, identity;q=0")], 200, &zipped, ZIPPED);
    check("HEAD", "/sport.atom", &[("accept-encoding", "gzip, identity;q=0")], 200, &zipped, ZIPPED);
    let page = [CACHED, VARY, NOSNIFF, HTML, MODIFIED, TAG, CSP, REFERRER];
    check("GET", "/", &[], 200, &page, "<p>");
    check("GET", "/sport", &[], 200, &page, "<p>");
    let old = ("cache-control", "public, max-age=86400, stale-if-error=86400");
    let old = [old, VARY, NOSNIFF, ANYONE, SHOWS_TAGS, ATOM, MODIFIED, TAG];
    check("GET", "/old.atom", &[], 200, &old, BODY);
    let undated = [CACHED, VARY, NOSNIFF, ANYONE, SHOWS_TAGS, ATOM, TAG];
    check("GET", "/undated.atom", &[], 200, &undated, BODY);
    let pushed = [&feed[..], &[("link", super::LINKS)]].concat();
    check("GET", "/pushed.atom", &[], 200, &pushed, BODY);
    check("HEAD", "/pushed.atom", &[], 200, &pushed, BODY);
    check(
        "GET",
        "/pushed.atom",
        &[("if-none-match", IDENTITY)],
        304,
        &[CACHED, VARY, ANYONE, SHOWS_TAGS, TAG],
        "",
    );
    // Whoever is said to ask, and under whatever name, gets the same.
    let gossip = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "::1"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/admin"),
        ("x-http-method-override", "DELETE"),
        ("origin", "https://reader.example"),
        ("cookie", "a=b"),
        ("range", "bytes=0-1"),
    ];
    check("GET", "/sport.atom", &gossip, 200, &feed, BODY);
}

#[test]
fn a_304_has_what_caches_need_and_no_more() {
    let feed = [CACHED, VARY, ANYONE, SHOWS_TAGS, TAG];
    check("GET", "/sport.atom", &[("if-none-match", IDENTITY)], 304, &feed, "");
    check("HEAD", "/sport.atom", &[("if-modified-since", CHANGED)], 304, &feed, "");
    let zipped = [CACHED, VARY, ANYONE, SHOWS_TAGS, TAG_GZIP];
    let lines = [("accept-encoding", "gzip"), ("if-none-match", GZIP)];
    check("GET", "/sport.atom", &lines, 304, &zipped, "");
    check("GET", "/sport", &[("if-none-match", "*")], 304, &[CACHED, VARY, TAG], "");
}

#[test]
fn what_is_not_there_or_not_allowed_says_so() {
    let nothing = "There is nothing at this address.\n";
    let missing = [PLAIN, NOSNIFF, ANYONE, ("cache-control", "public, max-age=60")];

    for path in [
        "",
        "*",
        "/nothing",
        "/sport.atom/more",
        "/../sport.atom",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%00",
        "/sport.atom%00",
        "/sport%2Eatom%20",
        "/nothing/",
        "/./sport",
        "/SPORT.ATOM",
        "/item/",
        "//other.example/",
        "\\sport.atom",
    ] {
        check("GET", path, &[], 404, &missing, nothing);
    }
    check("HEAD", "/nothing", &[], 404, &missing, nothing);
    check("POST", "/nothing", &[], 404, &missing, nothing);
    let refused = [PLAIN, NOSNIFF, ANYONE, NO_STORE, ("allow", "GET, HEAD")];
    let only = "Only GET and HEAD are served.\n";
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get"] {
        check(method, "/sport.atom", &[], 405, &refused, only);
        check(method, "/healthz", &[], 405, &refused, only);
    }
    check("OPTIONS", "/sport.atom", &[("origin", "https://reader.example")], 405, &refused, only);
    let well = [PLAIN, NOSNIFF, ANYONE, NO_STORE];
    check("GET", "/healthz", &[("if-none-match", "*")], 200, &well, "ok\n");
    check("HEAD", "/healthz", &[], 200, &well, "ok\n");
    let broken = [PLAIN, NOSNIFF, ANYONE, NO_STORE];
    for path in ["/%", "/%4", "/%zz", "/%ff", "/sport.atom%", "/%C3%28", "/%ed%a0%80"] {
        check("GET", path, &[], 400, &broken, "The address is not percent-encoded UTF-8.\n");
    }
    let long = [PLAIN, NOSNIFF, ANYONE, NO_STORE];
    check("GET", &format!("/{}", "a".repeat(8 * 1024)), &[], 414, &long, "The address is too long.\n");
    check("GET", &format!("/{}", "a".repeat(8 * 1024 - 1)), &[], 404, &missing, nothing);
    let neither = [PLAIN, NOSNIFF, ANYONE, NO_STORE, VARY];
    let lines = [("accept-encoding", "deflate, *;q=0")];
    check("GET", "/sport.atom", &lines, 406, &neither, "Only br, zstd, gzip and identity are served.\n");
    let stale = [PLAIN, NOSNIFF, ANYONE, NO_STORE];
    check("GET", "/sport.atom", &[("if-match", "\"cc\"")], 412, &stale, "The document has another state.\n");
}

#[test]
fn scripts_of_other_sites_may_read_feeds_and_nothing_else() {
    let asks = [
        ("origin", "https://reader.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "a-im,if-none-match"),
    ];
    let may = [
        ANYONE,
        ("access-control-allow-methods", "GET, HEAD"),
        (
            "access-control-allow-headers",
            "A-IM, Cache-Control, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, *",
        ),
        ("access-control-max-age", "86400"),
    ];
    check("OPTIONS", "/sport.atom", &asks, 204, &may, "");
    check("OPTIONS", "/رياضة.atom", &asks, 204, &may, "");
    let refused = [PLAIN, NOSNIFF, ANYONE, NO_STORE, ("allow", "GET, HEAD")];
    check("OPTIONS", "/sport", &asks, 405, &refused, "Only GET and HEAD are served.\n");
    let missing = [PLAIN, NOSNIFF, ANYONE, ("cache-control", "public, max-age=60")];
    check("OPTIONS", "/nothing.atom", &asks, 404, &missing, "There is nothing at this address.\n");
}

#[test]
fn addresses_are_found_however_they_are_encoded() {
    let found = |path: &str| {
        let response =
            respond(&published(), &Request { method: &Method::GET, path, headers: &HeaderMap::new() });
        assert_eq!(response.status(), 200, "{path}");
    };
    for path in [
        "/رياضة.atom",
        "/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9.atom",
        "/%d8%b1%d9%8a%d8%a7%d8%b6%d8%a9.atom",
        "/%d8%b1%d9%8aاضة%2eatom",
        "/%73port",
        "%2Fsport",
    ] {
        found(path);
    }
    let moved = |location| {
        [PLAIN, NOSNIFF, ANYONE, ("cache-control", "public, max-age=3600"), ("location", location)]
    };
    let encoded = moved("/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9");
    let body = "Without the slash.\n";
    check("GET", "/sport/", &[], 301, &moved("/sport"), body);
    check("HEAD", "/sport/", &[], 301, &moved("/sport"), body);
    check("GET", "//", &[], 301, &moved("/"), body);
    // The slash itself may be encoded, too; that must not lead back here.
    check("GET", "/sport%2F", &[], 301, &moved("/sport"), body);
    check("GET", "/sport.atom/", &[], 301, &moved("/sport.atom"), body);
    check("GET", "/رياضة/", &[], 301, &encoded, body);
    check("GET", "/%d8%b1%d9%8a%d8%a7%d8%b6%d8%a9/", &[], 301, &encoded, body);
}

#[test]
fn if_none_match_decides() {
    for (values, status) in [
        (vec!["\"aa\""], 304),
        (vec!["W/\"aa\""], 304),
        (vec!["*"], 304),
        (vec![" * "], 304),
        (vec!["\"other\", \"aa\""], 304),
        (vec!["\"other\",\"aa\""], 304),
        (vec![",, W/\"x,y\" ,W/\"aa\""], 304),
        (vec!["\"other\"", "\"aa\""], 304),
        (vec!["\"\u{e9}\", \"aa\""], 304),
        (vec!["\"x\"\"aa\""], 304),
        (vec!["\"other\""], 200),
        (vec!["\"a,\"aa\","], 200),
        (vec!["aa"], 200),
        (vec!["w/\"aa\""], 200),
        (vec!["\"aa"], 200),
        (vec!["\"AA\""], 200),
        (vec!["\"aa \""], 200),
        (vec!["*, \"other\""], 200),
        (vec![""], 200),
        (vec!["W/"], 200),
    ] {
        let lines: Vec<_> = values.iter().map(|value| ("if-none-match", *value)).collect();
        check_status(&lines, status, Some(IDENTITY));
        // A date never overrules it.
        let dated: Vec<_> = lines.iter().copied().chain([("if-modified-since", LATER)]).collect();
        check_status(&dated, status, Some(IDENTITY));
    }
}

#[test]
fn dates_decide_where_no_tag_does() {
    for (values, status) in [
        (vec![CHANGED], 304),
        (vec![LATER], 304),
        (vec!["Fri, 31 Dec 9999 23:59:59 GMT"], 304),
        (vec![EARLIER], 200),
        // The two obsolete forms.
        (vec!["Friday, 20-Nov-26 08:00:00 GMT"], 304),
        (vec!["Friday, 20-Nov-26 07:59:59 GMT"], 200),
        (vec!["Fri Nov 20 08:00:00 2026"], 304),
        (vec!["Fri Nov 20 07:59:59 2026"], 200),
        // No dates, so no conditions.
        (vec!["2026-11-20T08:00:00Z"], 200),
        (vec!["Fri, 20 Nov 2026 08:00:00 +0000"], 200),
        (vec!["Fri, 32 Nov 2026 08:00:00 GMT"], 200),
        (vec!["1795161600"], 200),
        (vec![""], 200),
        (vec!["\u{e9}"], 200),
        (vec![LATER, LATER], 200),
    ] {
        let lines: Vec<_> = values.iter().map(|value| ("if-modified-since", *value)).collect();
        check_status(&lines, status, Some(IDENTITY));
    }
}

#[test]
fn other_preconditions_come_first() {
    const FAILED: Option<&str> = None;
    for (lines, status, tag) in [
        (vec![("if-match", "\"aa\"")], 200, Some(IDENTITY)),
        (vec![("if-match", "\"x\", \"bb\"")], 200, Some(IDENTITY)),
        (vec![("if-match", "*")], 200, Some(IDENTITY)),
        (vec![("if-match", "W/\"aa\"")], 412, FAILED),
        (vec![("if-match", "\"cc\"")], 412, FAILED),
        (vec![("if-match", "\"cc\""), ("if-none-match", "\"aa\"")], 412, FAILED),
        (vec![("if-match", "\"aa\""), ("if-none-match", "\"aa\"")], 304, Some(IDENTITY)),
        (vec![("if-match", "\"aa\""), ("if-unmodified-since", EARLIER)], 200, Some(IDENTITY)),
        (vec![("if-unmodified-since", EARLIER)], 412, FAILED),
        (vec![("if-unmodified-since", CHANGED)], 200, Some(IDENTITY)),
        (vec![("if-unmodified-since", "yesterday")], 200, Some(IDENTITY)),
    ] {
        check_status(&lines, status, tag);
    }
}

fn any_header_value() -> impl Strategy<Value = Vec<u8>> {
    let shaped = r#"(W/)?"?(a{32}|-gzip6|-br5|\*|gzip|br|zstd|identity|feed|q=|0\.5|;|,|"| )*"#;
    prop_oneof![
        shaped.prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(CHANGED.as_bytes().to_vec()),
    ]
}

proptest! {
    /// Whatever is asked, the answer keeps to the rules that hold for all answers.
    #[test]
    fn any_request_has_a_sound_answer(
        method in prop_oneof![Just("GET"), Just("HEAD"), Just("POST")],
        path in prop_oneof![Just("/sport.atom".to_owned()), any::<String>(), "/(%[0-9a-fA-F]{2}|[/.%a-z])*"],
        lines in proptest::collection::vec((0_usize..7, any_header_value()), 0..6),
    ) {
        let names = [
            "accept-encoding", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "a-im", "host",
        ];
        let lines: HeaderMap = lines
            .iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(names[*name]), HeaderValue::from_bytes(value).ok()?)))
            .collect();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let response = respond(&published(), &Request { method: &method, path: &path, headers: &lines });
        let (status, headers) = (response.status().as_u16(), response.headers());
        prop_assert!([200, 301, 304, 400, 404, 405, 406, 412, 414].contains(&status), "{}", status);
        prop_assert_eq!(response.body().is_empty(), status == 304 || method == Method::HEAD);
        prop_assert!(status != 304 || headers.get("content-length").is_none() && headers.get("content-type").is_none());
        if let Some(length) = headers.get("content-length").filter(|_| method != Method::HEAD) {
            prop_assert_eq!(length.to_str().unwrap(), response.body().len().to_string());
        }
    }
}
