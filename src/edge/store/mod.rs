//! The door to the disk: sled 0.34 holds the facts; one [`Update`] is one atomic commit.
//!
//! Six trees: `meta` (whose store, schema, counters), `sources` (id → state), `entries` (key → entry, in
//! order of time), `keys` (identity → entry key; outlives the entry as its tombstone), `stories` (story
//! and entry key → nothing), `delisted` (entry key → when its source last listed it).

mod codec;
mod open;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional as _};
use sled::{Batch, Db, Tree};

use crate::model::{Entry, EntryKey, IdentityKey, Known, SourceId, SourceState, Timestamp, Update};

/// Entries removed by one call of [`Store::purge`], so that retention never holds up a poll.
pub const PURGE_BATCH_MAX: usize = 500;
/// Members of one story that are looked at.
const STORY_MEMBERS_MAX: usize = 200;
const COUNT: &[u8] = b"entries";

/// The open store. There is one writer: whoever holds it and calls `apply`.
#[derive(Debug)]
pub struct Store {
    db: Db,
    meta: Tree,
    sources: Tree,
    entries: Tree,
    keys: Tree,
    stories: Tree,
    delisted: Tree,
    /// Held for as long as the store is open; a second instance finds it locked.
    _lock: File,
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the lock file cannot be made or read.
    #[error("{path}: {source}")]
    Folder {
        /// The place.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process holds it.
    #[error("{0}: another nashra is using this store; stop it first, or leave out --once to poll through it")]
    InUse(String),
    /// It is not ours, or from a newer version.
    #[error("{0}")]
    Refused(String),
    /// sled failed.
    #[error("the store failed: {0}")]
    Sled(#[from] sled::Error),
    /// A record cannot be read.
    #[error("the store holds a record that cannot be read: {0}")]
    Record(String),
}

impl Store {
    /// Applies what one poll changes, in one atomic commit. Not durable before [`Store::flush`].
    pub fn apply(&self, update: &Update) -> Result<(), StoreError> {
        let mut entries = Batch::default();
        let mut stories = Batch::default();
        for entry in update.new.iter().chain(&update.changed) {
            entries.insert(&entry.key.0, codec::encode(entry)?);
            stories.insert(&codec::story_member(entry.story, entry.key), &[]);
        }
        let mut keys = Batch::default();
        for (key, entry) in &update.keys {
            keys.insert(&key.to_bytes(), &entry.0);
        }
        let mut delisted = Batch::default();
        for key in &update.delisted {
            delisted.insert(&key.0, &update.at.timestamp().to_be_bytes());
        }
        for key in &update.relisted {
            delisted.remove(&key.0);
        }
        let state = codec::encode(&update.state)?;
        let added = update.new.len() as u64;
        let trees = (&self.meta, &self.sources, &self.entries, &self.keys, &self.stories, &self.delisted);
        let committed = trees.transaction(|(meta, sources, stored, known, told, gone)| {
            sources.insert(update.source.0.as_bytes(), state.as_slice())?;
            stored.apply_batch(&entries)?;
            known.apply_batch(&keys)?;
            told.apply_batch(&stories)?;
            gone.apply_batch(&delisted)?;
            let count = codec::count(meta.get(COUNT)?.as_deref());
            meta.insert(COUNT, &(count + added).to_be_bytes())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        committed.map_err(storage_error)
    }

    /// Makes everything that was applied so far durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        Ok(())
    }

    /// What is stored under `keys`.
    pub fn known(&self, keys: &[IdentityKey]) -> Result<Known, StoreError> {
        let mut known = Known { keys: HashMap::with_capacity(keys.len()), entries: HashMap::new() };
        for key in keys {
            let Some(bytes) = self.keys.get(key.to_bytes())? else { continue };
            let entry = codec::entry_key(&bytes)?;
            if known.keys.insert(*key, entry).is_none()
                && !known.entries.contains_key(&entry)
                && let Some(found) = self.entry(entry)?
            {
                known.entries.insert(entry, found);
            }
        }
        Ok(known)
    }

    /// One entry; `None` where retention removed it or it never was.
    pub fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        self.entries.get(key.0)?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    /// The entries of one story, first published first.
    pub fn story(&self, story: EntryKey) -> Result<Vec<Entry>, StoreError> {
        let mut members = Vec::new();
        for row in self.stories.scan_prefix(story.0).take(STORY_MEMBERS_MAX) {
            let (name, _) = row?;
            members.extend(self.entry(codec::entry_key(&name[16..])?)?);
        }
        Ok(members)
    }

    /// Every entry, newest first. A record that cannot be read is an item of its own.
    pub fn newest_first(&self) -> impl Iterator<Item = Result<Entry, StoreError>> + use<> {
        self.entries.iter().rev().map(|row| codec::decode(&row?.1))
    }

    /// How every source is doing, also those that are not configured any more.
    pub fn states(&self) -> Result<BTreeMap<SourceId, SourceState>, StoreError> {
        self.sources
            .iter()
            .map(|row| {
                let (id, state) = row?;
                Ok((SourceId(String::from_utf8_lossy(&id).into_owned()), codec::decode(&state)?))
            })
            .collect()
    }

    /// How many entries are stored.
    pub fn entries_stored(&self) -> Result<u64, StoreError> {
        Ok(codec::count(self.meta.get(COUNT)?.as_deref()))
    }

    /// Removes up to [`PURGE_BATCH_MAX`] entries that no source has listed since `before`, and says
    /// which. Their keys stay, so that an entry which is listed again does not come back as new.
    pub fn purge(&self, before: Timestamp) -> Result<Vec<EntryKey>, StoreError> {
        let mut gone = Vec::new();
        for row in &self.delisted {
            let (key, at) = row?;
            if codec::seconds(&at) < before.timestamp() {
                gone.push(codec::entry_key(&key)?);
            }
            if gone.len() == PURGE_BATCH_MAX {
                break;
            }
        }
        if gone.is_empty() {
            return Ok(gone);
        }
        let (mut removed, mut told) = (Batch::default(), Batch::default());
        for key in &gone {
            removed.remove(&key.0);
            let story = self.entry(*key)?.map_or(*key, |entry| entry.story);
            told.remove(&codec::story_member(story, *key));
        }
        let trees = (&self.meta, &self.entries, &self.stories, &self.delisted);
        let committed = trees.transaction(|(meta, entries, stories, delisted)| {
            entries.apply_batch(&removed)?;
            stories.apply_batch(&told)?;
            delisted.apply_batch(&removed)?;
            let count = codec::count(meta.get(COUNT)?.as_deref());
            meta.insert(COUNT, &count.saturating_sub(gone.len() as u64).to_be_bytes())?;
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        committed.map_err(storage_error)?;
        Ok(gone)
    }
}

fn storage_error(error: TransactionError<()>) -> StoreError {
    match error {
        TransactionError::Storage(error) => StoreError::Sled(error),
        TransactionError::Abort(()) => StoreError::Record("a commit was given up".to_owned()),
    }
}
