//! Which stories are related to an entry: decided once, for documents must not change because others come and go.

use std::collections::BTreeMap;

use super::{Store, StoreError, codec};
use crate::edge::journal::{Changes, Rows};
use crate::model::EntryKey;

impl Store {
    /// The entries that were found to be related to this one, in the order in which they were found; `None` where
    /// nobody has asked yet. They may have gone meanwhile.
    pub fn related(&self, entry: EntryKey) -> Result<Option<Vec<EntryKey>>, StoreError> {
        let Some(row) = self.related.get(entry.0)? else { return Ok(None) };
        let keys: Result<Vec<EntryKey>, StoreError> = row.chunks(16).map(codec::entry_key).collect();
        Ok(self.damage.pass("related", &entry.0, keys))
    }

    /// Keeps these lists, all of them or none. Not durable before [`Store::flush`].
    pub fn relate(&self, lists: &BTreeMap<EntryKey, Vec<EntryKey>>) -> Result<(), StoreError> {
        let mut batch = Rows::default();
        for (entry, list) in lists {
            batch.insert(entry.0, list.iter().flat_map(|key| key.0).collect::<Vec<u8>>());
        }
        self.write_rows("related", batch)
    }

    /// Drops what is kept about readers of these entries, and what is related to them. They are about to go
    /// themselves; should the process end before, they have only lost this.
    pub(super) fn drop_lists_and_clicks(&self, gone: &[EntryKey]) -> Result<(), StoreError> {
        let (mut lists, mut clicks) = (Rows::default(), Rows::default());
        for key in gone {
            lists.remove(key.0);
            for row in self.clicks.scan_prefix(key.0).keys() {
                clicks.remove(&row?[..]);
            }
        }
        let mut changes = Changes::default();
        changes.of("related", lists);
        changes.of("clicks", clicks);
        self.write(&changes)
    }
}
