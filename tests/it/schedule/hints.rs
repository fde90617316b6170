//! What sources say about when to come again.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike};
use chrono_tz::Tz;
use nashra::model::{Hints, Schedule, Schedules, Source, SourceState, Timestamp};
use nashra::schedule::{Told, earliest_ask, told};
use proptest::prelude::*;

use super::{asked, at, first_at, next_at, source};

/// The longest time after a full hour that a source is put off to, in seconds.
const SPREAD_SECONDS: i64 = 300;

/// A source that is asked every minute where nobody objects, and its state after an asking at `when`.
fn eager(when: &str, change: impl Fn(&mut SourceState)) -> (Source, SourceState) {
    let mut state = asked(at(when));
    change(&mut state);
    (source("x", "every 1m"), state)
}

/// When the source may be asked again, in minutes after the asking, each with and without hints.
fn minutes(when: &str, change: impl Fn(&mut SourceState)) -> (i64, i64) {
    let (mut source, state) = eager(when, change);
    let wait = |source: &Source| (next_at(source, &state, Tz::UTC, at(when)) - at(when)).num_minutes();
    let heeding = wait(&source);
    source.fetch.hints = Hints::all(false);
    (heeding, wait(&source))
}

fn said(schedules: Schedules) -> impl Fn(&mut SourceState) {
    move |state| state.schedules = schedules.clone()
}

#[test]
fn each_hint_puts_the_next_asking_off() {
    let when = "2026-06-03T12:20:00Z";
    let check = |expected: i64, change: &dyn Fn(&mut SourceState)| {
        assert_eq!(minutes(when, change), (expected, 1), "{expected}");
    };
    check(90, &|state| state.fresh_until = Some(at("2026-06-03T13:50:00Z")));
    check(1, &|state| state.fresh_until = Some(at("2026-06-03T12:10:00Z")));
    check(120, &|state| state.schedules.ttl_minutes = Some(120));
    check(30, &|state| state.schedules.period_seconds = Some(1800));
    check(45, &|state| state.retry_after = Some(at("2026-06-03T13:05:00Z")));
    // The latest of all.
    check(120, &|state| {
        state.schedules = Schedules { ttl_minutes: Some(120), period_seconds: Some(1800), ..said_nothing() };
        state.fresh_until = Some(at("2026-06-03T13:50:00Z"));
    });
    // None of them keeps us away for longer than a day.
    check(1440, &|state| state.fresh_until = Some(at("2027-01-01T00:00:00Z")));
    check(1440, &|state| state.schedules.ttl_minutes = Some(u32::MAX));
    check(1440, &|state| state.schedules.period_seconds = Some(u32::MAX));
    check(1440, &|state| state.retry_after = Some(at("2050-01-01T00:00:00Z")));
    check(1440, &|state| state.retry_after = Some(Timestamp::MAX_UTC));
    check(1440, &|state| state.schedules.skip_hours = (0..24).collect());
    check(1440, &|state| state.schedules.skip_days = (0..7).collect());
}

fn said_nothing() -> Schedules {
    Schedules::default()
}

#[test]
fn periods_are_counted_from_their_base() {
    let check = |asked: &str, base: &str, hours: u32, expected: &str| {
        let (source, state) = eager(asked, |state| {
            state.schedules.period_seconds = Some(hours * 3600);
            state.schedules.period_base = Some(at(base));
        });
        let told = told(&source, &state, at(asked));
        assert_eq!(
            told,
            [Told { hint: "update-period", until: at(expected), obeyed: true }],
            "{asked} {base}"
        );
        let late = (next_at(&source, &state, Tz::UTC, at(asked)) - at(expected)).num_seconds();
        assert!((0..SPREAD_SECONDS).contains(&late), "{asked} {base}: {late} s");
    };
    check("2026-06-03T12:20:00Z", "2000-01-01T12:00:00Z", 1, "2026-06-03T13:00:00Z");
    check("2026-06-03T13:00:00Z", "2000-01-01T12:00:00Z", 1, "2026-06-03T14:00:00Z");
    check("2026-06-03T12:20:00Z", "2000-01-01T00:05:00Z", 24, "2026-06-04T00:05:00Z");
    // A base in the future counts backwards as well.
    check("2026-06-03T12:20:00Z", "2030-01-01T06:00:00Z", 12, "2026-06-03T18:00:00Z");
}

