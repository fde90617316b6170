//! The day within a date, once the time is taken out.

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::names;
use super::scan::{Number, Token};

/// Words that mean nothing for the date (weekdays, "at", "de", "года"), beyond which it is prose.
const OTHER_WORDS_MAX: usize = 10;
/// Two-digit years from here on are of the 1900s: feeds began in 1999, and nothing before 1970 counts.
const CENTURY_SPLIT: u64 = 70;

/// What the pieces say.
#[derive(Default)]
struct Parts {
    numbers: Vec<Number>,
    /// The mark before the second number.
    separator: Option<char>,
    month: Option<u32>,
    week: Option<Number>,
    labelled: [Option<u64>; 3],
    weekday: Option<Weekday>,
    other_words: usize,
}

/// The day that `tokens` name; the first of the month or year where they name no more, and none where a time
/// needs its day.
pub(super) fn date(tokens: &[Token], needs_day: bool) -> Option<NaiveDate> {
    let parts = collect(tokens);
    let says_less = match (parts.labelled, parts.month, parts.numbers.as_slice()) {
        ([None, None, None], Some(_), numbers) => numbers.len() < 2,
        ([None, None, None], None, [one]) => one.digits <= 4,
        ([None, None, None], None, [one, two]) => one.digits <= 2 && two.digits == 4 || two.digits <= 2,
        ([.., day], ..) => day.is_none() && parts.numbers.len() < 2,
    };
    if needs_day && says_less && parts.week.is_none() {
        return None;
    }
    if parts.other_words > OTHER_WORDS_MAX {
        return None;
    }
    if let Some(week) = parts.week {
        return week_date(&parts.numbers, week);
    }
    let numbers = parts.numbers.as_slice();
    match parts.labelled {
        [None, None, None] => {}
        [year, month, day] => {
            let year = year.map(|value| Number { value, digits: 4 }).or_else(|| numbers.first().copied())?;
            let month = parts.month.map(u64::from).or(month)?;
            return ymd(full_year(year)?, month, day.unwrap_or(1));
        }
    }
    if let Some(month) = parts.month {
        return with_month_name(numbers, month.into());
    }
    let truncated = tokens.first().is_some_and(|token| token.is('-'));
    match *numbers {
        [one] if truncated => truncated_date(one),
        [year, month] if truncated && year.digits == 2 => ymd(full_year(year)?, month.value, 1),
        _ if truncated => None,
        // A lone number among words ("Volume 2026") is no date.
        [one] if parts.other_words == 0 => single(one),
        [one, two] => pair(one, two),
        [one, two, three] => triple(one, two, three, &parts),
        _ => None,
    }
}

fn collect(tokens: &[Token]) -> Parts {
    let mut parts = Parts::default();
    let mut mark = None;
    let spaced_units = tokens.iter().any(|token| matches!(token.word(), Some("年" | "년")));
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Number(number) => {
                let after_w = at.checked_sub(1).and_then(|before| tokens.get(before)?.word()) == Some("w");
                let next = at + 1 + usize::from(spaced_units && tokens.get(at + 1) == Some(&Token::Space));
                let label = tokens.get(next).and_then(Token::word).and_then(names::label);
                if after_w && parts.numbers.len() == 1 && number.digits <= 3 {
                    parts.week = Some(*number);
                } else if let Some(slot) = label.and_then(|label| parts.labelled.get_mut(label)) {
                    *slot = Some(number.value);
                } else {
                    if parts.numbers.len() == 1 {
                        parts.separator = mark;
                    }
                    parts.numbers.push(*number);
                }
                mark = None;
            }
            Token::Word(word) => {
                let next = tokens.iter().skip(at + 1).find(|token| **token != Token::Space);
                // "mar. 23 nov.": a weekday may look like a month, and then the month comes after it.
                match names::month(word, next) {
                    Some(month) => parts.month = Some(month),
                    None if parts.weekday.is_none() && names::weekday(word).is_some() => {
                        parts.weekday = names::weekday(word);
                    }
                    None => parts.other_words += usize::from(!matches!(word.as_str(), "t" | "z")),
                }
            }
            Token::Mark(c) => mark = Some(*c),
            Token::Space => mark = mark.or(Some(' ')),
        }
    }
    parts
}

