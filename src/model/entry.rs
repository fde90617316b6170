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
    /// The digests that it had before, the latest last, at most [`Entry::FORMER_MAX`]: a source that goes back to
    /// one of them says nothing new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Digest>,
    /// How often `said` was replaced, whether a reader was told so or not.
    #[serde(default)]
    pub revision: u32,
    /// What happened to it after it was first seen, the latest last, at most [`Event::LIFE_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub life: Vec<Event>,
}

impl Entry {
    /// Former versions that are remembered.
    pub const FORMER_MAX: usize = 4;

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
    /// The source gave the beginning of some calendar, such as 1970: first seen, as if there were none.
    Absurd,
}

impl DateOrigin {
    /// Whether a date is what programs write that have none: the zero of Unix (also as read in milliseconds, which
    /// are January 1970), FAT, classic Mac OS, OLE, .NET or databases, in any time zone. A real date of the last
    /// century is none: archives have feeds, too.
    pub fn is_absurd(at: Timestamp) -> bool {
        // Seconds from 1970, each from 14 hours before a beginning to 14 hours after its day.
        const OF_UNIX: std::ops::Range<i64> = -50_400..2_678_400;
        const OF_FAT: std::ops::Range<i64> = 315_482_400..315_669_600;
        const OF_MAC: std::ops::Range<i64> = -2_082_895_200..-2_082_708_000;
        /// All before 1900-01-02T14:00:00Z.
        const CENTURY: i64 = -2_208_852_000;
        let at = at.timestamp();
        at < CENTURY || [OF_UNIX, OF_FAT, OF_MAC].iter().any(|zero| zero.contains(&at))
    }
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
    /// Its link differs in nothing but the host from that of the source whose mirror one of the two is.
    Mirror,
    /// Its title is nearly the same as that of another source's entry within 72 hours.
    NearDuplicate,
    /// Its text is nearly the same as that of another source's entry within 72 hours, or both texts speak of both
    /// titles, which alone would not tell.
    SameText,
}
