//! Mending a store that cannot be used: it is moved aside, and another one takes its place that is made from the newest
//! snapshot and the journal.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::anew::{clear, make_aside};
use super::helper::Helper;
use super::lock::failed;
use super::{Lock, Rebuilt, Recipe, StoreError};
use crate::edge::{fault, snapshot};
use crate::model::Timestamp;

const STORE: &str = "db";
/// What is being made, and no store yet.
const NEW: &str = "db.new";
const BROKEN: &str = "db.broken-";
/// Broken stores that are kept, for whoever wants to look into them.
const BROKEN_MAX: usize = 3;
const JOURNAL: &str = "journal";
/// What the names of such parts end with.
const STRANGE: &str = ".strange";
const SNAPSHOTS: &str = "snapshots";
const SEGMENT: &str = ".log";
/// What readers were shown is kept in files that end with this.
const PUBLISHED: &str = "published";
const PACK: &str = ".pack";

/// What became of a broken store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The snapshot that the new one was made from, or none.
    pub snapshot: Option<PathBuf>,
    /// What it was made from, and what is missing.
    pub rebuilt: Rebuilt,
    /// Snapshots that could not be read, and why, one sentence each.
    pub unreadable: Vec<String>,
    /// Where the broken one is.
    pub aside: Option<PathBuf>,
}

impl Mended {
    /// Whether nothing was left to make it from.
    pub fn is_from_nothing(&self) -> bool {
        self.snapshot.is_none() && self.rebuilt.records == 0
    }
}

/// Whether there was a store in this folder once: it has a journal or snapshots.
pub(super) fn has_history(folder: &Path) -> bool {
    let snapshots = snapshot::kept(&folder.join(SNAPSHOTS));
    has_any(&folder.join(JOURNAL), SEGMENT) || snapshots.is_ok_and(|kept| !kept.is_empty())
}

/// Whether readers were shown once what a store in this folder held.
pub fn was_shown(lock: &Lock) -> bool {
    has_any(&lock.folder().join(PUBLISHED), PACK)
}

fn has_any(folder: &Path, suffix: &str) -> bool {
    let mut files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.any(|file| file.file_name().to_string_lossy().ends_with(suffix))
}

/// Takes away what another mending has left that did not come to its end.
pub fn sweep(lock: &Lock) -> Result<(), StoreError> {
    clear(&lock.folder().join(NEW))
}

/// Makes the store anew and moves the broken one aside. The newest `skipped` snapshots are left out, but never the oldest
/// one, without which the journal lacks its beginning: what was made from them did not last. Where `is_better` says no to what would come of it, nothing changes, and there is `None`.
pub fn mend(
    lock: &Lock,
    helper: Option<&Helper>,
    skipped: usize,
    now: Timestamp,
    is_better: impl FnOnce(&Rebuilt) -> bool,
) -> Result<Option<Mended>, StoreError> {
    sweep(lock)?;
    let folder = lock.folder();
    let made = match make(folder, helper, skipped) {
        Err(error) if error.is_about_room() && drop_broken(folder, 0).map_err(failed(folder))? > 0 => {
            sweep(lock)?;
            make(folder, helper, skipped)?
        }
        made => made?,
    };
    let new = folder.join(NEW);
    if !is_better(&made.rebuilt) {
        remove(&new).map_err(failed(&new))?;
        return Ok(None);
    }
    let aside = put_in_place(folder, now).map_err(failed(folder))?;
    drop_broken(folder, BROKEN_MAX).map_err(failed(folder))?;
    Ok(Some(Mended { aside, ..made }))
}

/// Takes parts of the journal away that are another store's, by their names below the folder.
pub fn set_aside(lock: &Lock, strange: &[PathBuf]) -> Result<(), StoreError> {
    let folder = lock.folder();
    for name in strange {
        let path = folder.join(name);
        let mut aside = path.clone().into_os_string();
        aside.push(STRANGE);
        tracing::error!(path = %path.display(), "a part of the journal is not the one that was there: it is set aside");
        fs::rename(&path, aside).map_err(failed(&path))?;
    }
    Ok(())
}

