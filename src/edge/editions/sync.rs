//! Beside the writer: what was kept is synced, and what nobody needs any more is removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::Shared;
use super::recall::path;
use crate::edge::fault;

/// Editions are synced at most so often: the journal of the store wants the disk first.
const SYNC_PAUSE: Duration = Duration::from_secs(1);

/// Starts the thread that syncs.
pub(super) fn begin(shared: &Arc<Shared>) {
    let at_work = Arc::clone(shared);
    let begun = thread::Builder::new().name("editions".to_owned()).spawn(move || work(&at_work));
    if let Err(error) = begun {
        tracing::error!(%error, "what is published is not synced: a power cut may lose the last editions on disk");
    }
}

fn work(shared: &Shared) {
    let mut state = shared.state();
    loop {
        if state.unsynced.is_empty() {
            if state.is_over {
                return;
            }
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        drop(state);
        let is_synced = shared.sync();
        state = shared.state();
        // Where nothing is removed, one pack more helps nobody.
        if is_synced && !state.is_over && state.is_loose() {
            let tightened = shared.tighten(&mut state);
            drop(state);
            match tightened {
                Ok(()) => drop(shared.sync()),
                Err(error) => tracing::warn!(%error, "packs of documents cannot be made one"),
            }
            state = shared.state();
        }
        let is_on = |state: &mut super::State| !state.is_over;
        let rested = shared.wake.wait_timeout_while(state, SYNC_PAUSE, is_on);
        (state, _) = rested.unwrap_or_else(PoisonError::into_inner);
    }
}

impl Shared {
    /// Makes the newest edition durable, and removes the packs that only older ones need. Whether it did.
    pub(super) fn sync(&self) -> bool {
        let _turn = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (unsynced, last, needed) = {
            let mut state = self.state();
            (std::mem::take(&mut state.unsynced), state.last(), state.needed())
        };
        let Some(last) = last else { return true };
        let mut files = unsynced.iter().filter(|(number, _)| needed.contains(number));
        let synced =
            fault::failing("editions.sync").and_then(|()| files.try_for_each(|(_, file)| file.sync_all()));
        if let Err(error) = synced.and_then(|()| sync_folder(&self.folder)) {
            tracing::warn!(%error, "what is published cannot be synced: a power cut leaves an older edition");
            // Who asks a second time may be told that all is well. So it is not asked: the next edition is written
            // whole.
            self.state().rows.clear();
            return false;
        }
        fault::point("editions.sync.after");
        let mut state = self.state();
        state.durable = Some((last, needed));
        let mut wanted: BTreeSet<u64> = state.needed();
        wanted.extend(state.durable.iter().flat_map(|(_, needed)| needed));
        wanted.extend(state.unsynced.iter().map(|(number, _)| number));
        let surplus: Vec<u64> =
            state.packs.keys().copied().filter(|number| !wanted.contains(number)).collect();
        for number in surplus {
            fault::point("editions.remove");
            match fs::remove_file(path(&self.folder, number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, number, "a pack of documents that nobody needs cannot be removed");
                }
                _ => drop(state.packs.remove(&number)),
            }
        }
        true
    }
}

/// Makes the names of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
