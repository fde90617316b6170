//! The mark of a store that was closed well: what its files looked like then. One that still looks so need not be read
//! through before it is used.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::guard::Db;

const NAME: &str = "closed.json";
/// The folders of which it tells.
const FOLDERS: [&str; 3] = ["db", "journal", "snapshots"];
/// A store with more files is read through at each start.
const FILES_MAX: usize = 100_000;

/// What was closed well.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Closed {
    files: Vec<Sealed>,
}

/// A file: its name, its size, and when it was last changed in any way, which nobody can set back.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed(PathBuf, u64, i64, i64);

/// Closes the store well when it is dropped, which must be behind sled and before the lock.
#[derive(Debug)]
pub(super) struct Seal {
    folder: PathBuf,
    is_broken: Arc<AtomicBool>,
}

impl Seal {
    pub(super) fn new(folder: &Path, db: &Db) -> Self {
        Self { folder: folder.to_path_buf(), is_broken: Arc::clone(db.is_broken()) }
    }

    /// Whether the store was closed well and nobody has touched it since.
    pub(super) fn is_whole(folder: &Path) -> bool {
        let read = fs::read(folder.join(NAME)).ok();
        let closed = read.and_then(|bytes| serde_json::from_slice::<Closed>(&bytes).ok());
        closed.is_some_and(|closed| files(folder).is_ok_and(|files| closed.files == files))
    }

    /// Takes the mark away, for good, before anything is changed.
    pub(super) fn remove(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(NAME)) {
            Ok(()) => File::open(folder)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write(&self) -> io::Result<()> {
        let files = files(&self.folder)?;
        if files.len() > FILES_MAX {
            return Ok(());
        }
        // sled does not sync all that it writes.
        for Sealed(path, ..) in files.iter().filter(|file| file.0.starts_with("db")) {
            File::open(self.folder.join(path))?.sync_all()?;
        }
        let aside = self.folder.join(format!("{NAME}.new"));
        let mut file = File::create(&aside)?;
        file.write_all(&serde_json::to_vec(&Closed { files })?)?;
        file.sync_data()?;
        fs::rename(aside, self.folder.join(NAME))
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        if self.is_broken.load(Ordering::Relaxed) || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.write() {
            tracing::debug!(%error, "the store is closed without a mark: the next start reads it through");
        }
    }
}

/// All files, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<Sealed>> {
    let mut found = vec![];
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(below) = folders.pop() {
        let entries = match fs::read_dir(folder.join(&below)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let (name, about) = (below.join(entry.file_name()), entry.metadata()?);
            if about.is_dir() {
                folders.push(name);
            } else {
                found.push(Sealed::of(name, &about));
            }
        }
    }
    found.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

impl Sealed {
    fn of(name: PathBuf, about: &Metadata) -> Self {
        Self(name, about.len(), about.ctime(), about.ctime_nsec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_touches_a_file_breaks_the_seal() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        fs::create_dir_all(folder.join("db/blobs")).unwrap();
        fs::write(folder.join("db/blobs/1"), "blob").unwrap();
        fs::write(folder.join("other"), "other").unwrap();
        assert!(!Seal::is_whole(folder), "nobody has closed it");
        let seal = |is_broken| {
            drop(Seal { folder: folder.to_path_buf(), is_broken: Arc::new(AtomicBool::new(is_broken)) })
        };
        seal(true);
        assert!(!Seal::is_whole(folder), "it was broken");
        seal(false);
        assert!(Seal::is_whole(folder));
        fs::write(folder.join("other"), "changed").unwrap();
        assert!(Seal::is_whole(folder), "that is none of the store's");
        for damage in [|at: &Path| fs::write(at, "blub"), |at: &Path| fs::remove_file(at)] {
            damage(&folder.join("db/blobs/1")).unwrap();
            assert!(!Seal::is_whole(folder));
            seal(false);
            assert!(Seal::is_whole(folder));
        }
        Seal::remove(folder).unwrap();
        Seal::remove(folder).unwrap();
        assert!(!Seal::is_whole(folder));
    }
}
