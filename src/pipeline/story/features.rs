//! What an entry is compared by in the index: hashes of the stems of its words, and of how its text begins.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::evidence::{group_hash, hash, join};
use super::index::Hashed;
use super::lexicon::{Meaning, lexicon};
use super::words::Headline;
use crate::model::{Features, FeedEntry};
use crate::pipeline::text::{self, Start};

/// Words of a text's beginning that are compared: a text that was cut still has them.
const TEXT_WORDS: usize = 40;
/// A shorter text is compared by nothing.
const TEXT_WORDS_MIN: usize = 8;
/// Categories that are compared.
const CATEGORIES_MAX: usize = 3;
/// Hashes that make up one band: the texts must agree in all of them.
const ROWS: usize = 2;

/// What `said` is compared by.
pub fn features(said: &FeedEntry) -> Features {
    let folded_title = text::fold(said.title.as_deref().unwrap_or_default());
    Reader::default().features(said, &folded_title, None)
}

/// Reads one entry after the other, in buffers that are made once.
#[derive(Debug, Default)]
pub struct Reader {
    plain: String,
    folded: String,
    terms: Vec<u32>,
    topics: Vec<u32>,
    bands: Vec<u32>,
    hashes: Vec<u32>,
}

impl Reader {
    /// What `said`, whose title is folded already, is compared by; `start` is that of its first text, if it is at
    /// hand.
    pub fn features(&mut self, said: &FeedEntry, folded_title: &str, start: Option<&Start>) -> Features {
        self.read_title(said.title.as_deref().unwrap_or_default());
        self.topics.clear();
        add_categories(&mut self.topics, &mut self.folded, said);
        self.bands.clear();
        let texts = || [&said.content, &said.summary].into_iter().flatten();
        let bands_each = Features::BANDS_MAX / texts().count().max(1);
        let (mut plain, mut folded) = (std::mem::take(&mut self.plain), std::mem::take(&mut self.folded));
        let mut start = start.filter(|start| start.is_all || has_enough(&start.folded, folded_title));
        for html in texts() {
            if let Some(start) = start.take() {
                self.read_text(without_title(&start.folded, folded_title), bands_each);
            } else {
                let words = words_of_start(&mut plain, &mut folded, html, folded_title);
                self.read_text(words, bands_each);
            }
        }
        (self.plain, self.folded) = (plain, folded);
        Features::new(&self.terms, &self.topics, &self.bands)
    }

    /// The hashes of the telling words of a title.
    fn read_title(&mut self, title: &str) {
        let headline = Headline::of(title);
        self.terms.clear();
        for word in headline.words.iter().filter(|word| word.weight() > 0) {
            let term = match word.meaning {
                Some(Meaning::Number(number)) if number != 1 => number_hash(number),
                Some(Meaning::Group(group, _)) => group_hash(group) & !1,
                _ => word_hash(&word.stem),
            };
            if !self.terms.contains(&term) {
                self.terms.push(term);
            }
        }
    }

    /// The hashes of what a text is about, and of how it begins.
    fn read_text<'a>(&mut self, words: impl Iterator<Item = &'a str>, bands_count: usize) {
        let Self { terms, topics, bands, hashes, .. } = self;
        hashes.clear();
        for word in words {
            hashes.push(hash(word));
            if topics.len() == Features::TOPICS_MAX || !may_be_topic(word) {
                continue;
            }
            let read = lexicon().read(word);
            let topic = word_hash(read.stem);
            let tells = matches!(read.meaning, None | Some(Meaning::Name));
            if tells && !terms.contains(&topic) && !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        if hashes.len() >= TEXT_WORDS_MIN {
            add_bands(bands, hashes, bands_count);
        }
    }
}

/// The first folded words of a text, without the title, which many repeat in front of it.
fn words_of_start<'a>(
    plain: &mut String,
    folded: &'a mut String,
    html: &str,
    folded_title: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let html = text::start(html, text::START_BYTES_MAX);
    let bytes_enough = folded_title.len() + text::START_BYTES_ENOUGH;
    let is_all = text::plain_start_into(plain, html, bytes_enough);
    // Words are folded one by one, so that those before a space do not depend on what follows it.
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\n');
    let bytes = plain.as_bytes();
    let end =
        bytes.get(bytes_enough..).and_then(|rest| rest.iter().position(is_space)).map(|at| at + bytes_enough);
    let end = end.or_else(|| if is_all { None } else { bytes.iter().rposition(is_space).or(Some(0)) });
    text::fold_into(folded, end.and_then(|end| plain.get(..end)).unwrap_or(plain));
    if end.is_some() && !has_enough(folded, folded_title) {
        text::fold_markup_into(folded, html, 0);
    }
    without_title(folded, folded_title)
}

