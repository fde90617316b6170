//! What the next process has to know of the time, in a small file of its own: it is needed before the store is open.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Record;
use crate::edge::files::read_text;

const NAME: &str = "clock.json";
const FILE_BYTES_MAX: u64 = 4096;

/// Where it is written down.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
}

impl Keeper {
    /// In this folder.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(NAME) }
    }

    /// What stands there; one that cannot be read is none.
    pub fn read(&self) -> Option<Record> {
        serde_json::from_str(&read_text(&self.path, FILE_BYTES_MAX).ok()?).ok()
    }

    /// A disk that is full costs no more than what the next process would have known.
    pub fn write(&self, record: &Record) {
        let written = || -> io::Result<()> {
            let aside = self.path.with_extension("json.new");
            let mut file = File::create(&aside)?;
            file.write_all(&serde_json::to_vec(record)?)?;
            file.sync_data()?;
            fs::rename(aside, &self.path)
        };
        if let Err(error) = written() {
            tracing::debug!(%error, "the time cannot be written down");
        }
    }
}
