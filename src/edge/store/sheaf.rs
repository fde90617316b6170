//! New entries in sheaves: a few of one poll in one row, compressed together.
//!
//! Most entries come many at a time and are never written again, so one row for each would be most of what a poll
//! costs. Which sheaf an entry is in, the index of keys says. An entry that changes gets a row of its own in
//! `entries`, which goes before; a sheaf goes when all of its entries are gone.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::codec::NAME_BYTES;
use super::commit::Commit;
use super::keys::Name;
use super::record::{self, Press};
use super::{Store, StoreError};
use crate::model::{Entry, EntryKey};

/// Entries in one sheaf: reading one entry means restoring all of them.
const ENTRIES_MAX: usize = 8;
/// Beyond so many bytes of JSON a sheaf takes no other entry.
const JSON_BYTES_ENOUGH: usize = 64 << 10;
const VERSION: u8 = 1;
/// What the names begin with under which the index of keys says where an entry is; identity keys begin otherwise.
const PLACE: u8 = b'e';

/// The number of a sheaf.
pub(super) type Number = [u8; 8];

/// New entries on their way into sheaves.
#[derive(Default)]
pub(super) struct Binder {
    /// The keys of the entries of the next sheaf.
    keys: Vec<EntryKey>,
    /// For each of them its key and the lengths of its names and of its JSON.
    heads: Vec<u8>,
    /// The keys that they are first known by.
    names: Vec<u8>,
    json: Vec<u8>,
}

/// A sheaf, restored.
pub(super) struct Sheaf {
    stalks: Vec<Stalk>,
    names: Vec<u8>,
    json: Vec<u8>,
}

/// One entry of it: where in the sheaf its names and its JSON are.
struct Stalk {
    key: EntryKey,
    names: Range<usize>,
    json: Range<usize>,
}

impl Binder {
    fn take(&mut self, entry: &Entry, names: &[Name]) -> Result<(), StoreError> {
        let length = |bytes: usize| u32::try_from(bytes).map(u32::to_be_bytes).map_err(record::unusable);
        let (names_before, json_before) = (self.names.len(), self.json.len());
        names.iter().for_each(|name| self.names.extend(name));
        record::write_json(&mut self.json, entry)?;
        self.keys.push(entry.key);
        self.heads.extend(entry.key.0);
        self.heads.extend(length(self.names.len() - names_before)?);
        self.heads.extend(length(self.json.len() - json_before)?);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.keys.len() >= ENTRIES_MAX || self.json.len() >= JSON_BYTES_ENOUGH
    }

    /// The row that holds them: version, number of entries, heads, names, and the JSON, compressed.
    fn row(&self, press: &Press) -> Result<Vec<u8>, StoreError> {
        let count = u32::try_from(self.keys.len()).map_err(record::unusable)?.to_be_bytes();
        let pressed = press.press(&self.json)?;
        Ok([&[VERSION], &count[..], &self.heads, &self.names, &pressed].concat())
    }

    /// Makes ready for the next sheaf.
    fn clear(&mut self) {
        self.keys.clear();
        [&mut self.heads, &mut self.names, &mut self.json].into_iter().for_each(Vec::clear);
    }
}

impl Sheaf {
    fn open(press: &Press, row: &[u8]) -> Result<Self, StoreError> {
        let Some((&VERSION, rest)) = row.split_first() else {
            return Err(StoreError::Record("its form is not known here".to_owned()));
        };
        let (count, mut rest) = rest.split_first_chunk().ok_or_else(record::broken_off)?;
        let (mut stalks, mut names_end, mut json_end) = (vec![], 0, 0);
        for _ in 0..u32::from_be_bytes(*count) {
            let (key, after) = rest.split_first_chunk().ok_or_else(record::broken_off)?;
            let (names, after) = record::length(after)?;
            let (json, after) = record::length(after)?;
            let (names, json) = (names_end..names_end + names, json_end..json_end + json);
            (names_end, json_end, rest) = (names.end, json.end, after);
            stalks.push(Stalk { key: EntryKey(*key), names, json });
        }
        let (names, pressed) = rest.split_at_checked(names_end).ok_or_else(record::broken_off)?;
        let json = press.restore(pressed, json_end)?;
        if json.len() < json_end {
            return Err(record::broken_off());
        }
        Ok(Self { stalks, names: names.to_vec(), json })
    }

    fn stalk(&self, key: EntryKey) -> Option<&Stalk> {
        self.stalks.iter().find(|stalk| stalk.key == key)
    }

    /// The entry with this key.
    pub(super) fn entry(&self, key: EntryKey) -> Result<Entry, StoreError> {
        let stalk = self.stalk(key).ok_or_else(|| StoreError::Record("it is not in its sheaf".to_owned()))?;
        record::of_json(self.json.get(stalk.json.clone()).unwrap_or_default())
    }

    /// The keys that the entry with this key is first known by.
    pub(super) fn names(&self, key: EntryKey) -> Vec<u8> {
        let names = self.stalk(key).and_then(|stalk| self.names.get(stalk.names.clone()));
        names.unwrap_or_default().to_vec()
    }
}

impl Store {
    /// Puts a new entry, first known by `names`, into the next sheaf.
    pub(super) fn bind(
        &self,
        commit: &mut Commit,
        binder: &mut Binder,
        entry: &Entry,
        names: &[Name],
    ) -> Result<(), StoreError> {
        binder.take(entry, names)?;
        if binder.is_full() { self.tie(commit, binder) } else { Ok(()) }
    }

