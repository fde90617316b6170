//! Tests of schedule: when sources are asked. What may be written is in `schedule/crontab.rs`, what sources say
//! in `schedule/hints.rs`, what follows from a poll in `schedule/settle.rs`; `schedule/rhythm.rs` and
//! `schedule/year.rs` let weeks and a year go by.

mod crontab;
mod hints;
mod pushes;
mod rhythm;
mod settle;
mod year;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use nashra::config;
use nashra::model::{Hints, Schedule, Source, SourceId, SourceState, Timestamp};
use nashra::schedule::{self, Lull, due, earliest_ask};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A source at the web, or a file where the id begins with `file`.
fn source(id: &str, schedule: &str) -> Source {
    let url =
        if id.starts_with("file") { format!("file:{id}.xml") } else { format!("https://example.org/{id}") };
    let text = format!("[sources.{id}]\nurl = \"{url}\"\nschedule = \"{schedule}\"\n");
    config::read(&text, "feeds.toml", std::path::Path::new("")).unwrap().sources.remove(0)
}

/// The next moment of a source that has one.
fn next_at(source: &Source, state: &SourceState, zone: Tz, now: Timestamp) -> Timestamp {
    schedule::next_at(source, state, zone, now).unwrap()
}

/// The first moment of a source that has one.
fn first_at(source: &Source, state: &SourceState, zone: Tz, now: Timestamp, count: usize) -> Timestamp {
    schedule::first_at(source, state, zone, now, count).unwrap()
}

fn asked(when: Timestamp) -> SourceState {
    SourceState { asked_at: Some(when), ..SourceState::default() }
}

proptest! {
    /// The next moment is always ahead, keeps the distance, and does not depend on when it is asked for.
    #[test]
    fn the_next_moment_is_ahead(id in "[a-z]{1,8}", seconds in 1..100_000_u64, failures in 0..40_u32, after in 0..600_i64) {
        let mut source = source(&format!("s{id}"), "auto");
        source.schedule = Schedule::Every(Duration::from_secs(seconds));
        let asked_at = at("2026-06-01T00:00:00Z");
        let state = SourceState { failures, ..asked(asked_at) };
        let now = asked_at + TimeDelta::seconds(after);
        let next = next_at(&source, &state, Tz::UTC, now);
        prop_assert!(next > now);
        prop_assert!(next >= earliest_ask(&source, &state, now).unwrap());
        let longest = i64::try_from(seconds).unwrap().max(86_400) + 2 * i64::try_from(seconds).unwrap();
        prop_assert!(next <= now + TimeDelta::seconds(longest));
        prop_assert_eq!(next, next_at(&source, &state, Tz::UTC, now));
    }
}

#[test]
fn every_n_keeps_its_rate_whatever_the_delays() {
    for (every, delay_seconds) in [("every 15m", 20), ("every 1h", 1700), ("every 2m", 1)] {
        let source = source("steady", every);
        let Schedule::Every(interval) = source.schedule else { panic!() };
        let start = at("2026-06-01T00:00:00Z");
        let mut moment = next_at(&source, &asked(start), Tz::UTC, start);
        let first = moment;
        for _ in 0..100 {
            let late = moment + TimeDelta::seconds(delay_seconds);
            moment = next_at(&source, &asked(late), Tz::UTC, late + TimeDelta::seconds(1));
        }
        assert_eq!((moment - first).to_std().unwrap(), interval * 100, "{every}");
    }
}

#[test]
fn a_thousand_sources_do_not_fire_in_one_second() {
    let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
    let now = at("2026-06-01T00:00:00Z");
    for n in 0..1000 {
        let source = source(&format!("source-{n}"), "every 15m");
        let next = next_at(&source, &asked(now - TimeDelta::minutes(10)), Tz::UTC, now);
        assert!(next - now <= TimeDelta::minutes(15));
        *seconds.entry(next.timestamp()).or_default() += 1;
    }
    assert!(seconds.values().all(|count| *count <= 8), "{seconds:?}");
    assert!(seconds.len() > 500, "{} seconds", seconds.len());
}

#[test]
fn crontab_sources_stay_within_their_minute() {
    let now = at("2026-06-01T00:00:00Z");
    let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
    for n in 0..600 {
        let next = next_at(&source(&format!("source-{n}"), "*/10 * * * *"), &asked(now), Tz::UTC, now);
        assert_eq!(next.format("%H:%M").to_string(), "00:10");
        *seconds.entry(next.timestamp()).or_default() += 1;
    }
    assert!(seconds.values().all(|count| *count <= 30), "{seconds:?}");
}

