//! The one way into the store: a commit goes to the journal, and then to sled, which holds its place in the same
//! transaction. Nothing of it counts before [`Store::flush`].

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use sled::Batch;

use super::guard::{Db, Tree};
use super::open::TREES;
use super::{Store, StoreError, codec};
use crate::edge::fault;
use crate::edge::journal::{self, Changes, Journal, Record, Rows};

/// The place of the last commit that sled holds.
pub(super) const SEQUENCE: &[u8] = b"sequence";

impl Store {
    /// Makes everything that was applied so far durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        let filed = self.ledgers.filed();
        let unsynced = self.journal().unsynced();
        if let Some(file) = unsynced
            && let Err(error) = sync(&file)
        {
            self.journal().remain_unsynced();
            return Err(StoreError::Journal(error));
        }
        self.ledgers.note_durable(&filed);
        Ok(())
    }

    /// The place of the last commit.
    pub fn sequence(&self) -> u64 {
        self.journal().next() - 1
    }

    /// Writes the rows of one tree.
    pub(super) fn write_rows(&self, tree: &'static str, rows: Rows) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.of(tree, rows);
        self.write(&changes)
    }

    /// Writes all of it or nothing.
    pub(super) fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        // Held until sled has it, so that both have the same order.
        let mut journal = self.journal();
        let sequence = journal.append(changes).map_err(StoreError::Journal)?;
        fault::point("store.transaction");
        apply(&self.db, &self.meta, sequence, changes)?;
        fault::point("store.transaction.after");
        Ok(())
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sync(file: &File) -> io::Result<()> {
    fault::failing("journal.sync")?;
    file.sync_data()?;
    fault::point("journal.sync.after");
    Ok(())
}

/// Opens the journal, and brings sled up to where that has come.
pub(super) fn replay(db: &Db, meta: &Tree, folder: &Path) -> Result<Journal, StoreError> {
    let held = codec::count(meta.get(SEQUENCE)?.as_deref());
    let journal = Journal::open(folder, held).map_err(StoreError::Journal)?;
    if journal.next() == held + 1 {
        return Ok(journal);
    }
    let mut failed = None;
    let damaged = journal::read_after(folder, held, |Record { sequence, changes }| {
        if failed.is_none() {
            failed = apply(db, meta, sequence, &changes).err();
            fault::point("store.replay");
        }
        Ok(())
    });
    for damaged in damaged.map_err(StoreError::Journal)? {
        tracing::error!(?damaged, "a part of the journal cannot be read");
    }
    failed.map_or(Ok(journal), Err)
}

/// One commit into sled, with its place.
pub(super) fn apply(db: &Db, meta: &Tree, sequence: u64, changes: &Changes) -> Result<(), StoreError> {
    let mut trees = vec![meta.clone()];
    let mut place = Batch::default();
    place.insert(SEQUENCE, &sequence.to_be_bytes());
    let mut batches = vec![place];
    for (name, rows) in &changes.0 {
        let Some(name) = TREES.iter().find(|known| **known == name.as_ref()) else {
            return Err(StoreError::Refused(format!(
                "the journal has a tree {name:?} that this version does not know"
            )));
        };
        let mut batch = Batch::default();
        for (row, value) in &rows.0 {
            match value {
                Some(value) => batch.insert(&row[..], &value[..]),
                None => batch.remove(&row[..]),
            }
        }
        trees.push(db.open_tree(name)?);
        batches.push(batch);
    }
    Ok(db.apply(&trees, &batches)?)
}
