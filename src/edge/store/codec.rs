//! Records as bytes: one version byte, then JSON.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::guard::Tree;
use super::{Stage, StoreError};
use crate::model::{Digest, EntryKey, Timestamp};

/// The form of the records; another form gets another byte, so that old records stay readable.
const VERSION: u8 = 1;
/// An identity key as a name.
pub(super) const NAME_BYTES: usize = 17;
pub(super) const TIME_BYTES: usize = 8;

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|error| StoreError::Record(error.to_string()))?;
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    match bytes.split_first() {
        Some((&VERSION, json)) => {
            serde_json::from_slice(json).map_err(|error| StoreError::Record(error.to_string()))
        }
        Some((other, _)) => {
            Err(StoreError::Record(format!("its form is number {other}, which is not known here")))
        }
        None => Err(StoreError::Record("it is empty".to_owned())),
    }
}

pub(super) fn entry_key(bytes: &[u8]) -> Result<EntryKey, StoreError> {
    let key = bytes.try_into().map_err(|_| StoreError::Record("a key has the wrong length".to_owned()))?;
    Ok(EntryKey(key))
}

/// The number after the last one of a tree whose keys are numbers.
pub(super) fn next_number(tree: &Tree) -> Result<u64, StoreError> {
    let last = tree.last()?.and_then(|(number, _)| <[u8; 8]>::try_from(number.as_ref()).ok());
    Ok(last.map_or(0, |last| u64::from_be_bytes(last).saturating_add(1)))
}

pub(super) fn count(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

pub(super) fn story_member(story: EntryKey, entry: EntryKey) -> [u8; 32] {
    let mut name = [0; 32];
    name[..16].copy_from_slice(&story.0);
    name[16..].copy_from_slice(&entry.0);
    name
}

/// Seconds, so that the bytes of an earlier moment are the smaller ones.
pub(super) fn time(at: Timestamp) -> [u8; TIME_BYTES] {
    (at.timestamp() ^ i64::MIN).to_be_bytes()
}

/// The moment that these bytes say.
pub(super) fn moment(bytes: &[u8]) -> Option<Timestamp> {
    Timestamp::from_timestamp(i64::from_be_bytes(bytes.try_into().ok()?) ^ i64::MIN, 0)
}

/// A row of `due`: stage, time, entry.
pub(super) fn due(stage: Stage, at: &[u8], entry: EntryKey) -> Vec<u8> {
    [&[stage as u8], at, &entry.0].concat()
}

/// What the rows of `due` of a stage and a time begin with.
pub(super) fn due_prefix(stage: Stage, at: &[u8]) -> Vec<u8> {
    [&[stage as u8], at].concat()
}

/// The time of a row of `due`.
pub(super) fn due_time(row: &[u8]) -> Option<[u8; TIME_BYTES]> {
    row.get(1..)?.first_chunk().copied()
}

/// The entry that a row of `due` is named after.
pub(super) fn due_entry(row: &[u8]) -> Option<EntryKey> {
    Some(EntryKey(row.get(1 + TIME_BYTES..)?.try_into().ok()?))
}

/// The rows of a stage that are older than `before`.
pub(super) fn due_range(stage: Stage, before: [u8; TIME_BYTES]) -> Range<Vec<u8>> {
    let to = [&[stage as u8][..], &before].concat();
    vec![stage as u8]..to
}

/// The keys in a row of `names`, in the order in which they were learnt.
pub(super) fn names(row: &[u8]) -> impl Iterator<Item = [u8; NAME_BYTES]> + '_ {
    row.chunks_exact(NAME_BYTES).filter_map(|name| name.try_into().ok())
}

/// The hash of the rules in force, and since when in seconds; none where they always were.
pub(super) fn encode_rules(rules: Digest, since: Option<Timestamp>) -> [u8; 24] {
    let mut row = [0; 24];
    row[..16].copy_from_slice(&rules.0);
    row[16..].copy_from_slice(&since.map_or(i64::MIN, |at| at.timestamp()).to_be_bytes());
    row
}

pub(super) fn rules(row: &[u8]) -> Option<(Digest, Option<Timestamp>)> {
    let (rules, since) = row.split_first_chunk::<16>()?;
    let since = i64::from_be_bytes(since.try_into().ok()?);
    Some((Digest(*rules), Timestamp::from_timestamp(since, 0)))
}
