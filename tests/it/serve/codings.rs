//! Which coding a reader is sent, and which it may hold.

use http::{HeaderMap, Method};
use nashra::edge::serve::{Request, respond};
use nashra::model::Coding;

use super::{BODY, BR, GZIP, IDENTITY, ZSTD, headers, published};

/// What is sent of the long document at `path`: the coding by its tag, its name and its bytes; `None` for 406.
fn check(path: &str, values: &[&str], expected: Option<Coding>) {
    let lines: Vec<_> = values.iter().map(|value| ("accept-encoding", *value)).collect();
    let headers = headers(&lines);
    for method in [Method::GET, Method::HEAD] {
        let response = respond(&published(), &Request { method: &method, path, headers: &headers });
        let what = format!("{method} {path} {values:?}");
        let line =
            |name| response.headers().get(name).map(|value: &http::HeaderValue| value.to_str().unwrap());
        let Some(coding) = expected else {
            assert_eq!(response.status(), 406, "{what}");
            assert_eq!(line("vary"), Some("Accept-Encoding"), "{what}");
            continue;
        };
        assert_eq!(response.status(), 200, "{what}");
        let name = Some(coding.name()).filter(|_| coding != Coding::Identity);
        let tag = match coding {
            Coding::Identity => IDENTITY,
            Coding::Gzip => GZIP,
            Coding::Br => BR,
            Coding::Zstd => ZSTD,
        };
        assert_eq!((line("content-encoding"), line("etag")), (name, Some(tag)), "{what}");
        let plain = BODY.repeat(if path == "/sport.atom" { 1 } else { 100 });
        let body = name.map_or(plain.clone(), |name| format!("{plain} as {name}"));
        assert_eq!(line("content-length"), Some(body.len().to_string().as_str()), "{what}");
        assert_eq!(response.body(), if method == Method::HEAD { "" } else { &body }, "{what}");
    }
}

#[test]
fn accept_encoding_is_weighed() {
    use Coding::{Br, Gzip, Identity, Zstd};
    for (values, expected) in [
        (vec![], Some(Identity)),
        (vec![""], Some(Identity)),
        (vec!["gzip"], Some(Gzip)),
        (vec!["GZip"], Some(Gzip)),
        (vec!["x-gzip"], Some(Gzip)),
        (vec!["br"], Some(Br)),
        (vec!["zstd"], Some(Zstd)),
        // What browsers send, and the programs that most readers are.
        (vec!["gzip, deflate, br, zstd"], Some(Br)),
        (vec!["gzip, deflate, zstd"], Some(Zstd)),
        (vec!["gzip, deflate"], Some(Gzip)),
        (vec!["zstd", "br"], Some(Br)),
        (vec!["br;q=0.9, zstd, gzip"], Some(Zstd)),
        (vec!["br;q=0.5, gzip;q=0.8, *;q=0.1"], Some(Gzip)),
        (vec!["gzip;q=0.001"], Some(Gzip)),
        (vec!["gzip ; Q=0.5 "], Some(Gzip)),
        (vec!["gzip;q=0.5, identity;q=0.5"], Some(Gzip)),
        (vec!["gzip;q=0.5, identity"], Some(Identity)),
        (vec!["identity;q=0.5, gzip;q=1.0"], Some(Gzip)),
        (vec!["deflate, compress"], Some(Identity)),
        (vec!["*"], Some(Br)),
        (vec!["*;q=0.1"], Some(Br)),
        (vec!["*, br;q=0"], Some(Zstd)),
        (vec!["*;q=0.1, identity;q=0.2"], Some(Identity)),
        (vec!["gzip;q=0"], Some(Identity)),
        (vec!["gzip;q=0, *"], Some(Br)),
        (vec!["gzip;q=0, br;q=0, zstd;q=0, *"], Some(Identity)),
        (vec!["gzip;q=0.000"], Some(Identity)),
        (vec!["gzip;q=junk"], Some(Identity)),
        (vec!["gzip;q=2"], Some(Identity)),
        (vec!["gzip;q=0.0001"], Some(Identity)),
        (vec!["identity;q=0, gzip"], Some(Gzip)),
        (vec!["identity;q=0, br, gzip"], Some(Br)),
        (vec!["*;q=0, zstd"], Some(Zstd)),
        (vec!["*;q=0, identity"], Some(Identity)),
        (vec!["\u{e9}"], Some(Identity)),
        (vec!["gzipped, xgzip, brotli, b"], Some(Identity)),
        (vec![";;,=;,q=1"], Some(Identity)),
        (vec!["identity;q=0"], None),
        (vec!["*;q=0"], None),
        (vec!["gzip;q=0", "identity;q=0"], None),
        (vec!["deflate, *;q=0"], None),
    ] {
        check("/long.atom", &values, expected);
    }
}

