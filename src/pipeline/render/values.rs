//! Small values that every format needs in the same shape: lines, markup, addresses, tags, dates.

use std::borrow::Cow;

use chrono::{DateTime, Datelike as _};
use url::Url;

use crate::model::Timestamp;
use crate::pipeline::text;

/// The most characters of an excerpt.
const EXCERPT_CHARS_MAX: usize = 280;
/// The years that RFC 822 and RFC 3339 can write.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;
/// Primary language subtags that are written from right to left.
const RIGHT_TO_LEFT: &[&str] =
    &["ar", "arc", "ary", "arz", "ckb", "dv", "fa", "he", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"];
/// Script subtags that are.
const RIGHT_TO_LEFT_SCRIPTS: &[&str] = &["adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"];

/// Bytes of text in which an excerpt and its last word find room.
const BEGINNING_BYTES_ENOUGH: usize = 4 * EXCERPT_CHARS_MAX + 256;

/// Text on one line, without what XML forbids or advises against; `None` where nothing is left. Within it
/// only ASCII space is touched: no-break spaces and the marks that order bidirectional text are part of the text.
pub(super) fn line(text: &str) -> Option<String> {
    let safe = safe(text);
    let words: Vec<&str> = safe.trim().split_ascii_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Markup without what XML forbids or advises against; `None` where it is blank. Line ends are LF, as an XML parser
/// would make them, so that all formats carry the same text.
pub(super) fn markup(html: &str) -> Option<Cow<'_, str>> {
    let mut safe = safe(html);
    if memchr::memchr(b'\r', safe.as_bytes()).is_some() {
        safe = Cow::Owned(safe.replace("\r\n", "\n").replace('\r', "\n"));
    }
    (!safe.trim().is_empty()).then_some(safe)
}

/// Without the characters that XML 1.0 §2.2 forbids, and without the controls that it discourages: what they do on
/// a reader's screen is nobody's guess.
fn safe(text: &str) -> Cow<'_, str> {
    let safe = text::xml_safe(text);
    let bytes = safe.as_bytes();
    // U+0080 to U+009F begin with the byte C2, as do the no-break space and the guillemets.
    let is_control =
        |at: usize| bytes.get(at) == Some(&0x7F) || bytes.get(at + 1).is_some_and(|next| *next < 0xA0);
    if memchr::memchr2_iter(0x7F, 0xC2, bytes).any(is_control) {
        return Cow::Owned(safe.chars().filter(|c| !matches!(c, '\u{7F}'..='\u{9F}')).collect());
    }
    safe
}

/// The text of HTML, on one line.
pub(super) fn plain(html: &str) -> Option<String> {
    line(&text::plain(html))
}

/// The beginning of the text of HTML, on one line: enough for an excerpt.
pub(super) fn beginning(html: &str) -> Option<String> {
    let mut out = String::new();
    text::plain_start_into(&mut out, html, BEGINNING_BYTES_ENOUGH);
    line(&out)
}

/// Plain text as RSS shows it. The format never says what its titles are, and nearly all readers take them for
/// HTML where they look like it; so what would be read as a tag or a reference is escaped once more, and all else
/// stays as it is, for those who take it as it stands.
pub(super) fn rss_text(plain: &str) -> Cow<'_, str> {
    let begins_tag = |at: usize| plain.as_bytes().get(at + 1).is_some_and(|next| is_tag_start(*next));
    let looks_like_html = memchr::memchr_iter(b'<', plain.as_bytes()).any(begins_tag)
        || plain.contains('&') && text::decode(plain) != plain;
    if looks_like_html {
        Cow::Owned(plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    } else {
        Cow::Borrowed(plain)
    }
}

fn is_tag_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?')
}

/// The beginning of a text, cut between words.
pub(super) fn excerpt(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(EXCERPT_CHARS_MAX) else { return text.to_owned() };
    let head = &text[..end];
    let cut = head.rfind(' ').filter(|at| *at > end / 2).unwrap_or(end);
    format!("{}…", head[..cut].trim_end())
}

/// Text as HTML, or as the value of an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// An http(s) address in ASCII (RFC 3986); `None` for anything else. One that is correct already stays
/// as the source wrote it; an IRI is percent-encoded (RFC 3987 §3.1), since RSS readers take no other.
pub(super) fn web(address: &str) -> Option<String> {
    if is_plain_web(address) {
        return Some(address.to_owned());
    }
    parsed_web(address)
}

