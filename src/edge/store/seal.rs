//! The mark of a store that was closed well: what its files were then. Where they still are, the store need not be read
//! through before it is used; where one is not, somebody has changed it, whatever sled makes of it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::guard::Db;

const NAME: &str = "closed.json";
/// The folder that sled has, and the one of the journal.
const STORE: &str = "db";
const JOURNAL: &str = "journal";
/// A store with more files gets no mark.
const FILES_MAX: usize = 100_000;
/// The title of a segment, with the random bytes by which no two are the same.
const HEAD_BYTES: u64 = 30;
const READ_BYTES: usize = 1 << 20;

/// What was closed well.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Closed {
    files: Vec<Sealed>,
}

/// A file: its name, its size, when it was last changed in any way, which nobody can set back, and the checksum of what
/// it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed {
    name: PathBuf,
    bytes: u64,
    changed: (i64, i64),
    sum: u32,
    /// The one of its first bytes, which are another one's in a segment of another journal.
    head: u32,
}

/// What has become of a store since it was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// It was not closed well, or by an earlier version.
    None,
    /// Nothing.
    Whole,
    /// Files are others, gone or new.
    Broken {
        /// Those of sled.
        store: Vec<PathBuf>,
        /// Parts of the journal that are not the ones that were there: what they say may be about another store.
        strange: Vec<PathBuf>,
    },
}

/// Closes the store well when it is dropped, which must be behind sled and before the lock.
#[derive(Debug)]
pub(super) struct Seal {
    folder: PathBuf,
    is_broken: Arc<AtomicBool>,
    /// Whether it is to be closed without a mark.
    is_left_out: AtomicBool,
    /// What the mark said when the store was opened: what has not changed since need not be read again.
    before: Closed,
}

impl Seal {
    /// Takes the mark away, for good, before anything is changed.
    pub(super) fn remove(folder: &Path) -> io::Result<Removed> {
        let before = Closed::read(folder).unwrap_or_default();
        match fs::remove_file(folder.join(NAME)) {
            Ok(()) => File::open(folder)?.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Removed { folder: folder.to_path_buf(), before })
    }

    /// What has become of the store.
    pub(super) fn look(folder: &Path) -> Sealing {
        let Some(closed) = Closed::read(folder) else { return Sealing::None };
        let Ok(files) = files(folder).and_then(|files| summed(folder, files, &closed)) else {
            return Sealing::None;
        };
        let same = |one: &Sealed, other: &Sealed| {
            one.name == other.name && one.bytes == other.bytes && one.sum == other.sum
        };
        let lacks = |all: &[Sealed], one: &Sealed| !all.iter().any(|other| same(one, other));
        let others = files.iter().filter(|file| lacks(&closed.files, file));
        let gone = closed.files.iter().filter(|file| lacks(&files, file));
        let mut changed: Vec<PathBuf> = others.chain(gone).map(|file| file.name.clone()).collect();
        changed.sort_unstable();
        changed.dedup();
        if changed.is_empty() {
            return Sealing::Whole;
        }
        let (store, mut strange): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|name| name.starts_with(STORE));
        let is_damaged = |name: &PathBuf| {
            let head = |all: &[Sealed]| all.iter().find(|file| file.name == *name).map(|file| file.head);
            head(&files).is_none() || head(&files) == head(&closed.files)
        };
        strange.retain(|name| !is_damaged(name));
        Sealing::Broken { store, strange }
    }

    /// No mark: reading all files costs more than it is worth.
    pub(super) fn leave_out(&self) {
        self.is_left_out.store(true, Ordering::Relaxed);
    }

    fn write(&self) -> io::Result<()> {
        let files = files(&self.folder)?;
        if files.len() > FILES_MAX {
            return Ok(());
        }
        // sled does not sync all that it writes.
        for Sealed { name, .. } in files.iter().filter(|file| file.name.starts_with(STORE)) {
            File::open(self.folder.join(name))?.sync_all()?;
        }
        let files = summed(&self.folder, files, &self.before)?;
        let aside = self.folder.join(format!("{NAME}.new"));
        let mut file = File::create(&aside)?;
        file.write_all(&serde_json::to_vec(&Closed { files })?)?;
        file.sync_data()?;
        fs::rename(aside, self.folder.join(NAME))
    }
}

/// That the mark is gone.
pub(super) struct Removed {
    folder: PathBuf,
    before: Closed,
}

impl Removed {
    /// The mark that comes in its place.
    pub(super) fn next(self, db: &Db) -> Seal {
        let Self { folder, before } = self;
        Seal { folder, is_broken: Arc::clone(db.is_broken()), is_left_out: AtomicBool::new(false), before }
    }
}

impl Closed {
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(NAME)).ok()?).ok()
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        let is_left_out = self.is_left_out.load(Ordering::Relaxed);
        if is_left_out || self.is_broken.load(Ordering::Relaxed) || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.write() {
            tracing::debug!(%error, "the store is closed without a mark: the next start reads it through");
        }
    }
}

