//! The door to the disk: sled 0.34 holds the facts; one [`Update`] is one atomic commit.
//!
//! The trees: `meta` (whose store, schema, counters, who is being asked), `sources` (id → state), `entries` (key →
//! entry, in order of time), `sheaves` (number → entries that came together: see [`sheaf`]), `runs`, `pages` and
//! `keys` (identity → entry key; outlives the entry as its tombstone: see [`keys`]), `names` (entry key → its keys,
//! where the record does not say), `stories` (story and entry key → nothing, but for the first entry), `due` (stage,
//! when its source last listed an entry, and its key → the keys of others that left with it: what retention removes
//! next), `delisted` (entry key → that time, of earlier versions: see [`delisted`]), `stubs` (what was dropped or
//! removed: see [`stubs`]), `related` (entry key → up to five others), `clicks` (entry key and hour → how often it was
//! opened), `archive` (section and number → the entries that it led with: see [`ledger`]), `archived` (section and page
//! → the document, once it is whole), `hidden` (entry or story → when the admin took it out), `subscriptions` and
//! `deliveries` (who is told of news, and of which still: see [`subscriptions`]).
//!
//! A record that cannot be read is named in the log once and then as good as absent.

mod asking;
mod clicks;
mod codec;
mod commit;
mod damage;
mod delisted;
mod dump;
mod frozen;
mod guard;
mod hidden;
mod keys;
mod ledger;
mod lock;
mod look;
mod mend;
mod open;
mod rebuild;
mod reclaim;
mod record;
mod related;
mod replay;
mod retention;
mod room;
mod scratch;
mod seal;
mod search;
mod sheaf;
mod sketches;
mod stubs;
mod subscriptions;
mod trees;
mod verify;
mod walk;
mod write;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::edge::fault;
use crate::edge::journal::{Journal, Rows};
use crate::edge::snapshot::SnapshotError;
use crate::model::{Digest, Entry, EntryKey, IdentityKey, Known, SourceId, SourceState, Timestamp};
use chrono::SubsecRound as _;
use damage::Damage;
use dump::Dumps;
use guard::{Db, Tree};
pub use hidden::HIDDEN_MAX;
use keys::Keys;
use ledger::Ledgers;
pub use ledger::{PAGE_ENTRIES_MAX, PAGE_ENTRIES_MIN};
pub use lock::Lock;
pub use look::{Seen, ask, bytes_below, look};
pub use mend::{Mended, mend, set_aside, sweep, was_shown};
pub use open::{is_gone, prepare, sealing};
pub use rebuild::{Lost, Rebuilt, check_snapshot, rebuild};
pub use reclaim::{Bounds, Exchanged, Figures, Reclaimed, Size, Verdict, judge, take_up};
use record::Press;
pub use replay::{Found, Holes};
pub use retention::{FORGET_BATCH_MAX, Memory, PURGE_BATCH_MAX, Purged, Surplus};
use room::Room;
pub use room::{Obstacle, ObstacleKind};
pub use scratch::Scratch;
use seal::Seal;
pub use seal::Sealing;
pub use stubs::STUBS_MAX;
pub use subscriptions::Ledger;
use trees::Trees;
pub use verify::{Counted, Findings, Journaled, Snapshot, Verified, verify_without};

/// Names of `meta` that hold since when a source is being asked.
const ASKING: &[u8] = b"asking/";
/// Members of one story that are looked at.
const STORY_MEMBERS_MAX: usize = 200;
const COUNT: &[u8] = b"entries";
const RULES: &[u8] = b"rules";
/// How many stubs there are.
const STUBS: &[u8] = b"stubs";

