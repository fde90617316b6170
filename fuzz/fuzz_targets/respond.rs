//! Any path and any headers: a known status, and a body only where there may be one.
#![no_main]

use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use nashra::edge::serve::{Request, respond};
use nashra::model::{Digest, Document, Published};

fuzz_target!(|input: (bool, &str, Vec<(u8, &[u8])>)| {
    let (head, path, lines) = input;
    let document = Document {
        content_type: "application/atom+xml; charset=utf-8",
        identity: "<feed/>".into(),
        gzip: "zipped".into(),
        etag: "\"a\"".to_owned(),
        etag_gzip: "\"b\"".to_owned(),
        last_modified: None,
        fingerprint: Digest([0; 16]),
        pieces: None,
        is_immutable: false,
    };
    let published = Published { documents: [("/a.atom".to_owned(), Arc::new(document))].into() };
    let names = [ACCEPT_ENCODING, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_MATCH];
    let mut headers = HeaderMap::new();
    for (name, value) in lines.into_iter().take(16) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(&names[usize::from(name) % names.len()], value);
        }
    }
    let method = if head { Method::HEAD } else { Method::GET };
    for path in [path, "/a.atom"] {
        let response = respond(&published, &Request { method: &method, path, headers: &headers });
        let bare = head || response.status() == StatusCode::NOT_MODIFIED;
        assert_eq!(response.body().is_empty(), bare, "{}", response.status());
    }
});
