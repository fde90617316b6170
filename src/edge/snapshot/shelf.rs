//! The folder of the snapshots that nashra keeps by itself. Their names begin with the places of their last commits, and
//! say when they were made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use crate::model::Timestamp;

/// What the name of a snapshot ends with.
pub const SUFFIX: &str = ".nsnap";
/// What it is called until its last commit is known.
pub const UNNAMED: &str = "unnamed.tmp";
const UNFINISHED_SUFFIX: &str = ".tmp";
const TIME_FORM: &str = "%Y%m%dT%H%M%SZ";

/// A snapshot in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it is.
    pub path: PathBuf,
    /// The place of its last commit.
    pub sequence: u64,
    /// When it was made, in whole seconds, if its name says so.
    pub made_at: Option<Timestamp>,
}

/// What a snapshot is called.
pub fn name(sequence: u64, made_at: Timestamp) -> String {
    format!("{sequence:020}-{}{SUFFIX}", made_at.format(TIME_FORM))
}

/// All of a folder, the newest first; none where there is no folder.
pub fn kept(folder: &Path) -> io::Result<Vec<Kept>> {
    let files = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(vec![]);
        }
        files => files?,
    };
    let mut found = vec![];
    for file in files {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(SUFFIX) else { continue };
        let (sequence, made_at) = name.split_once('-').unwrap_or((name, ""));
        let made_at = NaiveDateTime::parse_from_str(made_at, TIME_FORM).ok().map(|at| at.and_utc());
        found.push(Kept { path, sequence: sequence.parse().unwrap_or_default(), made_at });
    }
    found.sort_unstable_by(|one, other| (other.sequence, &other.path).cmp(&(one.sequence, &one.path)));
    Ok(found)
}

/// Removes what was being written when a process ended.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.to_string_lossy().ends_with(UNFINISHED_SUFFIX) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept(&folder.path().join("none")).unwrap(), []);
        let at: Timestamp = "2026-11-26T01:02:03Z".parse().unwrap();
        assert_eq!(name(17, at), "00000000000000000017-20261126T010203Z.nsnap");
        for name in [&name(9, at), &name(10, at), "a.nsnap", "12-x.nsnap", "13.log", "14-x.nsnap.tmp"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = kept(folder.path()).unwrap();
        let said: Vec<_> = found.iter().map(|kept| (kept.sequence, kept.made_at)).collect();
        assert_eq!(said, [(12, None), (10, Some(at)), (9, Some(at)), (0, None)]);
        sweep(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
    }
}
