//! `Link` headers (RFC 8288), as far as they say where a document is pushed from (WebSub §4).

use http::header::{HeaderMap, LINK};
use url::Url;

use crate::model::{Links, Push};

/// Bytes of all `Link` headers of an answer that are looked at.
const HEADERS_BYTES_MAX: usize = 16 << 10;

/// The links to hubs and to the document itself; `base` is the address that answered.
pub(super) fn links(headers: &HeaderMap, base: &Url) -> Links {
    let (mut links, mut left) = (Links::default(), HEADERS_BYTES_MAX);
    for line in headers.get_all(LINK) {
        let Some(rest) = left.checked_sub(line.len()) else { break };
        left = rest;
        let Ok(text) = line.to_str() else { continue };
        read_line(text, base, &mut links);
    }
    links
}

fn read_line(line: &str, base: &Url, links: &mut Links) {
    let mut rest = line;
    while let Some((link, after)) = next(rest) {
        rest = after;
        // With an anchor it is a link of something else (§3.2).
        if link.parameter("anchor").is_some() {
            continue;
        }
        let Some(relations) = link.parameter("rel") else { continue };
        let is =
            |wanted: &str| relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(wanted));
        let (is_hub, is_own) = (is("hub"), is("self"));
        let Some(target) = (is_hub || is_own).then(|| absolute(link.target, base)).flatten() else {
            continue;
        };
        if is_hub && links.hubs.len() < Push::HUBS_MAX && !links.hubs.contains(&target) {
            links.hubs.push(target.clone());
        }
        if is_own && links.own.is_none() {
            links.own = Some(target);
        }
    }
}

/// One link of a line.
struct Link<'a> {
    target: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Link<'_> {
    /// The first of this name counts (§3.3).
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The next link and what follows it; `None` where there is none, or where nothing more can be made out.
fn next(line: &str) -> Option<(Link<'_>, &str)> {
    let line = line.trim_start_matches([' ', '\t', ',']);
    let (target, mut rest) = line.strip_prefix('<')?.split_once('>')?;
    let mut parameters = vec![];
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else {
            // Whatever else stands here is no part of a link.
            let end = rest.find(',').unwrap_or(rest.len());
            return Some((Link { target: target.trim(), parameters }, &rest[end..]));
        };
        let after = after.trim_start();
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, tail) = after.split_at(end);
        let (value, tail) = match tail.strip_prefix('=') {
            Some(tail) => value(tail.trim_start()),
            None => (String::new(), tail),
        };
        parameters.push((name.trim_end(), value));
        rest = tail;
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let (mut value, mut is_escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            '"' if !is_escaped => return (value, &quoted[at + 1..]),
            '\\' if !is_escaped => is_escaped = true,
            c => {
                value.push(c);
                is_escaped = false;
            }
        }
    }
    (value, "")
}

/// An address of the web as it came, where it is absolute and needs no repair.
fn absolute(target: &str, base: &Url) -> Option<String> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if target.is_empty() || target.len() > Push::URL_BYTES_MAX || target.contains(odd) {
        return None;
    }
    let given = Url::parse(target);
    let url = given.clone().or_else(|_| base.join(target)).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web.then(|| if given.is_ok() { target.to_owned() } else { url.into() })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Links {
        let mut headers = HeaderMap::new();
        lines.iter().for_each(|line| _ = headers.append(LINK, HeaderValue::from_str(line).unwrap()));
        links(&headers, &"https://e.example/a/feed".parse().unwrap())
    }

    fn check(lines: &[&str], hubs: &[&str], own: Option<&str>) {
        let found = read(lines);
        assert_eq!(
            (&found.hubs[..], found.own.as_deref()),
            (&hubs.iter().map(|hub| (*hub).to_owned()).collect::<Vec<_>>()[..], own),
            "{lines:?}"
        );
    }

    #[test]
    fn hubs_and_the_own_address_are_found() {
        let (hub, own) = ("https://hub.example/", "https://e.example/feed");
        check(&[], &[], None);
        check(
            &["<https://hub.example/>; rel=\"hub\"", "<https://e.example/feed>; rel=\"self\""],
            &[hub],
            Some(own),
        );
        check(&["<https://hub.example/>;rel=hub , <https://e.example/feed> ; REL = Self"], &[hub], Some(own));
        check(&["<https://hub.example/>; title=\"a, <b>; rel=x\\\"\"; rel=\"next hub\""], &[hub], None);
        check(
            &["</hub>; rel=hub, <?x=1>; rel=self"],
            &["https://e.example/hub"],
            Some("https://e.example/a/feed?x=1"),
        );
        // As it was written: case, a missing slash, percent signs.
        check(&["<HTTP://E.example>; rel=self"], &[], Some("HTTP://E.example"));
        check(
            &[
                "<https://one.example/>; rel=hub, <https://hub.example/>; rel=hub, <https://one.example/>; rel=hub",
            ],
            &["https://one.example/", hub],
            None,
        );
    }

    #[test]
    fn what_is_no_such_link_counts_for_nothing() {
        check(
            &[
                "<https://hub.example/>; rel=\"hubs\"",
                "https://hub.example/; rel=hub",
                "<https://hub.example/; rel=hub",
            ],
            &[],
            None,
        );
        check(&["<mailto:x@y>; rel=hub", "<a b>; rel=self", "<>; rel=self", "<https://h/>; rel"], &[], None);
        check(&["<https://hub.example/>; anchor=\"/other\"; rel=hub"], &[], None);
        check(&["<https://hub.example/>; rel=next; rel=hub"], &[], None);
        let many: Vec<String> = (0..20).map(|n| format!("<https://h{n}.example/>; rel=hub")).collect();
        assert_eq!(read(&[&many.join(",")]).hubs.len(), Push::HUBS_MAX);
    }

    proptest! {
        #[test]
        fn any_header_is_read(line in "[<>;,=\"\\\\ a-z/:]{0,60}") {
            let links = read(&[&line]);
            prop_assert!(links.hubs.len() <= Push::HUBS_MAX);
        }
    }
}
