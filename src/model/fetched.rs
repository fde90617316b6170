//! What asking a source once brought back: first bytes, then their reading.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Digest, Feed, Timestamp};

/// The answer of the fetch door, before anybody has read it.
#[derive(Clone, Debug)]
pub struct Retrieved {
    /// When the answer was complete.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// What came over the wire, in bytes, still compressed.
    pub wire_bytes: u64,
    /// The HTTP status of the last hop; `None` for files and for connections that failed.
    pub status: Option<u16>,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, FetchError>,
}

/// A good answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 304, or a file that did not change.
    NotModified {
        /// The validators that the answer carried; absent ones keep their old value.
        validators: Validators,
    },
    /// A document.
    Body(Body),
}

/// A document, decompressed and within its limit.
#[derive(Clone, Debug)]
pub struct Body {
    /// The decoded bytes.
    pub bytes: Bytes,
    /// The `Content-Type` as received.
    pub content_type: Option<String>,
    /// The address that answered, after redirects: the base of relative links.
    pub url: String,
    /// What to send back next time.
    pub validators: Validators,
}

/// `ETag` and `Last-Modified`, kept byte for byte as received (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The bytes of `ETag`.
    pub etag: Option<Vec<u8>>,
    /// The bytes of `Last-Modified`; for a file its time of change and size.
    pub last_modified: Option<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// The class of the failure.
    pub kind: FetchErrorKind,
    /// One sentence that names the place and, where there is one, the remedy.
    pub message: String,
    /// How long the server asked us to stay away, in seconds (`Retry-After`).
    pub retry_after_seconds: Option<u64>,
}

/// The class of a failure to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchErrorKind {
    /// The name does not resolve, or nobody answers there.
    Connect,
    /// The address is one that sources may not live at.
    Forbidden,
    /// TLS failed.
    Tls,
    /// The whole exchange took longer than `timeout`.
    Timeout,
    /// The status was neither 2xx, 304 nor a redirect that we follow.
    Status,
    /// Too many redirects, a loop, or one without a target.
    Redirect,
    /// More bytes than `max_body`, on the wire or decoded.
    TooLarge,
    /// The answer broke off or could not be decoded.
    Broken,
    /// The file cannot be read.
    File,
    /// The request cannot be made: a secret is missing, or a header or address cannot be sent.
    Unsendable,
}

/// What asking a source once brought back, read: the input of `ingest`.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// When the answer was complete.
    pub at: Timestamp,
    /// How long it took, in milliseconds, without the reading.
    pub elapsed_ms: u64,
    /// What came over the wire, in bytes.
    pub wire_bytes: u64,
    /// The HTTP status of the last hop.
    pub status: Option<u16>,
    /// What it means.
    pub reading: Reading,
}

/// What a fetch means for its source.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Nothing changed since the last time.
    Unchanged {
        /// The validators that the answer carried; absent ones keep their old value.
        validators: Validators,
    },
    /// A feed.
    Feed {
        /// The feed.
        feed: Box<Feed>,
        /// The hash of the document's bytes: the same bytes need no second reading.
        document: Digest,
        /// What to send back next time.
        validators: Validators,
    },
    /// The fetch failed.
    Failed(FetchError),
    /// Something came, but it is no feed: one clear line.
    NotAFeed(String),
}
