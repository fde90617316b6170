//! The journal: every commit of the store, in files that are only ever appended to, each record with its checksum.
//! What is in it and synced is never lost; the store beside it can be made anew from a snapshot and the journal.
//!
//! Many commits are synced at once: by whoever needs them durable first, for all who do, and after [`UNSYNCED_MAX`] by a
//! thread of the journal's own. What a failed sync leaves on the disk is anybody's guess, so the records that it was
//! about are held in memory until then, and go into another segment: there the places begin that both of them have.

mod bytes;
mod changes;
mod end;
mod format;
mod read;
mod scan;
mod segment;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::fault;

pub use self::bytes::{read_body, read_bytes, write_bytes};
pub use self::changes::{Changes, Record, Rows};
use self::end::End;
pub use self::format::Encoded;
pub(in crate::edge) use self::format::{number, some_bytes, take};
pub use self::read::{Look, Read, look, read_after, segments};
pub use self::segment::{Damaged, Facts, Segment};

/// Nothing is longer in the journal without being synced.
const UNSYNCED_MAX: Duration = Duration::from_secs(1);
/// More is synced before anything else is appended.
const UNSYNCED_BYTES_MAX: usize = 4 << 20;
const UNSYNCED_RECORDS_MAX: usize = 1_000;
/// What is kept of a record that was being written when the process ended, for whoever wants to know.
const TORN_BYTES_MAX: u64 = 1 << 20;
const TORN_KEPT_MAX: usize = 3;
const TORN_SUFFIX: &str = ".torn";

/// The end of the journal, where commits are appended.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    base: Option<u64>,
    /// How many bytes at the end were no whole record.
    torn_bytes: u64,
    syncer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    end: Mutex<End>,
    /// Something was appended where everything was synced, or the journal is closed.
    appended: Condvar,
    /// A sync has ended, well or not.
    synced: Condvar,
}

/// The journal, held for an append and for what has to be in the same order elsewhere.
#[derive(Debug)]
pub struct Appending<'a> {
    shared: &'a Shared,
    end: MutexGuard<'a, End>,
}

impl Journal {
    /// Opens the journal that was looked at, making it where there is none. The next record is the one behind the last,
    /// or behind `at_least`, whichever comes later. A torn record at the end is cut off, and kept aside.
    ///
    /// `is_anew` says that what is there does not lead to what is appended next: see [`Journal::base`]. That is so in any
    /// case where places are left out.
    pub fn open(look: Look, at_least: u64, is_anew: bool) -> io::Result<Self> {
        let Look { folder, tail, last, mut base, .. } = look;
        make(&folder)?;
        segment::sweep(&folder)?;
        let next = last.max(at_least).saturating_add(1);
        let is_anew = is_anew || at_least > last;
        let torn_bytes = tail.as_ref().map_or(0, |tail| tail.bytes - tail.bytes_whole.min(tail.bytes));
        let tail =
            tail.filter(|tail| tail.is_titled && !tail.is_unreadable && tail.next() == next && !is_anew);
        let open = match &tail {
            Some(tail) => {
                keep_torn(&folder, tail);
                segment::go_on(tail)?
            }
            None => None,
        };
        let open = match open {
            Some(open) => open,
            None => segment::begin(&folder, next, is_anew, std::iter::empty())?,
        };
        if is_anew {
            base = Some(next - 1);
        }
        let end = Mutex::new(End::new(open, next));
        let shared = Shared { folder, end, appended: Condvar::new(), synced: Condvar::new() };
        let shared = Arc::new(shared);
        let theirs = Arc::clone(&shared);
        let syncer = thread::Builder::new().name("journal".to_owned()).spawn(move || theirs.keep_synced());
        let syncer = syncer.inspect_err(|error| tracing::warn!(%error, "the journal has no thread")).ok();
        Ok(Self { shared, base, torn_bytes, syncer })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// The place of the last record; 0 where there is none.
    pub fn last(&self) -> u64 {
        self.shared.end().next - 1
    }

    /// What has to be below it: a snapshot that has come to this place at least, so that all that the store holds can be
    /// made anew. `None` where the journal goes back to the first commit of an empty store.
    pub fn base(&self) -> Option<u64> {
        self.base
    }

    /// How many bytes were cut off at opening.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Holds it for an append.
    pub fn begin(&self) -> Appending<'_> {
        let mut end = self.shared.end();
        // Whose sync fails does not say so twice: the segment must not be left meanwhile.
        while end.is_syncing && (end.must_renew || end.is_long()) {
            end = self.shared.synced.wait(end).unwrap_or_else(PoisonError::into_inner);
        }
        Appending { shared: &self.shared, end }
    }

    /// Makes everything durable that was appended so far. Where somebody does that already, it waits for him, and for
    /// the next one if that one came too early.
    pub fn sync(&self) -> io::Result<()> {
        self.shared.sync()
    }

    /// Begins another segment. What is in it does not follow what is before: `is_anew`.
    pub fn rotate(&mut self, is_anew: bool) -> io::Result<()> {
        self.sync()?;
        let mut held = self.begin();
        held.end.rotate(&held.shared.folder, is_anew)?;
        let last = held.end.next - 1;
        drop(held);
        if is_anew {
            self.base = Some(last);
        }
        Ok(())
    }

