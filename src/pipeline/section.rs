//! Which sections an entry belongs to: where its source sends it, and what the rules say.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::text;
use crate::model::{Condition, Entry, Field, Pattern, Rule, Rules, Section, SectionId, Source, SourceId};

/// All rules of a configuration, compiled.
#[derive(Debug)]
pub struct Sorter {
    sections: Vec<SectionRules>,
    sources: BTreeMap<SourceId, SourceRules>,
}

#[derive(Debug)]
struct SectionRules {
    id: SectionId,
    takes_all: bool,
    rules: Compiled,
}

#[derive(Debug)]
struct SourceRules {
    sections: Vec<SectionId>,
    rules: Compiled,
}

#[derive(Debug)]
struct Compiled {
    include: Vec<Vec<(Field, Matcher)>>,
    exclude: Vec<Vec<(Field, Matcher)>>,
}

#[derive(Debug)]
enum Matcher {
    /// Folded words, found between word boundaries; the whole field for categories and languages.
    Words(String),
    /// Folded pieces between the stars.
    Glob(Vec<String>),
    Regex(Regex),
}

impl Sorter {
    /// Compiles the rules. `config` has checked every regex, so one that does not compile here is skipped.
    pub fn new(sections: &[Section], sources: &[Source]) -> Self {
        let sections = sections
            .iter()
            .map(|section| SectionRules {
                id: section.id.clone(),
                takes_all: section.takes_all,
                rules: Compiled::new(&section.rules),
            })
            .collect();
        let sources = sources
            .iter()
            .map(|source| {
                let rules =
                    SourceRules { sections: source.sections.clone(), rules: Compiled::new(&source.rules) };
                (source.id.clone(), rules)
            })
            .collect();
        Self { sections, sources }
    }

    /// The sections that show `entry`, in the order of the file. Empty where a rule of its source drops
    /// it, and where the source is not configured any more.
    pub fn sections_of(&self, entry: &Entry) -> Vec<&SectionId> {
        let Some(source) = self.sources.get(&entry.source) else { return vec![] };
        let facts = Facts::new(entry);
        let wanted = source.rules.include.is_empty() || source.rules.includes(&facts);
        if !wanted || source.rules.excludes(&facts) {
            return vec![];
        }
        self.sections
            .iter()
            .filter(|section| {
                let sent = section.takes_all || source.sections.contains(&section.id);
                (sent || section.rules.includes(&facts)) && !section.rules.excludes(&facts)
            })
            .map(|section| &section.id)
            .collect()
    }
}

impl Compiled {
    fn new(rules: &Rules) -> Self {
        let compile = |rules: &[Rule]| rules.iter().filter_map(|rule| compile(&rule.conditions)).collect();
        Self { include: compile(&rules.include), exclude: compile(&rules.exclude) }
    }

    fn includes(&self, facts: &Facts<'_>) -> bool {
        self.include.iter().any(|rule| facts.meet(rule))
    }

    fn excludes(&self, facts: &Facts<'_>) -> bool {
        self.exclude.iter().any(|rule| facts.meet(rule))
    }
}

fn compile(conditions: &[Condition]) -> Option<Vec<(Field, Matcher)>> {
    conditions
        .iter()
        .map(|Condition { field, pattern }| {
            let matcher = match (field, pattern) {
                (Field::Url, Pattern::Words(words)) => {
                    Matcher::Glob(vec![String::new(), url_form(words), String::new()])
                }
                (Field::Url, Pattern::Glob(glob)) => Matcher::Glob(glob.split('*').map(url_form).collect()),
                (_, Pattern::Words(words)) => Matcher::Words(text::fold(words)),
                (_, Pattern::Glob(glob)) => Matcher::Glob(folded_pieces(glob)),
                (_, Pattern::Regex(regex)) => Matcher::Regex(Regex::new(regex).ok()?),
            };
            Some((*field, matcher))
        })
        .collect()
}

/// The parts of an entry, folded when first asked for: most rules look at one or two of them.
struct Facts<'a> {
    entry: &'a Entry,
    title: OnceCell<String>,
    text: OnceCell<String>,
    plain: OnceCell<String>,
    url: OnceCell<String>,
}

impl<'a> Facts<'a> {
    fn new(entry: &'a Entry) -> Self {
        Self {
            entry,
            title: OnceCell::new(),
            text: OnceCell::new(),
            plain: OnceCell::new(),
            url: OnceCell::new(),
        }
    }

    fn meet(&self, rule: &[(Field, Matcher)]) -> bool {
        rule.iter().all(|(field, matcher)| match matcher {
            Matcher::Regex(regex) => self.raw(*field).iter().any(|value| regex.is_match(value)),
            Matcher::Glob(pieces) if *field == Field::Url => {
                self.folded(*field).iter().any(|value| glob(pieces, value))
            }
            Matcher::Glob(pieces) => {
                self.folded(*field).iter().any(|value| glob(pieces, &format!(" {value} ")))
            }
            Matcher::Words(words) if *field == Field::Category => {
                self.folded(*field).iter().any(|value| value.as_ref() == words)
            }
            // "ar" means ar-MA as well (RFC 4647 §3.3.1); folding has made the dash a space.
            Matcher::Words(words) if *field == Field::Language => {
                self.folded(*field).iter().any(|value| format!("{value} ").starts_with(&format!("{words} ")))
            }
            Matcher::Words(words) => self.folded(*field).iter().any(|value| has_words(value, words)),
        })
    }

    fn raw(&self, field: Field) -> Vec<Cow<'_, str>> {
        let said = &self.entry.said;
        match field {
            Field::Title => said.title.iter().map(Cow::from).collect(),
            Field::Text => vec![Cow::from(self.plain.get_or_init(|| self.plain_text()))],
            Field::Url => said.link.iter().map(Cow::from).collect(),
            Field::Category => said
                .categories
                .iter()
                .flat_map(|one| [Some(&one.term), one.label.as_ref()])
                .flatten()
                .map(Cow::from)
                .collect(),
            Field::Author => said.authors.iter().map(|author| Cow::from(&author.name)).collect(),
            Field::Language => said.language.iter().map(Cow::from).collect(),
        }
    }

    fn folded(&self, field: Field) -> Vec<Cow<'_, str>> {
        let said = &self.entry.said;
        match field {
            Field::Title => {
                vec![Cow::from(
                    self.title.get_or_init(|| text::fold(said.title.as_deref().unwrap_or_default())),
                )]
            }
            Field::Text => vec![Cow::from(
                self.text.get_or_init(|| text::fold(self.plain.get_or_init(|| self.plain_text()))),
            )],
            Field::Url => {
                vec![Cow::from(self.url.get_or_init(|| url_form(said.link.as_deref().unwrap_or_default())))]
            }
            Field::Category | Field::Author | Field::Language => {
                self.raw(field).iter().map(|value| Cow::from(text::fold(value))).collect()
            }
        }
    }

    fn plain_text(&self) -> String {
        let said = &self.entry.said;
        let parts = [said.title.as_deref(), said.summary.as_deref(), said.content.as_deref()];
        let (title, bodies) = (parts[0].unwrap_or_default(), &parts[1..]);
        bodies.iter().flatten().fold(title.to_owned(), |sum, body| sum + "\n" + &text::plain(body))
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
fn url_form(url: &str) -> String {
    percent_decode_str(url).decode_utf8_lossy().to_lowercase()
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
