//! What podcast clients need of an entry.

use serde::{Deserialize, Serialize};

/// The facts of a podcast episode, beside those of any entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Episode {
    /// The playing time in seconds.
    pub duration_seconds: Option<u32>,
    /// The number within the season.
    pub number: Option<u32>,
    /// The season.
    pub season: Option<u32>,
    /// Whether it is for adults.
    pub explicit: Option<bool>,
    /// What it is to its podcast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<EpisodeKind>,
    /// Its title without number and name of the podcast, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whom podcast directories name as its author, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A line about it, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// What podcast directories show of its text, plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Its own cover, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether its publisher keeps it out of podcast directories.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_blocked: bool,
    /// What is said in it, in the order of the document, at most [`Episode::TRANSCRIPTS_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<SideFile>,
    /// Where its chapters are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chapters: Option<SideFile>,
}

impl Episode {
    /// Transcripts of one episode that are kept: one for each of many languages and types.
    pub const TRANSCRIPTS_MAX: usize = 20;
}

/// What an episode is to its podcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EpisodeKind {
    /// An ordinary one.
    Full,
    /// A preview.
    Trailer,
    /// Something besides.
    Bonus,
}

impl EpisodeKind {
    /// As `itunes:episodeType` has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Trailer => "trailer",
            Self::Bonus => "bonus",
        }
    }
}

/// A file about an episode (podcastindex.org: `podcast:transcript`, `podcast:chapters`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideFile {
    /// Absolute.
    pub url: String,
    /// The MIME type.
    pub media_type: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// `captions` where it has the times at which things are said.
    pub relation: Option<String>,
}
