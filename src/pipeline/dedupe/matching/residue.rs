//! What is left of a move: entries whose guid, link and title all changed, against those that the source listed
//! before and does not list any more.

use std::collections::HashMap;

use super::evidence::{alike, date, same_slug, same_text, same_words};
use super::{Keyed, Match, Search};
use crate::model::{Entry, EntryKey, Timestamp};
use crate::pipeline::dedupe::body;
use crate::pipeline::text;

/// Entries with one title that are looked at.
const TITLED_MAX: usize = 50;

/// In a document of which entries were recognised as moved, pairs up the others by date, where the words or
/// the page bear it out. In every document it pairs up those by the second that have no other key.
pub(super) fn pass(search: &mut Search<'_>, listed: &[EntryKey], is_move: bool) {
    let has_moved =
        is_move && (search.found.iter().flatten().any(|found| found.moved) || search.is_changed());
    if !search.unknown().any(|entry| has_moved || entry.is_bare()) {
        return;
    }
    let left = Left::of(search, listed);
    for (index, entry) in search.entries.iter().enumerate() {
        if search.found[index].is_some() {
            continue;
        }
        let at = date(entry.said);
        let may_be = |old: &&Entry| has_moved || entry.is_bare() && date(&old.said) == at;
        let is_free = |old: &&Entry| !search.taken.contains(&old.key) && may_be(old);
        let dated = at.and_then(|at| left.near(search, at).filter(is_free).find(|old| bears_out(entry, old)));
        let undated = || left.titled(search, entry).filter(|_| has_moved).find(is_free);
        if let Some(old) = dated.or_else(undated) {
            search.taken.insert(old.key);
            search.found[index] = Some(Match { key: old.key, moved: has_moved });
        }
    }
}

/// Whether words or page say that it is the same.
fn bears_out(entry: &Keyed<'_>, old: &Entry) -> bool {
    let title = text::fold(old.said.title.as_deref().unwrap_or_default());
    alike(&title, &entry.folded_title)
        || same_slug(entry.said, &old.said)
        || !body(entry.said).is_empty() && same_text(entry.said, &old.said)
}

/// Entries that were listed before and are not found again.
struct Left<'a> {
    by_minute: HashMap<i64, Vec<&'a Entry>>,
    by_title: HashMap<&'a str, Vec<&'a Entry>>,
}

impl<'a> Left<'a> {
    fn of(search: &Search<'a>, listed: &[EntryKey]) -> Self {
        let mut left = Self { by_minute: HashMap::new(), by_title: HashMap::new() };
        let keys = listed.iter().filter(|key| !search.taken.contains(key));
        for old in keys.filter_map(|key| search.known.entries.get(key)) {
            if let Some(at) = date(&old.said) {
                left.by_minute.entry(at.timestamp().div_euclid(60)).or_default().push(old);
            }
            if let Some(title) = &old.said.title {
                left.by_title.entry(title).or_default().push(old);
            }
        }
        left
    }

    /// Those that were dated when an entry with this date may have been.
    fn near(&self, search: &Search<'_>, at: Timestamp) -> impl Iterator<Item = &'a Entry> {
        let minutes = search.shifts.origins(at).into_iter();
        let near = minutes.flat_map(|at| [-60, 0, 60].map(|by| (at.timestamp() + by).div_euclid(60)));
        near.filter_map(|minute| self.by_minute.get(&minute)).flatten().copied()
    }

    /// Those with the title and the text of an entry of whose date the day is left, or nothing: of a bulletin that comes
    /// every day its title leads to the last one only.
    fn titled(&self, search: &Search<'_>, entry: &Keyed<'_>) -> impl Iterator<Item = &'a Entry> {
        let title = entry.said.title.as_deref().unwrap_or_default();
        let titled = self.by_title.get(title).into_iter().flatten().copied().take(TITLED_MAX);
        titled.filter(|old| {
            let dates = (date(entry.said), date(&old.said));
            let may_be = match dates {
                (Some(new), _) if search.shifts.are_of_the_move(new) => true,
                (Some(new), Some(old)) => search.shifts.cut(new, old),
                (new, old) => new.is_none() && old.is_some(),
            };
            may_be && same_words(entry.said, &old.said)
        })
    }
}
