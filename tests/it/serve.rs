//! What readers are answered: `respond`, and the listener around it.

pub(crate) mod doors;
mod go;
mod listener;
mod respond;
mod rude;
mod stop;

use std::sync::Arc;

use bytes::Bytes;
use nashra::model::{Digest, Document, Published};

pub(crate) const BODY: &str = "<feed>نشرة</feed>";
/// Not gzip really: `respond` hands over the bytes that it is given.
pub(crate) const ZIPPED: &str = "zipped";

pub(crate) fn document(content_type: &'static str, body: impl Into<Bytes>) -> Arc<Document> {
    Arc::new(Document {
        content_type,
        identity: body.into(),
        gzip: Bytes::from_static(ZIPPED.as_bytes()),
        etag: "\"aa\"".to_owned(),
        etag_gzip: "\"bb\"".to_owned(),
        last_modified: Some("2026-11-20T08:00:00.75Z".parse().unwrap()),
        fingerprint: Digest([0; 16]),
        pieces: None,
    })
}

pub(crate) fn published() -> Published {
    let feed = document("application/atom+xml; charset=utf-8", BODY);
    let page = document("text/html; charset=utf-8", "<p>");
    let undated = Arc::new(Document { last_modified: None, ..(*feed).clone() });
    let documents = [
        ("/", &page),
        ("/sport", &page),
        ("/sport.atom", &feed),
        ("/undated.atom", &undated),
        ("/رياضة", &page),
        ("/رياضة.atom", &feed),
        ("//other.example", &page),
    ];
    Published { documents: documents.map(|(path, document)| (path.to_owned(), Arc::clone(document))).into() }
}
