//! What is found in the store on request: pages and feeds of searches, feeds of stories.

use std::sync::Arc;

use super::{ATOM, Edition, HTML};
use crate::model::{Digest, Document, Entry, EntryKey, Placed, Timestamp};
use crate::pipeline::section::Cards;
use crate::pipeline::{merge, render};

/// A story that was found: the entry that stands for it, and the others of it.
pub type FoundStory = (Arc<Entry>, Vec<Arc<Entry>>);

/// The page of a search. `search.placed` is filled with what was found.
pub fn search_document(
    edition: &Edition,
    search: &render::SearchPage<'_>,
    found: &[FoundStory],
    sources: &Cards,
) -> Document {
    let placed = placed(found, sources);
    let search = render::SearchPage { placed: &placed, ..*search };
    finished(HTML, render::search_page(&edition.site, &search))
}

/// The feed of a search.
pub fn search_feed_document(
    edition: &Edition,
    query: &str,
    found: &[FoundStory],
    sources: &Cards,
) -> Document {
    let placed = placed(found, sources);
    finished(ATOM, render::search_atom(&edition.site, query, &placed, updated(edition, &placed)))
}

/// The feed of a story. `entries` are all of it that readers may see; `None` where there is none.
pub fn story_document(
    edition: &Edition,
    story: EntryKey,
    mut entries: Vec<Arc<Entry>>,
    sources: &Cards,
) -> Option<Document> {
    entries.sort_by(|a, b| (b.published, &b.id).cmp(&(a.published, &a.id)));
    let placed: Vec<Placed> = entries.iter().filter_map(|entry| alone(entry, sources)).collect();
    let is_first = |placed: &&Placed| placed.entry.key == story;
    let lead = placed.iter().find(is_first).or_else(|| placed.last())?;
    let updated = updated(edition, &placed);
    Some(finished(ATOM, render::story_atom(&edition.site, story, lead, &placed, updated)))
}

fn placed(found: &[FoundStory], sources: &Cards) -> Vec<Placed> {
    let placed = found.iter().filter_map(|(lead, others)| {
        Some(Placed { also: merge::also(lead, others, sources), ..alone(lead, sources)? })
    });
    placed.collect()
}

fn alone(entry: &Arc<Entry>, sources: &Cards) -> Option<Placed> {
    let source = Arc::clone(sources.get(&entry.source)?);
    Some(Placed { entry: Arc::clone(entry), source, also: vec![], related: vec![] })
}

/// The newest change of any of them, and of the rules.
fn updated(edition: &Edition, placed: &[Placed]) -> Timestamp {
    let others = placed.iter().flat_map(|placed| &placed.also).map(|also| &also.entry);
    let newest =
        placed.iter().map(|placed| &placed.entry).chain(others).map(|entry| entry.changed_at()).max();
    let since = edition.in_force_since.filter(|_| newest.is_some());
    newest.max(since).unwrap_or_default()
}

/// An entry may leave such a document, which no date would tell: it has none to compare.
fn finished(content_type: &'static str, body: Vec<u8>) -> Document {
    let fingerprint = Digest::of([body.as_slice()]);
    render::document(content_type, body, None, fingerprint)
}
