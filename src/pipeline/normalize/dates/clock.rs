//! The time of day within a date, with its half of the day and its zone.

use super::names;
use super::scan::Token;
use super::zones;

/// A time that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// The pieces `start..end` belong to it and its zone.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Since midnight; up to 86,400, for `24:00:00` and leap seconds belong to the next day.
    pub(super) seconds: u32,
    /// East of Greenwich; `None` where none was written.
    pub(super) offset_seconds: Option<i32>,
}

/// Hours, minutes, seconds as written, and where they end.
struct Hms {
    parts: [u64; 3],
    end: usize,
}

/// The first time of day in `tokens`. One out of range is none: its numbers stay, and the calendar refuses
/// a date with so many.
pub(super) fn find(tokens: &[Token]) -> Option<Clock> {
    (0..tokens.len()).find_map(|at| {
        if let Some(zone) = date_zone(tokens, at) {
            return Some(zone);
        }
        let hms = at_colon(tokens, at)
            .or_else(|| after_t(tokens, at))
            .or_else(|| with_units(tokens, at))
            .or_else(|| half_day_only(tokens, at))?;
        complete(tokens, at, &hms)
    })
}

/// A date of XML Schema has a zone and no time: `2026-11-23+02:00`.
fn date_zone(tokens: &[Token], at: usize) -> Option<Clock> {
    let start = at.checked_sub(1).filter(|before| tokens.get(*before).is_some_and(|token| token.is('+')))?;
    marked_number(tokens, at + 1, ':')?;
    let zone = zones::read(tokens, start)?;
    Some(Clock { start, end: zone.end, seconds: 0, offset_seconds: zone.seconds })
}

fn complete(tokens: &[Token], at: usize, hms: &Hms) -> Option<Clock> {
    let (mut start, mut end) = (at, hms.end);
    let mut half = None;
    if let Some((before, word)) = word_before(tokens, at) {
        half = names::half_of_day(word);
        if half.is_some() || word == "t" {
            start = before;
        }
    }
    if let Some((after, word)) = word_after(tokens, end)
        && half.is_none()
        && let Some(found) = names::half_of_day(word)
    {
        half = Some(found);
        end = after + 1;
        end += usize::from(tokens.get(end).is_some_and(|token| token.is('.')));
    }
    let zone = zones::read(tokens, end);
    let seconds = seconds(hms.parts, half)?;
    let (end, offset_seconds) = zone.map_or((end, None), |zone| (zone.end, zone.seconds));
    Some(Clock { start, end, seconds, offset_seconds })
}

/// Seconds since midnight. `afternoon` is what "pm" says.
fn seconds([hours, minutes, seconds]: [u64; 3], afternoon: Option<bool>) -> Option<u32> {
    let hours = match (hours, afternoon) {
        (12, Some(false)) => 0,
        (1..=11, Some(true)) => hours + 12,
        _ => hours,
    };
    let ends_day = hours == 24 && minutes == 0 && seconds == 0;
    if (hours > 23 && !ends_day) || minutes > 59 || seconds > 60 {
        return None;
    }
    u32::try_from(hours * 3600 + minutes * 60 + seconds).ok()
}

/// `10:00`, `9:15:07`, `10:00:00.123`, `10:00:00,5`.
fn at_colon(tokens: &[Token], at: usize) -> Option<Hms> {
    let hours = short_number(tokens, at)?;
    let minutes = marked_number(tokens, at + 1, ':')?;
    let Some(seconds) = marked_number(tokens, at + 3, ':') else {
        return Some(Hms { parts: [hours, minutes, 0], end: fraction_end(tokens, at + 3, false) });
    };
    Some(Hms { parts: [hours, minutes, seconds], end: fraction_end(tokens, at + 5, true) })
}

