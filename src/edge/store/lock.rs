//! The lock on the state folder: one nashra at a time, and the others say at once which one that is.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::StoreError;
use crate::edge::files;

const NAME: &str = "nashra.lock";
/// How long a lock is waited for, and how often it is tried.
const LOCK_PATIENCE: Duration = Duration::from_millis(400);
/// The same for sled's lock, which only somebody can have who is about to end.
const SLED_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_RHYTHM: Duration = Duration::from_millis(10);
/// A process number has fewer digits.
const PID_BYTES_MAX: u64 = 20;

/// The lock on a state folder, held until the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Lock {
    folder: PathBuf,
    _file: Arc<File>,
}

impl Lock {
    /// Takes the lock on `folder`, making the folder where there is none. Where somebody else has it, nothing is
    /// touched, and the error says who.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        create(folder)?;
        let path = folder.join(NAME);
        let mut options = File::options();
        let opened = options.create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = match opened {
            // One that is there already can be locked all the same.
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => File::open(&path),
            opened => opened,
        }
        .map_err(failed(&path))?;
        match patiently(LOCK_PATIENCE, || file.try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(folder, &mut file)),
            Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
        }
        // For those who come after; one that is not told is refused as well.
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = written {
            tracing::debug!(%error, path = %path.display(), "the process number cannot be written down");
        }
        Ok(Self { folder: folder.to_path_buf(), _file: Arc::new(file) })
    }

    /// The folder that is locked.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Makes a folder, and what it is in, durably: what is synced in a folder whose own name is lost is lost with it.
fn create(folder: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(folder).map_err(failed(folder))?;
    // The innermost last: each is found from the one around it.
    if let Err(error) = missing.into_iter().rev().try_for_each(files::sync_folder_of) {
        tracing::warn!(%error, folder = %folder.display(), "a power cut may take the new state folder");
    }
    Ok(())
}

fn in_use(folder: &Path, file: &mut File) -> StoreError {
    let mut said = String::new();
    let read = file.rewind().and_then(|()| file.take(PID_BYTES_MAX).read_to_string(&mut said));
    let pid = read.ok().and_then(|_| said.trim().parse::<u32>().ok());
    let who = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    StoreError::InUse(format!("{}: another nashra{who}", folder.display()))
}

/// Whether somebody holds sled's own lock, which our lock should make impossible: a process that was told to look at it
/// and has outlived the one that told it.
pub(super) fn is_sled_in_use(place: &Path) -> bool {
    let Ok(file) = File::open(place.join("db")) else { return false };
    matches!(patiently(SLED_PATIENCE, || file.try_lock()), Err(TryLockError::WouldBlock))
}

/// Tries again for a moment: a process that has just ended, or is a fork that has not begun its own program yet,
/// may still hold a lock.
fn patiently<T, E>(patience: Duration, attempt: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        let result = attempt();
        if result.is_ok() || begun.elapsed() > patience {
            return result;
        }
        thread::sleep(LOCK_RHYTHM);
    }
}

/// An error of the system, and the place where it happened.
pub(super) fn failed(path: &Path) -> impl Fn(std::io::Error) -> StoreError + use<> {
    let path = path.display().to_string();
    move |source| StoreError::Folder { path: path.clone(), source }
}
