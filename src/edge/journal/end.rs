//! The segment that is written, and the records of it that are not known to be on the disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::format::Encoded;
use super::segment::{self, Open};
use super::{UNSYNCED_BYTES_MAX, UNSYNCED_RECORDS_MAX};
use crate::edge::fault;

/// A segment that has grown beyond this is followed by another one.
const SEGMENT_BYTES_MAX: usize = 16 << 20;

/// Where the journal ends.
#[derive(Debug)]
pub(super) struct End {
    open: Open,
    /// The place of the next record.
    pub(super) next: u64,
    /// The last place that is on the disk for certain.
    pub(super) durable: u64,
    /// All behind that, in order.
    unsynced: VecDeque<Unsynced>,
    unsynced_bytes: usize,
    /// Whether somebody is syncing just now.
    pub(super) is_syncing: bool,
    /// Whether the segment cannot be trusted any more: nothing is appended to it, and what is unsynced goes into
    /// another one.
    pub(super) must_renew: bool,
    pub(super) is_closing: bool,
}

#[derive(Debug)]
struct Unsynced {
    place: u64,
    record: Encoded,
    since: Instant,
}

impl End {
    pub(super) fn new(open: Open, next: u64) -> Self {
        Self {
            open,
            next,
            durable: next - 1,
            unsynced: VecDeque::new(),
            unsynced_bytes: 0,
            is_syncing: false,
            must_renew: false,
            is_closing: false,
        }
    }

    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.open.file)
    }

    #[cfg(test)]
    pub(super) fn swap_file(&mut self, file: Arc<File>) {
        self.open.file = file;
    }

    /// Whether the segment is to be followed by another one.
    pub(super) fn is_long(&self) -> bool {
        self.open.bytes > fault::limit("journal.segment", SEGMENT_BYTES_MAX) as u64
    }

    /// Whether nothing is unsynced.
    pub(super) fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// Since when the oldest record that is not synced is there.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.unsynced.front().map(|oldest| oldest.since)
    }

    pub(super) fn is_sync_due(&self) -> bool {
        self.unsynced_bytes >= UNSYNCED_BYTES_MAX
            || self.unsynced.len() >= UNSYNCED_RECORDS_MAX
            || self.oldest().is_some_and(|since| since.elapsed() >= super::UNSYNCED_MAX)
    }

    /// Everything up to this place is on the disk.
    pub(super) fn note_durable(&mut self, place: u64) {
        self.durable = self.durable.max(place);
        while let Some(oldest) = self.unsynced.front().filter(|oldest| oldest.place <= self.durable) {
            self.unsynced_bytes -= oldest.record.0.len();
            self.unsynced.pop_front();
        }
    }

    /// Nobody may be syncing where the segment has to be left: see [`super::Journal::begin`].
    pub(super) fn append(&mut self, folder: &Path, mut record: Encoded) -> io::Result<u64> {
        if self.must_renew {
            self.renew(folder)?;
        }
        if self.is_long() {
            self.rotate(folder, false)?;
        }
        record.seal(self.open.mark, self.next);
        if let Err(error) = self.write(&record.0) {
            // A part of it may be there, and the next record must not follow that.
            self.must_renew = self.open.file.set_len(self.open.bytes).is_err();
            return Err(error);
        }
        let place = self.next;
        self.open.bytes += record.0.len() as u64;
        self.unsynced_bytes += record.0.len();
        self.next += 1;
        self.unsynced.push_back(Unsynced { place, record, since: Instant::now() });
        fault::point("journal.append.after");
        Ok(place)
    }

    fn write(&self, record: &[u8]) -> io::Result<()> {
        fault::failing("journal.append")?;
        let mut rest = record;
        if fault::is_armed() {
            let (half, other) = record.split_at(record.len() / 2);
            self.open.file.as_ref().write_all(half)?;
            fault::failing("journal.append.half")?;
            rest = other;
        }
        self.open.file.as_ref().write_all(rest)
    }

    /// Begins another segment, behind all that is there. Nobody may be syncing.
    pub(super) fn rotate(&mut self, folder: &Path, is_anew: bool) -> io::Result<()> {
        fault::failing("journal.rotate")?;
        match segment::sync(&self.open.file) {
            Ok(()) => self.note_durable(self.next - 1),
            Err(error) => {
                tracing::error!(%error, "the journal could not be synced: another segment is begun");
                self.must_renew = true;
                return self.renew(folder);
            }
        }
        self.open = segment::begin(folder, self.next, is_anew, std::iter::empty())?;
        fault::point("journal.rotate.after");
        Ok(())
    }

    /// Begins another segment with what may not be in this one. Nobody may be syncing.
    pub(super) fn renew(&mut self, folder: &Path) -> io::Result<()> {
        // It is a sync like the one that failed.
        fault::failing("journal.sync")?;
        fault::point("journal.renew");
        let again = self.unsynced.iter_mut().map(|unsynced| (unsynced.place, &mut unsynced.record));
        // Where nothing of this one is durable, it is replaced.
        let first = self.durable + 1;
        self.open = segment::begin(folder, first, self.open.is_anew && first == self.open.first, again)?;
        self.note_durable(self.next - 1);
        self.must_renew = false;
        Ok(())
    }
}
