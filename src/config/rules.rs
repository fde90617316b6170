//! `include` and `exclude`: lists of inline tables whose conditions must all hold.

mod leaf;

use super::notes::Notes;
use super::table::{Item, Table};
use crate::model::{Field, Rule, Rules};

const RULES_MAX: usize = 1000;

const EXAMPLE: &str = "[{ title = \"…\" }]";
const EXAMPLE_ONE: &str = "{ title = \"…\" }";

/// Reads both lists of a section or a source.
pub(super) fn read(table: &Table<'_>, notes: &mut Notes) -> Rules {
    let mut list = |key| table.get(key).and_then(|item| read_list(item, 1, notes)).unwrap_or_default();
    Rules { include: list("include"), exclude: list("exclude") }
}

fn read_list(item: Item<'_, '_>, depth: usize, notes: &mut Notes) -> Option<Vec<Rule>> {
    let elements = item.list(EXAMPLE, RULES_MAX, notes)?;
    Some(elements.into_iter().filter_map(|element| read_rule(element, depth, notes)).collect())
}

/// One table. A rule that lost a part to a mistake may match too much, but with a mistake nothing takes effect.
fn read_rule(item: Item<'_, '_>, depth: usize, notes: &mut Notes) -> Option<Rule> {
    if depth > Rule::DEPTH_MAX {
        item.mistake(
            format!("is nested too deep: at most {} tables may lie in one another", Rule::DEPTH_MAX),
            notes,
        );
        return None;
    }
    let table = item.inline_table(EXAMPLE_ONE, notes)?;
    if table.is_empty() {
        item.mistake("an empty rule would match everything: write { title = \"…\" }", notes);
        return None;
    }
    let parts: Vec<Rule> = table.items().filter_map(|part| read_part(part, depth, notes)).collect();
    match <[Rule; 1]>::try_from(parts) {
        Ok([one]) => Some(one),
        Err(parts) => (!parts.is_empty()).then_some(Rule::All(parts)),
    }
}

/// One key of a table.
fn read_part(item: Item<'_, '_>, depth: usize, notes: &mut Notes) -> Option<Rule> {
    match item.key {
        "all" | "any" => {
            let parts = read_list(item, depth + 1, notes)?;
            let whole = if item.key == "all" { Rule::All } else { Rule::Any };
            (!parts.is_empty()).then(|| whole(parts))
        }
        "not" => Some(Rule::Not(Box::new(read_rule(item, depth + 1, notes)?))),
        "age" => leaf::age(item, notes).map(Rule::Age),
        key => {
            let Some((_, field)) = Field::ALL.iter().find(|(name, _)| *name == key) else {
                unknown(item, notes);
                return None;
            };
            leaf::condition(item, *field, notes).map(Rule::Field)
        }
    }
}

fn unknown(item: Item<'_, '_>, notes: &mut Notes) {
    let names = || Field::ALL.iter().map(|(name, _)| *name).chain(["age", "all", "any", "not"]);
    let mut suggestion = notes.suggest(item.key, names());
    if suggestion.is_empty() {
        suggestion = format!("; known are {}", names().collect::<Vec<_>>().join(", "));
    }
    notes.mistake(item.key_at, item.path(), format!("unknown field{suggestion}"));
}
