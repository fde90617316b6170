//! Entries as bytes. A record of their own is one version byte, the keys that the entry was first known by, then
//! its JSON, compressed; those that come together go into sheaves.
//!
//! The keys stand beside the entry because nearly every entry is stored once and keeps them; a row in `names`,
//! written when it gets others, goes before. Records of version 1 are JSON alone, and always have such a row.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};

use super::{StoreError, codec};
use crate::model::Entry;

const VERSION: u8 = 2;
/// The fastest level: a text shrinks to a third, and a record is written more often than it is read.
const LEVEL: i32 = 1;
/// A record that says that it is longer than this is damaged.
const JSON_BYTES_MAX: usize = 256 << 20;

const JSON_BYTES_BESIDE_TEXTS: usize = 1536;

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

    pub(super) fn press(&self, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.compressor.lock().unwrap_or_else(PoisonError::into_inner).compress(bytes).map_err(unusable)
    }

    /// The `length` bytes that were pressed.
    pub(super) fn restore(&self, pressed: &[u8], length: usize) -> Result<Vec<u8>, StoreError> {
        if length > JSON_BYTES_MAX {
            return Err(broken_off());
        }
        let mut decompressor = self.decompressor.lock().unwrap_or_else(PoisonError::into_inner);
        decompressor.decompress(pressed, length).map_err(unusable)
    }

    /// The record of an entry that was first known by `names`.
    pub(super) fn encode(&self, entry: &Entry, names: &[u8]) -> Result<Vec<u8>, StoreError> {
        let json = json(entry)?;
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map(u32::to_be_bytes).map_err(unusable);
        let pressed = self.press(&json)?;
        Ok([&[VERSION], &length(names)?[..], names, &length(&json)?[..], &pressed].concat())
    }

    /// Reads a record of any version.
    pub(super) fn decode(&self, record: &[u8]) -> Result<Entry, StoreError> {
        let Some((&VERSION, rest)) = record.split_first() else { return codec::decode(record) };
        let (_, rest) = split_names(rest)?;
        let (length, pressed) = length(rest)?;
        of_json(&self.restore(pressed, length)?)
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
    rest.and_then(|rest| split_names(rest).ok()).map_or(&[], |(names, _)| names)
}

fn json(entry: &Entry) -> Result<Vec<u8>, StoreError> {
    let mut json = vec![];
    write_json(&mut json, entry)?;
    Ok(json)
}

/// Appends the JSON of an entry.
pub(super) fn write_json(json: &mut Vec<u8>, entry: &Entry) -> Result<(), StoreError> {
    let said = &entry.said;
    let texts = [&said.title, &said.summary, &said.content];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    // Room for escapes and for everything else that an entry usually has, so that it seldom has to move.
    json.reserve(texts + texts / 8 + JSON_BYTES_BESIDE_TEXTS);
    serde_json::to_writer(json, entry).map_err(unusable)
}

pub(super) fn of_json(json: &[u8]) -> Result<Entry, StoreError> {
    serde_json::from_slice(json).map_err(unusable)
}

/// A length, and what follows it.
pub(super) fn length(bytes: &[u8]) -> Result<(usize, &[u8]), StoreError> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(broken_off)?;
    Ok((usize::try_from(u32::from_be_bytes(*length)).map_err(unusable)?, rest))
}

pub(super) fn broken_off() -> StoreError {
    StoreError::Record("it breaks off".to_owned())
}

pub(super) fn unusable(error: impl fmt::Display) -> StoreError {
    StoreError::Record(error.to_string())
}

fn split_names(rest: &[u8]) -> Result<(&[u8], &[u8]), StoreError> {
    let (length, rest) = length(rest)?;
    rest.split_at_checked(length).ok_or_else(broken_off)
}
