//! A folder of documents for a web server that has nothing else: every file appears whole or not at all, and what
//! does not change is not touched.
//!
//! What was written stands in a file of its own, [`MANIFEST`]: nothing else in the folder is ever removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Names what nashra has written.
pub const MANIFEST: &str = ".nashra-render.json";
/// What is being written, until it has its name.
const ASIDE: &str = ".nashra-render.new";
/// What the compressed forms of a file are called behind its name.
pub const TWINS: [&str; 3] = [".gz", ".br", ".zst"];
/// Bytes of a manifest that are read.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why a folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is somebody else's.
    #[error(
        "{folder}: this folder holds something else ({name}); name an empty folder, or one that `nashra render` made"
    )]
    Foreign {
        /// The folder.
        folder: String,
        /// What is in it.
        name: String,
    },
    /// Another one writes it at this moment.
    #[error("{0}: another `nashra render` is writing this folder; wait until it has ended")]
    Busy(String),
    /// What was written cannot be told.
    #[error("{0}: it cannot be read ({1}); remove the folder and run `nashra render` again")]
    Manifest(String, String),
    /// The system says no.
    #[error("{0}: {1}")]
    Io(String, io::Error),
}

#[derive(Default, Serialize, Deserialize)]
struct Manifest {
    /// The ETag of the document in each file; empty while that is being written.
    files: BTreeMap<String, String>,
}

/// A folder that is being written.
pub struct Folder {
    root: PathBuf,
    manifest: Manifest,
    /// The names that were put or kept in this run.
    current: BTreeSet<String>,
    /// The folders in which something was renamed or removed.
    touched: BTreeSet<PathBuf>,
    written: usize,
    _lock: File,
}

/// What has become of a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Documents in it.
    pub documents: usize,
    /// Those among them that were written now.
    pub written: usize,
    /// Documents that were removed.
    pub removed: usize,
}

