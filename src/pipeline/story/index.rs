//! The entries of the last days by their words: which of them may tell one event, which are related.
//! Looking something up costs the same however much is stored.
//!
//! Every entry is a slot; the slots that share a hash are a chain from the newest to the oldest, of which only the
//! first few are looked at. At most [`ENTRIES_MAX`] slots of about 470 bytes each, chains included (measured).

mod chain;

use std::collections::{HashMap, VecDeque};

use chrono::TimeDelta;

pub(super) use self::chain::Hashed;
use self::chain::{BandChains, Chains};
use super::features::is_number;
use super::{WINDOW_HOURS, within_window};
use crate::model::{Candidate, EntryKey, Features, Sketch, SourceId, Timestamp};

/// Entries that are held; the oldest go first.
pub const ENTRIES_MAX: usize = 100_000;
/// What was first seen before is related to nothing any more.
const RELATED_DAYS: i64 = 30;
const WINDOW_MILLIS: u64 = WINDOW_HOURS.unsigned_abs() * 3_600_000;
/// Of the entries that share a word no more than this are looked at, the newest.
const CHAIN_MAX: usize = 24;
/// Entries that are looked at for one question, over all words, the rarest first.
const STEPS_MAX: usize = 64;
/// The same, for what is related.
const RELATED_STEPS_MAX: usize = 192;
/// The same of those that may share a band, for one band.
const BAND_CHAIN_MAX: usize = 64;
/// Entries for which room is made at least, when there is none.
const SLOTS_MIN: usize = 64;
/// Entries that are compared whole.
const COMPARED_MAX: usize = 16;
/// Candidates that are returned at most.
const CANDIDATES_MAX: usize = 8;
/// How much of the shorter title the longer one must hold, weighed, where the texts do not begin alike.
const COVER_MIN_PERCENT: u32 = 45;
/// One word in so many of a title must be shared, weighed or not.
const SHARED_WORDS_PART: usize = 4;
/// How near the words of two stories must be to be related: five that share a little are better than none.
const RELATED_MIN_PERCENT: u32 = 4;
/// Words that they must share.
const RELATED_WORDS_MIN: usize = 1;

/// The index.
#[derive(Debug, Default)]
pub struct Index {
    slots: VecDeque<Slot>,
    /// The number of the first slot.
    first: u32,
    by_key: HashMap<EntryKey, u32>,
    sources: HashMap<SourceId, u32>,
    words: Chains,
    bands: BandChains,
}

#[derive(Debug)]
struct Slot {
    key: EntryKey,
    story: EntryKey,
    source: u32,
    /// In seconds since 1970.
    first_seen: i64,
    features: Features,
    /// For each hash of the features the slot before this one that has it too.
    before: Box<[u32]>,
}

impl Slot {
    fn words(&self) -> &[u32] {
        self.features.words()
    }

    /// The slot before this one on the chain of a word.
    fn before(&self, word: u32) -> Option<u32> {
        self.before.get(self.words().iter().position(|one| *one == word)?).copied()
    }

    /// The slot before this one on the chain of a band. Of several bands on one chain the first led there.
    fn before_band(&self, band: u32) -> Option<u32> {
        let place = self.features.bands().iter().position(|one| BandChains::are_beside(*one, band))?;
        self.before.get(self.words().len() + place).copied()
    }

    /// Whether it was published within the window of an entry of this moment, which is `millis` after 1970 too.
    fn is_near(&self, published: Timestamp, millis: i64) -> bool {
        let apart = self.key.published_millis().abs_diff(millis);
        // Only at the very edge less than a millisecond counts.
        apart < WINDOW_MILLIS || apart == WINDOW_MILLIS && within_window(self.key.published(), published)
    }
}

