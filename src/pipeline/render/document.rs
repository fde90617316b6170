//! Bytes to a document that is ready to be sent, with a strong validator.

use super::pack::packed;
use crate::model::{Digest, Document, Kept, Lifetime, Packed, Timestamp};

/// What is good for a minute where nobody says otherwise.
const LIFETIME: Lifetime = Lifetime(60);

/// Prepares `body` to be sent. Its version is a hash of the very bytes, so entity tags hold across restarts and machines;
/// its other codings are made when they are needed, or beside (see [`Document::body`]).
pub fn document(
    content_type: &'static str,
    body: Vec<u8>,
    last_modified: Option<Timestamp>,
    fingerprint: Digest,
) -> Document {
    Document {
        content_type,
        version: Digest::of([body.as_slice()]),
        identity: body.into(),
        packed: Packed::by(packed),
        last_modified,
        lifetime: LIFETIME,
        fingerprint,
        pieces: None,
        links: None,
        history: None,
        kept: Kept::default(),
    }
}
