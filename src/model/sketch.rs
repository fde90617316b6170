//! What is kept at hand of an entry so that other coverage of its event, and what is related to it, can be found
//! without reading the store.

use super::{EntryKey, SourceId, Timestamp};

/// An entry in the index of stories.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// The entry.
    pub key: EntryKey,
    /// The story that it belongs to.
    pub story: EntryKey,
    /// Who carries it.
    pub source: SourceId,
    /// When nashra first saw it, in whole seconds.
    pub first_seen: Timestamp,
    /// What it is compared by.
    pub features: Features,
}

/// What an entry is compared by; `pipeline::story` makes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// The hashes of the stems of its title's words, in their order, at most [`Features::TERMS_MAX`].
    pub terms: Vec<u32>,
}

impl Features {
    /// Terms that are kept of one title.
    pub const TERMS_MAX: usize = 32;
}

/// A stored entry that may be about the same event as a listed one, as its title tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The stored entry.
    pub key: EntryKey,
    /// How alike the titles are, 0 to 100.
    pub score_percent: u8,
    /// Whether the titles alone do not suffice: the texts must speak for it.
    pub needs_text: bool,
}
