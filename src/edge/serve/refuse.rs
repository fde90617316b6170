//! Requests that are refused whatever they ask for, with the end of their connection.

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Response, StatusCode, Version, header};

use super::respond::{self, text};
use super::route::Route;

/// What is wrong with a request before its address is looked up.
pub(super) fn refused(head: &Parts, route: &Route) -> Option<Response<Bytes>> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    // RFC 9112 §3.2. Which host is named does not matter.
    if head.version == Version::HTTP_11 && (host.is_none() || other.is_some()) {
        return Some(text(StatusCode::BAD_REQUEST, "Exactly one Host is wanted.\n", &head.method));
    }
    if host.is_some_and(|host| !is_host(host.as_bytes())) {
        return Some(text(StatusCode::BAD_REQUEST, "Host is no host.\n", &head.method));
    }
    // There is nothing to be tunnelled to, and what follows would be meant for somebody else.
    if head.method == Method::CONNECT {
        return Some(text(StatusCode::BAD_REQUEST, "This is no proxy.\n", &head.method));
    }
    // hyper drops a length that is named besides, so that every request with chunks may be one with two lengths, of
    // which a proxy in front of us has read one and we the other (RFC 9112 §6.1).
    let is_mail = matches!(route, Route::Mail(_)) && head.method == Method::POST;
    if is_chunked(head) && !is_mail {
        return Some(text(StatusCode::BAD_REQUEST, "No body of unknown length is wanted.\n", &head.method));
    }
    let length = head.uri.path_and_query().map_or(0, |address| address.as_str().len());
    (length > respond::URI_BYTES_MAX).then(|| respond::too_long(&head.method))
}

/// Whether its body says itself where it ends.
pub(super) fn is_chunked(head: &Parts) -> bool {
    head.version < Version::HTTP_2 && head.headers.contains_key(header::TRANSFER_ENCODING)
}

/// Whether a `Host` is empty, or a name or address with or without a port (RFC 9110 §7.2).
fn is_host(host: &[u8]) -> bool {
    // Nearly all are of this kind.
    if host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')) {
        return true;
    }
    Authority::try_from(host).is_ok_and(|authority| {
        let port =
            authority.as_str().rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        let is_port = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
        is_port && !host.contains(&b'@')
    })
}