/// The open store. There is one writer: whoever holds it and calls `apply`.
#[derive(Debug)]
pub struct Store {
    db: Db,
    journal: Journal,
    dumps: Dumps,
    found: Found,
    trees: Trees,
    meta: Tree,
    sources: Tree,
    entries: Tree,
    sheaves: Tree,
    next_sheaf: AtomicU64,
    keys: Keys,
    names: Tree,
    stories: Tree,
    delisted: Tree,
    /// Whether it holds any: it takes no new ones.
    has_delisted: bool,
    due: Tree,
    related: Tree,
    clicks: Tree,
    subscriptions: Tree,
    deliveries: Tree,
    sketches: Tree,
    next_sketches: AtomicU64,
    stubs: Tree,
    archive: Tree,
    ledgers: Ledgers,
    archived: Tree,
    hidden: Tree,
    hidings: AtomicU64,
    damage: Arc<Damage>,
    press: Press,
    room: Arc<Room>,
    /// Behind everything that holds sled open.
    seal: Seal,
    /// Held for as long as the store is open; a second instance finds it locked.
    lock: Lock,
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
    #[error("{0} is using this store; stop it first, or leave out --once to poll through it")]
    InUse(String),
    /// It is from a newer version, or its folder holds other things.
    #[error("{0}")]
    Refused(String),
    /// Nothing can be written at the moment.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// sled's files are not ours, or not any more.
    #[error("{0}")]
    Foreign(String),
    /// sled's files are damaged.
    #[error("{place}: the store is damaged ({why}); `nashra run` makes it anew from the journal")]
    Damaged {
        /// Where they are.
        place: String,
        /// What is known.
        why: String,
    },
    /// sled does not come back.
    #[error("the store does not open within {0} s")]
    Hung(u64),
    /// Commits are missing between what sled holds and what the journal begins with.
    #[error(
        "the store has come to commit {held}, and its journal begins with {first}: `nashra run` makes it anew from a snapshot"
    )]
    Behind {
        /// The place of the last commit in sled.
        held: u64,
        /// The first place from which on the journal has all.
        first: u64,
    },
    /// Something has failed in sled: until the store is opened again, it takes no commit.
    #[error("the store has failed, and takes nothing more until it is opened again")]
    Broken,
    /// The journal cannot be written or read.
    #[error("the journal failed: {0}")]
    Journal(std::io::Error),
    /// A snapshot cannot be written or read.
    #[error("the snapshot failed: {0}")]
    Snapshot(#[from] SnapshotError),
    /// sled failed.
    #[error("the store failed: {0}")]
    Sled(#[from] sled::Error),
    /// A record cannot be written or read.
    #[error("a record of the store is unusable: {0}")]
    Record(String),
}

impl StoreError {
    /// Whether the open store is not to be used any more after this: sled's files are damaged, or sled has failed in a
    /// way that makes the rest of it doubtful. Opening it anew repairs it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Sled(error) => guard::is_fatal(error),
            Self::Damaged { .. } | Self::Foreign(_) | Self::Hung(_) | Self::Behind { .. } | Self::Broken => {
                true
            }
            Self::Folder { .. }
            | Self::InUse(_)
            | Self::Refused(_)
            | Self::Obstacle(_)
            | Self::Journal(_)
            | Self::Snapshot(_)
            | Self::Record(_) => false,
        }
    }
}

impl StoreError {
    /// Whether another store in its place would help.
    pub fn is_mendable(&self) -> bool {
        self.is_fatal() && !matches!(self, Self::Hung(_)) && !self.is_about_room()
    }

    /// What the system said.
    fn of_system(&self) -> Option<&std::io::Error> {
        match self {
            Self::Folder { source, .. }
            | Self::Journal(source)
            | Self::Snapshot(SnapshotError::Io(source))
            | Self::Sled(sled::Error::Io(source)) => Some(source),
            _ => None,
        }
    }

    /// Whether it is the disk that failed: what is on it may be whole. What sled says of its own accord is damage.
    pub fn is_about_disk(&self) -> bool {
        match self {
            Self::Obstacle(obstacle) => obstacle.kind != ObstacleKind::Broken,
            Self::Sled(_) => self.of_system().is_some_and(|error| error.raw_os_error().is_some()),
            _ => self.of_system().is_some(),
        }
    }

