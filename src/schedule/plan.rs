//! The next moment of one source.
//!
//! Everything that looks random here comes from the source's id, so that a restart changes nothing and a
//! thousand sources with one schedule do not fire in one second.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use std::time::Duration;

use super::crontab::Expression;
use crate::model::{Digest, Location, Schedule, Source, SourceState, Timestamp};

/// Sources that are asked at once at the start, however many there are.
const AT_ONCE_MAX: usize = 64;

/// The time over which more than that are spread at the start, in seconds.
const RAMP_SECONDS: u64 = 60;

/// The interval of an `auto` source of which nothing is known yet, in seconds.
const AUTO_SECONDS: u64 = 30 * 60;

/// The shortest interval from which failures are doubled, in seconds.
const BACK_OFF_SECONDS_MIN: u64 = 60;

/// A time of asking further in the future than this, in seconds, shows that the clock was set back.
const CLOCK_SECONDS_MAX: i64 = 60;

/// When to ask `source` next, to be called after each poll with the state that already holds its outcome.
///
/// - "every N": the points of a grid of period N that is offset by the id; the first one at least N/2 after
///   the last asking, so that the mean rate is 1/N although askings are late now and then.
/// - crontab: the next minute that matches in `zone`, plus an offset of the id's within that minute for web
///   sources. A minute that has begun when this is called is over.
/// - auto: as often as the feed's own hints say (`ttl`, `sy:updatePeriod`; the longer one), else every
///   30 minutes; within `min_interval` and `max_interval`. With `hints = false`, every 30 minutes.
/// - After failures the wait doubles from the own interval (at least a minute) up to `max_interval`, an
///   eighth of it decided by the id, and never ends before the own schedule.
/// - `retry_after` is obeyed where `hints` are, up to `max_interval`.
/// - `min_interval` after the last asking is kept.
///
/// A longer schedule of the admin's own is not cut to `max_interval`. Files follow their schedule alone:
/// nobody's host is spared by waiting.
pub fn next_at(source: &Source, state: &SourceState, zone: Tz, now: Timestamp) -> Timestamp {
    let own = own_next(source, state, zone, now);
    let Location::Web(_) = source.location else { return own };
    let mut next = own;
    let asked = asked_at(state, now).unwrap_or(now);
    if state.failures > 0 {
        // Measured from the asking, so that a restart in the meantime does not shorten it.
        let own_wait = interval(source, state)
            .or_else(|| (crontab_next(source, zone, asked)? - asked).to_std().ok())
            .unwrap_or_default();
        next = next.max(later(asked, back_off(source, state.failures, own_wait)));
    }
    next = next.max(told_to_wait(source, state, now).unwrap_or(next));
    next.max(earliest_ask(source, state, now).unwrap_or(next))
}

/// When to ask `source` for the first time after a start or a reload, with `count` sources in all.
///
/// A stored moment in the future stays, unless the schedule has become shorter. Overdue and new sources are
/// asked at once where there are few of them, and over a minute (or their interval, where that is shorter)
/// where there are many; files are always asked at once.
pub fn first_at(source: &Source, state: &SourceState, zone: Tz, now: Timestamp, count: usize) -> Timestamp {
    if let Some(stored) = state.next_at.filter(|at| *at > now) {
        return stored.min(next_at(source, state, zone, now));
    }
    let Location::Web(_) = source.location else { return now };
    let ramp = if count <= AT_ONCE_MAX {
        Duration::ZERO
    } else {
        let ramp = Duration::from_secs(RAMP_SECONDS);
        spread(source, "start", interval(source, state).map_or(ramp, |interval| interval.min(ramp)))
    };
    let mut first = later(now, ramp);
    first = first.max(told_to_wait(source, state, now).unwrap_or(first));
    first.max(earliest_ask(source, state, now).unwrap_or(first))
}

/// Before when a source must not be asked, whoever wants it: `min_interval` after the last asking.
/// `None` for files, for sources that were never asked, and where the clock was set back since.
pub fn earliest_ask(source: &Source, state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    match source.location {
        Location::Web(_) => asked_at(state, now).map(|at| later(at, source.fetch.min_interval)),
        Location::File(_) => None,
    }
}

