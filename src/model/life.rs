//! The life of an entry after it was first seen, and what is remembered of those that were not taken in.

use serde::{Deserialize, Serialize};

use super::{Digest, Entry, EntryKey, SourceId, Timestamp};

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
    /// Changes of id that are written down of one entry: whoever gives a new id at every fetch is known by then.
    pub const RENAMES_MAX: usize = 3;
}

impl Entry {
    /// Writes down what happened to it. Where that becomes too much, the first event stays and the second one goes.
    pub fn note(&mut self, event: Event) {
        if self.life.len() >= Event::LIFE_MAX {
            self.life.remove(1);
        }
        self.life.push(event);
    }
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
        /// The digest that it had before, where it has another one since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Digest>,
    },
    /// Its source gives it another id; it was recognised by something else.
    Renamed {
        /// The id that it has there now.
        id: Option<String>,
    },
    /// Its source shows it at another address.
    Moved {
        /// The address before.
        from: Option<String>,
    },
    /// The admin took it out of every output.
    Hidden {
        /// Whether with its whole story, and all that joins it.
        story: bool,
    },
    /// The admin let it back.
    Unhidden,
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
    /// The canonical form of the link, by which it is found, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub reason: DroppedReason,
}

impl Dropped {
    /// Entries of one document that are remembered as dropped.
    pub const OF_ONE_DOCUMENT_MAX: usize = 500;
}

/// What is remembered of an entry that was not taken in, or is stored no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stub {
    /// Who listed it.
    pub source: SourceId,
    /// When it was dropped, or removed.
    pub at: Timestamp,
    /// What it was, and why it is not there.
    #[serde(flatten)]
    pub dropped: Dropped,
    /// What else is known of one that was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
}

/// What an entry was that retention removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// The id that readers saw.
    pub published_id: String,
    /// When it counted as published.
    pub published: Timestamp,
    /// When nashra first saw it.
    pub first_seen: Timestamp,
}

impl Stub {
    /// The stub of a stored entry that is removed at this moment.
    pub fn of_removed(entry: &Entry, at: Timestamp) -> Self {
        let said = &entry.said;
        Self {
            source: entry.source.clone(),
            at,
            dropped: Dropped {
                id: said.id.clone(),
                title: said.title.clone(),
                link: said.link.clone(),
                page: None,
                reason: DroppedReason::Expired { entry: entry.key },
            },
            was: Some(Was {
                published_id: entry.id.clone(),
                published: entry.published,
                first_seen: entry.first_seen,
            }),
        }
    }
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
