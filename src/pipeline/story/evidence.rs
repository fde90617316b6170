//! What the text of an entry says for or against a match of its headline.

use std::collections::{HashMap, HashSet};

use super::index::Hashed;
use super::lexicon::{Meaning, lexicon};
use super::words::Word;
use crate::model::FeedEntry;
use crate::pipeline::text;

/// Of a text no more than this is compared, in bytes of markup.
const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Nor more words than this.
const TEXT_WORDS_MAX: usize = 400;
/// Bytes of a word with the space after it.
const WORD_BYTES_USUAL: usize = 9;
/// A text of fewer telling words is a mere deck.
const TELLING_STEMS_MIN: usize = 7;
/// Two texts that have at least so much of the shorter one's pairs of words in common are one text, cut or edited.
const VERBATIM_PERCENT: usize = 60;

/// A text without the title, which many repeat in front of it.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Pairs of words that follow each other.
    pub(super) pairs: HashSet<u32, Hashed>,
    /// The stems and groups of its words, with what they weigh.
    stems: HashMap<u32, u32, Hashed>,
    /// The same without the letters that may be particles.
    joined: HashSet<u32, Hashed>,
    pub(super) numbers: HashSet<u64, Hashed>,
    /// Its words.
    pub(super) count: usize,
    /// Whether it denies something.
    pub(super) denies: bool,
}

impl Evidence {
    pub(super) fn of(said: &FeedEntry) -> Self {
        let title = text::fold(said.title.as_deref().unwrap_or_default());
        let mut evidence = Self::default();
        for html in [&said.content, &said.summary].into_iter().flatten() {
            let folded = text::fold_markup(text::start(html, TEXT_BYTES_MAX));
            evidence.add(folded.strip_prefix(&title).unwrap_or(&folded));
        }
        evidence
    }

    fn add(&mut self, folded: &str) {
        let lexicon = lexicon();
        let folded = &lexicon.shortened(folded);
        let mut before = None;
        let words = (folded.len() / WORD_BYTES_USUAL).min(TEXT_WORDS_MAX);
        self.pairs.reserve(words);
        self.stems.reserve(words / 2);
        let mut last = "";
        for word in folded.split(' ').filter(|word| !word.is_empty()).take(TEXT_WORDS_MAX) {
            self.count += 1;
            let hash = hash(word);
            if let Some(before) = before.replace(hash) {
                self.pairs.insert(join(before, hash));
            }
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                self.numbers.extend(word.parse::<u64>());
                continue;
            }
            let read = lexicon.read_after(std::mem::replace(&mut last, word), word);
            let meaning = read.meaning;
            let (stem, weight) = match meaning {
                Some(Meaning::Function | Meaning::Light | Meaning::One) => continue,
                Some(Meaning::Negation) => {
                    self.denies = true;
                    continue;
                }
                Some(Meaning::Number(number)) => {
                    self.numbers.insert(number);
                    continue;
                }
                Some(Meaning::Group(group, _)) => (group_hash(group), 30),
                Some(Meaning::Common | Meaning::Weekday(_) | Meaning::Month(_) | Meaning::Day(_)) => {
                    (self::hash(read.stem), 30)
                }
                None | Some(Meaning::Name) => (self::hash(read.stem), 100),
            };
            self.stems.insert(stem, weight);
            // Nobody lists all names, so their particles may still be joined to them.
            if meaning.is_none() && text::is_arabic(word) {
                self.joined.extend(text::unjoined(read.stem).map(self::hash));
            }
        }
    }

    /// Whether it says a word of a headline, or one that means the same.
    pub(super) fn says(&self, word: &Word) -> bool {
        match word.meaning {
            Some(Meaning::Group(group, _)) => self.stems.contains_key(&group_hash(group)),
            Some(Meaning::Number(number)) => self.numbers.contains(&number),
            _ => {
                let mut unjoined =
                    text::unjoined(&word.stem).filter(|_| text::is_arabic(&word.text)).map(hash);
                let stem = hash(&word.stem);
                self.stems.contains_key(&stem)
                    || self.joined.contains(&stem)
                    || unjoined.any(|stem| self.stems.contains_key(&stem))
            }
        }
    }

    /// Whether both say enough that it would be known if they spoke of one thing.
    pub(super) fn tells(&self, other: &Self) -> bool {
        self.stems.len().min(other.stems.len()) >= TELLING_STEMS_MIN
    }

    /// Whether two folded words follow each other in it.
    pub(super) fn has_pair(&self, one: &str, other: &str) -> bool {
        self.pairs.contains(&join(hash(one), hash(other)))
    }

    /// How much of the shorter text's pairs of words the other one has, in percent.
    pub(super) fn shared_pairs(&self, other: &Self) -> usize {
        let common = self.pairs.intersection(&other.pairs).count();
        common * 100 / self.pairs.len().min(other.pairs.len()).max(1)
    }

    /// How much of the shorter text's words the other one has, weighed, in percent.
    pub(super) fn shared_words(&self, other: &Self) -> u32 {
        let (shorter, longer) =
            if self.stems.len() <= other.stems.len() { (self, other) } else { (other, self) };
        let all: u32 = shorter.stems.values().sum();
        let common: u32 = shorter
            .stems
            .iter()
            .filter(|(stem, _)| longer.stems.contains_key(stem))
            .map(|(_, weight)| weight)
            .sum();
        common * 100 / all.max(1)
    }

    /// Whether each has a number that the other has not.
    pub(super) fn numbers_differ(&self, other: &Self) -> bool {
        !self.numbers.is_subset(&other.numbers) && !other.numbers.is_subset(&self.numbers)
    }

    /// Whether the two are one text, cut or edited.
    pub(super) fn is_verbatim(&self, other: &Self, pairs_min: usize) -> bool {
        self.pairs.len().min(other.pairs.len()) >= pairs_min
            && self.shared_pairs(other) >= VERBATIM_PERCENT
            && !self.numbers_differ(other)
    }
}

/// What all the words of a group are compared by.
pub(super) fn group_hash(group: u16) -> u32 {
    join(0x9E37_79B9, u32::from(group))
}

/// FNV-1a: the same on every machine, for the store keeps what is made of it.
pub(super) fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// One hash of two, in this order.
pub(super) fn join(one: u32, other: u32) -> u32 {
    let mixed = (one.rotate_left(5) ^ other).wrapping_mul(0x9E37_79B1);
    mixed ^ (mixed >> 15)
}