impl Index {
    /// Takes in an entry that was stored. Entries come in the order in which they were first seen.
    pub fn insert(&mut self, sketch: Sketch) {
        if self.by_key.contains_key(&sketch.key) {
            return;
        }
        if self.slots.len() >= ENTRIES_MAX {
            self.forget_first();
        }
        let number = self.first.wrapping_add(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        let next = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let Sketch { key, story, source, first_seen, features } = sketch;
        let source = *self.sources.entry(source).or_insert(next);
        let mut before = Vec::with_capacity(features.words().len() + features.bands().len());
        before.extend(features.words().iter().map(|word| self.words.push(*word, number)));
        before.extend(features.bands().iter().map(|band| self.bands.push(*band, number)));
        self.by_key.insert(key, number);
        if self.slots.len() == self.slots.capacity() {
            // Doubling would take more than there may ever be.
            let room = (self.slots.len() / 4).clamp(SLOTS_MIN, ENTRIES_MAX);
            self.slots.reserve_exact(room.min(ENTRIES_MAX.saturating_sub(self.slots.len())));
        }
        let (first_seen, before) = (first_seen.timestamp(), before.into());
        self.slots.push_back(Slot { key, story, source, first_seen, features, before });
    }

    /// Which entries may tell the same event as one of `source` with these features that was published then; the best
    /// first.
    pub fn candidates(&self, features: &Features, source: &SourceId, published: Timestamp) -> Vec<Candidate> {
        let source = self.sources.get(source).copied();
        let millis = published.timestamp_millis();
        let is_open = |slot: &Slot| Some(slot.source) != source && slot.is_near(published, millis);
        let mut found = self.walk(features.terms(), STEPS_MAX, |slot| is_open(slot));
        let alike = features.bands().iter().flat_map(|band| self.with_band(*band).take(CANDIDATES_MAX));
        // That the texts begin alike counts for more than any words.
        found.extend(alike.filter(|(_, slot)| is_open(slot)).map(|(number, _)| (number, u32::MAX / 64)));
        let mut candidates: Vec<Candidate> = best(found)
            .filter_map(|number| {
                let slot = self.slot(number)?;
                // The cheapest question first.
                if numbers_differ(features.terms(), slot.features.terms()) {
                    return None;
                }
                let begins_alike = features.bands().iter().any(|band| slot.features.bands().contains(band));
                // Most share a word or two by chance: they are not weighed at all.
                if !begins_alike && !shares_words(features, &slot.features) {
                    return None;
                }
                let score = self.cover(features, &slot.features).max(if begins_alike { 60 } else { 0 });
                let score_percent = u8::try_from(score.min(100)).unwrap_or(100);
                (score >= COVER_MIN_PERCENT).then_some(Candidate { key: slot.key, score_percent })
            })
            .collect();
        candidates.sort_unstable_by_key(|one| (std::cmp::Reverse(one.score_percent), one.key));
        candidates.truncate(CANDIDATES_MAX);
        candidates
    }

    /// The entries nearest to one with these features, each of another story than `story`, one a story, the nearest
    /// first.
    pub fn related(&self, features: &Features, story: EntryKey, count_max: usize) -> Vec<EntryKey> {
        let words: Vec<u32> = features.words().iter().copied().filter(|word| !is_number(*word)).collect();
        let found = self.walk(&words, RELATED_STEPS_MAX, |slot| slot.story != story);
        let own = self.weight(words.iter());
        let mut near: Vec<(u32, &Slot)> = best(found)
            .filter_map(|number| {
                let slot = self.slot(number)?;
                let theirs: Vec<u32> =
                    slot.words().iter().copied().filter(|word| !is_number(*word)).collect();
                let common: Vec<&u32> = theirs.iter().filter(|word| words.contains(word)).collect();
                if common.len() < RELATED_WORDS_MIN {
                    return None;
                }
                let all = own.max(self.weight(theirs.iter())).max(1);
                let nearness = self.weight(common.iter().copied()) * 100 / all;
                (nearness >= RELATED_MIN_PERCENT).then_some((nearness, slot))
            })
            .collect();
        near.sort_unstable_by_key(|(nearness, slot)| (std::cmp::Reverse(*nearness), slot.key));
        let mut stories = vec![];
        let mut related = vec![];
        for (_, slot) in near {
            if related.len() < count_max && !stories.contains(&slot.story) {
                stories.push(slot.story);
                related.push(slot.key);
            }
        }
        related
    }

    /// What an entry is compared by, as long as the index holds it.
    pub fn features(&self, key: EntryKey) -> Option<&Features> {
        self.slot(*self.by_key.get(&key)?).map(|slot| &slot.features)
    }

    /// The story that an entry belongs to, as long as the index holds it.
    pub fn story(&self, key: EntryKey) -> Option<EntryKey> {
        self.slot(*self.by_key.get(&key)?).map(|slot| slot.story)
    }

    /// Drops what is too old to matter.
    pub fn forget(&mut self, now: Timestamp) {
        let since = now - TimeDelta::days(RELATED_DAYS);
        let since = since.timestamp() + i64::from(since.timestamp_subsec_nanos() > 0);
        while self.slots.front().is_some_and(|slot| slot.first_seen < since) {
            self.forget_first();
        }
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn forget_first(&mut self) {
        let Some(slot) = self.slots.pop_front() else { return };
        self.by_key.remove(&slot.key);
        slot.words().iter().for_each(|word| self.words.forget(*word, self.first));
        self.first = self.first.wrapping_add(1);
    }

    fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(usize::try_from(number.wrapping_sub(self.first)).ok()?)
    }

    /// The slots that share a word, the newest first.
    fn chain(&self, word: u32) -> impl Iterator<Item = (u32, &Slot)> {
        let at = |number: u32| self.slot(number).map(|slot| (number, slot));
        std::iter::successors(self.words.newest(word).and_then(at), move |(_, slot)| {
            slot.before(word).and_then(at)
        })
    }

    /// The slots that share a band, the newest first.
    fn with_band(&self, band: u32) -> impl Iterator<Item = (u32, &Slot)> {
        let at = |number: u32| self.slot(number).map(|slot| (number, slot));
        let chain = std::iter::successors(self.bands.newest(band).and_then(at), move |(_, slot)| {
            slot.before_band(band).and_then(at)
        });
        chain.take(BAND_CHAIN_MAX).filter(move |(_, slot)| slot.features.bands().contains(&band))
    }

    /// The slots that share words with these, with the weight of each word that they share.
    fn walk(&self, words: &[u32], steps_max: usize, is_open: impl Fn(&Slot) -> bool) -> Vec<(u32, u32)> {
        let mut words: Vec<(u32, u32)> =
            words.iter().map(|word| (self.words.weight(*word, self.len()), *word)).collect();
        words.sort_unstable_by_key(|(weight, word)| (std::cmp::Reverse(*weight), *word));
        let mut found = Vec::with_capacity(steps_max);
        let mut steps = 0;
        for (weight, word) in words {
            for (number, slot) in self.chain(word).take(CHAIN_MAX.min(steps_max - steps)) {
                steps += 1;
                if is_open(slot) {
                    found.push((number, weight));
                }
            }
        }
        found
    }

    fn weight<'a>(&self, words: impl Iterator<Item = &'a u32>) -> u32 {
        words.map(|word| self.words.weight(*word, self.len())).sum()
    }

