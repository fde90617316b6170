//! Forgetting: entries first, and long after them the keys by which they would be recognised.
//!
//! Both count from the moment at which a source was last seen to list the entry, and both go through `due`,
//! which is in the order of that moment: a batch costs what it removes, however large the store is. An entry
//! waits for the others of its story (see [`stories`]).

mod stories;
mod surplus;

use std::collections::{BTreeMap, HashSet};

pub use self::surplus::Surplus;
use super::commit::Commit;
use super::delisted::{Due, Time, put_off};
use super::{Stage, Store, StoreError, codec};
use crate::model::{EntryKey, Timestamp};

/// Entries removed by one call of [`Store::purge`], so that retention never holds up a poll.
pub const PURGE_BATCH_MAX: usize = 500;
/// Entries whose keys are dropped by one call of [`Store::forget`].
pub const FORGET_BATCH_MAX: usize = 200;

/// What one call of [`Store::purge`] has done.
#[derive(Debug)]
pub struct Purged {
    /// The entries that it has removed.
    pub gone: Vec<EntryKey>,
    /// Whether there was anything to look at, though all of it may wait for its stories: then there may be more.
    pub looked_at_any: bool,
}

impl Store {
    /// Removes up to [`PURGE_BATCH_MAX`] entries that no source has listed since `before`. Their keys stay, so that an
    /// entry which is listed again does not come back as new, and stubs, which say that they were removed `now`.
    pub fn purge(&self, before: Timestamp, now: Timestamp) -> Result<Purged, StoreError> {
        let mut commit = Commit::default();
        let mut gone = vec![];
        let overdue = self.overdue(&mut commit, Stage::Stored, codec::time(before), PURGE_BATCH_MAX)?;
        let looked_at_any = !overdue.is_empty();
        let mut remembered: BTreeMap<Time, Vec<EntryKey>> = BTreeMap::new();
        let keys: Vec<EntryKey> = overdue.iter().map(|due| due.key).collect();
        let (stored, stories) = (self.stored(&keys)?, self.stories_of(&keys)?);
        for Due { at, key } in overdue {
            let story = stories.get(&key).copied();
            if self.waits_for_its_story(&mut commit, key, story, before)? {
                continue;
            }
            remembered.entry(at).or_default().push(key);
            if stored.contains(&key) {
                gone.push(key);
            }
        }
        let stubs = self.take_away(&mut commit, &gone, now)?;
        for (at, keys) in remembered {
            put_off(&mut commit, Stage::Remembered, at, &keys);
        }
        self.unbind(&mut commit, &gone)?;
        self.drop_lists_and_clicks(&gone)?;
        self.remember(&mut commit, stubs.into_iter())?;
        self.commit(commit)?;
        Ok(Purged { gone, looked_at_any })
    }

    /// Those of the entries that are stored, readable or not.
    fn stored(&self, keys: &[EntryKey]) -> Result<HashSet<EntryKey>, StoreError> {
        let mut stored: HashSet<EntryKey> = self.sheaves_of(keys)?.into_iter().map(|(_, key)| key).collect();
        for key in keys {
            if !stored.contains(key) && self.entries.contains_key(key.0)? {
                stored.insert(*key);
            }
        }
        Ok(stored)
    }

    /// Drops the keys of up to [`FORGET_BATCH_MAX`] removed entries that no source has listed since `before`;
    /// says of how many. Whoever lists one of them again brings a new entry.
    pub fn forget(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut commit = Commit::default();
        let overdue = self.overdue(&mut commit, Stage::Remembered, codec::time(before), FORGET_BATCH_MAX)?;
        for Due { key, .. } in &overdue {
            // What is hidden must not come back as something new.
            if self.is_hidden(*key)? {
                continue;
            }
            self.forget_date(&mut commit, *key);
            if let Some(names) = self.names.get(key.0)? {
                for name in codec::names(&names) {
                    self.drop_key(&mut commit, *key, name)?;
                }
                commit.names.remove(key.0);
            }
        }
        self.commit(commit)?;
        Ok(overdue.len())
    }
}
