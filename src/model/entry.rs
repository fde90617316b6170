//! An entry: the facts that a source stated and the decisions that were taken on them.

use serde::{Deserialize, Serialize};

use super::{Digest, EntryKey, Event, FeedEntry, SourceId, Timestamp};

/// One entry of one source, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it lives; never changes.
    pub key: EntryKey,
    /// The id that readers see; never changes (RFC 4287 §4.2.6).
    pub id: String,
    /// Who carries it.
    pub source: SourceId,
    /// How it is recognised in its source.
    pub identity: Identity,
    /// What the source says now.
    pub said: FeedEntry,
    /// When it counts as published; decides its place and never changes.
    pub published: Timestamp,
    /// Where `published` comes from.
    pub dated: DateOrigin,
    /// When nashra first saw it.
    pub first_seen: Timestamp,
    /// The milliseconds that were cut from `first_seen`: which of two entries of one second came first.
    #[serde(default)]
    pub first_seen_millis: u16,
    /// When nashra last saw a meaningful change; `None` until the first one.
    pub updated: Option<Timestamp>,
    /// Whether it came with the first fetch of its source: shown in date order, never announced.
    pub backfill: bool,
    /// The first entry of its story; its own key where it stands alone.
    pub story: EntryKey,
    /// Why it belongs to that story.
    pub story_reason: StoryReason,
    /// With which entry it was matched, and how well; `None` for the first of a story, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<Match>,
    /// The hash of what counts as a meaningful change: title, text and link.
    pub digest: Digest,
    /// How often `said` was replaced, whether a reader was told so or not.
    #[serde(default)]
    pub revision: u32,
    /// What happened to it after it was first seen, the latest last, at most [`Event::LIFE_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub life: Vec<Event>,
}

impl Entry {
    /// The last moment at which readers saw something new in it.
    pub fn changed_at(&self) -> Timestamp {
        self.updated.unwrap_or(self.first_seen)
    }
}

/// How an entry is recognised in its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Which of the three ways.
    pub kind: IdentityKind,
    /// The guid, the canonical link, or the hash in hexadecimal digits.
    pub value: String,
}

/// The ways to recognise an entry in its source, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// By guid or `atom:id`.
    Guid,
    /// By canonical link.
    Link,
    /// By the hash of title and content.
    Content,
}

/// Where the date of an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrigin {
    /// The source gave it.
    Source,
    /// The source gave none for publication, but one for the last change.
    SourceUpdated,
    /// The source gave none: first seen.
    Missing,
    /// The source gave one in the future: first seen, lest it sit on top until its day comes.
    Future,
}

/// The entry of another source with which one was found to be one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The other entry.
    pub with: EntryKey,
    /// How alike they are, 0 to 100; 100 where link or title are equal.
    pub score_percent: u8,
}

/// Why an entry belongs to its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoryReason {
    /// It is the first of its story.
    First,
    /// Its canonical link equals that of another source's entry.
    SameLink,
    /// Its folded title equals that of another source's entry within 72 hours, and the texts do not speak
    /// against it.
    SameTitle,
    /// Titles, or titles and texts, are nearly the same as those of another source's entry within 72 hours.
    NearDuplicate,
}
