//! An entry prepared once for all formats: every fallback that readers see is decided here.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::values::{self, beginning, escape, excerpt, line, markup, media_type, web};
use crate::model::{Also, Entry, FeedEntry, Person, Placed, Site, SourceCard, Timestamp};

/// What is declared for a file of unknown kind (RFC 2046 §4.5.1).
pub(super) const UNKNOWN_TYPE: &str = "application/octet-stream";

/// An entry as every format shows it. Texts hold no character that XML forbids, addresses are ASCII.
pub(super) struct Item<'a> {
    /// The facts, for what needs no preparation.
    pub(super) entry: &'a Entry,
    /// Who carries it.
    pub(super) source: Source<'a>,
    /// The published id, to the letter.
    pub(super) id: Cow<'a, str>,
    /// Its own title.
    pub(super) title: Option<String>,
    /// The page at the source; our own page of the entry where the source names none.
    pub(super) link: String,
    /// Our own page of the entry.
    pub(super) page: String,
    /// Sanitised HTML.
    pub(super) summary: Option<Cow<'a, str>>,
    /// Sanitised HTML.
    pub(super) content: Option<Cow<'a, str>>,
    /// Its language where it is known.
    pub(super) language: Option<String>,
    /// The lead image.
    pub(super) image: Option<String>,
    /// The files, in the source's order.
    pub(super) files: Vec<File>,
    /// The page of comments.
    pub(super) comments: Option<String>,
    /// The categories.
    pub(super) categories: Vec<Category>,
    /// How its text begins, once somebody has asked.
    teaser: OnceLock<Option<String>>,
}

/// A source with addresses that can be shown.
pub(super) struct Source<'a> {
    /// The card.
    pub(super) card: &'a SourceCard,
    /// The name; never empty.
    pub(super) title: String,
    /// Its page.
    pub(super) link: Option<String>,
    /// Its feed.
    pub(super) feed: Option<String>,
    /// Its picture.
    pub(super) image: Option<String>,
}

/// A file that belongs to an entry.
pub(super) struct File {
    /// http(s).
    pub(super) url: String,
    /// The MIME type, [`UNKNOWN_TYPE`] where the source gave none.
    pub(super) media_type: String,
    /// The size where it is known and not nothing.
    pub(super) bytes: Option<u64>,
    /// The playing time.
    pub(super) seconds: Option<u32>,
    /// A human title.
    pub(super) title: Option<String>,
}

impl File {
    /// Something to play: what podcast clients look for.
    pub(super) fn is_played(&self) -> bool {
        self.media_type.starts_with("audio/") || self.media_type.starts_with("video/")
    }
}

/// A category; the term is never empty.
pub(super) struct Category {
    /// The machine's word.
    pub(super) term: String,
    /// The vocabulary, as the source names it.
    pub(super) scheme: Option<String>,
    /// The human's word, where it differs.
    pub(super) label: Option<String>,
}

impl Category {
    /// What people read.
    pub(super) fn word(&self) -> &str {
        self.label.as_ref().unwrap_or(&self.term)
    }
}

impl<'a> Item<'a> {
    /// An entry of a section.
    pub(super) fn placed(site: &Site, placed: &'a Placed) -> Self {
        Self::new(site, &placed.entry, &placed.source)
    }

    /// The coverage of another source.
    pub(super) fn also(site: &Site, also: &'a Also) -> Self {
        Self::new(site, &also.entry, &also.source)
    }

    /// An entry that stands alone.
    pub(super) fn new(site: &Site, entry: &'a Entry, source: &'a SourceCard) -> Self {
        let said = &entry.said;
        let page = page(site, entry);
        let language = said.language.as_ref().or(source.language.as_ref());
        Self {
            entry,
            source: Source::new(source),
            id: crate::pipeline::text::xml_safe(&entry.id),
            title: said.title.as_deref().and_then(line),
            link: destination(site, entry),
            page,
            summary: said.summary.as_deref().and_then(markup),
            content: said.content.as_deref().and_then(markup),
            language: language.and_then(|tag| values::language(tag)),
            image: said.image.as_deref().and_then(web),
            files: files(said),
            comments: said.comments.as_deref().and_then(web),
            categories: categories(said),
            teaser: OnceLock::new(),
        }
    }

    /// The title; the beginning of the text where it has none, and the source's name where there is
    /// no text either. Atom must have a title, and list pages need something to click on.
    pub(super) fn headline(&self) -> String {
        self.title.clone().or_else(|| self.teaser()).unwrap_or_else(|| self.source.title.clone())
    }

