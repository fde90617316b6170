//! Moments as short words, whatever zone the reader lives in.

use crate::model::Timestamp;

/// "3m ago", "in 12m", "now".
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = (at - now).num_seconds();
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {}", span(seconds.unsigned_abs())),
        _ => format!("{} ago", span(seconds.unsigned_abs())),
    }
}

/// The largest unit that fits, rounded down.
fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let fits = units.into_iter().find(|(size, _)| seconds >= *size);
    let (size, unit) = fits.unwrap_or((1, "s"));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn words_are_short() {
        for (seconds, expected) in [
            (0, "now"),
            (1, "in 1s"),
            (-59, "59s ago"),
            (-60, "1m ago"),
            (3599, "in 59m"),
            (7200, "in 2h"),
            (-86_399, "23h ago"),
            (-40 * 86_400, "40d ago"),
        ] {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(relative(now + TimeDelta::seconds(seconds), now), expected, "{seconds}");
        }
    }
}
