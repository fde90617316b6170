//! Making a store anew from the journal.

use std::path::Path;

use super::StoreError;
use super::open::{claim, open_sled};
use super::trees::{Prepared, Trees};
use super::write::failed;
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
    if !journal::look(journal).map_err(failed)?.reaches_back_to(None) {
        rebuilt.lost.push("what was before the journal began".to_owned());
    }
    let db = open_sled(place)?;
    claim(&db, place)?;
    let trees = Trees::open(&db)?;
    journal::read_after(journal, 0, |record| {
        let prepared = Prepared::of(&record.changes).map_err(std::io::Error::other)?;
        trees.apply(&db, &prepared, record.sequence).map_err(std::io::Error::other)?;
        (rebuilt.sequence, rebuilt.records) = (record.sequence, rebuilt.records + 1);
        Ok(())
    })
    .map(|read| {
        let missing = read.missing.iter().map(|one| format!("commits {} to {}", one.start, one.end - 1));
        rebuilt.lost.extend(missing);
    })
    .map_err(failed)?;
    Ok(rebuilt)
}
