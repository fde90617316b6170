//! Which sources to ask now, and when to look again.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::plan::{asked_at, earliest_ask};
use crate::model::{Source, SourceId, SourceState, Timestamp};

/// The longest sleep between two looks, in seconds: it bounds what a clock that jumps can spoil.
const SLEEP_SECONDS_MAX: i64 = 60;

/// What `due` decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The sources to ask now, the one that has waited longest first.
    pub ask: Vec<SourceId>,
    /// When to look again: the earliest moment of the others, at most 60 seconds away.
    pub wake: Timestamp,
}

/// Picks the sources whose moment has come.
///
/// A source without a moment has its moment now. A web source is never picked within `min_interval` of its
/// last asking, whatever `next_at` says. Disabled sources are never picked. Whoever calls keeps track of the
/// sources that are being asked at this moment: they stay due until their state changes.
pub fn due<'a>(
    sources: impl Iterator<Item = &'a Source>,
    states: &BTreeMap<SourceId, SourceState>,
    now: Timestamp,
) -> Due {
    let mut ask: Vec<(Timestamp, &SourceId)> = vec![];
    let mut wake = now.checked_add_signed(TimeDelta::seconds(SLEEP_SECONDS_MAX)).unwrap_or(now);
    for source in sources.filter(|source| source.enabled) {
        let moment = states.get(&source.id).map_or(now, |state| moment(source, state, now));
        if moment <= now {
            ask.push((moment, &source.id));
        } else {
            wake = wake.min(moment);
        }
    }
    ask.sort_unstable();
    Due { ask: ask.into_iter().map(|(_, id)| id.clone()).collect(), wake }
}

fn moment(source: &Source, state: &SourceState, now: Timestamp) -> Timestamp {
    if state.asked_at.is_some() && asked_at(state, now).is_none() {
        // The clock was set back since the last asking: what was planned then means nothing any more.
        return now;
    }
    let planned = state.next_at.unwrap_or(now);
    planned.max(earliest_ask(source, state, now).unwrap_or(planned))
}
