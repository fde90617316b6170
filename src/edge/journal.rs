//! The journal: every commit of the store, in files that are only ever appended to, each record with its checksum.
//! What is in it and synced is never lost; the store beside it can be made anew from a snapshot and the journal.

mod changes;
mod format;
mod segment;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault;

pub use self::changes::{Changes, Record, Rows};
pub use self::segment::{Damaged, Segment};

/// A segment that has grown beyond this is followed by another one.
const SEGMENT_BYTES_MAX: usize = 16 << 20;

/// The end of the journal, where commits are appended.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: Arc<File>,
    /// Bytes of the last segment that are whole records.
    bytes: u64,
    /// The place of the next record.
    next: u64,
    /// Whether something was appended that has not been synced.
    is_dirty: bool,
}

impl Journal {
    /// Opens the journal in `folder`, making it where there is none. The next record is the one behind the last that is
    /// there, or behind `at_least`, whichever comes later. A torn record at the end is cut off.
    pub fn open(folder: &Path, at_least: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let last = Segment::all(folder)?.pop().map(|segment| segment.read()).transpose()?;
        let end = last.as_ref().and_then(segment::Read::last_sequence);
        let next = end.unwrap_or_default().max(at_least) + 1;
        match last {
            // Numbers in a segment have no gaps.
            Some(read) if end.is_some_and(|end| end + 1 == next) => {
                let file = File::options().append(true).open(&read.segment.path)?;
                file.set_len(read.bytes_whole)?;
                file.sync_data()?;
                let bytes = read.bytes_whole;
                Ok(Self { folder: folder.to_path_buf(), file: Arc::new(file), bytes, next, is_dirty: false })
            }
            _ => {
                let (file, bytes) = segment::begin(folder, next)?;
                Ok(Self { folder: folder.to_path_buf(), file: Arc::new(file), bytes, next, is_dirty: false })
            }
        }
    }

    /// The place of the record that is appended next.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Appends a commit and says which place it has. Not durable before the file is synced: see [`Journal::unsynced`].
    /// Where the disk does not take it, nothing is appended.
    pub fn append(&mut self, changes: &Changes) -> io::Result<u64> {
        if self.bytes > fault::limit("journal.segment", SEGMENT_BYTES_MAX) as u64 {
            self.rotate()?;
        }
        let record = format::record(self.next, changes)?;
        if let Err(error) = self.write(&record) {
            // A part of it may be there; the next record must not follow that.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += record.len() as u64;
        self.is_dirty = true;
        self.next += 1;
        fault::point("journal.append.after");
        Ok(self.next - 1)
    }

    fn write(&self, record: &[u8]) -> io::Result<()> {
        fault::failing("journal.append")?;
        let mut rest = record;
        if fault::is_armed() {
            let (half, other) = record.split_at(record.len() / 2);
            self.file.as_ref().write_all(half)?;
            fault::failing("journal.append.half")?;
            rest = other;
        }
        self.file.as_ref().write_all(rest)
    }

    /// The file to be synced (`sync_data`) before what was appended so far counts as durable; `None` where all of it is.
    /// To be called under the lock that guards the journal; the syncing need not be.
    pub fn unsynced(&mut self) -> Option<Arc<File>> {
        std::mem::take(&mut self.is_dirty).then(|| Arc::clone(&self.file))
    }

    /// What was asked of [`Journal::unsynced`] failed to be synced.
    pub fn remain_unsynced(&mut self) {
        self.is_dirty = true;
    }

    /// Begins another segment.
    pub fn rotate(&mut self) -> io::Result<()> {
        fault::failing("journal.rotate")?;
        self.file.sync_data()?;
        let (file, bytes) = segment::begin(&self.folder, self.next)?;
        (self.file, self.bytes) = (Arc::new(file), bytes);
        fault::point("journal.rotate.after");
        Ok(())
    }
}

/// Every record behind `after`, in order, and what could not be read on the way.
pub fn read_after(
    folder: &Path,
    after: u64,
    mut take: impl FnMut(Record) -> io::Result<()>,
) -> io::Result<Vec<Damaged>> {
    let mut damaged = vec![];
    let segments = Segment::all(folder)?;
    for (index, segment) in segments.iter().enumerate() {
        // All of it is before what is wanted.
        if segments.get(index + 1).is_some_and(|next| next.first <= after + 1) {
            continue;
        }
        let read = segment.read()?;
        for record in read.records(after) {
            take(record?)?;
        }
        damaged.extend(read.damaged);
    }
    Ok(damaged)
}
