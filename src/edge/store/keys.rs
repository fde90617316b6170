//! Which key leads to which entry, made for hundreds of new keys at a time, and for as many as there may be.
//!
//! A row a key would be hundreds of inserts all over a tree for every poll. So a commit writes its keys as one
//! row of `runs`, and they are held in memory as well. When there are many, they settle: they become a volume, in the
//! order of the keys, which is never changed but merged with others. What a run says goes before what a volume says, a
//! newer volume before an older one, and all of them before `pages` and `keys`, the forms of earlier versions.
//!
//! Keys of one time are in one volume, and nearly all that is asked for is new or of the last days. So a look-up reads
//! the pages of the newest volumes and the filters of the others, however many keys there are.

mod filter;
mod held;
mod hold;
mod settle;
#[cfg(test)]
mod tests;
mod volume;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::held::Held;
pub(super) use self::hold::Hold;
use self::hold::Holds;
pub(super) use self::volume::verify_row;
use self::volume::{Merged, Records, Volume, leads};
use self::worker::Worker;
use super::codec::NAME_BYTES;
use super::damage::Damage;
use super::guard::{Db, Tree};
use super::room::Room;
use super::{StoreError, codec};
use crate::edge::fault;
use crate::edge::journal::Rows;
use crate::model::EntryKey;

/// Keys that are held in memory until they settle: in five megabytes.
pub(super) const FRESH_KEYS_MAX: usize = 110_000;
/// Keys in one row of `runs`, so that a row stays well below what sled keeps in a file of its own.
const RUN_KEYS_MAX: usize = 1_000;
/// Runs of one commit, as a power of two: more than the keys of the largest document take.
const RUNS_OF_A_COMMIT_BITS: u32 = 10;
/// A key and where it leads.
const RECORD_BYTES: usize = NAME_BYTES + 16;
/// Where a key leads that was dropped: no entry is from before the beginning of time.
const NOWHERE: EntryKey = EntryKey([0; 16]);

/// An identity key as bytes.
pub(super) type Name = [u8; NAME_BYTES];
/// What a commit says of keys, in order; none drops one.
pub(super) type Learnt = Vec<(Name, Option<EntryKey>)>;

/// The index of keys.
#[derive(Debug)]
pub(super) struct Keys {
    runs: Tree,
    volumes: Tree,
    pages: Tree,
    single: Tree,
    /// Whether `single` holds any: it takes no new ones.
    has_single: AtomicBool,
    damage: Arc<Damage>,
    fresh: Arc<Mutex<Fresh>>,
    /// Who merges volumes.
    merging: Mutex<Worker>,
    /// Whether somebody waits for that.
    hurry: Arc<AtomicBool>,
    holds: Arc<Holds>,
    room: Option<Arc<Room>>,
}

/// What is at hand of it.
#[derive(Debug)]
pub(super) struct Fresh {
    /// What has not settled yet. None until the first look-up: a round without news needs none of it.
    keys: Option<Held>,
    /// What has, the newest first; read with `keys`.
    volumes: Vec<Arc<Volume>>,
    /// The number of the next run.
    next: u64,
    /// The number of the next volume.
    next_volume: u32,
    /// The runs before this one are in a volume, too, and go as soon as that is durable.
    settled_before: Option<u64>,
}

impl Keys {
    /// `sequence` is the place of the last commit. No number of a run is given twice, also not when all runs have
    /// settled and the store is opened anew: the journal knows rows by their names.
    pub(super) fn open(db: &Db, damage: Arc<Damage>, sequence: u64) -> Result<Self, StoreError> {
        let (runs, volumes) = (db.open_tree("runs")?, db.open_tree("volumes")?);
        let (pages, single) = (db.open_tree("pages")?, db.open_tree("keys")?);
        let next = codec::next_number(&runs)?.max((sequence + 1) << RUNS_OF_A_COMMIT_BITS);
        let next_volume = volume::next_number(&volumes)?;
        let fresh = Fresh { keys: None, volumes: vec![], next, next_volume, settled_before: None };
        let (fresh, merging) = (Arc::new(Mutex::new(fresh)), Mutex::default());
        let has_single = AtomicBool::new(!single.is_empty());
        let (hurry, holds) = Default::default();
        let room = None;
        Ok(Self { runs, volumes, pages, single, has_single, damage, fresh, merging, hurry, holds, room })
    }

    /// Nothing settles or is merged by itself where there is no room for it.
    pub(super) fn within(mut self, room: Arc<Room>) -> Self {
        self.room = Some(room);
        self
    }

    /// Where the names lead that lead anywhere.
    pub(super) fn find(&self, mut names: Vec<Name>) -> Result<Held, StoreError> {
        let mut found = Held::default();
        if names.is_empty() {
            // A round without news reads nothing back.
            return Ok(found);
        }
        let mut fresh = self.fresh();
        let held = self.loaded(&mut fresh)?;
        names.retain(|name| {
            let leads_to = held.get(name);
            found.extend(leads_to.map(|entry| (*name, *entry)));
            leads_to.is_none()
        });
        names.sort_unstable_by_key(|name| number(name));
        for volume in &fresh.volumes {
            volume.find(&mut names, |name, entry| found.extend([(name, entry)]))?;
        }
        if self.has_single.load(Ordering::Relaxed) {
            for name in names {
                found.extend(self.single(&name)?.map(|entry| (name, entry)));
            }
        }
        found.retain(|_, entry| *entry != NOWHERE);
        Ok(found)
    }

    /// Where one name leads.
    pub(super) fn get(&self, name: Name) -> Result<Option<EntryKey>, StoreError> {
        Ok(self.find(vec![name])?.remove(&name))
    }

