//! The canonical form of a link: for comparing only, readers get the link as the source gave it.
//! (No stage but a vocabulary, as `text` is.)

use url::Url;

/// Query parameters that say who sent the reader, never what is shown. Compared in lower case.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "__hstc",
    "__hssc",
    "hsctatracking",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "vero_conv",
    "ref_src",
    "ref_url",
    "spm",
    "xtor",
    "cmpid",
    "ocid",
    "ito",
    "smid",
    "s_cid",
    "ncid",
    "_openstat",
    "wt_mc",
    "wt.mc_id",
    "campaign_id",
    "at_medium",
    "at_campaign",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "rss",
    "feedref",
];
/// Fragments that every page of a site has.
const FRAGMENTS: &[&str] =
    &["top", "comments", "respond", "comment-form", "disqus_thread", "more", "content"];
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_"];

/// The form in which two links are compared: http as https, host in lower case, no default port, no
/// user, no fragment, no tracking parameters, percent-encoding in one form (so that a raw and an
/// encoded Arabic slug are equal). `None` where it is no http(s) URL.
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
    let mut canonical = format!("https://{host}{port}{}", one_encoding(url.path()));
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair.split('=').next().unwrap_or_default()))
        .collect();
    for (index, pair) in kept.iter().enumerate() {
        canonical.push(if index == 0 { '?' } else { '&' });
        canonical.push_str(&one_encoding(pair));
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

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.contains(&name.as_str()) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Decodes what needs no encoding (RFC 3986 §6.2.2.2) and writes the rest with capital digits.
fn one_encoding(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = pair
            .and_then(|digits| std::str::from_utf8(digits).ok())
            // `%+A` is no escape, though it would be read as a number.
            .filter(|digits| !digits.starts_with('+'))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            push_byte(&mut out, byte);
            at += 3;
        } else {
            // The url crate has already encoded everything that is not ASCII.
            out.push(char::from(bytes[at]));
            at += 1;
        }
    }
    out
}

fn push_byte(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(char::from(byte));
    } else {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
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
