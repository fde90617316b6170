//! The store against what it could be made anew from: the newest snapshot that can be read, and every commit behind it.
//! Row by row they have to say the same.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use sled::IVec;

use super::Verified;
use crate::edge::journal::{self, Changes, Record};
use crate::edge::snapshot::{self, Part, Summary};
use crate::edge::store::damage::readable;
use crate::edge::store::dump::OF_KEYS;
use crate::edge::store::guard::Iter;
use crate::edge::store::trees::{SEQUENCE, TREES};
use crate::edge::store::write::failed;
use crate::edge::store::{Store, StoreError, check_snapshot, lock};
use crate::model::Digest;

/// Rows that are looked at again.
const DOUBTS_MAX: usize = 10_000;
/// What no commit says.
const OF_THE_STORE: [&[u8]; 3] = [b"app", b"schema", SEQUENCE];
/// Bytes of a snapshot that are read at once.
const READ_BYTES: usize = 256 << 10;

/// What commits say of rows, by tree and name: the hash of the last value, none where the row is removed.
type Said = BTreeMap<&'static str, HashMap<Vec<u8>, Option<Digest>>>;

/// What a store could be made anew from.
#[derive(Default)]
pub(super) struct Against {
    newest: Option<(PathBuf, Summary)>,
    /// The place of the last commit of the oldest that is whole.
    oldest: Option<u64>,
}

/// A row, and what it should be.
type Doubt = (&'static str, Vec<u8>, Option<Digest>);

/// The rows of one tree, side by side with those of a snapshot.
struct Comparing {
    tree: &'static str,
    live: Peekable<Iter>,
    /// What the commits behind the snapshot say; what was compared is taken out.
    said: HashMap<Vec<u8>, Option<Digest>>,
    doubts: Vec<Doubt>,
}

impl Against {
    /// Reads a snapshot to its end; the first that is whole is the newest.
    pub(super) fn take(&mut self, path: &Path) -> Result<Summary, StoreError> {
        let summary = check_snapshot(File::open(path).map_err(lock::failed(path))?)?;
        if self.newest.is_none() {
            self.newest = Some((path.to_path_buf(), summary.clone()));
        }
        self.oldest = Some(self.oldest.map_or(summary.sequence, |oldest| oldest.min(summary.sequence)));
        Ok(summary)
    }
}

impl Store {
    pub(super) fn verify_against(
        &self,
        against: &mut Against,
        folder: &Path,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let newest = against.newest.take();
        let reached = newest.as_ref().map(|(_, summary)| summary.sequence);
        let look = journal::look(&folder.join("journal")).map_err(failed)?;
        if !look.reaches_back_to(reached) {
            let first = look.base.unwrap_or_default() + 1;
            let text =
                format!("no snapshot leads to commit {first}, where the journal begins: make a backup");
            verified.findings.add(text);
            return Ok(());
        }
        let mut said = Said::new();
        if let Some((path, _)) = &newest {
            read(path, |part| {
                if let Part::Record(record) = part {
                    note(&mut said, &record.changes);
                }
                Ok(())
            })?;
        }
        let reached = reached.unwrap_or_default();
        self.follow_older(against.oldest.take().filter(|oldest| *oldest < reached), reached, verified)?;
        let last = self.follow(reached, &mut said, verified)?;
        let mut doubts = self.compare(newest.as_ref().map(|(path, _)| path.as_path()), said)?;
        if doubts.is_empty() {
            return Ok(());
        }
        let mut firm = vec![];
        for doubt in doubts.drain(..) {
            let (tree, name, wanted) = &doubt;
            let is_well = || {
                let value = self.trees.tree(tree)?.get(name)?;
                Ok(value.map(|value| digest(&value)) == *wanted)
            };
            if !self.settled(is_well)? {
                firm.push(doubt);
            }
        }
        // Somebody may have changed them since the journal was read.
        let mut later = Said::new();
        self.follow(last, &mut later, verified)?;
        for (tree, name, _) in firm {
            if later.get(tree).is_none_or(|said| !said.contains_key(&name)) {
                let text = "the store and the snapshot with the journal do not say the same of it";
                verified.findings.add(format!("{tree}/{}: {text}", readable(&name)));
            }
        }
        Ok(())
    }

    /// Notes what the commits behind this place say; says which is the last.
    fn follow(&self, after: u64, said: &mut Said, verified: &mut Verified) -> Result<u64, StoreError> {
        let mut last = after;
        let read = journal::read_after(self.journal.folder(), after, |Record { sequence, changes }| {
            last = sequence;
            note(said, &changes);
            Ok(())
        });
        for missing in read.map_err(failed)?.missing {
            verified.findings.add(format!(
                "the journal lacks commits {} to {}",
                missing.start,
                missing.end - 1
            ));
        }
        Ok(last)
    }

    /// Looks whether the journal leads from the oldest snapshot to the newest: else only that one is of use.
    fn follow_older(
        &self,
        oldest: Option<u64>,
        newest: u64,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let Some(oldest) = oldest else { return Ok(()) };
        let read = journal::read_after(self.journal.folder(), oldest, |_| Ok(())).map_err(failed)?;
        for missing in read.missing.iter().filter(|missing| missing.start <= newest) {
            let (first, last) = (missing.start, missing.end - 1);
            let text = format!(
                "the snapshots before commit {first} lead no further: the journal lacks commits {first} to {last}"
            );
            verified.findings.add(text);
        }
        Ok(())
    }

    /// Rows that are not what they should be.
    fn compare(&self, snapshot: Option<&Path>, mut said: Said) -> Result<Vec<Doubt>, StoreError> {
        let mut doubts = vec![];
        let mut left: Vec<&'static str> =
            TREES.iter().copied().filter(|tree| !OF_KEYS.contains(tree)).collect();
        let mut begin = |tree: &'static str| {
            let live = self.trees.tree(tree)?.iter().peekable();
            Ok::<_, StoreError>((tree, live, said.remove(tree).unwrap_or_default()))
        };
        let mut open: Option<Comparing> = None;
        if let Some(path) = snapshot {
            read(path, |part| {
                let Part::Rows(tree, rows) = part else { return Ok(()) };
                if open.as_ref().is_none_or(|open| open.tree != tree) {
                    let Some(at) = left.iter().position(|left| *left == tree) else { return Ok(()) };
                    let next = begin(left.swap_remove(at))?;
                    let before = open.take().map(Comparing::finish).transpose()?;
                    doubts.extend(before.into_iter().flatten());
                    open = Some(Comparing::new(next));
                }
                let Some(open) = &mut open else { return Ok(()) };
                rows.iter().try_for_each(|(name, value)| open.step(name, value))
            })?;
        }
        for tree in left {
            let next = begin(tree)?;
            doubts.extend(Comparing::new(next).finish()?);
        }
        if let Some(open) = open {
            doubts.extend(open.finish()?);
        }
        doubts.truncate(DOUBTS_MAX);
        Ok(doubts)
    }
}

