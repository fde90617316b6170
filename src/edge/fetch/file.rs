//! `file:` sources: ordinary files, read off the reactor.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::complaint::{Complaint, duration, size};
use crate::edge::clock;
use crate::model::{Answer, Body, FetchErrorKind, Validators};

/// Files that are read at the same time. A file system that hangs keeps its thread for ever; the rest of the
/// program must not run out of threads for that.
pub(super) const READS_MAX: usize = 16;
/// A file that was changed so recently may change again without a sign of it: clocks of file systems are
/// coarse, some count in two seconds.
const SETTLED_SECONDS: i64 = 3;

/// Reads a file, unless it is still the one that `known` describes.
pub(super) async fn read(
    path: &Path,
    known: &Validators,
    bytes_max: u64,
    time_max: Duration,
    reads: &Arc<Semaphore>,
) -> Result<Answer, Complaint> {
    let (path, known, reads) = (path.to_owned(), known.clone(), reads.clone());
    let reading = async move {
        let permit = reads.acquire_owned().await.map_err(io::Error::other)?;
        // The permit ends with the reading, not with our patience.
        let task = spawn_blocking(move || {
            let answer = read_now(&path, &known, bytes_max);
            drop(permit);
            answer
        });
        task.await.map_err(io::Error::other)
    };
    match timeout(time_max, reading).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(_) => {
            let says = format!("could not be read within {}: does its disk hang?", duration(time_max));
            Err(Complaint::new(FetchErrorKind::Timeout, says))
        }
    }
}

fn read_now(path: &PathBuf, known: &Validators, bytes_max: u64) -> Result<Answer, Complaint> {
    // Looked at before it is opened: opening a FIFO waits for whoever writes to it.
    ordinary(&std::fs::metadata(path).map_err(|error| unreadable(&error))?)?;
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let before = file.metadata().map_err(|error| unreadable(&error))?;
    ordinary(&before)?;
    let state = state(&before);
    if known.last_modified.as_deref() == Some(state.as_bytes()) {
        return Ok(Answer::NotModified { validators: Validators::default() });
    }
    if before.len() > bytes_max {
        return Err(too_large(bytes_max));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    file.by_ref().take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(too_large(bytes_max));
    }
    let after = file.metadata().map_err(|error| unreadable(&error))?;
    let steady = self::state(&after) == state && is_settled(&before);
    let last_modified = steady.then(|| state.into_bytes());
    Ok(Answer::Body(Body {
        is_delta: false,
        bytes: Bytes::from(bytes),
        content_type: None,
        // No base: relative links resolve to nothing, and no path of this machine gets into a feed.
        url: String::new(),
        validators: Validators { etag: None, last_modified },
    }))
}

/// What changes with a file: its times of change, its size and which file it is.
fn state(file: &Metadata) -> String {
    format!(
        "{}.{:09} {}.{:09} {} {}:{}",
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
        file.size(),
        file.dev(),
        file.ino()
    )
}

fn is_settled(file: &Metadata) -> bool {
    let now = SystemTime::from(clock::now());
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let changed = file.mtime().max(file.ctime());
    changed.saturating_add(SETTLED_SECONDS) <= i64::try_from(now).unwrap_or(i64::MAX)
}

fn ordinary(file: &Metadata) -> Result<(), Complaint> {
    let kind = file.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(Complaint::new(FetchErrorKind::File, format!("is {what}: name an ordinary file")))
}

fn unreadable(error: &io::Error) -> Complaint {
    let says = match error.kind() {
        io::ErrorKind::NotFound => "does not exist: check the path in url".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "may not be read: give the user that nashra runs as the right".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    };
    Complaint::new(FetchErrorKind::File, says)
}

fn too_large(bytes_max: u64) -> Complaint {
    let says = format!("has more than {}: raise max_body if it is worth it", size(bytes_max));
    Complaint::new(FetchErrorKind::TooLarge, says)
}
