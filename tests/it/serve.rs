//! What readers are answered: `respond`, and the listener around it.

mod codings;
pub(crate) mod doors;
mod go;
mod listener;
mod news;
mod respond;
mod rude;
mod stop;
mod twins;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use nashra::edge::serve::{Request, respond};
use nashra::model::{Coding, Digest, Document, Kept, Lifetime, Packed, Published};

pub(crate) const BODY: &str = "<feed>نشرة</feed>";
pub(crate) const LINKS: &str =
    "<https://n.example/hub>; rel=\"hub\", <https://n.example/a.atom>; rel=\"self\"";
/// Not gzip really: `respond` hands over the bytes that it is given.
pub(crate) const ZIPPED: &str = "<feed>نشرة</feed> as gzip";

/// The entity tags of every document here; their versions are all the same.
pub(crate) const IDENTITY: &str = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"";
pub(crate) const GZIP: &str = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gzip6\"";
pub(crate) const BR: &str = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-br5\"";
pub(crate) const ZSTD: &str = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-zstd9\"";

fn encode(coding: Coding, bytes: &[u8]) -> Option<Vec<u8>> {
    (coding != Coding::Identity).then(|| [bytes, b" as ", coding.name().as_bytes()].concat())
}

pub(crate) fn document(content_type: &'static str, body: impl Into<Bytes>) -> Arc<Document> {
    Arc::new(Document {
        content_type,
        identity: body.into(),
        version: Digest([0xaa; 16]),
        packed: Packed::by(encode),
        last_modified: Some("2026-11-20T08:00:00.75Z".parse().unwrap()),
        lifetime: Lifetime(60),
        fingerprint: Digest([0; 16]),
        pieces: None,
        links: None,
        history: None,
        kept: Kept::default(),
    })
}

/// Long enough that other codings are worth it, and with those that are named here made in advance.
pub(crate) fn long(ready: &[Coding]) -> Arc<Document> {
    let document = document("application/atom+xml; charset=utf-8", BODY.repeat(100));
    ready.iter().for_each(|coding| assert!(document.body(*coding).is_some()));
    document
}

pub(crate) fn published() -> Published {
    let feed = document("application/atom+xml; charset=utf-8", BODY);
    let page = document("text/html; charset=utf-8", "<p>");
    let undated = Arc::new(Document { last_modified: None, ..(*feed).clone() });
    let pushed = Arc::new(Document { links: Some(LINKS.into()), ..(*feed).clone() });
    let old = Arc::new(Document { lifetime: Lifetime(86_400), ..(*feed).clone() });
    let documents = [
        ("/", &page),
        ("/sport", &page),
        ("/sport.atom", &feed),
        ("/undated.atom", &undated),
        ("/old.atom", &old),
        ("/pushed.atom", &pushed),
        ("/رياضة", &page),
        ("/رياضة.atom", &feed),
        ("//other.example", &page),
        ("/long.atom", &long(&Coding::PACKED)),
        ("/unpacked.atom", &long(&[])),
        ("/zipped.atom", &long(&[Coding::Gzip])),
    ];
    let documents = documents.map(|(path, document)| (path.to_owned(), Arc::clone(document))).into();
    Published { documents, is_starting: false }
}

pub(crate) fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value);
    }
    headers
}

/// Asks, and expects this status, exactly these headers and this body; without the body for HEAD. Its length
/// is expected beside the headers, except of 204 and 304, which have none.
pub(crate) fn check_of(
    published: &Published,
    method: &str,
    path: &str,
    lines: &[(&str, &str)],
    status: u16,
    expected: &[(&str, &str)],
    body: &str,
) {
    let what = format!("{method} {path} {lines:?}");
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let response = respond(published, &Request { method: &method, path, headers: &headers(lines) });
    assert_eq!(response.status().as_u16(), status, "{what}");
    let sent: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let sorted: BTreeMap<String, String> = sent.iter().cloned().collect();
    assert_eq!(sorted.len(), sent.len(), "{what}: a header twice: {sent:?}");
    let mut expected: BTreeMap<String, String> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if !matches!(status, 204 | 304) {
        expected.insert("content-length".to_owned(), body.len().to_string());
    }
    assert_eq!(sorted, expected, "{what}");
    assert_eq!(response.body(), if method == Method::HEAD { "" } else { body }, "{what}");
}
