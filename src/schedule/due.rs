//! Which sources to ask now, and when to look again.

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::Bound::{Excluded, Unbounded};

use chrono::TimeDelta;

use super::moments::asked_at;
use super::plan::earliest_ask;
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
/// last asking, whatever `next_at` says. Disabled sources and those that are gone are never picked. Whoever
/// calls keeps track of the sources that are being asked at this moment: they stay due until their state
/// changes.
///
/// It walks both lists side by side as long as `sources` come in the order of their ids, and copies only what it
/// picks; [`Lull`] spares its callers most looks.
pub fn due<'a>(
    sources: impl Iterator<Item = &'a Source>,
    states: &BTreeMap<SourceId, SourceState>,
    now: Timestamp,
) -> Due {
    let mut ask: Vec<(Timestamp, &SourceId)> = vec![];
    let mut wake = now.checked_add_signed(TimeDelta::seconds(SLEEP_SECONDS_MAX)).unwrap_or(now);
    let mut walk = Walk { states, rest: states.range::<SourceId, _>(..) };
    for source in sources.filter(|source| source.enabled) {
        let state = walk.state_of(&source.id);
        if state.is_some_and(|state| state.gone_at.is_some()) {
            continue;
        }
        let moment = state.map_or(now, |state| moment(source, state, now));
        if moment <= now {
            ask.push((moment, &source.id));
        } else {
            wake = wake.min(moment);
        }
    }
    ask.sort_unstable();
    Due { ask: ask.into_iter().map(|(_, id)| id.clone()).collect(), wake }
}

/// The time after a look in which another one would find nothing.
///
/// A look goes over all sources, so a loop that has ten thousand of them looks when a moment has come, not with
/// each result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lull {
    from: Timestamp,
    until: Timestamp,
}

impl Lull {
    /// What follows a look at `now` whose sources are all being asked.
    pub fn after(due: &Due, now: Timestamp) -> Self {
        Self { from: now, until: due.wake }
    }

    /// A source was asked; its next moment may come before those of the others.
    pub fn shorten(&mut self, next_at: Option<Timestamp>) {
        self.until = self.until.min(next_at.unwrap_or(self.until));
    }

    /// When to look again; `None` where that is now. A clock that was set back ends every lull.
    pub fn rest(&self, now: Timestamp) -> Option<Timestamp> {
        (self.from <= now && now < self.until).then_some(self.until)
    }
}

/// Finds states by ids that ascend with one look at each, and by any other id too.
struct Walk<'a> {
    states: &'a BTreeMap<SourceId, SourceState>,
    rest: Range<'a, SourceId, SourceState>,
}

impl<'a> Walk<'a> {
    fn state_of(&mut self, id: &SourceId) -> Option<&'a SourceState> {
        match self.rest.next() {
            Some((next, state)) if next == id => Some(state),
            _ => {
                // A source without a state, a state without a source, or another order.
                self.rest = self.states.range::<SourceId, _>((Excluded(id), Unbounded));
                self.states.get(id)
            }
        }
    }
}

fn moment(source: &Source, state: &SourceState, now: Timestamp) -> Timestamp {
    if state.asked_at.is_some() && asked_at(state, now).is_none() {
        // The clock was set back since the last asking: what was planned then means nothing any more.
        return now;
    }
    let planned = state.next_at.unwrap_or(now);
    planned.max(earliest_ask(source, state, now).unwrap_or(planned))
}
