//! `A-IM: feed`: what is new to a reader, and to nobody else (RFC 3229).

use std::collections::BTreeMap;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Method, Response};
use nashra::edge::serve::{Request, respond};
use nashra::model::{Coding, Published, Section, Source};
use nashra::pipeline::{self, Edition};

use super::headers;
use crate::kit::entries::*;

/// Editions of one section, each with the entries that are named, one letter each, every one of another source.
fn editions(entries: &[&str]) -> Vec<Published> {
    let sources: Vec<Source> = ('a'..='z').map(|name| source(&name.to_string(), &["sport"])).collect();
    let edition =
        Edition::new(site(), vec![Section { stories: false, ..section("sport", 50, 50) }], &sources);
    let mut editions: Vec<Published> = vec![];
    for names in entries {
        let mut memory = Memory::default();
        for source in sources.iter().filter(|source| names.contains(&source.id.0)) {
            let name = &source.id.0;
            let day = 1 + name.as_bytes()[0] - b'a';
            let date = format!("2026-11-{day:02}T00:00:00Z");
            let said = said(name, &format!("Title-{name}"), &format!("https://a.example/{name}"), &date);
            memory.poll(source, &brought(vec![said], "2026-11-21T12:00:00Z"));
        }
        let nothing = Published::default();
        let previous = editions.last().unwrap_or(&nothing);
        editions.push(pipeline::publish(&edition, &memory.window(&sources), previous));
    }
    editions
}

fn ask(published: &Published, method: &Method, path: &str, lines: &[(&str, &str)]) -> Response<Bytes> {
    respond(published, &Request { method, path, headers: &headers(lines) })
}

/// The letters of the entries in a body.
fn letters(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).unwrap();
    let mut found: Vec<char> =
        text.match_indices("Title-").filter_map(|(at, _)| text[at + 6..].chars().next()).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().collect()
}

fn tag(published: &Published, path: &str, coding: Coding) -> String {
    coding.etag(published.documents[path].version)
}

/// Who has these editions of the first three formats is sent these entries by the last one.
fn check(entries: &[&str], held: &[usize], status: u16, expected: &str) {
    let editions = editions(entries);
    let last = editions.last().unwrap();
    for path in ["/sport.rss", "/sport.atom", "/sport.json"] {
        for coding in Coding::ALL {
            let tags: Vec<String> = held.iter().map(|place| tag(&editions[*place], path, coding)).collect();
            let tags = tags.join(", ");
            let lines =
                [("if-none-match", tags.as_str()), ("a-im", "vcdiff, feed"), ("accept-encoding", "*")];
            let response = ask(last, &Method::GET, path, &lines);
            let what = format!("{path} {entries:?} {held:?} {coding:?}");
            assert_eq!(response.status().as_u16(), status, "{what}");
            let identity = [
                ("if-none-match", tags.as_str()),
                ("a-im", "feed"),
                ("accept-encoding", "identity, *;q=0.1"),
            ];
            let response = ask(last, &Method::GET, path, &identity);
            assert_eq!(
                (response.status().as_u16(), letters(response.body())),
                (status, expected.to_owned()),
                "{what}"
            );
            let bare = ask(last, &Method::HEAD, path, &identity);
            assert_eq!((bare.status(), bare.headers()), (response.status(), response.headers()), "{what}");
            assert!(bare.body().is_empty(), "{what}");
            if status != 304 {
                // A part is a feed like the whole.
                let parsed = pipeline::understand(response.body(), None, None, "http://127.0.0.1/", &[]);
                assert_eq!(parsed.unwrap().entries.len(), expected.len(), "{what}");
            }
        }
    }
}

#[test]
fn a_reader_is_sent_what_it_does_not_have() {
    check(&["ab", "abc"], &[0], 226, "c");
    check(&["ab", "abc", "bcd"], &[0], 226, "cd");
    check(&["ab", "abc", "bcd"], &[1], 226, "d");
    check(&["ab", "abc"], &[1], 304, "");
    // Only something went: there is nothing new, but the head says so.
    check(&["ab", "a"], &[0], 226, "");
    // What went and came back is known to those who had it.
    check(&["ab", "b", "abc"], &[0], 226, "c");
    check(&["ab", "b", "abc"], &[1], 226, "ac");
    // Several versions: whichever the reader has, it misses nothing.
    check(&["ab", "abc", "bcd"], &[0, 1], 226, "cd");
    check(&["ab", "abc", "bcd"], &[1, 0], 226, "cd");
    check(&["ab", "cd", "abcde"], &[0, 1], 226, "abcde");
    check(&["ab", "abc", "bcd"], &[0, 2], 304, "");
    // All is new.
    check(&["", "ab"], &[0], 226, "ab");
    check(&["a", "bc"], &[0], 226, "bc");
}

