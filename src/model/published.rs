//! What is derived for readers: section feeds, documents, and the snapshot that is served.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
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
    /// What the admin took out of each section, the newest first.
    pub removed: BTreeMap<SectionId, Vec<Removed>>,
    /// The number of each section's newest archive page; absent where it has none.
    pub archives: BTreeMap<SectionId, u64>,
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
    /// The number of its newest archive page (RFC 5005); `None` where it has none.
    pub archive: Option<u64>,
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
    /// Where its entries stand in `identity`; `None` where it has none, or is no feed.
    pub pieces: Option<Pieces>,
}

/// Where the entries of a feed stand in its bytes. What is before the first and behind the last is the same however
/// many of them are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// What stands between two of them.
    pub separator: &'static str,
    /// They, in the order of the document; never empty.
    pub list: Vec<Piece>,
}

/// One entry of a document, or one notice that there is none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The hash of its bytes: equal means that readers have it already.
    pub digest: Digest,
    /// Where it stands in the document.
    pub range: Range<usize>,
    /// What it tells; `None` where nobody is to be told of it, as of what came with the first fetch of a source.
    pub news: Option<News>,
}

/// What an entry has to tell those who are told of news. It stays the same while only other stories around the entry
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Which entry.
    pub entry: Digest,
    /// Which version of it.
    pub version: Digest,
    /// Since when; `None` where it is news whenever it appears, as in what is read most.
    pub at: Option<Timestamp>,
}

impl Document {
    /// The document without the entries that are `known`; `None` where it has no entries at all.
    pub fn without(&self, known: &HashSet<Digest>) -> Option<Vec<u8>> {
        let pieces = self.pieces.as_ref()?;
        let (first, last) = (pieces.list.first()?, pieces.list.last()?);
        let mut out = self.identity.get(..first.range.start)?.to_vec();
        let news = pieces.list.iter().filter(|piece| !known.contains(&piece.digest));
        for (index, piece) in news.enumerate() {
            if index > 0 {
                out.extend_from_slice(pieces.separator.as_bytes());
            }
            out.extend_from_slice(self.identity.get(piece.range.clone())?);
        }
        out.extend_from_slice(self.identity.get(last.range.end..)?);
        Some(out)
    }
}

/// Every document that is served: immutable, swapped as a whole.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Documents by path, with the leading slash, percent-decoded.
    pub documents: HashMap<String, Arc<Document>>,
}
