//! Rules of sections and sources, as written in feeds.toml.

use std::fmt;
use std::time::Duration;

/// What to take in and what to leave out; what is excluded stays out whatever includes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Any of these takes an entry in.
    pub include: Vec<Rule>,
    /// Any of these leaves an entry out.
    pub exclude: Vec<Rule>,
}

/// One `{ … }` of a rule list, or of a list in it. `Display` writes it as TOML on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All of these hold. Several keys in one table mean the same. Never empty.
    All(Vec<Rule>),
    /// Any of these holds. Never empty.
    Any(Vec<Rule>),
    /// This does not hold.
    Not(Box<Rule>),
    /// `field = "pattern"`.
    Field(Condition),
    /// `age = ">7d"`.
    Age(Age),
}

impl Rule {
    /// How deep rules may be nested: a table in a rule list is at depth 1.
    pub const DEPTH_MAX: usize = 8;

    /// Whether any part of it fulfils `wanted`.
    pub fn has(&self, wanted: &impl Fn(&Rule) -> bool) -> bool {
        let inside = match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has(wanted)),
            Self::Not(part) => part.has(wanted),
            Self::Field(_) | Self::Age(_) => false,
        };
        inside || wanted(self)
    }
}

/// One `field = "pattern"` or `field = ["pattern", …]`. It does not hold for an entry that lacks the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub field: Field,
    /// What is looked for: any of these. Never empty.
    pub patterns: Vec<Pattern>,
}

/// How old an entry was when nashra first saw it: `first_seen` less `published`. That is a fact, and does not
/// change as time goes by. An entry whose source gives no date has no age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// `">7d"`: longer than this.
    Over(Duration),
    /// `"<2h"`: shorter than this.
    Under(Duration),
}

/// The parts of an entry that a rule can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The title.
    Title,
    /// Title, summary and content without markup.
    Text,
    /// The link.
    Url,
    /// Any category, by term or label, as a whole.
    Category,
    /// Any author's name.
    Author,
    /// The language tag: the entry's own, else its feed's.
    Language,
}

impl Field {
    /// The fields with the keys that feeds.toml uses for them; the first key of a field is the one that is shown.
    pub const ALL: &[(&str, Field)] = &[
        ("title", Self::Title),
        ("text", Self::Text),
        ("url", Self::Url),
        ("link", Self::Url),
        ("category", Self::Category),
        ("author", Self::Author),
        ("language", Self::Language),
    ];

    /// Its key in feeds.toml.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// A pattern as written; `config` has checked that it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Words that must occur in this order, compared after folding.
    Words(String),
    /// `*` stands for anything; the whole field must match, after folding.
    Glob(String),
    /// `/regex/` or `/regex/i`: found anywhere in the field, as it is or without harakat and tatweel.
    Regex {
        /// What stands between the slashes.
        regex: String,
        /// Whether `i` stands behind them: upper and lower case are the same.
        any_case: bool,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) if is_one_table(parts) => {
                f.write_str("{ ")?;
                for (index, part) in parts.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    part.write_key(f)?;
                }
                f.write_str(" }")
            }
            _ => {
                f.write_str("{ ")?;
                self.write_key(f)?;
                f.write_str(" }")
            }
        }
    }
}

impl Rule {
    /// `key = value`, without the braces around it.
    fn write_key(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => write_list("all", parts, f),
            Self::Any(parts) => write_list("any", parts, f),
            Self::Not(part) => write!(f, "not = {part}"),
            Self::Field(Condition { field, patterns }) => match &patterns[..] {
                [pattern] => write!(f, "{} = {pattern}", field.name()),
                several => write_list(field.name(), several, f),
            },
            Self::Age(age) => write!(f, "age = \"{age}\""),
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::All(_) => "all",
            Self::Any(_) => "any",
            Self::Not(_) => "not",
            Self::Field(condition) => condition.field.name(),
            Self::Age(_) => "age",
        }
    }
}

/// Whether these may be the keys of one table: each only once.
fn is_one_table(parts: &[Rule]) -> bool {
    let keys: Vec<&str> = parts.iter().map(Rule::key).collect();
    parts.len() > 1 && keys.iter().enumerate().all(|(index, key)| !keys[..index].contains(key))
}

fn write_list(key: &str, parts: &[impl fmt::Display], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{key} = [")?;
    for (index, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str("]")
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Words(text) | Self::Glob(text) => text.clone(),
            Self::Regex { regex, any_case } => format!("/{regex}/{}", if *any_case { "i" } else { "" }),
        };
        write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// As it is written in feeds.toml, in its largest units: `>1d12h`.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self {
            Self::Over(bound) => ('>', bound),
            Self::Under(bound) => ('<', bound),
        };
        write!(f, "{sign}")?;
        let mut rest = bound.as_millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (size, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_as_they_are_written() {
        let words = |field, text: &str| {
            Rule::Field(Condition { field, patterns: vec![Pattern::Words(text.to_owned())] })
        };
        let regex = Pattern::Regex { regex: "\\d \"x\"".to_owned(), any_case: true };
        let both = Rule::Field(Condition {
            field: Field::Title,
            patterns: vec![regex, Pattern::Glob("a*".to_owned())],
        });
        let age = |seconds| Rule::Age(Age::Over(Duration::from_secs(seconds)));
        for (rule, expected) in [
            (words(Field::Url, "x"), "{ url = \"x\" }"),
            (
                Rule::All(vec![words(Field::Title, "إعلان"), age(90_000)]),
                "{ title = \"إعلان\", age = \">1d1h\" }",
            ),
            (Rule::All(vec![age(1), age(90)]), "{ all = [{ age = \">1s\" }, { age = \">1m30s\" }] }"),
            (Rule::All(vec![age(0)]), "{ all = [{ age = \">0s\" }] }"),
            (
                Rule::Not(Box::new(Rule::Any(vec![both]))),
                r#"{ not = { any = [{ title = ["/\\d \"x\"/i", "a*"] }] } }"#,
            ),
        ] {
            assert_eq!(rule.to_string(), expected);
        }
    }
}
