//! What is left of a move: entries whose guid, link and title all changed, against those that the source listed
//! before and does not list any more.

use std::collections::HashMap;

use super::evidence::{alike, date, same_slug, same_text};
use super::{Match, Search};
use crate::model::{Entry, EntryKey};
use crate::pipeline::dedupe::body;
use crate::pipeline::text;

/// In a document of which entries were recognised as moved, pairs up the others by date, where the words or
/// the page bear it out. In every document it pairs up those by the second that have no other key.
pub(super) fn pass(search: &mut Search<'_>, listed: &[EntryKey], is_move: bool) {
    let has_moved =
        is_move && (search.found.iter().flatten().any(|found| found.moved) || search.is_changed());
    if !search.unknown().any(|entry| has_moved || entry.is_bare()) {
        return;
    }
    let left = listed.iter().filter(|key| !search.taken.contains(key));
    let left = left.filter_map(|key| search.known.entries.get(key));
    let mut by_minute: HashMap<i64, Vec<&Entry>> = HashMap::new();
    for old in left {
        let Some(at) = date(&old.said) else { continue };
        by_minute.entry(at.timestamp().div_euclid(60)).or_default().push(old);
    }
    for (index, entry) in search.entries.iter().enumerate() {
        let Some(at) = date(entry.said).filter(|_| search.found[index].is_none()) else { continue };
        let bears_out = |old: &&&Entry| {
            let title = text::fold(old.said.title.as_deref().unwrap_or_default());
            alike(&title, &entry.folded_title)
                || same_slug(entry.said, &old.said)
                || !body(entry.said).is_empty() && same_text(entry.said, &old.said)
        };
        let minutes = search.shifts.origins(at).into_iter();
        let near = minutes.flat_map(|at| [-60, 0, 60].map(|by| (at.timestamp() + by).div_euclid(60)));
        let mut candidates = near.filter_map(|minute| by_minute.get(&minute)).flatten();
        let may_be = |old: &&&Entry| has_moved || entry.is_bare() && date(&old.said) == Some(at);
        let is_free = |old: &&&Entry| !search.taken.contains(&old.key) && may_be(old);
        if let Some(old) = candidates.find(|old| is_free(old) && bears_out(old)) {
            search.taken.insert(old.key);
            search.found[index] = Some(Match { key: old.key, moved: has_moved });
        }
    }
}
