//! What an entry is compared by in the index: hashes of the stems of its words, and of how its text begins.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::evidence::{group_hash, hash, join};
use super::index::AsIs;
use super::lexicon::{Meaning, lexicon};
use super::words::Headline;
use crate::model::{Features, FeedEntry};
use crate::pipeline::text;

/// Of a text no more than this is read, in bytes of markup: it begins in there.
const TEXT_BYTES_MAX: usize = 1024;
/// Words of a text's beginning that are compared: a text that was cut still has them.
const TEXT_WORDS: usize = 40;
/// A shorter text is compared by nothing.
const TEXT_WORDS_MIN: usize = 8;
/// Categories that are compared.
const CATEGORIES_MAX: usize = 3;
/// Hashes that make up one band: the texts must agree in all of them.
const ROWS: usize = 2;

/// For keys that are hashes already.
type Hashed = BuildHasherDefault<AsIs>;

/// What `said` is compared by.
pub fn features(said: &FeedEntry) -> Features {
    let title = said.title.as_deref().unwrap_or_default();
    let terms = terms(title);
    let folded_title = text::fold(title);
    let (mut topics, mut bands) = (categories(said), vec![]);
    let texts: Vec<&String> = [&said.content, &said.summary].into_iter().flatten().collect();
    let bands_each = Features::BANDS_MAX / texts.len().max(1);
    for html in texts {
        let folded = text::fold(&text::plain(text::start(html, TEXT_BYTES_MAX)));
        let body = folded.strip_prefix(&folded_title).unwrap_or(&folded);
        let words: Vec<&str> = body.split_ascii_whitespace().take(TEXT_WORDS).collect();
        if words.len() >= TEXT_WORDS_MIN {
            bands.extend(bands_of(&words, bands_each));
        }
        for word in words.iter().filter(|word| may_be_topic(word)) {
            if topics.len() == Features::TOPICS_MAX {
                break;
            }
            let read = lexicon().read(word);
            let topic = word_hash(read.stem);
            let tells = matches!(read.meaning, None | Some(Meaning::Name));
            if tells && !terms.contains(&topic) && !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
    Features::new(&terms, &topics, &bands)
}

/// The hashes of the telling words of a title.
fn terms(title: &str) -> Vec<u32> {
    let headline = Headline::of(title);
    let mut terms = vec![];
    for word in headline.words.iter().filter(|word| word.weight() > 0) {
        let term = match word.meaning {
            Some(Meaning::Number(number)) if number != 1 => number_hash(number),
            Some(Meaning::Group(group, _)) => group_hash(group) & !1,
            _ => word_hash(&word.stem),
        };
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// The hashes of its categories: stories of one category are nearer to one another. No word has such a hash.
fn categories(said: &FeedEntry) -> Vec<u32> {
    let named = said.categories.iter().map(|one| text::fold(one.label.as_ref().unwrap_or(&one.term)));
    let mut found = vec![];
    for category in named.filter(|category| !category.is_empty()) {
        let hash = word_hash(&format!("\n{category}"));
        if found.len() < CATEGORIES_MAX && !found.contains(&hash) {
            found.push(hash);
        }
    }
    found
}

/// Whether a word of a text may tell what it is about: it is no number, nor too short.
fn may_be_topic(word: &str) -> bool {
    word.chars().count() > 2 && !word.bytes().any(|byte| byte.is_ascii_digit())
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
fn bands_of(words: &[&str], count: usize) -> Vec<u32> {
    let hashes: Vec<u32> = words.iter().map(|word| hash(word)).collect();
    let pairs: Vec<u32> =
        hashes.windows(2).filter_map(|pair| Some(join(*pair.first()?, *pair.last()?))).collect();
    let row = |seed: usize| {
        let seed = (u32::try_from(seed).unwrap_or_default() + 1).wrapping_mul(0x85EB_CA6B);
        pairs.iter().map(|pair| mix(pair ^ seed)).min().unwrap_or_default()
    };
    (0..count).map(|band| (0..ROWS).fold(0, |all, at| join(all, row(band * ROWS + at)))).collect()
}

/// Spreads every bit over all.
fn mix(mut value: u32) -> u32 {
    value = (value ^ (value >> 16)).wrapping_mul(0x7FEB_352D);
    value = (value ^ (value >> 15)).wrapping_mul(0x846C_A68B);
    value ^ (value >> 16)
}
