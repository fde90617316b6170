//! Forgetting: entries first, and long after them the keys by which they would be recognised.
//!
//! Both count from the moment at which a source was last seen to list the entry, and both go through `due`,
//! which is in the order of that moment: a batch costs what it removes, however large the store is. An entry
//! waits for the others of its story (see [`stories`]).

mod memory;
mod stories;
mod surplus;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use self::memory::Memory;
pub use self::surplus::Surplus;
use super::commit::Commit;
use super::delisted::{Due, Owner, Time, put_aside};
use super::{Stage, Store, StoreError, codec};
use crate::model::{DroppedReason, EntryKey, Stub, Timestamp};

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
        let keys: Vec<EntryKey> = overdue.iter().map(|due| due.key).collect();
        let (stored, stories) = (self.stored(&keys)?, self.stories_of(&keys)?);
        let mut removed = vec![];
        for due in overdue {
            let story = stories.get(&due.key).copied();
            if self.waits_for_its_story(&mut commit, due.key, story, before)? {
                continue;
            }
            removed.push(due);
            if stored.contains(&due.key) {
                gone.push(due.key);
            }
        }
        let stubs = self.take_away(&mut commit, &gone, now)?;
        put_all_aside(&mut commit, &removed, &stubs);
        self.unbind(&mut commit, &gone)?;
        self.drop_lists_and_clicks(&gone)?;
        self.remember(&mut commit, stubs.into_iter())?;
        self.commit(commit)?;
        Ok(Purged { gone, looked_at_any })
    }

    /// Those of the entries that are stored, readable or not.
    pub(super) fn stored(&self, keys: &[EntryKey]) -> Result<HashSet<EntryKey>, StoreError> {
        let mut stored: HashSet<EntryKey> = self.sheaves_of(keys)?.into_iter().map(|(_, key)| key).collect();
        for key in keys {
            if !stored.contains(key) && self.entries.contains_key(key.0)? {
                stored.insert(*key);
            }
        }
        Ok(stored)
    }

    /// Drops the keys of up to [`FORGET_BATCH_MAX`] removed entries that no source has listed since `before`;
    /// says of how many. Whoever lists one of them again brings a new entry. [`Store::forget_surplus`] does the same to
    /// those that are too many.
    pub fn forget(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut commit = Commit::default();
        let overdue = self.overdue(&mut commit, Stage::Remembered, codec::time(before), FORGET_BATCH_MAX)?;
        let keys: Vec<EntryKey> = overdue.iter().map(|due| due.key).collect();
        self.forget_these(&mut commit, &keys)?;
        self.commit(commit)?;
        Ok(overdue.len())
    }

    /// Drops the keys of removed entries, whose rows in `due` are taken out already, and what else is remembered of
    /// them.
    fn forget_these(&self, commit: &mut Commit, keys: &[EntryKey]) -> Result<(), StoreError> {
        let mut forgotten = vec![];
        for key in keys {
            // What is hidden must not come back as something new.
            if self.is_hidden(*key)? {
                continue;
            }
            forgotten.push(*key);
            self.forget_date(commit, *key);
            if let Some(names) = self.names.get(key.0)? {
                for name in codec::names(&names) {
                    self.drop_key(commit, *key, name)?;
                }
                commit.names.remove(key.0);
            }
        }
        self.drop_stubs_of(commit, &forgotten)
    }
}

/// Writes that removed entries are to be forgotten in their time; the stubs of those that could be read say whose they
/// were.
fn put_all_aside(commit: &mut Commit, removed: &[Due], stubs: &[Stub]) {
    let owner = |stub: &Stub| match stub.dropped.reason {
        DroppedReason::Expired { entry } => Some((entry, Owner::of(&stub.source))),
        _ => None,
    };
    let owners: HashMap<EntryKey, Owner> = stubs.iter().filter_map(owner).collect();
    let mut together: BTreeMap<(Time, Option<Owner>), Vec<EntryKey>> = BTreeMap::new();
    for Due { at, key } in removed {
        together.entry((*at, owners.get(key).copied())).or_default().push(*key);
    }
    for ((at, owner), keys) in together {
        put_aside(commit, at, owner, &keys);
    }
}
