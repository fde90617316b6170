//! What one commit changes, as a value: rows of trees by their names, set or removed.

use std::borrow::Cow;

/// The rows of one tree that a commit sets or removes. Where a row is named twice, the last word counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Rows {
    /// Sets a row.
    pub fn insert(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), Some(value.into())));
    }

    /// Removes a row; nothing happens where there is none.
    pub fn remove(&mut self, name: impl Into<Vec<u8>>) {
        self.0.push((name.into(), None));
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes they take in a record.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| 8 + name.len() + value.as_ref().map_or(0, Vec::len)).sum()
    }
}

/// What one commit changes: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(pub Vec<(Cow<'static, str>, Rows)>);

impl Changes {
    /// Adds the rows of a tree, if there are any.
    pub fn of(&mut self, tree: &'static str, rows: Rows) {
        if !rows.is_empty() {
            self.0.push((Cow::Borrowed(tree), rows));
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A commit and its place in the order of all commits of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Counts up by one from one commit to the next; the first is 1.
    pub sequence: u64,
    /// What it changes.
    pub changes: Changes,
}
