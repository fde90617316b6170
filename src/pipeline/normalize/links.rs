//! Links: made absolute, of schemes that lead somewhere, otherwise as the source gave them.

use std::borrow::Cow;

use url::{ParseError, Url};

use super::notes::Notes;
use super::words;
use crate::model::{RawLink, Reference};
use crate::pipeline::{link, text};

/// The longest link; a longer one is dropped, in bytes.
const URL_BYTES_MAX: usize = 8 * 1024;
/// Links of one entry that are looked at.
const LINKS_MAX: usize = 200;
/// Pages that one entry names beside its own.
const REFERENCES_MAX: usize = 8;
/// How RFC 4287 §4.2.7.2 lets a registered relation be written in full.
const RELATION_PREFIX: &str = "http://www.iana.org/assignments/relation/";

/// What a link is for decides which schemes make sense. `javascript:`, `data:` and `file:` never do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Use {
    /// Something that a reader follows.
    Link,
    /// A picture that is shown.
    Image,
    /// A file that is fetched.
    File,
}

impl Use {
    fn allows(self, scheme: &str) -> bool {
        let more: &[&str] = match self {
            Self::Link => link::OTHER_SCHEMES,
            Self::Image => &[],
            Self::File => &["ftp", "ftps", "magnet", "rtsp", "rtmp", "mms", "ipfs"],
        };
        matches!(scheme, "http" | "https") || more.contains(&scheme)
    }
}

/// What relative links are joined onto.
#[derive(Clone, Debug, Default)]
pub(super) struct Bases(Option<Url>);

impl Bases {
    /// The address, for the sanitiser.
    pub(super) fn url(&self) -> Option<&Url> {
        self.0.as_ref()
    }

    /// Within an element that has an `xml:base` of its own (XML Base §3: relative to the outer one).
    pub(super) fn within(&self, base: Option<&str>) -> Cow<'_, Self> {
        match base.and_then(|base| joined(base, self.url())) {
            Some(inner) => Cow::Owned(Self(Some(inner))),
            None => Cow::Borrowed(self),
        }
    }
}

/// The base of a document: its `xml:base` joined onto its address, else the page that it says it belongs to,
/// else the address that it gives itself.
pub(super) fn of_document(base: Option<&str>, links: &[RawLink], document: Option<&Url>) -> Bases {
    let document = document.filter(|url| is_web(url));
    let own = |rel: &str| {
        let mut own = links.iter().take(LINKS_MAX).filter(|link| is_rel(link, rel));
        own.find_map(|link| joined(&link.href, None))
    };
    let base = base.and_then(|base| joined(base, document)).or_else(|| document.cloned());
    Bases(base.or_else(|| own("alternate")).or_else(|| own("self")))
}

/// The page: of the alternates the first that is HTML or does not say what it is, else the first text, else
/// the first that is no feed.
pub(super) fn alternate(links: &[RawLink], bases: &Bases, notes: &mut Notes) -> Option<String> {
    let mut ranked: Vec<(u8, &RawLink)> = links
        .iter()
        .take(LINKS_MAX)
        .filter(|link| is_rel(link, "alternate"))
        .map(|link| (rank(link), link))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked
        .into_iter()
        .find_map(|(_, link)| resolve(&link.href, link.base.as_deref(), bases, Use::Link, notes))
}

/// The first link with this relation.
pub(super) fn with_rel(links: &[RawLink], rel: &str, bases: &Bases, notes: &mut Notes) -> Option<String> {
    let mut found = links.iter().take(LINKS_MAX).filter(|link| is_rel(link, rel));
    found.find_map(|link| resolve(&link.href, link.base.as_deref(), bases, Use::Link, notes))
}

/// The first links with this relation, without doubles.
pub(super) fn all_with_rel(
    links: &[RawLink],
    rel: &str,
    bases: &Bases,
    count_max: usize,
    notes: &mut Notes,
) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    for link in links.iter().take(LINKS_MAX).filter(|link| is_rel(link, rel)) {
        let url = resolve(&link.href, link.base.as_deref(), bases, Use::Link, notes);
        all.extend(url.filter(|url| all.len() < count_max && !all.contains(url)));
    }
    all
}

/// The pages that an entry names as `via` and `related`, but for its own.
pub(super) fn references(links: &[RawLink], own: Option<&str>, bases: &Bases) -> Vec<Reference> {
    let mut all: Vec<Reference> = vec![];
    for link in links.iter().take(LINKS_MAX) {
        let is_origin = is_rel(link, "via");
        if all.len() == REFERENCES_MAX || !(is_origin || is_rel(link, "related")) {
            continue;
        }
        let Some(url) = quietly(&link.href, link.base.as_deref(), bases, Use::Link) else { continue };
        if Some(url.as_str()) != own && all.iter().all(|known| known.url != url) {
            let title = link.title.as_deref().and_then(words::name);
            all.push(Reference { url, title, is_origin });
        }
    }
    all
}

