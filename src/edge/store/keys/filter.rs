//! What is surely not in the pages of the index of keys: most of what a poll asks for is new.
//!
//! A Bloom filter of three bits a name. Names are hashes, so their own bytes are as good as any hash of them.

use super::Name;

/// Bits of the filter, one mebibyte: enough for [`Filter::NAMES_MAX`].
const BITS: usize = 1 << 23;
/// Where in a name the numbers of its bits are; its first byte says only what it was made from.
const PLACES: [usize; 3] = [1, 5, 9];

/// Says no only where it is true.
#[derive(Debug)]
pub(super) struct Filter {
    words: Vec<u64>,
    names: usize,
}

impl Filter {
    /// Names beyond which it says yes too often to be of use: then one in thirty.
    const NAMES_MAX: usize = 1_200_000;

    pub(super) fn new() -> Self {
        Self { words: vec![0; BITS / 64], names: 0 }
    }

    pub(super) fn add(&mut self, name: &Name) {
        self.names += 1;
        for bit in bits(name) {
            if let Some(word) = self.words.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.names > Self::NAMES_MAX
    }

    /// Whether a name may have been added.
    pub(super) fn may_hold(&self, name: &Name) -> bool {
        bits(name).all(|bit| self.words.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1))
    }
}

fn bits(name: &Name) -> impl Iterator<Item = usize> + '_ {
    PLACES.iter().map(|place| {
        let four = name.get(*place..).and_then(|rest| rest.first_chunk::<4>());
        four.map_or(0, |four| u32::from_le_bytes(*four) as usize % BITS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_never_denied_and_little_else_passes() {
        let name = |n: u32| -> Name {
            let mut name = [b'g'; 17];
            name[1..].copy_from_slice(&crate::model::Digest::of([&n.to_be_bytes()[..]]).0);
            name
        };
        let mut filter = Filter::new();
        (0..100_000).for_each(|n| filter.add(&name(n)));
        assert!((0..100_000).all(|n| filter.may_hold(&name(n))));
        let passed = (100_000..200_000).filter(|n| filter.may_hold(&name(*n))).count();
        assert!(passed < 100, "{passed} of 100000");
        assert!(!filter.is_full());
    }
}
