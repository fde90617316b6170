//! Sources of which more entries are kept than the admin wants: those that they have not listed for longest go before
//! their time. What is listed stays, however much that is, and so does what leads or joins a story of others.

use std::collections::HashMap;

use chrono::SubsecRound as _;

use super::super::commit::Commit;
use super::super::delisted::{Left, Owner, Time, entries, put_aside, put_off};
use super::super::{Stage, Store, StoreError, codec};
use super::{PURGE_BATCH_MAX, Purged};
use crate::model::{EntryKey, SourceId, Stub, Timestamp};

/// Rows that one step looks at: each stands for what left a source at one poll, and costs a look at one entry.
const ROWS_MAX: usize = 500;

/// A walk over what sources do not list any more, from what left last to what left first.
#[derive(Debug, Default)]
pub struct Surplus {
    /// The row that was looked at last.
    before: Option<Vec<u8>>,
    /// How many entries of each source were passed, all of them to be kept.
    kept: HashMap<SourceId, u64>,
}

impl Store {
    /// One step of the walk: removes what is more than `allowed` of a source, at most [`PURGE_BATCH_MAX`] entries and a
    /// poll's. Nothing looked at means that the walk has ended. `allowed` is how many unlisted entries of a source may
    /// stay.
    pub fn purge_surplus(
        &self,
        walk: &mut Surplus,
        allowed: impl Fn(&SourceId) -> u64,
        now: Timestamp,
    ) -> Result<Purged, StoreError> {
        let (mut commit, mut gone) = (Commit::default(), vec![]);
        let end = walk.before.take().unwrap_or_else(|| vec![Stage::Stored as u8 + 1]);
        let mut rows = 0;
        for row in self.due.range(vec![Stage::Stored as u8]..end).rev().take(ROWS_MAX) {
            let (row, others) = row?;
            (rows, walk.before) = (rows + 1, Some(row.to_vec()));
            let (Some(at), listed) = (codec::due_time(&row), entries(&row, &others)) else { continue };
            let Some(source) = self.source_of(&listed)? else { continue };
            let kept = walk.kept.entry(source.clone()).or_default();
            let room = usize::try_from(allowed(&source).saturating_sub(*kept)).unwrap_or(usize::MAX);
            let (stay, surplus) = listed.split_at(room.min(listed.len()));
            *kept += stay.len() as u64;
            let surplus = self.that_may_go(surplus, at)?;
            if surplus.is_empty() {
                continue;
            }
            commit.due.remove(&row[..]);
            let stay: Vec<EntryKey> = listed.iter().filter(|key| !surplus.contains(key)).copied().collect();
            put_off(&mut commit, at, &stay);
            put_aside(&mut commit, at, Some(Owner::of(&source)), &surplus);
            gone.extend(surplus);
            if gone.len() >= PURGE_BATCH_MAX {
                break;
            }
        }
        let stubs = self.take_away(&mut commit, &gone, now)?;
        self.remember(&mut commit, stubs.into_iter())?;
        self.unbind(&mut commit, &gone)?;
        self.drop_lists_and_clicks(&gone)?;
        if !gone.is_empty() {
            self.commit(commit)?;
        }
        Ok(Purged { gone, looked_at_any: rows > 0 })
    }

    /// Removes what a commit takes of entries that are stored but their places in sheaves, and says what is to be
    /// remembered of them.
    pub(super) fn take_away(
        &self,
        commit: &mut Commit,
        gone: &[EntryKey],
        now: Timestamp,
    ) -> Result<Vec<Stub>, StoreError> {
        let mut stubs = vec![];
        let mut names = self.names_of_all(gone)?;
        let entries = self.entries(&gone.iter().copied().collect())?;
        for key in gone {
            let entry = entries.get(key);
            let story = entry.map_or(*key, |entry| entry.story);
            stubs.extend(entry.map(|entry| Stub::of_removed(entry, now.trunc_subsecs(0))));
            commit.names.insert(key.0, names.remove(key).unwrap_or_default());
            commit.entries.remove(key.0);
            commit.stories.remove(codec::story_member(story, *key));
            commit.removed += 1;
        }
        Ok(stubs)
    }

    /// The source of entries that left together.
    fn source_of(&self, left_together: &[EntryKey]) -> Result<Option<SourceId>, StoreError> {
        for key in left_together {
            if let Some(entry) = self.entry(*key)? {
                return Ok(Some(entry.source));
            }
        }
        Ok(None)
    }

    /// Those that are stored, have not been listed again since, and share their story with nobody.
    fn that_may_go(&self, keys: &[EntryKey], at: Time) -> Result<Vec<EntryKey>, StoreError> {
        let left = self.left(keys)?;
        let is_left = |key: &EntryKey| {
            left.get(key).is_some_and(|left| matches!(left, Left::At(since) if *since == at))
        };
        let left: Vec<EntryKey> = keys.iter().filter(|key| is_left(key)).copied().collect();
        let stories = self.stories_of(&left)?;
        let mut found = vec![];
        for key in &left {
            let Some(story) = stories.get(key) else { continue };
            let mut is_alone = true;
            for other in self.others(*story, *key)? {
                is_alone &= !self.is_stored(other)?;
            }
            if is_alone {
                found.push(*key);
            }
        }
        Ok(found)
    }
}
