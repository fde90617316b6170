//! Whether the store can be written. A commit is refused before sled could meet a full disk: from that it would not
//! recover, whereas what is refused is only late.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::edge::journal::{Changes, Rows};
use crate::edge::room::{Free, set_aside};

/// What is left free where feeds.toml does not say otherwise: so much, or this part of a small disk.
const MIN_FREE_BYTES: u64 = 32 << 20;
const MIN_FREE_PART: u64 = 8;
/// Files that are left to be made.
const MIN_FREE_FILES: u64 = 16;
/// What sled may write after a commit was let through: this part of a disk, within these bounds, and the commit itself
/// some times over.
const AHEAD_PART: u64 = 8;
const AHEAD_BYTES_MIN: u64 = 1 << 20;
const AHEAD_BYTES_MAX: u64 = 4 << 20;
const AHEAD_PER_BYTE: u64 = 3;
/// The row that is written to see whether anything can be.
const PROBE: &[u8] = b"probe";

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleKind {
    /// The disk or a quota is full.
    NoRoom,
    /// The state folder is read-only.
    ReadOnly,
    /// The disk fails.
    Failing,
    /// The open store is of no use any more: it has to be opened anew.
    Broken,
}

/// That nothing can be written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Of which kind.
    pub kind: ObstacleKind,
    /// In one sentence without a full stop.
    pub why: String,
}

impl ObstacleKind {
    /// In a few words, for everybody.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoRoom => "the disk is full",
            Self::ReadOnly => "the disk is read-only",
            Self::Failing => "the disk fails",
            Self::Broken => "the store is broken",
        }
    }

    /// What an admin can do, as the end of a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NoRoom => {
                "make room on the disk of the state folder (or lower store.min_free), then try again"
            }
            Self::ReadOnly => "make the state folder writable, then try again",
            Self::Failing => "look after the disk of the state folder, then try again",
            Self::Broken => "nashra makes the store anew by itself: try again in a moment",
        }
    }

    /// One stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoRoom => "no-room",
            Self::ReadOnly => "read-only",
            Self::Failing => "failing-disk",
            Self::Broken => "broken-store",
        }
    }

    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoRoom
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Failing,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.words(), self.why)
    }
}

impl StoreError {
    /// What it says about whether anything can be written.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let kind = match self {
            Self::Obstacle(obstacle) => return Some(obstacle.clone()),
            Self::Journal(error) | Self::Folder { source: error, .. } => ObstacleKind::of(error),
            _ if self.is_fatal() => ObstacleKind::Broken,
            _ => return None,
        };
        Some(Obstacle { kind, why: self.to_string() })
    }
}

/// What is known of the disk under a store.
#[derive(Debug)]
pub(super) struct Room {
    folder: PathBuf,
    /// The file that sled appends to.
    log: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What feeds.toml says.
    min_free_bytes: Option<u64>,
    /// The last failure, until something could be written again.
    obstacle: Option<Obstacle>,
    aside: Option<Aside>,
    /// Whether the file system cannot set anything aside.
    has_no_aside: bool,
}

/// What is set aside for sled.
#[derive(Debug)]
struct Aside {
    file: File,
    /// How long the file was when it was last looked at.
    length: u64,
    /// Up to where there is room for it.
    upto: u64,
}

impl Room {
    pub(super) fn new(folder: &Path) -> Self {
        let log = folder.join("db").join("db");
        Self { folder: folder.to_path_buf(), log, state: Mutex::default() }
    }

    /// Bytes that may still be written beside what is to be left free; none where the system does not say.
    fn spare_bytes(&self) -> u64 {
        let Ok(free) = Free::of(&self.folder) else { return 0 };
        if free.is_read_only {
            0
        } else {
            free.bytes.saturating_sub(left(&free, self.state().min_free_bytes))
        }
    }

    /// The state folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Refuses what there is no room for: a commit of so many bytes.
    fn admit(&self, bytes: u64) -> Result<(), Obstacle> {
        let mut state = self.state();
        let failed = |error: &io::Error| Obstacle {
            kind: ObstacleKind::of(error),
            why: format!("{}: {error}", self.folder.display()),
        };
        let free = Free::of(&self.folder).map_err(|error| failed(&error))?;
        let is_short = state.obstacle.as_ref().is_some_and(|one| one.kind == ObstacleKind::NoRoom);
        judge(&free, state.min_free_bytes, bytes, is_short)?;
        let part = (free.total_bytes / AHEAD_PART).clamp(AHEAD_BYTES_MIN, AHEAD_BYTES_MAX);
        let ahead = part.saturating_add(bytes.saturating_mul(AHEAD_PER_BYTE));
        self.set_aside(&mut state, ahead).map_err(|error| failed(&error))
    }

