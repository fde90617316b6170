//! What a feed document said, translated but not judged: the one inner shape behind the formats.
//!
//! Strings are as written (entities and CDATA resolved once), dates unread, URLs unresolved, missing
//! means missing. `normalize` decides what counts.

mod cast;

pub use cast::{RawCast, RawSideFile};

use super::Problem;

/// A feed document in the inner shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawFeed {
    /// The dialect it was written in.
    pub format: Format,
    /// `atom:id`, or JSON Feed's `feed_url` is in `links` instead.
    pub id: Option<String>,
    /// The feed's title.
    pub title: Option<RawText>,
    /// RSS `description`, Atom `subtitle`, JSON `description`.
    pub description: Option<RawText>,
    /// Every link with its relation; RSS `link` has the relation `alternate`.
    pub links: Vec<RawLink>,
    /// RSS `language`, `dc:language`, `xml:lang`, JSON `language`.
    pub language: Option<String>,
    /// The in-scope `xml:base` of the feed element, joined as far as it is absolute.
    pub base: Option<String>,
    /// Atom `updated` / `modified`, RSS `lastBuildDate`, `dc:date`, unread.
    pub updated: Option<String>,
    /// RSS `pubDate` of the channel, unread.
    pub published: Option<String>,
    /// Authors, managing editors, `itunes:author`.
    pub authors: Vec<RawPerson>,
    /// Logo or image, best first.
    pub images: Vec<String>,
    /// RSS `ttl`, in minutes, unread.
    pub ttl: Option<String>,
    /// RSS `skipHours`, unread.
    pub skip_hours: Vec<String>,
    /// RSS `skipDays`, unread.
    pub skip_days: Vec<String>,
    /// `sy:updatePeriod`, unread.
    pub update_period: Option<String>,
    /// `sy:updateFrequency`, unread.
    pub update_frequency: Option<String>,
    /// `sy:updateBase`, unread.
    pub update_base: Option<String>,
    /// Copyright.
    pub rights: Option<RawText>,
    /// The program that wrote the feed.
    pub generator: Option<String>,
    /// The feed's own categories.
    pub categories: Vec<RawCategory>,
    /// Items or entries, in document order.
    pub entries: Vec<RawEntry>,
    /// What had to be repaired or could not be understood.
    pub problems: Vec<Problem>,
}

/// The dialect of a feed document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// RSS 2.0 (and 2.0.x).
    #[default]
    Rss20,
    /// RSS 1.0: RDF Site Summary.
    Rss10,
    /// RSS 0.90, 0.91, 0.92, 0.93, 0.94.
    Rss09,
    /// Atom 1.0, RFC 4287.
    Atom10,
    /// Atom 0.3.
    Atom03,
    /// JSON Feed 1.0 and 1.1.
    Json1,
}

impl Format {
    /// The name that `nashra parse` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss20 => "rss2.0",
            Self::Rss10 => "rss1.0",
            Self::Rss09 => "rss0.9x",
            Self::Atom10 => "atom1.0",
            Self::Atom03 => "atom0.3",
            Self::Json1 => "json1.x",
        }
    }
}

/// A text with what the format said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawText {
    /// The text after XML's own unescaping; markup inside is still markup.
    pub value: String,
    /// Whether it is markup.
    pub kind: TextKind,
    /// The in-scope `xml:base`, where it differs from the entry's.
    pub base: Option<String>,
    /// The in-scope `xml:lang`, where it differs from the entry's.
    pub lang: Option<String>,
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextKind {
    /// Characters: `<b>` means a less-than sign, a b and a greater-than sign.
    Plain,
    /// HTML (XHTML is written out as HTML by parse, without its wrapping `div`).
    Html,
    /// RSS never says; `normalize` looks at it.
    #[default]
    Unknown,
}

/// A link with its relation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawLink {
    /// The target, unresolved.
    pub href: String,
    /// `alternate` where the document gave none.
    pub rel: String,
    /// The MIME type.
    pub media_type: Option<String>,
    /// The language of the target.
    pub hreflang: Option<String>,
    /// A human title.
    pub title: Option<String>,
    /// The size in bytes, unread.
    pub length: Option<String>,
    /// The in-scope `xml:base`, where it differs from the entry's.
    pub base: Option<String>,
}

