//! The stored entries as an admin sees them: newest first, page by page, so that however many there are, nobody
//! holds them all and nobody waits for somebody who reads them.

use chrono::SubsecRound as _;
use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::jobs::check_names;
use super::{AppError, Options};
use crate::config::Config;
use crate::edge::store::StoreError;
use crate::model::{Entry, EntryKey, Section, SectionId, SectionOrder, SourceId, Timestamp};

/// Entries of one page.
pub(super) const PAGE_ENTRIES_MAX: usize = 1_000;
/// Entries that are looked at for one page.
const LOOKED_AT_MAX: usize = 20_000;

/// A stored entry, as `nashra entries --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// The id that readers see.
    pub id: String,
    /// The key of its source in feeds.toml.
    pub source: String,
    /// Its title; empty where the source gives none.
    pub title: String,
    /// The page, as the source gave it.
    pub link: Option<String>,
    /// When it counts as published.
    pub published: Timestamp,
    /// When nashra first saw it.
    pub first_seen: Timestamp,
    /// The last change that readers were told of.
    pub updated: Option<Timestamp>,
    /// The key of the first entry of its story, the same for all of them: what `_nashra.story` is in JSON Feed.
    pub story: String,
    /// The sections that it belongs to, in the order of feeds.toml. Whether they have room for it is another question.
    pub sections: Vec<String>,
    /// Whether the admin took it out of every output.
    pub hidden: bool,
}

/// Which entries somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that belong to this section.
    pub section: Option<SectionId>,
    /// Only those of this source, which may have left feeds.toml.
    pub source: Option<SourceId>,
    /// Only those first seen at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those after the one with this key, in this order: where an earlier page ended.
    pub before: Option<EntryKey>,
    /// No more than so many, and never more than a thousand at once.
    pub limit: Option<usize>,
}

/// Some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Newest first.
    pub entries: Vec<EntryView>,
    /// Where the next page begins: what its `before` is to be. `null` at the end.
    pub next: Option<String>,
}

/// Shows the wanted entries where no daemon runs, one page after the other.
pub fn stored_entries(
    options: &Options,
    config: &Config,
    wanted: &Wanted,
    mut show: impl FnMut(Page),
) -> Result<(), AppError> {
    let Some(archive) = Archive::open(options, config, false)? else {
        check_sections(wanted, &config.sections).map_err(AppError::Usage)?;
        let configured = config.sources.iter().map(|source| &source.id);
        return check_source(wanted, configured).map_err(AppError::Usage);
    };
    check(&archive, wanted)?.map_err(AppError::Usage)?;
    let (mut wanted, mut left) = (wanted.clone(), wanted.limit.unwrap_or(usize::MAX));
    loop {
        wanted.limit = Some(left);
        let page = page(&archive, &wanted)?;
        left -= page.entries.len();
        wanted.before = page.next.as_deref().and_then(|next| next.parse().ok());
        show(page);
        if wanted.before.is_none() || left == 0 {
            return Ok(());
        }
    }
}

/// Refuses what names nothing.
pub(super) fn check(archive: &Archive, wanted: &Wanted) -> Result<Result<(), String>, StoreError> {
    if let Err(why) = check_sections(wanted, &archive.edition.sections) {
        return Ok(Err(why));
    }
    let asked = archive.store.source_ids()?;
    Ok(check_source(wanted, archive.sources.keys().chain(&asked)))
}

fn check_sections(wanted: &Wanted, known: &[Section]) -> Result<(), String> {
    let Some(id) = &wanted.section else { return Ok(()) };
    match known.iter().find(|section| section.id == *id) {
        None => Err(format!("no such section in feeds.toml: {id}")),
        Some(section) if section.order == SectionOrder::MostRead => {
            Err(format!("{id} has no entries of its own: it ranks what the other sections show"))
        }
        Some(_) => Ok(()),
    }
}

fn check_source<'a>(wanted: &Wanted, known: impl Iterator<Item = &'a SourceId>) -> Result<(), String> {
    let named: Vec<String> = wanted.source.iter().map(|source| source.0.clone()).collect();
    check_names(&named, known)
}

/// One page. It looks at a bounded number of entries, so it may hold few or none of those that are wanted and not
/// be the last one.
pub(super) fn page(archive: &Archive, wanted: &Wanted) -> Result<Page, StoreError> {
    let most = wanted.limit.unwrap_or(usize::MAX).min(PAGE_ENTRIES_MAX);
    let mut page = Page::default();
    let mut last = None;
    for (looked_at, entry) in archive.store.newest_before(wanted.before)?.enumerate() {
        if page.entries.len() >= most || looked_at >= LOOKED_AT_MAX {
            page.next = last.map(|key: EntryKey| key.to_string());
            break;
        }
        let entry = entry?;
        last = Some(entry.key);
        page.entries.extend(view(archive, wanted, &entry));
    }
    Ok(page)
}

/// How an entry is shown, if it is wanted.
fn view(archive: &Archive, wanted: &Wanted, entry: &Entry) -> Option<EntryView> {
    let is_old = wanted.since.is_some_and(|since| entry.first_seen < since);
    if is_old || wanted.source.as_ref().is_some_and(|source| entry.source != *source) {
        return None;
    }
    let sections = archive.edition.sorter.sections_of(entry, &archive.window.sources);
    if wanted.section.as_ref().is_some_and(|section| !sections.contains(&section)) {
        return None;
    }
    Some(EntryView {
        id: entry.id.clone(),
        source: entry.source.0.clone(),
        title: entry.said.title.clone().unwrap_or_default(),
        link: entry.said.link.clone(),
        published: entry.published.trunc_subsecs(0),
        first_seen: entry.first_seen.trunc_subsecs(0),
        updated: entry.updated.map(|at| at.trunc_subsecs(0)),
        story: entry.story.to_string(),
        sections: sections.into_iter().map(|section| section.0.clone()).collect(),
        hidden: archive.edition.sorter.hides(entry),
    })
}