#[test]
fn skipped_hours_and_days_are_left_alone() {
    let check = |asked: &str, hours: &[u8], days: &[u8], expected: Option<&str>| {
        let skipping =
            said(Schedules { skip_hours: hours.into(), skip_days: days.into(), ..Schedules::default() });
        let (mut source, state) = eager(asked, skipping);
        source.fetch.max_interval = Duration::from_secs(10 * 86_400);
        let next = next_at(&source, &state, Tz::UTC, at(asked));
        match expected {
            Some(end) => {
                let late = (next - at(end)).num_seconds();
                assert!((0..SPREAD_SECONDS).contains(&late), "{asked} {hours:?} {days:?}: {next}");
            }
            None => assert!(next <= at(asked) + TimeDelta::seconds(90), "{asked} {hours:?} {days:?}: {next}"),
        }
        // The same after a restart that finds it overdue, a minute later.
        let started = at(asked) + TimeDelta::minutes(1);
        let first = first_at(&source, &state, Tz::UTC, started, 1);
        assert_eq!(first, expected.map_or(started, |_| next), "{asked} {hours:?} {days:?}");
    };
    // 2026-06-03 is a Wednesday, day 2.
    let night = [0, 1, 2, 3, 4, 5];
    check("2026-06-03T12:20:00Z", &night, &[], None);
    check("2026-06-03T02:20:00Z", &night, &[], Some("2026-06-03T06:00:00Z"));
    check("2026-06-03T05:59:00Z", &night, &[], None);
    check("2026-06-02T23:59:30Z", &night, &[], Some("2026-06-03T06:00:00Z"));
    check("2026-06-03T23:10:00Z", &[0, 1, 23], &[], Some("2026-06-04T02:00:00Z"));
    check("2026-06-03T12:20:00Z", &[], &[2], Some("2026-06-04T00:00:00Z"));
    check("2026-06-03T12:20:00Z", &[], &[0, 6], None);
    // Runs of hours and days are one run: from Friday 22:00 to Monday 02:00.
    check("2026-06-05T22:10:00Z", &[0, 1, 22, 23], &[5, 6], Some("2026-06-08T02:00:00Z"));
    check("2026-06-05T21:10:00Z", &[0, 1, 22, 23], &[5, 6], None);
    // One hour of the week is left.
    let but_noon: Vec<u8> = (0..24).filter(|hour| *hour != 12).collect();
    check("2026-06-07T13:10:00Z", &but_noon, &[0, 1, 2, 3, 4, 5], Some("2026-06-14T12:00:00Z"));
    // What is no hour and no day skips nothing.
    check("2026-06-03T12:20:00Z", &[24, 255], &[7], None);
}

#[test]
fn not_all_come_at_the_full_hour() {
    let now = at("2026-06-03T02:20:00Z");
    let seconds = |change: &dyn Fn(&mut SourceState)| {
        let mut state = asked(now);
        change(&mut state);
        let next = |n| next_at(&source(&format!("s{n}"), "every 1m"), &state, Tz::UTC, now).timestamp();
        let mut seconds: Vec<i64> = (0..300).map(next).collect();
        seconds.sort_unstable();
        seconds.dedup();
        assert!(seconds[seconds.len() - 1] - seconds[0] < SPREAD_SECONDS);
        seconds.len()
    };
    assert!(seconds(&|state| state.schedules.skip_hours = vec![2, 3]) > 150);
    assert!(
        seconds(&|state| {
            state.schedules.period_seconds = Some(3600);
            state.schedules.period_base = Some(at("2000-01-01T12:00:00Z"));
        }) > 150
    );
}

