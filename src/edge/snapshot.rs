//! A snapshot: all rows of a store and the commits that were made while they were written down, in one file that is
//! written and read from front to back.
//!
//! The rows are no single moment: the writer goes on while they are read. The commits behind them mend that, since each
//! says what its rows are to be: what is read is the rows, then the commits in their order, and then it is exactly the
//! store as the last of them left it. A file is a line that says what it is and blocks, each compressed for itself and
//! with its checksum; the last one says what there was, with a checksum of everything before it.

mod block;
mod body;
mod read;
mod shelf;
mod write;

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

pub use self::read::{head, read, read_bodies};
pub use self::shelf::{Kept, SUFFIX, UNNAMED, kept, name, sweep};
pub use self::write::Writer;
use crate::edge::journal::Record;
use crate::model::Timestamp;

/// What a file begins with, before the number of its form and a line feed.
const TITLE: &[u8] = b"nashra snapshot ";
/// The form that this version reads and writes.
const FORM: u32 = 1;

/// What a snapshot says of itself at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The schema of the rows.
    pub schema: u32,
    /// The place of the last commit that every row knows of; later ones follow the rows.
    pub before: u64,
    /// When it was begun.
    pub made_at: Timestamp,
    /// The version of nashra that wrote it.
    #[serde(default)]
    pub version: String,
}

/// What a snapshot holds, known at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What it says at its beginning.
    pub head: Head,
    /// The place of its last commit: it is the store as that one left it.
    pub sequence: u64,
    /// How many rows it holds of each tree; some of them its commits change.
    pub trees: BTreeMap<String, u64>,
    /// How many commits follow the rows.
    pub records: u64,
    /// Bytes of the names and values of its rows.
    pub row_bytes: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Summary {
    /// Rows of all trees.
    pub fn rows(&self) -> u64 {
        self.trees.values().sum()
    }
}

/// A part of a snapshot, in the order of the file: all rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Rows of one tree, in their order: names and values.
    Rows(String, Vec<(Vec<u8>, Vec<u8>)>),
    /// A commit that was made while the rows were written down.
    Record(Record),
}

/// Why a snapshot cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no snapshot of nashra")]
    Foreign,
    /// Another version wrote it.
    #[error("this snapshot has form {0}, written by a newer nashra; this version knows form {FORM}")]
    Newer(u32),
    /// The file ends before its last block.
    #[error("it is cut off in block {block}, which begins at byte {at}")]
    CutOff {
        /// Which block, from 1.
        block: u64,
        /// Where it begins.
        at: u64,
    },
    /// What it says is not what was written.
    #[error("block {block}, which begins at byte {at}, is damaged: {why}")]
    Damaged {
        /// Which block, from 1.
        block: u64,
        /// Where it begins.
        at: u64,
        /// What is wrong with it.
        why: String,
    },
}
