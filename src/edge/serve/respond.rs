//! `respond`: one of the four pure functions. RFC 9110 for GET and HEAD over documents in memory.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};

use super::conditions::{self, Outcome, etag};
use super::negotiate::{Accepted, Coding};
use crate::model::{Document, Published, Timestamp};

/// Addresses longer than this are refused.
pub(super) const URI_BYTES_MAX: usize = 8 * 1024;
const CACHE_DOCUMENT: &str = "public, max-age=60, stale-if-error=86400";
/// What is not there now may be there soon, but not at once.
const CACHE_MISSING: &str = "public, max-age=60";
const CACHE_MOVED: &str = "public, max-age=3600";
const CACHE_NEVER: &str = "no-store";
const CSP: &str = "default-src 'none'; style-src 'self'; img-src http: https:; media-src http: https:; \
    frame-src https:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
const ALLOW: &str = "GET, HEAD";
/// The latest second that an HTTP date can name: the end of the year 9999.
const DATE_SECONDS_MAX: i64 = 253_402_300_799;

/// The parts of a request that an answer may depend on.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent, percent-encoded, without the query.
    pub path: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// Answers from the snapshot. Unknown addresses are 404 before methods are looked at.
pub fn respond(published: &Published, request: &Request<'_>) -> Response<Bytes> {
    let path = match checked(request) {
        Ok(path) => path,
        Err(refused) => return *refused,
    };
    if path == "/healthz" {
        return not_allowed(request.method).unwrap_or_else(|| text(StatusCode::OK, "ok\n", request.method));
    }
    match published.documents.get(&path) {
        Some(document) => answer(document, request),
        None => moved(published, &path, request.method).unwrap_or_else(|| not_found(request.method)),
    }
}

/// The decoded path, or why there can be none. What is decoded is only ever compared with addresses that
/// we made, so `..`, `//` and zero bytes are as harmless as any other name of nothing.
pub(super) fn checked(request: &Request<'_>) -> Result<String, Box<Response<Bytes>>> {
    if request.path.len() > URI_BYTES_MAX {
        return Err(Box::new(too_long(request.method)));
    }
    decoded(request.path).ok_or_else(|| {
        let why = "The address is not percent-encoded UTF-8.\n";
        Box::new(text(StatusCode::BAD_REQUEST, why, request.method))
    })
}

/// Answers with one document: method, coding, preconditions, body.
pub fn answer(document: &Document, request: &Request<'_>) -> Response<Bytes> {
    if let Some(refused) = not_allowed(request.method) {
        return refused;
    }
    let accepted = Accepted::of(request.headers);
    let Some(best) = accepted.best() else {
        let mut response =
            text(StatusCode::NOT_ACCEPTABLE, "Only identity and gzip are served.\n", request.method);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        return response;
    };
    match conditions::evaluate(document, accepted, best, request.headers) {
        Outcome::Proceed => whole(document, best, request.method),
        Outcome::NotModified(coding) => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            for_caches(response.headers_mut(), document, coding);
            response
        }
        Outcome::Failed => {
            text(StatusCode::PRECONDITION_FAILED, "The document has another state.\n", request.method)
        }
    }
}

fn whole(document: &Document, coding: Coding, method: &Method) -> Response<Bytes> {
    let body = match coding {
        Coding::Identity => &document.identity,
        Coding::Gzip => &document.gzip,
    };
    let mut response = Response::new(if method == Method::HEAD { Bytes::new() } else { body.clone() });
    let headers = response.headers_mut();
    for_caches(headers, document, coding);
    if let Some(at) = document.last_modified.and_then(http_date) {
        headers.insert(header::LAST_MODIFIED, at);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if coding == Coding::Gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if is_page(document) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    }
    response
}

/// What 200 and 304 have in common (RFC 9110 §15.4.5). A script that revalidates by itself is shown the
/// 304, so both may be read by other sites.
fn for_caches(headers: &mut HeaderMap, document: &Document, coding: Coding) {
    // ETags are quoted hexadecimal digits: always a header value.
    if let Ok(etag) = HeaderValue::from_str(etag(document, coding)) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_DOCUMENT));
    if !is_page(document) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        // Readers that run in a browser see an ETag only when they are allowed to.
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
    }
}

fn is_page(document: &Document) -> bool {
    document.content_type.starts_with("text/html")
}

/// 405 where the method is neither GET nor HEAD.
pub(super) fn not_allowed(method: &Method) -> Option<Response<Bytes>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are served.\n", method);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
    Some(response)
}

/// `/sport/` is where people look for `/sport`.
fn moved(published: &Published, path: &str, method: &Method) -> Option<Response<Bytes>> {
    let shorter = path.strip_suffix('/').filter(|path| published.documents.contains_key(*path))?;
    // An address with one slash in front: `Location: //…` would lead to another host.
    let location = encoded(shorter.strip_prefix('/').filter(|rest| !rest.starts_with('/'))?);
    let location = HeaderValue::try_from(format!("/{location}")).ok()?;
    let mut response = text(StatusCode::MOVED_PERMANENTLY, "Without the slash.\n", method);
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_MOVED));
    Some(response)
}

pub(super) fn too_long(method: &Method) -> Response<Bytes> {
    text(StatusCode::URI_TOO_LONG, "The address is too long.\n", method)
}

pub(super) fn not_found(method: &Method) -> Response<Bytes> {
    let mut response = text(StatusCode::NOT_FOUND, "There is nothing at this address.\n", method);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_MISSING));
    response
}

/// A short answer in plain text, for errors and health. Caches keep it only where the caller says so.
pub fn text(status: StatusCode, body: impl Into<Bytes>, method: &Method) -> Response<Bytes> {
    let body = body.into();
    let sent = if method == Method::HEAD { Bytes::new() } else { body.clone() };
    let mut response = Response::new(sent);
    *response.status_mut() = status;
    response.headers_mut().extend([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_LENGTH, HeaderValue::from(body.len())),
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE_NEVER)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Readers that run in a browser are told why a feed is not there, too.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ]);
    response
}

/// `None` for years that an HTTP date cannot name.
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let nameable = (0..=DATE_SECONDS_MAX).contains(&at.timestamp());
    nameable.then(|| HeaderValue::from_str(&httpdate::fmt_http_date(at.into())).ok()).flatten()
}

/// The path with its percent-encoding resolved; `None` where that is not UTF-8.
fn decoded(path: &str) -> Option<String> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
            out.push(u8::try_from(high? * 16 + low?).ok()?);
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}

/// A path with all that RFC 3986 does not allow there percent-encoded.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_percent_encoding_is_no_path() {
        for (path, expected) in [
            ("/a%20b", Some("/a b")),
            ("/%d8%a3", Some("/أ")),
            ("/أ", Some("/أ")),
            ("/%2F%00", Some("/\u{2f}\0")),
            ("/%", None),
            ("/%4", None),
            ("/%zz", None),
            ("/%+1", None),
            ("/%ff", None),
            ("/%D8", None),
        ] {
            assert_eq!(decoded(path).as_deref(), expected, "{path}");
        }
    }

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

    proptest! {
        #[test]
        fn what_is_encoded_decodes_again(path in any::<String>()) {
            prop_assert_eq!(decoded(&encoded(&path)), Some(path));
        }
    }
}
