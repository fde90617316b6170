//! Rules that make no sense: those that can never hold, and those that always do.

use std::collections::HashSet;
use std::time::Duration;

use regex_syntax::hir::{Hir, HirKind, Look};

use crate::model::{Age, Condition, Field, Pattern, Rule};
use crate::pipeline::{link, text};

/// Why a rule whose parts can each hold can never hold as a whole; `None` where it can.
pub(super) fn contradiction(rule: &Rule) -> Option<String> {
    let mut parts = vec![];
    flatten(rule, false, &mut parts);
    let excluded: HashSet<String> =
        parts.iter().filter(|(_, negated)| *negated).map(|(part, _)| meaning(part)).collect();
    let mut wanted = parts.iter().filter(|(_, negated)| !negated && !excluded.is_empty());
    if let Some((part, _)) = wanted.find(|(part, _)| excluded.contains(&meaning(part))) {
        return Some(format!("asks for {part} and for its opposite: remove one"));
    }
    ages(&parts).or_else(|| languages(&parts))
}

/// The parts that must all hold, each with whether it is its opposite that must (`not` of an `any` is an `all`).
fn flatten<'a>(rule: &'a Rule, negated: bool, parts: &mut Vec<(&'a Rule, bool)>) {
    match (rule, negated) {
        (Rule::All(inside), false) | (Rule::Any(inside), true) => {
            inside.iter().for_each(|part| flatten(part, negated, parts));
        }
        (Rule::Not(inside), _) => flatten(inside, !negated, parts),
        (Rule::All(one) | Rule::Any(one), _) if one.len() == 1 => {
            one.iter().for_each(|part| flatten(part, negated, parts));
        }
        _ => parts.push((rule, negated)),
    }
}

/// The ages that must all hold: none is above one bound and below a smaller one.
fn ages(parts: &[(&Rule, bool)]) -> Option<String> {
    let (mut over, mut under): (Option<Duration>, Option<Duration>) = (None, None);
    for (part, negated) in parts {
        // The opposite of a bound holds for entries without an age as well.
        match part {
            Rule::Age(Age::Over(bound)) if !negated => over = over.max(Some(*bound)),
            Rule::Age(Age::Under(bound)) if !negated => {
                under = Some(under.map_or(*bound, |other| other.min(*bound)));
            }
            _ => {}
        }
    }
    let (over, under) = over.zip(under)?;
    let (lower, upper) = (Age::Over(over), Age::Under(under));
    (over >= under)
        .then(|| format!("no age is both {lower} and {upper}: correct one, or write them in `any`"))
}

/// The languages that an entry would have to have at once; it has only one.
fn languages(parts: &[(&Rule, bool)]) -> Option<String> {
    let exact = parts.iter().filter_map(|(part, negated)| match part {
        Rule::Field(Condition { field: Field::Language, patterns }) if !negated => tags(patterns),
        _ => None,
    });
    let lists: Vec<Vec<&str>> = exact.collect();
    let overlap = |one: &[&str], other: &[&str]| one.iter().any(|a| other.iter().any(|b| meets(a, b)));
    lists.iter().enumerate().find_map(|(index, one)| {
        let other = lists.iter().skip(index + 1).find(|other| !overlap(one, other))?;
        Some(format!(
            "no entry is in both `{}` and `{}`: write language = [\"{}\", \"{}\"] for either",
            one.first()?,
            other.first()?,
            one.first()?,
            other.first()?
        ))
    })
}

/// The tags of a condition that consists of nothing else.
fn tags(patterns: &[Pattern]) -> Option<Vec<&str>> {
    patterns
        .iter()
        .map(|pattern| if let Pattern::Words(tag) = pattern { Some(tag.as_str()) } else { None })
        .collect()
}

