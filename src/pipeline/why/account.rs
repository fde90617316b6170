//! The life of an entry as `nashra why --json` prints it: one object a line for each entry that was found. Names
//! are stable; every `text` is a sentence for people, and may be worded better at any time.

use serde::{Deserialize, Serialize};

use crate::model::{DateOrigin, DroppedReason, IdentityKind, Renamed, StoryReason, Timestamp, What};
use crate::pipeline::section::Because;

/// What is known of one entry. `status` says which of the forms it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Account {
    /// It is stored.
    Stored(Box<Life>),
    /// It was listed and never taken in.
    Dropped(Gone),
    /// It was stored, and retention has removed it.
    Removed(Gone),
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// Where it lives: 32 hexadecimal digits.
    pub key: String,
    /// The id that readers see.
    pub id: String,
    /// As its source says it now.
    pub title: Option<String>,
    /// The same.
    pub link: Option<String>,
    /// Our own page of it; there is one as long as any section shows it.
    pub page: String,
    /// Who carries it.
    pub source: SourceAccount,
    /// How it came.
    #[serde(flatten)]
    pub came: Came,
    /// How it is recognised.
    pub identity: Identified,
    /// Where its id comes from.
    pub published_id: PublishedId,
    /// When it counts as published, and why.
    pub dates: Dates,
    /// Its language, else that of its feed.
    pub language: Option<String>,
    /// Which story it tells.
    pub story: StoryAccount,
    /// The last change that readers were told of.
    pub updated: Option<Timestamp>,
    /// How often its facts were replaced.
    pub revision: u32,
    /// What happened to it, the latest last: the first and the latest events.
    pub changes: Vec<Change>,
    /// Whether its source still lists it.
    pub listing: Listing,
    /// Whether the admin took it out of every output.
    pub hidden: bool,
    /// What each section makes of it, in the order of feeds.toml.
    pub sections: Vec<Place>,
}

/// Who carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceAccount {
    /// Its key in feeds.toml.
    pub id: String,
    /// The admin's title, else the feed's own.
    pub title: Option<String>,
    /// The configured address; `null` where it has left feeds.toml.
    pub url: Option<String>,
    /// What is asked in its place, where it has moved.
    pub asked_at_url: Option<String>,
    /// Whether it is in feeds.toml.
    pub configured: bool,
    /// Whether it is polled.
    pub enabled: bool,
    /// The last failure; `null` where it answered well the last time.
    pub error: Option<String>,
    /// Why its answers are not taken in.
    pub quarantine: Option<String>,
    /// When most of its entries last came under other ids or links and were recognised.
    pub renamed: Option<Renamed>,
    /// Since when its guids are no keys, because they change with every document or are the same for all.
    pub guids_useless_since: Option<Timestamp>,
    /// The same of its links.
    pub links_useless_since: Option<Timestamp>,
}

/// How it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// When.
    pub first_seen: Timestamp,
    /// Whether it came with the first fetch of its source.
    pub backfill: bool,
    /// The same for people.
    #[serde(rename = "came")]
    pub text: String,
}

/// How it is recognised in its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// By what.
    pub kind: IdentityKind,
    /// The guid, the canonical link, or the hash.
    pub value: String,
    /// How many guids lead to it, that one among them.
    pub guids: usize,
    /// How many links.
    pub links: usize,
    /// How many titles with their dates.
    pub titles: usize,
    /// For people.
    pub text: String,
}

/// Where the id that readers see comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedId {
    /// The id.
    pub id: String,
    /// Whether the source gave it.
    pub own: bool,
    /// Who has the id that the source gave, where that is another entry.
    pub taken_by: Option<Relative>,
    /// For people.
    pub text: String,
}

/// When it counts as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// What counts; it never changes.
    pub published: Timestamp,
    /// Where it comes from.
    pub origin: DateOrigin,
    /// What the source says now.
    pub said_published: Option<Timestamp>,
    /// The same of its last change.
    pub said_updated: Option<Timestamp>,
    /// For people.
    pub text: String,
}

/// Which story it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryAccount {
    /// The key of the story's first entry: what `story` is in `nashra entries --json`.
    pub key: String,
    /// Why it belongs there.
    pub reason: StoryReason,
    /// With which entry it was matched; `null` for the first of a story, and where that one is gone.
    pub matched: Option<Relative>,
    /// How alike they were, 0 to 100.
    pub score_percent: Option<u8>,
    /// The other stored entries of the story.
    pub others: Vec<Relative>,
    /// Entries with the same link or title that tell another story.
    pub apart: Vec<Apart>,
    /// For people.
    pub text: String,
}

/// An entry that is like it, and is not of its story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// The other one.
    #[serde(flatten)]
    pub other: Relative,
    /// What is the same.
    pub alike: StoryReason,
    /// What keeps them apart, for people.
    pub text: String,
}

/// Another entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relative {
    /// Its key.
    pub key: String,
    /// The id that readers see.
    pub id: String,
    /// Who carries it.
    pub source: String,
    /// Its title.
    pub title: Option<String>,
}

/// Something that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// Whether it became what it had been before.
    pub returned: bool,
    /// For people.
    pub text: String,
}

/// Whether its source still lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Whether the last good answer did.
    pub listed: bool,
    /// Since when it does not.
    pub not_since: Option<Timestamp>,
    /// When retention will remove it.
    pub removed_at: Option<Timestamp>,
    /// For people.
    pub text: String,
}

/// What one section makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The section.
    pub section: String,
    /// Whether it belongs there.
    pub belongs: bool,
    /// Why, or why not.
    #[serde(flatten)]
    pub because: Because,
    /// The same for people.
    pub reason: String,
    /// Its position in the section's live feeds and page, from 1; `null` where they do not show it.
    pub position: Option<usize>,
    /// How many entries they show.
    pub of: usize,
    /// The entry of its story that stands there in its place.
    pub behind: Option<Relative>,
    /// Where it stands, or why it is not shown, for people.
    pub text: String,
}

/// An entry that is not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Who listed it; `null` where that is forgotten.
    pub source: Option<String>,
    /// The id that its source gave it.
    pub source_id: Option<String>,
    /// The id that readers saw, where it was stored.
    pub id: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its link.
    pub link: Option<String>,
    /// When it was dropped or removed; `null` where that is forgotten.
    pub at: Option<Timestamp>,
    /// When it counted as published.
    pub published: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen: Option<Timestamp>,
    /// Why; `null` where that is forgotten.
    pub reason: Option<DroppedReason>,
    /// The entry that it repeats.
    pub of: Option<Relative>,
    /// For people.
    pub text: String,
}
