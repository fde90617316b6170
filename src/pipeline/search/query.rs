//! What somebody types into a search box, understood.

use crate::model::{SectionId, SourceId};
use crate::pipeline::text;

/// Characters of a question.
pub const CHARS_MAX: usize = 200;
/// Words of a question.
pub const WORDS_MAX: usize = 32;
/// What begins and ends a phrase.
const QUOTES: [(char, char); 4] = [('"', '"'), ('«', '»'), ('“', '”'), ('„', '“')];
/// What excludes when it stands in front: the hyphen and the minus sign.
const MINUS: [char; 2] = ['-', '\u{2212}'];

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// As it was typed, on one line.
    pub text: String,
    /// All of these are wanted.
    pub(super) wanted: Vec<Part>,
    /// None of these.
    pub(super) unwanted: Vec<Part>,
    /// Only entries of these sources, where any is named.
    pub sources: Vec<SourceId>,
    /// None of these sources.
    pub unwanted_sources: Vec<SourceId>,
    /// Only entries that these sections show, where any is named.
    pub sections: Vec<SectionId>,
    /// None that any of these shows.
    pub unwanted_sections: Vec<SectionId>,
}

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Folded; several words are a phrase.
    pub(super) folded: String,
    /// Whether its forms are wanted as well: it did not stand in quotes.
    pub(super) is_open: bool,
    /// Whether it is the beginning of a word: `minis*`.
    pub(super) is_prefix: bool,
}

/// Why a question cannot be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// More than [`CHARS_MAX`] characters or [`WORDS_MAX`] words.
    TooLong,
}

impl Query {
    /// Understands `typed`; nothing in it is an error but its length.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        let line = text::one_line(&text::xml_safe(typed));
        if line.chars().nth(CHARS_MAX).is_some() {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut rest = line.as_str();
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else { break };
            let after_minus = rest.strip_prefix(MINUS).filter(|after| !after.starts_with([' ', '-']));
            rest = after_minus.unwrap_or(rest);
            let is_unwanted = after_minus.is_some() && !rest.is_empty();
            if first == '-' && after_minus.is_none() {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (part, after) = part(rest);
            rest = after;
            match part {
                Token::Source(id) if is_unwanted => query.unwanted_sources.push(id),
                Token::Source(id) => query.sources.push(id),
                Token::Section(id) if is_unwanted => query.unwanted_sections.push(id),
                Token::Section(id) => query.sections.push(id),
                Token::Part(part) if part.folded.is_empty() => {}
                Token::Part(part) if is_unwanted => query.unwanted.push(part),
                Token::Part(part) => query.wanted.push(part),
            }
        }
        let parts = query.wanted.iter().chain(&query.unwanted);
        let words: usize = parts.map(|part| part.folded.split(' ').count()).sum();
        let sources = query.sources.len() + query.unwanted_sources.len();
        let sections = query.sections.len() + query.unwanted_sections.len();
        if words + sources + sections > WORDS_MAX {
            return Err(QueryError::TooLong);
        }
        query.text = line;
        Ok(query)
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self { text: self.text.clone(), ..Self::default() }
    }
}

enum Token {
    Source(SourceId),
    Section(SectionId),
    Part(Part),
}

/// The first thing in `text`, which begins with no space, and what follows it.
fn part(text: &str) -> (Token, &str) {
    for (open, close) in QUOTES {
        if let Some(inner) = text.strip_prefix(open) {
            // A quote that nobody closes goes to the end.
            let (phrase, after) = inner.split_once(close).unwrap_or((inner, ""));
            let part = Part { folded: text::fold(phrase), is_open: false, is_prefix: false };
            return (Token::Part(part), after);
        }
    }
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '«' | '“' | '„');
    let (word, after) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let id = |name: &str| word.strip_prefix(name).filter(|id| !id.is_empty()).map(str::to_ascii_lowercase);
    if let Some(id) = id("source:") {
        return (Token::Source(SourceId(id)), after);
    }
    if let Some(id) = id("section:") {
        return (Token::Section(SectionId(id)), after);
    }
    let is_prefix = word.ends_with('*');
    (Token::Part(Part { folded: text::fold(word), is_open: true, is_prefix }), after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Wanted and unwanted, as `word`, `"a phrase"`, `beginn*`.
    fn check(typed: &str, wanted: &[&str], unwanted: &[&str]) {
        let query = Query::parse(typed).unwrap();
        let shown = |parts: &[Part]| -> Vec<String> {
            let quote = |part: &Part| if part.is_open { "" } else { "\"" };
            let star = |part: &Part| if part.is_prefix { "*" } else { "" };
            parts.iter().map(|part| format!("{0}{1}{2}{0}", quote(part), part.folded, star(part))).collect()
        };
        assert_eq!((shown(&query.wanted), shown(&query.unwanted)), {
            let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
            (owned(wanted), owned(unwanted))
        });
    }

    #[test]
    fn what_people_type() {
        check("  رئيس الحكومة ", &["رييس", "الحكومه"], &[]);
        check("«رئيس الحكومة» المغرب", &["\"رييس الحكومه\"", "المغرب"], &[]);
        check("\"prime minister\" -France", &["\"prime minister\""], &["france"]);
        check("“Le Monde” −\"deux mots\"", &["\"le monde\""], &["\"deux mots\""]);
        check("al-Ahly l'OM 3-0", &["al ahly", "l om", "3 0"], &[]);
        check("- -- a - b -", &["a", "b"], &[]);
        check("\"never closed at all", &["\"never closed at all\""], &[]);
        check("مغر* a", &["مغر*", "a"], &[]);
        check("!!! ؟ «»", &[], &[]);
        check("a\"b c\"d", &["a", "\"b c\"", "d"], &[]);
    }

    #[test]
    fn sources_and_sections() {
        let query = Query::parse("source:hespress SECTION:x section:Sport خبر source:").unwrap();
        assert_eq!(query.sources, [SourceId("hespress".to_owned())]);
        assert_eq!(query.sections, [SectionId("sport".to_owned())]);
        assert_eq!(query.wanted.len(), 3);
        assert!(!query.is_empty() && Query::parse(" - ").unwrap().is_empty());
    }

    #[test]
    fn length_is_bounded() {
        assert!(Query::parse(&"ا".repeat(CHARS_MAX)).is_ok());
        assert_eq!(Query::parse(&"ا".repeat(CHARS_MAX + 1)), Err(QueryError::TooLong));
        assert!(Query::parse(&"a ".repeat(WORDS_MAX)).is_ok());
        assert_eq!(Query::parse(&"a ".repeat(WORDS_MAX + 1)), Err(QueryError::TooLong));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(typed in "\\PC{0,60}|[-\"«»“”„ a*:]{0,40}") {
            let _ = Query::parse(&typed);
        }
    }
}