    /// Ends the sheaf that was begun.
    pub(super) fn tie(&self, commit: &mut Commit, binder: &mut Binder) -> Result<(), StoreError> {
        if binder.keys.is_empty() {
            return Ok(());
        }
        let number = self.next_sheaf.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        commit.sheaves.insert(number, binder.row(&self.press)?);
        commit.keys.extend(binder.keys.iter().map(|key| (place(*key), Some(written(number)))));
        binder.clear();
        Ok(())
    }

    /// The sheaf that an entry is in.
    pub(super) fn sheaf_of(&self, key: EntryKey) -> Result<Option<Number>, StoreError> {
        Ok(self.keys.get(place(key))?.map(number))
    }

    /// The sheaves that entries are in, each with its entry.
    pub(super) fn sheaves_of(&self, keys: &[EntryKey]) -> Result<Vec<(Number, EntryKey)>, StoreError> {
        let found = self.keys.find(keys.iter().map(|key| place(*key)).collect())?;
        Ok(found.into_iter().map(|(name, at)| (number(at), placed_at(&name))).collect())
    }

    /// The keys that the entries in sheaves are first known by. Each sheaf is opened once.
    pub(super) fn names_in_sheaves(
        &self,
        keys: &[EntryKey],
    ) -> Result<HashMap<EntryKey, Vec<u8>>, StoreError> {
        let mut bound = self.sheaves_of(keys)?;
        bound.sort_unstable();
        let mut names = HashMap::with_capacity(bound.len());
        for of_sheaf in bound.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((number, _)) = of_sheaf.first() else { continue };
            let sheaf = self.sheaf(*number)?;
            names.extend(
                sheaf.iter().flat_map(|sheaf| of_sheaf.iter().map(|(_, key)| (*key, sheaf.names(*key)))),
            );
        }
        Ok(names)
    }

    /// A sheaf, if it can be read.
    pub(super) fn sheaf(&self, number: Number) -> Result<Option<Sheaf>, StoreError> {
        let row = self.sheaves.get(number)?;
        Ok(row.and_then(|row| self.damage.pass("sheaves", &number, Sheaf::open(&self.press, &row))))
    }

    /// The entries in the row of a sheaf.
    pub(super) fn sheaf_entries(
        &self,
        row: &[u8],
    ) -> Result<impl Iterator<Item = Result<Entry, StoreError>> + use<>, StoreError> {
        let sheaf = Sheaf::open(&self.press, row)?;
        let keys: Vec<EntryKey> = sheaf.stalks.iter().map(|stalk| stalk.key).collect();
        Ok(keys.into_iter().map(move |key| sheaf.entry(key)))
    }

    /// Takes entries that `commit` removes out of their sheaves, and removes those in which no other is left.
    pub(super) fn unbind(&self, commit: &mut Commit, gone: &[EntryKey]) -> Result<(), StoreError> {
        let bound = self.sheaves_of(gone)?;
        commit.keys.extend(bound.iter().map(|(_, key)| (place(*key), None)));
        let gone: HashSet<EntryKey> = gone.iter().copied().collect();
        let mut touched: Vec<Number> = bound.into_iter().map(|(number, _)| number).collect();
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            let sheaf = self.sheaf(number)?;
            let mut left =
                sheaf.iter().flat_map(|sheaf| &sheaf.stalks).filter(|one| !gone.contains(&one.key));
            // An entry that is gone already, or was bound anew, has nothing to lose here.
            let is_needed = left.try_fold(false, |needed, one| {
                Ok::<_, StoreError>(needed || self.sheaf_of(one.key)? == Some(number))
            });
            if !is_needed? {
                commit.sheaves.remove(number);
            }
        }
        Ok(())
    }

    /// Every entry that is in a sheaf and has a key before `end`, newest first, with the number of the sheaf.
    pub(super) fn bound(
        &self,
        end: Option<EntryKey>,
    ) -> Result<impl Iterator<Item = Result<(EntryKey, Number), StoreError>> + use<>, StoreError> {
        let end = end.map_or(vec![PLACE + 1], |end| place(end).to_vec());
        Ok(self.keys.backwards(PLACE, &end)?.map(placed))
    }
}

fn placed(row: Result<(Name, EntryKey), StoreError>) -> Result<(EntryKey, Number), StoreError> {
    let (name, at) = row?;
    Ok((placed_at(&name), number(at)))
}

/// The entry whose place is written under this name.
fn placed_at(name: &Name) -> EntryKey {
    EntryKey(name.split_last_chunk().map_or([0; 16], |(_, key)| *key))
}

/// The name under which the index has the place of an entry.
fn place(key: EntryKey) -> Name {
    let mut name = [PLACE; NAME_BYTES];
    name[1..].copy_from_slice(&key.0);
    name
}

/// The number of a sheaf as the index writes it: never all zeros, which would mean that it leads nowhere.
fn written(number: Number) -> EntryKey {
    let mut bytes = [u8::MAX; 16];
    bytes[..8].copy_from_slice(&number);
    EntryKey(bytes)
}

fn number(written: EntryKey) -> Number {
    written.0.split_first_chunk().map_or([0; 8], |(number, _)| *number)
}
