//! Which key leads to which entry, made for hundreds of new keys at a time.
//!
//! A row a key would be hundreds of inserts all over a tree for every poll. So a commit writes its keys as one
//! row of `runs`, and they are held in memory as well. When there are many, they settle: they are merged into
//! `pages`, in the order of the keys. What a run says goes before what a page says, and that before `keys`, which
//! holds the single rows of stores of an earlier version.

mod filter;
mod held;
mod settle;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sled::{Batch, Db, IVec, Tree};

use self::filter::Filter;
use self::held::Held;
use super::codec::NAME_BYTES;
use super::damage::Damage;
use super::{StoreError, codec};
use crate::model::EntryKey;

/// Keys that are held in memory until they settle: in five megabytes.
const FRESH_KEYS_MAX: usize = 110_000;
/// Keys in one row of `runs`, so that a row stays well below what sled keeps in a file of its own.
const RUN_KEYS_MAX: usize = 1_000;
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
    pages: Tree,
    single: Tree,
    damage: Arc<Damage>,
    fresh: Mutex<Fresh>,
}

/// What has not settled yet.
#[derive(Debug)]
pub(super) struct Fresh {
    /// None until the first look-up: a round without news needs none of it.
    keys: Option<Held>,
    /// What is in the pages, roughly; none where they hold too much for that.
    settled: Option<Filter>,
    /// The number of the next run.
    next: u64,
}

impl Keys {
    pub(super) fn open(db: &Db, damage: Arc<Damage>) -> Result<Self, StoreError> {
        let runs = db.open_tree("runs")?;
        let next = codec::next_number(&runs)?;
        let (pages, single) = (db.open_tree("pages")?, db.open_tree("keys")?);
        Ok(Self { runs, pages, single, damage, fresh: Mutex::new(Fresh { keys: None, settled: None, next }) })
    }

    /// Where the names lead that lead anywhere.
    pub(super) fn find(&self, mut names: Vec<Name>) -> Result<Held, StoreError> {
        let mut found = Held::default();
        let mut fresh = self.fresh();
        self.loaded(&mut fresh)?;
        let Fresh { keys: Some(held), settled, .. } = &*fresh else { return Ok(found) };
        let has_single = !self.single.is_empty();
        names.retain(|name| match held.get(name) {
            Some(&NOWHERE) => false,
            Some(entry) => {
                found.insert(*name, *entry);
                false
            }
            None => has_single || settled.as_ref().is_none_or(|settled| settled.may_hold(name)),
        });
        // In their order, so that a page is looked up once for all that it holds.
        names.sort_unstable_by_key(|name| number(name));
        let mut page = IVec::default();
        for name in names {
            if last_name(&page).is_none_or(|last| last < &name[..]) {
                page = self.page_of(&name)?.map(|(_, page)| page).unwrap_or_default();
            }
            let leads_to = match search(&page, &name) {
                None => self.single(&name)?,
                found => found,
            };
            found.extend(leads_to.map(|entry| (name, entry)));
        }
        Ok(found)
    }

    /// Where one name leads.
    pub(super) fn get(&self, name: Name) -> Result<Option<EntryKey>, StoreError> {
        Ok(self.find(vec![name])?.remove(&name))
    }

    /// All names that begin with this byte, the last first. They must have settled.
    pub(super) fn backwards(
        &self,
        kind: u8,
    ) -> impl Iterator<Item = Result<(Name, EntryKey), StoreError>> + use<> {
        let damage = Arc::clone(&self.damage);
        let pages = self.pages.range::<&[u8], _>(..&[kind.saturating_add(1)][..]).rev();
        let records = pages.flat_map(move |page| match page {
            Err(error) => vec![Err(StoreError::from(error))],
            Ok((at, page)) => {
                let records = damage.pass("pages", &at, records(&page)).unwrap_or_default();
                records.iter().rev().map(|record| Ok(parts(record))).collect()
            }
        });
        let is_of_kind =
            move |row: &Result<(Name, EntryKey), _>| row.as_ref().map_or(true, |(name, _)| name[0] == kind);
        let is_later =
            move |row: &Result<(Name, EntryKey), _>| row.as_ref().is_ok_and(|(name, _)| name[0] > kind);
        records.skip_while(is_later).take_while(is_of_kind)
    }

