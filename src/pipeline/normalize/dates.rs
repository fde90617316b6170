//! Dates as feeds write them: RFC 822 with all its abuses, W3CDTF and ISO 8601, asctime, Unix time, and
//! local habits from Rabat to Seoul. One scanner cuts the text; clock, zone and calendar read the pieces.
//!
//! What is not understood is `None`: never 1970, never now.

mod calendar;
mod clock;
mod names;
mod scan;
mod usual;
mod zones;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

use self::scan::{Number, Token};
use crate::model::Timestamp;

/// A longer text is no date, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// Years in which feeds have been written, or will be. The first moment of 1970 itself is how
/// software writes "no date".
const YEAR_MAX: i32 = 2199;
/// A time that is written in Korean is Korean time, where it names no other: the language has one zone.
const KOREA_SECONDS: i32 = 9 * 3600;

/// The moment that `text` names, in whole seconds; a missing zone is UTC, a missing time midnight, a missing
/// day the first. `None` where no date within 1970 to 2199 is understood.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if let Some(moment) = usual::parse(text) {
        return Some(moment);
    }
    let named = zones::iana(text);
    let blanked = named.map(|(_, range)| {
        let (before, after) =
            (text.get(..range.0).unwrap_or_default(), text.get(range.1..).unwrap_or_default());
        format!("{before} {after}")
    });
    let tokens = scan::scan(blanked.as_deref().unwrap_or(text))?;
    let moment = counted(&tokens).or_else(|| written(&tokens, named.map(|(zone, _)| zone)))?;
    let moment = moment.with_timezone(&chrono::Utc);
    let in_range =
        moment.timestamp() > 0 && moment.naive_utc().date() <= NaiveDate::from_ymd_opt(YEAR_MAX, 12, 31)?;
    in_range.then_some(moment)
}

/// Seconds, milliseconds or microseconds since 1970.
fn counted(tokens: &[Token]) -> Option<Timestamp> {
    let ([Token::Number(number)] | [Token::Number(number), Token::Mark('.'), Token::Number(_)]) = tokens
    else {
        return None;
    };
    let per_second = match number.digits {
        9 | 10 => 1,
        13 => 1000,
        16 => 1_000_000,
        _ => return None,
    };
    DateTime::from_timestamp(i64::try_from(number.value / per_second).ok()?, 0)
}

/// A date, perhaps with a time and a zone.
fn written(tokens: &[Token], named: Option<Tz>) -> Option<Timestamp> {
    if let [Token::Number(number), rest @ ..] = tokens
        && let Some(local) = compact(*number)
    {
        return placed(local, zones::read(rest, 0).and_then(|zone| zone.seconds).unwrap_or(0), named);
    }
    let Some(found) = clock::find(tokens) else {
        return placed(calendar::date(tokens, false)?.and_hms_opt(0, 0, 0)?, 0, named);
    };
    let mut rest: Vec<Token> = tokens.get(..found.start)?.to_vec();
    rest.push(Token::Space);
    rest.extend_from_slice(tokens.get(found.end..)?);
    let midnight = calendar::date(&rest, true)?.and_hms_opt(0, 0, 0)?;
    let local = midnight.checked_add_signed(TimeDelta::try_seconds(found.seconds.into())?)?;
    let unsaid = || if names::is_korean(tokens) { KOREA_SECONDS } else { 0 };
    let named = named.filter(|_| found.offset_seconds.is_none());
    placed(local, found.offset_seconds.unwrap_or_else(unsaid), named)
}

/// `20261123100000` and `202611231000`.
fn compact(number: Number) -> Option<NaiveDateTime> {
    let with_seconds = match number.digits {
        14 => number.value,
        12 => number.value * 100,
        _ => return None,
    };
    let part = |divisor: u64, modulus: u64| u32::try_from(with_seconds / divisor % modulus).ok();
    let year = i32::try_from(with_seconds / 10_000_000_000).ok()?;
    let date = NaiveDate::from_ymd_opt(year, part(100_000_000, 100)?, part(1_000_000, 100)?)?;
    date.and_hms_opt(part(10_000, 100)?, part(100, 100)?, part(1, 100)?)
}

/// A local time in its zone. Of an hour that happens twice the first counts; one that never happens is
/// moved to where the clocks went.
fn placed(local: NaiveDateTime, offset_seconds: i32, named: Option<Tz>) -> Option<Timestamp> {
    let Some(zone) = named else {
        return Some(local.checked_sub_signed(TimeDelta::try_seconds(offset_seconds.into())?)?.and_utc());
    };
    let later = local.checked_add_signed(TimeDelta::try_hours(1)?)?;
    let found =
        zone.from_local_datetime(&local).earliest().or_else(|| zone.from_local_datetime(&later).earliest());
    Some(found?.with_timezone(&chrono::Utc))
}
