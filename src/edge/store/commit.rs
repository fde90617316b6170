//! Writing: one [`Update`] is one atomic commit over all trees.

use std::collections::{HashMap, HashSet};

use chrono::SubsecRound as _;

use super::keys::{Learnt, Name};
use super::sheaf::Binder;
use super::{COUNT, Store, StoreError, codec, record};
use crate::edge::journal::{Changes, Rows};
use crate::model::{Dropped, EntryKey, Filing, KeyKind, Stub, Update};

/// Titles that one entry is remembered by, and as many guids and links: the first one and the newest ones. What
/// changes its title at every poll would otherwise grow without end.
const KEYS_OF_A_KIND_MAX: usize = 64;

/// What one commit changes, a batch a tree.
#[derive(Default)]
pub(super) struct Commit {
    pub(super) meta: Rows,
    pub(super) sources: Rows,
    pub(super) entries: Rows,
    pub(super) sheaves: Rows,
    pub(super) keys: Learnt,
    pub(super) names: Rows,
    pub(super) stories: Rows,
    pub(super) delisted: Rows,
    pub(super) due: Rows,
    pub(super) sketches: Rows,
    pub(super) stubs: Rows,
    pub(super) archive: Rows,
    pub(super) hidden: Rows,
    /// Entries that are there for the first time.
    pub(super) added: u64,
    /// Entries that are there no more.
    pub(super) removed: u64,
}

impl Store {
    /// Applies what one poll changes, in one atomic commit. Not durable before [`Store::flush`].
    pub fn apply(&self, update: &Update) -> Result<(), StoreError> {
        self.apply_and_file(update, &[])
    }

    /// The same with what the sections lead with from now on.
    pub fn apply_and_file(&self, update: &Update, filings: &[Filing]) -> Result<(), StoreError> {
        let (meta, added) = (self.answered(update)?, update.new.len() as u64);
        let mut commit = Commit { meta, added, ..Commit::default() };
        commit.sources.insert(update.source.0.as_bytes(), codec::encode(&update.state)?);
        let mut learnt: HashMap<EntryKey, Vec<Name>> = HashMap::new();
        for (key, entry) in &update.keys {
            commit.keys.push((key.to_bytes(), Some(*entry)));
            learnt.entry(*entry).or_default().push(key.to_bytes());
        }
        let mut binder = Binder::default();
        for entry in &update.new {
            let names = learnt.remove(&entry.key).unwrap_or_default();
            let names = self.bounded(&mut commit, entry.key, names)?;
            self.bind(&mut commit, &mut binder, entry, &names)?;
        }
        self.tie(&mut commit, &mut binder)?;
        for entry in &update.changed {
            let names = self.names_of(entry.key)?;
            commit.entries.insert(entry.key.0, self.press.encode(entry, &names)?);
        }
        let joined = update.new.iter().chain(&update.changed).filter(|entry| entry.story != entry.key);
        for entry in joined {
            commit.stories.insert(codec::story_member(entry.story, entry.key), []);
        }
        for (entry, keys) in learnt {
            self.name(&mut commit, entry, keys)?;
        }
        self.date(&mut commit, &update.source, &update.delisted, codec::time(update.at))?;
        self.undate(&mut commit, &update.relisted)?;
        commit.sketches = self.sketch_rows(&update.sketches)?;
        let stub = |dropped: &Dropped| Stub {
            source: update.source.clone(),
            at: update.at.trunc_subsecs(0),
            dropped: dropped.clone(),
            was: None,
        };
        self.remember(&mut commit, update.dropped.iter().map(stub))?;
        let filed = self.file_in(&mut commit, filings)?;
        self.commit(commit)?;
        self.ledgers.take(filed);
        Ok(())
    }

