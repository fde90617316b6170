//! The authority: ammonia, a strict allow-list on a browser's parser.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use memchr::memchr;

use super::address::LINK_SCHEMES;
use super::allow::{ELEMENTS, EVERYWHERE, Kind};
use super::image::{LAZY, LAZY_SETS};

/// HTML that is longer, or has more tags, is balanced before it is parsed: wrong nesting makes a parser
/// work with the square of it.
const BYTES_MAX: usize = 32 << 10;
const TAGS_MAX: usize = 512;

/// Attributes that the first pass writes, or that the second one wants to see, beside those in the table.
const SPECIAL: &[(&str, &[&str])] = &[
    ("a", &["href", "rel"]),
    ("img", &["src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "style"]),
    ("source", &["src", "srcset", "sizes", "type", "media", "data-src"]),
    ("track", &["src", "kind", "srclang", "label"]),
    ("audio", &["src", "controls", "preload", "title", "data-src"]),
    ("video", &["src", "controls", "preload", "title", "data-src", "poster", "width", "height"]),
    ("iframe", &["src", "title", "width", "height", "sandbox", "loading", "allowfullscreen", "style"]),
];

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    for element in ELEMENTS.iter().filter(|element| !element.out.is_empty()) {
        attributes.entry(element.name).or_default().extend(element.attributes.iter().map(|(name, _)| name));
    }
    for (name, special) in SPECIAL {
        attributes.entry(name).or_default().extend(*special);
    }
    for name in ["img", "iframe"] {
        attributes.entry(name).or_default().extend(LAZY);
    }
    for name in ["img", "source"] {
        attributes.entry(name).or_default().extend(LAZY_SETS);
    }
    let without_content = |kind: Kind| matches!(kind, Kind::Raw | Kind::Hidden);
    let mut builder = Builder::empty();
    builder
        .tags(attributes.keys().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(EVERYWHERE.iter().map(|(name, _)| *name).collect())
        .clean_content_tags(
            ELEMENTS
                .iter()
                .filter(|element| without_content(element.kind))
                .map(|element| element.name)
                .collect(),
        )
        .url_schemes(LINK_SCHEMES.iter().copied().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// What a browser makes of `html`, without everything that is not allowed.
pub(super) fn parse(html: &str) -> String {
    SANITIZER.clean(html).to_string()
}

/// Whether a parser takes little time for it, however it is written.
pub(super) fn is_affordable(html: &str) -> bool {
    html.len() <= BYTES_MAX && memchr::memchr_iter(b'<', html.as_bytes()).count() <= TAGS_MAX
}

/// Takes the tags of `noscript` away. The parser would take its content for text.
pub(super) fn with_noscript(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = html;
    let mut at = 0;
    while let Some(found) = memchr(b'<', rest.as_bytes().get(at..).unwrap_or_default()) {
        at += found;
        let tag = rest.get(at + 1..).unwrap_or_default();
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let is_noscript = name.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("noscript"))
            && name.as_bytes().get(8).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if is_noscript {
            out.push_str(rest.get(..at).unwrap_or_default());
            let end = memchr(b'>', tag.as_bytes()).map_or(tag.len(), |end| end + 1);
            rest = tag.get(end..).unwrap_or_default();
            at = 0;
        } else {
            at += 1;
        }
    }
    if out.is_empty() && rest.len() == html.len() {
        return Cow::Borrowed(html);
    }
    out.push_str(rest);
    Cow::Owned(out)
}
