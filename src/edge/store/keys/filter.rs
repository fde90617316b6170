//! What is surely not in a volume of the index of keys: most of what a poll asks for is new.
//!
//! A Bloom filter of sixteen bits a name, of which seven are set, all in one line of the processor's cache: a name that
//! is not held costs one access to memory, and one in 500 of them is not denied. Names are hashes, so their own bytes
//! are as good as any hash of them. Filters of earlier versions have six bits anywhere.

use super::Name;

/// Bits for each name that is expected.
const BITS_PER_NAME: usize = 16;
/// Bits that are set for a name, and in filters of earlier versions.
const PROBES: u32 = 7;
const SCATTERED_PROBES: u64 = 6;
const BITS_PER_WORD: usize = 64;
/// Words in one line of the cache: nine bits of a hash choose one of its bits.
const WORDS_PER_LINE: usize = 8;
const BITS_PER_PROBE: u32 = 9;
/// Words of the largest filter, in 32 MiB: beyond sixteen million names it says yes more often.
const WORDS_MAX: usize = 1 << 22;
/// Spreads a number over all of its bits (the fraction of the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// How a filter places its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anywhere, as earlier versions did.
    Scattered,
    /// In one line.
    Lines,
}

/// Says no only where it is true.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
    form: Form,
}

impl Filter {
    /// One that is good for so many names.
    pub(super) fn new(names: usize) -> Self {
        let words = names.saturating_mul(BITS_PER_NAME).div_ceil(BITS_PER_WORD);
        let words = words.next_multiple_of(WORDS_PER_LINE).clamp(WORDS_PER_LINE, WORDS_MAX);
        Self::with_words(words, 0, Form::Lines)
    }

    /// One with so many words, each of which is `word`; all ones deny nothing.
    pub(super) fn with_words(count: usize, word: u64, form: Form) -> Self {
        Self { words: vec![word; count], form }
    }

    pub(super) fn add(&mut self, name: &Name) {
        let line = self.line(name);
        let line = self.words.as_chunks_mut::<WORDS_PER_LINE>().0.get_mut(line);
        if let Some(line) = line {
            for (word, bit) in bits(name) {
                line[word] |= bit;
            }
        }
    }

    /// Whether a name may have been added.
    pub(super) fn may_hold(&self, name: &Name) -> bool {
        match self.form {
            Form::Lines => {
                let line = self.words.as_chunks::<WORDS_PER_LINE>().0.get(self.line(name));
                line.is_none_or(|line| bits(name).all(|(word, bit)| line[word] & bit != 0))
            }
            Form::Scattered => self.may_hold_scattered(name),
        }
    }

    /// The numbers that it consists of.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The line that a name has its bits in.
    fn line(&self, name: &Name) -> usize {
        let lines = (self.words.len() / WORDS_PER_LINE) as u128;
        // A share of the whole, which is cheaper than a remainder.
        usize::try_from((u128::from(hash(name).wrapping_mul(SPREAD)) * lines) >> 64).unwrap_or_default()
    }

    fn may_hold_scattered(&self, name: &Name) -> bool {
        self.scattered(name).all(|bit| {
            let word = self.words.get(bit / BITS_PER_WORD);
            word.is_some_and(|word| word >> (bit % BITS_PER_WORD) & 1 == 1)
        })
    }

    /// The bits that a name set in filters of earlier versions.
    fn scattered(&self, name: &Name) -> impl Iterator<Item = usize> + use<> {
        let hash = hash(name);
        let step = hash.wrapping_mul(SPREAD).rotate_left(32) | 1;
        let bits = (self.words.len() * BITS_PER_WORD) as u128;
        (0..SCATTERED_PROBES).map(move |probe| {
            let place = hash.wrapping_add(step.wrapping_mul(probe)).wrapping_mul(SPREAD);
            usize::try_from((u128::from(place) * bits) >> 64).unwrap_or_default()
        })
    }
}

/// The last eight bytes of a name decide: in all names these are bytes of a hash.
fn hash(name: &Name) -> u64 {
    name.last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}

/// The words of its line, and the bits in them, that a name sets.
fn bits(name: &Name) -> impl Iterator<Item = (usize, u64)> + use<> {
    let mixed = (hash(name) ^ hash(name).rotate_left(29)).wrapping_mul(SPREAD);
    (0..PROBES).map(move |probe| {
        let place = mixed >> (probe * BITS_PER_PROBE);
        let word = usize::try_from(place / BITS_PER_WORD as u64 % WORDS_PER_LINE as u64).unwrap_or_default();
        (word, 1 << (place % BITS_PER_WORD as u64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32) -> Name {
        let mut name = [b'g'; 17];
        name[1..].copy_from_slice(&crate::model::Digest::of([&n.to_be_bytes()[..]]).0);
        name
    }

    #[test]
    fn what_was_added_is_never_denied_and_little_else_passes() {
        for count in [0, 1, 100, 100_000] {
            let mut filter = Filter::new(count as usize);
            (0..count).for_each(|n| filter.add(&name(n)));
            assert!((0..count).all(|n| filter.may_hold(&name(n))));
            let passed = (count..count + 100_000).filter(|n| filter.may_hold(&name(*n))).count();
            assert!(passed < 1_000, "{passed} of 100000 beside {count}");
        }
        assert!((0..100).all(|n| Filter::with_words(8, u64::MAX, Form::Lines).may_hold(&name(n))));
    }

    #[test]
    fn filters_of_earlier_versions_are_read() {
        let mut filter = Filter::with_words(1_000, 0, Form::Scattered);
        for n in 0..4_000 {
            for bit in filter.scattered(&name(n)) {
                filter.words[bit / BITS_PER_WORD] |= 1 << (bit % BITS_PER_WORD);
            }
        }
        assert!((0..4_000).all(|n| filter.may_hold(&name(n))));
        assert!((4_000..14_000).filter(|n| filter.may_hold(&name(*n))).count() < 200);
    }
}
