//! What one poll changes, as a value that can be printed, stored in one commit, and tested.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Candidate, Dropped, Entry, EntryKey, IdentityKey, Sketch, SourceId, SourceState, Timestamp};

/// Something that was repaired, guessed or not understood; never a reason to stop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// A short stable word with dashes, such as `bad-date`.
    pub code: String,
    /// A sentence for the admin.
    pub message: String,
}

impl Problem {
    /// A problem with this code and sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// What the store knows of the entries that a fetch lists, looked up by their keys.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Which entry each key belongs to; keys that nobody has are absent.
    ///
    /// A key may point to an entry that is not in `entries` any more: retention removed it, and the
    /// key is its tombstone.
    pub keys: HashMap<IdentityKey, EntryKey>,
    /// The entries that `keys` point to, where they are still stored.
    pub entries: HashMap<EntryKey, Entry>,
    /// Entries of other sources that may tell the event of a listed entry, by the key that it is named after; the
    /// best first. They are in `entries` as well.
    pub near: HashMap<IdentityKey, Vec<Candidate>>,
}

/// What one poll of one source changes. Applied in one atomic commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The source that was polled.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// Its state from now on.
    pub state: SourceState,
    /// Entries that nobody had seen before.
    pub new: Vec<Entry>,
    /// Entries whose facts changed, whole.
    pub changed: Vec<Entry>,
    /// Keys to add, each with the entry that it leads to.
    pub keys: Vec<(IdentityKey, EntryKey)>,
    /// What the index of stories keeps of each new entry, in the order of `new`.
    pub sketches: Vec<Sketch>,
    /// Listed entries that were not taken in, and why.
    pub dropped: Vec<Dropped>,
    /// Entries that the source listed before and does not list any more: retention counts from now.
    pub delisted: Vec<EntryKey>,
    /// Entries that the source lists again.
    pub relisted: Vec<EntryKey>,
    /// The numbers for the log and the summary.
    pub tally: Tally,
    /// What the admin should hear of.
    pub problems: Vec<Problem>,
}

impl Update {
    /// One that changes nothing but the state of its source.
    pub fn about(source: SourceId, state: SourceState, at: Timestamp) -> Self {
        Self {
            source,
            at,
            state,
            new: vec![],
            changed: vec![],
            keys: vec![],
            sketches: vec![],
            dropped: vec![],
            delisted: vec![],
            relisted: vec![],
            tally: Tally::default(),
            problems: vec![],
        }
    }
}

/// The numbers of one poll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Entries in the document.
    pub seen: usize,
    /// Entries stored for the first time.
    pub new: usize,
    /// Entries with a meaningful change.
    pub updated: usize,
    /// Entries that repeat another entry of the same document, or a story that another source told first.
    pub duplicates: usize,
}
