//! `include` and `exclude`: lists of inline tables whose keys must all hold; `all`, `any` and `not` lie in them.

mod leaf;
mod sense;

use std::collections::HashSet;

use super::notes::Notes;
use super::table::{Item, Table};
use crate::model::{Field, Rule, Rules};

const RULES_MAX: usize = 1000;

const EXAMPLE: &str = "[{ title = \"…\" }]";
const EXAMPLE_ONE: &str = "{ title = \"…\" }";

/// Reads both lists of a section or a source.
pub(super) fn read(table: &Table<'_>, notes: &mut Notes) -> Rules {
    let include = table.get("include").map_or_else(Vec::new, |item| read_list(item, 1, notes));
    let exclude = table.get("exclude").map_or_else(Vec::new, |item| read_list(item, 1, notes));
    let excluded: HashSet<String> = exclude.iter().map(|(_, rule)| sense::meaning(rule)).collect();
    for (item, rule) in &include {
        if !excluded.is_empty() && excluded.contains(&sense::meaning(rule)) {
            item.mistake(
                format!("{rule} can never take anything in: it is in `exclude` too, which wins"),
                notes,
            );
        } else if sense::holds_always(rule) {
            item.warning(format!("{rule} takes in whatever there is, so no other rule matters"), notes);
        }
    }
    for (item, rule) in exclude.iter().filter(|(_, rule)| sense::holds_always(rule)) {
        item.mistake(format!("{rule} leaves out whatever there is: correct or remove it"), notes);
    }
    for list in [&include, &exclude] {
        let mut seen = HashSet::new();
        for (item, rule) in list.iter().filter(|(_, rule)| !seen.insert(sense::meaning(rule))) {
            item.warning(format!("{rule} stands here twice"), notes);
        }
    }
    let bare = |list: Vec<(Item<'_, '_>, Rule)>| list.into_iter().map(|(_, rule)| rule).collect();
    Rules { include: bare(include), exclude: bare(exclude) }
}

/// The rules of a list, each with its place.
fn read_list<'a, 't>(item: Item<'a, 't>, depth: usize, notes: &mut Notes) -> Vec<(Item<'a, 't>, Rule)> {
    let Some(elements) = item.list(EXAMPLE, RULES_MAX, notes) else { return vec![] };
    if elements.is_empty() && depth > 1 {
        item.mistake("is an empty list: write a rule or remove the key", notes);
    } else if elements.is_empty() {
        item.warning("is an empty list, so it has no effect: remove it", notes);
    }
    let read = |element: Item<'a, 't>| Some((element, read_rule(element, depth, notes)?));
    elements.into_iter().filter_map(read).collect()
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
    let mistakes = notes.mistakes();
    let parts: Vec<Rule> = table.items().filter_map(|part| read_part(part, depth, notes)).collect();
    let rule = match <[Rule; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) if parts.is_empty() => return None,
        Err(parts) => Rule::All(parts),
    };
    // Once, for the outermost table: what is wrong inside is wrong with the whole.
    if depth == 1 && notes.mistakes() == mistakes {
        contradictions(item, &rule, notes);
    }
    Some(rule)
}

/// Notes what can never hold: the whole rule, or else any alternative in it.
fn contradictions(item: Item<'_, '_>, rule: &Rule, notes: &mut Notes) {
    if let Some(why) = sense::contradiction(rule) {
        item.mistake(format!("can never match: {why}"), notes);
        return;
    }
    match rule {
        Rule::All(parts) | Rule::Any(parts) => {
            parts.iter().for_each(|part| contradictions(item, part, notes));
        }
        Rule::Not(part) => contradictions(item, part, notes),
        Rule::Field(_) | Rule::Age(_) => {}
    }
}

/// One key of a table.
fn read_part(item: Item<'_, '_>, depth: usize, notes: &mut Notes) -> Option<Rule> {
    match item.key {
        "all" | "any" => {
            let parts: Vec<Rule> =
                read_list(item, depth + 1, notes).into_iter().map(|(_, rule)| rule).collect();
            let whole = if item.key == "all" { Rule::All } else { Rule::Any };
            (!parts.is_empty()).then(|| whole(parts))
        }
        "not" if item.is_list() => {
            item.mistake("expected a table: write not = { any = [{ title = \"…\" }] }, found a list", notes);
            None
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