/// Whether some tag is within both ranges (RFC 4647 §3.3.1).
fn meets(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let within = |tag: &str, range: &str| {
        tag.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    within(&one, &other) || within(&other, &one)
}

/// Equal for rules that hold for the same entries, as far as can be seen from how they are written.
pub(super) fn meaning(rule: &Rule) -> String {
    let several = |name: &str, mut parts: Vec<String>| {
        parts.sort_unstable();
        parts.dedup();
        // `U+0` stands in no pattern.
        format!("{name}({})", parts.join("\0"))
    };
    match rule {
        Rule::All(parts) | Rule::Any(parts) if parts.len() == 1 => parts.iter().map(meaning).collect(),
        Rule::All(parts) => several("all", parts.iter().map(meaning).collect()),
        Rule::Any(parts) => several("any", parts.iter().map(meaning).collect()),
        Rule::Not(part) => format!("not({})", meaning(part)),
        Rule::Field(Condition { field, patterns }) => {
            let folds = *field != Field::Url;
            let found = patterns.iter().map(|pattern| match pattern {
                Pattern::Words(words) if folds => text::fold(words),
                other => other.to_string(),
            });
            several(field.name(), found.collect())
        }
        Rule::Age(age) => format!("{age:?}"),
    }
}

/// Whether a rule holds for every entry there is, or for every one but oddities such as entries without a title.
pub(super) fn holds_always(rule: &Rule) -> bool {
    match rule {
        Rule::All(parts) => parts.iter().all(holds_always),
        Rule::Any(parts) => {
            let opposites: HashSet<String> = parts
                .iter()
                .filter_map(|part| if let Rule::Not(inside) = part { Some(meaning(inside)) } else { None })
                .collect();
            let opposed = |part: &Rule| !opposites.is_empty() && opposites.contains(&meaning(part));
            parts.iter().any(|part| holds_always(part) || opposed(part))
        }
        Rule::Field(Condition { field: Field::Title | Field::Text, patterns }) => {
            patterns.iter().any(finds_anything)
        }
        // Whether there is no title, or a category or an author at all, is worth asking for.
        Rule::Not(_) | Rule::Field(_) | Rule::Age(_) => false,
    }
}

/// Why no link can match a glob; `None` where one can. Links are absolute, and compared in lower case.
pub(super) fn no_link(glob: &str) -> Option<String> {
    let start = glob.split_once('*')?.0.to_lowercase();
    let begins = |scheme: &str, rest: &str| {
        let whole = format!("{scheme}:{rest}");
        whole.starts_with(&start) || start.starts_with(&whole)
    };
    let is_possible = ["http", "https"].iter().any(|scheme| begins(scheme, "//"))
        || link::OTHER_SCHEMES.iter().any(|scheme| begins(scheme, ""));
    let rest = glob.trim_start_matches('/');
    (!is_possible)
        .then(|| format!("a link begins with its scheme, as in https://…: write `*{}{rest}`", slash(glob)))
}

/// What stands between the star and a part of a link that begins as this glob does.
fn slash(glob: &str) -> &str {
    if glob.starts_with("//") { "//" } else { "/" }
}

/// Whether `^` must hold behind something, or `$` before something, so that a regex never matches. Where they mean
/// lines they may.
pub(super) fn is_out_of_place(regex: &Hir) -> bool {
    misplaced(regex, false, false)
}

/// `before` and `after` say whether at least one character is taken on that side.
fn misplaced(part: &Hir, before: bool, after: bool) -> bool {
    let takes = |part: &Hir| part.properties().minimum_len().is_none_or(|len| len > 0);
    match part.kind() {
        HirKind::Look(Look::Start) => before,
        HirKind::Look(Look::End) => after,
        HirKind::Look(_) | HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Capture(inside) => misplaced(&inside.sub, before, after),
        HirKind::Repetition(inside) => {
            let again = inside.min > 1 && takes(&inside.sub);
            inside.min > 0
                && (misplaced(&inside.sub, before, after || again)
                    || misplaced(&inside.sub, before || again, after))
        }
        HirKind::Concat(parts) => parts.iter().enumerate().any(|(at, part)| {
            let before = before || parts.iter().take(at).any(takes);
            misplaced(part, before, after || parts.iter().skip(at + 1).any(takes))
        }),
        HirKind::Alternation(parts) => parts.iter().all(|part| misplaced(part, before, after)),
    }
}

/// One character of several scripts and kinds: what finds each of them finds anything.
const SAMPLES: [&str; 7] = ["a", "Z", "ب", "1", "!", "中", "😀"];

fn finds_anything(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Words(_) => false,
        Pattern::Glob(glob) => glob.chars().all(|c| c == '*'),
        Pattern::Regex { regex, any_case } => {
            let built = regex::RegexBuilder::new(regex).case_insensitive(*any_case).build();
            built.is_ok_and(|regex| SAMPLES.iter().all(|sample| regex.is_match(sample)))
        }
    }
}
