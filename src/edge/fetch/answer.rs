//! What an answer that is no document means, in words that help.

use std::time::SystemTime;

use http::header::{DATE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED, RETRY_AFTER};
use http::{HeaderName, StatusCode};

use super::complaint::Complaint;
use super::freshness::date;
use super::wall;
use crate::edge::clock;
use crate::model::{FetchErrorKind, Validators};

/// A longer `Retry-After` counts as this long.
const RETRY_AFTER_SECONDS_MAX: u64 = 366 * 24 * 3600;
/// How an answer differs from the document as it is (RFC 3229 §10.5.2).
const IM: HeaderName = HeaderName::from_static("im");
/// A longer validator is not kept.
const VALIDATOR_BYTES_MAX: usize = 4 << 10;

/// What a status means for a client that asked for a whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Document,
    /// A document that holds only what changed (226).
    Delta,
    NotModified,
    Redirect,
    Failure,
}

/// What we told the server that we know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// An `ETag`: then what changed since is welcome as well.
    pub(super) etag: bool,
    /// A `Last-Modified`.
    pub(super) last_modified: bool,
}

/// Reads the status. `known` says whether "not modified" and "what changed" were asked for.
pub(super) fn meaning(status: StatusCode, headers: &HeaderMap, known: Known) -> Meaning {
    match status.as_u16() {
        200 | 203 => Meaning::Document,
        226 if known.etag && is_feed_manipulation(headers) => Meaning::Delta,
        304 if known.etag || known.last_modified => Meaning::NotModified,
        301 | 302 | 303 | 307 | 308 => Meaning::Redirect,
        _ => Meaning::Failure,
    }
}

/// Whether the answer is made by the one instance manipulation that we ask for (RFC 3229 §10.5.2).
fn is_feed_manipulation(headers: &HeaderMap) -> bool {
    let lines: Vec<_> =
        headers.get_all(IM).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let mut members = lines.iter().flat_map(|line| line.split(',')).map(str::trim).peekable();
    members.peek().is_some()
        && members.all(|member| {
            member.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("feed"))
        })
}

/// `ETag` and `Last-Modified` of an answer, byte for byte.
pub(super) fn validators(headers: &HeaderMap) -> Validators {
    let bytes = |name: HeaderName| {
        let value = headers.get(name)?.as_bytes();
        (!value.is_empty() && value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_vec())
    };
    Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED) }
}

/// `Retry-After` in seconds from now (RFC 9110 §10.2.3), the longest of several; a date counts from the server's
/// own clock.
pub(super) fn retry_after_seconds(headers: &HeaderMap) -> Option<u64> {
    let now = headers.get(DATE).and_then(date).unwrap_or_else(|| SystemTime::from(clock::now()));
    headers.get_all(RETRY_AFTER).iter().filter_map(|value| wait_seconds(value, now)).max()
}

fn wait_seconds(value: &HeaderValue, now: SystemTime) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        date(value)?.duration_since(now).map_or(0, |wait| wait.as_secs())
    };
    Some(seconds.min(RETRY_AFTER_SECONDS_MAX))
}

/// The complaint about a document that is a page of somebody who keeps robots out.
pub(super) fn walled(status: StatusCode, headers: &HeaderMap, page: &[u8]) -> Option<Complaint> {
    let page = wall::page(status, headers, page)?;
    let says = format!(
        "{}: {page}, a bot wall; ask the publisher to let our User-Agent through to the feed",
        answered(status)
    );
    Some(Complaint::new(FetchErrorKind::Wall, says))
}

/// Words for an answer that is no document. `credentials` says whether ours were sent, where there are any;
/// `for_good` whether the address stands for the source's own.
pub(super) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    beginning: &[u8],
    credentials: Option<bool>,
    for_good: bool,
) -> Complaint {
    if let Some(complaint) = walled(status, headers, beginning) {
        return complaint;
    }
    let kind = match status.as_u16() {
        410 if for_good => FetchErrorKind::Gone,
        _ => FetchErrorKind::Status,
    };
    let remedy = match status.as_u16() {
        226 => changes(headers),
        410 if !for_good => "the feed is gone from where it redirects to for now".to_owned(),
        status => remedy(status, credentials, retry_after_seconds(headers)),
    };
    Complaint::new(kind, format!("{}: {remedy}", answered(status)))
}

fn answered(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("a status without a name");
    format!("answered {} ({reason})", status.as_u16())
}

/// Words for changes that are of no use to us (RFC 3229).
fn changes(headers: &HeaderMap) -> String {
    match headers.get(IM).map(|line| String::from_utf8_lossy(line.as_bytes())) {
        None => "it sent a part without saying which (IM)".to_owned(),
        Some(_) if is_feed_manipulation(headers) => {
            "it sent a part, what changed, though we had told it of no earlier answer".to_owned()
        }
        Some(im) => {
            format!("it sent a part, made by `{}`, though only `feed` was asked for", im.escape_debug())
        }
    }
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
        (206, _) => "it sent a part, though the whole was asked for",
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
    fn changes_are_welcome_where_they_were_asked_for() {
        let check = |etag: bool, lines: &[(&'static str, &str)], expected| {
            let known = Known { etag, last_modified: true };
            assert_eq!(meaning(StatusCode::IM_USED, &headers(lines), known), expected, "{lines:?}");
        };
        check(true, &[("im", "feed")], Meaning::Delta);
        check(true, &[("im", " FEED;x=1 ")], Meaning::Delta);
        check(false, &[("im", "feed")], Meaning::Failure);
        check(true, &[], Meaning::Failure);
        check(true, &[("im", "")], Meaning::Failure);
        check(true, &[("im", "feed, gzip")], Meaning::Failure);
        check(true, &[("im", "vcdiff")], Meaning::Failure);
        check(true, &[("im", "feeds")], Meaning::Failure);
    }
}
