//! Giving back what sled keeps for nothing: it never shrinks by itself. A store is made anew beside the running one, from
//! a snapshot, and takes its place at the next beginning of the same process; the journal has the commits in between.
//!
//! The old store stays until the new one is open. Whatever happens in between, one of the two is the store: where the
//! new one is in its place, it is looked at as one that was not closed well, and where it cannot be used the old one
//! comes back.

mod book;
mod judge;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub use self::book::Try;
use self::book::{Book, Pending};
pub use self::judge::{Bounds, Figures, Size, Verdict, judge};
use super::anew::{clear, make_aside};
use super::helper::Helper;
use super::lock::failed;
use super::mend::remove;
use super::rebuild::Recipe;
use super::seal::Seal;
use super::{Lock, Store, StoreError};
use crate::edge::{fault, files};
use crate::model::Timestamp;

const STORE: &str = "db";
/// What was made anew, and nobody uses yet.
const FRESH: &str = "db.fresh";
/// What it has replaced, until it is open.
const OLD: &str = "db.old";
/// Bytes of a block, as `stat(2)` counts them.
const BLOCK_BYTES: u64 = 512;

/// That a store made anew is in its place, and the old one is there still.
#[derive(Debug)]
pub struct Exchanged {
    folder: PathBuf,
    old: Size,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reclaimed {
    /// What the old store took.
    pub old: Size,
    /// What the new one takes on the disk, in bytes.
    pub disk_bytes: u64,
}

impl Store {
    /// What is known of the store on the disk, where so many bytes of it are live.
    pub fn figures(&self, live_bytes: u64, now: Timestamp) -> Figures {
        let Book { tried_at, fresh, .. } = Book::read(self.lock.folder());
        let disk_bytes = disk_bytes(&self.lock.folder().join(STORE));
        let tried_ago = tried_at.map(|at| now - at);
        Figures { now: Size { disk_bytes, live_bytes }, fresh, spare_bytes: self.spare_bytes(), tried_ago }
    }

    /// Makes the store anew from a snapshot of it, beside the one that is open, which this only reads the place of. The
    /// next opening takes it, if it is of the same process. `breathe` is called again and again and may give it up;
    /// what was made so far is removed then, as after any error. Blocking, and as long as a snapshot takes, or longer.
    pub fn make_anew(
        &self,
        helper: Option<&Helper>,
        snapshot: &Path,
        old: Size,
        now: Timestamp,
        breathe: impl FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let folder = self.lock.folder();
        let fresh = folder.join(FRESH);
        let failed = failed(folder);
        let process = this_process().map_err(&failed)?;
        let mut book = Book::read(folder);
        // Before anything else: whatever comes of it, it is not tried again at once.
        (book.tried_at, book.pending) = (Some(now), None);
        book.write(folder).map_err(&failed)?;
        clear(&fresh)?;
        let make = || {
            fault::failing("reclaim.begin").map_err(&failed)?;
            make_aside(helper, &fresh, Recipe { snapshot: Some(snapshot), journal: None }, breathe)?;
            fault::failing("reclaim.made").map_err(&failed)?;
            book.pending = Some(Pending { process, old });
            book.write(folder).map_err(&failed)
        };
        make().inspect_err(|_| drop(remove(&fresh)))?;
        fault::point("reclaim.noted");
        // It would cost reading all of it, and it has done its work.
        self.seal.leave_out();
        Ok(())
    }

    /// Writes down why the last try failed, for the admin.
    pub fn note_not_made(&self, old: Size, why: &StoreError) -> Result<(), StoreError> {
        let folder = self.lock.folder();
        let mut book = Book::read(folder);
        book.note(old, Err(&why.to_string()));
        book.write(folder).map_err(failed(folder))
    }

