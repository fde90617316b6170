//! Writing a snapshot from front to back.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::block::{Blocks, Kind};
use super::{FORM, Head, Summary, TITLE, body};
use crate::edge::journal::Record;

/// A block of rows that has grown to this is written.
const BLOCK_BYTES_ENOUGH: usize = 256 << 10;

/// What the last block says.
#[derive(Serialize, Deserialize)]
pub(super) struct End {
    pub(super) sequence: u64,
    pub(super) trees: BTreeMap<String, u64>,
    pub(super) records: u64,
    /// Of all bytes before the last block.
    pub(super) sum: u32,
}

/// A snapshot that is being written: all rows first, then the commits, then [`Writer::finish`].
pub struct Writer<W> {
    blocks: Blocks<W>,
    head: Head,
    tree: String,
    rows: Vec<u8>,
    trees: BTreeMap<String, u64>,
    records: u64,
    row_bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a snapshot.
    pub fn new(out: W, head: Head) -> io::Result<Self> {
        let mut blocks = Blocks::new(out)?;
        blocks.raw(&[TITLE, FORM.to_string().as_bytes(), b"\n"].concat())?;
        blocks.write(Kind::Head, &serde_json::to_vec(&head)?)?;
        let (tree, rows, trees) = (String::new(), vec![], BTreeMap::new());
        Ok(Self { blocks, head, tree, rows, trees, records: 0, row_bytes: 0 })
    }

    /// Adds a row; says whether a block was written by that.
    pub fn row(&mut self, tree: &str, name: &[u8], value: &[u8]) -> io::Result<bool> {
        let is_other = self.tree != tree;
        let is_full = self.rows.len() >= BLOCK_BYTES_ENOUGH;
        if is_other || is_full {
            self.end_rows()?;
        }
        if is_other {
            tree.clone_into(&mut self.tree);
        }
        if self.rows.is_empty() {
            body::put(&mut self.rows, tree.as_bytes())?;
        }
        body::put(&mut self.rows, name)?;
        body::put(&mut self.rows, value)?;
        self.row_bytes += (name.len() + value.len()) as u64;
        match self.trees.get_mut(tree) {
            Some(count) => *count += 1,
            None => drop(self.trees.insert(tree.to_owned(), 1)),
        }
        Ok(is_full)
    }

    /// Adds a commit.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.end_rows()?;
        let mut body = vec![];
        body::put_record(&mut body, record)?;
        self.records += 1;
        self.blocks.write(Kind::Record, &body)
    }

    /// Ends the snapshot: it is the store as the commit `sequence` left it.
    pub fn finish(mut self, sequence: u64) -> io::Result<Summary> {
        self.end_rows()?;
        let Self { mut blocks, head, trees, records, row_bytes, .. } = self;
        let end = End { sequence, trees, records, sum: blocks.sum() };
        blocks.write(Kind::End, &serde_json::to_vec(&end)?)?;
        blocks.flush()?;
        Ok(Summary { head, sequence, trees: end.trees, records, row_bytes, bytes: blocks.bytes })
    }

    fn end_rows(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.blocks.write(Kind::Rows, &self.rows)?;
        self.rows.clear();
        Ok(())
    }
}
