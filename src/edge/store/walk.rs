//! All entries in order of time: those with a row of their own and those in sheaves, merged.

use std::iter::Peekable;

use sled::IVec;

use super::sheaf::{Number, Sheaf};
use super::{Store, StoreError};
use crate::edge::systemd;
use crate::model::{Entry, EntryKey};

type Rows<T> = Peekable<Box<dyn Iterator<Item = Result<T, StoreError>>>>;

/// From the newest entry to the oldest.
struct Walk<'a> {
    store: &'a Store,
    single: Rows<(IVec, IVec)>,
    bound: Rows<(EntryKey, Number)>,
    /// The sheaf that was opened last: neighbours in time are often neighbours there.
    open: Option<(Number, Option<Sheaf>)>,
}

impl Store {
    /// Every entry that can be read, newest first. An error is the disk's.
    pub fn newest_first(&self) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
        let (walk, failed) = match self.newest_before(None) {
            Ok(walk) => (Some(walk), None),
            Err(error) => (None, Some(Err(error))),
        };
        failed.into_iter().chain(walk.into_iter().flatten())
    }

    /// Every entry before the one with this key, or all, newest first.
    pub fn newest_before(
        &self,
        end: Option<EntryKey>,
    ) -> Result<impl Iterator<Item = Result<Entry, StoreError>> + '_, StoreError> {
        let rows = match end {
            Some(end) => self.entries.range::<&[u8], _>(..&end.0[..]),
            None => self.entries.iter(),
        };
        let single: Box<dyn Iterator<Item = _>> =
            Box::new(rows.rev().map(|row| row.map_err(StoreError::from)));
        let bound: Box<dyn Iterator<Item = _>> = Box::new(self.bound(end)?);
        Ok(Walk { store: self, single: single.peekable(), bound: bound.peekable(), open: None })
    }
}

impl Walk<'_> {
    /// Whether the next one has a row of its own, and so is not to be had from its sheaf as well.
    fn is_single_next(&mut self) -> bool {
        let key = |(key, _): &(IVec, IVec)| key.clone();
        let Some(single) = self.single.peek().and_then(|row| row.as_ref().ok()).map(key) else {
            return false;
        };
        let bound = self.bound.peek().and_then(|row| row.as_ref().ok());
        bound.is_none_or(|(bound, _)| single[..] >= bound.0[..])
    }

    fn single(&mut self) -> Result<Option<Entry>, StoreError> {
        let Some((key, row)) = self.single.next().transpose()? else { return Ok(None) };
        self.bound.next_if(|bound| matches!(bound, Ok((bound, _)) if bound.0[..] == key[..]));
        Ok(self.store.damage.pass("entries", &key, self.store.press.decode(&row)))
    }

    fn bound(&mut self) -> Result<Option<Entry>, StoreError> {
        let Some((key, number)) = self.bound.next().transpose()? else { return Ok(None) };
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            self.open = Some((number, self.store.sheaf(number)?));
        }
        let sheaf = self.open.as_ref().and_then(|(_, sheaf)| sheaf.as_ref());
        Ok(sheaf.and_then(|sheaf| self.store.damage.pass("sheaves", &key.0, sheaf.entry(key))))
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.single.peek().is_none() && self.bound.peek().is_none() {
                return None;
            }
            // An error is passed on by whichever of the two has it.
            let broken = matches!(self.single.peek(), Some(Err(_)));
            let found = if broken || self.is_single_next() { self.single() } else { self.bound() };
            systemd::alive();
            if let Some(found) = found.transpose() {
                return Some(found);
            }
        }
    }
}