    /// How much of the shorter title the longer one holds, or the other text's beginning, in percent.
    fn cover(&self, one: &Features, other: &Features) -> u32 {
        let said = |word: &&u32| other.words().contains(word);
        let told = |word: &&u32| one.words().contains(word);
        let cover = |common: u32, all: u32| common * 100 / all.max(1);
        let mine = cover(self.weight(one.terms().iter().filter(said)), self.weight(one.terms().iter()));
        let theirs = cover(self.weight(other.terms().iter().filter(told)), self.weight(other.terms().iter()));
        mine.max(theirs)
    }
}

/// The numbers of those that share most, each once.
fn best(mut found: Vec<(u32, u32)>) -> impl Iterator<Item = u32> {
    found.sort_unstable();
    let mut sums: Vec<(u32, u32)> = found
        .chunk_by(|one, other| one.0 == other.0)
        .map(|same| {
            (
                same.iter().fold(0, |sum: u32, (_, weight)| sum.saturating_add(*weight)),
                same.first().map_or(0, |(number, _)| *number),
            )
        })
        .collect();
    sums.sort_unstable_by_key(|(weight, number)| (std::cmp::Reverse(*weight), std::cmp::Reverse(*number)));
    sums.into_iter().take(COMPARED_MAX).map(|(_, number)| number)
}

/// Whether one title has enough words of the other entry that weighing them may be of use.
fn shares_words(one: &Features, other: &Features) -> bool {
    let count = |mine: &Features, theirs: &Features| {
        let said = |word: &&u32| theirs.words().contains(word);
        mine.terms().iter().filter(said).count() * SHARED_WORDS_PART >= mine.terms().len().max(1)
    };
    count(one, other) || count(other, one)
}

/// Whether each title has a number that the other has not.
fn numbers_differ(one: &[u32], other: &[u32]) -> bool {
    let lacks = |one: &[u32], other: &[u32]| one.iter().any(|term| is_number(*term) && !other.contains(term));
    lacks(one, other) && lacks(other, one)
}
