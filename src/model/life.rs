//! The life of an entry after it was first seen, and what is remembered of those that were not taken in.

use serde::{Deserialize, Serialize};

use super::{EntryKey, Timestamp};

/// Something that happened to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// Events that are kept of one entry: the first and the latest.
    pub const LIFE_MAX: usize = 32;
}

/// What can happen to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// Its source changed it.
    Changed {
        /// Which parts: `title`, `text`, `link`, `files` and others.
        parts: Vec<String>,
        /// Whether readers were told.
        meaningful: bool,
    },
    /// Its source gives it another id; it was recognised by something else.
    Renamed {
        /// The id that it has there now.
        id: Option<String>,
    },
}

/// A listed entry that was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The id that its source gave it.
    pub id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its link.
    pub link: Option<String>,
    /// Why.
    pub reason: DroppedReason,
}

/// Why an entry was not taken in, or is there no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum DroppedReason {
    /// It has nothing that a reader could be shown.
    Empty,
    /// The document lists more entries than are taken in at once.
    TooMany,
    /// It repeats another entry of its document.
    Repeats {
        /// That entry.
        entry: EntryKey,
    },
    /// Retention removed it.
    Expired {
        /// What it was.
        entry: EntryKey,
    },
}
