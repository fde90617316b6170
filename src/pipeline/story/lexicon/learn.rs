//! How the lists of the lexicon are read.

use std::collections::{HashMap, HashSet};

use super::forms::{english_forms, french_forms};
use super::{Lexicon, Meaning, mark, trunk};
use crate::pipeline::text::{self, fold};

/// Names with the numbers that they got, from 1.
#[derive(Default)]
pub(super) struct Names(HashMap<String, u16>);

impl Names {
    fn number(&mut self, name: &str) -> u16 {
        let next = u16::try_from(self.0.len() + 1).unwrap_or(u16::MAX);
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

impl Lexicon {
    /// Reads one line of a list: what the words mean, and the words.
    pub(super) fn learn(&mut self, what: &str, words: &str, groups: &mut Names, classes: &mut Names) {
        let mut parts = what.split(' ');
        let (kind, value, pole) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        let meaning = match kind {
            Some("function") => Meaning::Function,
            Some("light") => Meaning::Light,
            Some("negation") => Meaning::Negation,
            Some("one") => Meaning::One,
            Some("number") => Meaning::Number(value.parse().unwrap_or_default()),
            Some("weekday") => Meaning::Weekday(value.parse().unwrap_or_default()),
            Some("month") => Meaning::Month(value.parse().unwrap_or_default()),
            Some("day") => Meaning::Day(value.parse().unwrap_or_default()),
            Some("group" | "verb" | "verbe") => {
                let class =
                    pole.and_then(|pole| pole.split_once('.')).map_or(0, |(class, _)| classes.number(class));
                if pole.is_some_and(|pole| pole.starts_with("result.")) {
                    self.results.push(groups.number(value));
                }
                if value == "price" {
                    self.price = groups.number(value);
                }
                Meaning::Group(groups.number(value), class)
            }
            Some("phrase") => {
                let short = fold(what.strip_prefix("phrase ").unwrap_or_default());
                let long = fold(words);
                let (first, rest) = long.split_once(' ').unwrap_or((&long, ""));
                self.phrase_marks.0[mark(first)] = true;
                return self.phrases.entry(first.to_owned()).or_default().push((rest.to_owned(), short));
            }
            Some("counted") => return self.count(words),
            Some("bulletin") => return self.bulletins.extend(words.split_whitespace().map(fold)),
            Some("definite") => return self.definite.extend(without_article(words)),
            Some("place") => return self.places.extend(without_article(words)),
            Some("before-place") => return self.before_places.extend(without_article(words)),
            Some("name") => Meaning::Name,
            _ => Meaning::Common,
        };
        let conjugated: fn(&str) -> Vec<String> = match kind {
            Some("verb") => english_forms,
            Some("verbe") => french_forms,
            _ => |_| vec![],
        };
        let listed: HashSet<String> = words.split_whitespace().map(fold).collect();
        for word in words.split_whitespace().map(fold) {
            self.forms.extend(conjugated(&word).into_iter().map(|form| (form, meaning)));
            // French verbs are listed in the present tense: "supprime", "suppriment".
            if matches!(meaning, Meaning::Group(..)) && listed.contains(&format!("{word}nt")) {
                self.forms.extend(["r", "ra", "ront"].map(|end| (format!("{word}{end}"), meaning)));
            }
            let with_article =
                word.strip_prefix("ال").filter(|_| meaning == Meaning::Name).map(str::to_owned);
            let word = with_article.unwrap_or(word);
            if meaning == Meaning::Name {
                self.names.insert(trunk(&word).to_owned());
            }
            // Verbs are listed for one person: «تضرب» for «يضرب», «استقبلت» for «استقبل».
            if text::is_arabic(&word) && matches!(meaning, Meaning::Group(..) | Meaning::Light) {
                let other =
                    word.strip_prefix('ي').map_or_else(|| format!("{word}ت"), |rest| format!("ت{rest}"));
                self.forms.push((other, meaning));
            }
            self.mean(word, meaning);
        }
    }

    /// What a word means first is what it means; it may be a synonym in another sense.
    fn mean(&mut self, word: String, meaning: Meaning) {
        match (self.words.get(&word), meaning) {
            (None, _) => {
                self.words.insert(word, meaning);
            }
            (Some(Meaning::Group(first, _)), Meaning::Group(group, _)) if *first != group => {
                self.senses.entry(word).or_default().push(group);
            }
            _ => {}
        }
    }

    fn count(&mut self, nouns: &str) {
        for noun in nouns.split_whitespace().map(fold) {
            let trunk = noun.strip_suffix('ه').map_or_else(|| noun.clone(), |trunk| format!("{trunk}ت"));
            for dual in ["ان", "ين"] {
                self.counted.insert(format!("{trunk}{dual}"), 2);
            }
            self.counted.insert(noun.clone(), 1);
            self.counted.insert(format!("{noun}ا"), 1);
        }
    }

    /// Learns the stems of everything listed, which takes the words.
    pub(super) fn with_stems(mut self) -> Self {
        for (form, meaning) in std::mem::take(&mut self.forms) {
            self.mean(form, meaning);
        }
        let meant = |meaning: &Meaning| matches!(meaning, Meaning::Group(..) | Meaning::Common);
        let mut stems: Vec<(String, Meaning)> = self
            .words
            .iter()
            .filter(|(_, meaning)| meant(meaning))
            .map(|(word, meaning)| (self.stem(word).to_owned(), *meaning))
            .collect();
        // A stem of two meanings has none, whatever the order of the map.
        stems.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for same in stems.chunk_by(|one, other| one.0 == other.0) {
            if let [(stem, meaning), rest @ ..] = same
                && rest.iter().all(|(_, other)| other == meaning)
            {
                self.stems.insert(stem.clone(), *meaning);
            }
        }
        let bulletins = std::mem::take(&mut self.bulletins);
        self.bulletins = bulletins.iter().map(|word| self.stem(word).to_owned()).collect();
        self
    }
}

/// Words, folded, without the article.
fn without_article(words: &str) -> impl Iterator<Item = String> {
    words.split_whitespace().map(fold).map(|word| word.strip_prefix("ال").unwrap_or(&word).to_owned())
}