/// Behind `T`, with a date before it: `T100000`, `T1000`, `T10`, `T10.00.00`.
fn after_t(tokens: &[Token], at: usize) -> Option<Hms> {
    let before = at.checked_sub(2)?;
    if tokens.get(at - 1)?.word()? != "t" || tokens.get(before)?.number().is_none() {
        return None;
    }
    let number = tokens.get(at)?.number()?;
    let value = number.value;
    let (parts, end) = match number.digits {
        6 => ([value / 10_000, value / 100 % 100, value % 100], at + 1),
        4 => ([value / 100, value % 100, 0], at + 1),
        1 | 2 => match (marked_number(tokens, at + 1, '.'), marked_number(tokens, at + 3, '.')) {
            (Some(minutes), Some(seconds)) => ([value, minutes, seconds], at + 5),
            _ => ([value, 0, 0], at + 1),
        },
        _ => return None,
    };
    Some(Hms { parts, end: fraction_end(tokens, end, true) })
}

/// `14時05分30秒`, `오후 2시 5분`, `14h05`, `14 h`, `14.05 Uhr`.
fn with_units(tokens: &[Token], at: usize) -> Option<Hms> {
    let hours = short_number(tokens, at)?;
    if let Some(minutes) = marked_number(tokens, at + 1, '.')
        && let Some((unit, "uhr")) = word_after(tokens, at + 3)
    {
        return Some(Hms { parts: [hours, minutes, 0], end: unit + 1 });
    }
    let (unit, word) = word_after(tokens, at + 1)?;
    if !matches!(word, "h" | "uhr" | "時" | "时" | "點" | "点" | "시") {
        return None;
    }
    let mut parts = [hours, 0, 0];
    let mut end = unit + 1;
    for (part, units) in parts.iter_mut().skip(1).zip([["분", "分", "min", "mn"], ["초", "秒", "s", "sec"]])
    {
        let next = end + usize::from(tokens.get(end) == Some(&Token::Space));
        let Some(value) = short_number(tokens, next) else { break };
        let unit = word_after(tokens, next + 1).filter(|(_, word)| units.contains(word));
        // "14h05" needs no unit, but in "14 h 23 mai" the 23 is the day; "14 h 05" ends with it.
        if unit.is_none() && next != end && next + 1 < tokens.len() {
            break;
        }
        *part = value;
        end = unit.map_or(next + 1, |(unit, _)| unit + 1);
    }
    Some(Hms { parts, end })
}

/// `5 pm`.
fn half_day_only(tokens: &[Token], at: usize) -> Option<Hms> {
    let hours = short_number(tokens, at).filter(|hours| (1..=12).contains(hours))?;
    let (_, word) = word_after(tokens, at + 1)?;
    names::half_of_day(word)?;
    Some(Hms { parts: [hours, 0, 0], end: at + 1 })
}

/// The end of `.123` behind a time, and of the `:123` that some databases write.
fn fraction_end(tokens: &[Token], at: usize, after_seconds: bool) -> usize {
    let Some(fraction) = tokens.get(at + 1).and_then(Token::number).filter(|_| after_seconds) else {
        return at;
    };
    let is_fraction = match tokens.get(at) {
        Some(Token::Mark('.' | ',')) => true,
        Some(Token::Mark(':')) => fraction.digits == 3,
        _ => false,
    };
    if is_fraction { at + 2 } else { at }
}

fn short_number(tokens: &[Token], at: usize) -> Option<u64> {
    let number = tokens.get(at)?.number()?;
    (number.digits <= 2).then_some(number.value)
}

fn marked_number(tokens: &[Token], at: usize, mark: char) -> Option<u64> {
    tokens.get(at).filter(|token| token.is(mark))?;
    short_number(tokens, at + 1)
}

/// The word at `at`, or behind a space there.
fn word_after(tokens: &[Token], at: usize) -> Option<(usize, &str)> {
    let at = at + usize::from(tokens.get(at) == Some(&Token::Space));
    Some((at, tokens.get(at)?.word()?))
}

fn word_before(tokens: &[Token], at: usize) -> Option<(usize, &str)> {
    let before = at.checked_sub(1)?;
    let before = if tokens.get(before) == Some(&Token::Space) { before.checked_sub(1)? } else { before };
    Some((before, tokens.get(before)?.word()?))
}
