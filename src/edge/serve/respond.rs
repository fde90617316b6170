//! `respond`: one of the four pure functions. RFC 9110 for GET and HEAD over documents in memory.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use super::conditions::{self, Outcome};
use super::negotiate::{Accepted, wants_news};
use super::{delta, heads};
use crate::model::{Coding, Document, Published};

/// Addresses longer than this are refused.
pub(super) const URI_BYTES_MAX: usize = 8 * 1024;
/// What is not there now may be there soon, but not at once.
const CACHE_MISSING: &str = "public, max-age=60";
const CACHE_MOVED: &str = "public, max-age=3600";
const CACHE_NEVER: &str = "no-store";
/// When to come again while the store is being opened. That takes a moment; to build it anew may take minutes.
pub const STARTING_SECONDS: u32 = 5;
const ALLOW: &str = "GET, HEAD";
/// What a reader that runs on another site may send. All else is ignored, so it does no harm either.
const CORS_HEADERS: &str = "A-IM, Cache-Control, If-Match, If-Modified-Since, If-None-Match, \
    If-Unmodified-Since, *";
/// For how long such a reader need not ask again; browsers shorten it as they like.
const CORS_SECONDS: &str = "86400";

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
    match find(published, request) {
        Ok(document) => answer(document, request),
        Err(other) => *other,
    }
}

/// The document that is asked for, or what is answered in its stead.
pub(super) fn find<'a>(
    published: &'a Published,
    request: &Request<'_>,
) -> Result<&'a Document, Box<Response<Bytes>>> {
    let path = checked(request)?;
    if let Some(document) = published.documents.get(path.as_ref()) {
        return Ok(document);
    }
    let method = request.method;
    Err(Box::new(if path == "/healthz" {
        let how = if published.is_starting { "starting\n" } else { "ok\n" };
        not_allowed(method).unwrap_or_else(|| text(StatusCode::OK, how, method))
    } else {
        let missing = if published.is_starting { starting } else { not_found };
        moved(published, &path, method).unwrap_or_else(|| missing(method))
    }))
}

/// The decoded path, or why there can be none. What is decoded is only ever compared with addresses that
/// we made, so `..`, `//` and zero bytes are as harmless as any other name of nothing.
pub(super) fn checked<'a>(request: &Request<'a>) -> Result<Cow<'a, str>, Box<Response<Bytes>>> {
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
    if is_preflight(request) && !heads::is_page(document) {
        return preflight();
    }
    if let Some(refused) = not_allowed(request.method) {
        return refused;
    }
    let accepted = Accepted::of(request.headers);
    let Some(best) = accepted.best(document) else {
        let why = "Only br, zstd, gzip and identity are served.\n";
        let mut response = text(StatusCode::NOT_ACCEPTABLE, why, request.method);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        return response;
    };
    let wants_news = document.history.is_some() && wants_news(request.headers);
    let mut response = match conditions::evaluate(document, accepted, best, request.headers) {
        Outcome::Proceed => {
            let asked = wants_news.then_some(request.headers);
            let news = asked.and_then(|headers| delta::news(document, accepted, request.method, headers));
            match news {
                Some(response) => return response,
                None => whole(document, best, request.method),
            }
        }
        Outcome::NotModified(coding) => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = heads::same(document, coding);
            response
        }
        Outcome::Failed => {
            return text(
                StatusCode::PRECONDITION_FAILED,
                "The document has another state.\n",
                request.method,
            );
        }
    };
    if wants_news {
        // Were this stored for others, the cache would ask next time in its own name, with the version that it
        // stored, and hand what is new to the cache to a reader that has an older one.
        heads::make_private(response.headers_mut(), document);
    }
    response
}

fn whole(document: &Document, coding: Coding, method: &Method) -> Response<Bytes> {
    let packed = document.body(coding).map(|body| (coding, body));
    let (coding, body) = packed.unwrap_or((Coding::Identity, &document.identity));
    let mut response = Response::new(if method == Method::HEAD { Bytes::new() } else { body.clone() });
    *response.headers_mut() = heads::whole(document, coding, body.len());
    response
}

/// Whether a browser asks whether a script of another site may ask (the Fetch standard's CORS-preflight).
pub(super) fn is_preflight(request: &Request<'_>) -> bool {
    request.method == Method::OPTIONS
        && request.headers.contains_key(header::ORIGIN)
        && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Anybody may read what everybody may read.
pub(super) fn preflight() -> Response<Bytes> {
    let lines: [(HeaderName, &str); 4] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, CORS_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, CORS_SECONDS),
    ];
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(lines.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
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

/// What may be there once the store is open.
pub(super) fn starting(method: &Method) -> Response<Bytes> {
    let mut response =
        text(StatusCode::SERVICE_UNAVAILABLE, "This site is starting: try again soon.\n", method);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(STARTING_SECONDS));
    response
}

/// What was there once and is not to come back (RFC 9110 §15.5.11).
pub(super) fn gone(method: &Method) -> Response<Bytes> {
    let why = "This entry was taken out by whoever runs this site.\n";
    let mut response = text(StatusCode::GONE, why, method);
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

/// The path with its percent-encoding resolved; `None` where that is not UTF-8.
fn decoded(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path));
    }
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
    String::from_utf8(out).ok().map(Cow::Owned)
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

    proptest! {
        #[test]
        fn what_is_encoded_decodes_again(path in any::<String>()) {
            let encoded = encoded(&path);
            let found = decoded(&encoded);
            prop_assert_eq!(found.as_deref(), Some(path.as_str()));
        }
    }
}