    /// Writes down which keys lead to `entry` beside those that did, so that they can be found again when it is
    /// forgotten.
    fn name(&self, commit: &mut Commit, entry: EntryKey, keys: Vec<Name>) -> Result<(), StoreError> {
        let mut names: Vec<Name> = codec::names(&self.names_of(entry)?).collect();
        for name in keys {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = self.bounded(commit, entry, names)?;
        commit.names.insert(entry.0, names.concat());
        Ok(())
    }

    /// The keys that lead to an entry, one after the other.
    pub(super) fn names_of(&self, entry: EntryKey) -> Result<Vec<u8>, StoreError> {
        Ok(self.names_of_all(&[entry])?.remove(&entry).unwrap_or_default())
    }

    /// The same of many.
    pub(super) fn names_of_all(
        &self,
        entries: &[EntryKey],
    ) -> Result<HashMap<EntryKey, Vec<u8>>, StoreError> {
        let (mut found, mut others) = (HashMap::with_capacity(entries.len()), vec![]);
        for entry in entries {
            if let Some(row) = self.names.get(entry.0)? {
                found.insert(*entry, row.to_vec());
            } else if let Some(record) = self.entries.get(entry.0)? {
                found.insert(*entry, record::names(&record).to_vec());
            } else {
                others.push(*entry);
            }
        }
        found.extend(self.names_in_sheaves(&others)?);
        Ok(found)
    }

    /// As many of the keys as an entry may have; the others are dropped.
    fn bounded(
        &self,
        commit: &mut Commit,
        entry: EntryKey,
        mut names: Vec<Name>,
    ) -> Result<Vec<Name>, StoreError> {
        for kind in [KeyKind::Guid, KeyKind::Title, KeyKind::Dated, KeyKind::Link, KeyKind::Content] {
            let of_kind = |name: &Name| name[0] == kind as u8;
            let mut surplus =
                names.iter().filter(|name| of_kind(name)).count().saturating_sub(KEYS_OF_A_KIND_MAX);
            let mut is_first = true;
            let mut dropped = HashSet::new();
            names.retain(|name| {
                if !of_kind(name) || std::mem::take(&mut is_first) || surplus == 0 {
                    return true;
                }
                surplus -= 1;
                dropped.insert(*name);
                false
            });
            if dropped.is_empty() {
                continue;
            }
            // What this commit was about to learn is not learnt: nothing would ever take it back.
            let is_dropped = |name: &Name| dropped.contains(name);
            commit.keys.retain(|(name, leads_to)| *leads_to != Some(entry) || !is_dropped(name));
            for name in dropped.iter().copied() {
                self.drop_key(commit, entry, name)?;
            }
        }
        Ok(names)
    }

    /// Drops a key, unless another entry has taken it over.
    pub(super) fn drop_key(
        &self,
        commit: &mut Commit,
        entry: EntryKey,
        name: Name,
    ) -> Result<(), StoreError> {
        if self.keys.get(name)? == Some(entry) {
            commit.keys.push((name, None));
        }
        Ok(())
    }

    /// All of it or nothing.
    pub(super) fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let mut fresh = self.keys.fresh();
        let mut changes = Changes::default();
        let mut meta = commit.meta;
        if commit.added != commit.removed {
            let count = codec::count(self.meta.get(COUNT)?.as_deref());
            let count = (count + commit.added).saturating_sub(commit.removed);
            meta.insert(COUNT, count.to_be_bytes());
        }
        for (tree, rows) in [
            ("meta", meta),
            ("sources", commit.sources),
            ("entries", commit.entries),
            ("sheaves", commit.sheaves),
            ("runs", fresh.rows(&commit.keys)),
            ("names", commit.names),
            ("stories", commit.stories),
            ("delisted", commit.delisted),
            ("due", commit.due),
            ("sketches", commit.sketches),
            ("stubs", commit.stubs),
            ("archive", commit.archive),
            ("hidden", commit.hidden),
        ] {
            changes.of(tree, rows);
        }
        self.write(&changes)?;
        self.keys.note(&mut fresh, &commit.keys)
    }
}
