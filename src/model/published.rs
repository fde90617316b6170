//! What is derived for readers: section feeds, documents, and the snapshot that is served.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::{Clicks, Digest, Entry, EntryKey, Section, SectionId, SourceId, Timestamp};

/// The stored entries that can appear in a live feed, and who they are from.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Entries by key: oldest first.
    pub entries: BTreeMap<EntryKey, Arc<Entry>>,
    /// The sections of each entry under the rules in force; where one is absent the rules are asked.
    pub places: BTreeMap<EntryKey, Vec<SectionId>>,
    /// The entries that lead the stories related to an entry, in the order in which they were found. All of them are
    /// shown by some section.
    pub related: BTreeMap<EntryKey, Vec<Arc<Entry>>>,
    /// How often readers opened which entry.
    pub clicks: Clicks,
    /// Every source that an entry may name.
    pub sources: BTreeMap<SourceId, Arc<SourceCard>>,
}

/// A source as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCard {
    /// Its key in feeds.toml.
    pub id: SourceId,
    /// The admin's title, else the feed's own, else the key.
    pub title: String,
    /// The page that the feed belongs to.
    pub link: Option<String>,
    /// The feed's address; `None` for local files, whose paths are nobody's business.
    pub feed_url: Option<String>,
    /// The feed's own id, else its address, else a urn:uuid.
    pub feed_id: String,
    /// The feed's language, for entries that do not name their own.
    pub language: Option<String>,
}

/// What one section shows, newest first, before any format is chosen.
#[derive(Clone, Debug)]
pub struct SectionFeed {
    /// The section.
    pub section: Section,
    /// Its entries, newest first by (published, id).
    pub placed: Vec<Placed>,
    /// The newest change of any of them; the epoch where there is none.
    pub updated: Timestamp,
    /// The hash of all that its documents are made from: equal means equal bytes.
    pub fingerprint: Digest,
}

/// An entry at its place in a section.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The entry that stands for its story here.
    pub entry: Arc<Entry>,
    /// Its source.
    pub source: Arc<SourceCard>,
    /// The other entries of its story.
    pub also: Vec<Also>,
    /// The stories nearest to it, the nearest first.
    pub related: Vec<Also>,
}

/// Another entry that is named beside one: other coverage of its story, or a related story.
#[derive(Clone, Debug)]
pub struct Also {
    /// The other entry.
    pub entry: Arc<Entry>,
    /// Its source.
    pub source: Arc<SourceCard>,
}

/// A document ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// With charset.
    pub content_type: &'static str,
    /// The bytes as they are.
    pub identity: Bytes,
    /// The same, gzip-compressed.
    pub gzip: Bytes,
    /// The strong ETag of `identity`, with its quotes.
    pub etag: String,
    /// The strong ETag of `gzip`, with its quotes.
    pub etag_gzip: String,
    /// The newest change in it; `None` where there is none yet.
    pub last_modified: Option<Timestamp>,
    /// What it was made from; a document is only rendered again when this changes.
    pub fingerprint: Digest,
}

/// Every document that is served: immutable, swapped as a whole.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Documents by path, with the leading slash, percent-decoded.
    pub documents: HashMap<String, Arc<Document>>,
}
