//! Which stored entries stay in memory: those that live feeds show, with every other entry of their stories.
//!
//! Documents must be the same whether the window grew with the polls or was read back from the store. That
//! holds because of three things. Stories are in the window whole or not at all, so that each is led by the
//! same entry. What a section chooses of a part of the store that holds its choice is that choice. And a
//! story that comes never makes room for one that was dropped before; only one that leaves a section does,
//! and then the window is read back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Edition, merge};
use crate::model::{Entry, EntryKey, Section, SectionId, SectionOrder, Timestamp, Window};

/// The window is trimmed when it has grown to this many times what the last trimming left.
const GROWTH: usize = 2;
/// Below this many entries nothing is trimmed.
const ENTRIES_MIN: usize = 2_000;
/// How many stored entries [`fill`] is to read between two looks at whether the window is full.
pub const SCAN_STEP: usize = 2_000;

/// Brings a new or changed entry, which is stored by now, into the window. Where the window does not hold its
/// story, `members` reads all of it from the store.
///
/// `true` when it moved between sections, so that others may come up that are not in the window: then it is
/// to be filled anew.
pub fn admit<E>(
    window: &mut Window,
    edition: &Edition,
    entry: Entry,
    members: impl FnOnce(EntryKey) -> Result<Vec<Entry>, E>,
) -> Result<bool, E> {
    if let Some(old) = window.entries.get(&entry.key) {
        let before = sections_of(window, edition, old);
        let key = entry.key;
        put(window, edition, entry);
        return Ok(window.places.get(&key) != Some(&before));
    }
    // A new story has one entry, and the first entry is in the window only with all others.
    let is_first_and_new = entry.story == entry.key && entry.revision == 0;
    if !is_first_and_new && !window.entries.contains_key(&entry.story) {
        members(entry.story)?.into_iter().for_each(|member| put(window, edition, member));
    }
    put(window, edition, entry);
    Ok(false)
}

/// Fills an empty window from the store, which gives its entries newest first and the `members` of a story.
/// Every `step` entries it looks whether anything older can appear anywhere, and stops where not.
pub fn fill<E>(
    window: &mut Window,
    edition: &Edition,
    step: usize,
    newest_first: impl Iterator<Item = Result<Entry, E>>,
    members: impl Fn(EntryKey) -> Result<Vec<Entry>, E>,
) -> Result<(), E> {
    let mut whole: HashSet<EntryKey> = HashSet::new();
    for (index, entry) in newest_first.enumerate() {
        let entry = entry?;
        let position = entry.key.published();
        // Which entry leads a story, and which stands alone beside it, only all of them can tell.
        if entry.story != entry.key && whole.insert(entry.story) {
            members(entry.story)?.into_iter().for_each(|member| put(window, edition, member));
        }
        put(window, edition, entry);
        if (index + 1).is_multiple_of(step) {
            trim(window, edition);
            whole.clear();
            if is_full(window, edition, position) {
                return complete(window, edition, members);
            }
        }
    }
    trim(window, edition);
    Ok(())
}

/// Drops what is shown nowhere. Cheap to call after every commit: it only works when the window has grown
/// well beyond `kept_before`, the value that the last call returned.
pub fn trim_grown(window: &mut Window, edition: &Edition, kept_before: usize) -> usize {
    if window.entries.len() <= ENTRIES_MIN.max(kept_before * GROWTH) {
        return kept_before;
    }
    trim(window, edition);
    window.entries.len()
}

/// Drops every story that no section shows.
pub fn trim(window: &mut Window, edition: &Edition) {
    let mut found = candidates(window, edition);
    let mut keep: HashSet<EntryKey> = HashSet::new();
    for section in &edition.sections {
        let leads = leads_of(section, &mut found);
        let limits = section.limits;
        let chosen = merge::choose(leads, limits.entries_max, limits.per_source_max, &edition.weights);
        keep.extend(chosen.iter().map(|entry| entry.story));
    }
    window.entries.retain(|_, entry| keep.contains(&entry.story));
    let Window { entries, places, .. } = window;
    places.retain(|key, _| entries.contains_key(key));
}

/// The window's entries by section, the oldest first; sections without any are not named.
pub fn candidates<'a>(window: &'a Window, edition: &'a Edition) -> HashMap<&'a SectionId, Vec<Arc<Entry>>> {
    let mut sections: HashMap<&SectionId, Vec<Arc<Entry>>> = HashMap::new();
    // Both are in the order of keys, so neither is searched.
    let mut places = window.places.iter().peekable();
    for (key, entry) in &window.entries {
        while places.next_if(|(other, _)| *other < key).is_some() {}
        if let Some((_, known)) = places.next_if(|(other, _)| *other == key) {
            known.iter().for_each(|id| sections.entry(id).or_default().push(Arc::clone(entry)));
        } else {
            let found = edition.sorter.sections_of(entry, &window.sources);
            found.into_iter().for_each(|id| sections.entry(id).or_default().push(Arc::clone(entry)));
        }
    }
    sections
}

/// Whether nothing that was published at `position` or before can appear in any section, when everything
/// that was published later has been read.
fn is_full(window: &Window, edition: &Edition, position: Timestamp) -> bool {
    let mut found = candidates(window, edition);
    // What is read most is chosen from what the others show.
    let mut of_their_own = edition.sections.iter().filter(|section| section.order == SectionOrder::Newest);
    of_their_own.all(|section| {
        let mut leads = leads_of(section, &mut found);
        leads.retain(|entry| entry.published > position);
        let fair = merge::fair_count(&leads, section.limits.per_source_max, &edition.weights);
        fair >= section.limits.entries_max
    })
}

/// Reads the older entries of the stories that are in the window.
fn complete<E>(
    window: &mut Window,
    edition: &Edition,
    members: impl Fn(EntryKey) -> Result<Vec<Entry>, E>,
) -> Result<(), E> {
    let stories: HashSet<EntryKey> = window.entries.values().map(|entry| entry.story).collect();
    for story in stories {
        members(story)?.into_iter().for_each(|member| put(window, edition, member));
    }
    Ok(())
}

fn leads_of(section: &Section, found: &mut HashMap<&SectionId, Vec<Arc<Entry>>>) -> Vec<Arc<Entry>> {
    merge::leads(&merge::stories(section, found.remove(&section.id).unwrap_or_default()))
}

fn put(window: &mut Window, edition: &Edition, entry: Entry) {
    let sections = edition.sorter.sections_of(&entry, &window.sources).into_iter().cloned().collect();
    window.places.insert(entry.key, sections);
    window.entries.insert(entry.key, Arc::new(entry));
}

/// Where an entry is shown: rules look at whole texts, so what is known of them is kept.
fn sections_of(window: &Window, edition: &Edition, entry: &Entry) -> Vec<SectionId> {
    let known = window.places.get(&entry.key).cloned();
    known.unwrap_or_else(|| edition.sorter.sections_of(entry, &window.sources).into_iter().cloned().collect())
}