/// `href` absolute; `None`, with a problem, where it leads nowhere. An empty one is no link and no problem.
pub(super) fn resolve(
    href: &str,
    local_base: Option<&str>,
    bases: &Bases,
    usage: Use,
    notes: &mut Notes,
) -> Option<String> {
    match absolute(href, bases.within(local_base).url(), usage) {
        Ok(link) => link,
        Err((code, what)) => {
            notes.add_about(code, what, href);
            None
        }
    }
}

/// The same without a word where it leads nowhere.
pub(super) fn quietly(href: &str, local_base: Option<&str>, bases: &Bases, usage: Use) -> Option<String> {
    absolute(href, bases.within(local_base).url(), usage).ok().flatten()
}

/// Whether `text` is an absolute address of the web as it stands.
pub(super) fn is_web_address(text: &str) -> bool {
    let start = text.trim_start();
    let starts =
        |prefix: &str| start.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts("http://") || starts("https://")
}

fn absolute(
    href: &str,
    base: Option<&Url>,
    usage: Use,
) -> Result<Option<String>, (&'static str, &'static str)> {
    if href.len() > URL_BYTES_MAX {
        return Err(("long-url", "this address is longer than 8 KiB and is left out"));
    }
    let href = tidied(href);
    if href.is_empty() {
        return Ok(None);
    }
    let url = match Url::parse(&href) {
        Err(ParseError::RelativeUrlWithoutBase) => {
            let base = base.ok_or(("relative-url", "this address is relative, and nothing says to what"))?;
            base.join(&href)
        }
        parsed => parsed,
    };
    let url = url.map_err(|_| ("bad-url", "this is no address"))?;
    if !usage.allows(url.scheme()) {
        return Err(("bad-url", "this address does not lead anywhere on the web"));
    }
    Ok(Some(if stands_as_given(&href) { href.into_owned() } else { url.into() }))
}

/// Without what copying and pretty-printing left: line breaks and the indentation around them, an ampersand
/// that was escaped twice, `feed:`. `www.example.org` is a host, whatever the rules say.
fn tidied(href: &str) -> Cow<'_, str> {
    let is_edge = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    let mut href = Cow::Borrowed(href.trim_matches(is_edge));
    if href.contains(['\n', '\r', '\t']) {
        href = Cow::Owned(href.split(['\n', '\r', '\t']).map(str::trim).collect());
    }
    if href.contains("&amp;") {
        href = Cow::Owned(href.replace("&amp;", "&"));
    }
    if let Some(rest) = href.strip_prefix("feed:") {
        let rest = rest.trim_start_matches("//");
        href = Cow::Owned(if is_web_address(rest) { rest.to_owned() } else { format!("http://{rest}") });
    }
    if href.starts_with("www.") {
        href = Cow::Owned(format!("http://{href}"));
    }
    href
}

/// Zero-width characters and bidi marks, which come along when Arabic text is copied.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Whether an absolute address needs no repair: then its Arabic path, its case and its missing slash stay.
fn stands_as_given(href: &str) -> bool {
    let has_host = href.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '\\', '?', '#']));
    let odd = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || "\"<>\\^`{|}".contains(c);
    has_host && is_web_address(href) && !href.contains(odd)
}

/// A base must be of the web: a local document shows nobody the files beside it.
fn joined(href: &str, base: Option<&Url>) -> Option<Url> {
    if href.len() > URL_BYTES_MAX {
        return None;
    }
    let href = tidied(href);
    let url = match base {
        Some(base) => base.join(&href),
        None => Url::parse(&href),
    };
    url.ok().filter(is_web)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn is_rel(link: &RawLink, wanted: &str) -> bool {
    let rel = link.rel.trim();
    let rel = rel.strip_prefix(RELATION_PREFIX).unwrap_or(rel);
    let is_default = rel.is_empty() && wanted == "alternate";
    is_default || rel.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(wanted))
}

fn rank(link: &RawLink) -> u8 {
    let Some(media_type) = link.media_type.as_deref().map(str::trim) else { return 0 };
    let lower = media_type.to_ascii_lowercase();
    match lower.split(';').next().unwrap_or_default().trim() {
        "" | "text/html" | "application/xhtml+xml" => 0,
        other if other.ends_with("xml") || other.ends_with("json") => 3,
        other if other.starts_with("text/") => 1,
        _ => 2,
    }
}

/// The link of an entry whose document names no page: see [`super::entry`].
pub(super) fn permalink(id: Option<&str>, is_permalink: Option<bool>, bases: &Bases) -> Option<String> {
    let id = id.map(text::decode).filter(|_| is_permalink != Some(false))?;
    is_web_address(&id).then(|| quietly(&id, None, bases, Use::Link)).flatten()
}
