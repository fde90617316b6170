//! One key of a rule: a field with its patterns, or an age.

use std::time::Duration;

use regex_syntax::ParserBuilder;

use super::sense;
use crate::config::notes::Notes;
use crate::config::table::Item;
use crate::config::values::language_tag;
use crate::model::{Age, Condition, Field, Pattern};
use crate::pipeline::text;

const PATTERNS_MAX: usize = 1000;
const PATTERN_BYTES_MAX: usize = 1000;

/// The memory that one compiled regex may take, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Characters that are kept of a category or of an author's name: nothing longer can be found.
const NAME_CHARS_MAX: usize = 300;

/// The longest age that is worth asking for: a hundred years.
const AGE_MAX: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

const EXAMPLE_AGE: &str = "\">7d\" or \"<2h\"";

/// `field = "pattern"` or `field = ["pattern", …]`.
pub(super) fn condition(item: Item<'_, '_>, field: Field, notes: &mut Notes) -> Option<Condition> {
    let elements =
        if item.is_list() { item.list("[\"…\", \"…\"]", PATTERNS_MAX, notes)? } else { vec![item] };
    if elements.is_empty() {
        item.mistake("is an empty list, so it can never match: write a pattern or remove the key", notes);
    }
    let patterns: Vec<Pattern> =
        elements.into_iter().filter_map(|element| pattern(element, field, notes)).collect();
    (!patterns.is_empty()).then_some(Condition { field, patterns })
}

/// `">7d"`, `"<2h"`.
pub(super) fn age(item: Item<'_, '_>, notes: &mut Notes) -> Option<Age> {
    let text = item.line(EXAMPLE_AGE, PATTERN_BYTES_MAX, notes)?;
    let (bound, rest): (fn(Duration) -> Age, &str) = match (text.strip_prefix('>'), text.strip_prefix('<')) {
        (Some(rest), _) => (Age::Over, rest.trim()),
        (_, Some(rest)) => (Age::Under, rest.trim()),
        _ => {
            let bare = humantime::parse_duration(text).is_ok();
            let instead = if bare { format!("\">{text}\" or \"<{text}\"") } else { EXAMPLE_AGE.to_owned() };
            item.mistake(format!("`{text}` is no age: write {instead}"), notes);
            return None;
        }
    };
    let message = match humantime::parse_duration(rest) {
        _ if rest.starts_with('-') => {
            format!("no entry is younger than nothing: write {EXAMPLE_AGE}")
        }
        Ok(age) if age > AGE_MAX => "is longer than a hundred years, so it makes no difference".to_owned(),
        Ok(age) if age.is_zero() && matches!(bound(age), Age::Under(_)) => {
            "no entry is younger than nothing, so it can never match: write \"<2h\"".to_owned()
        }
        Ok(age) => return Some(bound(age)),
        Err(_) if rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty() => {
            let sign = text.get(..1).unwrap_or_default();
            format!("has no unit: write \"{sign}{rest}d\" for days or \"{sign}{rest}h\" for hours")
        }
        Err(_) => format!("`{text}` is no age: write {EXAMPLE_AGE}"),
    };
    item.mistake(message, notes);
    None
}

fn pattern(item: Item<'_, '_>, field: Field, notes: &mut Notes) -> Option<Pattern> {
    let text = item.line("\"…\"", PATTERN_BYTES_MAX, notes)?;
    match between_slashes(text, field) {
        Some(Ok((regex, any_case))) => self::regex(item, field, regex, any_case, notes),
        Some(Err(flags)) => {
            item.mistake(
                format!(
                    "`{flags}` behind the regex is not known: only `i` is, for upper and lower case alike"
                ),
                notes,
            );
            None
        }
        None => words_or_glob(item, field, text, notes),
    }
}

fn words_or_glob(item: Item<'_, '_>, field: Field, text: &str, notes: &mut Notes) -> Option<Pattern> {
    let is_star = text.chars().all(|c| c == '*');
    let never = match field {
        _ if is_star => None,
        // Links are compared as they are.
        Field::Url if text.contains(char::is_whitespace) => {
            Some("no link holds a space: write `*` or the link's own characters".to_owned())
        }
        Field::Url => sense::no_link(text),
        _ if text::fold(text).is_empty() => Some(format!(
            "`{text}` has neither letters nor digits, and signs are not compared: write words or a /regex/"
        )),
        Field::Category | Field::Author if letters(text) > NAME_CHARS_MAX => {
            Some(format!("is longer than {NAME_CHARS_MAX} characters, which is all that is kept of one"))
        }
        Field::Language if !text.contains('*') => language_tag(text).err(),
        _ => None,
    };
    if let Some(why) = never {
        item.mistake(format!("can never match: {why}"), notes);
        return None;
    }
    let text = text.to_owned();
    Some(if text.contains('*') { Pattern::Glob(text) } else { Pattern::Words(text) })
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| *c != '*').count()
}

/// The inside of `/…/` or `/…/i`, and whether the `i` is there; the letters behind it where they are others.
fn between_slashes(text: &str, field: Field) -> Option<Result<(&str, bool), &str>> {
    let rest = text.strip_prefix('/')?;
    let (regex, flags) = rest.rsplit_once('/')?;
    match flags {
        "" => Some(Ok((regex, false))),
        "i" => Some(Ok((regex, true))),
        // The path of a link looks like that, too.
        _ if field == Field::Url || regex.is_empty() => None,
        _ if flags.len() <= 4 && flags.bytes().all(|b| b"gimsuxy".contains(&b)) => Some(Err(flags)),
        _ => None,
    }
}

fn regex(
    item: Item<'_, '_>,
    field: Field,
    regex: &str,
    any_case: bool,
    notes: &mut Notes,
) -> Option<Pattern> {
    if regex.is_empty() {
        item.mistake("an empty regex would match everything: write it between the slashes", notes);
        return None;
    }
    let built =
        regex::RegexBuilder::new(regex).case_insensitive(any_case).size_limit(REGEX_BYTES_MAX).build();
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
    let parsed = ParserBuilder::new().case_insensitive(any_case).build().parse(regex);
    if parsed.as_ref().is_ok_and(|parsed| parsed.properties().minimum_len().is_none()) {
        item.mistake(
            "the regex between the slashes can never match: it asks for a character out of none",
            notes,
        );
        return None;
    }
    if parsed.is_ok_and(|parsed| sense::is_out_of_place(&parsed)) {
        item.mistake(
            "the regex between the slashes can never match: `^` stands behind a character or `$` before one; remove it",
            notes,
        );
        return None;
    }
    let is_plain = !regex.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$']);
    if field == Field::Url && is_plain {
        item.warning(
            format!("is a regex, found anywhere in the link: write \"*/{regex}/*\" for the folder"),
            notes,
        );
    }
    Some(Pattern::Regex { regex: regex.to_owned(), any_case })
}
