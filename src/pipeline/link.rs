//! The canonical form of a link: for comparing only, readers get the link as the source gave it.
//! (No stage but a vocabulary, as `text` is.)

mod tracking;

use url::Url;

use super::text;

/// How a servlet's session begins at the end of a path.
const SESSION: &str = ";jsessionid=";
/// Schemes of what a reader may follow, beside http and https.
pub const OTHER_SCHEMES: &[&str] = &[
    "mailto", "tel", "sms", "ftp", "ftps", "sftp", "news", "nntp", "irc", "ircs", "xmpp", "magnet", "geo",
    "gemini", "gopher", "git", "ssh", "bitcoin", "doi", "urn",
];
/// Fragments that every page of a site has.
const FRAGMENTS: &[&str] =
    &["top", "comments", "respond", "comment-form", "disqus_thread", "more", "content"];

/// The form in which two links are compared: http as https, host in lower case, no default port, no user, no
/// fragment, no tracking parameters and session ids, the others in order, percent-encoding and Unicode in one form
/// (so that a raw and an encoded Arabic slug are equal), the AMP version of a page as the page. `None` where it is
/// no http(s) URL.
pub fn canonical(link: &str) -> Option<String> {
    let mut url = Url::parse(link.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let port = match (url.scheme(), url.port()) {
        (_, None) | ("http", Some(443)) | ("https", Some(80)) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    let path = without_amp(without_session(url.path()));
    let mut canonical = format!("https://{host}{port}{}", one_encoding(path));
    let given = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut kept: Vec<String> =
        given
            .filter(|pair| !tracking::is_tracking(pair))
            // In a query a plus is a space, and a plus is %2B.
            .map(|pair| {
                if pair.contains('+') { one_encoding(&pair.replace('+', "%20")) } else { one_encoding(pair) }
            })
            .collect();
    // Those of one name stay in their order, which may mean something.
    kept.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    for (index, pair) in kept.iter().enumerate() {
        canonical.push(if index == 0 { '?' } else { '&' });
        canonical.push_str(pair);
    }
    Some(canonical)
}

/// The fragment, where it can name a place of the page: `#v2`, not `#`, `#xtor=RSS-1` or `#comments`.
pub fn fragment(link: &str) -> Option<&str> {
    let (_, fragment) = link.split_once('#')?;
    let fragment = fragment.trim();
    let says_nothing = fragment.is_empty() || fragment.contains('=') || FRAGMENTS.contains(&fragment);
    (!says_nothing).then_some(fragment)
}

/// Whether a canonical link names a page of its own, rather than the front page of a site.
pub fn names_a_page(canonical: &str) -> bool {
    let path = canonical.trim_start_matches("https://").split_once('/').map_or("", |(_, path)| path);
    !matches!(path.trim_end_matches('/'), "" | "index.html" | "index.php" | "ar" | "en" | "fr")
}

fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

/// A path without `;jsessionid=…`, which servlets put at its end.
fn without_session(path: &str) -> &str {
    let session = path.char_indices().filter(|(_, c)| *c == ';').map(|(at, _)| at).find(|at| {
        path.get(*at..*at + SESSION.len()).is_some_and(|start| start.eq_ignore_ascii_case(SESSION))
    });
    // What comes after it would be cut as well.
    session.filter(|at| !path[*at..].contains('/')).map_or(path, |at| &path[..at])
}

/// The path of a page whose AMP version this is: `/2026/a-story/amp`. Under `/topics/amp` there is no story.
fn without_amp(path: &str) -> &str {
    let Some(page) = path.strip_suffix("/amp").or_else(|| path.strip_suffix("amp/")) else { return path };
    let name = page.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_story = name.contains(|c: char| matches!(c, '-' | '.' | '%' | '_') || c.is_ascii_digit());
    if is_story && (page.ends_with('/') || path.ends_with("/amp")) { page } else { path }
}

/// Decodes what needs no encoding (RFC 3986 §6.2.2.2), writes the rest with capital digits, and composes what can
/// be (Unicode NFC): both spellings of a letter with a hamza lead to one page.
fn one_encoding(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut has_others = false;
    for byte in decoded(part) {
        match byte {
            Byte::Written(byte) => out.push(char::from(byte)),
            Byte::Escaped(byte) => {
                has_others |= !byte.is_ascii();
                push_byte(&mut out, byte);
            }
        }
    }
    if has_others { composed(part).unwrap_or(out) } else { out }
}

/// The same with its text in NFC; `None` where it is no UTF-8, or composed already.
fn composed(part: &str) -> Option<String> {
    // Escaped ASCII that means something stays escaped, and cannot be mistaken: a plain `%` never stands alone.
    let mut bytes = Vec::with_capacity(part.len());
    for byte in decoded(part) {
        match byte {
            Byte::Escaped(byte) if byte.is_ascii() && !is_unreserved(byte) => {
                bytes.extend(format!("%{byte:02X}").bytes());
            }
            Byte::Written(byte) | Byte::Escaped(byte) => bytes.push(byte),
        }
    }
    let composed = text::composed(&String::from_utf8(bytes).ok()?)?;
    let mut out = String::with_capacity(part.len());
    for byte in composed.bytes() {
        if byte.is_ascii() { out.push(char::from(byte)) } else { push_byte(&mut out, byte) }
    }
    Some(out)
}

enum Byte {
    Written(u8),
    Escaped(u8),
}

fn decoded(part: &str) -> impl Iterator<Item = Byte> + '_ {
    let bytes = part.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let byte = *bytes.get(at)?;
        let digits = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escaped = digits
            // `%+A` is no escape, though it would be read as a number.
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        at += if escaped.is_some() { 3 } else { 1 };
        // The url crate has already encoded everything that is not ASCII.
        Some(escaped.map_or(Byte::Written(byte), Byte::Escaped))
    })
}

