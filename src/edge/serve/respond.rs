//! `respond`: one of the four pure functions. RFC 9110 for GET and HEAD over documents in memory.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use super::negotiate::{Coding, accepts, matches_any};
use crate::model::{Document, Published, Timestamp};

/// Addresses longer than this are refused.
const URI_BYTES_MAX: usize = 8 * 1024;
const CACHE: &str = "public, max-age=60, stale-if-error=86400";
const CSP: &str = "default-src 'none'; style-src 'self'; img-src http: https:; media-src http: https:; \
    frame-src https:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
const ALLOW: &str = "GET, HEAD";

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
    if request.path.len() > URI_BYTES_MAX {
        return text(StatusCode::URI_TOO_LONG, "The address is too long.\n", request.method);
    }
    let Some(path) = decoded(request.path) else {
        return text(StatusCode::BAD_REQUEST, "The address is not percent-encoded UTF-8.\n", request.method);
    };
    if path == "/healthz" {
        return allowed(request.method).unwrap_or_else(|| text(StatusCode::OK, "ok\n", request.method));
    }
    match published.documents.get(&path) {
        Some(document) => answer(document, request),
        None => moved(published, &path, request).unwrap_or_else(|| {
            text(StatusCode::NOT_FOUND, "There is nothing at this address.\n", request.method)
        }),
    }
}

/// `/sport/` is where people look for `/sport`.
fn moved(published: &Published, path: &str, request: &Request<'_>) -> Option<Response<Bytes>> {
    let shorter = path.strip_suffix('/').filter(|path| published.documents.contains_key(*path))?;
    if shorter.is_empty() {
        return None;
    }
    let mut response = text(StatusCode::MOVED_PERMANENTLY, "Without the slash.\n", request.method);
    let location = HeaderValue::from_str(request.path.trim_end_matches('/')).ok()?;
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// Answers with one document: method, coding, preconditions, body.
pub fn answer(document: &Document, request: &Request<'_>) -> Response<Bytes> {
    if let Some(refused) = allowed(request.method) {
        return refused;
    }
    let Some(coding) = accepts(request.headers) else {
        let mut response =
            text(StatusCode::NOT_ACCEPTABLE, "Only identity and gzip are served.\n", request.method);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        return response;
    };
    let (body, etag) = match coding {
        Coding::Identity => (&document.identity, &document.etag),
        Coding::Gzip => (&document.gzip, &document.etag_gzip),
    };
    let mut response = Response::new(Bytes::new());
    validators(response.headers_mut(), document, etag);
    if not_modified(document, etag, request.headers) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if coding == Coding::Gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if document.content_type.starts_with("text/html") {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    }
    if request.method == Method::GET {
        *response.body_mut() = body.clone();
    }
    response
}

/// What 200 and 304 have in common (RFC 9110 §15.4.5).
fn validators(headers: &mut HeaderMap, document: &Document, etag: &str) {
    // ETags are quoted hexadecimal digits, and dates are ASCII: both are header values.
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(at) = document.last_modified.and_then(http_date) {
        headers.insert(header::LAST_MODIFIED, at);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if !document.content_type.starts_with("text/html") {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

/// RFC 9110 §13.2.2: If-None-Match decides alone where it is there, else If-Modified-Since.
fn not_modified(document: &Document, etag: &str, headers: &HeaderMap) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return matches_any(headers.get_all(header::IF_NONE_MATCH).iter(), etag);
    }
    let mut given = headers.get_all(header::IF_MODIFIED_SINCE).iter();
    let since = given.next().filter(|_| given.next().is_none()).and_then(|value| value.to_str().ok());
    let since = since.and_then(|text| httpdate::parse_http_date(text).ok()).map(Timestamp::from);
    matches!((since, document.last_modified), (Some(since), Some(at)) if at.timestamp() <= since.timestamp())
}

fn allowed(method: &Method) -> Option<Response<Bytes>> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are served.\n", method);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
    Some(response)
}

/// A short answer in plain text, for errors and health.
pub fn text(status: StatusCode, body: &'static str, method: &Method) -> Response<Bytes> {
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_LENGTH, HeaderValue::from(body.len())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response =
        Response::new(Bytes::from_static(if method == Method::HEAD { b"" } else { body.as_bytes() }));
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}

fn http_date(at: Timestamp) -> Option<HeaderValue> {
    HeaderValue::from_str(&httpdate::fmt_http_date(at.into())).ok()
}

/// The path with its percent-encoding resolved; `None` where that is not UTF-8.
pub(super) fn decoded(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = bytes.get(at + 1..at + 3).filter(|two| two.iter().all(u8::is_ascii_hexdigit))?;
            out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}
