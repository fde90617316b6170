//! crontab(5) expressions: read by our own front end, evaluated with the crate `cron` over naive local time,
//! mapped to the zone here.
//!
//! The crate numbers the days of the week from 1, takes day of month AND day of week, wants seconds, and
//! loses hours when clocks are set back; none of that is seen from outside.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::field::{DAYS, FIELDS, FieldSet, read};
use crate::model::Timestamp;

/// Nicknames and what they stand for, as in crontab(5).
const NICKNAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Local times tried before an answer is given up: a day of minutes, more than any clock was ever moved.
const TRIES_MAX: usize = 24 * 60 + 1;

/// How far ahead a clock that is set back matters, in hours: no zone moves further.
const SET_BACK_HOURS_MAX: i64 = 3;

/// An expression that can be asked for its next moment.
#[derive(Debug)]
pub(super) struct Expression {
    /// One, or two where day of month OR day of week decides.
    schedules: Vec<cron::Schedule>,
    /// Whether every hour matches: such a schedule follows the clock and needs no making up.
    every_hour: bool,
    /// Whether minute or hour begins with `*`: then both passes of a repeated hour count.
    repeats: bool,
}

impl Expression {
    /// Reads five fields or a nickname. The error says which field is wrong and what is allowed.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text =
            NICKNAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map_or(text, |(_, to)| to);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = words[..] else { return Err(wrong_count(&words)) };
        let minute = read(&FIELDS[0], minute)?;
        let hour = read(&FIELDS[1], hour)?;
        let day = read(&FIELDS[2], day)?;
        let month = read(&FIELDS[3], month)?;
        let weekday = read(&FIELDS[4], weekday)?;
        let any_day = FieldSet { bits: u64::MAX, star: true };
        let schedules = if day.star || weekday.star {
            vec![schedule(minute, hour, day, month, weekday)?]
        } else {
            vec![
                schedule(minute, hour, day, month, any_day)?,
                schedule(minute, hour, any_day, month, weekday)?,
            ]
        };
        let every_hour = hour.numbers().count() == 24;
        let repeats = minute.star || hour.star || every_hour;
        let expression = Self { schedules, every_hour, repeats };
        if expression.next_local(NaiveDateTime::default()).is_none() {
            return Err(format!("`{text}` never fires: no month that it names has such a day"));
        }
        Ok(expression)
    }

    /// The first moment after `after` that matches in `zone`; `None` where there is none before 2100.
    ///
    /// What happens when clocks are moved follows cron(8). Set forward: a time that is skipped counts at the
    /// first moment after the gap, unless every hour matches anyway. Set back: an hour that comes twice
    /// counts once for fixed times, and twice where minute or hour begins with `*`, so that `*/15` has no
    /// hole.
    pub(super) fn next(&self, after: Timestamp, zone: Tz) -> Option<Timestamp> {
        let local = after.with_timezone(&zone).naive_local();
        let ahead = self.walk(local, after, zone);
        if !self.repeats {
            return ahead;
        }
        let later = after.checked_add_signed(TimeDelta::hours(SET_BACK_HOURS_MAX))?;
        let moved = seconds_east(zone, later) - seconds_east(zone, after);
        if moved >= 0 && !matches!(zone.from_local_datetime(&local), LocalResult::Ambiguous(..)) {
            return ahead;
        }
        // The clock shows times again that it has shown already: they count as well.
        let again = self.walk(local - TimeDelta::hours(SET_BACK_HOURS_MAX), after, zone);
        ahead.into_iter().chain(again).min()
    }

    /// Goes through the matching local times after `local` to the first that lies after `after`.
    fn walk(&self, mut local: NaiveDateTime, after: Timestamp, zone: Tz) -> Option<Timestamp> {
        for _ in 0..TRIES_MAX {
            local = self.next_local(local)?;
            let found = match zone.from_local_datetime(&local) {
                LocalResult::Single(at) => Some(at.to_utc()),
                LocalResult::Ambiguous(first, _) if first.to_utc() > after => Some(first.to_utc()),
                LocalResult::Ambiguous(_, second) => self.repeats.then(|| second.to_utc()),
                LocalResult::None if self.every_hour => None,
                LocalResult::None => gap_end(local, zone),
            };
            if let Some(at) = found.filter(|at| *at > after) {
                return Some(at);
            }
        }
        None
    }

    fn next_local(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let as_utc = local.and_utc();
        let next = |schedule: &cron::Schedule| schedule.after(&as_utc).next();
        self.schedules.iter().filter_map(next).min().map(|at: DateTime<Utc>| at.naive_utc())
    }
}

fn wrong_count(words: &[&str]) -> String {
    match words {
        [_, rest @ .., _] if words.len() == 7 => {
            format!("seven fields: drop the seconds and the year: write `{}`", rest.join(" "))
        }
        [_, rest @ ..] if words.len() == 6 => {
            format!("six fields: drop the seconds: write `{}`", rest.join(" "))
        }
        _ => format!(
            "{} where a crontab has five: minute, hour, day of month, month, day of week",
            if words.len() == 1 { "one field".to_owned() } else { format!("{} fields", words.len()) }
        ),
    }
}

fn schedule(
    minute: FieldSet,
    hour: FieldSet,
    day: FieldSet,
    month: FieldSet,
    weekday: FieldSet,
) -> Result<cron::Schedule, String> {
    let list = |set: FieldSet, all: u64| {
        if set.bits & all == all {
            return "*".to_owned();
        }
        set.numbers().map(|n| n.to_string()).collect::<Vec<_>>().join(",")
    };
    let weekday = match weekday.bits & 0x7f {
        0x7f => "*".to_owned(),
        bits => {
            let names = DAYS.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, name)| *name);
            names.collect::<Vec<_>>().join(",")
        }
    };
    let text = format!(
        "0 {} {} {} {} {weekday}",
        list(minute, (1 << 60) - 1),
        list(hour, (1 << 24) - 1),
        list(day, 0xffff_fffe),
        list(month, 0x1ffe),
    );
    text.parse().map_err(|error| format!("`{text}` is not understood: {error}"))
}

/// The first moment after a gap that swallows `local`.
fn gap_end(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    // The offset before the gap, applied to a time within it, leads behind the change of the clock; the
    // offset after it leads before the change. The change lies between, and only once.
    let before = zone.offset_from_utc_datetime(&(local - TimeDelta::days(1))).fix();
    let mut high = (local - before).and_utc();
    let after_the_gap = seconds_east(zone, high);
    let mut low = high - TimeDelta::days(1);
    while high - low > TimeDelta::seconds(1) {
        let middle = low + (high - low) / 2;
        if seconds_east(zone, middle) == after_the_gap { high = middle } else { low = middle }
    }
    // Changes happen on whole seconds; the halving may have left a fraction.
    DateTime::from_timestamp(high.timestamp(), 0)
}

fn seconds_east(zone: Tz, at: Timestamp) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}
