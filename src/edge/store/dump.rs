//! Writing a snapshot while the writer goes on: its rows are of several moments, and the commits that were made
//! meanwhile follow them.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::open::SCHEMA;
use super::trees::TREES;
use super::write::failed;
use super::{Store, StoreError};
use crate::edge::journal;
use crate::edge::snapshot::{Head, SnapshotError, Summary, Writer};
use crate::model::Timestamp;

/// The index of keys: the only rows that also change without a commit.
pub(super) const OF_KEYS: &[&str] = &["runs", "volumes", "pages", "keys"];

/// The snapshots that are being written: for each the place of the last commit that its rows know of.
#[derive(Debug, Default)]
pub(super) struct Dumps(Mutex<Vec<u64>>);

/// As long as it lives, the commits behind this place are needed.
struct Dump<'a> {
    of: &'a Dumps,
    before: u64,
}

impl Dumps {
    /// The oldest commit of which the next ones are still needed.
    fn oldest(&self) -> Option<u64> {
        self.all().iter().min().copied()
    }

    fn begin(&self, before: impl FnOnce() -> u64) -> Dump<'_> {
        let mut all = self.all();
        let before = before();
        all.push(before);
        drop(all);
        Dump { of: self, before }
    }

    fn all(&self) -> MutexGuard<'_, Vec<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Dump<'_> {
    fn drop(&mut self) {
        let mut all = self.of.all();
        if let Some(at) = all.iter().position(|before| *before == self.before) {
            all.swap_remove(at);
        }
    }
}

impl Store {
    /// Writes the whole store to `out`, as it is at some moment before this returns; all that was told to anybody
    /// before the call is in it. The writer goes on meanwhile. `rest` is called after every block, for whoever wants to
    /// leave the disk to others in between.
    pub fn snapshot(
        &self,
        out: impl Write,
        made_at: Timestamp,
        mut rest: impl FnMut(),
    ) -> Result<Summary, StoreError> {
        // Before the place is noted: what has settled since then is in the commits that follow the rows as well.
        let hold = self.keys.hold();
        let dump = self.dumps.begin(|| self.sequence());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let head = Head { schema: SCHEMA, before: dump.before, made_at, version };
        let mut writer = Writer::new(out, head).map_err(SnapshotError::Io)?;
        // The index is held no longer than it has to be.
        for tree in OF_KEYS {
            self.dump(&mut writer, tree, &mut rest)?;
        }
        drop(hold);
        for tree in TREES.iter().filter(|tree| !OF_KEYS.contains(tree)) {
            self.dump(&mut writer, tree, &mut rest)?;
        }
        let sequence = self.sequence();
        // Nobody is to keep what the store itself might lose.
        self.flush()?;
        self.append(&mut writer, dump.before, sequence, &mut rest)?;
        Ok(writer.finish(sequence).map_err(SnapshotError::Io)?)
    }

    /// The commit before which the journal is not needed where `kept` is the oldest snapshot's last: one that is being
    /// written may need more.
    pub(super) fn needed_behind(&self, kept: u64) -> u64 {
        self.dumps.oldest().map_or(kept, |oldest| oldest.min(kept))
    }

    fn dump(
        &self,
        writer: &mut Writer<impl Write>,
        tree: &str,
        rest: &mut impl FnMut(),
    ) -> Result<(), StoreError> {
        for row in &self.db.open_tree(tree)? {
            let (name, value) = row?;
            if writer.row(tree, &name, &value).map_err(SnapshotError::Io)? {
                rest();
            }
        }
        Ok(())
    }

    /// Adds the commits behind `before` up to `last`; every one of them, or it fails.
    fn append(
        &self,
        writer: &mut Writer<impl Write>,
        before: u64,
        last: u64,
        rest: &mut impl FnMut(),
    ) -> Result<(), StoreError> {
        let mut next = before + 1;
        if before == last {
            return Ok(());
        }
        let read = journal::read_after(self.journal.folder(), before, |record| {
            if record.sequence == next && next <= last {
                writer.record(&record)?;
                next += 1;
                rest();
            }
            Ok(())
        });
        let read = read.map_err(failed)?;
        if next == last + 1 {
            return Ok(());
        }
        tracing::error!(?read, missing = next, "the journal lacks a commit that a snapshot needs");
        Err(StoreError::Refused(format!("the journal lacks commit {next}: try again")))
    }
}