    /// Sees to it that sled finds room for what it is about to write, even where others fill the disk at this moment.
    fn set_aside(&self, state: &mut State, ahead: u64) -> io::Result<()> {
        if state.has_no_aside {
            return Ok(());
        }
        let aside = if let Some(aside) = &mut state.aside {
            aside
        } else {
            let file = File::options().write(true).open(&self.log)?;
            state.aside.insert(Aside { file, length: 0, upto: 0 })
        };
        let length = aside.file.metadata()?.len();
        // A file that is cut loses what was behind its end.
        let is_cut = length < aside.length;
        aside.length = length;
        if is_cut || aside.upto < length + ahead / 2 {
            aside.upto = length + ahead;
            state.has_no_aside = !set_aside(&aside.file, length, ahead).inspect_err(|_| aside.upto = 0)?;
        }
        Ok(())
    }

    /// The same for whoever can do without: what settles in sled is in it in another form as well.
    pub(super) fn has(&self, bytes: u64) -> bool {
        self.admit(bytes).is_ok()
    }

    fn note(&self, error: &StoreError) {
        if let Some(obstacle) = error.obstacle() {
            let mut state = self.state();
            // From that one it does not recover.
            if state.obstacle.as_ref().is_none_or(|known| known.kind != ObstacleKind::Broken) {
                state.obstacle = Some(obstacle);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Why nothing can be written; `None` where nothing has failed since it last could.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let known = self.room.state().obstacle.clone();
        let is_told = known.as_ref().is_some_and(|one| one.kind == ObstacleKind::Broken);
        if self.is_broken() && !is_told {
            // Somebody read it, say.
            return Some(Obstacle {
                kind: ObstacleKind::Broken,
                why: "it failed while it was in use".to_owned(),
            });
        }
        known
    }

    /// The disk did not take a file beside the store: that counts as if it were one of the store's.
    pub fn note_refused(&self, error: &io::Error) {
        let kind = ObstacleKind::of(error);
        self.room.note(&StoreError::Obstacle(Obstacle { kind, why: error.to_string() }));
    }

    /// What is to be left free on the disk, in bytes; by itself a small part of it.
    pub fn leave_free(&self, bytes: Option<u64>) {
        self.room.state().min_free_bytes = bytes;
    }

    /// Looks whether there is room for so many bytes beside what is to be left free. Whoever writes into the state
    /// folder, asks before.
    pub fn admit(&self, bytes: u64) -> Result<(), StoreError> {
        self.noting(self.room.admit(bytes).map_err(StoreError::Obstacle))
    }

    /// The same for whoever can do without.
    pub fn has_room(&self, bytes: u64) -> bool {
        self.room.has(bytes)
    }

    /// How many bytes more the disk may take before it counts as full.
    pub fn spare_bytes(&self) -> u64 {
        self.room.spare_bytes()
    }

    /// After a failure: tries whether something can be written again. A broken store stays broken; then this says
    /// whether another one would find room.
    pub fn try_again(&self) -> Result<(), StoreError> {
        self.room.admit(0).map_err(StoreError::Obstacle)?;
        if self.obstacle().is_none_or(|one| one.kind != ObstacleKind::Broken) {
            let mut rows = Rows::default();
            rows.insert(PROBE, self.sequence().to_be_bytes());
            self.write_rows("meta", rows)?;
            self.flush()?;
            self.room.state().obstacle = None;
        }
        Ok(())
    }

    /// Whether a commit may be tried.
    pub(super) fn admit_commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let broken = self.obstacle().filter(|one| one.kind == ObstacleKind::Broken);
        broken.map_or_else(|| self.admit(bytes(changes)), |broken| Err(StoreError::Obstacle(broken)))
    }

    /// Remembers what stands in the way.
    pub(super) fn noting<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| self.room.note(error))
    }
}

/// Whether there is room for a commit. Where there was none just now, it has to be a little more, so that not every byte
/// makes a difference.
fn judge(free: &Free, min_free_bytes: Option<u64>, bytes: u64, is_short: bool) -> Result<(), Obstacle> {
    let obstacle = |kind, why| Err(Obstacle { kind, why });
    if free.is_read_only {
        return obstacle(ObstacleKind::ReadOnly, "the state folder is on a read-only file system".to_owned());
    }
    let left = left(free, min_free_bytes);
    let wanted = left.saturating_add(if is_short { left / 4 } else { 0 }).saturating_add(bytes);
    if free.bytes < wanted {
        let why = format!("{} bytes are free, and {wanted} are wanted", free.bytes);
        return obstacle(ObstacleKind::NoRoom, why);
    }
    match free.files {
        Some(files) if files < MIN_FREE_FILES => {
            obstacle(ObstacleKind::NoRoom, format!("{files} more files can be made on it"))
        }
        _ => Ok(()),
    }
}

