//! Which stored entries stay in memory: those that can appear in a live feed, and some to spare.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Edition, merge};
use crate::model::{Entry, EntryKey, SectionId, Window};

/// How many times a section's entries are kept, so that duplicates and fair shares leave enough.
const SPARE: usize = 2;
/// The window is trimmed when it has grown to this many times what the last trimming left.
const GROWTH: usize = 2;
/// Below this many entries nothing is trimmed.
const ENTRIES_MIN: usize = 2_000;

/// Drops what can appear nowhere. Cheap to call after every commit: it only works when the window has
/// grown well beyond `kept_before`, the value that the last call returned.
pub fn trim(window: &mut Window, edition: &Edition, kept_before: usize) -> usize {
    if window.entries.len() <= ENTRIES_MIN.max(kept_before * GROWTH) {
        return kept_before;
    }
    let mut keep: HashSet<EntryKey> = HashSet::new();
    for (section, entries) in candidates(window, edition) {
        let Some(section) = edition.sections.iter().find(|one| one.id == section) else { continue };
        let limits = section.limits;
        let chosen = merge::choose(
            entries,
            limits.entries_max * SPARE,
            limits.per_source_max * SPARE,
            &edition.weights,
        );
        keep.extend(chosen.iter().map(|entry| entry.key));
    }
    window.entries.retain(|key, _| keep.contains(key));
    window.entries.len()
}

/// Whether nothing older than the oldest entry of the window can appear in any section.
pub fn is_full(window: &Window, edition: &Edition) -> bool {
    let found = candidates(window, edition);
    edition.sections.iter().all(|section| {
        let limits = section.limits;
        let entries = found.get(&section.id).map_or(&[][..], Vec::as_slice);
        merge::fair_count(entries, limits.per_source_max, &edition.weights) >= limits.entries_max * SPARE
    })
}

/// The window's entries by section.
pub fn candidates(window: &Window, edition: &Edition) -> BTreeMap<SectionId, Vec<Arc<Entry>>> {
    let mut sections: BTreeMap<SectionId, Vec<Arc<Entry>>> = BTreeMap::new();
    for entry in window.entries.values() {
        for section in edition.sorter.sections_of(entry) {
            match sections.get_mut(section) {
                Some(entries) => entries.push(Arc::clone(entry)),
                None => {
                    sections.insert(section.clone(), vec![Arc::clone(entry)]);
                }
            }
        }
    }
    sections
}
