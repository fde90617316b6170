//! Putting a snapshot in the place of the store. It is brought into the state folder and read to its end first; the next
//! opening takes it in, before the store is opened.
//!
//! Taking it in may be broken off at any moment: the next opening begins anew with it. What was there before is moved
//! aside, whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{AppError, Options};
use crate::edge::snapshot::{self, Summary};
use crate::edge::store::{self, Helper, Lock, Rebuilt, Recipe, StoreError, check_snapshot};
use crate::edge::{clock, fault, files};
use crate::model::Timestamp;

/// What is to be taken in.
const PENDING: &str = "restore.pending";
/// What could not be.
const FAILED: &str = "restore.failed";
/// The store that is being made of it.
const NEW: &str = "db.restored";
/// What was there before.
const BEFORE: &str = "before-restore-";
const BEFORE_MAX: usize = 2;
/// What is moved aside: everything that says what the store held.
const MOVED: [&str; 6] = ["db", "db.old", "journal", "snapshots", "closed.json", "space.json"];
/// The documents of the time before, which can be made anew.
const PUBLISHED: &str = "published";

/// What a store was restored to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the snapshot was made.
    pub made_at: Timestamp,
    /// The place of its last commit.
    pub sequence: u64,
    /// Rows in it.
    pub rows: u64,
    /// The folder with what was there before, below the state folder; `None` where there was nothing, or where the
    /// daemon still has to take it in.
    #[serde(default)]
    pub before: Option<String>,
}

impl Restored {
    fn of(summary: &Summary) -> Self {
        let Summary { head, sequence, .. } = summary;
        Self { made_at: head.made_at, sequence: *sequence, rows: summary.rows(), before: None }
    }
}

/// Restores the store where no daemon runs.
pub fn stored_restore(options: &Options, from: impl Read) -> Result<Restored, AppError> {
    let lock = Lock::take(&options.state_folder)?;
    let failed = |source| AppError::Io { what: "the snapshot cannot be restored".to_owned(), source };
    receive(lock.folder(), from).map_err(failed)?;
    let restored = take_in(&lock, options.helper.as_ref(), clock::now())?;
    restored.ok_or_else(|| AppError::Usage("somebody else has taken the snapshot away".to_owned()))
}

/// Brings a snapshot into the state folder, where the next opening finds it. Nothing changes where it is not whole.
pub(super) fn receive(folder: &Path, mut from: impl Read) -> io::Result<Restored> {
    let summary = files::write_whole(
        &folder.join(PENDING),
        |out| io::copy(&mut from, out).map(drop),
        |aside| check_snapshot(File::open(aside)?).map_err(io::Error::other),
    )?;
    fault::point("restore.received");
    Ok(Restored::of(&summary))
}

/// Where a snapshot is going to be taken in, nobody is shown any more what was shown before.
pub(super) fn make_way(lock: &Lock) {
    if lock.folder().join(PENDING).exists()
        && let Err(error) = remove(&lock.folder().join(PUBLISHED))
    {
        tracing::warn!(%error, "documents of the time before the restore cannot be removed");
    }
}

/// Takes in the snapshot that was brought, if there is one. Where that cannot be done, it is moved aside, and the store
/// stays as it is: nobody wants it to be replaced much later.
pub(super) fn take_pending(lock: &Lock, helper: Option<&Helper>, now: Timestamp) {
    match take_in(lock, helper, now) {
        Ok(None) => {}
        Ok(Some(Restored { sequence, rows, made_at, before })) => {
            tracing::warn!(sequence, rows, %made_at, before, "the store was restored from a snapshot");
        }
        Err(error) => {
            tracing::error!(%error, "the snapshot that was to be restored cannot be: the store stays as it is");
            let pending = lock.folder().join(PENDING);
            if let Err(error) = fs::rename(&pending, lock.folder().join(FAILED)) {
                tracing::error!(%error, path = %pending.display(), "it cannot be moved aside: remove it");
            }
        }
    }
}

