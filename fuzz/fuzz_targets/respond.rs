//! Any path and any headers: a known status, and a body only where there may be one.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use nashra::edge::serve::{Request, respond};
use nashra::model::{Coding, Digest, Document, History, Piece, Pieces, Published};
use nashra::pipeline::render::document;

const BODY: &[u8] = b"<feed><entry>1</entry><entry>2</entry></feed>";

/// A document that has a former version, without its second entry, and an empty one before it.
static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let piece = |range: std::ops::Range<usize>| Piece { digest: Digest::of([&BODY[range.clone()]]), range, news: None };
    let list = vec![piece(6..22), piece(22..38)];
    let new = document("application/atom+xml; charset=utf-8", BODY.to_vec(), None, Digest([0; 16]));
    let history = History::default().followed_by(Digest([0; 16]), &[]).followed_by(Digest([1; 16]), &list[..1]);
    let history = Some(Arc::new(history.followed_by(new.version, &list)));
    let document = Document { pieces: Some(Pieces { separator: "", list }), history, ..new };
    Published { documents: [("/a.atom".to_owned(), Arc::new(document))].into(), is_starting: false }
});

fuzz_target!(|input: (bool, &str, Vec<(u8, &[u8])>)| {
    let (head, path, lines) = input;
    let names = [
        ACCEPT_ENCODING,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_MATCH,
        HeaderName::from_static("a-im"),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in lines.into_iter().take(16) {
        let name = &names[usize::from(name) % names.len()];
        // Nobody guesses a hash: the digits stand for the former versions and for the present one.
        let present = PUBLISHED.documents["/a.atom"].version;
        let value = match value {
            [b'0'] => Coding::Identity.etag(Digest([0; 16])).into_bytes(),
            [b'1'] => Coding::Br.etag(Digest([1; 16])).into_bytes(),
            [b'2'] => Coding::Gzip.etag(present).into_bytes(),
            other => other.to_vec(),
        };
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(name, value);
        }
    }
    let method = if head { Method::HEAD } else { Method::GET };
    for path in [path, "/a.atom"] {
        let response = respond(&PUBLISHED, &Request { method: &method, path, headers: &headers });
        let bare = head || response.status() == StatusCode::NOT_MODIFIED;
        assert_eq!(response.body().is_empty(), bare, "{}", response.status());
        if response.status() == StatusCode::IM_USED {
            assert!(headers.contains_key("a-im") && headers.contains_key(IF_NONE_MATCH));
        }
    }
});