impl Folder {
    /// Opens the folder, making it where there is none. Refuses one that holds other things.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(root).map_err(at(root))?;
        let lock = File::open(root).map_err(at(root))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(root.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(at(root)(error)),
        }
        let place = root.join(MANIFEST);
        let manifest = match super::files::read_bytes(&place, MANIFEST_BYTES_MAX) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| FolderError::Manifest(place.display().to_string(), error.to_string()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_foreign(root)?;
                Manifest::default()
            }
            Err(error) => return Err(at(&place)(error)),
        };
        let (current, touched) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { root: root.to_path_buf(), manifest, current, touched, written: 0, _lock: lock })
    }

    /// Says which documents there are going to be, before any of them is: whatever a run that is killed leaves
    /// behind is known to the next one.
    pub fn announce<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Result<(), FolderError> {
        for name in names {
            self.manifest.files.entry(name.to_owned()).or_default();
        }
        self.save()
    }

    /// Whether the file of this name already holds the document with this ETag; then it stays.
    pub fn keep(&mut self, name: &str, etag: &str) -> bool {
        let is_same = self.manifest.files.get(name).is_some_and(|known| known == etag)
            && fs::symlink_metadata(self.root.join(name)).is_ok_and(|meta| meta.is_file());
        if is_same {
            self.current.insert(name.to_owned());
        }
        is_same
    }

    /// Writes a document with its compressed twins. Its time is that of its newest change, or later where a web
    /// server could not tell it from what was there before.
    pub fn put(
        &mut self,
        name: &str,
        etag: &str,
        modified: Option<Timestamp>,
        body: &[u8],
        twins: &[(&str, Vec<u8>)],
    ) -> Result<(), FolderError> {
        if !is_plain(name) {
            return Err(FolderError::Io(name.to_owned(), io::Error::other("this is no name for a file")));
        }
        let path = self.root.join(name);
        let parent = path.parent().unwrap_or(&self.root).to_path_buf();
        fs::create_dir_all(&parent).map_err(at(&parent))?;
        let before = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
        let wanted = modified.map(SystemTime::from);
        let time = match (wanted, before) {
            (Some(wanted), Some(before)) if wanted <= before => Some(before + Duration::from_secs(1)),
            _ => wanted,
        };
        // In force again only once all of it is there.
        self.manifest.files.insert(name.to_owned(), String::new());
        for (ending, bytes) in twins {
            self.write(&self.root.join(format!("{name}{ending}")), bytes, time)?;
        }
        self.write(&path, body, time)?;
        self.touched.insert(parent);
        self.manifest.files.insert(name.to_owned(), etag.to_owned());
        self.current.insert(name.to_owned());
        self.written += 1;
        Ok(())
    }

    /// Removes what former runs have written and this one has not, and makes everything durable.
    pub fn finish(mut self) -> Result<Outcome, FolderError> {
        let old: Vec<String> =
            self.manifest.files.keys().filter(|name| !self.current.contains(*name)).cloned().collect();
        let mut removed = 0;
        for name in &old {
            // A manifest that somebody has changed leads nowhere else.
            if is_plain(name) {
                self.remove(name)?;
            }
            let was_written = self.manifest.files.remove(name).is_some_and(|etag| !etag.is_empty());
            removed += usize::from(was_written);
        }
        for folder in self.touched.iter().filter(|folder| folder.exists()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        self.save()?;
        Ok(Outcome { documents: self.current.len(), written: self.written, removed })
    }

    fn remove(&mut self, name: &str) -> Result<(), FolderError> {
        let path = self.root.join(name);
        for ending in [""].into_iter().chain(TWINS) {
            let twin = self.root.join(format!("{name}{ending}"));
            match fs::remove_file(&twin) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&twin)(error)),
                _ => {}
            }
        }
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        for folder in folders {
            // One that is not empty stays.
            if fs::remove_dir(folder).is_err() {
                self.touched.insert(folder.to_path_buf());
                break;
            }
        }
        self.touched.insert(self.root.clone());
        Ok(())
    }

    fn save(&self) -> Result<(), FolderError> {
        let place = self.root.join(MANIFEST);
        let bytes =
            serde_json::to_vec(&self.manifest).map_err(|error| at(&place)(io::Error::other(error)))?;
        self.write(&place, &bytes, None)?;
        File::open(&self.root).and_then(|folder| folder.sync_all()).map_err(at(&self.root))
    }

    /// Aside, durable, and only then under its name.
    fn write(&self, path: &Path, bytes: &[u8], time: Option<SystemTime>) -> Result<(), FolderError> {
        let aside = self.root.join(ASIDE);
        let write = || {
            let mut file = File::create(&aside)?;
            file.write_all(bytes)?;
            if let Some(time) = time {
                file.set_modified(time)?;
            }
            file.sync_all()?;
            fs::rename(&aside, path)
        };
        write().map_err(at(path))
    }
}

/// The file of a document: pages get the ending by which web servers know them.
pub fn file_name(path: &str, is_page: bool) -> String {
    match path.trim_start_matches('/') {
        "" => "index.html".to_owned(),
        name if is_page => format!("{name}.html"),
        name => name.to_owned(),
    }
}

/// Whether a name stays in its folder and hides nothing.
fn is_plain(name: &str) -> bool {
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(part) => !part.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    !name.is_empty() && !name.contains('\0') && Path::new(name).components().all(is_plain)
}

fn refuse_foreign(root: &Path) -> Result<(), FolderError> {
    for file in fs::read_dir(root).map_err(at(root))? {
        let name = file.map_err(at(root))?.file_name().to_string_lossy().into_owned();
        // A run that was killed before it had written anything.
        if name != ASIDE {
            return Err(FolderError::Foreign { folder: root.display().to_string(), name });
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl Fn(io::Error) -> FolderError + use<> {
    let path = path.display().to_string();
    move |error| FolderError::Io(path.clone(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_file() {
        for (path, is_page, expected) in [
            ("/", true, "index.html"),
            ("/sport", true, "sport.html"),
            ("/item/0190", true, "item/0190.html"),
            ("/sport.atom", false, "sport.atom"),
            ("/sport/archive/3.atom", false, "sport/archive/3.atom"),
        ] {
            assert_eq!(file_name(path, is_page), expected);
        }
        for name in ["", "/etc/passwd", "../a", "a/../b", ".ssh", "a/.b", "a\0b", "."] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("item/a.html"));
    }
}
