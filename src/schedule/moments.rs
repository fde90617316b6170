//! Arithmetic with moments that never overflows, and chance that is none.
//!
//! Everything that looks random in this room comes from the source's id, so that a restart changes nothing and
//! a thousand sources with one schedule do not fire in one second.

use std::time::Duration;

use chrono::TimeDelta;

use crate::model::{Digest, Source, SourceId, SourceState, Timestamp};

/// A time of asking further in the future than this, in seconds, shows that the clock was set back.
const CLOCK_SECONDS_MAX: i64 = 60;

/// The last asking; unknown where it lies in the future, because then the clock was set back.
pub(super) fn asked_at(state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    state.asked_at.filter(|at| *at - now <= TimeDelta::seconds(CLOCK_SECONDS_MAX))
}

/// A part of `whole` that only the id and the purpose decide; less than `whole`.
pub(super) fn spread(source: &Source, purpose: &str, whole: Duration) -> Duration {
    spread_of(&source.id, purpose, whole)
}

/// The same of a source of which nothing but the id is at hand.
pub(super) fn spread_of(id: &SourceId, purpose: &str, whole: Duration) -> Duration {
    let Digest(bytes) = Digest::of([id.0.as_bytes(), purpose.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    let whole_ms = u64::try_from(millis(whole)).unwrap_or(0);
    Duration::from_millis(u64::from_be_bytes(first).checked_rem(whole_ms).unwrap_or(0))
}

/// `wait` after `at`, or the end of time.
pub(super) fn later(at: Timestamp, wait: Duration) -> Timestamp {
    TimeDelta::from_std(wait).ok().and_then(|wait| at.checked_add_signed(wait)).unwrap_or(Timestamp::MAX_UTC)
}

/// How long it is from one moment to another; nothing where the other one is earlier.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
