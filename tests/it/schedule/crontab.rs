//! Tests of schedule: what may be written, and what a crontab means in a zone.

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use nashra::model::{Crontab, Schedule, Timestamp};
use nashra::schedule::parse;
use proptest::prelude::*;

use super::{asked, at, next_at, source};

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
}