#[test]
fn the_whole_goes_to_everybody_else() {
    let editions = editions(&["ab", "abc"]);
    let (path, last) = ("/sport.atom", &editions[1]);
    let old = tag(&editions[0], path, Coding::Gzip);
    let (unknown, foreign) = (format!("\"{}\"", "0".repeat(32)), "\"v1\"");
    let rss = tag(&editions[0], "/sport.rss", Coding::Identity);
    for lines in [
        vec![],
        vec![("a-im", "feed")],
        vec![("if-none-match", old.as_str())],
        vec![("if-none-match", old.as_str()), ("a-im", "feed;q=0")],
        vec![("if-none-match", old.as_str()), ("a-im", "vcdiff, gzip")],
        vec![("if-none-match", old.as_str()), ("a-im", "feed;q=0.5, identity")],
        vec![("if-none-match", unknown.as_str()), ("a-im", "feed")],
        vec![("if-none-match", foreign), ("a-im", "feed")],
        vec![("if-none-match", rss.as_str()), ("a-im", "feed")],
        // One of them is unknown, and it may be the one that the reader has.
        vec![("if-none-match", old.as_str()), ("if-none-match", foreign), ("a-im", "feed")],
        vec![("if-modified-since", "Fri, 20 Nov 2026 08:00:00 GMT"), ("a-im", "feed")],
        // It reads no coding in which a part is made.
        vec![("if-none-match", old.as_str()), ("a-im", "feed"), ("accept-encoding", "br, identity;q=0")],
    ] {
        let response = ask(last, &Method::GET, path, &lines);
        assert_eq!(response.status(), 200, "{lines:?}");
        assert!(response.headers().get("im").is_none(), "{lines:?}");
        assert!(
            lines.len() == 3 && lines[2].0 == "accept-encoding" || letters(response.body()) == "abc",
            "{lines:?}"
        );
    }
    let many = [old.as_str(); 9].join(",");
    for (held, status) in [(old.as_str(), 226), (&format!("W/{old}"), 226), (many.as_str(), 200), ("*", 304)]
    {
        let lines = [("if-none-match", held), ("a-im", "feed")];
        assert_eq!(ask(last, &Method::GET, path, &lines).status().as_u16(), status, "{held}");
    }
    // Pages are whole, and other preconditions come first.
    let page = tag(&editions[0], "/sport", Coding::Identity);
    let lines = [("if-none-match", page.as_str()), ("a-im", "feed")];
    assert_eq!(ask(last, &Method::GET, "/sport", &lines).status(), 200);
    let lines = [("if-match", foreign), ("if-none-match", old.as_str()), ("a-im", "feed")];
    assert_eq!(ask(last, &Method::GET, path, &lines).status(), 412);
}

#[test]
fn caches_never_take_a_part_for_the_whole() {
    let editions = editions(&["ab", "abc"]);
    let path = "/sport.atom";
    let old = tag(&editions[0], path, Coding::Identity);
    let new = tag(&editions[1], path, Coding::Identity);
    let seen = |lines: &[(&str, &str)]| -> BTreeMap<String, String> {
        let response = ask(&editions[1], &Method::GET, path, lines);
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        [("status".to_owned(), response.status().as_u16().to_string())]
            .into_iter()
            .chain(response.headers().iter().map(line))
            .collect()
    };
    let part = seen(&[("if-none-match", &old), ("a-im", "feed")]);
    let expected = [
        ("status", "226"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "ETag, IM, Delta-Base"),
        ("cache-control", "no-store, im, max-age=3600"),
        ("content-length", part["content-length"].as_str()),
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("delta-base", old.as_str()),
        ("etag", new.as_str()),
        ("im", "feed"),
        ("last-modified", "Sat, 21 Nov 2026 12:00:00 GMT"),
        ("vary", "Accept-Encoding, A-IM, If-None-Match"),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(part, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let (public, private) =
        ("public, max-age=3600, stale-if-error=86400", "private, max-age=3600, stale-if-error=86400");
    for (lines, status, cache) in [
        (vec![], "200", public),
        (vec![("if-none-match", new.as_str())], "304", public),
        (vec![("a-im", "vcdiff")], "200", public),
        (vec![("a-im", "feed")], "200", private),
        (vec![("a-im", "feed"), ("if-none-match", "\"x\"")], "200", private),
        (vec![("a-im", "feed"), ("if-none-match", new.as_str())], "304", private),
    ] {
        let seen = seen(&lines);
        let found = [&seen["status"], &seen["cache-control"], &seen["vary"]];
        assert_eq!(found, [status, cache, "Accept-Encoding, A-IM"], "{lines:?}");
    }
}

#[test]
fn a_part_is_compressed_as_well() {
    let few = "abcdefghijklmnopqrst";
    let editions = editions(&["a", few]);
    let path = "/sport.atom";
    let old = tag(&editions[0], path, Coding::Br);
    let lines = [("if-none-match", old.as_str()), ("a-im", "feed"), ("accept-encoding", "gzip, br")];
    let response = ask(&editions[1], &Method::GET, path, &lines);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-encoding"]),
        (226, &"gzip".parse().unwrap())
    );
    let new = tag(&editions[1], path, Coding::Gzip);
    assert_eq!(
        (&response.headers()["etag"], &response.headers()["delta-base"]),
        (&new.parse().unwrap(), &old.parse().unwrap())
    );
    let mut text = String::new();
    std::io::Read::read_to_string(&mut GzDecoder::new(response.body().as_ref()), &mut text).unwrap();
    assert_eq!(letters(text.as_bytes()), &few[1..]);
}
