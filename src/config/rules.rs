//! `include` and `exclude`: lists of inline tables whose conditions must all hold.

use regex::RegexBuilder;

use super::notes::Notes;
use super::table::{Item, Table};
use crate::model::{Condition, Field, Pattern, Rule, Rules};

const RULES_MAX: usize = 1000;
const PATTERN_BYTES_MAX: usize = 1000;

/// The memory that one compiled regex may take, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

const EXAMPLE: &str = "[{ title = \"…\" }]";

/// Reads both lists of a section or a source.
pub(super) fn read(table: &Table<'_>, notes: &mut Notes) -> Rules {
    let mut list = |key| table.get(key).and_then(|item| read_list(item, notes)).unwrap_or_default();
    Rules { include: list("include"), exclude: list("exclude") }
}

fn read_list(item: Item<'_, '_>, notes: &mut Notes) -> Option<Vec<Rule>> {
    let elements = item.list(EXAMPLE, RULES_MAX, notes)?;
    Some(elements.into_iter().filter_map(|element| read_rule(element, notes)).collect())
}

fn read_rule(item: Item<'_, '_>, notes: &mut Notes) -> Option<Rule> {
    let table = item.inline_table("{ title = \"…\" }", notes)?;
    if table.is_empty() {
        item.mistake("an empty rule would match everything: write { title = \"…\" }", notes);
        return None;
    }
    let mut conditions = vec![];
    for condition in table.items() {
        let Some((_, field)) = Field::ALL.iter().find(|(name, _)| *name == condition.key) else {
            let names = || Field::ALL.iter().map(|(name, _)| *name);
            let mut suggestion = notes.suggest(condition.key, names());
            if suggestion.is_empty() {
                suggestion = format!("; known are {}", names().collect::<Vec<_>>().join(", "));
            }
            notes.mistake(condition.key_at, condition.path(), format!("unknown field{suggestion}"));
            continue;
        };
        if let Some(pattern) = read_pattern(condition, notes) {
            conditions.push(Condition { field: *field, pattern });
        }
    }
    // A rule that lost a condition to a mistake would match too much, but with a mistake nothing takes effect.
    (!conditions.is_empty()).then_some(Rule { conditions })
}

fn read_pattern(item: Item<'_, '_>, notes: &mut Notes) -> Option<Pattern> {
    let text = item.line("\"…\"", PATTERN_BYTES_MAX, notes)?;
    if let Some(regex) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        if regex.is_empty() {
            item.mistake("an empty regex would match everything: write it between the slashes", notes);
            return None;
        }
        if let Err(error) = RegexBuilder::new(regex).size_limit(REGEX_BYTES_MAX).build() {
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
        return Some(Pattern::Regex(regex.to_owned()));
    }
    if text.contains('*') {
        Some(Pattern::Glob(text.to_owned()))
    } else {
        Some(Pattern::Words(text.to_owned()))
    }
}
