//! Since when sources do not list entries any more, and so what retention looks at next.
//!
//! The moment stands in the index of keys, under a name of its own kind; `delisted` has the rows of earlier versions.
//! A row of `due` is named after its stage, the moment and an entry; its value has the other entries of that poll, one
//! after the other, and behind those that were removed whose they are. One row an entry would make most of what the
//! store must keep at hand of its pages.

use std::collections::{HashMap, HashSet};

use super::codec::{self, NAME_BYTES, TIME_BYTES};
use super::commit::Commit;
use super::keys::Name;
use super::{Stage, Store, StoreError};
use crate::model::{Digest, EntryKey, SourceId};

/// What the names begin with under which the index of keys says when an entry was last listed.
const LEFT: u8 = b'w';
/// Entries in one row of `due`.
const DUE_ENTRIES_MAX: usize = 256;
const KEY_BYTES: usize = 16;
const OWNER_BYTES: usize = 8;

/// A moment as [`codec::time`] writes it.
pub(super) type Time = [u8; TIME_BYTES];

/// Whose a row of removed entries is: the beginning of the hash of its source's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Owner([u8; OWNER_BYTES]);

/// Since when an entry is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    At(Time),
    /// It is, but the row of an earlier version cannot be read.
    Damaged,
}

/// An entry in a row of `due`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) at: Time,
    pub(super) key: EntryKey,
}

impl Store {
    /// Since when those of the entries are not listed that are not.
    pub(super) fn left(&self, keys: &[EntryKey]) -> Result<HashMap<EntryKey, Left>, StoreError> {
        let mut left = HashMap::with_capacity(keys.len());
        if self.has_delisted {
            for key in keys {
                let row = self.delisted.get(key.0)?;
                let time = row.map(|row| Time::try_from(row.as_ref()).map_or(Left::Damaged, Left::At));
                left.extend(time.map(|time| (*key, time)));
            }
        }
        let found = self.keys.find(keys.iter().map(|key| name(*key)).collect())?;
        for (name, said) in found {
            let key = name.split_last_chunk().map_or([0; KEY_BYTES], |(_, key)| *key);
            left.extend(said.0.first_chunk().map(|time| (EntryKey(key), Left::At(*time))));
        }
        Ok(left)
    }

    /// Writes that their source does not list these any more.
    pub(super) fn date(
        &self,
        commit: &mut Commit,
        source: &SourceId,
        keys: &[EntryKey],
        at: Time,
    ) -> Result<(), StoreError> {
        self.undate(commit, keys)?;
        commit.keys.extend(keys.iter().map(|key| (name(*key), Some(written(at)))));
        let there = self.stored(keys)?;
        let (stored, remembered): (Vec<EntryKey>, Vec<EntryKey>) =
            keys.iter().partition(|key| there.contains(key));
        put_off(commit, at, &stored);
        put_aside(commit, at, Some(Owner::of(source)), &remembered);
        Ok(())
    }

    /// Takes back what is written on when these were last listed.
    pub(super) fn undate(&self, commit: &mut Commit, keys: &[EntryKey]) -> Result<(), StoreError> {
        let mut of_time: HashMap<Time, HashSet<EntryKey>> = HashMap::new();
        for (key, left) in self.left(keys)? {
            self.forget_date(commit, key);
            if let Left::At(at) = left {
                of_time.entry(at).or_default().insert(key);
            }
        }
        for (at, gone) in of_time {
            for stage in [Stage::Stored, Stage::Remembered] {
                for row in self.due.scan_prefix(codec::due_prefix(stage, &at)) {
                    let (row, others) = row?;
                    let entries = entries(&row, &others);
                    let kept: Vec<EntryKey> =
                        entries.iter().filter(|key| !gone.contains(key)).copied().collect();
                    if kept.len() < entries.len() {
                        commit.due.remove(&row[..]);
                        write(commit, stage, at, owner(&others), &kept);
                    }
                }
            }
        }
        Ok(())
    }

