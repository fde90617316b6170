//! What an answer that is no document means, in words that help.

use std::time::SystemTime;

use http::header::{DATE, ETAG, HeaderMap, LAST_MODIFIED, RETRY_AFTER};
use http::{HeaderName, StatusCode};

use super::complaint::Complaint;
use crate::edge::clock;
use crate::model::{FetchErrorKind, Validators};

/// A longer `Retry-After` counts as this long.
const RETRY_AFTER_SECONDS_MAX: u64 = 366 * 24 * 3600;
/// A longer validator is not kept.
const VALIDATOR_BYTES_MAX: usize = 4 << 10;

/// What a status means for a client that asked for a whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Document,
    NotModified,
    Redirect,
    Failure,
}

/// Reads the status. `conditional` says whether "not modified" was asked for.
pub(super) fn meaning(status: StatusCode, conditional: bool) -> Meaning {
    match status.as_u16() {
        200 | 203 => Meaning::Document,
        304 if conditional => Meaning::NotModified,
        301 | 302 | 303 | 307 | 308 => Meaning::Redirect,
        _ => Meaning::Failure,
    }
}

/// `ETag` and `Last-Modified` of an answer, byte for byte.
pub(super) fn validators(headers: &HeaderMap) -> Validators {
    let bytes = |name: HeaderName| {
        let value = headers.get(name)?.as_bytes();
        (!value.is_empty() && value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_vec())
    };
    Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED) }
}

/// `Retry-After` in seconds from now (RFC 9110 §10.2.3); a date counts from the server's own clock.
pub(super) fn retry_after_seconds(headers: &HeaderMap) -> Option<u64> {
    let date = |name: HeaderName| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?.trim()).ok();
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        let now = date(DATE).unwrap_or_else(|| SystemTime::from(clock::now()));
        date(RETRY_AFTER)?.duration_since(now).map_or(0, |wait| wait.as_secs())
    };
    Some(seconds.min(RETRY_AFTER_SECONDS_MAX))
}

/// Words for an answer that is no document. `credentials` says whether ours were sent, where there are any.
pub(super) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    beginning: &[u8],
    credentials: Option<bool>,
) -> Complaint {
    let reason = status.canonical_reason().unwrap_or("a status without a name");
    let answered = format!("answered {} ({reason})", status.as_u16());
    let retry_after_seconds = retry_after_seconds(headers);
    let remedy = match wall(headers, beginning) {
        Some(wall) => format!(
            "a page of {wall} that keeps robots out; ask the publisher to let our User-Agent through to the feed"
        ),
        None => remedy(status.as_u16(), credentials, retry_after_seconds),
    };
    Complaint { kind: FetchErrorKind::Status, says: format!("{answered}: {remedy}"), retry_after_seconds }
}

fn remedy(status: u16, credentials: Option<bool>, wait_seconds: Option<u64>) -> String {
    let fixed = match (status, credentials) {
        (401, None) => "it wants credentials, set auth in the source",
        (401 | 403, Some(true)) => "it does not accept our credentials, check auth and its secret",
        (401 | 403, Some(false)) => {
            "credentials are never sent to another origin, write the address that it redirects to as url"
        }
        (403, None) => "it keeps us out, ask the publisher or set user_agent",
        (404, _) => "there is no feed, check url",
        (407, _) => "its proxy wants credentials that it accepts, check proxy_auth",
        (410, _) => "the feed is gone for good, remove the source or find its new address",
        (402, _) => "it wants to be paid",
        (406, _) => "it has no form that we accept, check url",
        (451, _) => "the law keeps it from answering us",
        (429, _) => match wait_seconds {
            Some(seconds) => return format!("we ask too often, it wants us to wait {seconds} s"),
            None => "we ask too often, choose a longer schedule",
        },
        (204 | 205, _) => "it has no document to give",
        (206 | 226, _) => "it sent a part, though the whole was asked for",
        (304, _) => "but we had told it of no earlier answer",
        (201 | 202, _) => "it has no document yet",
        (300..=399, _) => "that is no redirect that can be followed",
        (500..=599, _) => match wait_seconds {
            Some(seconds) => return format!("it is in trouble and wants us to wait {seconds} s"),
            None => "it is in trouble, we shall ask again later",
        },
        _ => "that is no feed",
    };
    fixed.to_owned()
}

/// Who stands before the server and asks for a browser, told by headers that only they send, or by their pages.
fn wall(headers: &HeaderMap, beginning: &[u8]) -> Option<&'static str> {
    const BY_HEADER: [(&str, &str); 7] = [
        ("cf-mitigated", "Cloudflare"),
        ("x-amzn-waf-action", "AWS WAF"),
        ("x-datadome", "DataDome"),
        ("x-vercel-mitigated", "Vercel"),
        ("x-vercel-challenge-token", "Vercel"),
        ("x-sucuri-block", "Sucuri"),
        ("x-px-block", "PerimeterX"),
    ];
    const BY_PAGE: [(&str, &str); 8] = [
        ("/cdn-cgi/challenge-platform/", "Cloudflare"),
        ("cf-browser-verification", "Cloudflare"),
        ("Attention Required! | Cloudflare", "Cloudflare"),
        ("_Incapsula_Resource", "Imperva"),
        ("errors.edgesuite.net", "Akamai"),
        ("captcha-delivery.com", "DataDome"),
        ("ddos-guard", "DDoS-Guard"),
        ("/.within.website/x/cmd/anubis", "Anubis"),
    ];
    let by_header = BY_HEADER.iter().find(|(name, _)| headers.contains_key(*name));
    by_header.map(|(_, wall)| *wall).or_else(|| {
        let page = String::from_utf8_lossy(beginning);
        BY_PAGE.iter().find(|(sign, _)| page.contains(sign)).map(|(_, wall)| *wall)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let check = |value: &str, expected| {
            let date = ("date", "Wed, 25 Nov 2026 10:00:00 GMT");
            assert_eq!(retry_after_seconds(&headers(&[date, ("retry-after", value)])), expected, "{value}");
        };
        check("120", Some(120));
        check(" 7 ", Some(7));
        check("0", Some(0));
        check("99999999999999999999999", Some(RETRY_AFTER_SECONDS_MAX));
        check("Wed, 25 Nov 2026 10:02:00 GMT", Some(120));
        check("Wednesday, 25-Nov-26 10:00:05 GMT", Some(5));
        check("Wed, 25 Nov 2026 09:00:00 GMT", Some(0));
        check("Fri, 25 Nov 2050 10:00:00 GMT", Some(RETRY_AFTER_SECONDS_MAX));
        for bad in ["", "-5", "soon", "1.5"] {
            check(bad, None);
        }
        let past = headers(&[("retry-after", "Mon, 01 Jan 2001 00:00:00 GMT")]);
        assert_eq!(retry_after_seconds(&past), Some(0));
    }

    #[test]
    fn walls_are_named() {
        let check = |pairs: &[(&'static str, &str)], page: &str, expected: Option<&str>| {
            assert_eq!(wall(&headers(pairs), page.as_bytes()), expected);
        };
        check(&[("cf-mitigated", "challenge")], "", Some("Cloudflare"));
        check(&[("server", "cloudflare")], "<h1>Not found</h1>", None);
        check(&[], "<script src=\"/cdn-cgi/challenge-platform/h/b\">", Some("Cloudflare"));
        check(&[], "<iframe src=\"/_Incapsula_Resource?x\">", Some("Imperva"));
        check(&[], "", None);
    }
}
