//! What is made once a document and coding, and kept with it: the heads of answers, and the twins of bodies.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};

use super::twin::{self, Twin};
use crate::edge::clock;
use crate::model::{Coding, Document, Lifetime, Timestamp};

/// What a cache may do with a document when this server is down: a day-old bulletin is better than none.
const STALE_IF_ERROR: &str = "stale-if-error=86400";
/// A year, which is how long caches are told that something never changes (RFC 9111 §1.2.2 knows no longer times).
const CSP: &str = "default-src 'none'; style-src 'self'; img-src http: https:; media-src http: https:; \
    frame-src https:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
/// The latest second that an HTTP date can name: the end of the year 9999.
const DATE_SECONDS_MAX: i64 = 253_402_300_799;

/// The heads of one document, and its bodies as the kernel has them.
#[derive(Default)]
pub(super) struct Heads {
    whole: [OnceLock<HeaderMap>; 4],
    same: [OnceLock<HeaderMap>; 4],
    private: OnceLock<Option<HeaderValue>>,
    twins: [twin::Slot; 4],
}

/// The twin of a body of this document, where it has one.
pub(super) fn twin(document: &Document, body: &Bytes) -> Option<Arc<Twin>> {
    if !(twin::BODY_BYTES_MIN..=twin::BODY_BYTES_MAX).contains(&body.len()) {
        return None;
    }
    let heads = document.kept.get_or_make(Heads::default)?;
    let is_it =
        |coding| document.is_ready(coding) && document.body(coding).is_some_and(|one| same_place(one, body));
    let (slot, _) = heads.twins.iter().zip(Coding::ALL).find(|(_, coding)| is_it(*coding))?;
    slot.of(body)
}

/// Whether the bytes are not only equal, but the very same.
fn same_place(one: &Bytes, other: &Bytes) -> bool {
    one.as_ptr_range() == other.as_ptr_range()
}

/// The headers of 200 in a coding whose bytes are so many.
pub(super) fn whole(document: &Document, coding: Coding, length: usize) -> HeaderMap {
    let make = || {
        let mut headers = same(document, coding);
        describe(&mut headers, document);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if coding != Coding::Identity {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        headers
    };
    let mut headers = kept(document, |heads| &heads.whole, coding, make);
    leave_out_future(&mut headers, document);
    headers
}

/// The headers of 304, which 200 has as well (RFC 9110 §15.4.5). A script that revalidates by itself is shown the
/// 304, so both may be read by other sites.
pub(super) fn same(document: &Document, coding: Coding) -> HeaderMap {
    let make = || {
        let mut headers = HeaderMap::new();
        name(&mut headers, document, coding);
        // A reader that asks for news alone is never answered from a cache with what another one was sent.
        let vary = if document.history.is_some() { "Accept-Encoding, A-IM" } else { "Accept-Encoding" };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        insert_text(&mut headers, header::CACHE_CONTROL, &cache_control("public", document.lifetime));
        headers
    };
    kept(document, |heads| &heads.same, coding, make)
}

/// The ETag of a coding whose headers were wanted before; `None` where they were not.
pub(super) fn etag(document: &Document, coding: Coding) -> Option<&HeaderValue> {
    let heads = document.kept.get_or_make(Heads::default)?;
    let (slot, _) = heads.same.iter().zip(Coding::ALL).find(|(_, one)| *one == coding)?;
    slot.get()?.get(header::ETAG)
}

/// Marks the answer to a reader that asks for news alone as good for itself, and for no one else.
pub(super) fn make_private(headers: &mut HeaderMap, document: &Document) {
    let make = || HeaderValue::try_from(cache_control("private", document.lifetime)).ok();
    let heads = document.kept.get_or_make(Heads::default);
    let value = heads.map_or_else(make, |heads| heads.private.get_or_init(make).clone());
    headers.extend(value.map(|value| (header::CACHE_CONTROL, value)));
}

/// The ETag, and who may read it.
pub(super) fn name(headers: &mut HeaderMap, document: &Document, coding: Coding) {
    insert_text(headers, header::ETAG, &coding.etag(document.version));
    if !is_page(document) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        // Readers that run in a browser see these only when they are allowed to.
        let shown = if document.history.is_some() { "ETag, IM, Delta-Base" } else { "ETag" };
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(shown));
    }
}

/// What it is, from when, and where its changes are told.
pub(super) fn describe(headers: &mut HeaderMap, document: &Document) {
    if let Some(at) = document.last_modified.and_then(http_date) {
        headers.insert(header::LAST_MODIFIED, at);
    }
    if let Some(links) = &document.links {
        insert_text(headers, header::LINK, links);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_page(document) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    }
}

/// Drops a Last-Modified that is later than the date of the answer (RFC 9110 §8.8.2.1): a clock was ahead when the
/// document was made, or is behind now.
pub(super) fn leave_out_future(headers: &mut HeaderMap, document: &Document) {
    if document.last_modified.is_some_and(clock::is_future) {
        headers.remove(header::LAST_MODIFIED);
    }
}

/// The date of an answer that is sent now.
pub(super) fn date() -> Option<HeaderValue> {
    thread_local! {
        static LAST: RefCell<(i64, Option<HeaderValue>)> = const { RefCell::new((i64::MIN, None)) };
    }
    let seconds = clock::seconds();
    LAST.with_borrow_mut(|(at, date)| {
        if *at != seconds {
            (*at, *date) = (seconds, Timestamp::from_timestamp(seconds, 0).and_then(http_date));
        }
        date.clone()
    })
}

/// HTML, which only our own pages need to read.
pub(super) fn is_page(document: &Document) -> bool {
    document.content_type.starts_with("text/html")
}

/// A value that is made of digits and tokens, which is always a header's.
pub(super) fn insert_text(headers: &mut HeaderMap, name: header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

fn cache_control(whose: &str, lifetime: Lifetime) -> String {
    format!("{whose}, max-age={}, {STALE_IF_ERROR}", lifetime.0)
}

fn kept(
    document: &Document,
    which: impl Fn(&Heads) -> &[OnceLock<HeaderMap>; 4],
    coding: Coding,
    make: impl Fn() -> HeaderMap,
) -> HeaderMap {
    let heads = document.kept.get_or_make(Heads::default);
    let slot = heads.and_then(|heads| {
        which(heads).iter().zip(Coding::ALL).find(|(_, one)| *one == coding).map(|(slot, _)| slot)
    });
    slot.map_or_else(&make, |slot| slot.get_or_init(&make).clone())
}

/// `None` for years that an HTTP date cannot name.
pub(super) fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let nameable = (0..=DATE_SECONDS_MAX).contains(&at.timestamp());
    nameable.then(|| HeaderValue::from_str(&httpdate::fmt_http_date(at.into())).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_outside_of_http_are_left_out() {
        for (seconds, expected) in [
            (-1, None),
            (0, Some("Thu, 01 Jan 1970 00:00:00 GMT")),
            (DATE_SECONDS_MAX, Some("Fri, 31 Dec 9999 23:59:59 GMT")),
            (DATE_SECONDS_MAX + 1, None),
        ] {
            let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(http_date(at).as_ref().map(|date| date.to_str().unwrap()), expected, "{seconds}");
        }
    }
}
