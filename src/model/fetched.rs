//! What asking a source once brought back: first bytes, then their reading.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

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
    /// What was said beside the document.
    pub manners: Manners,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, FetchError>,
}

/// What an exchange said beside its document, and what it cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// Every request that was made for it, in order; none for files.
    pub hops: Vec<Hop>,
    /// How long the answer stays fresh, in seconds: `max-age`, else `Expires`, less the `Age` that it has
    /// (RFC 9111 §4.2.1). `None` where nothing is said.
    pub fresh_seconds: Option<u64>,
    /// How long the server asked us to stay away, in seconds: the longest `Retry-After` of a 429, a 503, a
    /// redirect (RFC 9110 §10.2.3) or any other answer that is no document.
    pub retry_after_seconds: Option<u64>,
    /// Where an unbroken chain of 301 and 308, from the address that was asked, leads; `None` where the first
    /// answer was no such redirect.
    pub permanent: Option<Url>,
    /// The address of the last hop; `None` for files.
    pub url: Option<Url>,
    /// What the `Link` headers of the last hop say of hubs.
    pub links: Links,
}

/// What `Link` headers (RFC 8288) say of hubs and of the document's own address; absolute http or https, written as
/// they came where they were absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// `rel=hub`, in order.
    pub hubs: Vec<String>,
    /// The first `rel=self`.
    pub own: Option<String>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The host as politeness counts hosts: the registrable domain, else the address, and the port where it is
    /// neither 80 nor 443.
    pub host: String,
    /// The status; `None` where no answer came.
    pub status: Option<u16>,
    /// Bytes of the body as they came.
    pub wire_bytes: u64,
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
    /// Whether it holds only what changed since the validators that were sent (226, RFC 3229 with the
    /// instance manipulation `feed`): what is not in it is still there.
    pub is_delta: bool,
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
    /// 410: it is gone for good, says its server.
    Gone,
    /// Somebody before the server keeps robots out.
    Wall,
    /// robots.txt forbids it.
    Robots,
    /// Nothing was sent: its host wants to be left alone by us for now.
    Held,
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
    /// What was said beside the document.
    pub manners: Manners,
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
        /// Whether it holds only what changed.
        is_delta: bool,
        /// What to send back next time.
        validators: Validators,
    },
    /// The fetch failed.
    Failed(FetchError),
    /// Something came, but it is no feed: one clear line.
    NotAFeed(String),
}
