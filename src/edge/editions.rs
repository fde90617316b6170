//! The documents that readers were shown last, on disk: a start serves them before the store is open.
//!
//! An edition is a *pack*: the documents that changed, and an index of all of them, those included that are in packs
//! before it. It is written aside, synced and renamed before readers see it, and from then on the packs before it are
//! marked as having bodies alone. So a start shows what readers have seen last and never anything older: where the newest
//! pack is damaged or gone, nothing is shown until the store is open. All that is in it follows from facts that the
//! store has made durable before; so nothing is lost with it.

mod keep;
mod pack;
mod recall;
mod sync;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use self::keep::State;
pub use self::pack::{Imprint, Index, Place, Row};
pub use self::recall::{Pressed, Recalled};
use crate::model::Published;

/// Where they are, in the state folder.
const FOLDER: &str = "published";
const SUFFIX: &str = ".pack";
/// Of packs whose edition is none any more, but whose bodies others need.
const BODIES: &str = ".bodies";
const ASIDE: &str = ".tmp";

/// The keeper of editions. Dropped, it lets the last one be synced and ends.
#[derive(Debug)]
pub struct Editions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
    /// Rings when there is something to sync, and at the end.
    wake: Condvar,
    /// Held by whoever syncs.
    syncing: Mutex<()>,
}

impl Editions {
    /// Reads what was kept last in the state folder. `press` makes a document of a body, as it was made first; one that
    /// comes out otherwise than the index says is left out. Nothing that is found there can make this fail.
    pub fn open(state_folder: &Path, press: Pressed) -> (Self, Recalled) {
        let folder = state_folder.join(FOLDER);
        let (recalled, state) = recall::recall(&folder, press);
        let shared =
            Shared { folder, state: Mutex::new(state), wake: Condvar::new(), syncing: Mutex::new(()) };
        let shared = Arc::new(shared);
        sync::begin(&shared);
        (Self(shared), recalled)
    }

    /// Keeps an edition that readers are about to see. Where the disk does not take it, that is logged, and whatever
    /// was kept last stays: a start would show that, which is older than what readers see by then.
    pub fn keep(&self, published: &Published, imprint: &Imprint) -> io::Result<()> {
        let kept = self.0.keep(published, imprint, false);
        // Readers see it next: what a power cut leaves must not be older than that.
        self.0.sync();
        kept
    }

    /// The same where nothing that was shown before may come back: what was kept before is removed, and no power cut
    /// brings it back. Where the disk does not take the edition, nothing is kept.
    pub fn keep_alone(&self, published: &Published, imprint: &Imprint) -> io::Result<()> {
        let kept = self.0.keep(published, imprint, true);
        self.0.sync();
        kept
    }

    /// Waits until what was kept last is durable.
    pub fn sync(&self) {
        self.0.sync();
    }
}

impl Drop for Editions {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes what is kept in the state folder: the next start has nothing to show before its store is open. For whoever
/// takes something out of the store while no daemon runs.
pub fn forget(state_folder: &Path) -> io::Result<()> {
    let folder = state_folder.join(FOLDER);
    if !folder.exists() {
        return Ok(());
    }
    for pack in recall::packs(&folder)? {
        std::fs::remove_file(pack.path)?;
    }
    sync::sync_folder(&folder)
}
