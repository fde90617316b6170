//! Patterns, compiled: words, globs and regular expressions.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use regex::{Regex, RegexBuilder};

use super::facts::Facts;
use crate::model::{Age, Condition, DateOrigin, Entry, Field, Pattern, Rule};
use crate::pipeline::text;

/// A rule, compiled.
#[derive(Clone, Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Field(Field, Vec<Matcher>),
    Age(Age),
}

#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// Folded words, found between word boundaries; the whole field for categories and languages.
    Words(String),
    /// Folded pieces between the stars.
    Glob(Vec<String>),
    Regex(Regex),
}

impl Test {
    /// `config` has checked every regex; a pattern that does not compile here is left out.
    pub(super) fn new(rule: &Rule) -> Self {
        match rule {
            Rule::All(parts) => Self::All(parts.iter().map(Self::new).collect()),
            Rule::Any(parts) => Self::Any(parts.iter().map(Self::new).collect()),
            Rule::Not(part) => Self::Not(Box::new(Self::new(part))),
            Rule::Field(Condition { field, patterns }) => {
                Self::Field(*field, patterns.iter().filter_map(|pattern| compile(*field, pattern)).collect())
            }
            Rule::Age(age) => Self::Age(*age),
        }
    }

    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Not(part) => !part.holds(facts),
            Self::Field(field, matchers) => matchers.iter().any(|matcher| matcher.finds(*field, facts)),
            Self::Age(age) => has_age(facts.entry, *age),
        }
    }
}

fn has_age(entry: &Entry, bound: Age) -> bool {
    // Where the source gives no date, `published` is only when we came.
    if matches!(entry.dated, DateOrigin::Missing | DateOrigin::Absurd) {
        return false;
    }
    let age = (entry.first_seen - entry.published).to_std().unwrap_or_default();
    match bound {
        Age::Over(least) => age > least,
        Age::Under(most) => age < most,
    }
}

fn compile(field: Field, pattern: &Pattern) -> Option<Matcher> {
    Some(match (field, pattern) {
        (Field::Url, Pattern::Words(words)) => {
            Matcher::Glob(vec![String::new(), url_form(words), String::new()])
        }
        (Field::Url, Pattern::Glob(glob)) => Matcher::Glob(glob.split('*').map(url_form).collect()),
        (_, Pattern::Words(words)) => Matcher::Words(text::fold(words)),
        (_, Pattern::Glob(glob)) => Matcher::Glob(folded_pieces(glob)),
        (_, Pattern::Regex { regex, any_case }) => {
            Matcher::Regex(RegexBuilder::new(regex).case_insensitive(*any_case).build().ok()?)
        }
    })
}

impl Matcher {
    fn finds(&self, field: Field, facts: &Facts<'_>) -> bool {
        match self {
            Self::Regex(regex) => {
                let finds = |value: &Cow<'_, str>| regex.is_match(value);
                facts.raw(field).iter().any(finds) || facts.other_forms(field).iter().any(finds)
            }
            Self::Glob(pieces) if field == Field::Url => {
                facts.folded(field).iter().any(|value| glob(pieces, value))
            }
            Self::Glob(pieces) => facts.folded(field).iter().any(|value| glob(pieces, &format!(" {value} "))),
            Self::Words(words) if field == Field::Category => {
                facts.folded(field).iter().any(|value| value.as_ref() == words)
            }
            // "ar" means ar-MA as well (RFC 4647 §3.3.1); folding has made the dash a space.
            Self::Words(words) if field == Field::Language => facts.folded(field).iter().any(|value| {
                value
                    .strip_prefix(words.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            }),
            Self::Words(words) => facts.folded(field).iter().any(|value| has_words(value, words)),
        }
    }
}

/// Whether `words` occur in `value` between spaces; both are folded.
fn has_words(value: &str, words: &str) -> bool {
    !words.is_empty()
        && value.match_indices(words).any(|(at, found)| {
            let before = value[..at].ends_with(' ') || at == 0;
            let after = &value[at + found.len()..];
            before && (after.is_empty() || after.starts_with(' '))
        })
}

/// Whether `value` is made of the pieces in order, with anything between them.
fn glob(pieces: &[String], value: &str) -> bool {
    let Some((first, others)) = pieces.split_first() else { return false };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece.as_str()) else { return false };
        rest = &rest[at + piece.len()..];
    }
    // The space that ended the piece before may also be the one that ends the value.
    rest.ends_with(last.as_str()) || (rest.is_empty() && last == " ")
}

/// URLs are compared percent-decoded and in lower case, so that a rule may be written in Arabic.
pub(super) fn url_form(url: &str) -> String {
    decoded(url).to_lowercase()
}

/// A link as readers read it.
pub(super) fn decoded(url: &str) -> Cow<'_, str> {
    percent_decode_str(url).decode_utf8_lossy()
}

/// The pieces of a glob, folded, for a value with a space at both ends. A sign or a space beside a star is
/// the end of a word: `Live: *` is not about Liverpool.
fn folded_pieces(glob: &str) -> Vec<String> {
    let last = glob.matches('*').count();
    let fold = |(index, piece): (usize, &str)| {
        let ends_word = |found: Option<char>| found.is_some_and(|c| !c.is_alphanumeric());
        let before = if index == 0 || ends_word(piece.chars().next()) { " " } else { "" };
        let after = if index == last || ends_word(piece.chars().next_back()) { " " } else { "" };
        match text::fold(piece) {
            folded if folded.is_empty() && index > 0 && index < last => folded,
            folded if folded.is_empty() => " ".to_owned(),
            folded => format!("{before}{folded}{after}"),
        }
    };
    glob.split('*').enumerate().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let check = |pattern: &str, value: &str, expected: bool| {
            let pieces: Vec<String> = pattern.split('*').map(url_form).collect();
            assert_eq!(glob(&pieces, &url_form(value)), expected, "{pattern} on {value}");
        };
        check("*/sport/*", "https://e.org/sport/1", true);
        check("*/sport/*", "https://e.org/sports/1", false);
        check("https://e.org/*", "https://e.org/", true);
        check("*/رياضة/*", "https://e.org/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/1", true);
        check("*a*a", "https://a", false);
        check("exact", "exact", true);
        check("exact", "exactly", false);
    }

    #[test]
    fn globs_on_words() {
        let check = |pattern: &str, value: &str, expected: bool| {
            let value = format!(" {} ", text::fold(value));
            assert_eq!(glob(&folded_pieces(pattern), &value), expected, "{pattern} on {value}");
        };
        check("Live: *", "LIVE: the final", true);
        check("Live: *", "Liverpool win the cup", false);
        check("إعلان *", "إعلانات الوظائف", false);
        check("إعلان *", "إعلان: شقة للبيع", true);
        check("إعلان*", "إعلانات الوظائف", true);
        check("*goal*", "Own-goals galore", true);
        check("* goal *", "Own goals galore", false);
        check("* goal", "a late goal", true);
        check("exactly this", "Exactly, this!", true);
        check("exactly this", "exactly this one", false);
        check("*", "anything", true);
    }

    #[test]
    fn words() {
        assert!(has_words("the cup final today", "cup final"));
        assert!(!has_words("the cupfinal", "cup"));
        assert!(!has_words("cups", "cup"));
    }
}
