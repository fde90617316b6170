//! What is remembered of a source and its entries, so that what comes back is no news.

use crate::model::{Digest, Entry, Problem, SourceState, Update};
use crate::pipeline::dedupe::{Judged, Turn};

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
    if has_entries {
        update.state.first_at = update.state.first_at.or(Some(update.at));
        update.state.is_new_place &= is_delta;
    }
}

/// Adds a digest that an entry had; the oldest ones go.
pub(super) fn add_former(former: &mut Vec<Digest>, digest: Digest) {
    former.retain(|known| *known != digest);
    former.push(digest);
    former.drain(..former.len().saturating_sub(Entry::FORMER_MAX));
}