/// `None` where there is nothing to be taken in.
fn take_in(lock: &Lock, helper: Option<&Helper>, now: Timestamp) -> Result<Option<Restored>, StoreError> {
    let folder = lock.folder();
    let (pending, new) = (folder.join(PENDING), folder.join(NEW));
    let failed = |source| StoreError::Folder { path: folder.display().to_string(), source };
    store::clear(&new)?;
    let head = match File::open(&pending) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => snapshot::head(file.map_err(failed)?)?,
    };
    let recipe = Recipe { snapshot: Some(&pending), journal: None };
    let Rebuilt { sequence, rows, .. } = store::make_aside(helper, &new, recipe, || Ok(()))?;
    fault::point("restore.rebuilt");
    let kept = folder.join("snapshots").join(snapshot::name(sequence, head.made_at));
    let before = swap(folder, &new, &kept, now).map_err(failed)?;
    Ok(Some(Restored { made_at: head.made_at, sequence, rows, before }))
}

/// Puts everything in its place; the snapshot last, for as long as it is there, this is done again.
fn swap(folder: &Path, new: &Path, kept: &Path, now: Timestamp) -> io::Result<Option<String>> {
    let before = move_aside(folder, now)?;
    let placed = || {
        remove(&folder.join(PUBLISHED))?;
        fs::rename(new, folder.join("db"))?;
        fault::point("restore.moved");
        let snapshots = folder.join("snapshots");
        fs::create_dir_all(&snapshots)?;
        fs::rename(folder.join(PENDING), kept)?;
        files::sync_folder_of(kept)?;
        files::sync_folder_of(&snapshots)
    };
    if let Err(error) = placed() {
        // Whatever has failed, there is a store.
        before.iter().for_each(|before| move_back(folder, &folder.join(before)));
        return Err(error);
    }
    if let Err(error) = drop_oldest(folder) {
        tracing::warn!(%error, "what was there before an old restore cannot be removed");
    }
    fault::point("restore.placed");
    Ok(before)
}

/// Moves what is there into a folder of its own.
fn move_aside(folder: &Path, now: Timestamp) -> io::Result<Option<String>> {
    let there: Vec<&str> =
        MOVED.into_iter().filter(|name| folder.join(name).symlink_metadata().is_ok()).collect();
    if there.is_empty() {
        return Ok(None);
    }
    let at = now.format("%Y%m%dT%H%M%SZ");
    let mut names = (1..).map(|count| match count {
        1 => format!("{BEFORE}{at}"),
        _ => format!("{BEFORE}{at}-{count}"),
    });
    let name = names.find(|name| folder.join(name).symlink_metadata().is_err());
    let Some(name) = name else { return Ok(None) };
    let aside = folder.join(&name);
    fs::create_dir(&aside)?;
    fault::point("restore.aside");
    let moved = there.into_iter().try_for_each(|one| fs::rename(folder.join(one), aside.join(one)));
    let moved = moved.and_then(|()| files::sync_folder_of(&aside.join("db")));
    moved.and_then(|()| files::sync_folder_of(&aside)).inspect_err(|_| move_back(folder, &aside))?;
    Ok(Some(name))
}

fn move_back(folder: &Path, aside: &Path) {
    for name in MOVED {
        let (from, to) = (aside.join(name), folder.join(name));
        if from.symlink_metadata().is_ok()
            && let Err(error) = remove(&to).and_then(|()| fs::rename(&from, &to))
        {
            tracing::error!(%error, from = %from.display(), "it cannot be moved back");
        }
    }
}

fn drop_oldest(folder: &Path) -> io::Result<()> {
    for old in before(folder)?.into_iter().rev().skip(BEFORE_MAX) {
        tracing::warn!(path = %old.display(), "what was there before an old restore is removed");
        remove(&old)?;
    }
    Ok(())
}

/// What was moved aside, the oldest first.
fn before(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(BEFORE) {
            found.push(file.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
