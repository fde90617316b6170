//! The next moment of one source.

use std::time::Duration;

use chrono::DateTime;
use chrono_tz::Tz;

use super::crontab::Expression;
use super::hints::heed;
use super::moments::{asked_at, between, later, millis, spread};
use super::{push, rhythm};
use crate::model::{Location, Schedule, Source, SourceState, Timestamp};

/// Sources that are asked at once at the start, however many there are.
const AT_ONCE_MAX: usize = 64;

/// The time over which more than that are spread at the start, in seconds.
const RAMP_SECONDS: u64 = 60;

/// The shortest interval from which failures are doubled, in seconds.
const BACK_OFF_SECONDS_MIN: u64 = 60;

/// What a source pushes is looked for by polling so many times more rarely, but at least so often, in seconds.
const PUSHED_TIMES: u32 = 4;
const PUSHED_SECONDS_MAX: u64 = 3600;

/// When to ask `source` next, to be called after each poll with the state that already holds its outcome.
/// `None` for a source that is gone: it is asked when the admin asks for it.
///
/// - "every N": the points of a grid of period N that is offset by the id; the first one at least N/2 after
///   the last asking, so that the mean rate is 1/N although askings are late now and then.
/// - crontab: the next minute that matches in `zone`, plus an offset of the id's within that minute for web
///   sources. A minute that has begun when this is called is over.
/// - auto: a grid as well, of half the mean of the last ten gaps between news, the silence since the last news
///   among them; between `min_interval` and `max_interval`; every 30 minutes until three news are known.
/// - Where its hub pushes ([`push::is_relied_on`]), the interval of "every N" and of auto is four times as long, but
///   no longer than an hour by that. A crontab names moments, and they stay.
/// - After failures the wait doubles from the own interval (at least a minute) up to `max_interval`, an
///   eighth of it decided by the id, and never ends before the own schedule.
/// - Hints ([`super::told`]) that are obeyed only put it off, up to `max_interval` after the last asking. Who
///   is told to come after a skipped hour, or with a period that is counted from a base, comes within five
///   minutes after it.
/// - `min_interval` after the last asking is kept.
///
/// A longer schedule of the admin's own is not cut to `max_interval`. Files follow their schedule alone:
/// nobody's host is spared by waiting.
pub fn next_at(source: &Source, state: &SourceState, zone: Tz, now: Timestamp) -> Option<Timestamp> {
    if state.gone_at.is_some() {
        return None;
    }
    let own = own_next(source, state, zone, now);
    let Location::Web(_) = source.location else { return Some(own) };
    let mut next = own;
    if state.failures > 0 {
        // Measured from the asking, so that a restart in the meantime does not shorten it.
        let asked = asked_at(state, now).unwrap_or(now);
        let own_wait = interval(source, state, now)
            .or_else(|| Some(between(asked, crontab_next(source, zone, asked)?)))
            .unwrap_or_default();
        // Who says when to come again leaves nothing to guess, the first time.
        let guesses =
            state.failures - u32::from(state.retry_after.is_some() && source.fetch.hints.retry_after);
        next = next.max(later(asked, back_off(source, guesses, own_wait)));
    }
    Some(heed(source, state, next, now))
}

/// When to ask `source` for the first time after a start or a reload, with `count` sources in all. `None` for
/// a source that is gone.
///
/// A stored moment in the future stays, unless the schedule has become shorter. Overdue and new sources are
/// asked at once where there are few of them, and over a minute (or their interval, where that is shorter)
/// where there are many; hints put them off as in [`next_at`]. Files are always asked at once.
pub fn first_at(
    source: &Source,
    state: &SourceState,
    zone: Tz,
    now: Timestamp,
    count: usize,
) -> Option<Timestamp> {
    let next = next_at(source, state, zone, now)?;
    let stored = state.next_at.filter(|at| *at > now).map(|at| at.min(next));
    let Location::Web(_) = source.location else { return stored.or(Some(now)) };
    let first = stored.unwrap_or_else(|| {
        let ramp = Duration::from_secs(RAMP_SECONDS);
        let ramp = interval(source, state, now).map_or(ramp, |interval| interval.min(ramp));
        if count <= AT_ONCE_MAX { now } else { later(now, spread(source, "start", ramp)) }
    });
    Some(heed(source, state, first, now))
}

/// Before when a source must not be asked, whoever wants it: `min_interval` after the last asking, be it one
/// whose answer was never taken in. `None` for files, for sources that were never asked, and where the clock was set back since.
pub fn earliest_ask(source: &Source, state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    match source.location {
        Location::Web(_) => {
            let unanswered = state.unanswered_at.filter(|at| *at <= now);
            let last = asked_at(state, now).max(unanswered);
            last.map(|at| later(at, source.fetch.min_interval))
        }
        Location::File(_) => None,
    }
}

/// What the admin wrote, without failures and hints.
fn own_next(source: &Source, state: &SourceState, zone: Tz, now: Timestamp) -> Timestamp {
    if let Some(interval) = interval(source, state, now) {
        let asked = asked_at(state, now);
        let soon = later(now, Duration::from_millis(1));
        let earliest = asked.map_or(soon, |asked| later(asked, interval / 2).max(soon));
        let point = on_grid(source, interval, earliest);
        if source.schedule == Schedule::Auto {
            // A grid that changes with the rhythm can leave a hole of one and a half intervals.
            let longest = later(asked.unwrap_or(now), source.fetch.max_interval);
            return point.min(longest).max(earliest);
        }
        return point;
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

/// The interval of a source that has one; `None` for a crontab. Where what it has is pushed, polling is to find what
/// was missed, and takes its time.
fn interval(source: &Source, state: &SourceState, now: Timestamp) -> Option<Duration> {
    let own = own_interval(source, state, now)?;
    if !source.fetch.push || !push::is_relied_on(state.push.as_deref(), now) {
        return Some(own);
    }
    let longest = Duration::from_secs(PUSHED_SECONDS_MAX).min(source.fetch.max_interval);
    Some(own.saturating_mul(PUSHED_TIMES).min(longest).max(own))
}

fn own_interval(source: &Source, state: &SourceState, now: Timestamp) -> Option<Duration> {
    let interval = match source.schedule {
        Schedule::Every(interval) => interval,
        Schedule::Auto => {
            let policy = &source.fetch;
            // Seen from the last asking, so that a restart in the meantime does not change it.
            let interval = rhythm::interval(&state.rhythm, asked_at(state, now).unwrap_or(now));
            interval.min(policy.max_interval).max(policy.min_interval)
        }
        Schedule::Crontab(_) => return None,
    };
    Some(interval.max(Duration::from_secs(1)))
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
    if failures == 0 {
        return Duration::ZERO;
    }
    let base = own_wait.max(Duration::from_secs(BACK_OFF_SECONDS_MIN));
    let longest = source.fetch.max_interval.max(own_wait);
    let doubled =
        1_u32.checked_shl(failures - 1).map_or(longest, |times| base.saturating_mul(times)).min(longest);
    doubled.saturating_sub(spread(source, &format!("failure {failures}"), doubled / 8))
}
