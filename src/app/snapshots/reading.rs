//! Reading a store through that was opened without that: before anything is made of it, and beside all that goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{REST_MAX, Work};
use crate::app::opening;
use crate::edge::store::StoreError;

/// Reading that comes no further for so long never will.
const HANGS_AFTER: Duration = Duration::from_secs(120);
/// How often it is looked whether it does.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How far it is.
#[derive(Debug, Default)]
struct Progress {
    rows: AtomicU64,
    is_over: AtomicBool,
}

impl Work {
    /// Reads the store through, where that is still to be done; says whether it is over before. What cannot be read, or
    /// hangs, breaks the store: the loop sees that, and it is mended at the next beginning.
    pub(super) fn is_over_while_reading(&self) -> bool {
        let Some(folder) = self.folder.parent().filter(|folder| opening::is_unread(folder)) else {
            return false;
        };
        let (store, progress) = (Arc::clone(&self.store), Arc::<Progress>::default());
        let theirs = Arc::clone(&progress);
        let began = Instant::now();
        let mut step = began;
        let read = move || {
            store.read_through(|rows| {
                theirs.rows.store(rows, Ordering::Relaxed);
                if theirs.is_over.load(Ordering::Relaxed) {
                    return Err(StoreError::Refused("nashra is stopping".to_owned()));
                }
                // Others have the disk half of the time.
                thread::sleep(step.elapsed().min(REST_MAX));
                step = Instant::now();
                Ok(())
            })
        };
        let Ok(reader) = thread::Builder::new().name("reading".to_owned()).spawn(read) else {
            // The next start reads all of it first.
            return false;
        };
        let (mut rows, mut since) = (0, began);
        while !reader.is_finished() {
            if self.is_over_within(LOOK_INTERVAL) {
                progress.is_over.store(true, Ordering::Relaxed);
                return true;
            }
            let now = progress.rows.load(Ordering::Relaxed);
            if now != rows {
                (rows, since) = (now, Instant::now());
            } else if since.elapsed() > HANGS_AFTER {
                tracing::error!(rows, "the store cannot be read through: reading it hangs");
                self.store.note_broken();
                return false;
            }
        }
        let read = reader.join().unwrap_or_else(|_| Err(StoreError::Broken));
        tell(read, folder, began.elapsed());
        false
    }
}

fn tell(read: Result<u64, StoreError>, folder: &Path, took: Duration) {
    match read {
        Ok(rows) => {
            opening::note_read(folder);
            tracing::info!(rows, ms = took.as_millis(), "the store was read through by and by, and is sound");
        }
        Err(error) => tracing::error!(%error, "the store cannot be read through"),
    }
}