#[test]
fn failures_back_off_and_hints_are_obeyed() {
    let now = at("2026-06-01T12:00:00Z");
    let wait = |schedule: &str, change: &dyn Fn(&mut SourceState, &mut Source)| {
        let mut source = source("x", schedule);
        let mut state = asked(now);
        change(&mut state, &mut source);
        (next_at(&source, &state, Tz::UTC, now) - now).num_seconds()
    };
    let failed = |schedule: &str, failures| wait(schedule, &|state, _| state.failures = failures);
    assert!((450..=1350).contains(&failed("every 15m", 1)));
    assert!((1575..=1800).contains(&failed("every 15m", 2)));
    assert!((3150..=3600).contains(&failed("every 15m", 3)));
    assert!((75_600..=86_400).contains(&failed("every 15m", 40)));
    // A fast source counts from a minute, a slow one is not asked sooner than it wants.
    assert!((105..=120).contains(&failed("every 2s", 2)));
    assert!(failed("every 5d", 9) >= 4 * 86_400);
    assert!((6300..=7200).contains(&failed("@hourly", 2)));

    let told = |minutes: i64, hints| {
        wait("every 15m", &|state, source| {
            state.retry_after = Some(now + TimeDelta::minutes(minutes));
            source.fetch.hints = Hints::all(hints);
        })
    };
    assert_eq!(told(120, true), 7200);
    assert_eq!(told(60 * 24 * 9, true), 86_400);
    assert!(told(120, false) <= 1350);

    // What the last good answer said neither shortens the wait after a failure nor ends it.
    let told_and_failed = |minutes: u32| {
        wait("every 15m", &|state, _| {
            state.failures = 3;
            state.schedules.ttl_minutes = Some(minutes);
            state.fresh_until = Some(now + TimeDelta::minutes(1));
        })
    };
    assert_eq!(told_and_failed(1), failed("every 15m", 3));
    assert_eq!(told_and_failed(180), 180 * 60);
}

#[test]
fn a_clock_that_was_set_back_holds_nobody_up() {
    let now = at("2026-06-01T12:00:00Z");
    let check = |id: &str, asked_seconds: i64, expected: Option<i64>| {
        let state = asked(now + TimeDelta::seconds(asked_seconds));
        let earliest = earliest_ask(&source(id, "every 15m"), &state, now);
        assert_eq!(earliest.map(|at| (at - now).num_seconds()), expected, "{id} {asked_seconds}");
    };
    check("web", -20, Some(40));
    check("web", -600, Some(-540));
    // A little ahead is a clock that was corrected; a day ahead means nothing any more.
    check("web", 30, Some(90));
    check("web", 86_400, None);
    check("file", -20, None);
    assert_eq!(earliest_ask(&source("new", "every 15m"), &SourceState::default(), now), None);
}

#[test]
fn an_asking_without_an_answer_counts_for_the_shortest_interval_alone() {
    let now = at("2026-06-01T12:00:00Z");
    let check = |asked_seconds: i64, unanswered_seconds: i64, expected: Option<i64>| {
        let mut state = asked(now + TimeDelta::seconds(asked_seconds));
        let hinted = schedule::told(&source("web", "every 15m"), &state, now);
        state.unanswered_at = Some(now + TimeDelta::seconds(unanswered_seconds));
        let earliest = earliest_ask(&source("web", "every 15m"), &state, now);
        assert_eq!(earliest.map(|at| (at - now).num_seconds()), expected, "{asked_seconds}");
        assert_eq!(schedule::told(&source("web", "every 15m"), &state, now), hinted);
    };
    check(-600, -20, Some(40));
    check(-20, -600, Some(40));
    // The clock was set back since.
    check(-600, 20, Some(-540));
}

#[test]
fn a_start_neither_forgets_nor_stampedes() {
    let now = at("2026-06-01T12:00:00Z");
    let first = |id: &str, schedule: &str, state: &SourceState, count| {
        first_at(&source(id, schedule), state, Tz::UTC, now, count)
    };
    let new = SourceState::default();
    assert_eq!(first("a", "every 15m", &new, 64), now);
    assert_eq!(first("file-a", "every 15m", &new, 10_000), now);

    let planned = |minutes| SourceState {
        next_at: Some(now + TimeDelta::minutes(minutes)),
        ..asked(now - TimeDelta::minutes(1))
    };
    // A stored moment stays; a schedule that became shorter counts.
    assert_eq!(first("a", "every 2h", &planned(7), 1000), now + TimeDelta::minutes(7));
    assert!(first("a", "every 15m", &planned(600), 1000) <= now + TimeDelta::minutes(23));
    // Overdue, but asked a moment ago: the distance is kept.
    let just_asked = SourceState { next_at: Some(now), ..asked(now - TimeDelta::seconds(5)) };
    assert_eq!(first("a", "every 15m", &just_asked, 1), now + TimeDelta::seconds(55));

    let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
    for n in 0..1000 {
        let moment = first(&format!("source-{n}"), "every 15m", &new, 1000);
        assert!(moment >= now && moment < now + TimeDelta::seconds(60));
        *seconds.entry(moment.timestamp()).or_default() += 1;
    }
    assert!(seconds.values().all(|count| *count <= 40), "{seconds:?}");
}

