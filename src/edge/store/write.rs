//! The one way into the store: a commit goes to the journal, and then to sled, which holds its place in the same
//! transaction. Nothing of it counts before [`Store::flush`].

use std::io;
use std::sync::atomic::Ordering;

use super::trees::Prepared;
use super::{Found, Store, StoreError};
use crate::edge::journal::{Changes, Encoded, Rows};
use crate::edge::{fault, systemd};

impl Store {
    /// Makes everything that was applied so far durable: only then it may be shown, or answered for. Those who call it
    /// at the same time wait for the same sync.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.noting(self.flushed())
    }

    fn flushed(&self) -> Result<(), StoreError> {
        let filed = self.ledgers.filed();
        self.journal.sync().map_err(failed)?;
        systemd::alive();
        self.ledgers.note_durable(&filed);
        Ok(())
    }

    /// The place of the last commit.
    pub fn sequence(&self) -> u64 {
        self.journal.last()
    }

    /// What was found in the journal when the store was opened.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The place that a snapshot must have come to, at least, so that with the journal it makes all of the store; `None`
    /// where the journal alone does. Where the newest snapshot is older, another one is due at once.
    pub fn journal_base(&self) -> Option<u64> {
        self.journal.base()
    }

    /// What the journal takes on the disk, in bytes, for the commits behind this place.
    pub fn journal_bytes_behind(&self, place: u64) -> Result<u64, StoreError> {
        self.journal.bytes_behind(place).map_err(failed)
    }

    /// Drops the parts of the journal that only have commits up to and with this place, unless a snapshot that is being
    /// written still needs them.
    pub fn drop_journal_before(&self, place: u64) -> Result<(), StoreError> {
        self.journal.drop_before(self.needed_behind(place)).map_err(failed)
    }

    /// Writes the rows of one tree.
    pub(super) fn write_rows(&self, tree: &'static str, rows: Rows) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.of(tree, rows);
        self.write(&changes)
    }

    /// Writes all of it or nothing. What fails in sled may be there after the next start: the journal has it.
    pub(super) fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.admit_commit(changes)?;
        self.noting(self.written(changes))
    }

    fn written(&self, changes: &Changes) -> Result<(), StoreError> {
        let encoded = Encoded::of(changes).map_err(failed)?;
        let prepared = Prepared::of(changes)?;
        // Held until sled has it, so that both have the same order.
        let mut journal = self.journal.begin();
        if self.is_broken() {
            return Err(StoreError::Broken);
        }
        let sequence = journal.append(encoded).map_err(failed)?;
        fault::point("store.transaction");
        // With another commit on top of one that it does not have, sled would not be where it says it is.
        self.trees
            .apply(&self.db, &prepared, sequence)
            .inspect_err(|_| self.db.is_broken().store(true, Ordering::Relaxed))?;
        fault::point("store.transaction.after");
        let is_sync_due = journal.is_sync_due();
        drop(journal);
        systemd::alive();
        if is_sync_due && let Err(error) = self.journal.sync() {
            // It is written all the same, and whoever wants it durable hears of it.
            tracing::warn!(%error, "the journal cannot be synced yet");
        }
        Ok(())
    }
}

/// What the journal says, as an error of the store.
pub(super) fn failed(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => StoreError::Refused(error.to_string()),
        _ => StoreError::Journal(error),
    }
}