    /// All names that begin with this byte and come before `end`, the last first, whether they have settled or not.
    /// What is learnt meanwhile may be among them.
    pub(super) fn backwards_before(
        &self,
        kind: u8,
        end: &[u8],
    ) -> Result<impl Iterator<Item = Result<(Name, EntryKey), StoreError>> + use<>, StoreError> {
        let wanted = |name: &Name| name[0] == kind && name[..] < *end;
        let mut fresh: Vec<(Name, EntryKey)> = {
            let mut fresh = self.fresh();
            let held = self.loaded(&mut fresh)?;
            held.iter().filter(|(name, _)| wanted(name)).map(|(name, entry)| (*name, *entry)).collect()
        };
        fresh.sort_unstable();
        let (damage, before) = (Arc::clone(&self.damage), end.to_vec());
        let pages = self.pages.range::<&[u8], _>(..end).rev().flat_map(move |page| match page {
            Err(error) => vec![Err(StoreError::from(error))],
            Ok((at, page)) => {
                let records = damage.pass("pages", &at, records(&page)).unwrap_or_default();
                let names = records.iter().rev().map(parts).filter(|(name, _)| name[..] < before[..]);
                names.map(Ok).collect()
            }
        });
        let mut settled =
            pages.take_while(move |row| row.as_ref().map_or(true, |(name, _)| name[0] == kind)).peekable();
        Ok(std::iter::from_fn(move || {
            loop {
                let Some((newest, _)) = fresh.last() else { return settled.next() };
                match settled.peek() {
                    Some(Ok((name, _))) if name <= newest => {
                        // What is held goes before what has settled.
                        let is_same = name == newest;
                        if is_same {
                            settled.next();
                        }
                    }
                    Some(_) => return settled.next(),
                    None => {}
                }
                match fresh.pop() {
                    Some((_, NOWHERE)) => {}
                    found => return found.map(Ok),
                }
            }
        }))
    }

    /// Holds the index while a commit is made.
    pub(super) fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn runs(&self) -> &Tree {
        &self.runs
    }

    /// A commit has made these durable, or is about to.
    pub(super) fn note(&self, fresh: &mut Fresh, learnt: &Learnt) -> Result<(), StoreError> {
        fresh.next += learnt.len().div_ceil(RUN_KEYS_MAX) as u64;
        let Some(held) = &mut fresh.keys else { return Ok(()) };
        held.extend(learnt.iter().map(|(name, entry)| (*name, entry.unwrap_or(NOWHERE))));
        if held.len() > FRESH_KEYS_MAX {
            self.settle(fresh)?;
        }
        Ok(())
    }

    /// The keys of `fresh`, read from the runs the first time.
    fn loaded<'a>(&self, fresh: &'a mut Fresh) -> Result<&'a mut Held, StoreError> {
        let mut held = match fresh.keys.take() {
            Some(held) => return Ok(fresh.keys.insert(held)),
            None => Held::default(),
        };
        fresh.settled = self.filter()?;
        for run in &self.runs {
            let (number, run) = run?;
            if let Some(run) = self.damage.pass("runs", &number, records(&run)) {
                held.extend(run.iter().map(parts));
            }
        }
        Ok(fresh.keys.insert(held))
    }

    /// A filter of all that is in the pages, where that is not too much.
    fn filter(&self) -> Result<Option<Filter>, StoreError> {
        let mut filter = Filter::new();
        for page in self.pages.iter().values() {
            page?.as_chunks().0.iter().for_each(|record| filter.add(&parts(record).0));
            if filter.is_full() {
                return Ok(None);
            }
        }
        Ok(Some(filter))
    }

    /// The page that a name would be in, and its place.
    fn page_of(&self, name: &Name) -> Result<Option<(IVec, IVec)>, StoreError> {
        let page = self.pages.range::<&[u8], _>(..=&name[..]).next_back().transpose()?;
        let sound = |(at, page): &(IVec, IVec)| self.damage.pass("pages", at, records(page)).is_some();
        // What cannot be read is replaced by the next that is written in its place.
        Ok(page.map(|found| if sound(&found) { found } else { (found.0, IVec::default()) }))
    }

    fn single(&self, name: &Name) -> Result<Option<EntryKey>, StoreError> {
        let row = self.single.get(name)?;
        Ok(row.and_then(|row| self.damage.pass("keys", name, codec::entry_key(&row))))
    }
}

impl Fresh {
    /// The rows of `runs` in which a commit writes what it has learnt.
    pub(super) fn rows(&self, learnt: &Learnt) -> Batch {
        let mut rows = Batch::default();
        for (number, run) in (self.next..).zip(learnt.chunks(RUN_KEYS_MAX)) {
            let record = |(name, entry): &(Name, Option<EntryKey>)| record(*name, entry.unwrap_or(NOWHERE));
            let run: Vec<[u8; RECORD_BYTES]> = run.iter().map(record).collect();
            rows.insert(&number.to_be_bytes(), run.concat());
        }
        rows
    }
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

fn records(row: &[u8]) -> Result<&[[u8; RECORD_BYTES]], StoreError> {
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