#[test]
fn every_hint_has_its_own_switch() {
    let now = at("2026-06-06T02:20:00Z");
    let mut state = asked(now);
    state.schedules = Schedules {
        ttl_minutes: Some(60),
        period_seconds: Some(7200),
        period_base: None,
        skip_hours: vec![2],
        skip_days: vec![5],
    };
    state.fresh_until = Some(now + TimeDelta::hours(3));
    state.retry_after = Some(now + TimeDelta::hours(4));
    let names = ["cache-control", "ttl", "update-period", "retry-after", "skip-hours", "skip-days"];
    let ends = [
        "2026-06-06T05:20:00Z",
        "2026-06-06T03:20:00Z",
        "2026-06-06T04:20:00Z",
        "2026-06-06T06:20:00Z",
        "2026-06-06T03:00:00Z",
        "2026-06-07T00:00:00Z",
    ];
    let none = Hints::all(false);
    let alone = [
        Hints { cache_control: true, ..none },
        Hints { ttl: true, ..none },
        Hints { update_period: true, ..none },
        Hints { retry_after: true, ..none },
        Hints { skip_hours: true, ..none },
        Hints { skip_days: true, ..none },
    ];
    for (on, hints) in alone.into_iter().enumerate() {
        let mut source = source("x", "every 1m");
        source.fetch.hints = hints;
        let expected: Vec<Told> = names
            .iter()
            .zip(ends)
            .enumerate()
            .map(|(index, (hint, end))| Told { hint, until: at(end), obeyed: index == on })
            .collect();
        assert_eq!(told(&source, &state, now), expected);
        let late = (next_at(&source, &state, Tz::UTC, now) - at(ends[on])).num_seconds();
        assert!((0..SPREAD_SECONDS).contains(&late), "{}: {late} s", names[on]);
        let first = first_at(&source, &state, Tz::UTC, now + TimeDelta::minutes(2), 1);
        assert!(((first - at(ends[on])).num_seconds() - late).abs() < 60, "{}: {first}", names[on]);
    }
    let file = source("file", "every 1m");
    assert!(told(&file, &state, now).iter().all(|told| !told.obeyed));
    assert!(next_at(&file, &state, Tz::UTC, now) < now + TimeDelta::minutes(2));
    assert_eq!(told(&file, &asked(now), now), []);
    assert_eq!(told(&source("x", "auto"), &SourceState::default(), now), []);
}

#[test]
fn a_hint_that_was_switched_on_meanwhile_counts_at_once() {
    let now = at("2026-06-03T12:20:00Z");
    let (source, mut state) = eager("2026-06-03T12:19:00Z", |state| {
        state.schedules.ttl_minutes = Some(60);
    });
    state.next_at = Some(now + TimeDelta::seconds(30));
    assert_eq!(first_at(&source, &state, Tz::UTC, now, 1), at("2026-06-03T13:19:00Z"));
}

#[test]
fn a_longer_schedule_of_the_admins_own_is_not_cut() {
    let now = at("2026-06-03T12:20:00Z");
    let (mut source, state) = eager("2026-06-03T12:20:00Z", |state| {
        state.retry_after = Some(Timestamp::MAX_UTC);
        state.schedules.skip_hours = (0..24).collect();
    });
    source.schedule = Schedule::Every(Duration::from_secs(5 * 86_400));
    let heeding = next_at(&source, &state, Tz::UTC, now);
    source.fetch.hints = Hints::all(false);
    assert_eq!(heeding, next_at(&source, &state, Tz::UTC, now));
    assert!(heeding > now + TimeDelta::hours(60));
}

/// Any moment within a few years.
fn any_moment() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000..1_900_000_000_i64).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

fn any_schedules() -> impl Strategy<Value = Schedules> {
    let some = |longest: u32| prop_oneof![Just(None), (1..longest).prop_map(Some), Just(Some(u32::MAX))];
    let skipped =
        |end: u8| prop_oneof![Just(vec![]), proptest::collection::vec(0..end, 0..8), Just((0..24).collect())];
    (some(10_000), some(1_000_000), proptest::option::of(any_moment()), skipped(24), skipped(7)).prop_map(
        |(ttl_minutes, period_seconds, period_base, skip_hours, skip_days)| Schedules {
            ttl_minutes,
            period_seconds,
            period_base,
            skip_hours,
            skip_days,
        },
    )
}

