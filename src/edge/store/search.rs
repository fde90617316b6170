//! Looking for entries by name, and through all of them page by page: for whoever asks, beside the writer.

use std::collections::HashMap;

use super::delisted::Left;
use super::{Store, StoreError, codec};
use crate::model::{EntryKey, IdentityKey, KeyKind, SourceId, SourceState, Timestamp};

/// Names that are looked up at once: meanwhile the writer waits.
const NAMES_AT_ONCE: usize = 1_000;

impl Store {
    /// Which entries these keys lead to, stored or not.
    pub fn leads(&self, keys: &[IdentityKey]) -> Result<HashMap<IdentityKey, EntryKey>, StoreError> {
        let mut leads = HashMap::new();
        for some in keys.chunks(NAMES_AT_ONCE) {
            let found = self.keys.find(some.iter().map(|key| key.to_bytes()).collect())?;
            leads.extend(some.iter().filter_map(|key| Some((*key, *found.get(&key.to_bytes())?))));
        }
        Ok(leads)
    }

    /// How many keys of each kind lead to an entry, the kinds in the order of their bytes.
    pub fn keys_of(&self, entry: EntryKey) -> Result<Vec<(KeyKind, usize)>, StoreError> {
        let names: Vec<_> = codec::names(&self.names_of(entry)?).collect();
        let count = |kind: KeyKind| names.iter().filter(|name| name[0] == kind as u8).count();
        Ok(KeyKind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect())
    }

    /// Since when an entry is not listed by its source; `None` where it is, or was never seen to leave.
    pub fn delisted_at(&self, entry: EntryKey) -> Result<Option<Timestamp>, StoreError> {
        Ok(match self.left(&[entry])?.get(&entry) {
            Some(Left::At(at)) => codec::moment(at),
            Some(Left::Damaged) | None => None,
        })
    }

    /// How one source is doing, as of its last commit.
    pub fn state(&self, source: &SourceId) -> Result<Option<SourceState>, StoreError> {
        let row = self.sources.get(&source.0)?;
        Ok(row.and_then(|row| self.damage.pass("sources", source.0.as_bytes(), codec::decode(&row))))
    }

    /// Every source that was ever asked, also those that are not configured any more.
    pub fn source_ids(&self) -> Result<Vec<SourceId>, StoreError> {
        let ids = self.sources.iter().keys();
        ids.map(|id| Ok(SourceId(String::from_utf8_lossy(&id?).into_owned()))).collect()
    }
}
