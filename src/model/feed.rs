//! A feed after `normalize`: plain titles, sanitised HTML, absolute URLs, dates in UTC.

use serde::{Deserialize, Serialize};

use super::{Episode, Format, Problem, Timestamp};

/// A feed document as we understood it; `nashra parse` prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// The dialect it was written in.
    pub format: Format,
    /// `atom:id`.
    pub id: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// The page that the feed belongs to, absolute.
    pub link: Option<String>,
    /// Plain text.
    pub description: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// When the feed says that it last changed.
    pub updated: Option<Timestamp>,
    /// Whoever the feed names.
    pub authors: Vec<Person>,
    /// Logo, absolute.
    pub image: Option<String>,
    /// The feed's hints on when to come again.
    pub schedules: Schedules,
    /// The WebSub hubs, absolute, in the order of the document; at most [`super::Push::HUBS_MAX`].
    pub hubs: Vec<String>,
    /// The feed's own address as it names it, absolute.
    pub self_url: Option<String>,
    /// Copyright, plain text.
    pub rights: Option<String>,
    /// Entries in document order.
    pub entries: Vec<FeedEntry>,
    /// Entries that say nothing, as far as somebody could ask for them: at most [`super::Dropped::OF_ONE_DOCUMENT_MAX`].
    pub empty: Vec<FeedEntry>,
    /// What had to be repaired or could not be understood.
    pub problems: Vec<Problem>,
}

/// A feed's hints on when to come again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedules {
    /// RSS `ttl`.
    pub ttl_minutes: Option<u32>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`.
    pub period_seconds: Option<u32>,
    /// `sy:updateBase`: a moment from which the periods are counted.
    pub period_base: Option<Timestamp>,
    /// Hours (UTC) in which nobody should ask, each 0 to 23, ascending.
    pub skip_hours: Vec<u8>,
    /// Days (UTC) on which nobody should ask: 0 is Monday, 6 is Sunday, ascending.
    pub skip_days: Vec<u8>,
}

/// An entry as a source lists it now; what nashra decides about it is in [`super::Entry`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// guid or `atom:id`, as written, surrounding space removed.
    pub id: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// The page, absolute, as the source gave it.
    pub link: Option<String>,
    /// The link before a feed proxy rewrote it, absolute.
    pub original_link: Option<String>,
    /// Sanitised HTML.
    pub summary: Option<String>,
    /// Sanitised HTML.
    pub content: Option<String>,
    /// The date that the source gave; not judged.
    pub published: Option<Timestamp>,
    /// The date of change that the source gave; not judged.
    pub updated: Option<Timestamp>,
    /// Authors.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories, without doubles.
    pub categories: Vec<Category>,
    /// Files, without doubles.
    pub enclosures: Vec<Enclosure>,
    /// The lead image, absolute.
    pub image: Option<String>,
    /// What is said of it; `None` where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Caption>,
    /// The page of comments, absolute.
    pub comments: Option<String>,
    /// Pages that it names beside its own, without doubles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Where the publisher took it from.
    pub origin: Option<Origin>,
    /// BCP 47.
    pub language: Option<String>,
    /// Copyright, plain text.
    pub rights: Option<String>,
    /// What a podcast client needs.
    pub episode: Option<Episode>,
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name, or the address where there is no name.
    pub name: String,
    /// An e-mail address.
    pub email: Option<String>,
    /// A page, absolute.
    pub url: Option<String>,
}

/// A category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The machine's word.
    pub term: String,
    /// The vocabulary that it is from.
    pub scheme: Option<String>,
    /// The human's word, where it differs.
    pub label: Option<String>,
}

/// A file that belongs to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute.
    pub url: String,
    /// The MIME type.
    pub media_type: Option<String>,
    /// The size in bytes.
    pub length: Option<u64>,
    /// The playing time in seconds.
    pub duration_seconds: Option<u32>,
    /// A human title.
    pub title: Option<String>,
}

/// The feed from which a publisher took the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its title, plain text.
    pub title: Option<String>,
    /// Its address, absolute.
    pub url: Option<String>,
}

/// A page that an entry names beside its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Absolute.
    pub url: String,
    /// Plain text.
    pub title: Option<String>,
    /// Whether the publisher took the news from there (`via`); otherwise it is `related` (RFC 4287 §4.2.7.2).
    pub is_origin: bool,
}

/// What a source says of the lead image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caption {
    /// What it shows, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text below it, plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who made it, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Its width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// Sanitised HTML and what was found on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clean {
    /// Safe to show on any page; empty where nothing was left.
    pub html: String,
    /// The first real image in it, absolute.
    pub lead_image: Option<String>,
}