/// The last asking; unknown where it lies in the future, because then the clock was set back.
pub(super) fn asked_at(state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    state.asked_at.filter(|at| *at - now <= TimeDelta::seconds(CLOCK_SECONDS_MAX))
}

/// What the admin wrote, without failures and hints.
fn own_next(source: &Source, state: &SourceState, zone: Tz, now: Timestamp) -> Timestamp {
    if let Some(interval) = interval(source, state) {
        let earliest = match asked_at(state, now) {
            Some(asked) => later(asked, interval / 2).max(later(now, Duration::from_millis(1))),
            None => later(now, Duration::from_millis(1)),
        };
        return on_grid(source, interval, earliest);
    }
    match (crontab_next(source, zone, now), &source.location) {
        (Some(at), Location::Web(_)) => later(at, spread(source, "minute", Duration::from_secs(60))),
        (Some(at), Location::File(_)) => at,
        // After 2099 the crate `cron` knows no moments: the longest wait is the safe answer.
        (None, _) => later(now, source.fetch.max_interval),
    }
}

/// The next minute that a crontab names; `None` for other schedules.
fn crontab_next(source: &Source, zone: Tz, after: Timestamp) -> Option<Timestamp> {
    let Schedule::Crontab(crontab) = &source.schedule else { return None };
    // `config` has checked the expression, so there is no error to report here.
    Expression::parse(&crontab.0).ok()?.next(after, zone)
}

/// The interval of a source that has one; `None` for a crontab.
fn interval(source: &Source, state: &SourceState) -> Option<Duration> {
    match source.schedule {
        Schedule::Every(interval) => Some(interval.max(Duration::from_secs(1))),
        Schedule::Auto => {
            let policy = &source.fetch;
            let ttl = state.schedules.ttl_minutes.map(|minutes| 60 * u64::from(minutes));
            let period = state.schedules.period_seconds.map(u64::from);
            let hint = ttl.max(period).filter(|_| policy.hints.ttl);
            let interval = Duration::from_secs(hint.unwrap_or(AUTO_SECONDS));
            Some(interval.min(policy.max_interval).max(policy.min_interval).max(Duration::from_secs(1)))
        }
        Schedule::Crontab(_) => None,
    }
}

/// The first point of the source's own grid that is not before `earliest`.
fn on_grid(source: &Source, interval: Duration, earliest: Timestamp) -> Timestamp {
    let period = millis(interval).max(1);
    let phase = millis(spread(source, "phase", interval));
    let since = earliest.timestamp_millis() - phase;
    // Rounded up; `div_euclid` keeps moments before 1970 in order.
    let point = -(-since).div_euclid(period) * period + phase;
    DateTime::from_timestamp_millis(point).unwrap_or(earliest)
}

fn back_off(source: &Source, failures: u32, own_wait: Duration) -> Duration {
    let base = own_wait.max(Duration::from_secs(BACK_OFF_SECONDS_MIN));
    let longest = source.fetch.max_interval.max(own_wait);
    let doubled =
        1_u32.checked_shl(failures - 1).map_or(longest, |times| base.saturating_mul(times)).min(longest);
    doubled.saturating_sub(spread(source, &format!("failure {failures}"), doubled / 8))
}

fn told_to_wait(source: &Source, state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let until = state.retry_after.filter(|_| source.fetch.hints.retry_after)?;
    Some(until.min(later(now, source.fetch.max_interval)))
}

/// A part of `whole` that only the id and the purpose decide; less than `whole`.
fn spread(source: &Source, purpose: &str, whole: Duration) -> Duration {
    let Digest(bytes) = Digest::of([source.id.0.as_bytes(), purpose.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    let whole_ms = u64::try_from(millis(whole)).unwrap_or(0);
    Duration::from_millis(u64::from_be_bytes(first).checked_rem(whole_ms).unwrap_or(0))
}

fn later(at: Timestamp, wait: Duration) -> Timestamp {
    TimeDelta::from_std(wait).ok().and_then(|wait| at.checked_add_signed(wait)).unwrap_or(Timestamp::MAX_UTC)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
