//! Tests of schedule.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr as _;
use std::time::Duration;

use chrono::{TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use nashra::config;
use nashra::model::{Crontab, Schedule, Source, SourceId, SourceState, Timestamp};
use nashra::schedule::{due, earliest_ask, first_at, next_at, parse};
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

fn asked(when: Timestamp) -> SourceState {
    SourceState { asked_at: Some(when), ..SourceState::default() }
}

/// The minutes at which a crontab fires, in the local time of `zone` with the offset. A file has no spread
/// within the minute, so that the moments are the crontab's own.
fn check_crontab(expression: &str, zone: Tz, from: &str, expected: &[&str]) {
    let source = source("file", expression);
    let mut now = at(from);
    let mut found = vec![];
    for _ in expected {
        now = next_at(&source, &asked(now), zone, now);
        found.push(now.with_timezone(&zone).format("%m-%d %H:%M:%S %z").to_string());
    }
    let expected: Vec<String> = expected
        .iter()
        .map(|text| {
            let (moment, offset) = text.rsplit_once(' ').unwrap();
            format!("{moment}:00 {offset}00")
        })
        .collect();
    assert_eq!(found, expected, "{expression} in {zone}");
}

fn check_error(text: &str, expected: &str) {
    assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
}

#[test]
fn schedules_are_read() {
    let every = |seconds| Ok(Schedule::Every(Duration::from_secs(seconds)));
    for (text, expected) in [
        ("every 15m", every(900)),
        ("  Every 2s ", every(2)),
        ("@every 1h 30m", every(5400)),
        ("every 1d", every(86400)),
        ("auto", Ok(Schedule::Auto)),
    ] {
        assert_eq!(parse(text), expected, "{text}");
    }
    for text in [
        "*/10 * * * *",
        "@hourly",
        "@daily",
        "@midnight",
        "@weekly",
        "@monthly",
        "@yearly",
        "@Annually",
        "0 9 * * MON-FRI",
        "0 9 * * 5-7",
        "0 9 * * fri-sun",
        "0 0 1 jan,JUL 0",
        "0-59/7,3 1,2,3 1-31/2 */3 7",
        "0 0 29 2 *",
    ] {
        assert_eq!(parse(text), Ok(Schedule::Crontab(Crontab(text.to_owned()))), "{text}");
    }
}

#[test]
fn wrong_schedules_say_what_to_write() {
    for (text, expected) in [
        ("", "empty: write \"every 15m\", \"*/10 * * * *\", \"@hourly\" or \"auto\""),
        ("15m", "`15m` is only a duration: write \"every 15m\""),
        ("hourly", "`hourly` is not understood: write \"@hourly\""),
        ("every 15", "`every 15` lacks a unit: write \"every 15m\" or \"every 15s\""),
        ("every day", "`every day` is not understood: write \"every 15m\", \"every 2h\" or \"every 90s\""),
        ("every 0s", "`every 0s` is too often: write \"every 1s\" or longer"),
        ("every 9999d", "`every 9999d` is longer than a year: write \"every 366d\" or shorter"),
        ("@reboot", "`@reboot` names no time to come back: write \"@hourly\" or \"every 1h\""),
        ("* * *", "3 fields where a crontab has five: minute, hour, day of month, month, day of week"),
        ("0 */15 * * * *", "six fields: drop the seconds: write `*/15 * * * *`"),
        ("0 0 9 * * 1 2026", "seven fields: drop the seconds and the year: write `0 9 * * 1`"),
        ("60 * * * *", "the minute `60`: 60 is out of range; allowed are 0-59"),
        ("* 24 * * *", "the hour `24`: 24 is out of range; allowed are 0-23"),
        ("* * 0 * *", "the day of month `0`: 0 is out of range; allowed are 1-31"),
        ("* * * foo *", "the month `foo`: `foo` is not understood; allowed are 1-12 or jan-dec"),
        (
            "* * * * 8",
            "the day of week `8`: 8 is out of range; allowed are 0-7 (0 and 7 are Sunday) or sun-sat",
        ),
        (
            "5/15 * * * *",
            "the minute `5/15`: a step needs a range: write `5-59/15` or `*/15`; allowed are 0-59",
        ),
        ("*/0 * * * *", "the minute `*/0`: the step after `/` must be a number from 1 on; allowed are 0-59"),
        ("* 22-4 * * *", "the hour `22-4`: the range runs backwards: write `22-23,0-4`; allowed are 0-23"),
        ("1,,2 * * * *", "the minute `1,,2`: there is nothing before or after a comma; allowed are 0-59"),
        ("0 0 ? * *", "the day of month `?`: `?` is not crontab(5): write `*`; allowed are 1-31"),
        ("0 0 30 2 *", "`0 0 30 2 *` never fires: no month that it names has such a day"),
        ("0 0 31 4,6,9,11 *", "`0 0 31 4,6,9,11 *` never fires: no month that it names has such a day"),
        (
            "@fortnightly",
            "`@fortnightly` is not a nickname: known are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and \
             @annually",
        ),
    ] {
        check_error(text, expected);
    }
}

#[test]
fn crontab_means_what_crontab_5_says() {
    let check =
        |expression, expected: &[&str]| check_crontab(expression, Tz::UTC, "2026-06-01T00:00:00Z", expected);
    // 2026-06-01 is a Monday.
    check("*/15 * * * *", &["06-01 00:15 +00", "06-01 00:30 +00"]);
    check("0 0 * * 1", &["06-08 00:00 +00", "06-15 00:00 +00"]);
    check("0 0 * * 0", &["06-07 00:00 +00"]);
    check("0 0 * * 7", &["06-07 00:00 +00"]);
    check("0 0 * * fri-sun", &["06-05 00:00 +00", "06-06 00:00 +00", "06-07 00:00 +00", "06-12 00:00 +00"]);
    // Either day, because neither field begins with `*`.
    check("0 9 3 * MON", &["06-01 09:00 +00", "06-03 09:00 +00", "06-08 09:00 +00"]);
    // Both, because one of them does: the odd days that are Mondays.
    check("0 9 */2 * MON", &["06-01 09:00 +00", "06-15 09:00 +00", "06-29 09:00 +00"]);
    check("@monthly", &["07-01 00:00 +00", "08-01 00:00 +00"]);
    check("0 0 29 2 *", &["02-29 00:00 +00"]);
}

#[test]
fn clocks_that_are_moved() {
    use chrono_tz::{Africa::Casablanca, America::New_York, Europe::Paris};
    // Set forward: a fixed time that is skipped counts at the first moment after the gap.
    check_crontab("30 2 * * *", Paris, "2026-03-28T12:00:00Z", &["03-29 03:00 +02", "03-30 02:30 +02"]);
    check_crontab("30 2 * * *", New_York, "2026-03-07T12:00:00Z", &["03-08 03:00 -04", "03-09 02:30 -04"]);
    check_crontab("30 * * * *", Paris, "2026-03-29T00:00:00Z", &["03-29 01:30 +01", "03-29 03:30 +02"]);
    check_crontab("*/20 * * * *", Paris, "2026-03-29T00:30:00Z", &["03-29 01:40 +01", "03-29 03:00 +02"]);
    check_crontab(
        "0 */2 * * *",
        Paris,
        "2026-03-28T22:30:00Z",
        &["03-29 00:00 +01", "03-29 03:00 +02", "03-29 04:00 +02"],
    );
    // Set back: a fixed time counts once, a running one has no hole.
    check_crontab("30 2 * * *", Paris, "2026-10-24T12:00:00Z", &["10-25 02:30 +02", "10-26 02:30 +01"]);
    check_crontab("30 1 * * *", New_York, "2026-10-31T12:00:00Z", &["11-01 01:30 -04", "11-02 01:30 -05"]);
    check_crontab(
        "*/30 * * * *",
        Paris,
        "2026-10-25T00:00:00Z",
        &["10-25 02:30 +02", "10-25 02:00 +01", "10-25 02:30 +01", "10-25 03:00 +01"],
    );
    check_crontab(
        "30 * * * *",
        Paris,
        "2026-10-25T00:00:00Z",
        &["10-25 02:30 +02", "10-25 02:30 +01", "10-25 03:30 +01"],
    );
    // Morocco leaves its summer time for Ramadan: 2026-02-15 03:00 to 02:00, 2026-03-22 02:00 to 03:00.
    check_crontab(
        "*/30 * * * *",
        Casablanca,
        "2026-02-15T01:00:00Z",
        &["02-15 02:30 +01", "02-15 02:00 +00", "02-15 02:30 +00", "02-15 03:00 +00"],
    );
    check_crontab("15 2 * * *", Casablanca, "2026-02-14T12:00:00Z", &["02-15 02:15 +01", "02-16 02:15 +00"]);
    check_crontab("15 2 * * *", Casablanca, "2026-03-21T12:00:00Z", &["03-22 03:00 +01", "03-23 02:15 +01"]);
}

#[test]
fn a_running_crontab_never_waits_longer_than_its_step() {
    use chrono_tz::{Africa::Casablanca, America::New_York, Australia::Lord_Howe, Europe::Paris};
    for zone in [Casablanca, Paris, New_York, Lord_Howe] {
        for (expression, minutes) in [("*/15 * * * *", 15), ("@hourly", 60)] {
            let source = source("file", expression);
            // Around every change of 2026 and 2027: two days at each, found by asking for the offset.
            for day in 0..730 {
                let start = at("2026-01-01T00:00:00Z") + TimeDelta::days(day);
                let offset = |moment: Timestamp| moment.with_timezone(&zone).format("%z").to_string();
                if offset(start) == offset(start + TimeDelta::days(1)) {
                    continue;
                }
                let mut now = start;
                while now < start + TimeDelta::days(1) {
                    let next = next_at(&source, &asked(now), zone, now);
                    let wait = (next - now).num_minutes();
                    // Lord Howe moves its clock by half an hour, so that full hours lie 90 or 30 minutes apart.
                    let longest = if zone == Lord_Howe && minutes == 60 { 90 } else { minutes };
                    assert!(wait > 0 && wait <= longest, "{expression} {zone} {now} {next}");
                    now = next;
                }
            }
        }
    }
}

fn field(min: u32, max: u32) -> impl Strategy<Value = String> {
    let number = min..=max;
    let range = (min..=max, min..=max).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let part = prop_oneof![
        number.prop_map(|n| n.to_string()),
        range.clone().prop_map(|(a, b)| format!("{a}-{b}")),
        (range, 1..9_u32).prop_map(|((a, b), step)| format!("{a}-{b}/{step}")),
    ];
    prop_oneof![
        3 => Just("*".to_owned()),
        // croner takes `*/n` in a day field for a restriction, cron(8) does not; those have their own tests.
        3 => prop::collection::vec(part, 1..4).prop_map(|parts| parts.join(",")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Our answer is the one of another implementation of crontab(5), in UTC.
    #[test]
    fn crontabs_agree_with_croner(
        minute in field(0, 59), hour in field(0, 23), day in field(1, 31), month in field(1, 12),
        weekday in field(0, 6), from in 1_700_000_000_i64..2_000_000_000,
    ) {
        let text = format!("{minute} {hour} {day} {month} {weekday}");
        let now = Utc.timestamp_opt(from, 0).unwrap();
        let oracle = croner::Cron::from_str(&text).unwrap().find_next_occurrence(&now, false);
        match (parse(&text), oracle) {
            (Ok(schedule), Ok(expected)) => {
                let mut source = source("file", "auto");
                source.schedule = schedule;
                prop_assert_eq!(next_at(&source, &asked(now), Tz::UTC, now), expected, "{}", text);
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
        }
    }

    /// Any text is either a schedule or a sentence.
    #[test]
    fn any_text_is_answered(text in "(every |@)?[0-9a-z*/,@ -]{0,20}|\\PC{0,20}") {
        if let Err(message) = parse(&text) {
            prop_assert!(!message.is_empty());
        }
    }

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
        prop_assert!(next >= earliest_ask(&source, &state).unwrap());
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
            source.fetch.hints = hints;
        })
    };
    assert_eq!(told(120, true), 7200);
    assert_eq!(told(60 * 24 * 9, true), 86_400);
    assert!(told(120, false) <= 1350);

    let auto = |ttl: Option<u32>, period: Option<u32>, hints| {
        let mut seconds = wait("auto", &|state, source| {
            state.schedules.ttl_minutes = ttl;
            state.schedules.period_seconds = period;
            source.fetch.hints = hints;
        });
        // Two polls in a row show the interval.
        let mut source = source("x", "auto");
        source.fetch.hints = hints;
        let mut state = asked(now + TimeDelta::seconds(seconds));
        (state.schedules.ttl_minutes, state.schedules.period_seconds) = (ttl, period);
        let second = now + TimeDelta::seconds(seconds);
        seconds = (next_at(&source, &state, Tz::UTC, second) - second).num_seconds();
        seconds
    };
    let near = |found: i64, expected: i64| assert!((found - expected).abs() <= 1, "{found} {expected}");
    near(auto(None, None, true), 1800);
    near(auto(Some(120), Some(600), true), 7200);
    near(auto(Some(120), None, false), 1800);
    near(auto(Some(u32::MAX), None, true), 86_400);
    near(auto(Some(0), None, true), 60);
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
    let text = ["late", "later", "soon", "new", "off", "held", "far", "moved"].iter().fold(
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
    ]
    .map(|(id, state)| (SourceId(id.to_owned()), state))
    .into();
    let found = due(config.sources.iter(), &states, now);
    let ids: Vec<&str> = found.ask.iter().map(|id| &*id.0).collect();
    assert_eq!(ids, ["later", "late", "file", "moved", "new"]);
    assert_eq!(found.wake, now + TimeDelta::seconds(20));
    assert_eq!(due([].into_iter(), &states, now).wake, now + TimeDelta::seconds(60));
}