/// A few days before to a year after the asking, or the end of time.
fn any_wait() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), (-300_000..300_000_i64).prop_map(Some), Just(Some(31_000_000))]
}

fn is_skipped(schedules: &Schedules, at: Timestamp) -> bool {
    schedules.skip_hours.iter().any(|hour| u32::from(*hour) == at.hour())
        || schedules.skip_days.iter().any(|day| u32::from(*day) == at.weekday().num_days_from_monday())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever a source says, it is asked again: not too early, not too late, and not when it is not to be.
    #[test]
    fn no_hint_breaks_the_bounds(
        id in "[a-z]{1,8}",
        (schedule, every) in prop_oneof![
            (Just("every 1m"), 1..400_000_u64), (Just("auto"), 1..2_u64), (Just("*/10 * * * *"), 1..2_u64)
        ],
        (min_seconds, max_seconds) in (0..4000_u64, 4000..400_000_u64),
        (asked_at, after) in (any_moment(), 0..5000_i64),
        failures in 0..12_u32,
        schedules in any_schedules(),
        (fresh, retry) in (any_wait(), any_wait()),
        switches in proptest::array::uniform6(any::<bool>()),
        gaps in proptest::collection::vec(1..500_000_i64, 0..14),
    ) {
        let mut source = source(&format!("s{id}"), schedule);
        if let Schedule::Every(interval) = &mut source.schedule {
            *interval = Duration::from_secs(every);
        }
        source.fetch.min_interval = Duration::from_secs(min_seconds);
        source.fetch.max_interval = Duration::from_secs(max_seconds);
        let [cache_control, ttl, update_period, skip_hours, skip_days, retry_after] = switches;
        source.fetch.hints =
            Hints { cache_control, ttl, update_period, skip_hours, skip_days, retry_after, ..Hints::all(true) };
        let wait = |seconds: Option<i64>| seconds.map(|seconds| asked_at + TimeDelta::seconds(seconds));
        let mut state = SourceState {
            failures,
            schedules: schedules.clone(),
            fresh_until: wait(fresh),
            retry_after: wait(retry),
            ..asked(asked_at)
        };
        let mut moment = asked_at;
        state.rhythm.news = gaps.iter().map(|gap| { moment -= TimeDelta::seconds(*gap); moment }).collect();
        state.rhythm.news.reverse();
        let now = asked_at + TimeDelta::seconds(after);

        let next = next_at(&source, &state, Tz::UTC, now);
        prop_assert!(next > now);
        prop_assert!(next >= earliest_ask(&source, &state, now).unwrap());
        prop_assert_eq!(next, next_at(&source, &state, Tz::UTC, now), "not deterministic");

        let mut mute = source.clone();
        mute.fetch.hints = Hints::all(false);
        // A first failure that says when to come again is not guessed about.
        let guesses = failures.saturating_sub(u32::from(retry.is_some() && retry_after));
        let own = next_at(&mute, &SourceState { failures: guesses, ..state.clone() }, Tz::UTC, now);
        prop_assert!(next >= own, "{} before {}", next, own);
        let bound = own.max(asked_at + TimeDelta::from_std(source.fetch.max_interval).unwrap());
        prop_assert!(next <= bound, "{} after {}", next, bound);

        for told in told(&source, &state, next) {
            let is_over = told.until <= next;
            prop_assert!(is_over || !told.obeyed || next == bound, "{:?} at {}", told, next);
        }
        if skip_hours && skip_days && is_skipped(&schedules, next) {
            prop_assert_eq!(next, bound, "in a skipped hour, and nothing forces it");
        }
        // A start does not ask earlier than that either, nor later than it must.
        let planned = SourceState { next_at: Some(next), ..state.clone() };
        prop_assert_eq!(first_at(&source, &planned, Tz::UTC, now, 1), next);
        let first = first_at(&source, &state, Tz::UTC, now, 1);
        prop_assert!(first >= now && first <= now.max(bound), "{} {}", first, bound);
        if failures == 0 {
            prop_assert!(first <= next, "{} {}", first, next);
        }
    }
}