#[test]
fn due_picks_the_longest_waiting_first() {
    let now = at("2026-06-01T12:00:00Z");
    let text = ["late", "later", "soon", "new", "off", "held", "far", "moved", "gone"].iter().fold(
        String::new(),
        |mut all, id| {
            let _ = write!(
                all,
                "[sources.{id}]\nurl = \"https://example.org/{id}\"\nenabled = {}\n",
                *id != "off"
            );
            all
        },
    );
    let text = text + "[sources.file]\nurl = \"file:a.xml\"\n";
    let config = config::read(&text, "feeds.toml", std::path::Path::new("")).unwrap();
    let state = |next: i64, asked: i64| SourceState {
        next_at: Some(now + TimeDelta::seconds(next)),
        asked_at: Some(now + TimeDelta::seconds(asked)),
        ..SourceState::default()
    };
    let states: BTreeMap<SourceId, SourceState> = [
        ("late", state(-10, -900)),
        ("later", state(-100, -900)),
        ("soon", state(30, -900)),
        ("off", state(-5, -900)),
        ("held", state(-5, -40)),
        ("far", state(9000, -900)),
        // Asked in the future: the clock was set back.
        ("moved", state(9000, 8000)),
        ("file", state(-1, -1)),
        ("gone", SourceState { gone_at: Some(now), ..state(-5, -900) }),
        // In no file any more.
        ("lost", state(-5, -900)),
    ]
    .map(|(id, state)| (SourceId(id.to_owned()), state))
    .into();
    let found = due(config.sources.iter(), &states, now);
    let ids: Vec<&str> = found.ask.iter().map(|id| &*id.0).collect();
    assert_eq!(ids, ["later", "late", "file", "moved", "new"]);
    assert_eq!(found.wake, now + TimeDelta::seconds(20));
    assert_eq!(due([].into_iter(), &states, now).wake, now + TimeDelta::seconds(60));
    // The order of the sources makes no difference.
    assert_eq!(due(config.sources.iter().rev(), &states, now), found);
    let mut sorted: Vec<&Source> = config.sources.iter().collect();
    sorted.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(due(sorted.into_iter(), &states, now), found);
}

#[test]
fn a_lull_lasts_until_something_is_due() {
    let second = |n: i64| at("2026-06-01T12:00:00Z") + TimeDelta::seconds(n);
    let config =
        config::read("[sources.x]\nurl = \"https://example.org/\"\n", "feeds.toml", std::path::Path::new(""));
    let sources = config.unwrap().sources;
    let state = SourceState { next_at: Some(second(40)), ..asked(second(-900)) };
    let states = BTreeMap::from([(sources[0].id.clone(), state)]);
    let mut lull = Lull::after(&due(sources.iter(), &states, second(0)), second(0));
    let rests = |lull: &Lull| [-1, 0, 19, 20, 39, 40].map(|n| lull.rest(second(n)));
    let until = Some(second(40));
    assert_eq!(rests(&lull), [None, until, until, until, until, None]);
    // What is later, or never, does not make it longer.
    lull.shorten(Some(second(50)));
    lull.shorten(None);
    assert_eq!(rests(&lull), [None, until, until, until, until, None]);
    lull.shorten(Some(second(20)));
    assert_eq!(rests(&lull), [None, Some(second(20)), Some(second(20)), None, None, None]);
}

#[test]
fn a_source_that_is_gone_has_no_moment() {
    let now = at("2026-06-01T12:00:00Z");
    for (id, schedule_text) in [("web", "every 15m"), ("web", "@daily"), ("web", "auto"), ("file", "@daily")]
    {
        let source = source(id, schedule_text);
        let mut state = asked(now - TimeDelta::days(9));
        assert!(schedule::next_at(&source, &state, Tz::UTC, now).is_some());
        state.gone_at = state.asked_at;
        assert_eq!(schedule::next_at(&source, &state, Tz::UTC, now), None);
        assert_eq!(schedule::first_at(&source, &state, Tz::UTC, now, 1), None);
    }
}
