//! Making a store anew from the journal.

use std::path::Path;

use super::StoreError;
use super::open::{claim, open_sled};
use super::write::apply;
use crate::edge::journal;

/// What a store was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// The place of its last commit.
    pub sequence: u64,
    /// Rows that came from the snapshot.
    pub rows: u64,
    /// Commits that came from the snapshot and the journal.
    pub records: u64,
    /// What is missing.
    pub lost: Vec<String>,
}

/// Makes it.
pub fn rebuild(place: &Path, snapshot: Option<&Path>, journal: &Path) -> Result<Rebuilt, StoreError> {
    if let Some(snapshot) = snapshot {
        return Err(StoreError::Record(snapshot.display().to_string()));
    }
    let mut rebuilt = Rebuilt::default();
    let db = open_sled(place)?;
    let meta = claim(&db, place)?;
    journal::read_after(journal, 0, |record| {
        apply(&db, &meta, record.sequence, &record.changes).map_err(std::io::Error::other)?;
        (rebuilt.sequence, rebuilt.records) = (record.sequence, rebuilt.records + 1);
        Ok(())
    })
    .map_err(StoreError::Journal)?;
    Ok(rebuilt)
}
