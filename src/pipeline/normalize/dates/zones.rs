//! Time zones behind a time: names, military letters, offsets and what they are combined to.

use chrono_tz::Tz;

use super::scan::Token;

/// Name → minutes east of Greenwich. Where a name is used on two continents, the one with more feeds
/// under it counts: IST is India, BST London, AST Halifax.
#[rustfmt::skip]
const NAMES: &[(&str, i32)] = &[
    ("gmt", 0), ("utc", 0), ("z", 0), ("ut", 0), ("uct", 0), ("zulu", 0), ("wet", 0), ("غرينتش", 0), ("جرينتش", 0),
    ("est", -300), ("edt", -240), ("et", -300), ("cst", -360), ("cdt", -300), ("ct", -360), ("mst", -420),
    ("mdt", -360), ("mt", -420), ("pst", -480), ("pdt", -420), ("pt", -480), ("akst", -540), ("akdt", -480),
    ("hst", -600), ("hast", -600), ("hadt", -540), ("ast", -240), ("adt", -180), ("at", -240), ("nst", -210),
    ("ndt", -150), ("art", -180), ("brt", -180), ("brst", -120), ("clt", -240), ("clst", -180), ("cot", -300),
    ("pet", -300), ("vet", -240), ("uyt", -180), ("bot", -240), ("ect", -300),
    ("cet", 60), ("cest", 120), ("met", 60), ("mest", 120), ("mez", 60), ("mesz", 120), ("west", 60), ("wat", 60),
    ("bst", 60), ("eet", 120), ("eest", 180), ("cat", 120), ("sast", 120), ("eat", 180), ("msk", 180), ("мск", 180),
    ("msd", 240), ("trt", 180), ("irst", 210), ("irdt", 270), ("gst", 240), ("amt", 240), ("azt", 240),
    ("samt", 240), ("pkt", 300), ("uzt", 300), ("yekt", 300), ("ist", 330), ("npt", 345), ("bdt", 360),
    ("almt", 360), ("omst", 360), ("ict", 420), ("wib", 420), ("novt", 420), ("krat", 420), ("hkt", 480),
    ("sgt", 480), ("myt", 480), ("pht", 480), ("wita", 480), ("awst", 480), ("irkt", 480), ("jst", 540),
    ("kst", 540), ("wit", 540), ("yakt", 540), ("acst", 570), ("acdt", 630), ("aest", 600), ("aedt", 660),
    ("vlat", 600), ("magt", 660), ("nzst", 720), ("nzdt", 780),
];
/// An offset is shorter than a day, in seconds.
const OFFSET_SECONDS_MAX: u64 = 24 * 3600;

/// A zone that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zone {
    /// The first piece behind it.
    pub(super) end: usize,
    /// East of Greenwich; `None` where only a comment was found.
    pub(super) seconds: Option<i32>,
}

/// The zone at `at`, directly or behind a space: `Z`, `+02:00`, `+0200`, `+2`, `GMT+0200`, `UTC +2`, `CET`,
/// `(PDT)`, `+0100 (CET)`, and the ` 02:00` that was `+02:00` before a form decoded it.
pub(super) fn read(tokens: &[Token], at: usize) -> Option<Zone> {
    let at = at + usize::from(tokens.get(at) == Some(&Token::Space));
    if tokens.get(at)?.is('(') {
        let seconds = read(tokens, at + 1).and_then(|zone| zone.seconds);
        return Some(Zone { end: comment_end(tokens, at), seconds });
    }
    let found = offset(tokens, at).or_else(|| named(tokens, at)).or_else(|| lost_plus(tokens, at))?;
    let comment = found.end + usize::from(tokens.get(found.end) == Some(&Token::Space));
    if tokens.get(comment).is_some_and(|token| token.is('(')) {
        return Some(Zone { end: comment_end(tokens, comment), ..found });
    }
    Some(found)
}

