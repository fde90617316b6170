//! The nouns that flow through the house. This room knows nobody: no I/O, no clock, no decisions.
//!
//! `feeds.toml` → [`Source`], [`Section`], [`Site`] · a fetch → [`Retrieved`] · parse → [`RawFeed`] ·
//! normalize → [`Feed`] · ingest → [`Update`] of [`Entry`]s and one [`SourceState`] ·
//! merge → [`SectionFeed`] · render → [`Document`] · all of them → [`Published`].

mod archive;
mod clicks;
mod coding;
mod document;
mod entry;
mod episode;
mod feed;
mod fetched;
mod habit;
mod health;
mod hidden;
mod history;
mod id;
mod life;
mod notice;
mod policy;
mod published;
mod push;
mod raw;
mod rule;
mod section;
mod sketch;
mod source;
mod state;
mod subscriber;
mod update;

pub use archive::{ArchiveEnd, ArchivePage, ArchivePlace, Filing, Frozen};
pub use clicks::{Click, Clicks, Hour, hour_of};
pub use coding::Coding;
pub use document::{Document, Encoder, Kept, Lifetime, News, Packed, Piece, Pieces};
pub use entry::{DateOrigin, Entry, Identity, IdentityKind, Match, StoryReason};
pub use episode::{Episode, EpisodeKind, SideFile};
pub use feed::{Caption, Category, Clean, Enclosure, Feed, FeedEntry, Origin, Person, Reference, Schedules};
pub use fetched::{
    Answer, Body, FetchError, FetchErrorKind, Fetched, Hop, Links, Manners, Reading, Retrieved, Validators,
};
pub use habit::{Habit, Habits, Renamed, Trust};
pub use health::{Health, HealthKind, Ledger};
pub use hidden::{Hidden, Hiding, Named};
pub use history::History;
pub use id::{Digest, EntryKey, Hashing, IdentityKey, KeyKind, SectionId, SourceId};
pub use life::{Dropped, DroppedReason, Event, Stub, Was, What};
pub use notice::{Notice, Notices};
pub use policy::{Auth, ClientCert, FetchLimits, FetchPolicy, Hints, Network, Ports, Proxy, ProxyKind};
pub use published::{Also, Placed, Published, Removed, SectionFeed, SourceCard, Window};
pub use push::{Awaited, Denied, Intent, Push, Secret, Subscription, Trouble, Wish};
pub use raw::{
    Format, RawCast, RawCategory, RawEntry, RawFeed, RawLink, RawMedia, RawMediaKind, RawPerson, RawSideFile,
    RawSource, RawText, TextKind,
};
pub use rule::{Age, Condition, Field, Pattern, Rule, Rules};
pub use section::{PublishLimits, PushOut, Section, SectionOrder, Site, is_answered_by, is_on_site};
pub use sketch::{Candidate, Features, Sketch};
pub use source::{Crontab, Location, Schedule, Source};
pub use state::{Adopted, Moving, Owner, Quarantine, Rhythm, SourceState};
pub use subscriber::{Announcement, SignatureMethod, Subscriber, SubscriberKind, Topic};
pub use update::{Known, Problem, Tally, Update};

/// A moment, in UTC. Facts are kept in whole seconds, schedules in milliseconds.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
