//! What a source says about when to come again, and how far that is heeded.
//!
//! HTTP: `Cache-Control`, `Expires` and `Retry-After`. RSS: `ttl`, `skipHours`, `skipDays`. The syndication
//! module: `sy:updatePeriod`, `sy:updateFrequency`, `sy:updateBase`.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _};

use super::moments::{asked_at, later, millis, spread};
use super::plan::earliest_ask;
use crate::model::{Location, Source, SourceState, Timestamp};

/// Who was told to come at a full hour comes within this time after it, in seconds.
const SPREAD_SECONDS: u64 = 5 * 60;

/// The longest run of skipped hours that ends: six days and the hours around them.
const RUN_HOURS_MAX: i64 = 8 * 24;

/// One hint that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name: the key of `hints` in feeds.toml, with dashes.
    pub hint: &'static str,
    /// Before when the source does not want to be asked, as it said it: not cut to `max_interval`. Where it
    /// lies in the past, or is now, the hint does not hold us up. The end of time where a source wants to be
    /// left alone for ever.
    pub until: Timestamp,
    /// Whether we heed it: files are not spared, and feeds.toml may switch a hint off.
    pub obeyed: bool,
}

/// The hints of a source, seen from `now`: `cache-control`, `ttl`, `update-period`, `retry-after`,
/// `skip-hours`, `skip-days`, as far as it gave them.
pub fn told(source: &Source, state: &SourceState, now: Timestamp) -> Vec<Told> {
    let switches = &source.fetch.hints;
    let (hours, days) = (&state.schedules.skip_hours, &state.schedules.skip_days);
    let quiet = |hours: &[u8], days: &[u8]| {
        let is_told = !hours.is_empty() || !days.is_empty();
        is_told.then(|| quiet_until(hours, days, now).unwrap_or(now))
    };
    let asked = asked_at(state, now);
    let ttl = state.schedules.ttl_minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let all = [
        ("cache-control", switches.cache_control, state.fresh_until),
        ("ttl", switches.ttl, asked.zip(ttl).map(|(asked, ttl)| later(asked, ttl))),
        ("update-period", switches.update_period, asked.and_then(|asked| period_end(state, asked))),
        ("retry-after", switches.retry_after, state.retry_after),
        ("skip-hours", switches.skip_hours, quiet(hours, &[])),
        ("skip-days", switches.skip_days, quiet(&[], days)),
    ];
    let is_web = matches!(source.location, Location::Web(_));
    let told = all.into_iter().filter_map(|(hint, switch, until)| {
        until.map(|until| Told { hint, until, obeyed: switch && is_web })
    });
    told.collect()
}

/// When to ask a web source that was to be asked at `own`: later where `min_interval` or a hint says so. Hints
/// alone put it off to `max_interval` after the last asking at most.
pub(super) fn heed(source: &Source, state: &SourceState, own: Timestamp, now: Timestamp) -> Timestamp {
    let bound = later(asked_at(state, now).unwrap_or(now), source.fetch.max_interval);
    let few_minutes = spread(source, "full hour", Duration::from_secs(SPREAD_SECONDS));
    let is_boundary = state.schedules.period_base.is_some();
    let period = Duration::from_secs(state.schedules.period_seconds.unwrap_or(0).into());
    let ends = told(source, state, now).into_iter().filter(|told| told.obeyed).map(|told| match told.hint {
        // They follow below: where they end depends on where the others lead.
        "skip-hours" | "skip-days" => now,
        // Everybody's period ends at the same moment there.
        "update-period" if is_boundary => later(told.until, few_minutes.min(period / 4)),
        _ => told.until,
    });
    let mut at = own.max(ends.max().unwrap_or(own).min(bound));
    at = at.max(earliest_ask(source, state, now).unwrap_or(at));
    match obeyed_quiet_until(source, state, at) {
        Some(end) => at.max(later(end, few_minutes).min(bound)),
        None => at,
    }
}

fn obeyed_quiet_until(source: &Source, state: &SourceState, at: Timestamp) -> Option<Timestamp> {
    let (switches, said) = (&source.fetch.hints, &state.schedules);
    let hours: &[u8] = if switches.skip_hours { &said.skip_hours } else { &[] };
    let days: &[u8] = if switches.skip_days { &said.skip_days } else { &[] };
    quiet_until(hours, days, at)
}

/// The end of the run of skipped hours and days that `at` lies in; `None` where it lies in none.
fn quiet_until(hours: &[u8], days: &[u8], at: Timestamp) -> Option<Timestamp> {
    let is_quiet = |at: Timestamp| {
        let weekday = at.weekday().num_days_from_monday();
        hours.iter().any(|hour| u32::from(*hour) == at.hour())
            || days.iter().any(|day| u32::from(*day) == weekday)
    };
    if !is_quiet(at) {
        return None;
    }
    let hour = DateTime::from_timestamp(at.timestamp().div_euclid(3600) * 3600, 0)?;
    let next = |n| hour.checked_add_signed(TimeDelta::hours(n));
    let end = (1..=RUN_HOURS_MAX).filter_map(next).find(|at| !is_quiet(*at));
    Some(end.unwrap_or(Timestamp::MAX_UTC))
}

/// The end of the period that was told: the first boundary after the last asking where there is a base to
/// count from, else one period after it.
fn period_end(state: &SourceState, asked: Timestamp) -> Option<Timestamp> {
    let period = Duration::from_secs(u64::from(state.schedules.period_seconds?.max(1)));
    let Some(base) = state.schedules.period_base else { return Some(later(asked, period)) };
    let into_period = (asked - base).num_milliseconds().rem_euclid(millis(period));
    let rest = millis(period) - into_period;
    Some(later(asked, Duration::from_millis(u64::try_from(rest).unwrap_or(0))))
}