/// A zone of the IANA database in `text`, and the bytes where it stands: `Europe/Paris`, `[Africa/Cairo]`.
pub(super) fn iana(text: &str) -> Option<(Tz, (usize, usize))> {
    let slash = text.find('/')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let start = text.get(..slash)?.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    // A character of several bytes before the name leaves `start` within it.
    let rest = text.get(start..).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let name = rest.get(..rest.find(|c| !is_part(c)).unwrap_or(rest.len()))?;
    Some((name.parse().ok()?, (start, start + name.len())))
}

fn comment_end(tokens: &[Token], at: usize) -> usize {
    let rest = tokens.get(at..).unwrap_or_default();
    at + rest.iter().position(|token| token.is(')')).map_or(rest.len(), |len| len + 1)
}

/// A sign and digits.
fn offset(tokens: &[Token], at: usize) -> Option<Zone> {
    let sign = match tokens.get(at)? {
        Token::Mark('+') => 1,
        Token::Mark('-') => -1,
        _ => return None,
    };
    let number = tokens.get(at + 1)?.number()?;
    let minutes = tokens.get(at + 2).filter(|token| token.is(':')).and_then(|_| tokens.get(at + 3)?.number());
    let (seconds, end) = match (number.digits, minutes) {
        (1 | 2, Some(minutes)) if minutes.digits <= 2 => (number.value * 3600 + minutes.value * 60, at + 4),
        (1 | 2, _) => (number.value * 3600, at + 2),
        (3 | 4, _) => (number.value / 100 * 3600 + number.value % 100 * 60, at + 2),
        _ => return None,
    };
    let seconds = i32::try_from(seconds).ok().filter(|_| seconds < OFFSET_SECONDS_MAX)?;
    Some(Zone { end, seconds: Some(sign * seconds) })
}

fn named(tokens: &[Token], at: usize) -> Option<Zone> {
    let word = tokens.get(at)?.word()?;
    if word == "etc" && tokens.get(at + 1)?.is('/') {
        // POSIX counts westward: Etc/GMT+4 is four hours behind.
        let zone = named(tokens, at + 2)?;
        return Some(Zone { seconds: zone.seconds.map(|seconds| -seconds), ..zone });
    }
    let minutes = NAMES.iter().find(|(name, _)| *name == word).map(|(_, minutes)| *minutes);
    let is_last = tokens.len() == at + 1;
    let minutes = minutes.or_else(|| military(word).filter(|_| is_last))?;
    let next = at + 1 + usize::from(tokens.get(at + 1) == Some(&Token::Space));
    // "GMT+0200", "UTC +2" and "EST-0500": the offset is what counts.
    if let Some(zone) = offset(tokens, next) {
        return Some(zone);
    }
    Some(Zone { end: at + 1, seconds: Some(minutes * 60) })
}

/// RFC 822 §5.1, which RSS names, gave the letters of the military the wrong sign.
fn military(word: &str) -> Option<i32> {
    let letter = word.bytes().next().filter(|_| word.len() == 1)?;
    let hours = match letter {
        b'a'..=b'i' => -(i32::from(letter - b'a') + 1),
        b'k'..=b'm' => -(i32::from(letter - b'k') + 10),
        b'n'..=b'y' => i32::from(letter - b'n') + 1,
        _ => return None,
    };
    Some(hours * 60)
}

fn lost_plus(tokens: &[Token], at: usize) -> Option<Zone> {
    let behind_space = at.checked_sub(1).and_then(|before| tokens.get(before)) == Some(&Token::Space);
    let (hours, minutes) = (tokens.get(at)?.number()?, tokens.get(at + 2)?.number()?);
    let is_offset = behind_space && tokens.get(at + 1)?.is(':') && hours.digits == 2 && minutes.digits == 2;
    let seconds = i32::try_from(hours.value * 3600 + minutes.value * 60).ok()?;
    (is_offset && hours.value <= 14).then_some(Zone { end: at + 3, seconds: Some(seconds) })
}
