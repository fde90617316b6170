//! One entry: which of the things that a source said count.

use super::links::{self, Bases, Use};
use super::notes::Notes;
use super::{Cleaner, bodies, date, episode, files, language, people, words};
use crate::model::{Clean, FeedEntry, Origin, RawEntry, RawSource, RawText};

/// What all entries of a document share.
pub(super) struct Desk<'a> {
    pub(super) bases: &'a Bases,
    pub(super) clean: Cleaner<'a>,
    pub(super) notes: Notes,
}

/// The entry; `None` where it says nothing that could be shown or followed.
pub(super) fn read(mut raw: RawEntry, desk: &mut Desk<'_>) -> FeedEntry {
    let bases = desk.bases.within(raw.base.as_deref());
    let bases = bases.as_ref();
    let (content, summary) = texts(raw.content.as_ref(), raw.summary.as_ref(), bases, desk);
    let notes = &mut desk.notes;
    let files::Files { enclosures, image, caption } = files::read(&raw.media, bases, notes);
    let image = image.or(content.lead_image).or(summary.lead_image);
    let original_link =
        raw.original_link.as_deref().and_then(|link| links::resolve(link, None, bases, Use::Link, notes));
    let link = link(&raw, original_link.as_deref(), bases, notes);
    let comments =
        raw.comments.as_deref().and_then(|page| links::resolve(page, None, bases, Use::Link, notes));
    let references = links::references(&raw.links, link.as_deref(), bases);
    let text_language =
        || raw.content.as_ref().or(raw.summary.as_ref()).and_then(|text| text.lang.as_deref());
    let language =
        language::tidy(raw.language.as_deref(), notes).or_else(|| language::tidy(text_language(), notes));
    let published = date(raw.published.as_deref(), notes);
    let updated = date(raw.updated.as_deref(), notes);
    let episode = episode::read(&mut raw, bases, notes);
    FeedEntry {
        id: words::id(raw.id, notes),
        title: words::title(raw.title),
        link,
        original_link,
        summary: words::some(summary.html),
        content: words::some(content.html),
        published,
        updated,
        authors: people::read(raw.authors, bases),
        contributors: people::read(raw.contributors, bases),
        categories: words::categories(raw.categories),
        enclosures,
        image,
        caption,
        comments,
        references,
        origin: raw.source.and_then(|source| origin(&source, bases)),
        language,
        rights: words::paragraph(raw.rights),
        episode,
    }
}

/// Content and summary, sanitised. Where both are the same text it is sanitised once; both stay, for which of
/// them to show is for the renderers to decide.
fn texts(
    content: Option<&RawText>,
    summary: Option<&RawText>,
    bases: &Bases,
    desk: &mut Desk<'_>,
) -> (Clean, Clean) {
    let mut read = |raw: &RawText| bodies::read(raw, bases, desk.clean, &mut desk.notes);
    match (content, summary) {
        (Some(content), Some(summary)) if content == summary => {
            let clean = read(content);
            (clean.clone(), clean)
        }
        (content, summary) => {
            (content.map(&mut read).unwrap_or_default(), summary.map(&mut read).unwrap_or_default())
        }
    }
}

/// The page of the entry. A guid is one unless the document denies it (RSS 2.0); the link that a proxy
/// rewrote and the page that a link blog points to are better than none. A file is no page: who follows a
/// headline does not want to download an hour of sound.
fn link(raw: &RawEntry, original: Option<&str>, bases: &Bases, notes: &mut Notes) -> Option<String> {
    links::alternate(&raw.links, bases, notes)
        .or_else(|| links::permalink(raw.id.as_deref(), raw.id_is_permalink, bases))
        .or_else(|| original.map(str::to_owned))
        .or_else(|| links::with_rel(&raw.links, "related", bases, notes))
        .or_else(|| links::with_rel(&raw.links, "via", bases, notes))
}

fn origin(raw: &RawSource, bases: &Bases) -> Option<Origin> {
    let title = raw.title.as_deref().and_then(words::name);
    let url = raw.url.as_deref().and_then(|url| links::quietly(url, None, bases, Use::Link));
    (title.is_some() || url.is_some()).then_some(Origin { title, url })
}
