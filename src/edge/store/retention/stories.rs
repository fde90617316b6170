//! A story goes as a whole: if the entry that leads it went first, another one would take its place, and readers would
//! take that for something new.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::super::commit::Commit;
use super::super::delisted::{Left, Time, put_off};
use super::super::{STORY_MEMBERS_MAX, Store, StoreError, codec};
use crate::model::{EntryKey, Timestamp};

/// An entry whose story is still listed somewhere is looked at again after this time.
const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

impl Store {
    /// The stories of those entries that can be read.
    pub(super) fn stories_of(&self, keys: &[EntryKey]) -> Result<HashMap<EntryKey, EntryKey>, StoreError> {
        let entries = self.entries(&keys.iter().copied().collect())?;
        Ok(entries.into_iter().map(|(key, entry)| (key, entry.story)).collect())
    }

    /// Whether an entry has to stay for others of its story, which some source has listed since `before`. Then its
    /// row in `due` is moved to their time.
    pub(super) fn waits_for_its_story(
        &self,
        commit: &mut Commit,
        key: EntryKey,
        story: Option<EntryKey>,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(story) = story else { return Ok(false) };
        let now_and_then = codec::time(before + LOOK_AGAIN_AFTER);
        let mut latest: Option<Time> = None;
        let others = self.others(story, key)?;
        let left = self.left(&others)?;
        for member in others {
            // Who does not know when it left is looked at again as well.
            let until = match left.get(&member) {
                Some(Left::At(at)) => *at,
                Some(Left::Damaged) | None => now_and_then,
            };
            if until >= codec::time(before) && self.is_stored(member)? {
                latest = latest.max(Some(until));
            }
        }
        let Some(until) = latest else { return Ok(false) };
        put_off(commit, until, &[key]);
        Ok(true)
    }

    /// The other entries of a story, stored or not.
    pub(super) fn others(&self, story: EntryKey, key: EntryKey) -> Result<Vec<EntryKey>, StoreError> {
        let mut others = vec![story];
        for row in self.stories.scan_prefix(story.0).take(STORY_MEMBERS_MAX) {
            let (name, _) = row?;
            // A row that cannot be read waits for nobody.
            others.extend(codec::entry_key(name.get(16..).unwrap_or_default()));
        }
        others.retain(|other| *other != key);
        Ok(others)
    }
}
