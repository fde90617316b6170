//! Where the chain of a hash begins, how long it is, and so how much the hash tells.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::pipeline::story::features::is_common;

/// "No slot": numbers of slots never get so high before they begin anew.
const NONE: u32 = u32::MAX;
/// As many entries are taken as seen before the first: a word's first appearance makes it rare, not unique.
const SEEN_BEFORE: usize = 500;
/// How many of those have a word that is known to be common.
const COMMON_BEFORE: u32 = 40;

/// Places where chains of bands begin, in one megabyte; a power of two.
const BAND_CHAINS: usize = 1 << 18;

/// The chains of bands. Nearly every band is that of one text alone, so bands share their chains with some others.
#[derive(Debug, Default)]
pub(super) struct BandChains {
    newest: Vec<u32>,
}

impl BandChains {
    /// Whether two bands are on one chain.
    pub(super) fn are_beside(one: u32, other: u32) -> bool {
        Self::place(one) == Self::place(other)
    }

    /// Puts a slot in front of the chain, once; returns the one behind it.
    pub(super) fn push(&mut self, band: u32, slot: u32) -> u32 {
        if self.newest.is_empty() {
            self.newest.resize(BAND_CHAINS, NONE);
        }
        match self.newest.get_mut(Self::place(band)) {
            Some(newest) if *newest != slot => std::mem::replace(newest, slot),
            _ => NONE,
        }
    }

    /// The newest slot; it may have been forgotten.
    pub(super) fn newest(&self, band: u32) -> Option<u32> {
        self.newest.get(Self::place(band)).copied()
    }

    fn place(band: u32) -> usize {
        let mixed = u64::from(band).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        usize::try_from(mixed).unwrap_or_default() % BAND_CHAINS
    }
}

/// The chains of all words.
#[derive(Debug, Default)]
pub(super) struct Chains {
    heads: HashMap<u32, Head, Hashed>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    newest: u32,
    count: u32,
}

impl Chains {
    /// Puts a slot in front of the chain; returns the one behind it.
    pub(super) fn push(&mut self, hash: u32, slot: u32) -> u32 {
        let head = self.heads.entry(hash).or_insert(Head { newest: NONE, count: 0 });
        head.count = head.count.saturating_add(1);
        std::mem::replace(&mut head.newest, slot)
    }

    /// The newest slot.
    pub(super) fn newest(&self, hash: u32) -> Option<u32> {
        self.heads.get(&hash).map(|head| head.newest)
    }

    /// Forgets a slot, the oldest of all; links to it lead nowhere from now on.
    pub(super) fn forget(&mut self, hash: u32, slot: u32) {
        if let Some(head) = self.heads.get_mut(&hash) {
            head.count = head.count.saturating_sub(1);
            if head.newest == slot || head.count == 0 {
                self.heads.remove(&hash);
            }
        }
    }

    /// How much a hash tells among `entries`, in hundredths of a bit.
    pub(super) fn weight(&self, hash: u32, entries: usize) -> u32 {
        let before = if is_common(hash) { COMMON_BEFORE } else { 1 };
        let count = self.heads.get(&hash).map_or(0, |head| head.count).saturating_add(before);
        let all = u32::try_from(entries + SEEN_BEFORE).unwrap_or(u32::MAX);
        hundredths_of_bits(all.max(count)) - hundredths_of_bits(count)
    }
}

/// The logarithm to the base of two, in hundredths; whole numbers only, so that it is the same everywhere.
fn hundredths_of_bits(value: u32) -> u32 {
    let whole = value.max(1).ilog2();
    let rest = ((u64::from(value.max(1)) * 100) >> whole) - 100;
    whole * 100 + u32::try_from(rest).unwrap_or_default()
}

/// The keys are hashes already.
pub(in crate::pipeline::story) type Hashed = BuildHasherDefault<AsIs>;

/// Spreads a hash over more bits.
#[derive(Debug, Default)]
pub(in crate::pipeline::story) struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