/// Whether an address is one that would come out of the parser as it went in, as nearly all do: a host of plain
/// labels without a port, and a path of what RFC 3986 allows, without dots that lead upwards.
fn is_plain_web(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with("xn--") && label.bytes().all(plain)
    };
    // What ends with a number might be an address of IPv4.
    let is_named =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    let bytes = path.as_bytes();
    let is_allowed = |(at, byte): (usize, &u8)| match byte {
        b'%' => bytes
            .get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit) && !two.eq_ignore_ascii_case(b"2e")),
        b'.' => at == 0 || bytes.get(at - 1) != Some(&b'/'),
        byte => byte.is_ascii_alphanumeric() || b"-_~:/?@!$&()*+,;=".contains(byte),
    };
    is_named && host.split('.').all(is_label) && bytes.iter().enumerate().all(is_allowed)
}

fn parsed_web(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| encoded(&url, address.trim()))
}

/// Any absolute address that can name a thing, percent-encoded; `None` where it is none.
pub(super) fn uri(address: &str) -> Option<String> {
    let address = address.trim();
    let url = Url::parse(address).ok()?;
    let path = url.path();
    let names = match url.scheme() {
        "http" | "https" => return web(address),
        // RFC 8141: a namespace of 2 to 32 characters, and something in it.
        "urn" => path.split_once(':').is_some_and(|(space, rest)| {
            (2..=32).contains(&space.len())
                && space.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && space.as_bytes().first() != Some(&b'-')
                && !rest.is_empty()
        }),
        // RFC 4151: an authority and a date.
        "tag" => path.split_once(',').is_some_and(|(authority, rest)| {
            let year = rest.split([':', '-']).next().unwrap_or_default();
            let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
            !authority.is_empty() && rest.contains(':') && is_year
        }),
        _ => !path.is_empty(),
    };
    names.then(|| encoded(&url, address))
}

fn encoded(url: &Url, as_written: &str) -> String {
    let read = url.as_str();
    // The front page of a site may be written without its slash.
    let same = read == as_written || read.strip_suffix('/') == Some(as_written);
    percent_encoded(if same { as_written } else { read })
}

/// Percent-encodes what the URL standard lets pass and RFC 3986 does not: `|`, `^`, brackets outside of
/// the host, a stray `%`, a second `#`.
pub(super) fn percent_encoded(address: &str) -> String {
    let authority = address.find("://").map_or(0, |at| {
        let rest = &address[at + 3..];
        at + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let bytes = address.as_bytes();
    let mut out = String::with_capacity(address.len() + 16);
    let mut in_fragment = false;
    for (at, byte) in bytes.iter().copied().enumerate() {
        let allowed = match byte {
            b'%' => bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)),
            b'#' => !std::mem::replace(&mut in_fragment, true),
            b'[' | b']' => at < authority,
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(&byte),
        };
        if allowed {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// A BCP 47 tag that every format's readers accept, else `None`.
pub(super) fn language(tag: &str) -> Option<String> {
    let tag = tag.trim();
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let good = matches!(primary.len(), 2 | 3)
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    good.then(|| tag.to_owned())
}

/// The `dir` of text in this language.
pub(super) fn direction(tag: &str) -> &'static str {
    let tag = tag.to_ascii_lowercase();
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    // A script says more than the language: ar-Latn is written from left to right.
    let right_to_left =
        match parts.find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic())) {
            Some(script) => RIGHT_TO_LEFT_SCRIPTS.contains(&script),
            None => RIGHT_TO_LEFT.contains(&primary),
        };
    if right_to_left { "rtl" } else { "ltr" }
}

/// A MIME type without parameters, else `None`.
pub(super) fn media_type(text: &str) -> Option<String> {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let (kind, subtype) = essence.split_once('/')?;
    (token(kind) && token(subtype)).then(|| essence.to_ascii_lowercase())
}

/// An e-mail address that RFC 4287 §3.2.3 accepts, else `None`.
pub(super) fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (user, host) = text.split_once('@')?;
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"@()<>,;:\\\"[]".contains(&b))
    };
    (part(user) && part(host)).then(|| text.to_owned())
}

