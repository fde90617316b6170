//! One field of a crontab(5) line: text in, a set of numbers or a sentence that says what is allowed out.

/// What a field may hold.
pub(super) struct FieldKind {
    /// As crontab(5) calls it.
    pub(super) name: &'static str,
    /// The lowest number.
    pub(super) min: u32,
    /// The highest number.
    pub(super) max: u32,
    /// Three-letter names; the first stands for `min`.
    names: &'static [&'static str],
    /// What to tell an admin who wrote something else.
    allowed: &'static str,
}

/// The five fields in their order.
pub(super) const FIELDS: [FieldKind; 5] = [
    FieldKind { name: "minute", min: 0, max: 59, names: &[], allowed: "0-59" },
    FieldKind { name: "hour", min: 0, max: 23, names: &[], allowed: "0-23" },
    FieldKind { name: "day of month", min: 1, max: 31, names: &[], allowed: "1-31" },
    FieldKind { name: "month", min: 1, max: 12, names: &MONTHS, allowed: "1-12 or jan-dec" },
    FieldKind {
        name: "day of week",
        min: 0,
        max: 7,
        names: &DAYS,
        allowed: "0-7 (0 and 7 are Sunday) or sun-sat",
    },
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The days of the week by their number in crontab(5), which is not the number in the crate `cron`.
pub(super) const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A field that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSet {
    /// Bit n is set where the number n matches; 7 has become 0 in the day of week.
    pub(super) bits: u64,
    /// Whether it begins with `*`, which cron(8) takes for "not restricted".
    pub(super) star: bool,
}

impl FieldSet {
    /// The numbers in ascending order.
    pub(super) fn numbers(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |n| self.bits >> n & 1 == 1)
    }
}

/// Reads one field: lists of `*`, numbers, names and ranges, the latter with a step.
pub(super) fn read(kind: &FieldKind, text: &str) -> Result<FieldSet, String> {
    let mut bits = 0;
    for part in text.split(',') {
        bits |= read_part(kind, part)
            .map_err(|why| format!("the {} `{text}`: {why}; allowed are {}", kind.name, kind.allowed))?;
    }
    if kind.max == 7 {
        // Sunday has two numbers.
        bits = (bits | bits >> 7 & 1) & 0x7f;
    }
    Ok(FieldSet { bits, star: text.starts_with('*') })
}

fn read_part(kind: &FieldKind, part: &str) -> Result<u64, String> {
    if part.is_empty() {
        return Err("there is nothing before or after a comma".to_owned());
    }
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let (from, to) = match range.split_once('-') {
        // `*` in the day of week means 0 to 6: a step must not count Sunday twice.
        _ if range == "*" => (kind.min, if kind.max == 7 { 6 } else { kind.max }),
        Some((from, to)) => read_range(kind, from, to)?,
        None => {
            let at = read_number(kind, range)?;
            if let Some(step) = step {
                let highest = if kind.max == 7 { 6 } else { kind.max };
                return Err(format!("a step needs a range: write `{range}-{highest}/{step}` or `*/{step}`"));
            }
            (at, at)
        }
    };
    let step = match step.map(str::parse::<usize>) {
        None => 1,
        Some(Ok(step @ 1..)) => step,
        Some(_) => return Err("the step after `/` must be a number from 1 on".to_owned()),
    };
    Ok((from..=to).step_by(step).fold(0, |bits, n| bits | 1 << n))
}

fn read_range(kind: &FieldKind, from: &str, to: &str) -> Result<(u32, u32), String> {
    let (low, mut high) = (read_number(kind, from)?, read_number(kind, to)?);
    if kind.max == 7 && high == 0 && low > 0 {
        // `fri-sun` ends on the Sunday that closes the week.
        high = 7;
    }
    if low > high {
        let highest = if kind.max == 7 { 6 } else { kind.max };
        let (late, early) = (number_range(low, highest), number_range(kind.min, high));
        return Err(format!("the range runs backwards: write `{late},{early}`"));
    }
    Ok((low, high))
}

fn number_range(from: u32, to: u32) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

fn read_number(kind: &FieldKind, text: &str) -> Result<u32, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse() {
            Ok(n) if (kind.min..=kind.max).contains(&n) => Ok(n),
            _ => Err(format!("{text} is out of range")),
        };
    }
    let found = kind.names.iter().position(|name| text.eq_ignore_ascii_case(name));
    match found.and_then(|at| u32::try_from(at).ok()) {
        Some(at) => Ok(kind.min + at),
        None if text.is_empty() => Err("a number is missing".to_owned()),
        None if text == "?" => Err("`?` is not crontab(5): write `*`".to_owned()),
        None => Err(format!("`{text}` is not understood")),
    }
}