/// A person in any of the forms that feeds use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawPerson {
    /// A name, or the whole "a@b.c (Name)" of RSS.
    pub name: Option<String>,
    /// An address, where the format has a place for it.
    pub email: Option<String>,
    /// A page.
    pub uri: Option<String>,
}

/// A category in any of the forms that feeds use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawCategory {
    /// The machine's word (Atom `term`, RSS text).
    pub term: String,
    /// Atom `scheme`, RSS `domain`.
    pub scheme: Option<String>,
    /// The human's word (Atom `label`).
    pub label: Option<String>,
}

/// Where a [`RawMedia`] stood; `normalize` ranks them for the lead image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RawMediaKind {
    /// RSS `enclosure`, Atom `link rel=enclosure`, JSON `attachments`.
    #[default]
    Enclosure,
    /// `media:content`.
    Content,
    /// `media:thumbnail`.
    Thumbnail,
    /// `itunes:image`, JSON `image` and `banner_image`, an `image` inside an item.
    Image,
}

/// A file that belongs to an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawMedia {
    /// Where it stood.
    pub kind: RawMediaKind,
    /// The file, unresolved.
    pub url: String,
    /// The MIME type.
    pub media_type: Option<String>,
    /// `image`, `audio`, `video`, `document`, `executable` (Media RSS `medium`).
    pub medium: Option<String>,
    /// The size in bytes, unread.
    pub length: Option<String>,
    /// The playing time, unread.
    pub duration: Option<String>,
    /// The width in pixels, unread.
    pub width: Option<String>,
    /// The height in pixels, unread.
    pub height: Option<String>,
    /// A human title.
    pub title: Option<String>,
    /// `media:description` within it.
    pub text: Option<String>,
    /// `media:credit` within it.
    pub credit: Option<String>,
    /// The in-scope `xml:base`, where it differs from the entry's.
    pub base: Option<String>,
}

/// The feed from which a publisher took the entry (RSS `source`, `atom:source`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawSource {
    /// Its title.
    pub title: Option<String>,
    /// Its address, unresolved.
    pub url: Option<String>,
}

/// An item or entry in the inner shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawEntry {
    /// guid, `atom:id`, `rdf:about`, JSON `id`.
    pub id: Option<String>,
    /// RSS `guid isPermaLink`: `Some(false)` where the document denies it, `Some(true)` where it says or implies it.
    pub id_is_permalink: Option<bool>,
    /// The title.
    pub title: Option<RawText>,
    /// Every link with its relation, in document order; enclosures are in `media`.
    pub links: Vec<RawLink>,
    /// `feedburner:origLink` and `pheedo:origLink`: the link before a proxy rewrote it.
    pub original_link: Option<String>,
    /// RSS `description`, Atom `summary`, JSON `summary`, `itunes:summary`.
    pub summary: Option<RawText>,
    /// `content:encoded`, Atom `content`, JSON `content_html` or `content_text`, `xhtml:body`.
    pub content: Option<RawText>,
    /// RSS `pubDate`, Atom `published` / `issued` / `created`, `dc:date`, unread.
    pub published: Option<String>,
    /// Atom `updated` / `modified`, `dcterms:modified`, unread.
    pub updated: Option<String>,
    /// Authors in document order.
    pub authors: Vec<RawPerson>,
    /// Contributors in document order.
    pub contributors: Vec<RawPerson>,
    /// Categories in document order.
    pub categories: Vec<RawCategory>,
    /// Enclosures, media and images in document order.
    pub media: Vec<RawMedia>,
    /// RSS `comments`: a page.
    pub comments: Option<String>,
    /// Where the publisher took it from.
    pub source: Option<RawSource>,
    /// The in-scope `xml:lang`, or `dc:language`.
    pub language: Option<String>,
    /// The in-scope `xml:base`, joined as far as it is absolute.
    pub base: Option<String>,
    /// Copyright of this entry.
    pub rights: Option<RawText>,
    /// `itunes:duration`, unread.
    pub duration: Option<String>,
    /// `itunes:episode`, unread.
    pub episode: Option<String>,
    /// `itunes:season`, unread.
    pub season: Option<String>,
    /// `itunes:explicit`, unread.
    pub explicit: Option<String>,
    /// What else a podcast says.
    pub cast: RawCast,
}
