//! A page of an archive as a document.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{ArchivePage, ArchivePlace, Document, Entry, EntryKey, Lifetime, Placed, Section};
use crate::pipeline::section::Cards;
use crate::pipeline::{Edition, merge, render};

const ATOM: &str = "application/atom+xml; charset=utf-8";
/// How long a copy of a whole page is good. It stays as it is but for what the admin takes out or lets back, and then
/// caches must not go on with it for a year: after a day they ask whether its ETag is still the same.
const WHOLE: Lifetime = Lifetime(86_400);

/// A page of an archive that was rendered, and what it does not have.
#[derive(Debug)]
pub struct Printed {
    /// The document.
    pub document: Document,
    /// Entries of the page that the section does not show now: hidden ones, and those that have left it.
    pub omitted: Vec<EntryKey>,
}

/// Renders a page of the archive of `section`, or the first entries of it. `stories` has each of its entries that is
/// still stored, with all entries of its story.
pub fn document(
    edition: &Edition,
    section: &Section,
    place: ArchivePlace,
    page: &ArchivePage,
    stories: &[(Arc<Entry>, Vec<Arc<Entry>>)],
    cards: &Cards,
) -> Printed {
    let (mut placed, mut omitted, mut seen) = (vec![], vec![], HashSet::new());
    for (entry, members) in stories {
        if !seen.insert(entry.key) {
            continue;
        }
        match put(edition, section, entry, members, cards) {
            Some(one) => placed.push(one),
            None => omitted.push(entry.key),
        }
    }
    placed.sort_by(|a, b| (b.entry.published, &b.entry.id).cmp(&(a.entry.published, &a.entry.id)));
    let changes = |one: &Placed| {
        let others = one.also.iter().map(|also| also.entry.changed_at());
        others.chain([one.entry.changed_at()]).max()
    };
    let newest = placed.iter().filter_map(changes).max();
    let updated = newest.unwrap_or_default();
    let (older, newer) = (page.previous, page.next.filter(|_| place.first.is_none()));
    let heading = render::Heading::of_archive(section, &edition.site, place, older, newer, updated);
    let body = render::atom_of(&heading, &placed, &[], &edition.site);
    Printed { document: render::document(ATOM, body, newest, super::rules(edition)), omitted }
}

/// A page that is whole, and kept as it is.
pub fn bound(printed: Document) -> Document {
    Document { lifetime: WHOLE, ..printed }
}

/// A page as it was printed once.
pub fn reprinted(body: Vec<u8>, modified: Option<crate::model::Timestamp>, edition: &Edition) -> Document {
    bound(render::document(ATOM, body, modified, super::rules(edition)))
}

/// An entry at its place; `None` where the section does not show it.
fn put(
    edition: &Edition,
    section: &Section,
    entry: &Arc<Entry>,
    members: &[Arc<Entry>],
    cards: &Cards,
) -> Option<Placed> {
    let is_here = |entry: &Entry| edition.sorter.sections_of(entry, cards).contains(&&section.id);
    let source = cards.get(&entry.source).filter(|_| is_here(entry))?;
    let others = members.iter().filter(|other| other.key != entry.key && is_here(other));
    let told = merge::stories(section, others.cloned().chain([Arc::clone(entry)]).collect());
    let own = told.iter().find(|story| story.first().is_some_and(|lead| lead.key == entry.key));
    let also = own.map(|story| merge::also(entry, story.get(1..).unwrap_or_default(), cards));
    Some(Placed {
        entry: Arc::clone(entry),
        source: Arc::clone(source),
        also: also.unwrap_or_default(),
        related: vec![],
    })
}
