//! Records as bytes: one version byte, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::model::EntryKey;

/// The form of the records; another form gets another byte, so that old records stay readable.
const VERSION: u8 = 1;

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

pub(super) fn count(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

pub(super) fn seconds(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(i64::MAX, i64::from_be_bytes)
}

pub(super) fn story_member(story: EntryKey, entry: EntryKey) -> [u8; 32] {
    let mut name = [0; 32];
    name[..16].copy_from_slice(&story.0);
    name[16..].copy_from_slice(&entry.0);
    name
}
