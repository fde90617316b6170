//! Looking a store through: every row of every tree, what the rows say of one another, and the journal and the
//! snapshots against them. Nothing is changed, and the writer goes on meanwhile.
//!
//! What is read while something is written may not fit together for a moment. So whatever looks wrong is looked at
//! again, until that falls between two commits.

mod against;
mod links;
mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use self::against::Against;
use super::lock::failed;
use super::trees::TREES;
use super::{Store, StoreError};
use crate::edge::journal;
use crate::edge::snapshot;
use crate::model::Timestamp;

/// What is wrong, as far as it is named.
const FINDINGS_MAX: usize = 100;
/// How often something is looked at again while the writer goes on.
const LOOKS_MAX: usize = 1_000;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The place of the last commit, at the end.
    pub sequence: u64,
    /// By the names of the trees.
    pub trees: BTreeMap<String, Counted>,
    /// Entries that are stored.
    pub entries: u64,
    /// Names in the index of keys.
    pub keys: u64,
    /// The journal.
    pub journal: Journaled,
    /// The snapshots that nashra keeps, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// What is wrong.
    pub findings: Findings,
}

/// How much a tree holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Rows.
    pub rows: u64,
    /// Bytes of their names and values.
    pub bytes: u64,
}

/// How much the journal holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journaled {
    /// Files.
    pub segments: u64,
    /// Commits.
    pub records: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// A snapshot in the state folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its file.
    pub name: String,
    /// When it was made; `None` where it cannot be read.
    pub made_at: Option<Timestamp>,
    /// The place of its last commit.
    pub sequence: u64,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// What is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// How much.
    pub count: u64,
    /// The first of it, one sentence each.
    pub named: Vec<String>,
}

impl Findings {
    fn add(&mut self, finding: impl Into<String>) {
        self.count += 1;
        if self.named.len() < FINDINGS_MAX {
            self.named.push(finding.into());
        }
    }
}

/// Looks through what is beside a store that cannot be opened, for the reason that `why` says.
pub fn verify_without(folder: &Path, why: &StoreError) -> Verified {
    let mut verified = Verified::default();
    verified.findings.add(format!("the store cannot be opened: {why}"));
    if let Err(error) = verified.look_beside(folder, &mut Against::default()) {
        verified.findings.add(format!("the files beside the store cannot be read: {error}"));
    }
    verified
}

impl Store {
    /// Looks everything through. `folder` is where the snapshots are: the state folder.
    pub fn verify(&self, folder: &Path) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        let mut found = links::Found::default();
        let before = self.counted();
        for tree in TREES {
            let counted = self.verify_rows(tree, &mut found, &mut verified.findings);
            verified.trees.insert((*tree).to_owned(), counted);
        }
        self.verify_links(found, &before, &mut verified)?;
        self.flush()?;
        let mut against = Against::default();
        verified.look_beside(folder, &mut against)?;
        self.verify_against(&mut against, folder, &mut verified)?;
        verified.sequence = self.sequence();
        Ok(verified)
    }

    /// Looks again and again, until no commit came between; says whether all is well then. Where commits come faster
    /// than that, it counts as well.
    fn settled(&self, mut is_well: impl FnMut() -> Result<bool, StoreError>) -> Result<bool, StoreError> {
        for _ in 0..LOOKS_MAX {
            let before = self.sequence();
            if is_well()? {
                return Ok(true);
            }
            if self.sequence() == before {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Verified {
    /// Reads the journal and every snapshot.
    fn look_beside(&mut self, folder: &Path, against: &mut Against) -> Result<(), StoreError> {
        let journal = folder.join("journal");
        if journal.exists() {
            let read = journal::segments(&journal, |facts| {
                self.journal.segments += 1;
                self.journal.records += facts.records;
                self.journal.bytes += facts.bytes;
                if !facts.is_titled {
                    let path = facts.segment.path.display();
                    self.findings.add(format!("{path}: its beginning is damaged"));
                }
                facts.damaged.iter().for_each(|damaged| self.findings.add(damaged.to_string()));
                Ok(())
            });
            read.map_err(super::write::failed)?;
        }
        let snapshots = folder.join("snapshots");
        for kept in snapshot::kept(&snapshots).map_err(failed(&snapshots))? {
            let seen = self.look_at(&kept, against);
            self.snapshots.push(seen);
        }
        Ok(())
    }

    fn look_at(&mut self, kept: &snapshot::Kept, against: &mut Against) -> Snapshot {
        let name = kept.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sequence = kept.sequence;
        match against.take(&kept.path) {
            Ok(read) => {
                if read.sequence != sequence {
                    self.findings.add(format!("{name}: it is named after another commit than its last one"));
                }
                let (rows, made_at) = (read.rows(), Some(read.head.made_at));
                Snapshot { name, made_at, sequence: read.sequence, rows, bytes: read.bytes }
            }
            Err(error) => {
                self.findings.add(format!("{name}: {error}"));
                let bytes = kept.path.metadata().map_or(0, |about| about.len());
                Snapshot { name, made_at: None, sequence, rows: 0, bytes }
            }
        }
    }
}
