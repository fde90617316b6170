//! [`RawFeed`] to [`Feed`]: decides what counts. Every fallback exists once, here.

mod bodies;
mod dates;
mod entry;
mod episode;
mod files;
mod hints;
mod language;
mod links;
mod notes;
mod people;
mod words;

pub use dates::parse as moment;

use url::Url;

use self::links::Use;
use self::notes::Notes;
use crate::model::{Clean, Dropped, Feed, Push, RawFeed, Timestamp};
use crate::pipeline::text;

/// Turns markup into safe HTML with absolute URLs; `mod.rs` passes `sanitize::clean`.
pub type Cleaner<'a> = &'a dyn Fn(&str, Option<&Url>) -> Clean;

/// Entries of one document that are taken in. Some more are read, so that whoever asks for one is told why it is not
/// there; what is beyond is not.
pub(super) const ENTRIES_MAX: usize = 10_000;
const ENTRIES_READ_MAX: usize = ENTRIES_MAX + Dropped::OF_ONE_DOCUMENT_MAX;

/// Of a date with markup around it more is not looked at, in bytes.
const DATE_BYTES_MAX: usize = 1024;

/// Decides what a raw feed says. `base` is the address of the document.
///
/// Nothing is invented: what the document does not say is `None`, and what was not understood is a problem
/// beside the feed. All lists and texts are bounded.
pub fn normalize(raw: RawFeed, base: Option<&Url>, clean: Cleaner<'_>) -> Feed {
    let mut notes = Notes::new(raw.problems);
    let bases = links::of_document(raw.base.as_deref(), &raw.links, base);
    let link = links::alternate(&raw.links, &bases, &mut notes);
    let related = |rel: &str, notes: &mut Notes| links::with_rel(&raw.links, rel, &bases, notes);
    let updated =
        date(raw.updated.as_deref(), &mut notes).or_else(|| date(raw.published.as_deref(), &mut notes));
    // A point to count from, and no date of the feed: many write 1970, which says no more than no base does.
    let period_base = raw.update_base.as_deref().and_then(dates::parse);
    let mut feed = Feed {
        format: raw.format,
        id: words::id(raw.id, &mut notes),
        title: words::title(raw.title),
        hubs: links::all_with_rel(&raw.links, "hub", &bases, Push::HUBS_MAX, &mut notes),
        self_url: related("self", &mut notes),
        description: words::paragraph(raw.description),
        language: language::tidy(raw.language.as_deref(), &mut notes),
        updated,
        authors: people::read(raw.authors, &bases),
        image: raw
            .images
            .iter()
            .find_map(|image| links::resolve(image, None, &bases, Use::Image, &mut notes)),
        schedules: hints::read(
            raw.ttl.as_deref(),
            raw.update_period.as_deref(),
            raw.update_frequency.as_deref(),
            period_base,
            (&raw.skip_hours, &raw.skip_days),
        ),
        rights: words::paragraph(raw.rights),
        link,
        entries: Vec::with_capacity(raw.entries.len().min(ENTRIES_READ_MAX)),
        empty: vec![],
        problems: vec![],
    };
    if raw.entries.len() > ENTRIES_MAX {
        notes.add(
            "too-many-entries",
            format_args!("only the first {ENTRIES_MAX} of {} entries are taken in", raw.entries.len()),
        );
    }
    let mut desk = entry::Desk { bases: &bases, clean, notes };
    feed.entries
        .extend(raw.entries.into_iter().take(ENTRIES_READ_MAX).map(|raw| entry::read(raw, &mut desk)));
    feed.problems = desk.notes.finish();
    feed
}

/// The date in markup such as `<time datetime="2026-11-23">yesterday</time>`, which some themes write.
fn shown(text: &str) -> String {
    let start = text::start(text.trim(), DATE_BYTES_MAX);
    let exact = start.split_once("datetime=").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    exact.map_or_else(|| text::plain(start), str::to_owned)
}

/// A date of the document; what is not understood is a problem that quotes it.
fn date(text: Option<&str>, notes: &mut Notes) -> Option<Timestamp> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let date = if text.contains('<') { dates::parse(&shown(text)) } else { dates::parse(text) };
    if date.is_none() {
        notes.add_about("bad-date", "this date is not understood, and counts as missing", text);
    }
    date
}