    /// What came of the last tries to make it anew, the newest at the end.
    pub fn tries(&self) -> Vec<Try> {
        Book::read(self.lock.folder()).tries
    }
}

/// Before the store is opened: puts one that was made anew in its place, if there is one and `is_wanted`; else it goes.
/// `Some` as long as the old one is there still.
pub fn take_up(lock: &Lock, is_wanted: bool) -> Result<Option<Exchanged>, StoreError> {
    let folder = lock.folder();
    taken_up(folder, is_wanted).map_err(failed(folder))
}

fn taken_up(folder: &Path, is_wanted: bool) -> io::Result<Option<Exchanged>> {
    let [place, fresh, old] = [STORE, FRESH, OLD].map(|name| folder.join(name));
    let mut book = Book::read(folder);
    if exists(&old) {
        if exists(&place) {
            let size = book.pending.map(|pending| pending.old).unwrap_or_default();
            remove(&fresh)?;
            return Ok(Some(Exchanged { folder: folder.to_path_buf(), old: size }));
        }
        // It was broken off between the two steps.
        fs::rename(&old, &place)?;
        files::sync_folder_of(&place)?;
    }
    let pending = book.pending.take();
    let is_mine = |pending: &Pending| this_process().is_ok_and(|process| process == pending.process);
    let Some(pending) = pending.filter(|pending| is_wanted && is_mine(pending) && fresh.is_dir()) else {
        return forget(folder, &book).map(|()| None);
    };
    if let Err(error) = exchange(folder) {
        tracing::warn!(%error, "the store could not be made anew: it stays as it is, and is tried again in a day");
        book.note(pending.old, Err(&error.to_string()));
        return forget(folder, &book).map(|()| None);
    }
    Ok(Some(Exchanged { folder: folder.to_path_buf(), old: pending.old }))
}

/// Where the process ends between the two steps, the next start takes the first one back.
fn exchange(folder: &Path) -> io::Result<()> {
    let [place, fresh, old] = [STORE, FRESH, OLD].map(|name| folder.join(name));
    fault::failing("reclaim.take")?;
    // It says what the old one was.
    Seal::remove(folder)?;
    fs::rename(&place, &old)?;
    fault::point("reclaim.aside");
    if let Err(error) = fs::rename(&fresh, &place) {
        fs::rename(&old, &place)?;
        return Err(error);
    }
    fault::point("reclaim.placed");
    files::sync_folder_of(&place)
}

/// What waits to be used is not going to be.
fn forget(folder: &Path, book: &Book) -> io::Result<()> {
    if *book != Book::read(folder) {
        book.write(folder)?;
    }
    remove(&folder.join(FRESH))
}

impl Exchanged {
    /// The new one can be used: the old one goes.
    pub fn finish(self) -> Result<Reclaimed, StoreError> {
        let Self { folder, old } = self;
        let finish = || {
            fault::point("reclaim.opened");
            let bytes = disk_bytes(&folder.join(STORE));
            remove(&folder.join(OLD))?;
            fault::point("reclaim.removed");
            let fresh = Some(Size { disk_bytes: bytes, live_bytes: old.live_bytes });
            let mut book = Book { fresh, pending: None, ..Book::read(&folder) };
            book.note(old, Ok(bytes));
            book.write(&folder)?;
            Ok(Reclaimed { old, disk_bytes: bytes })
        };
        finish().map_err(failed(&folder))
    }

    /// The new one cannot be used: the old one comes back. The journal has what it lacks.
    pub fn put_back(self) -> Result<(), StoreError> {
        let Self { folder, old } = self;
        let place = folder.join(STORE);
        let put_back = || {
            remove(&place)?;
            fs::rename(folder.join(OLD), &place)?;
            files::sync_folder_of(&place)?;
            let mut book = Book { pending: None, ..Book::read(&folder) };
            book.note(old, Err("what was made could not be used"));
            book.write(&folder)
        };
        put_back().map_err(failed(&folder))
    }
}

/// A name that no other process has or has had on this machine; it stays when another program takes its place.
fn this_process() -> io::Result<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let about = fs::read_to_string("/proc/self/stat")?;
    // Behind the name of the program, which may hold anything, the 20th word says when it was started.
    let started = about.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19));
    let started = started.ok_or_else(|| io::Error::other("the system does not say when this was started"))?;
    Ok(format!("{} {} {started}", boot.trim(), std::process::id()))
}

/// What the files below a folder take; what cannot be read takes nothing.
fn disk_bytes(folder: &Path) -> u64 {
    let below = |file: fs::DirEntry| match file.metadata() {
        Ok(about) if about.is_dir() => disk_bytes(&file.path()),
        // What is set aside behind the end of a file is no part of it. Some file systems count no blocks.
        Ok(about) if about.blocks() > 0 => about.len().min(about.blocks().saturating_mul(BLOCK_BYTES)),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    fs::read_dir(folder).into_iter().flatten().flatten().map(below).fold(0, u64::saturating_add)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