fn push_byte(out: &mut String, byte: u8) {
    if is_unreserved(byte) {
        out.push(char::from(byte));
    } else {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, equal: bool) {
        let (a, b) = (canonical(left), canonical(right));
        assert!(a.is_some(), "{left} has no canonical form");
        assert_eq!(a == b, equal, "{left} → {a:?}\n{right} → {b:?}");
    }

    #[test]
    fn what_is_one_link() {
        check("http://Example.org/a", "https://example.org:443/a#top", true);
        check("https://e.org/a?utm_source=rss&id=3", "https://e.org/a?id=3&fbclid=x", true);
        check("https://e.org/خبر-عاجل", "https://e.org/%d8%ae%D8%A8%d8%b1-%d8%b9%d8%a7%d8%ac%d9%84", true);
        check("https://e.org/%7Euser", "https://e.org/~user", true);
        check("https://e.org/a?id=3", "https://e.org/a?id=4", false);
        check("https://e.org/a%2Fb", "https://e.org/a/b", false);
        check("https://e.org:8443/a", "https://e.org/a", false);
        check("https://مثال.إختبار/a", "https://xn--mgbh0fb.xn--kgbechtv/a", true);
        check("https://e.org./a?", "https://e.org/a", true);
        check("https://www.e.org/a", "https://e.org/a", false);
        check("https://m.e.org/a", "https://e.org/a", false);
    }

    #[test]
    fn letters_in_two_spellings_are_one() {
        let (composed, apart) = ("https://e.org/أخبار-é", "https://e.org/\u{627}\u{654}خبار-e\u{301}");
        check(composed, apart, true);
        check(composed, "https://e.org/%D8%A7%d9%94خبار-e%CC%81", true);
        check(composed, "https://e.org/اخبار-é", false);
        check("https://e.org/%2F%D8%A7%D9%94", "https://e.org/%2f%D8%A3", true);
        check("https://e.org/%2F%D8%A3", "https://e.org//%D8%A3", false);
        // Another encoding than UTF-8.
        check("https://e.org/%c7%e1", "https://e.org/%C7%E1", true);
        check("https://e.org/%25D8", "https://e.org/%D8", false);
        check("https://e.org/100%", "https://e.org/100%25", false);
    }

    #[test]
    fn queries_are_compared_by_what_they_say() {
        check("https://e.org/a?x=1&id=2", "https://e.org/a?id=2&x=1", true);
        check("https://e.org/a?id=2&id=1", "https://e.org/a?id=1&id=2", false);
        check("https://e.org/a?q=one+two", "https://e.org/a?q=one%20two", true);
        check("https://e.org/a?q=1%2B2", "https://e.org/a?q=1+2", false);
        check("https://e.org/a+b", "https://e.org/a%20b", false);
        check("https://e.org/a?id=1;jsessionid=5", "https://e.org/a?id=1", false);
        check("https://e.org/a;jsessionid=AB12.node?id=1", "https://e.org/a?id=1", true);
        check("https://e.org/a;JSESSIONID=AB12", "https://e.org/a", true);
        check("https://e.org/a;v=2", "https://e.org/a", false);
        check("https://e.org/a?id=3&amp;utm_source=x", "https://e.org/a?id=3", true);
        check("https://e.org/a?id=3&amp;page=2", "https://e.org/a?id=3", false);
    }

    #[test]
    fn the_amp_version_is_the_page() {
        check("https://e.org/2026/a-story/amp", "https://e.org/2026/a-story", true);
        check("https://e.org/2026/a-story/amp/", "https://e.org/2026/a-story/", true);
        check("https://e.org/خبر-عاجل/amp", "https://e.org/خبر-عاجل", true);
        check("https://e.org/a?amp=1", "https://e.org/a", true);
        check("https://e.org/a?amp", "https://e.org/a", true);
        check("https://e.org/a?outputType=amp", "https://e.org/a", true);
        check("https://e.org/a?outputType=pdf", "https://e.org/a", false);
        check("https://e.org/topics/amp", "https://e.org/topics", false);
        check("https://e.org/amp", "https://e.org/", false);
        check("https://e.org/2026/new-guitar-amp/", "https://e.org/2026/new-guitar-", false);
    }

    #[test]
    fn what_names_a_place_of_a_page() {
        for (link, expected) in [
            ("https://e.org/a#v2", Some("v2")),
            ("https://e.org/a#", None),
            ("https://e.org/a", None),
            ("https://e.org/a#xtor=RSS-1", None),
            ("https://e.org/a#comments", None),
        ] {
            assert_eq!(fragment(link), expected, "{link}");
        }
    }

    #[test]
    fn what_is_no_page() {
        assert_eq!(canonical("mailto:a@example.org"), None);
        assert!(!names_a_page("https://e.org/"));
        assert!(!names_a_page("https://e.org"));
        assert!(names_a_page("https://e.org/?p=3"));
        assert!(names_a_page("https://e.org/a"));
    }
}
