//! What is remembered of a source and its entries, so that what comes back is no news.

use chrono::TimeDelta;

use crate::model::{Digest, Entry, Problem, Renamed, SourceState, Update};
use crate::pipeline::dedupe::{Judged, Turn};

/// A source whose ids change in part every time is told of once in this time.
const PART_TOLD_AGAIN_AFTER: TimeDelta = TimeDelta::hours(24);

/// Whether what is new in a document is the history of its source: it has listed nothing before, or nothing that it
/// lists is known since feeds.toml gave it another address.
pub(super) fn is_backfill(old: &SourceState, shares_entries: bool, is_delta: bool) -> bool {
    let is_first = old.first_at.is_none() && old.listed.is_empty();
    is_first || old.is_new_place && !is_delta && !shares_entries
}

/// Writes down what a document, with or without entries, showed of its source's keys.
pub(super) fn remember(judged: &Judged, has_entries: bool, is_delta: bool, update: &mut Update) {
    update.state.habits = judged.habits.clone();
    update.problems.extend(judged.problems.iter().cloned());
    if judged.guids == Turn::Away {
        // What looked like a move was the first of their changes.
        update.state.renamed = None;
    }
    if let Some(renamed) = &judged.renamed {
        update.problems.push(Problem::new("identities-moved", renamed.how.clone()));
        update.state.renamed = Some(renamed.clone());
    }
    if judged.moved_in_part > 0 {
        tell_of_part(judged.moved_in_part, update);
    }
    if has_entries {
        update.state.first_at = update.state.first_at.or(Some(update.at));
        update.state.is_new_place &= is_delta;
    }
}

/// A part of a source that moves is told as a move is, once a day.
fn tell_of_part(count: usize, update: &mut Update) {
    let before = update.state.renamed.take();
    if before.as_ref().is_some_and(|before| (update.at - before.at).abs() < PART_TOLD_AGAIN_AFTER) {
        update.state.renamed = before;
        return;
    }
    let how = format!(
        "{count} entries, a part of all, came under new ids or links; they were recognised by title and date and \
         keep their old ones"
    );
    update.problems.push(Problem::new("identities-moved", how.clone()));
    // What is known of the dates since the whole of it moved stays known.
    let (minutes, midnights) = before.map(|before| (before.minutes, before.midnights)).unwrap_or_default();
    update.state.renamed = Some(Renamed { at: update.at, count, how, minutes, midnights });
}

/// Adds a digest that an entry had; the oldest ones go.
pub(super) fn add_former(former: &mut Vec<Digest>, digest: Digest) {
    former.retain(|known| *known != digest);
    former.push(digest);
    former.drain(..former.len().saturating_sub(Entry::FORMER_MAX));
}
