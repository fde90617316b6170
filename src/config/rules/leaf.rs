//! One key of a rule: a field with its patterns, or an age.

use std::time::Duration;

use regex::RegexBuilder;

use crate::config::notes::Notes;
use crate::config::table::Item;
use crate::model::{Age, Condition, Field, Pattern};

const PATTERNS_MAX: usize = 1000;
const PATTERN_BYTES_MAX: usize = 1000;

/// The memory that one compiled regex may take, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// The longest age that is worth asking for: a hundred years.
const AGE_MAX: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

const EXAMPLE_AGE: &str = "\">7d\" or \"<2h\"";

/// `field = "pattern"` or `field = ["pattern", …]`.
pub(super) fn condition(item: Item<'_, '_>, field: Field, notes: &mut Notes) -> Option<Condition> {
    let elements = if item.as_str().is_some() {
        vec![item]
    } else {
        item.list("\"…\" or [\"…\", \"…\"]", PATTERNS_MAX, notes)?
    };
    let patterns: Vec<Pattern> = elements.into_iter().filter_map(|element| pattern(element, notes)).collect();
    (!patterns.is_empty()).then_some(Condition { field, patterns })
}

/// `">7d"`, `"<2h"`.
pub(super) fn age(item: Item<'_, '_>, notes: &mut Notes) -> Option<Age> {
    let text = item.line(EXAMPLE_AGE, PATTERN_BYTES_MAX, notes)?;
    let read = |rest: &str| humantime::parse_duration(rest.trim()).ok().filter(|age| *age <= AGE_MAX);
    let bound = match (text.strip_prefix('>'), text.strip_prefix('<')) {
        (Some(rest), _) => read(rest).map(Age::Over),
        (_, Some(rest)) => read(rest).map(Age::Under),
        _ => None,
    };
    if bound.is_none() {
        item.mistake(format!("`{text}` is no age: write {EXAMPLE_AGE}"), notes);
    }
    bound
}

fn pattern(item: Item<'_, '_>, notes: &mut Notes) -> Option<Pattern> {
    let text = item.line("\"…\"", PATTERN_BYTES_MAX, notes)?;
    if let Some((regex, any_case)) = between_slashes(text) {
        if regex.is_empty() {
            item.mistake("an empty regex would match everything: write it between the slashes", notes);
            return None;
        }
        let built = RegexBuilder::new(regex).case_insensitive(any_case).size_limit(REGEX_BYTES_MAX).build();
        if let Err(error) = built {
            // The last line of the crate's report says what is wrong; those before it draw a picture.
            let report = error.to_string();
            let why = report.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            item.mistake(
                format!(
                    "the regex between the slashes does not compile: {why}; correct it, or write plain words"
                ),
                notes,
            );
            return None;
        }
        return Some(Pattern::Regex { regex: regex.to_owned(), any_case });
    }
    if text.contains('*') {
        Some(Pattern::Glob(text.to_owned()))
    } else {
        Some(Pattern::Words(text.to_owned()))
    }
}

/// The inside of `/…/` and `/…/i`, and whether the `i` is there.
fn between_slashes(text: &str) -> Option<(&str, bool)> {
    let rest = text.strip_prefix('/')?;
    let plain = rest.strip_suffix('/').map(|regex| (regex, false));
    plain.or_else(|| rest.strip_suffix("/i").map(|regex| (regex, true)))
}
