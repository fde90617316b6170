//! The pages of archives (RFC 5005): rendered when somebody first asks for them, and as they were then for ever once
//! they are whole.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::edge::store::{Store, StoreError};
use crate::model::{
    ArchivePage, ArchivePlace, Document, Entry, EntryKey, Frozen, Section, SectionId, SourceCard, SourceId,
};
use crate::pipeline::{Edition, ledger};

/// Pages that are kept ready.
const READY_MAX: usize = 64;

/// What single pages are made from: the rules in force and the sources.
type Rules = Arc<(Arc<Edition>, BTreeMap<SourceId, Arc<SourceCard>>)>;

/// Pages that were asked for, the last one last.
#[derive(Default)]
pub(super) struct Binder(Mutex<VecDeque<Ready>>);

struct Ready {
    section: SectionId,
    place: ArchivePlace,
    /// It is only good for these, unless it is bound: they are others with each edition.
    rules: Rules,
    /// Whether it is whole and kept as it is.
    is_bound: bool,
    document: Arc<Document>,
}

impl Binder {
    /// The document at `/SECTION/archive/N.atom`, or at `N-K.atom`, which is the first K entries of page N.
    pub(super) fn page(
        &self,
        store: &Store,
        rules: &Rules,
        path: &str,
    ) -> Result<Option<Arc<Document>>, StoreError> {
        let Some((section, place)) = read(path) else { return Ok(None) };
        let edition = &rules.0;
        let Some(section) = ledger::sections(edition).find(|known| known.id.0 == section) else {
            return Ok(None);
        };
        let Some(mut page) = store.archive_page(&section.id, place.page)? else { return Ok(None) };
        if let Some(first) = place.first {
            if first > page.keys.len() {
                return Ok(None);
            }
            page.keys.truncate(first);
        }
        if let Some(ready) = self.ready(section, place, rules) {
            return Ok(Some(ready));
        }
        let is_whole = page.next.is_some() && place.first.is_none() && !page.keys.is_empty();
        let (document, is_bound) = if is_whole {
            bound(store, rules, section, place, &page)?
        } else {
            (print(store, rules, section, place, &page)?.document, false)
        };
        let document = Arc::new(document);
        self.keep(Ready {
            section: section.id.clone(),
            place,
            rules: Arc::clone(rules),
            is_bound,
            document: Arc::clone(&document),
        });
        Ok(Some(document))
    }

    fn ready(&self, section: &Section, place: ArchivePlace, rules: &Rules) -> Option<Arc<Document>> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |page: &&Ready| {
            let (then, now) = (&page.rules.0, &rules.0);
            let is_as_it_was = Arc::ptr_eq(then.sorter.hidden(), now.sorter.hidden())
                && then.site.url == now.site.url
                && page.is_bound;
            is_as_it_was || Arc::ptr_eq(&page.rules, rules)
        };
        let found = pages.iter().rfind(|page| page.section == section.id && page.place == place);
        found.filter(is_good).map(|page| Arc::clone(&page.document))
    }

    fn keep(&self, page: Ready) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|other| (&other.section, other.place) != (&page.section, page.place));
        pages.push_back(page);
        if pages.len() > READY_MAX {
            pages.pop_front();
        }
    }
}

fn read(path: &str) -> Option<(&str, ArchivePlace)> {
    let (section, page) = path.strip_prefix('/')?.split_once("/archive/")?;
    Some((section, page.strip_suffix(".atom")?.parse().ok()?))
}

/// A page that is whole: as it was first rendered, else rendered now and kept. Says whether it is kept.
fn bound(
    store: &Store,
    rules: &Rules,
    section: &Section,
    place: ArchivePlace,
    page: &ArchivePage,
) -> Result<(Document, bool), StoreError> {
    let edition = &rules.0;
    let frozen = store.frozen(&section.id, place.page)?;
    if let Some(frozen) = frozen.filter(|frozen| frozen.site_url == edition.site.url) {
        return Ok((ledger::reprinted(frozen.body, frozen.modified, edition), true));
    }
    let round = store.hidings();
    let printed = print(store, rules, section, place, page)?;
    // What is hidden at this moment is in force for readers a moment later.
    if store.hidden()? != **edition.sorter.hidden() {
        return Ok((printed.document, false));
    }
    let frozen = Frozen {
        modified: printed.document.last_modified,
        omitted: printed.omitted,
        site_url: edition.site.url.clone(),
        body: printed.document.identity.to_vec(),
    };
    store.freeze(&section.id, place.page, &frozen)?;
    if store.hidings() != round {
        store.unfreeze(&section.id, place.page)?;
        return Ok((printed.document, false));
    }
    // Before anybody is told that it stays as it is.
    store.flush()?;
    Ok((ledger::bound(printed.document), true))
}

fn print(
    store: &Store,
    rules: &Rules,
    section: &Section,
    place: ArchivePlace,
    page: &ArchivePage,
) -> Result<ledger::Printed, StoreError> {
    let (edition, cards) = rules.as_ref();
    let mut entries: HashMap<EntryKey, Entry> = store.entries(&page.keys.iter().copied().collect())?;
    let mut stories = vec![];
    for key in &page.keys {
        let Some(entry) = entries.remove(key) else { continue };
        let others = store.story_keys(entry.story)?.len() > 1;
        let members = if others { store.story(entry.story)? } else { vec![] };
        stories.push((Arc::new(entry), members.into_iter().map(Arc::new).collect()));
    }
    Ok(ledger::document(edition, section, place, page, &stories, cards))
}
