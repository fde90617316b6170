//! When the next snapshot is due: once a day, and earlier where the journal has become long. Without that a source that
//! changes all of its entries at every poll would fill the disk before the day is over.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::Work;
use crate::edge::{clock, fault};

/// How old the newest one becomes.
const INTERVAL_SECONDS: usize = 24 * 3600;
/// A store that has none gets its first one so long after the start.
const FIRST_AFTER_SECONDS: usize = 600;
/// What the journal may have behind the newest one: so many bytes, or, if that is more, so many percent of what that takes.
const JOURNAL_BYTES_MAX: usize = 256 << 20;
const JOURNAL_PERCENT_MAX: usize = 200;
/// How often it is looked at the journal.
const LOOK_SECONDS: usize = 60;

impl Work {
    /// Waits so long, or until the journal is too long; says whether it is over before. Clocks that jump do not matter.
    pub(super) fn is_over_before_next(&self, rest: Duration) -> bool {
        let look = seconds(fault::limit("snapshots.look", LOOK_SECONDS));
        let began = Instant::now();
        loop {
            let left = rest.saturating_sub(began.elapsed());
            if self.is_over_within(left.min(look)) {
                return true;
            }
            if left <= look || self.has_long_journal() {
                return false;
            }
        }
    }

    /// How long it is until the next one is due by the clock.
    pub(super) fn rest(&self) -> Duration {
        let (newest, base) = (self.newest(), self.store.journal_base());
        // Without another one what is stored could not be made anew.
        if base.is_some_and(|base| newest.as_ref().is_none_or(|newest| newest.sequence < base)) {
            return Duration::ZERO;
        }
        let Some(newest) = newest else {
            return seconds(fault::limit("snapshots.first", FIRST_AFTER_SECONDS));
        };
        let age = newest.made_at.map_or(TimeDelta::MAX, |made_at| clock::now() - made_at);
        // One of the future was made before the clock was set back.
        interval().saturating_sub(age.to_std().unwrap_or_default())
    }

    fn has_long_journal(&self) -> bool {
        let newest = self.newest();
        let taken =
            newest.as_ref().and_then(|newest| Some(newest.path.metadata().ok()?.len())).unwrap_or_default();
        let percent = fault::limit("snapshots.percent", JOURNAL_PERCENT_MAX) as u64;
        let bytes = fault::limit("snapshots.journal", JOURNAL_BYTES_MAX) as u64;
        let allowed = bytes.max(taken.saturating_mul(percent) / 100);
        let place = newest.map_or(0, |newest| newest.sequence);
        // What cannot be looked at is no reason.
        self.store.journal_bytes_behind(place).is_ok_and(|bytes| bytes > allowed)
    }
}

/// The longest time until the next one.
pub(super) fn interval() -> Duration {
    seconds(fault::limit("snapshots.interval", INTERVAL_SECONDS))
}

fn seconds(seconds: usize) -> Duration {
    Duration::from_secs(seconds as u64)
}
