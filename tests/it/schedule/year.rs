//! A year with a source that gives every hint there is: the log of its askings, compared with what it said.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{Datelike as _, TimeDelta, Timelike as _};
use chrono_tz::Tz;
use nashra::model::{Hints, Hop, Ledger, Manners, Schedules, Source, SourceState, Timestamp};
use nashra::schedule::{due, first_at, settle};

use super::{at, source};

/// What the source says from some day of the year on.
#[derive(Clone, Default)]
struct Script {
    from_day: i64,
    status: u16,
    max_age_seconds: Option<u64>,
    retry_after_seconds: Option<u64>,
    schedules: Schedules,
}

/// One asking, and what was said.
struct Asking {
    at: Timestamp,
    said: Script,
}

fn start() -> Timestamp {
    at("2026-01-01T00:00:00Z")
}

/// The acts of the year, each 20 days or so.
fn acts() -> Vec<Script> {
    let ok = |from_day| Script { from_day, status: 200, ..Script::default() };
    let feed = |from_day, schedules| Script { schedules, ..ok(from_day) };
    let none = Schedules::default;
    vec![
        ok(0),
        Script { max_age_seconds: Some(5400), ..ok(20) },
        feed(40, Schedules { ttl_minutes: Some(180), ..none() }),
        feed(60, Schedules { period_seconds: Some(7200), ..none() }),
        feed(80, Schedules { period_seconds: Some(21_600), period_base: Some(start()), ..none() }),
        feed(100, Schedules { skip_hours: vec![0, 1, 2, 3, 4, 22, 23], ..none() }),
        feed(120, Schedules { skip_days: vec![5], ..none() }),
        feed(140, Schedules { skip_hours: vec![23], skip_days: vec![6], ttl_minutes: Some(60), ..none() }),
        Script { status: 503, retry_after_seconds: Some(30_000), ..ok(160) },
        Script { status: 429, retry_after_seconds: Some(900_000_000), ..ok(170) },
        Script { status: 500, ..ok(180) },
        ok(200),
        // What nobody can mean.
        feed(220, Schedules { skip_hours: (0..24).collect(), ..none() }),
        feed(240, Schedules { ttl_minutes: Some(525_600), ..none() }),
        feed(260, Schedules { skip_days: (0..7).collect(), skip_hours: vec![0], ..none() }),
        Script {
            max_age_seconds: Some(10_800),
            schedules: Schedules {
                ttl_minutes: Some(30),
                period_seconds: Some(3600),
                period_base: Some(start()),
                skip_hours: vec![1, 2, 3],
                skip_days: vec![0, 6],
            },
            ..ok(280)
        },
        ok(340),
    ]
}

/// Lets a year go by; restarts the daemon once a week.
fn live(source: &Source) -> (Vec<Asking>, SourceState) {
    let acts = acts();
    let mut log: Vec<Asking> = vec![];
    let mut states = BTreeMap::from([(source.id.clone(), SourceState::default())]);
    let mut now = start();
    let mut week = 0;
    while now < start() + TimeDelta::days(365) {
        if (now - start()).num_days() / 7 > week {
            week += 1;
            let state = states.get_mut(&source.id).unwrap();
            state.next_at = first_at(source, state, Tz::UTC, now, 1000);
        }
        let due = due([source].into_iter(), &states, now);
        if due.ask.is_empty() {
            assert!(due.wake > now);
            // A loop that is busy comes a little late.
            let late = TimeDelta::seconds(i64::try_from(log.len() % 20).unwrap());
            now = due.wake.max(states[&source.id].next_at.unwrap() + late);
            continue;
        }
        let day = (now - start()).num_days();
        let said = acts.iter().rev().find(|act| act.from_day <= day).unwrap().clone();
        let state = states.get_mut(&source.id).unwrap();
        *state = answer(source, state, &said, now);
        log.push(Asking { at: now, said });
    }
    (log, states.remove(&source.id).unwrap())
}

/// What ingest makes of an answer, and settle of that.
fn answer(source: &Source, old: &SourceState, said: &Script, now: Timestamp) -> SourceState {
    let after = |seconds| now.checked_add_signed(TimeDelta::seconds(i64::try_from(seconds).unwrap()));
    let mut state = SourceState {
        asked_at: Some(now),
        retry_after: said.retry_after_seconds.and_then(after),
        ..old.clone()
    };
    if said.status == 200 {
        state.schedules = said.schedules.clone();
        state.fresh_until = said.max_age_seconds.and_then(after);
        (state.failures, state.error) = (0, None);
    } else {
        state.failures += 1;
        state.error = Some(format!("status {}", said.status));
    }
    let hop = Hop { host: "example.org".to_owned(), status: Some(said.status), wire_bytes: 100 };
    let manners = Manners {
        hops: vec![hop],
        fresh_seconds: said.max_age_seconds,
        retry_after_seconds: said.retry_after_seconds,
        ..Manners::default()
    };
    settle(source, old, &mut state, &manners, Tz::UTC, now);
    state
}

