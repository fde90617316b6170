//! Keys in memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use super::Name;
use crate::edge::store::codec::NAME_BYTES;
use crate::model::EntryKey;

/// Where names lead.
pub(in crate::edge::store) type Held = HashMap<Name, EntryKey, Mixed>;

/// Hashes names, which are hashes already: eight of their bytes are enough, mixed with a number of this process so
/// that nobody can choose names that meet.
#[derive(Debug)]
pub(in crate::edge::store) struct Mixed(u64);

impl Default for Mixed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(NAME_BYTES) | 1)
    }
}

impl BuildHasher for Mixed {
    type Hasher = Mixing;

    fn build_hasher(&self) -> Mixing {
        Mixing { key: self.0, hash: 0 }
    }
}

/// The hash of one name.
pub(in crate::edge::store) struct Mixing {
    key: u64,
    hash: u64,
}

impl Hasher for Mixing {
    fn write(&mut self, bytes: &[u8]) {
        let Some((_, last)) = bytes.split_last_chunk::<8>() else { return };
        let product = u128::from(u64::from_le_bytes(*last)) * u128::from(self.key);
        let [low, high] = [product, product >> 64].map(|half| half & u128::from(u64::MAX));
        self.hash = u64::try_from(low ^ high).unwrap_or_default();
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.hash
    }
}
