//! Sources of which more removed entries are remembered than they are ever likely to list again: those that they have not
//! listed for longest are forgotten before their time.

use std::collections::HashMap;

use super::super::commit::Commit;
use super::super::delisted::{Left, Owner, entries, owner, put_aside};
use super::super::{Stage, Store, StoreError, codec};
use super::FORGET_BATCH_MAX;
use crate::model::{EntryKey, SourceId};

/// Rows that one step looks at: each stands for what left a source at one poll.
const ROWS_MAX: usize = 500;
/// Removed entries that are remembered without saying whose they were, as earlier versions wrote them.
const NOBODYS_MAX: u64 = 100_000;

/// A walk over the removed entries, from what left its source last to what left first.
#[derive(Debug)]
pub struct Memory {
    /// The row that was looked at last.
    before: Option<Vec<u8>>,
    /// How many of each owner may still be passed.
    room: HashMap<Option<Owner>, u64>,
    /// How many there are for an owner that is not named.
    room_of_others: u64,
}

impl Memory {
    /// A walk that leaves so many of each of these sources, and `others_max` of each other one.
    pub fn begin<'a>(sources: impl Iterator<Item = (&'a SourceId, u64)>, others_max: u64) -> Self {
        let room = sources.map(|(source, count_max)| (Some(Owner::of(source)), count_max));
        let room = room.chain([(None, NOBODYS_MAX)]).collect();
        Self { before: None, room, room_of_others: others_max }
    }

    /// How many of these entries of an owner are to stay.
    fn take(&mut self, owner: Option<Owner>, count: usize) -> usize {
        let room = self.room.entry(owner).or_insert(self.room_of_others);
        let stay = count.min(usize::try_from(*room).unwrap_or(usize::MAX));
        *room -= stay as u64;
        stay
    }
}

impl Store {
    /// One step of the walk: forgets what is too much, at most [`FORGET_BATCH_MAX`] entries and a row's. Says how many;
    /// `None` means that the walk has ended. Whoever lists one of them again brings a new entry.
    pub fn forget_surplus(&self, walk: &mut Memory) -> Result<Option<usize>, StoreError> {
        let (mut commit, mut forgotten, mut rows) = (Commit::default(), vec![], 0);
        let end = walk.before.take().unwrap_or_else(|| vec![Stage::Remembered as u8 + 1]);
        for row in self.due.range(vec![Stage::Remembered as u8]..end).rev().take(ROWS_MAX) {
            let (row, others) = row?;
            (rows, walk.before) = (rows + 1, Some(row.to_vec()));
            let (Some(at), removed, owner) = (codec::due_time(&row), entries(&row, &others), owner(&others))
            else {
                continue;
            };
            let (stay, surplus) = removed.split_at(walk.take(owner, removed.len()));
            if surplus.is_empty() {
                continue;
            }
            commit.due.remove(&row[..]);
            put_aside(&mut commit, at, owner, stay);
            // One that was listed again since has another row, or none.
            let left = self.left(surplus)?;
            let is_confirmed =
                |key: &&EntryKey| matches!(left.get(key), Some(Left::At(since)) if *since == at);
            forgotten.extend(surplus.iter().filter(is_confirmed));
            if forgotten.len() >= FORGET_BATCH_MAX {
                break;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        self.forget_these(&mut commit, &forgotten)?;
        if !commit.due.is_empty() {
            self.commit(commit)?;
        }
        Ok(Some(forgotten.len()))
    }
}
