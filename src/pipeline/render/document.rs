//! Bytes to a document that is ready to be sent: compressed in advance, with strong validators.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

use crate::model::{Digest, Document, Timestamp};

/// Level 6 of 9: the higher levels take twice the time for one part in a hundred.
const GZIP_LEVEL: u32 = 6;

/// Prepares `body` to be sent as it is and compressed. An ETag is a hash over the coding and the very
/// bytes that are sent (RFC 9110 §8.8.3.3), so it holds across restarts and no two codings share one.
pub fn document(
    content_type: &'static str,
    body: Vec<u8>,
    last_modified: Option<Timestamp>,
    fingerprint: Digest,
) -> Document {
    let gzip = compressed(&body);
    Document {
        content_type,
        etag: etag("identity", &body),
        etag_gzip: etag("gzip", &gzip),
        identity: body.into(),
        gzip: gzip.into(),
        last_modified,
        fingerprint,
        pieces: None,
        is_immutable: false,
    }
}

fn etag(coding: &str, bytes: &[u8]) -> String {
    format!("\"{}\"", Digest::of([coding.as_bytes(), bytes]))
}

/// RFC 1952 without name and time: the same bytes give the same bytes.
fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder =
        GzBuilder::new().mtime(0).write(Vec::with_capacity(body.len() / 4), Compression::new(GZIP_LEVEL));
    // A vector takes every byte, so neither step can fail.
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