    /// What is wrong, for whoever is about to mend it.
    pub fn reason(&self) -> String {
        match self {
            Self::Damaged { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Whether it is only that the disk takes nothing: it is full, or read-only.
    pub fn is_about_room(&self) -> bool {
        if let Self::Obstacle(obstacle) = self {
            return matches!(obstacle.kind, ObstacleKind::NoRoom | ObstacleKind::ReadOnly);
        }
        let Some(error) = self.of_system() else { return false };
        matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
            || error.kind() == ErrorKind::ReadOnlyFilesystem
    }
}

impl Store {
    /// Whether something has failed that is fatal ([`StoreError::is_fatal`]), even where nobody was told.
    pub fn is_broken(&self) -> bool {
        self.db.is_broken().load(Ordering::Relaxed)
    }

    /// What is stored under `keys`.
    pub fn known(&self, keys: &[IdentityKey]) -> Result<Known, StoreError> {
        if keys.is_empty() {
            return Ok(Known::default());
        }
        let found = self.keys.find(keys.iter().map(|key| key.to_bytes()).collect())?;
        let lead = keys.iter().filter_map(|key| Some((*key, *found.get(&key.to_bytes())?)));
        let keys: HashMap<IdentityKey, EntryKey> = lead.collect();
        let entries = self.entries(&keys.values().copied().collect())?;
        Ok(Known { keys, entries, near: HashMap::new() })
    }

    /// Those of the entries that are stored and can be read.
    pub fn entries(&self, keys: &HashSet<EntryKey>) -> Result<HashMap<EntryKey, Entry>, StoreError> {
        let mut entries = HashMap::with_capacity(keys.len());
        let mut others = vec![];
        for key in keys {
            match self.entries.get(key.0)? {
                // A row of its own goes before, readable or not.
                Some(row) => {
                    let entry = self.damage.pass("entries", &key.0, self.press.decode(&row));
                    entries.extend(entry.map(|entry| (*key, entry)));
                }
                None => others.push(*key),
            }
        }
        // Each sheaf is opened once.
        let mut bound = self.sheaves_of(&others)?;
        bound.sort_unstable();
        for of_sheaf in bound.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((number, _)) = of_sheaf.first() else { continue };
            let Some(sheaf) = self.sheaf(*number)? else { continue };
            for (_, key) in of_sheaf {
                let entry = self.damage.pass("sheaves", &key.0, sheaf.entry(*key));
                entries.extend(entry.map(|entry| (*key, entry)));
            }
        }
        Ok(entries)
    }

    /// Whether an entry is stored, readable or not.
    fn is_stored(&self, key: EntryKey) -> Result<bool, StoreError> {
        Ok(self.entries.contains_key(key.0)? || self.sheaf_of(key)?.is_some())
    }

    /// One entry; `None` where retention removed it, it never was, or it cannot be read.
    pub fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        Ok(self.entries(&HashSet::from([key]))?.remove(&key))
    }

    /// The entries of one story, first published first.
    pub fn story(&self, story: EntryKey) -> Result<Vec<Entry>, StoreError> {
        let keys = self.story_keys(story)?;
        let mut entries = self.entries(&keys.iter().copied().collect())?;
        let found = keys.iter().filter_map(|key| entries.remove(key));
        Ok(found.filter(|entry| entry.story == story).collect())
    }

    /// The keys of the entries that may be of one story, in their order.
    pub fn story_keys(&self, story: EntryKey) -> Result<Vec<EntryKey>, StoreError> {
        // A story is named after its first entry, which needs no row; it need not be the one published first.
        let mut keys = vec![story];
        for row in self.stories.scan_prefix(story.0).take(STORY_MEMBERS_MAX) {
            let (name, _) = row?;
            let key = codec::entry_key(name.get(16..).unwrap_or_default());
            keys.extend(self.damage.pass("stories", &name, key));
        }
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(STORY_MEMBERS_MAX);
        Ok(keys)
    }

    /// How every source is doing, also those that are not configured any more. One whose record cannot be
    /// read begins anew.
    pub fn states(&self) -> Result<BTreeMap<SourceId, SourceState>, StoreError> {
        fault::failing("store.states").map_err(sled::Error::Io)?;
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
        let mut rows = Rows::default();
        rows.insert(RULES, codec::encode_rules(rules, since));
        self.write_rows("meta", rows)?;
        Ok(since)
    }

    /// Brings the index of keys into its lasting form, which it takes by itself now and then, and waits until that is
    /// done.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.keys.settle(&mut self.keys.fresh())?;
        self.keys.wait();
        self.keys.tidy()
    }

    /// How many entries are stored.
    pub fn entries_stored(&self) -> Result<u64, StoreError> {
        Ok(codec::count(self.meta.get(COUNT)?.as_deref()))
    }
}
