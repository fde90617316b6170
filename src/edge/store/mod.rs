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

mod anew;
mod asking;
mod clicks;
mod codec;
mod commit;
mod damage;
mod delisted;
mod dump;
mod error;
mod failure;
mod frozen;
mod guard;
mod helper;
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
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::edge::fault;
use crate::edge::journal::{Journal, Rows};
use crate::model::{Digest, Entry, EntryKey, IdentityKey, Known, SourceId, SourceState, Timestamp};
pub use anew::{clear, make_aside, make_for};
use chrono::SubsecRound as _;
use damage::Damage;
use dump::Dumps;
pub use error::StoreError;
use guard::{Db, Tree};
pub use helper::{Helper, THRIFT, bytes_below};
pub use hidden::HIDDEN_MAX;
use keys::Keys;
use ledger::Ledgers;
pub use ledger::{PAGE_ENTRIES_MAX, PAGE_ENTRIES_MIN};
pub use lock::Lock;
pub use look::{Seen, ask, look};
pub use mend::{Mended, mend, set_aside, sweep, was_shown};
pub use open::{is_gone, prepare, sealing};
pub use rebuild::{Lost, Rebuilt, Recipe, check_snapshot, rebuild};
pub use reclaim::{Bounds, Exchanged, Figures, Reclaimed, Size, Try, Verdict, judge, take_up};
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
