//! RFC 3229 with the instance manipulation `feed`: what is new to a reader that says which version it has.

use std::collections::HashSet;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use http::{Method, Response, StatusCode};

use super::conditions::tags;
use super::heads::{describe, insert_text, leave_out_future, name};
use super::negotiate::Accepted;
use crate::model::{Coding, Digest, Document};

const IM: HeaderName = HeaderName::from_static("im");
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");
/// Versions that a reader may name; who names more gets the whole.
const TAGS_MAX: usize = 8;
/// What is compressed on request: less gains nothing, and more would hold up the readers behind.
const PACKED_BYTES: std::ops::RangeInclusive<usize> = 1024..=64 * 1024;

/// 226 with the entries that no version named by If-None-Match is without; `None` where the whole document is to be
/// sent, because one of them is unknown or none is named.
///
/// Who names several versions may be a cache that adds its own to the one of its reader. So an entry is left out
/// only where all of them had it: whichever the reader has, it misses nothing.
pub(super) fn news(
    document: &Document,
    accepted: Accepted,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response<Bytes>> {
    let (base, known) = held(document, headers)?;
    let body = document.without(&known)?;
    let is_offered =
        |coding| coding == Coding::Identity || coding == Coding::Gzip && PACKED_BYTES.contains(&body.len());
    let coding = accepted.best_of(is_offered)?;
    let body = if coding == Coding::Identity { body } else { document.pack(coding, &body)? };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::IM_USED;
    let head = response.headers_mut();
    name(head, document, coding);
    describe(head, document);
    leave_out_future(head, document);
    head.insert(IM, HeaderValue::from_static("feed"));
    insert_text(head, DELTA_BASE, &base);
    if coding != Coding::Identity {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    head.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, A-IM, If-None-Match"));
    // A cache that does not know 226 would take a part for the whole: it must not store it. One that does is told
    // by `im` that it may, and for how long (RFC 3229 §10.8).
    let seconds = document.lifetime.0;
    insert_text(head, header::CACHE_CONTROL, &format!("no-store, im, max-age={seconds}"));
    if method != Method::HEAD {
        *response.body_mut() = Bytes::from(body);
    }
    Some(response)
}

/// The oldest version that is named, as it is named, and the entries that all of them have.
fn held(document: &Document, headers: &HeaderMap) -> Option<(String, HashSet<Digest>)> {
    let history = document.history.as_deref()?;
    let mut oldest: Option<(usize, String)> = None;
    let mut common: Option<HashSet<Digest>> = None;
    let named = headers.get_all(IF_NONE_MATCH).iter().flat_map(|value| tags(value.as_bytes()));
    for (count, tag) in named.enumerate() {
        let (version, coding) = Coding::of_etag(tag.strip_prefix(b"W/").unwrap_or(tag))?;
        // It has the present version, but in a coding that it refuses now: it wants it in another one.
        if count == TAGS_MAX || version == document.version {
            return None;
        }
        let (place, entries) = (history.place_of(version)?, history.entries_of(version)?);
        if oldest.as_ref().is_none_or(|(other, _)| place < *other) {
            oldest = Some((place, coding.etag(version)));
        }
        common = Some(match common {
            Some(common) => common.intersection(&entries).copied().collect(),
            None => entries,
        });
    }
    Some((oldest?.1, common?))
}
