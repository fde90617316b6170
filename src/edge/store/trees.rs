//! The trees of the store, opened once, and a commit over several of them.

use sled::Batch;

use super::guard::{Db, Tree};
use super::{StoreError, codec};
use crate::edge::journal::Changes;

/// All there are, in the order in which a rebuilt store gets them.
pub(super) const TREES: &[&str] = &[
    "meta",
    "sources",
    "entries",
    "sheaves",
    "keys",
    "runs",
    "volumes",
    "pages",
    "names",
    "stories",
    "delisted",
    "due",
    "sketches",
    "stubs",
    "related",
    "clicks",
    "archive",
    "archived",
    "hidden",
    "subscriptions",
    "deliveries",
];
/// In which the place of the last commit is.
const META: &str = "meta";
/// The place of the last commit.
pub(super) const SEQUENCE: &[u8] = b"sequence";
/// What a store that has nothing yet holds there.
const SIGNATURE: [&[u8]; 2] = [b"app", b"schema"];

/// The trees, in the order of [`TREES`].
#[derive(Debug)]
pub(super) struct Trees(Vec<Tree>);

/// What a commit does to each tree that it changes.
pub(super) struct Prepared(Vec<Option<Batch>>);

impl Trees {
    pub(super) fn open(db: &Db) -> Result<Self, StoreError> {
        Ok(Self(TREES.iter().map(|name| db.open_tree(name)).collect::<sled::Result<_>>()?))
    }

    /// The tree with this name.
    pub(super) fn tree(&self, name: &str) -> Result<&Tree, StoreError> {
        self.0.get(place(name)?).ok_or_else(|| unknown(name))
    }

    /// The place of the last commit that is in them; `None` where no version with a journal has written.
    pub(super) fn sequence(&self) -> Result<Option<u64>, StoreError> {
        let row = self.tree(META)?.get(SEQUENCE)?;
        Ok(row.map(|row| codec::count(Some(&row))))
    }

    /// Whether nothing was ever written.
    pub(super) fn are_empty(&self) -> Result<bool, StoreError> {
        for name in self.tree(META)?.iter().keys() {
            if !SIGNATURE.contains(&&name?[..]) {
                return Ok(false);
            }
        }
        let others = TREES.iter().zip(&self.0).filter(|(name, _)| **name != META);
        Ok(others.into_iter().all(|(_, tree)| tree.is_empty()))
    }

    /// One commit, with its place: all of it or nothing.
    pub(super) fn apply(&self, db: &Db, prepared: &Prepared, sequence: u64) -> Result<(), StoreError> {
        let mut place = Batch::default();
        place.insert(SEQUENCE, &sequence.to_be_bytes());
        let changed =
            self.0.iter().zip(&prepared.0).filter_map(|(tree, batch)| Some((tree, batch.as_ref()?)));
        let place = [(self.tree(META)?, &place)];
        Ok(db.apply(changed.chain(place))?)
    }
}

impl Prepared {
    /// Makes a commit ready. Fails where it has a tree that this version does not know.
    pub(super) fn of(changes: &Changes) -> Result<Self, StoreError> {
        let mut prepared = Self(vec![]);
        prepared.0.resize_with(TREES.len(), || None);
        for (name, rows) in &changes.0 {
            let batch = prepared.0.get_mut(place(name)?).ok_or_else(|| unknown(name))?;
            let batch = batch.get_or_insert_default();
            for (row, value) in &rows.0 {
                match value {
                    Some(value) => batch.insert(&row[..], &value[..]),
                    None => batch.remove(&row[..]),
                }
            }
        }
        Ok(prepared)
    }
}

fn place(name: &str) -> Result<usize, StoreError> {
    TREES.iter().position(|known| *known == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> StoreError {
    StoreError::Refused(format!(
        "the journal has a tree {name:?}, written by a newer nashra: install that version again; nothing was changed"
    ))
}
