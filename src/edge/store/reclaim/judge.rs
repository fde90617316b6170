//! Whether a store is worth making anew: figures in, a verdict out.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How many times what it holds a store may take on the disk.
const TIMES_MAX: usize = 3;
/// What one that was made anew is to take again by then, in percent of what it took when it was: it gets no denser.
const GROWN_PERCENT: usize = 125;
/// A store that takes less is left alone, however little of that is in use.
const FLOOR_BYTES: usize = 8 << 20;
/// The least time between two tries.
const INTERVAL_SECONDS: usize = 24 * 3600;

/// What a store takes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// On the disk.
    pub disk_bytes: u64,
    /// Names and values of its rows.
    pub live_bytes: u64,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// What the store takes now.
    pub now: Size,
    /// What it took when it had just been made anew, if it ever was: sled is no denser than that.
    pub fresh: Option<Size>,
    /// What may still be written to the disk before it counts as full.
    pub spare_bytes: u64,
    /// How long ago it was last tried; below zero where the clock was set back since.
    pub tried_ago: Option<TimeDelta>,
}

/// From where on a store is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// One that takes fewer bytes on the disk is left alone.
    pub floor_bytes: usize,
    /// It is made anew where it takes more than so many times what it holds.
    pub times_max: usize,
    /// And more than so many percent of what it would take then, by what it took the last time.
    pub grown_percent: usize,
    /// The least time between two tries, in seconds.
    pub interval_seconds: usize,
}

/// Whether to make a store anew, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is worth it.
    MakeAnew,
    /// So little does not matter.
    Small,
    /// It takes what it has to, or little more.
    Dense,
    /// It was tried a short time ago.
    TriedJustNow,
    /// There is no room for two of them.
    NoRoom {
        /// Bytes that it would take, beside what is to be left free.
        wanted_bytes: u64,
    },
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            floor_bytes: FLOOR_BYTES,
            times_max: TIMES_MAX,
            grown_percent: GROWN_PERCENT,
            interval_seconds: INTERVAL_SECONDS,
        }
    }
}

/// Judges a store. One that was made anew and is no smaller for that is not made anew again: it has to take a quarter
/// more than it would then.
pub fn judge(figures: &Figures, bounds: &Bounds) -> Verdict {
    let Figures { now: Size { disk_bytes, live_bytes }, fresh, spare_bytes, tried_ago } = *figures;
    if disk_bytes <= bounds.floor_bytes as u64 {
        return Verdict::Small;
    }
    let grown = fresh.map_or(0, |fresh| scaled(live_bytes, fresh, bounds.grown_percent));
    let allowed = live_bytes.saturating_mul(bounds.times_max as u64).max(grown);
    if disk_bytes <= allowed {
        return Verdict::Dense;
    }
    let interval = TimeDelta::seconds(i64::try_from(bounds.interval_seconds).unwrap_or(i64::MAX));
    if tried_ago.is_some_and(|ago| ago >= TimeDelta::zero() && ago < interval) {
        return Verdict::TriedJustNow;
    }
    // So much it may take without being too large.
    if allowed > spare_bytes {
        return Verdict::NoRoom { wanted_bytes: allowed };
    }
    Verdict::MakeAnew
}

/// So many percent of what so many live bytes would take, by what others took.
fn scaled(live_bytes: u64, fresh: Size, percent: usize) -> u64 {
    let bytes = u128::from(live_bytes).saturating_mul(u128::from(fresh.disk_bytes));
    let bytes = (bytes / u128::from(fresh.live_bytes.max(1))).saturating_mul(percent as u128) / 100;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    fn size(disk_mib: u64, live_mib: u64) -> Size {
        Size { disk_bytes: disk_mib * MIB, live_bytes: live_mib * MIB }
    }

    fn check(
        now: Size,
        fresh: Option<Size>,
        spare_mib: u64,
        tried_hours_ago: Option<i64>,
        expected: Verdict,
    ) {
        let tried_ago = tried_hours_ago.map(TimeDelta::hours);
        let figures = Figures { now, fresh, spare_bytes: spare_mib * MIB, tried_ago };
        assert_eq!(judge(&figures, &Bounds::default()), expected, "{figures:?}");
    }

    #[test]
    fn what_is_worth_it_is_made_anew() {
        use Verdict::{Dense, MakeAnew, NoRoom, Small, TriedJustNow};
        check(size(8, 1), None, 1000, None, Small);
        check(size(9, 1), None, 1000, None, MakeAnew);
        check(size(9, 0), None, 0, None, MakeAnew);
        check(size(300, 100), None, 1000, None, Dense);
        check(size(301, 100), None, 1000, None, MakeAnew);
        check(size(301, 100), None, 300, None, MakeAnew);
        check(size(301, 100), None, 299, None, NoRoom { wanted_bytes: 300 * MIB });
        for (hours, expected) in [(0, TriedJustNow), (23, TriedJustNow), (24, MakeAnew), (-1, MakeAnew)] {
            check(size(301, 100), None, 1000, Some(hours), expected);
        }
        // It takes thrice what it holds from the beginning.
        check(size(301, 100), Some(size(300, 100)), 1000, Some(48), Dense);
        check(size(376, 100), Some(size(300, 100)), 1000, Some(48), MakeAnew);
        check(size(376, 100), Some(size(300, 100)), 374, Some(48), NoRoom { wanted_bytes: 375 * MIB });
        check(size(751, 200), Some(size(300, 100)), 1000, Some(48), MakeAnew);
        // Twice is nothing that anybody minds.
        check(size(301, 100), Some(size(200, 100)), 1000, Some(48), MakeAnew);
    }

    proptest! {
        #[test]
        fn what_has_just_been_made_anew_is_left_alone(disk: u64, live: u64, spare: u64) {
            let now = Size { disk_bytes: disk, live_bytes: live };
            let figures = Figures { now, fresh: Some(now), spare_bytes: spare, tried_ago: None };
            let verdict = judge(&figures, &Bounds::default());
            // Where nothing is live, nothing can be said of it.
            prop_assert!(live == 0 || matches!(verdict, Verdict::Small | Verdict::Dense), "{verdict:?}");
        }
    }
}