/// Bytes that are to be left free.
fn left(free: &Free, min_free_bytes: Option<u64>) -> u64 {
    min_free_bytes.unwrap_or_else(|| (free.total_bytes / MIN_FREE_PART).min(MIN_FREE_BYTES))
}

/// About how long a commit is.
fn bytes(changes: &Changes) -> u64 {
    let rows = changes.0.iter().flat_map(|(_, rows)| &rows.0);
    rows.map(|(name, value)| (name.len() + value.as_ref().map_or(0, Vec::len)) as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn check(free: Free, min: Option<u64>, bytes: u64, is_short: bool, expected: Option<ObstacleKind>) {
        let found = judge(&free, min, bytes, is_short).err().map(|obstacle| obstacle.kind);
        assert_eq!(found, expected, "{free:?} {min:?} {bytes} {is_short}");
    }

    #[test]
    fn a_commit_needs_room_beside_what_is_left_free() {
        use ObstacleKind::{NoRoom, ReadOnly};
        let disk = |bytes, total_bytes| Free { bytes, total_bytes, files: None, is_read_only: false };
        let large = |bytes| disk(bytes, 1 << 40);
        check(large(32 * MIB), None, 0, false, None);
        check(large(32 * MIB), None, 1, false, Some(NoRoom));
        check(large(32 * MIB), None, 0, true, Some(NoRoom));
        check(large(40 * MIB), None, 0, true, None);
        check(large(40 * MIB), Some(41 * MIB), 0, false, Some(NoRoom));
        check(large(0), Some(0), 0, true, None);
        // A small disk is used nearly whole.
        check(disk(MIB, 8 * MIB), None, 0, false, None);
        check(disk(MIB - 1, 8 * MIB), None, 0, false, Some(NoRoom));
        check(Free { files: Some(15), ..large(1 << 39) }, None, 0, false, Some(NoRoom));
        check(Free { files: Some(16), ..large(1 << 39) }, None, 0, false, None);
        check(Free { is_read_only: true, ..large(1 << 39) }, None, 0, false, Some(ReadOnly));
    }

    #[test]
    fn what_the_system_says_is_told_apart() {
        use ObstacleKind::{Failing, NoRoom, ReadOnly};
        for (errno, expected) in [(28, NoRoom), (122, NoRoom), (27, NoRoom), (30, ReadOnly), (5, Failing)] {
            let error = StoreError::Journal(io::Error::from_raw_os_error(errno));
            assert_eq!(error.obstacle().map(|one| one.kind), Some(expected), "{error}");
        }
        assert_eq!(StoreError::Record("no form".to_owned()).obstacle(), None);
    }

    #[test]
    fn a_store_takes_nothing_without_room_and_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let write = |value: &[u8]| {
            let mut rows = Rows::default();
            rows.insert(&b"test"[..], value);
            store.write_rows("meta", rows)
        };
        write(b"one").unwrap();
        let sequence = store.sequence();
        store.leave_free(Some(u64::MAX));
        let refused = write(b"two").unwrap_err();
        assert!(refused.to_string().starts_with("the disk is full: "), "{refused}");
        assert_eq!(store.obstacle(), refused.obstacle());
        assert!(store.try_again().is_err() && store.obstacle().is_some());
        assert_eq!((store.sequence(), store.meta.get("test").unwrap().unwrap()), (sequence, b"one".into()));
        store.leave_free(None);
        store.try_again().unwrap();
        assert_eq!(store.obstacle(), None);
        write(b"three").unwrap();
        store.flush().unwrap();
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.meta.get("test").unwrap().unwrap(), b"three");
    }

    #[test]
    fn keys_do_not_settle_without_room() {
        use crate::edge::store::keys::FRESH_KEYS_MAX;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let settles = |keys| store.keys.is_to_settle(keys);
        assert!(!settles(FRESH_KEYS_MAX) && settles(FRESH_KEYS_MAX + 1));
        store.leave_free(Some(u64::MAX));
        assert!(!settles(FRESH_KEYS_MAX + 1));
    }
}
