//! What an entry is compared by: the stems of its words.

use crate::model::{Features, FeedEntry};
use crate::pipeline::text;

/// What `said` is compared by.
pub fn features(said: &FeedEntry) -> Features {
    let folded = text::fold(said.title.as_deref().unwrap_or_default());
    let terms: Vec<u32> = folded.split(' ').filter(|word| !word.is_empty()).map(hash).collect();
    Features::new(&terms, &[], &[])
}

/// FNV-1a: the same on every machine, for the store keeps it.
fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