/// From the first snapshot that can be read, or from none.
fn make(folder: &Path, helper: Option<&Helper>, skipped: usize) -> Result<Mended, StoreError> {
    let (new, journal) = (folder.join(NEW), folder.join(JOURNAL));
    let make = |snapshot: Option<&Path>| {
        let recipe = Recipe { snapshot, journal: Some(&journal) };
        make_aside(helper, &new, recipe, || Ok(()))
    };
    let (mut unreadable, mut inconclusive) = (vec![], None);
    let kept = snapshot::kept(&folder.join(SNAPSHOTS)).map_err(failed(folder))?;
    let skipped = skipped.min(kept.len().saturating_sub(1));
    for snapshot in kept.into_iter().map(|kept| kept.path).skip(skipped) {
        match make(Some(&snapshot)) {
            Ok(rebuilt) => return Ok(Mended { snapshot: Some(snapshot), rebuilt, unreadable, aside: None }),
            Err(error) if error.is_about_room() => return Err(error),
            Err(error) => {
                tracing::error!(snapshot = %snapshot.display(), %error, "a snapshot cannot be used");
                unreadable.push(format!("{}: {error}", snapshot.display()));
                inconclusive = inconclusive.or(Some(error).filter(StoreError::is_inconclusive));
            }
        }
    }
    let rebuilt = make(None)?;
    // There may be nothing wrong with a snapshot that has what the journal lacks.
    if let Some(error) = inconclusive.filter(|_| !rebuilt.lost.is_empty()) {
        clear(&new)?;
        return Err(error);
    }
    Ok(Mended { snapshot: None, rebuilt, unreadable, aside: None })
}

/// Where the process ends between the two steps, there is no store, and the next start makes one again.
fn put_in_place(folder: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    fault::failing("mend.made")?;
    let (place, new) = (folder.join(STORE), folder.join(NEW));
    let mut aside = None;
    // What is there is whatever somebody may have put there.
    if place.symlink_metadata().is_ok() {
        let at = now.format("%Y%m%dT%H%M%SZ");
        let mut names = (1..).map(|count| match count {
            1 => folder.join(format!("{BROKEN}{at}")),
            _ => folder.join(format!("{BROKEN}{at}-{count}")),
        });
        aside = names.find(|name| name.symlink_metadata().is_err());
        if let Some(aside) = &aside {
            fs::rename(&place, aside)?;
            fault::point("mend.aside");
        }
    }
    fs::rename(new, place)?;
    fault::point("mend.placed");
    File::open(folder)?.sync_all()?;
    Ok(aside)
}

/// Removes the oldest broken stores but for so many; says how many went.
fn drop_broken(folder: &Path, kept: usize) -> io::Result<usize> {
    let mut broken = vec![];
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(BROKEN) {
            broken.push(file.path());
        }
    }
    broken.sort_unstable();
    let gone = broken.len().saturating_sub(kept);
    for path in broken.iter().take(gone) {
        tracing::warn!(path = %path.display(), "an old broken store is removed");
        remove(path)?;
    }
    Ok(gone)
}

/// Removes whatever is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_stores_are_kept_but_not_all() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        for number in 0..6 {
            fs::write(folder.join(STORE), format!("{number}")).unwrap();
            fs::write(folder.join(NEW), "new").unwrap();
            let aside = put_in_place(folder, Timestamp::UNIX_EPOCH).unwrap().unwrap();
            assert_eq!(fs::read_to_string(aside).unwrap(), format!("{number}"));
            assert_eq!(fs::read_to_string(folder.join(STORE)).unwrap(), "new");
            drop_broken(folder, BROKEN_MAX).unwrap();
        }
        assert_eq!(drop_broken(folder, 0).unwrap(), BROKEN_MAX);
    }
}