    /// The summary as plain text, else the beginning of the content.
    pub(super) fn teaser(&self) -> Option<String> {
        let of = |html: &Option<Cow<'_, str>>| html.as_deref().and_then(beginning);
        let text = || of(&self.summary).or_else(|| of(&self.content)).map(|text| excerpt(&text));
        self.teaser.get_or_init(text).clone()
    }

    /// The summary; a short one made from the content where the source gave none, and the headline
    /// where there is nothing but images. HTML, never empty.
    pub(super) fn description(&self) -> String {
        match &self.summary {
            Some(summary) => summary.clone().into_owned(),
            None => escape(&self.teaser().unwrap_or_else(|| self.headline())),
        }
    }

    /// When it last changed for readers. The first sight of an entry is no change of it: a backfilled
    /// article of last year must not come up as news.
    pub(super) fn updated(&self) -> Timestamp {
        self.entry.updated.map_or(self.entry.published, |at| at.max(self.entry.published))
    }

    /// The names of the authors.
    pub(super) fn authors(&self) -> impl Iterator<Item = (String, &Person)> {
        self.entry.said.authors.iter().filter_map(|person| Some((line(&person.name)?, person)))
    }

    /// Its language where that is not the site's.
    pub(super) fn foreign_language(&self, site: &Site) -> Option<&str> {
        self.language.as_deref().filter(|tag| !tag.eq_ignore_ascii_case(&site.language))
    }
}

/// Another entry as one is told of it: whose it is, what it is called, where it is.
pub(super) struct Mention {
    /// The name of the source.
    pub(super) source: String,
    /// See [`Item::headline`].
    pub(super) headline: String,
    /// See [`Item::link`].
    pub(super) link: String,
}

impl Mention {
    pub(super) fn of(site: &Site, also: &Also) -> Self {
        let source = source_title(&also.source);
        let title = also.entry.said.title.as_deref().and_then(line);
        // Only what has no title must be read.
        let headline = title.unwrap_or_else(|| Item::also(site, also).headline());
        Self { source, headline, link: destination(site, &also.entry) }
    }
}

/// The page at the source; our own page of the entry where the source names none.
pub fn destination(site: &Site, entry: &Entry) -> String {
    entry.said.link.as_deref().and_then(web).unwrap_or_else(|| page(site, entry))
}

fn page(site: &Site, entry: &Entry) -> String {
    format!("{}/item/{}", site.url, entry.key)
}

impl<'a> Source<'a> {
    pub(super) fn new(card: &'a SourceCard) -> Self {
        Self {
            card,
            title: source_title(card),
            link: card.link.as_deref().and_then(web),
            feed: card.feed_url.as_deref().and_then(web),
            image: card.image.as_deref().and_then(web),
        }
    }

    /// The source of all of these, where it is one.
    pub(super) fn alone<'i>(items: &'i [Item<'a>]) -> Option<&'i Self> {
        let first = &items.first()?.source;
        items.iter().all(|item| item.source.card.id == first.card.id).then_some(first)
    }

    /// Where readers find the source: its page, else its feed. A source that is a local file and names
    /// no page has no other home than this site.
    pub(super) fn home(&self, site: &Site) -> String {
        self.link.clone().or_else(|| self.feed.clone()).unwrap_or_else(|| format!("{}/", site.url))
    }
}

fn source_title(card: &SourceCard) -> String {
    line(&card.title).unwrap_or_else(|| card.id.0.clone())
}

fn files(said: &FeedEntry) -> Vec<File> {
    let file = |enclosure: &crate::model::Enclosure| {
        let declared = enclosure.media_type.as_deref().and_then(media_type);
        Some(File {
            url: web(&enclosure.url)?,
            media_type: declared.unwrap_or_else(|| UNKNOWN_TYPE.to_owned()),
            bytes: enclosure.length.filter(|bytes| *bytes > 0),
            seconds: enclosure.duration_seconds.filter(|seconds| *seconds > 0),
            title: enclosure.title.as_deref().and_then(line),
        })
    };
    said.enclosures.iter().filter_map(file).collect()
}

fn categories(said: &FeedEntry) -> Vec<Category> {
    let category = |category: &crate::model::Category| {
        let label = category.label.as_deref().and_then(line);
        let term = line(&category.term).or_else(|| label.clone())?;
        let scheme = category.scheme.as_deref().and_then(line);
        Some(Category { label: label.filter(|label| *label != term), term, scheme })
    };
    said.categories.iter().filter_map(category).collect()
}