    /// The same of one whose row in `due` is taken out already.
    pub(super) fn forget_date(&self, commit: &mut Commit, key: EntryKey) {
        commit.keys.push((name(key), None));
        if self.has_delisted {
            commit.delisted.remove(key.0);
        }
    }

    /// Up to `count_max` entries of a stage that were last listed before `before`, those first that have waited
    /// longest. `commit` takes them out of `due`; those that are left over there are not among them.
    pub(super) fn overdue(
        &self,
        commit: &mut Commit,
        stage: Stage,
        before: Time,
        count_max: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let mut found: Vec<Due> = vec![];
        for row in self.due.range(codec::due_range(stage, before)) {
            let (row, others) = row?;
            let room = count_max - found.len();
            if room == 0 {
                break;
            }
            commit.due.remove(&row[..]);
            let Some(at) = codec::due_time(&row) else { continue };
            let entries = entries(&row, &others);
            let (now, later) = entries.split_at(room.min(entries.len()));
            write(commit, stage, at, owner(&others), later);
            found.extend(now.iter().map(|key| Due { at, key: *key }));
        }
        let left = self.left(&found.iter().map(|due| due.key).collect::<Vec<_>>())?;
        // A row that is not confirmed is left over: the entry is listed, or was since. One of an entry that has waited
        // for its story is later than that.
        found.retain(|due| {
            left.get(&due.key).is_some_and(|left| match left {
                Left::At(at) => *at <= due.at,
                Left::Damaged => true,
            })
        });
        Ok(found)
    }
}

/// Writes that these entries, which are stored, are to be looked at in the order of `at`.
pub(super) fn put_off(commit: &mut Commit, at: Time, keys: &[EntryKey]) {
    write(commit, Stage::Stored, at, None, keys);
}

/// Writes that these entries of one source, which are removed, are to be forgotten in the order of `at`.
pub(super) fn put_aside(commit: &mut Commit, at: Time, owner: Option<Owner>, keys: &[EntryKey]) {
    write(commit, Stage::Remembered, at, owner, keys);
}

fn write(commit: &mut Commit, stage: Stage, at: Time, owner: Option<Owner>, keys: &[EntryKey]) {
    let owner = owner.as_ref().map_or(&[][..], |owner| &owner.0);
    for keys in keys.chunks(DUE_ENTRIES_MAX) {
        if let Some((first, others)) = keys.split_first() {
            let others: Vec<[u8; KEY_BYTES]> = others.iter().map(|key| key.0).collect();
            commit.due.insert(codec::due(stage, &at, *first), [&others.concat()[..], owner].concat());
        }
    }
}

/// The entries of a row of `due`; none where it cannot be read.
pub(super) fn entries(row: &[u8], others: &[u8]) -> Vec<EntryKey> {
    let others = others.as_chunks::<KEY_BYTES>().0;
    codec::due_entry(row).into_iter().chain(others.iter().map(|key| EntryKey(*key))).collect()
}

/// Whose the entries of a row of `due` are; rows of stored ones and of earlier versions do not say.
pub(super) fn owner(others: &[u8]) -> Option<Owner> {
    others.as_chunks::<KEY_BYTES>().1.try_into().ok().map(Owner)
}

impl Owner {
    pub(super) fn of(SourceId(id): &SourceId) -> Self {
        let Digest(hash) = Digest::of([id.as_bytes()]);
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

fn name(key: EntryKey) -> Name {
    let mut name = [LEFT; NAME_BYTES];
    name[1..].copy_from_slice(&key.0);
    name
}

/// A moment as the index has it: never all zeros, which would mean that it leads nowhere.
fn written(at: Time) -> EntryKey {
    let mut bytes = [u8::MAX; KEY_BYTES];
    bytes[..TIME_BYTES].copy_from_slice(&at);
    EntryKey(bytes)
}