#[test]
fn what_is_not_compressed_yet_is_sent_otherwise() {
    use Coding::{Br, Gzip, Identity, Zstd};
    for (path, value, expected) in [
        ("/unpacked.atom", "br, zstd, gzip", Some(Identity)),
        ("/zipped.atom", "br, zstd, gzip", Some(Gzip)),
        ("/zipped.atom", "br, zstd, gzip;q=0.1", Some(Gzip)),
        ("/zipped.atom", "br", Some(Identity)),
        // Nobody is refused for what will be there in a moment.
        ("/unpacked.atom", "br, zstd, identity;q=0", Some(Br)),
        ("/zipped.atom", "zstd, identity;q=0", Some(Zstd)),
        ("/unpacked.atom", "deflate, identity;q=0", None),
        // Too short for any coding to be worth it.
        ("/sport.atom", "br, zstd, gzip", Some(Identity)),
        ("/sport.atom", "br;q=0.5, gzip, identity;q=0", Some(Gzip)),
    ] {
        check(path, &[value], expected);
    }
}

#[test]
fn a_client_that_holds_another_coding_is_told_so_if_it_still_takes_it() {
    for (accept, held, status, tag) in [
        // It takes both: what it holds is chosen.
        (Some("gzip"), GZIP, 304, GZIP),
        (Some("gzip"), IDENTITY, 304, IDENTITY),
        (Some("br, gzip"), GZIP, 304, GZIP),
        (Some("gzip, identity;q=0"), IDENTITY, 200, GZIP),
        // It mentions none: perhaps a cache asks for it.
        (None, GZIP, 200, IDENTITY),
        (None, BR, 200, IDENTITY),
        (Some("gzip"), &format!("{IDENTITY}, {GZIP}"), 304, GZIP),
        (Some("zstd, gzip"), &format!("{IDENTITY}, W/{BR}, W/{ZSTD}"), 304, ZSTD),
        (None, &format!("{IDENTITY}, {GZIP}"), 304, IDENTITY),
        (Some("zstd"), "*", 304, ZSTD),
        // It refuses what it holds.
        (Some("identity"), GZIP, 200, IDENTITY),
        (Some("gzip"), BR, 200, GZIP),
        (Some(""), GZIP, 200, IDENTITY),
        (Some("gzip;q=0"), &format!("W/{GZIP}"), 200, IDENTITY),
        // Another level is another representation.
        (Some("gzip"), &GZIP.replace('6', "9"), 200, GZIP),
    ] {
        let mut lines = vec![("if-none-match", held)];
        lines.extend(accept.map(|accept| ("accept-encoding", accept)));
        let asked: HeaderMap = headers(&lines);
        let request = Request { method: &Method::GET, path: "/long.atom", headers: &asked };
        let response = respond(&published(), &request);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["etag"]),
            (status, &tag.parse().unwrap()),
            "{lines:?}"
        );
        let bare = response.headers().get("content-encoding").is_none() && response.body().is_empty();
        assert_eq!(bare, status == 304, "{lines:?}");
    }
}
