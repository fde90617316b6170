//! What a document says of a podcast episode, as written.

use super::RawText;

/// An episode in the inner shape, beside what [`super::RawEntry`] has of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawCast {
    /// `itunes:episodeType`, unread.
    pub kind: Option<String>,
    /// `itunes:title`.
    pub title: Option<RawText>,
    /// `itunes:author`.
    pub author: Option<String>,
    /// `itunes:subtitle`.
    pub subtitle: Option<RawText>,
    /// `itunes:summary`.
    pub summary: Option<RawText>,
    /// `itunes:image`, unresolved.
    pub image: Option<String>,
    /// `itunes:block`, unread.
    pub block: Option<String>,
    /// `podcast:transcript`, in document order.
    pub transcripts: Vec<RawSideFile>,
    /// `podcast:chapters`.
    pub chapters: Option<RawSideFile>,
}

/// A file about an episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawSideFile {
    /// Unresolved.
    pub url: String,
    /// The MIME type.
    pub media_type: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// `rel`.
    pub relation: Option<String>,
}