    /// All names that begin with this byte, come before `end` and lead anywhere, the last first; those of `keys` are
    /// not among them.
    pub(super) fn backwards(
        &self,
        kind: u8,
        end: &[u8],
    ) -> Result<impl Iterator<Item = Result<(Name, EntryKey), StoreError>> + use<>, StoreError> {
        let mut fresh = self.fresh();
        let wanted = |name: &Name| name[0] == kind && name[..] < *end;
        let held = self.loaded(&mut fresh)?.iter().filter(|(name, _)| wanted(name));
        let mut held: Vec<(Name, EntryKey)> = held.map(|(name, entry)| (*name, *entry)).collect();
        held.sort_unstable_by(|one, other| other.cmp(one));
        let held: Records = Box::new(held.into_iter().map(Ok));
        let volumes = fresh.volumes.iter().map(|volume| volume.backwards(kind, end));
        Ok(Merged::new([held].into_iter().chain(volumes), true).filter(leads))
    }

    /// Holds the index while a commit is made.
    pub(super) fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever reads the rows of the index one after the other holds this meanwhile: no row goes that others stand for
    /// by then. Rows are added as ever.
    pub(super) fn hold(&self) -> Hold {
        self.holds.begin()
    }

    /// A commit has made these durable, or is about to.
    pub(super) fn note(&self, fresh: &mut Fresh, learnt: &Learnt) -> Result<(), StoreError> {
        fresh.next += learnt.len().div_ceil(RUN_KEYS_MAX) as u64;
        let Some(held) = &mut fresh.keys else { return Ok(()) };
        held.extend(learnt.iter().map(|(name, entry)| (*name, entry.unwrap_or(NOWHERE))));
        if self.is_to_settle(held.len()) {
            self.settle(fresh)?;
        }
        Ok(())
    }

    /// Whether so many keys in memory are too many, and may be written once more now.
    pub(super) fn is_to_settle(&self, held: usize) -> bool {
        // Rows of an earlier version go when what was learnt settles: a commit does not wait until they may.
        let must_wait = self.has_single.load(Ordering::Relaxed) && self.holds.is_held();
        let is_due = held > fault::limit("keys.fresh", FRESH_KEYS_MAX) && !must_wait;
        is_due && has_room(self.room.as_deref(), held)
    }

    /// The keys of `fresh`, read from the runs the first time.
    fn loaded<'a>(&self, fresh: &'a mut Fresh) -> Result<&'a mut Held, StoreError> {
        let mut held = match fresh.keys.take() {
            Some(held) => return Ok(fresh.keys.insert(held)),
            None => Held::default(),
        };
        if fresh.volumes.is_empty() {
            fresh.volumes = Volume::all(&self.volumes, &self.damage)?;
            if !self.pages.is_empty() {
                fresh.volumes.push(Arc::new(Volume::of_tree(&self.pages, &self.damage)));
            }
            self.merge(fresh);
        }
        for run in &self.runs {
            let (number, run) = run?;
            if let Some(run) = self.damage.pass("runs", &number, records(&run)) {
                held.extend(run.iter().map(parts));
            }
        }
        Ok(fresh.keys.insert(held))
    }

    fn single(&self, name: &Name) -> Result<Option<EntryKey>, StoreError> {
        let row = self.single.get(name)?;
        Ok(row.and_then(|row| self.damage.pass("keys", name, codec::entry_key(&row))))
    }
}

impl Fresh {
    /// The rows of `runs` in which a commit writes what it has learnt.
    pub(super) fn rows(&self, learnt: &Learnt) -> Rows {
        let mut rows = Rows::default();
        for (number, run) in (self.next..).zip(learnt.chunks(RUN_KEYS_MAX)) {
            let record = |(name, entry): &(Name, Option<EntryKey>)| record(*name, entry.unwrap_or(NOWHERE));
            let run: Vec<[u8; RECORD_BYTES]> = run.iter().map(record).collect();
            rows.insert(number.to_be_bytes(), run.concat());
        }
        rows
    }
}

/// Whether so many keys may be written once more.
fn has_room(room: Option<&Room>, keys: usize) -> bool {
    room.is_none_or(|room| room.has((keys * RECORD_BYTES) as u64))
}

fn record(name: Name, entry: EntryKey) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..NAME_BYTES].copy_from_slice(&name);
    record[NAME_BYTES..].copy_from_slice(&entry.0);
    record
}

fn parts(record: &[u8; RECORD_BYTES]) -> (Name, EntryKey) {
    let (mut name, mut entry) = ([0; NAME_BYTES], [0; 16]);
    name.copy_from_slice(&record[..NAME_BYTES]);
    entry.copy_from_slice(&record[NAME_BYTES..]);
    (name, EntryKey(entry))
}

/// The name at the start of these bytes as a number of the same order: compared faster than bytes.
fn number(bytes: &[u8]) -> (u128, u8) {
    match bytes.split_first_chunk() {
        Some((most, rest)) => (u128::from_be_bytes(*most), rest.first().copied().unwrap_or(0)),
        None => (0, 0),
    }
}

pub(super) fn records(row: &[u8]) -> Result<&[[u8; RECORD_BYTES]], StoreError> {
    match row.as_chunks() {
        (records, []) => Ok(records),
        _ => Err(StoreError::Record("a row of keys has the wrong length".to_owned())),
    }
}

fn last_name(page: &[u8]) -> Option<&[u8]> {
    page.as_chunks::<RECORD_BYTES>().0.last().map(|record| &record[..NAME_BYTES])
}

fn search(page: &[u8], name: &Name) -> Option<EntryKey> {
    let records = page.as_chunks::<RECORD_BYTES>().0;
    let wanted = number(name);
    let at = records.binary_search_by(|record| number(record).cmp(&wanted)).ok()?;
    records.get(at).map(|record| parts(record).1)
}
