//! The door to the disk: sled 0.34 holds the facts; one [`Update`] is one atomic commit.
//!
//! Eight trees: `meta` (whose store, schema, counters, who is being asked), `sources` (id → state), `entries` (key → entry, in
//! order of time), `keys` (identity → entry key; outlives the entry as its tombstone), `names` (entry key →
//! its keys), `stories` (story and entry key → nothing), `delisted` (entry key → when its source last listed
//! it), `due` (stage, that time and the entry key → nothing: what retention removes next).
//!
//! A record that cannot be read is named in the log once and then as good as absent.

mod asking;
mod codec;
mod commit;
mod damage;
mod open;
mod retention;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::Arc;

use chrono::SubsecRound as _;
use sled::{Db, Tree};

use crate::model::{Digest, Entry, EntryKey, IdentityKey, Known, SourceId, SourceState, Timestamp};
use damage::Damage;
pub use retention::{FORGET_BATCH_MAX, PURGE_BATCH_MAX};

/// Names of `meta` that hold since when a source is being asked.
const ASKING: &[u8] = b"asking/";
/// Members of one story that are looked at.
const STORY_MEMBERS_MAX: usize = 200;
const COUNT: &[u8] = b"entries";
const RULES: &[u8] = b"rules";

/// The open store. There is one writer: whoever holds it and calls `apply`.
#[derive(Debug)]
pub struct Store {
    db: Db,
    meta: Tree,
    sources: Tree,
    entries: Tree,
    keys: Tree,
    names: Tree,
    stories: Tree,
    delisted: Tree,
    due: Tree,
    damage: Arc<Damage>,
    /// Held for as long as the store is open; a second instance finds it locked.
    _lock: File,
}

/// How far retention has come with an entry that its source does not list any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// It is stored, and next it is removed.
    Stored = b'e',
    /// Only its keys are left, and next they are dropped.
    Remembered = b'k',
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
    /// A record cannot be written or read.
    #[error("a record of the store is unusable: {0}")]
    Record(String),
}

impl Store {
    /// Makes everything that was applied so far durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        Ok(())
    }

    /// What is stored under `keys`.
    pub fn known(&self, keys: &[IdentityKey]) -> Result<Known, StoreError> {
        let mut known = Known { keys: HashMap::with_capacity(keys.len()), entries: HashMap::new() };
        for key in keys {
            let name = key.to_bytes();
            let Some(bytes) = self.keys.get(name)? else { continue };
            let Some(entry) = self.damage.pass("keys", &name, codec::entry_key(&bytes)) else { continue };
            if known.keys.insert(*key, entry).is_none()
                && !known.entries.contains_key(&entry)
                && let Some(found) = self.entry(entry)?
            {
                known.entries.insert(entry, found);
            }
        }
        Ok(known)
    }

    /// One entry; `None` where retention removed it, it never was, or it cannot be read.
    pub fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        let bytes = self.entries.get(key.0)?;
        Ok(bytes.and_then(|bytes| self.damage.pass("entries", &key.0, codec::decode(&bytes))))
    }

    /// The entries of one story, first published first.
    pub fn story(&self, story: EntryKey) -> Result<Vec<Entry>, StoreError> {
        let mut members = Vec::new();
        for row in self.stories.scan_prefix(story.0).take(STORY_MEMBERS_MAX) {
            let (name, _) = row?;
            let key = codec::entry_key(name.get(16..).unwrap_or_default());
            if let Some(key) = self.damage.pass("stories", &name, key) {
                members.extend(self.entry(key)?);
            }
        }
        Ok(members)
    }

    /// Every entry that can be read, newest first. An error is the disk's.
    pub fn newest_first(&self) -> impl Iterator<Item = Result<Entry, StoreError>> + use<> {
        let damage = Arc::clone(&self.damage);
        self.entries.iter().rev().filter_map(move |row| match row {
            Ok((key, bytes)) => damage.pass("entries", &key, codec::decode(&bytes)).map(Ok),
            Err(error) => Some(Err(StoreError::Sled(error))),
        })
    }

    /// How every source is doing, also those that are not configured any more. One whose record cannot be
    /// read begins anew.
    pub fn states(&self) -> Result<BTreeMap<SourceId, SourceState>, StoreError> {
        let mut states = BTreeMap::new();
        for row in &self.sources {
            let (id, bytes) = row?;
            if let Some(state) = self.damage.pass("sources", &id, codec::decode(&bytes)) {
                states.insert(SourceId(String::from_utf8_lossy(&id).into_owned()), state);
            }
        }
        Ok(states)
    }

    /// Since when documents are made by the rules with this hash; `None` where they always were. Other rules than
    /// before are in force from `now` on, and that is kept.
    pub fn rules_since(&self, rules: Digest, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let kept = self.meta.get(RULES)?.and_then(|row| codec::rules(&row));
        let since = match kept {
            Some((known, since)) if known == rules => return Ok(since),
            Some(_) => Some(now.trunc_subsecs(0)),
            None => None,
        };
        self.meta.insert(RULES, &codec::encode_rules(rules, since))?;
        Ok(since)
    }

    /// How many entries are stored.
    pub fn entries_stored(&self) -> Result<u64, StoreError> {
        Ok(codec::count(self.meta.get(COUNT)?.as_deref()))
    }
}
