//! Values that several formats have in common.

use super::Report;

/// A URI in ASCII with a scheme (RFC 3986); one of the web has a host.
pub fn is_uri(text: &str) -> bool {
    let escapes_are_good = text.match_indices('%').all(|(at, _)| {
        text.get(at + 1..at + 3).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    let chars = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    escapes_are_good && text.matches('#').count() <= 1 && text.bytes().all(chars) && is_iri(text)
}

/// An IRI with a scheme (RFC 3987).
pub fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let begins = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let is_scheme =
        begins && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let forbidden = |c: char| c <= ' ' || c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c);
    let is_web = matches!(scheme, "http" | "https");
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    is_scheme
        && !rest.is_empty()
        && !rest.contains(forbidden)
        && (!is_web || host.is_some_and(|host| !host.is_empty()))
}

pub fn is_web(text: &str) -> bool {
    is_uri(text) && (text.starts_with("https://") || text.starts_with("http://"))
}

/// BCP 47, as far as every reader takes it.
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=8).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

pub fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// A whole number above nothing, without leading zeros.
pub fn is_count(text: &str) -> bool {
    !text.starts_with('0') && text.parse::<u64>().is_ok()
}

/// RFC 3339 with a time and a zone.
pub fn is_rfc3339(text: &str) -> bool {
    text.contains('T') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// RFC 822 with a year of four digits and the right day of the week.
pub fn is_rfc822(text: &str) -> bool {
    let bare = text.strip_suffix(" GMT").unwrap_or_default();
    let read = chrono::NaiveDateTime::parse_from_str(bare, "%a, %d %b %Y %H:%M:%S");
    read.is_ok_and(|at| at.format("%a, %d %b %Y %H:%M:%S").to_string() == bare)
}

/// HTML within a text holds nothing that runs, and no address that needs a base.
pub fn check_markup(html: &str, place: &str, report: &mut Report) {
    let lower = html.to_ascii_lowercase();
    for tag in ["<script", "<style", "<object", "<embed", "<form", "<iframe srcdoc"] {
        report.need(!lower.contains(tag), place, &format!("holds {tag}"));
    }
}
