//! How fast one host may be asked: arithmetic alone, `now` is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// The space between requests after the first 429, the most that further ones make of it, and below which it
/// is forgotten.
const SLOWNESS_FIRST: Duration = Duration::from_millis(500);
const SLOWNESS_MAX: Duration = Duration::from_secs(30);
const SLOWNESS_MIN: Duration = Duration::from_millis(50);
/// A 429 that is older than this slows nobody down any more.
const SLOWNESS_LASTS: Duration = Duration::from_secs(3600);
/// A space that a host asks for is remembered for so long after it was last told; more than that is no space.
const SPACE_LASTS: Duration = Duration::from_secs(24 * 3600);
/// A host that wants to be left alone for longer is left alone this long.
const QUIET_MAX: Duration = Duration::from_secs(24 * 3600);
/// A bucket fills within this time.
const BURST: Duration = Duration::from_secs(1);

/// What holds the requests to one host apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// The time between two requests of an endless row; none where nothing bounds them.
    step: Duration,
    /// When the bucket is full again.
    full_at: Option<Instant>,
    last: Option<Instant>,
    slowness: Duration,
    slowed_at: Option<Instant>,
    space: Duration,
    space_told: Option<Instant>,
    quiet_until: Option<Instant>,
}

impl Pace {
    /// At most so many requests in a burst, and in each second of an endless row; 0 is no bound.
    pub(super) fn new(per_second: u32) -> Self {
        Self { step: BURST.checked_div(per_second).unwrap_or_default(), ..Self::default() }
    }

    /// When the next request may be sent; `now` where nothing is in its way. Of the space that the host asked
    /// for, no more than `space_max` counts.
    pub(super) fn due(&self, now: Instant, space_max: Duration) -> Instant {
        let apart = self.slowness(now).max(self.space(now).min(space_max));
        let bucket = self.full_at.and_then(|full_at| full_at.checked_sub(BURST.saturating_sub(self.step)));
        let apart = self.last.map(|last| last + apart);
        [bucket, apart, self.quiet_until].into_iter().flatten().fold(now, Instant::max)
    }

    /// Counts a request that is sent now, if it is due.
    pub(super) fn take(&mut self, now: Instant, space_max: Duration) -> bool {
        if self.due(now, space_max) > now {
            return false;
        }
        self.last = Some(now);
        self.full_at = Some(self.full_at.map_or(now, |full_at| full_at.max(now)) + self.step);
        true
    }

    /// The host asks for this space between requests. The larger one counts.
    pub(super) fn set_space(&mut self, now: Instant, space: Duration) {
        if space >= self.space(now) {
            self.space = space.min(SPACE_LASTS);
            self.space_told = Some(now);
        }
    }

