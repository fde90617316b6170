//! What is surely not in a volume of the index of keys: most of what a poll asks for is new.
//!
//! A Bloom filter of twelve bits a name, of which six are set: it says yes to one in 250 that it does not hold. Names
//! are hashes, so their own bytes are as good as any hash of them.

use super::Name;

/// Bits for each name that is expected.
const BITS_PER_NAME: usize = 12;
/// Bits that are set for a name.
const PROBES: u64 = 6;
const BITS_PER_WORD: usize = 64;
/// Words of the largest filter, in 16 MiB: beyond eleven million names it says yes more often.
const WORDS_MAX: usize = 1 << 21;
/// Spreads a number over all of its bits (the fraction of the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Says no only where it is true.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// One that is good for so many names.
    pub(super) fn new(names: usize) -> Self {
        let words = names.saturating_mul(BITS_PER_NAME).div_ceil(BITS_PER_WORD);
        Self::with_words(words.clamp(1, WORDS_MAX), 0)
    }

    /// One with so many words, each of which is `word`; all ones deny nothing.
    pub(super) fn with_words(count: usize, word: u64) -> Self {
        Self { words: vec![word; count] }
    }

    pub(super) fn add(&mut self, name: &Name) {
        for bit in self.bits(name) {
            if let Some(word) = self.words.get_mut(bit / BITS_PER_WORD) {
                *word |= 1 << (bit % BITS_PER_WORD);
            }
        }
    }

    /// Whether a name may have been added.
    pub(super) fn may_hold(&self, name: &Name) -> bool {
        let is_set = |bit: usize| {
            self.words.get(bit / BITS_PER_WORD).is_some_and(|word| word >> (bit % BITS_PER_WORD) & 1 == 1)
        };
        self.bits(name).all(is_set)
    }

    /// The numbers that it consists of.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The bits of a name. Its last eight bytes decide: in all names these are bytes of a hash.
    fn bits(&self, name: &Name) -> impl Iterator<Item = usize> + use<> {
        let hash = name.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let step = hash.wrapping_mul(SPREAD).rotate_left(32) | 1;
        let bits = (self.words.len() * BITS_PER_WORD) as u128;
        (0..PROBES).map(move |probe| {
            let place = hash.wrapping_add(step.wrapping_mul(probe)).wrapping_mul(SPREAD);
            // A share of the whole, which is cheaper than a remainder.
            usize::try_from((u128::from(place) * bits) >> 64).unwrap_or_default()
        })
    }
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
        assert!((0..100).all(|n| Filter::with_words(3, u64::MAX).may_hold(&name(n))));
    }
}
