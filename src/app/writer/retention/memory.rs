//! For how long, and for how many of its removed entries, a source is remembered to have listed them: as long as it may
//! list them again.

use chrono::TimeDelta;

use super::super::Writer;
use crate::edge::store::{Memory, StoreError};
use crate::model::{SourceState, Timestamp};

/// Days for which an entry is recognised after `keep_days` have removed it. What a source lists again within
/// them is no news; after them nothing is left of it.
pub(super) const DAYS_MAX: i64 = 400;
/// Removed entries of a source that are recognised, if it never listed many at once.
const ENTRIES_MIN: u64 = 2_000;
/// How many times as many as it has ever listed at once are. A source that lists old ones again lists its past from one
/// day on, or a page of it.
const TIMES_LISTED: u64 = 4;
/// How often it is looked for those that are too many.
const WALK_INTERVAL: TimeDelta = TimeDelta::days(1);

impl Writer {
    /// One step of forgetting the removed entries of which a source has too many; says whether there may be more.
    pub(super) fn forget_surplus(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let mut walk = match self.memory.take() {
            Some(walk) => walk,
            // A clock that was put back does not hold it up.
            None if self.memory_at.is_some_and(|at| now < at + WALK_INTERVAL && now >= at) => {
                return Ok(false);
            }
            None => {
                self.memory_at = Some(now);
                let sources = self.states.iter().map(|(id, state)| (id, remembered_max(state)));
                Memory::begin(sources, ENTRIES_MIN)
            }
        };
        let Some(entries) = self.store.forget_surplus(&mut walk)? else { return Ok(false) };
        if entries > 0 {
            tracing::debug!(entries, "forgot removed entries that are too many for what their source lists");
        }
        self.memory = Some(walk);
        Ok(true)
    }
}

/// How many of a source's removed entries are recognised.
fn remembered_max(state: &SourceState) -> u64 {
    let listed = u64::from(state.listed_max).max(state.listed.len() as u64);
    listed.saturating_mul(TIMES_LISTED).max(ENTRIES_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryKey;

    #[test]
    fn as_many_are_recognised_as_a_source_may_list_again() {
        let check = |listed_max: u32, listed: usize, expected: u64| {
            let listed = vec![EntryKey([0; 16]); listed];
            let state = SourceState { listed, listed_max, ..SourceState::default() };
            assert_eq!(remembered_max(&state), expected, "{listed_max}");
        };
        check(0, 0, 2_000);
        check(500, 20, 2_000);
        check(501, 20, 2_004);
        // Stored by a version that did not count them.
        check(0, 5_000, 20_000);
        check(u32::MAX, 0, 17_179_869_180);
    }
}
