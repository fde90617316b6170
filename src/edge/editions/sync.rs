//! Beside the writer: what was kept is synced, and what nobody needs any more is removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::Shared;
use super::keep::{State, remove};
use super::recall::{bodies_path, edition_path};
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
        if state.unsynced.is_empty() && (state.is_over || !state.is_loose()) {
            if state.is_over {
                return;
            }
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        drop(state);
        let is_synced = shared.sync();
        state = shared.state();
        // Where nothing is removed, one pack more helps nobody. Whoever keeps an edition may have synced it first.
        if is_synced && !state.is_over && state.is_loose() {
            let tightened = shared.tighten(&mut state);
            state.tightened = state.next;
            drop(state);
            match tightened {
                Ok(()) => drop(shared.sync()),
                Err(error) => tracing::warn!(%error, "packs of documents cannot be made one"),
            }
            state = shared.state();
        }
        let is_on = |state: &mut State| !state.is_over;
        let rested = shared.wake.wait_timeout_while(state, SYNC_PAUSE, is_on);
        (state, _) = rested.unwrap_or_else(PoisonError::into_inner);
    }
}

impl Shared {
    /// Makes the newest edition durable, and removes the packs that only older ones need. Whether it did.
    pub(super) fn sync(&self) -> bool {
        let _turn = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (unsynced, needed, index) = {
            let mut state = self.state();
            if state.is_void {
                return false;
            }
            (std::mem::take(&mut state.unsynced), state.needed(), state.index)
        };
        if needed.is_empty() {
            return true;
        }
        let mut files = unsynced.iter().filter(|(number, _)| needed.contains(number));
        let synced =
            fault::failing("editions.sync").and_then(|()| files.try_for_each(|(_, file)| file.sync_all()));
        if let Err(error) = synced.and_then(|()| sync_folder(&self.folder)) {
            tracing::warn!(%error, "what is published cannot be synced: a power cut leaves an older edition");
            // Who asks a second time may be told that all is well. So it is not asked: the next edition is written
            // whole.
            self.state().is_void = true;
            return false;
        }
        fault::point("editions.sync.after");
        let mut state = self.state();
        if let Some(index) = index {
            self.demote(&mut state, index);
        }
        state.durable = needed;
        let mut wanted: BTreeSet<u64> = state.needed();
        wanted.extend(&state.durable);
        wanted.extend(state.unsynced.iter().map(|(number, _)| number));
        let surplus: Vec<u64> =
            state.packs.keys().copied().filter(|number| !wanted.contains(number)).collect();
        for number in surplus {
            fault::point("editions.remove");
            match remove(&self.folder, number) {
                Err(error) => {
                    tracing::warn!(%error, number, "a pack of documents that nobody needs cannot be removed");
                }
                Ok(()) => drop(state.packs.remove(&number)),
            }
        }
        true
    }

    /// Readers are about to see the edition of this pack: those before it are not to be shown again, even where this
    /// one should be lost. Should a power cut undo that, this one is there as well.
    fn demote(&self, state: &mut State, index: u64) {
        while let Some(number) = state.editions.first().copied().filter(|number| *number < index) {
            state.editions.remove(&number);
            match fs::rename(edition_path(&self.folder, number), bodies_path(&self.folder, number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, number, "a pack of documents cannot be marked as an older one");
                }
                _ => {}
            }
        }
    }
}

/// Makes the names of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
