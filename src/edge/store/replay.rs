//! At opening: sled is brought up to where the journal has come, or told to be too far behind.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::StoreError;
use super::guard::Db;
use super::trees::{Prepared, Trees};
use super::write::failed;
use crate::edge::fault;
use crate::edge::journal::{self, Damaged, Journal, Read, Record};

/// What becomes of commits that neither sled nor the journal has, although there are later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holes {
    /// Where the journal does not reach back to sled, the store is not opened: a snapshot may have what is between.
    Refused,
    /// They are lost.
    Accepted,
    /// The same, and the journal may lack others that the store has: it begins anew, and a snapshot is due at once.
    Distrusted,
}

/// What was found in the journal at opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The place of the last commit that sled had.
    pub held: u64,
    /// The place of the last commit that the journal had.
    pub last: u64,
    /// How many commits sled did not have and has now.
    pub replayed: u64,
    /// Parts of the journal behind `held` that cannot be read.
    pub damaged: Vec<Damaged>,
    /// The places of commits that neither has. A snapshot may have come further than the first of them: then a store
    /// that is made from it has more.
    pub missing: Vec<Range<u64>>,
    /// Bytes that were being written when the process before ended: they belonged to no commit that counted.
    pub torn_bytes: u64,
    /// Whether the journal alone does not lead to what the store holds any more, nor with the snapshots from before:
    /// another one is due at once.
    pub wants_snapshot: bool,
}

impl Found {
    /// Whether there was anything out of order.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.missing.is_empty() && self.held <= self.last
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { held, last, replayed, damaged, missing, .. } = self;
        write!(f, "the store was at commit {held}, the journal at {last}: {replayed} were replayed")?;
        damaged.iter().try_for_each(|damaged| write!(f, "; {damaged}"))?;
        for missing in missing {
            write!(f, "; lost: commits {} to {}", missing.start, missing.end - 1)?;
        }
        Ok(())
    }
}

/// Opens the journal, and brings sled up to where that has come.
pub(super) fn replay(
    db: &Db,
    trees: &Trees,
    folder: &Path,
    holes: Holes,
) -> Result<(Journal, Found), StoreError> {
    let sequence = trees.sequence()?;
    let held = sequence.unwrap_or_default();
    let is_unwritten = sequence.is_none() && trees.are_empty()?;
    let look = journal::look(folder).map_err(failed)?;
    let (last, base) = (look.last, look.base);
    if holes == Holes::Refused && !look.reaches_back_to((!is_unwritten).then_some(held)) {
        return Err(StoreError::Behind { held, first: base.unwrap_or_default().saturating_add(1) });
    }
    // A store of the version before has more than its journal will ever have.
    let is_older = sequence.is_none() && !is_unwritten && last == 0 && base.is_none();
    let wants_snapshot = is_older || held > last || holes == Holes::Distrusted;
    let mut journal = Journal::open(look, held, wants_snapshot).map_err(failed)?;
    let mut found =
        Found { held, last, torn_bytes: journal.torn_bytes(), wants_snapshot, ..Found::default() };
    if held < last {
        let read = bring_up(db, trees, folder, held)?;
        (found.replayed, found.damaged, found.missing) = (read.records, read.damaged, read.missing);
        let reached = read.between.map_or(held, |(_, reached)| reached);
        if reached < last {
            found.missing.push(reached + 1..last + 1);
        }
        if !found.missing.is_empty() {
            found.wants_snapshot = true;
            journal.rotate(true).map_err(failed)?;
        }
    }
    if found.is_sound() {
        tracing::debug!(?found, "{found}");
    } else {
        tracing::error!(?found, "{found}");
    }
    Ok((journal, found))
}

/// The commits behind `held` into sled.
fn bring_up(db: &Db, trees: &Trees, folder: &Path, held: u64) -> Result<Read, StoreError> {
    let mut wrong = None;
    let read = journal::read_after(folder, held, |Record { sequence, changes }| {
        let applied = Prepared::of(&changes).and_then(|prepared| trees.apply(db, &prepared, sequence));
        fault::point("store.replay");
        applied.map_err(|error| {
            wrong = Some(error);
            std::io::Error::other("it is told below")
        })
    });
    match (read, wrong) {
        (_, Some(wrong)) => Err(wrong),
        (read, None) => read.map_err(failed),
    }
}