/// What the answer to one asking forbids at the time of the next one: worked out anew, hour by hour.
fn broken(one: &Asking, next: Timestamp, max_interval: TimeDelta) -> Vec<String> {
    let waited = next - one.at;
    if waited >= max_interval {
        return vec![];
    }
    let Script { max_age_seconds, retry_after_seconds, schedules, .. } = &one.said;
    let seconds = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds).unwrap());
    let mut found = vec![];
    let mut check = |hint: &str, holds: bool| {
        if !holds {
            found.push(format!("{hint}: asked at {} and at {next}", one.at));
        }
    };
    check("max-age", max_age_seconds.is_none_or(|age| waited >= seconds(age)));
    check("Retry-After", retry_after_seconds.is_none_or(|wait| waited >= seconds(wait)));
    check("ttl", schedules.ttl_minutes.is_none_or(|minutes| waited >= TimeDelta::minutes(minutes.into())));
    if let Some(period) = schedules.period_seconds.map(i64::from) {
        let number = |at: Timestamp| at.timestamp().div_euclid(period);
        // All bases of this year are the start of a day, and all periods divide a day.
        let holds = match schedules.period_base {
            Some(_) => number(next) > number(one.at),
            None => waited >= TimeDelta::seconds(period),
        };
        check("updatePeriod", holds);
    }
    check("skipHours", !schedules.skip_hours.iter().any(|hour| u32::from(*hour) == next.hour()));
    let weekday = next.weekday().num_days_from_monday();
    check("skipDays", !schedules.skip_days.iter().any(|day| u32::from(*day) == weekday));
    found
}

/// The askings whose answers were those of one act.
fn in_act(log: &[Asking], from_day: i64) -> usize {
    log.iter().filter(|asking| asking.said.from_day == from_day).count()
}

#[test]
fn a_year_of_hints_is_a_year_of_manners() {
    for (id, schedule) in
        [("quick", "every 10m"), ("slow", "every 7h"), ("tab", "*/20 * * * *"), ("auto", "auto")]
    {
        let source = source(id, schedule);
        let max = TimeDelta::from_std(source.fetch.max_interval).unwrap();
        let (log, state) = live(&source);
        let mut findings = vec![];
        for pair in log.windows(2) {
            let (one, next) = (&pair[0], &pair[1]);
            findings.extend(broken(one, next.at, max));
            let waited = next.at - one.at;
            assert!(waited >= TimeDelta::seconds(60), "{id}: {waited} after {}", one.at);
            // A start of many sources takes a minute, and the loop may be busy.
            assert!(waited <= max + TimeDelta::seconds(80), "{id}: {waited} after {}", one.at);
        }
        assert!(findings.is_empty(), "{id}: {findings:#?}");
        // A source that wants to be left alone for ever is asked once a day.
        for from_day in [220, 240, 260] {
            let askings = in_act(&log, from_day);
            assert!((19..=21).contains(&askings), "{id}: {askings} from day {from_day} on");
        }
        let ledger = state.ledger["example.org"];
        let requests = u64::try_from(log.len()).unwrap();
        assert_eq!((ledger.requests, ledger.wire_bytes), (requests, requests * 100));
        // Those of the last answer but one, at most, are not decided yet; the last act gives none.
        assert!(
            ledger.hints_received > 1000 && ledger.hints_honoured == ledger.hints_received,
            "{id}: {ledger:?}"
        );
    }
}

#[test]
fn the_hints_change_something() {
    let mut source = source("quick", "every 10m");
    let (heeding, _) = live(&source);
    source.fetch.hints = Hints::all(false);
    let (deaf, state) = live(&source);
    // An act of twenty days costs 2,880 askings where nothing is heeded; here is what it costs with its hint.
    let check = |from_day: i64, expected: std::ops::RangeInclusive<usize>| {
        let found = in_act(&heeding, from_day);
        assert!(expected.contains(&found), "day {from_day}: {found}");
    };
    check(0, 2840..=2890);
    check(20, 310..=330);
    check(40, 155..=165);
    check(60, 230..=245);
    check(80, 75..=85);
    // 17 of 24 hours, 17 of 20 days.
    check(100, 2020..=2080);
    check(120, 2390..=2460);
    check(280, 280..=420);
    // Failures back off either way.
    check(160, 13..=18);
    check(170, 9..=11);
    assert!((2840..=2890).contains(&in_act(&deaf, 100)), "{}", in_act(&deaf, 100));
    let Ledger { hints_received, hints_honoured, .. } = state.ledger["example.org"];
    assert!(hints_honoured < hints_received / 2, "{hints_honoured} of {hints_received}");
    let max = TimeDelta::from_std(Duration::from_secs(86_400)).unwrap();
    let findings = deaf.windows(2).flat_map(|pair| broken(&pair[0], pair[1].at, max)).count();
    assert!(findings > 5000, "the comparison finds only {findings} breaches of a client that is deaf");
}