impl Comparing {
    fn new((tree, live, said): (&'static str, Peekable<Iter>, HashMap<Vec<u8>, Option<Digest>>)) -> Self {
        Self { tree, live, said, doubts: vec![] }
    }

    /// The next row of the snapshot.
    fn step(&mut self, name: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let is_before =
            |row: &sled::Result<(IVec, IVec)>| row.as_ref().map_or(true, |(live, _)| live[..] < *name);
        while let Some(row) = self.live.next_if(is_before) {
            let (name, value) = row?;
            self.extra(&name, &value);
        }
        let is_it = |row: &sled::Result<(IVec, IVec)>| row.as_ref().is_ok_and(|(live, _)| live[..] == *name);
        let live = self.live.next_if(is_it).transpose()?.map(|(_, live)| live);
        match self.said.remove(name) {
            None if live.as_deref() == Some(value) => {}
            None => self.doubt(name, Some(digest(value))),
            Some(wanted) => {
                if live.map(|live| digest(&live)) != wanted {
                    self.doubt(name, wanted);
                }
            }
        }
        Ok(())
    }

    /// A row that the snapshot does not have.
    fn extra(&mut self, name: &[u8], value: &[u8]) {
        let wanted = self.said.remove(name).flatten();
        if wanted != Some(digest(value)) {
            self.doubt(name, wanted);
        }
    }

    fn finish(mut self) -> Result<Vec<Doubt>, StoreError> {
        while let Some(row) = self.live.next() {
            let (name, value) = row?;
            self.extra(&name, &value);
        }
        for (name, wanted) in std::mem::take(&mut self.said) {
            if wanted.is_some() {
                self.doubt(&name, wanted);
            }
        }
        Ok(self.doubts)
    }

    fn doubt(&mut self, name: &[u8], wanted: Option<Digest>) {
        let is_of_the_store = self.tree == "meta" && OF_THE_STORE.contains(&name);
        if !is_of_the_store && self.doubts.len() < DOUBTS_MAX {
            self.doubts.push((self.tree, name.to_vec(), wanted));
        }
    }
}

fn read(path: &Path, take: impl FnMut(Part) -> Result<(), StoreError>) -> Result<Summary, StoreError> {
    let file = File::open(path).map_err(lock::failed(path))?;
    snapshot::read(BufReader::with_capacity(READ_BYTES, file), take)
}

fn digest(value: &[u8]) -> Digest {
    Digest::of([value])
}

fn note(said: &mut Said, changes: &Changes) {
    for (tree, rows) in &changes.0 {
        let Some(tree) = TREES.iter().find(|known| **known == tree.as_ref()) else { continue };
        if OF_KEYS.contains(tree) {
            continue;
        }
        let said = said.entry(tree).or_default();
        for (name, value) in &rows.0 {
            said.insert(name.clone(), value.as_deref().map(digest));
        }
    }
}