/// Whether all the words that are compared are in the first words of a text.
fn has_enough(folded: &str, title: &str) -> bool {
    folded.len() > title.len() && without_title(folded, title).count() == TEXT_WORDS
}

fn without_title<'a>(folded: &'a str, title: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    folded.strip_prefix(title).unwrap_or(folded).split_ascii_whitespace().take(TEXT_WORDS)
}

/// Adds the hashes of its categories: stories of one category are nearer to one another. No word has such a hash.
fn add_categories(found: &mut Vec<u32>, folded: &mut String, said: &FeedEntry) {
    for category in &said.categories {
        if found.len() == CATEGORIES_MAX {
            return;
        }
        folded.clear();
        text::fold_into(folded, category.label.as_ref().unwrap_or(&category.term));
        if !folded.is_empty() {
            folded.insert(0, '\n');
            let hash = word_hash(folded);
            if !found.contains(&hash) {
                found.push(hash);
            }
        }
    }
}

/// Whether a word of a text may tell what it is about: it is no number, nor too short.
fn may_be_topic(word: &str) -> bool {
    word.chars().nth(2).is_some() && !word.bytes().any(|byte| byte.is_ascii_digit())
}

fn word_hash(stem: &str) -> u32 {
    hash(stem) & !1
}

/// Numbers are told from words by their last bit, so that the index can veto.
fn number_hash(number: u64) -> u32 {
    hash(&number.to_string()) | 1
}

/// Whether a term is a number other than one.
pub(super) fn is_number(term: u32) -> bool {
    term & 1 == 1
}

/// Whether a term is known to be in many headlines, before the index has seen any.
pub(super) fn is_common(term: u32) -> bool {
    static COMMON: LazyLock<HashSet<u32, Hashed>> = LazyLock::new(|| {
        let hashes = lexicon()
            .common()
            .map(|(stem, group)| group.map_or_else(|| word_hash(stem), |group| group_hash(group) & !1));
        hashes.collect()
    });
    COMMON.contains(&term)
}

/// `MinHash` over the pairs of words, in bands: two texts that begin alike have one in common.
fn add_bands(bands: &mut Vec<u32>, words: &[u32], count: usize) {
    let mut pairs = [0; TEXT_WORDS];
    let joined = words.windows(2).filter_map(|pair| Some(join(*pair.first()?, *pair.last()?)));
    let pairs_count = pairs.iter_mut().zip(joined).map(|(pair, joined)| *pair = joined).count();
    let pairs = pairs.get(..pairs_count).unwrap_or_default();
    let row = |seed: usize| {
        let seed = (u32::try_from(seed).unwrap_or_default() + 1).wrapping_mul(0x85EB_CA6B);
        pairs.iter().map(|pair| mix(pair ^ seed)).min().unwrap_or_default()
    };
    bands.extend((0..count).map(|band| (0..ROWS).fold(0, |all, at| join(all, row(band * ROWS + at)))));
}

/// Spreads every bit over all.
fn mix(mut value: u32) -> u32 {
    value = (value ^ (value >> 16)).wrapping_mul(0x7FEB_352D);
    value = (value ^ (value >> 15)).wrapping_mul(0x846C_A68B);
    value ^ (value >> 16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Reading no more than is needed finds the words that reading all of it finds.
        #[test]
        fn the_start_is_that_of_the_whole(
            title in "[a-cأبت ]{0,12}",
            repeats in any::<bool>(),
            words in prop::collection::vec("[a-dأ-ي]{1,9}|\\PC{1,6}|<b>|</b>|<p>|<br>|&amp;|&nbsp;|\n|3,5", 0..220),
            gap in "| |\n",
        ) {
            let mut html = words.join(&gap);
            if repeats {
                html.insert_str(0, &format!("<p>{title}</p>"));
            }
            let folded_title = text::fold(&title);
            let (mut plain, mut folded) = (String::new(), String::new());
            let found: Vec<String> =
                words_of_start(&mut plain, &mut folded, &html, &folded_title).map(str::to_owned).collect();
            let whole = text::fold(&text::plain(text::start(&html, text::START_BYTES_MAX)));
            let expected: Vec<&str> = without_title(&whole, &folded_title).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