    /// The host answered 429.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.slowness = (self.slowness(now) * 2).clamp(SLOWNESS_FIRST, SLOWNESS_MAX);
        self.slowed_at = Some(now);
    }

    /// The host answered something else.
    pub(super) fn speed_up(&mut self) {
        self.slowness = Some(self.slowness * 2 / 3).filter(|left| *left >= SLOWNESS_MIN).unwrap_or_default();
    }

    /// The host wants to be left alone.
    pub(super) fn hush(&mut self, now: Instant, time: Duration) {
        self.quiet_until = self.quiet_until.max(Some(now + time.min(QUIET_MAX)));
    }

    /// When a new pace would do as well as this one.
    pub(super) fn ends(&self, now: Instant) -> Instant {
        let slow = self.slowed_at.filter(|_| !self.slowness.is_zero()).map(|at| at + SLOWNESS_LASTS);
        let spaced = self.space_told.filter(|_| !self.space.is_zero()).map(|at| at + SPACE_LASTS);
        [self.full_at, slow, spaced, self.quiet_until].into_iter().flatten().fold(now, Instant::max)
    }

    fn slowness(&self, now: Instant) -> Duration {
        let lasts = self.slowed_at.is_some_and(|at| now < at + SLOWNESS_LASTS);
        if lasts { self.slowness } else { Duration::ZERO }
    }

    fn space(&self, now: Instant) -> Duration {
        let lasts = self.space_told.is_some_and(|at| now < at + SPACE_LASTS);
        if lasts { self.space } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Duration = Duration::MAX;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// When each of so many requests goes that are all there from the beginning, in ms.
    fn row(pace: &mut Pace, count: usize) -> Vec<u64> {
        let start = Instant::now();
        let mut now = start;
        let mut sent = vec![];
        for _ in 0..count {
            now = pace.due(now, ALL);
            assert!(pace.take(now, ALL));
            sent.push(u64::try_from((now - start).as_millis()).unwrap());
        }
        sent
    }

    #[test]
    fn a_burst_passes_and_an_endless_row_is_even() {
        assert_eq!(row(&mut Pace::new(4), 8), [0, 0, 0, 0, 250, 500, 750, 1000]);
        assert_eq!(row(&mut Pace::new(1), 3), [0, 1000, 2000]);
        assert_eq!(row(&mut Pace::new(0), 3), [0, 0, 0]);
        let mut pace = Pace::new(20);
        // Two at a time that take 100 ms each never feel it.
        let start = Instant::now();
        for n in 0..200 {
            assert!(pace.take(start + ms(100 * (n / 2)), ALL), "{n}");
        }
    }

    #[test]
    fn slowness_doubles_and_shrinks_by_a_third() {
        let now = Instant::now();
        let mut pace = Pace::new(0);
        let mut seen = vec![];
        for _ in 0..8 {
            pace.slow_down(now);
            seen.push(pace.slowness(now).as_millis());
        }
        assert_eq!(seen, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(pace.slowness(now + SLOWNESS_LASTS), Duration::ZERO);
        pace.speed_up();
        assert_eq!(pace.slowness(now), ms(20_000));
        let answers = (1..100).find(|_| {
            pace.speed_up();
            pace.slowness(now).is_zero()
        });
        assert_eq!(answers, Some(15));
    }

    #[test]
    fn the_largest_space_counts_while_it_lasts() {
        let now = Instant::now();
        let mut pace = Pace::new(0);
        pace.set_space(now, ms(700));
        pace.set_space(now, ms(300));
        assert_eq!(row(&mut pace.clone(), 3), [0, 700, 1400]);
        pace.slow_down(now);
        assert_eq!(row(&mut pace.clone(), 2), [0, 700]);
        pace.slow_down(now);
        assert_eq!(row(&mut pace.clone(), 2), [0, 1000]);
        assert!(pace.take(now, ALL));
        assert_eq!(pace.due(now, ms(600)), now + ms(1000), "slowness counts in any case");
        let later = now + SPACE_LASTS;
        pace.set_space(later, ms(300));
        assert_eq!(pace.space(later), ms(300));
        assert_eq!(pace.ends(later), later + SPACE_LASTS);
    }

    #[test]
    fn quiet_holds_everything_and_is_bounded() {
        let now = Instant::now();
        let mut pace = Pace::new(0);
        assert_eq!(pace.ends(now), now);
        pace.hush(now, ms(5000));
        pace.hush(now, ms(100));
        assert_eq!(pace.due(now, Duration::ZERO), now + ms(5000));
        assert!(!pace.take(now + ms(4999), ALL));
        assert!(pace.clone().take(now + ms(5000), ALL));
        pace.hush(now, ALL);
        assert_eq!(pace.due(now, ALL), now + QUIET_MAX);
        assert_eq!(pace.ends(now), now + QUIET_MAX);
    }

    proptest! {
        #[test]
        fn what_is_due_can_be_taken(steps in prop::collection::vec((0u8..5, 0u64..100_000), 1..40)) {
            let mut pace = Pace::new(20);
            let mut now = Instant::now();
            for (kind, time) in steps {
                match kind {
                    0 => pace.slow_down(now),
                    1 => pace.speed_up(),
                    2 => pace.hush(now, ms(time)),
                    3 => pace.set_space(now, ms(time)),
                    _ => now += ms(time),
                }
                let due = pace.due(now, ALL);
                prop_assert!(due >= now && due <= now + QUIET_MAX);
                prop_assert_eq!(due == now, pace.clone().take(now, ALL));
                prop_assert!(pace.take(due, ALL));
                now = due;
                prop_assert!(pace.ends(now) >= now);
            }
        }
    }
}
