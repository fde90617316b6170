//! Entries as bytes: one version byte, the keys that the entry was first known by, then its JSON, compressed.
//!
//! The keys stand here because nearly every entry is stored once and keeps them; a row in `names`, written when it
//! gets others, goes before. Records of version 1 are JSON alone, and always have a row in `names`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

use super::StoreError;
use super::codec::{self, NAME_BYTES};
use super::keys::Name;
use crate::model::Entry;

const VERSION: u8 = 2;
/// The fastest level: a text shrinks to a third, and a record is written more often than it is read.
const LEVEL: i32 = 1;
/// A record that says that it is longer than this is damaged.
const JSON_BYTES_MAX: usize = 256 << 20;

/// Compresses and restores; the tables that this needs are made once.
pub(super) struct Press {
    compressor: Mutex<Compressor<'static>>,
    decompressor: Mutex<Decompressor<'static>>,
}

impl Press {
    pub(super) fn new() -> Result<Self, StoreError> {
        let compressor = Mutex::new(Compressor::new(LEVEL).map_err(unusable)?);
        Ok(Self { compressor, decompressor: Mutex::new(Decompressor::new().map_err(unusable)?) })
    }

    /// The record of an entry that was first known by `names`.
    pub(super) fn encode(&self, entry: &Entry, names: &[u8]) -> Result<Vec<u8>, StoreError> {
        let json = serde_json::to_vec(entry).map_err(unusable)?;
        let count = u32::try_from(names.len() / NAME_BYTES).map_err(unusable)?;
        let length = u32::try_from(json.len()).map_err(unusable)?;
        let mut compressor = self.compressor.lock().unwrap_or_else(PoisonError::into_inner);
        let pressed = compressor.compress(&json).map_err(unusable)?;
        Ok([&[VERSION], &count.to_be_bytes()[..], names, &length.to_be_bytes(), &pressed].concat())
    }

    /// Reads a record of any version.
    pub(super) fn decode(&self, record: &[u8]) -> Result<Entry, StoreError> {
        let Some((&VERSION, rest)) = record.split_first() else { return codec::decode(record) };
        let (_, rest) = split_names(rest).ok_or_else(broken_off)?;
        let (length, pressed) = rest.split_first_chunk().ok_or_else(broken_off)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(unusable)?;
        if length > JSON_BYTES_MAX {
            return Err(broken_off());
        }
        let mut decompressor = self.decompressor.lock().unwrap_or_else(PoisonError::into_inner);
        let json = decompressor.decompress(pressed, length).map_err(unusable)?;
        drop(decompressor);
        serde_json::from_slice(&json).map_err(unusable)
    }
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Press")
    }
}

/// The keys in a record; none in one of version 1.
pub(super) fn names(record: &[u8]) -> &[u8] {
    let rest = record.split_first().filter(|(version, _)| **version == VERSION).map(|(_, rest)| rest);
    rest.and_then(split_names).map_or(&[], |(names, _)| names)
}

fn split_names(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = rest.split_first_chunk()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    rest.split_at_checked(count.checked_mul(size_of::<Name>())?)
}

fn broken_off() -> StoreError {
    StoreError::Record("it breaks off".to_owned())
}

fn unusable(error: impl fmt::Display) -> StoreError {
    StoreError::Record(error.to_string())
}
