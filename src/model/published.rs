//! What is derived for readers: section feeds, and the snapshot of documents that is served.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{
    ArchiveEnd, ArchivePlace, Clicks, Digest, Document, Entry, EntryKey, Section, SectionId, SourceId,
    Timestamp,
};

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
    /// What the admin took out of each section, the newest first.
    pub removed: BTreeMap<SectionId, Vec<Removed>>,
    /// The newest page of each section's archive; absent where it has none.
    pub archives: BTreeMap<SectionId, ArchiveEnd>,
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
    /// The feed's own picture: its logo, or the cover of its podcast.
    pub image: Option<String>,
    /// The feed's copyright notice, plain text.
    pub rights: Option<String>,
}

/// What one section shows, newest first, before any format is chosen.
#[derive(Clone, Debug)]
pub struct SectionFeed {
    /// The section.
    pub section: Section,
    /// Its entries, newest first by (published, id).
    pub placed: Vec<Placed>,
    /// What the admin took out of it, the newest first: Atom says so (RFC 6721).
    pub removed: Vec<Removed>,
    /// Where its archive goes on (RFC 5005); `None` where nothing is older.
    pub archive: Option<ArchivePlace>,
    /// The newest change of any of them; the epoch where there is none.
    pub updated: Timestamp,
    /// The hash of all that its documents are made from: equal means equal bytes.
    pub fingerprint: Digest,
}

/// An entry that readers may have, but that nobody is to show any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its published id.
    pub id: String,
    /// When it was taken out, in whole seconds.
    pub at: Timestamp,
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

/// Every document that is served: immutable, swapped as a whole.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Documents by path, with the leading slash, percent-decoded.
    pub documents: HashMap<String, Arc<Document>>,
    /// Whether the store is not open yet: these are documents of a process before this one, and what is not among them
    /// may be there in a moment.
    pub is_starting: bool,
}
