//! What an admin may write for `schedule`.

use std::time::Duration;

use super::crontab::Expression;
use crate::model::{Crontab, Schedule};

/// The shortest "every", in seconds.
const EVERY_SECONDS_MIN: u64 = 1;

/// The longest "every", in seconds: a year.
const EVERY_SECONDS_MAX: u64 = 366 * 24 * 3600;

/// The longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 1000;

/// Reads a schedule: a 5-field crontab(5) line, a nickname such as `@hourly`, `every 15m`, or `auto`.
///
/// Fields take numbers, names, ranges, lists and steps; 0 and 7 are Sunday. Where neither the day of month
/// nor the day of week begins with `*`, a day matches when either does; otherwise both must (cron(8)).
/// The error is a phrase without a full stop that names the field, what is allowed and what to write.
pub fn parse(text: &str) -> Result<Schedule, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("longer than {TEXT_BYTES_MAX} bytes"));
    }
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Err("empty: write \"every 15m\", \"*/10 * * * *\", \"@hourly\" or \"auto\"".to_owned());
    }
    if lower == "auto" {
        return Ok(Schedule::Auto);
    }
    if let Some(rest) = lower.strip_prefix("@every").or_else(|| lower.strip_prefix("every")) {
        return every(text, rest);
    }
    if lower == "@reboot" {
        return Err("`@reboot` names no time to come back: write \"@hourly\" or \"every 1h\"".to_owned());
    }
    if lower.starts_with('@') && Expression::parse(&lower).is_err() {
        return Err(format!(
            "`{text}` is not a nickname: known are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and \
             @annually"
        ));
    }
    if !text.contains(char::is_whitespace) && !lower.starts_with('@') {
        return Err(single_word(text, &lower));
    }
    Expression::parse(&lower)?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    Ok(Schedule::Crontab(Crontab(words.join(" "))))
}

fn every(text: &str, rest: &str) -> Result<Schedule, String> {
    let rest = rest.trim();
    let duration = match humantime::parse_duration(rest) {
        Ok(duration) => duration,
        Err(_) if rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty() => {
            return Err(format!("`{text}` lacks a unit: write \"every {rest}m\" or \"every {rest}s\""));
        }
        Err(_) => {
            return Err(format!(
                "`{text}` is not understood: write \"every 15m\", \"every 2h\" or \"every 90s\""
            ));
        }
    };
    if duration < Duration::from_secs(EVERY_SECONDS_MIN) {
        return Err(format!("`{text}` is too often: write \"every 1s\" or longer"));
    }
    if duration > Duration::from_secs(EVERY_SECONDS_MAX) {
        return Err(format!("`{text}` is longer than a year: write \"every 366d\" or shorter"));
    }
    Ok(Schedule::Every(duration))
}

/// The most frequent slip is a bare duration.
fn single_word(text: &str, lower: &str) -> String {
    if humantime::parse_duration(lower).is_ok() {
        return format!("`{text}` is only a duration: write \"every {text}\"");
    }
    if NICKNAME_WORDS.contains(&lower) {
        return format!("`{text}` is not understood: write \"@{lower}\"");
    }
    format!(
        "`{text}` is not understood: write \"every 15m\", a crontab such as \"*/10 * * * *\", \"@hourly\" or \
         \"auto\""
    )
}

const NICKNAME_WORDS: [&str; 7] = ["hourly", "daily", "midnight", "weekly", "monthly", "yearly", "annually"];
