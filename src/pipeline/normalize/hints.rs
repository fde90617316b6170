//! A feed's hints on when to come again (RSS 2.0 `ttl`, `skipHours`, `skipDays`; the syndication module).

use super::words::number;
use crate::model::{Schedules, Timestamp};

const DAY_SECONDS: u32 = 24 * 3600;
/// The names of days, Monday first; three letters are enough.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads the hints; what makes no sense is no hint.
pub(super) fn read(
    ttl: Option<&str>,
    period: Option<&str>,
    frequency: Option<&str>,
    base: Option<Timestamp>,
    (skip_hours, skip_days): (&[String], &[String]),
) -> Schedules {
    Schedules {
        ttl_minutes: ttl.and_then(number).filter(|minutes| *minutes > 0),
        period_seconds: period_seconds(period, frequency),
        period_base: base,
        // Hour 24 is midnight in the older versions of RSS.
        skip_hours: sorted(skip_hours, |text| {
            let hour = number(text).filter(|hour| *hour <= 24)?;
            u8::try_from(hour % 24).ok()
        }),
        skip_days: sorted(skip_days, |text| {
            let name: String = text.trim().chars().take(3).flat_map(char::to_lowercase).collect();
            u8::try_from(DAYS.iter().position(|day| *day == name)?).ok()
        }),
    }
}

/// Daily and once where only the other is given, as the module says.
fn period_seconds(period: Option<&str>, frequency: Option<&str>) -> Option<u32> {
    let times = frequency.and_then(number).filter(|times| *times > 0);
    let period = match period.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        Some("hourly") => 3600,
        Some("daily") => DAY_SECONDS,
        Some("weekly") => 7 * DAY_SECONDS,
        Some("monthly") => 30 * DAY_SECONDS,
        Some("yearly") => 365 * DAY_SECONDS,
        None | Some("") => times.map(|_| DAY_SECONDS)?,
        Some(_) => return None,
    };
    Some((period / times.unwrap_or(1)).max(1))
}

fn sorted(texts: &[String], read: impl Fn(&str) -> Option<u8>) -> Vec<u8> {
    let mut found: Vec<u8> = texts.iter().filter_map(|text| read(text)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