    /// Removes the segments that only have records up to and with this place; never the last one.
    pub fn drop_before(&self, place: u64) -> io::Result<()> {
        let folder = &self.shared.folder;
        let segments = Segment::all(folder)?;
        let mut is_any_gone = false;
        // The oldest first: what is left is without gaps, wherever it ends.
        for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
            if next.first > place.saturating_add(1) {
                break;
            }
            fs::remove_file(&segment.path)?;
            fault::point("journal.drop");
            is_any_gone = true;
        }
        if is_any_gone { segment::sync_folder(folder) } else { Ok(()) }
    }

    /// What the segments take on the disk, in bytes, that have records behind this place.
    pub fn bytes_behind(&self, place: u64) -> io::Result<u64> {
        let segments = Segment::all(&self.shared.folder)?;
        let ends = segments.iter().skip(1).map(|next| next.first).chain([u64::MAX]);
        let behind = segments.iter().zip(ends).filter(|(_, end)| *end > place.saturating_add(1));
        behind.map(|(segment, _)| Ok(fs::metadata(&segment.path)?.len())).sum()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.end().is_closing = true;
        self.shared.appended.notify_all();
        if let Some(syncer) = self.syncer.take() {
            // One that panicked has nothing to say.
            let _ = syncer.join();
        }
        if let Err(error) = self.sync() {
            tracing::error!(%error, "the journal could not be synced in the end");
        }
    }
}

impl Appending<'_> {
    /// The place that the next record gets.
    pub fn next(&self) -> u64 {
        self.end.next
    }

    /// Whether so much has not been synced that nothing more should be appended before.
    pub fn is_sync_due(&self) -> bool {
        self.end.is_sync_due()
    }

    /// Appends a commit and says which place it has. Not durable before [`Journal::sync`]. Where the disk does not take
    /// it, nothing is appended.
    pub fn append(&mut self, commit: Encoded) -> io::Result<u64> {
        let was_synced = self.end.is_synced();
        let place = self.end.append(&self.shared.folder, commit)?;
        if was_synced {
            self.shared.appended.notify_all();
        }
        Ok(place)
    }
}

impl Shared {
    /// Whoever panicked while he held it did so within sled, not within the journal.
    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sync(&self) -> io::Result<()> {
        let mut end = self.end();
        let wanted = end.next - 1;
        while end.durable < wanted {
            if end.is_syncing {
                end = self.synced.wait(end).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if !end.must_renew {
                let (file, upto) = (end.file(), end.next - 1);
                end.is_syncing = true;
                drop(end);
                let result = segment::sync(&file);
                end = self.end();
                end.is_syncing = false;
                match result {
                    Ok(()) => end.note_durable(upto),
                    Err(error) => {
                        tracing::error!(%error, "the journal could not be synced: another segment is begun");
                        end.must_renew = true;
                    }
                }
            }
            let renewed = if end.must_renew { end.renew(&self.folder) } else { Ok(()) };
            self.synced.notify_all();
            renewed?;
        }
        Ok(())
    }

    /// Sees to it that nothing is unsynced for long, also where nobody asks.
    fn keep_synced(&self) {
        let mut end = self.end();
        while !end.is_closing {
            let age = end.oldest().map(|since| since.elapsed());
            let rest = match age.map(|age| UNSYNCED_MAX.saturating_sub(age)) {
                None => {
                    end = self.appended.wait(end).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Some(rest) if !rest.is_zero() => rest,
                Some(_) => {
                    drop(end);
                    // Whoever needs it durable tries again, and says why it is not.
                    let failed = self.sync().is_err();
                    end = self.end();
                    if !failed || end.is_closing {
                        continue;
                    }
                    UNSYNCED_MAX
                }
            };
            end = self.appended.wait_timeout(end, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Makes the folder, and its name durable.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    folder.parent().map_or(Ok(()), segment::sync_folder)
}

/// Keeps the beginning of a torn record in a file beside, and only a few of these. It is of no use but to whoever wants
/// to know what happened, so nothing depends on it.
fn keep_torn(folder: &Path, tail: &Facts) {
    let (from, bytes) = (tail.bytes_whole, tail.bytes.saturating_sub(tail.bytes_whole));
    if bytes == 0 {
        return;
    }
    tracing::debug!(file = %tail.segment.path.display(), from, bytes, "what was being written is cut off");
    let kept = || {
        let mut file = File::open(&tail.segment.path)?;
        file.seek(io::SeekFrom::Start(from))?;
        let mut torn = vec![];
        file.take(TORN_BYTES_MAX).read_to_end(&mut torn)?;
        let name = format!("{:020}-{from}{TORN_SUFFIX}", tail.segment.first);
        File::create(folder.join(name))?.write_all(&torn)?;
        let names = fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path()));
        let is_torn = |path: &PathBuf| path.to_string_lossy().ends_with(TORN_SUFFIX);
        let mut names: Vec<PathBuf> = names.filter(is_torn).collect();
        names.sort_unstable();
        names.iter().rev().skip(TORN_KEPT_MAX).try_for_each(fs::remove_file)
    };
    if let Err(error) = kept() {
        tracing::debug!(%error, "what is cut off could not be kept");
    }
}
