//! The two forms in which nearly all dates come, as RFC 3339 and RFC 822 have them, read without being cut up.
//! Whatever is unusual about one is left to the others, which read these alike.

use chrono::{NaiveDate, TimeDelta};

use crate::model::Timestamp;

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
/// Zones are no further from UTC; what says so otherwise is unusual.
const OFFSET_HOURS_MAX: u32 = 12;
/// Years in which feeds are written.
const YEARS: std::ops::RangeInclusive<u32> = 1990..=2099;

/// The moment that `text` names, where it is one of "2026-11-24T18:00:00Z", "2026-11-24T18:00:00+01:00",
/// "Tue, 24 Nov 2026 18:00:00 GMT" and "Tue, 24 Nov 2026 18:00:00 +0100".
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.as_bytes();
    if text.get(10) == Some(&b'T') {
        let (date, rest) = text.split_at_checked(11)?;
        let [year @ .., b'-', m1, m2, b'-', d1, d2, b'T'] = date else { return None };
        let (time, zone) = rest.split_at_checked(8)?;
        let offset = match zone {
            b"Z" => 0,
            [sign, h1, h2, b':', m1, m2] => offset(*sign, &[*h1, *h2, *m1, *m2])?,
            _ => return None,
        };
        return moment(number(year)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?, time, offset);
    }
    let (day, rest) = text.split_at_checked(8)?;
    let [weekday @ .., b',', b' ', d1, d2, b' '] = day else { return None };
    let (date, rest) = rest.split_at_checked(9)?;
    let [m1, m2, m3, b' ', year @ .., b' '] = date else { return None };
    let (time, zone) = rest.split_at_checked(8)?;
    let offset = match zone {
        b" GMT" => 0,
        [b' ', sign, digits @ ..] => offset(*sign, digits)?,
        _ => return None,
    };
    let month = (1_u32..).zip(MONTHS).find(|(_, name)| *name == [*m1, *m2, *m3])?.0;
    WEEKDAYS.contains(&weekday).then_some(())?;
    moment(number(year)?, month, number(&[*d1, *d2])?, time, offset)
}

fn moment(year: u32, month: u32, day: u32, time: &[u8], offset_seconds: i64) -> Option<Timestamp> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let [hour, minute, second] = [[*h1, *h2], [*m1, *m2], [*s1, *s2]].map(|digits| number(&digits));
    let year = YEARS.contains(&year).then(|| i32::try_from(year).ok()).flatten()?;
    let local = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour?, minute?, second?)?;
    Some(local.checked_sub_signed(TimeDelta::try_seconds(offset_seconds)?)?.and_utc())
}

/// Seconds east of UTC.
fn offset(sign: u8, digits: &[u8]) -> Option<i64> {
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let is_usual = digits.len() == 4 && hours <= OFFSET_HOURS_MAX && minutes < 60;
    let seconds = i64::from(hours * 3600 + minutes * 60);
    match sign {
        b'+' if is_usual => Some(seconds),
        b'-' if is_usual => Some(-seconds),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number: u32, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pipeline::normalize::dates::{counted, scan, written, zones};

    /// As the others read it.
    fn at_length(text: &str) -> Option<Timestamp> {
        assert!(zones::iana(text).is_none(), "{text}");
        let tokens = scan::scan(text)?;
        counted(&tokens).or_else(|| written(&tokens, None))
    }

    fn check(text: &str) {
        if let Some(moment) = parse(text) {
            assert_eq!(Some(moment), at_length(text), "{text}");
        }
    }

    #[test]
    fn usual_dates_are_read_here() {
        for text in [
            "2026-11-24T18:00:00Z",
            "2026-11-24T18:00:00+01:00",
            "Tue, 24 Nov 2026 18:00:00 GMT",
            "Tue, 24 Nov 2026 18:00:00 +0100",
        ] {
            assert!(parse(text).is_some(), "{text}");
            check(text);
        }
        for text in ["2026-11-24T18:00Z", "24 Nov 2026 18:00:00 GMT", "2026-02-30T18:00:00Z", "", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        /// What is read here, the others read alike.
        #[test]
        fn as_the_others_read_them(
            (year, month, day) in (1985_u32..2105, 0_usize..13, 0_u32..33),
            (hour, minute, second) in (0_u32..26, 0_u32..61, 0_u32..62),
            (sign, hours, minutes) in ("[+-]", 0_u32..15, 0_u32..61),
            weekday in 0_usize..7,
        ) {
            let time = format!("{hour:02}:{minute:02}:{second:02}");
            check(&format!("{year}-{month:02}-{day:02}T{time}Z"));
            check(&format!("{year}-{month:02}-{day:02}T{time}{sign}{hours:02}:{minutes:02}"));
            let name = |names: &[&[u8]], at: usize| String::from_utf8(names[at].to_vec()).unwrap();
            let (weekday, month) = (name(&WEEKDAYS, weekday), name(&MONTHS, month.saturating_sub(1)));
            check(&format!("{weekday}, {day:02} {month} {year} {time} GMT"));
            check(&format!("{weekday}, {day:02} {month} {year} {time} {sign}{hours:02}{minutes:02}"));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,32}|[-+0-9T:Z ,A-Za-z]{18,32}") {
            parse(&text);
        }
    }
}