/// `2026-W48-1`, `2026W48`, `2026W481`.
fn week_date(numbers: &[Number], week: Number) -> Option<NaiveDate> {
    let (year, rest) = numbers.split_first()?;
    let (week, day) = match (week.digits, rest) {
        (3, []) => (week.value / 10, week.value % 10),
        (_, []) => (week.value, 1),
        (_, [day]) => (week.value, day.value),
        _ => return None,
    };
    let weekday = Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
    NaiveDate::from_isoywd_opt(full_year(*year)?, u32::try_from(week).ok()?, weekday)
}

/// "23 November 2026", "Jan 1, 2004", "2004-július-13", "November 2026".
fn with_month_name(numbers: &[Number], month: u64) -> Option<NaiveDate> {
    match *numbers {
        [year] if is_year(year) => ymd(full_year(year)?, month, 1),
        [year, day] if is_year(year) && !is_year(day) => ymd(full_year(year)?, month, day.value),
        [day, year] => ymd(full_year(year)?, month, day.value),
        _ => None,
    }
}

/// The truncated forms of ISO 8601:1988: `-0312` is March 2012 no more than 2003-12, and means the latter.
fn truncated_date(number: Number) -> Option<NaiveDate> {
    let short = |value| full_year(Number { value, digits: 2 });
    match number.digits {
        // "-0001" is the year in which databases keep "no date".
        4 if number.value >= 100 => ymd(short(number.value / 100)?, number.value % 100, 1),
        2 => ymd(short(number.value)?, 1, 1),
        _ => None,
    }
}

/// `2026`, `20261123`, `2026327`, `261123`, `26327`.
fn single(number: Number) -> Option<NaiveDate> {
    let Number { value, digits } = number;
    let short = |value| full_year(Number { value, digits: 2 });
    match digits {
        4 => ymd(full_year(number)?, 1, 1),
        8 => ymd(i32::try_from(value / 10_000).ok()?, value / 100 % 100, value % 100),
        7 => ordinal(i32::try_from(value / 1000).ok()?, value % 1000),
        6 => ymd(short(value / 10_000)?, value / 100 % 100, value % 100),
        5 => ordinal(short(value / 1000)?, value % 1000),
        _ => None,
    }
}

/// `2026-11`, `2026-327`, `26-327`, `11/2026`.
fn pair(one: Number, two: Number) -> Option<NaiveDate> {
    match (one.digits, two.digits) {
        (4, 1 | 2) => ymd(full_year(one)?, two.value, 1),
        (4, 4) => ymd(full_year(one)?, two.value / 100, two.value % 100),
        (2 | 4, 3) => ordinal(full_year(one)?, two.value),
        (1 | 2, 4) => ymd(full_year(two)?, one.value, 1),
        _ => None,
    }
}

/// Year first where it has four digits; else the day first, unless that is impossible or the weekday denies
/// it; two-digit years come first between dashes, as in ISO 8601:1988, and last otherwise.
fn triple(one: Number, two: Number, three: Number, parts: &Parts) -> Option<NaiveDate> {
    let either = |year: i32, first: Number, second: Number| {
        let day_first = ymd(year, second.value, first.value);
        let month_first = ymd(year, first.value, second.value);
        let is_said = |date: &NaiveDate| parts.weekday == Some(date.weekday());
        if day_first.is_some_and(|date| is_said(&date)) {
            day_first
        } else {
            month_first.filter(is_said).or(day_first).or(month_first)
        }
    };
    if one.digits == 4 {
        return either(full_year(one)?, three, two);
    }
    if three.digits == 4 {
        return either(full_year(three)?, one, two);
    }
    if one.digits > 2 || three.digits > 2 {
        return None;
    }
    let year_first = || ymd(full_year(one)?, two.value, three.value);
    let year_last = || either(full_year(three)?, one, two);
    if parts.separator == Some('-') {
        year_first().or_else(year_last)
    } else {
        year_last().or_else(year_first)
    }
}

fn is_year(number: Number) -> bool {
    number.digits >= 3 || number.value > 31
}

/// Two digits mean 1970 to 2069; three are counted from 1900, as old JavaScript does (RFC 2822 §4.3).
fn full_year(number: Number) -> Option<i32> {
    let year = match number.digits {
        1 | 2 if number.value < CENTURY_SPLIT => 2000 + number.value,
        2 => 1900 + number.value,
        3 if number.value >= 100 => 1900 + number.value,
        4 => number.value,
        _ => return None,
    };
    i32::try_from(year).ok()
}

fn ymd(year: i32, month: u64, day: u64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

fn ordinal(year: i32, day: u64) -> Option<NaiveDate> {
    NaiveDate::from_yo_opt(year, u32::try_from(day).ok()?)
}