/// RFC 822 with a year of four digits, in GMT: what RSS asks for.
pub(super) fn rfc822(at: Timestamp) -> String {
    in_range(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// RFC 3339 in UTC, whole seconds.
pub(super) fn rfc3339(at: Timestamp) -> String {
    in_range(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same moment, or the epoch where the formats cannot write it.
pub(super) fn in_range(at: Timestamp) -> Timestamp {
    if YEARS.contains(&at.year()) { at } else { DateTime::UNIX_EPOCH }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_web(address: &str, expected: Option<&str>) {
        assert_eq!(web(address).as_deref(), expected, "{address}");
    }

    #[test]
    fn addresses_leave_in_ascii() {
        check_web("https://e.org", Some("https://e.org"));
        check_web("https://e.org/a?b=1&c=%d8%ae#d", Some("https://e.org/a?b=1&c=%d8%ae#d"));
        check_web("https://e.org/خبر", Some("https://e.org/%D8%AE%D8%A8%D8%B1"));
        check_web("https://خبر.example/", Some("https://xn--ngblk.example/"));
        check_web("https://e.org/a b|c^[d]#e#f", Some("https://e.org/a%20b%7Cc%5E%5Bd%5D#e%23f"));
        check_web("https://e.org/100%", Some("https://e.org/100%25"));
        check_web("http://[::1]:8080/x", Some("http://[::1]:8080/x"));
        check_web("http:e.org/x", Some("http://e.org/x"));
        check_web("javascript:alert(1)", None);
        check_web("/relative", None);
        check_web("https://", None);
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_leads_to_the_same(
            address in "https?://([a-z0-9-]{1,4}\\.){0,2}[a-zA-Z0-9-]{1,5}(:[0-9]{1,3})?(/[ -~]{0,3}(%[0-9A-Fa-f]{2})?\\.{0,2}){0,4}"
        ) {
            proptest::prop_assert_eq!(web(&address), parsed_web(&address));
        }
    }

    fn check_uri(address: &str, good: bool) {
        assert_eq!(uri(address).is_some(), good, "{address}");
    }

    #[test]
    fn what_names_a_thing() {
        check_uri("urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11", true);
        check_uri("tag:example.org,2026:topic", true);
        check_uri("https://example.org/topics", true);
        check_uri("urn:x", false);
        check_uri("tag:nothing", false);
        check_uri("Sport", false);
    }

    #[test]
    fn controls_go_and_the_marks_of_bidirectional_text_stay() {
        for (given, expected) in [
            ("a\u{0}b\u{7f}c\u{85}d\u{9f}e\u{fffe}", "abcde"),
            ("«خبر»\u{a0}\u{200f}(2)\u{202c}", "«خبر»\u{a0}\u{200f}(2)\u{202c}"),
        ] {
            assert_eq!(line(given).as_deref(), Some(expected));
            assert_eq!(markup(given).as_deref(), Some(expected));
        }
        assert!(matches!(markup("<p>«خبر»\u{a0}</p>"), Some(Cow::Borrowed(_))));
        assert_eq!(markup("a\r\nb\rc").as_deref(), Some("a\nb\nc"));
        assert_eq!((line("\u{80} \u{1}"), markup(" \u{9f}\n")), (None, None));
    }

    #[test]
    fn only_what_looks_like_html_is_escaped_once_more() {
        for same in ["AT&T, R&D", "1 < 2 > 0", "<3", "a & b", "&bogus;", "«خبر»"] {
            assert_eq!(rss_text(same), same);
        }
        for (given, expected) in [
            ("<b> & co", "&lt;b&gt; &amp; co"),
            ("a</b>", "a&lt;/b&gt;"),
            ("&amp; &#39; > x", "&amp;amp; &amp;#39; &gt; x"),
            ("a<b", "a&lt;b"),
        ] {
            assert_eq!(rss_text(given), expected);
            assert_eq!(text::decode(expected), given);
        }
    }

    #[test]
    fn directions_follow_language_and_script() {
        for (tag, expected) in [
            ("ar", "rtl"),
            ("AR-MA", "rtl"),
            ("ar-Latn", "ltr"),
            ("ku-Arab-IQ", "rtl"),
            ("fr", "ltr"),
            ("", "ltr"),
        ] {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }

    #[test]
    fn excerpts_end_between_words() {
        let text = "كلمة ".repeat(100);
        let cut = excerpt(text.trim());
        assert!(cut.chars().count() <= EXCERPT_CHARS_MAX + 1 && cut.ends_with("كلمة…"), "{cut}");
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"ا".repeat(400)).chars().count(), EXCERPT_CHARS_MAX + 1);
    }

    #[test]
    fn dates_outside_of_the_formats_become_the_epoch() {
        assert_eq!(rfc822(DateTime::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(rfc3339(DateTime::<chrono::Utc>::MAX_UTC), "1970-01-01T00:00:00Z");
    }
}