/// All files, in the order of their names, without their sums.
fn files(folder: &Path) -> io::Result<Vec<Sealed>> {
    let mut found = vec![];
    let mut folders = vec![PathBuf::from(STORE), PathBuf::from(JOURNAL)];
    while let Some(below) = folders.pop() {
        let entries = match fs::read_dir(folder.join(&below)) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                continue;
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let (name, about) = (below.join(entry.file_name()), entry.metadata()?);
            if about.is_dir() {
                folders.push(name);
            } else {
                let changed = (about.ctime(), about.ctime_nsec());
                found.push(Sealed { name, bytes: about.len(), changed, sum: 0, head: 0 });
            }
        }
    }
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The files with their sums: those that `known` has of files that have not changed, and others read.
fn summed(folder: &Path, mut files: Vec<Sealed>, known: &Closed) -> io::Result<Vec<Sealed>> {
    for file in &mut files {
        // Both are in the order of their names, but for what somebody else may have written.
        let at = known.files.binary_search_by(|other| other.name.cmp(&file.name)).ok();
        let known = at.and_then(|at| known.files.get(at));
        let is_same = |known: &&Sealed| known.bytes == file.bytes && known.changed == file.changed;
        (file.sum, file.head) = match known.filter(is_same) {
            Some(known) => (known.sum, known.head),
            None => sums(&folder.join(&file.name))?,
        };
    }
    Ok(files)
}

/// Of a whole file, and of its first bytes.
fn sums(path: &Path) -> io::Result<(u32, u32)> {
    let (mut file, mut hasher) = (File::open(path)?, crc32fast::Hasher::new());
    let mut head = vec![];
    io::Read::by_ref(&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
    hasher.update(&head);
    let mut bytes = vec![0; READ_BYTES];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok((hasher.finalize(), crc32fast::hash(&head))),
            read => hasher.update(bytes.get(..read).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(folder: &Path, is_broken: bool) {
        let Removed { folder, before } = Seal::remove(folder).unwrap();
        let is_broken = Arc::new(AtomicBool::new(is_broken));
        drop(Seal { folder, is_broken, is_left_out: AtomicBool::new(false), before });
    }

    fn broken(store: &[&str], strange: &[&str]) -> Sealing {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        Sealing::Broken { store: paths(store), strange: paths(strange) }
    }

    #[test]
    fn whoever_changes_a_file_breaks_the_seal() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        fs::create_dir_all(folder.join("db/blobs")).unwrap();
        fs::create_dir_all(folder.join("journal")).unwrap();
        for name in ["db/blobs/1", "db/conf", "journal/1.log", "other"] {
            fs::write(folder.join(name), name).unwrap();
        }
        assert_eq!(Seal::look(folder), Sealing::None, "nobody has closed it");
        seal(folder, true);
        assert_eq!(Seal::look(folder), Sealing::None, "it was broken");
        seal(folder, false);
        assert_eq!(Seal::look(folder), Sealing::Whole);
        // The same words again, at another time, and what is none of the store's.
        fs::write(folder.join("db/blobs/1"), "db/blobs/1").unwrap();
        fs::write(folder.join("other"), "changed").unwrap();
        assert_eq!(Seal::look(folder), Sealing::Whole);
        fs::write(folder.join("db/blobs/1"), "db/blobs/2").unwrap();
        assert_eq!(Seal::look(folder), broken(&["db/blobs/1"], &[]));
        fs::write(folder.join("db/blobs/2"), "new").unwrap();
        let journal = |text: &str| fs::write(folder.join("journal/1.log"), text).unwrap();
        journal("another title of another segment of another store");
        assert_eq!(Seal::look(folder), broken(&["db/blobs/1", "db/blobs/2"], &["journal/1.log"]));
        fs::remove_file(folder.join("journal/1.log")).unwrap();
        assert_eq!(Seal::look(folder), broken(&["db/blobs/1", "db/blobs/2"], &[]), "it says nothing wrong");
        seal(folder, false);
        assert_eq!(Seal::look(folder), Sealing::Whole);
        let title = "t".repeat(30);
        journal(&format!("{title} and records"));
        seal(folder, false);
        journal(&format!("{title} and damage"));
        assert_eq!(Seal::look(folder), broken(&[], &[]), "it is ours all the same");
        fs::remove_dir_all(folder.join("db")).unwrap();
        fs::write(folder.join("db"), "a file").unwrap();
        assert_eq!(Seal::look(folder), broken(&["db/blobs/1", "db/blobs/2", "db/conf"], &[]));
        Seal::remove(folder).unwrap();
        assert_eq!(Seal::look(folder), Sealing::None);
        fs::write(folder.join(NAME), "{").unwrap();
        assert_eq!(Seal::look(folder), Sealing::None);
    }
}
