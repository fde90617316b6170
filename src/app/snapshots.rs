//! The snapshots that the daemon makes by itself: one a day, and three are kept. What the journal has from before the
//! oldest of them goes. Behind each the store is made anew where it takes too much of the disk.

mod waiting;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::reclaim;
use crate::edge::snapshot::{self, Kept, Summary};
use crate::edge::store::{Helper, Store, StoreError, Try, check_snapshot};
use crate::edge::{clock, fault, files};
use crate::model::Timestamp;

/// After one that could not be written.
const RETRY_AFTER: Duration = Duration::from_secs(3600);
const KEPT_MAX: usize = 3;
/// The longest rest in between, which leaves the disk to others half of the time.
const REST_MAX: Duration = Duration::from_millis(50);
/// A stop does not wait longer for one.
const LAST_ONE_MAX: Duration = Duration::from_secs(20);

/// Makes snapshots until it is stopped.
pub(super) struct Keeper {
    told: Arc<Told>,
    work: Arc<Work>,
    thread: Option<JoinHandle<()>>,
}

/// How it goes, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Standing>);

/// How it went last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// When the newest one was made.
    pub(super) made_at: Option<Timestamp>,
    /// Since when none can be made, and why.
    pub(super) failing: Option<(Timestamp, String)>,
    /// What came of making the store anew, the newest at the end.
    pub(super) tries: Vec<Try>,
}

struct Work {
    store: Arc<Store>,
    folder: PathBuf,
    /// Makes the store anew, if there is one.
    helper: Option<Helper>,
    /// Has the store opened anew.
    renew: Box<dyn Fn() + Send + Sync>,
    is_stopped: Mutex<bool>,
    stopped: Condvar,
}

impl Told {
    pub(super) fn standing(&self) -> Standing {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_tries(&self, tries: Vec<Try>) {
        self.held().tries = tries;
    }

    fn note(&self, done: io::Result<()>, newest: Option<Timestamp>) {
        let mut standing = self.held();
        standing.made_at = newest.or(standing.made_at);
        match done {
            Ok(()) => {
                if standing.failing.take().is_some() {
                    tracing::info!("snapshots can be made again");
                }
            }
            Err(error) => {
                let why = error.to_string();
                if standing.failing.is_none() {
                    tracing::error!(why, "no snapshot could be made: it is tried again every hour");
                }
                let since = standing.failing.take().map_or_else(clock::now, |(since, _)| since);
                standing.failing = Some((since, why));
            }
        }
    }
}

impl Keeper {
    /// Begins. `renew` is called where the store is to be opened anew, to take one that was made of a snapshot.
    pub(super) fn start(
        store: Arc<Store>,
        state_folder: &Path,
        helper: Option<Helper>,
        renew: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let folder = state_folder.join("snapshots");
        let (renew, is_stopped) = (Box::new(renew), Mutex::default());
        let work = Work { store, folder, helper, renew, is_stopped, stopped: Condvar::new() };
        let (told, work) = (Arc::<Told>::default(), Arc::new(work));
        let (theirs, at_work) = (Arc::clone(&told), Arc::clone(&work));
        let run = move || at_work.run(&theirs);
        let thread = thread::Builder::new().name("snapshots".to_owned()).spawn(run);
        let thread = thread.inspect_err(|error| tracing::error!(%error, "there is no thread for snapshots"));
        Self { told, work, thread: thread.ok() }
    }

    pub(super) fn told(&self) -> &Arc<Told> {
        &self.told
    }

    /// Ends, with a last one where there is none, or the newest is older than a day. What is being written is given up.
    pub(super) fn stop(self) {
        *self.work.is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.work.stopped.notify_all();
        if let Some(thread) = self.thread {
            // One that panicked has said so.
            drop(thread.join());
        }
        let until = Instant::now() + LAST_ONE_MAX;
        let is_due = self.work.newest().is_none() || self.work.rest().is_zero();
        if is_due && let Err(error) = self.work.make(|| {}, || Instant::now() > until) {
            tracing::warn!(%error, "no last snapshot was made: the journal has everything as well");
        }
    }
}

impl Work {
    fn run(&self, told: &Told) {
        told.note(Ok(()), self.newest().and_then(|kept| kept.made_at));
        told.note_tries(self.store.tries());
        let mut is_over = self.is_over_before_next(self.rest());
        while !is_over {
            let mut began = Instant::now();
            let breathe = || {
                thread::sleep(began.elapsed().min(REST_MAX));
                began = Instant::now();
            };
            let made = self.make(breathe, || self.is_over_within(Duration::ZERO));
            if self.is_over_within(Duration::ZERO) {
                return;
            }
            let is_made = made.is_ok();
            let newest = self.newest();
            let (done, summary) = made.map_or_else(|error| (Err(error), None), |made| (Ok(()), Some(made)));
            told.note(done, newest.as_ref().and_then(|kept| kept.made_at));
            if let (Some(Summary { row_bytes, .. }), Some(newest)) = (summary, newest) {
                self.reclaim(&newest.path, row_bytes);
                told.note_tries(self.store.tries());
            }
            is_over = if is_made {
                self.is_over_before_next(waiting::interval())
            } else {
                self.is_over_within(RETRY_AFTER)
            };
        }
    }

    /// Makes the store anew where it is too large for so many bytes, which are in the newest snapshot.
    fn reclaim(&self, snapshot: &Path, live_bytes: u64) {
        let mut began = Instant::now();
        let breathe = || {
            // Commits go before it: it can wait.
            if self.is_over_within(began.elapsed().min(REST_MAX)) || !self.store.has_room(0) {
                return Err(StoreError::Refused("there is something else to be done".to_owned()));
            }
            began = Instant::now();
            Ok(())
        };
        let (store, helper) = (&self.store, self.helper.as_ref());
        let is_over = || self.is_over_within(Duration::ZERO);
        if reclaim::make_anew_if_worth_it(store, helper, snapshot, live_bytes, clock::now(), breathe, is_over)
        {
            (self.renew)();
        }
    }

    /// Waits so long, unless it is over before; says whether it is. Clocks that jump do not matter.
    fn is_over_within(&self, rest: Duration) -> bool {
        let is_stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.stopped.wait_timeout_while(is_stopped, rest, |is_stopped| !*is_stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn newest(&self) -> Option<Kept> {
        snapshot::kept(&self.folder).ok()?.into_iter().next()
    }

    /// Makes one, unless the newest has everything, and removes what is not needed any more. Says what is in it.
    fn make(&self, rest: impl FnMut(), is_over: impl Fn() -> bool) -> io::Result<Summary> {
        let newest = self.newest();
        let whole = newest.filter(|newest| newest.sequence == self.store.sequence());
        if let Some(summary) = whole.and_then(|newest| summary(&newest.path)) {
            return Ok(summary);
        }
        fs::create_dir_all(&self.folder)?;
        // Or the journal would go, and what takes its place could not be found again.
        files::sync_folder_of(&self.folder)?;
        snapshot::sweep(&self.folder)?;
        // Commits go before snapshots: the journal has everything as well.
        let is_over = || is_over() || !self.store.has_room(0);
        if is_over() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let (began, made_at) = (Instant::now(), clock::now());
        // What it is called is known in the end.
        let unnamed = self.folder.join(snapshot::UNNAMED);
        let write = |out: &mut io::BufWriter<File>| {
            let out = Interruptible { out, is_over: &is_over };
            self.store.snapshot(out, made_at, rest).map(drop).map_err(io::Error::other)
        };
        let check = |aside: &Path| check_snapshot(File::open(aside)?).map_err(io::Error::other);
        fault::failing("snapshot.begin")?;
        let summary = files::write_whole(&unnamed, write, check)?;
        let Summary { sequence, bytes, .. } = summary;
        let path = self.folder.join(snapshot::name(sequence, made_at));
        fault::failing("snapshot.written")?;
        fs::rename(&unnamed, &path)?;
        files::sync_folder_of(&path)?;
        fault::point("snapshot.named");
        tracing::info!(sequence, bytes, ms = began.elapsed().as_millis(), "a snapshot was made");
        self.tidy()?;
        Ok(summary)
    }

    /// Removes old snapshots, and what the journal has from before the oldest one.
    fn tidy(&self) -> io::Result<()> {
        let mut kept = snapshot::kept(&self.folder)?;
        for old in kept.split_off(kept.len().min(KEPT_MAX)) {
            fs::remove_file(old.path)?;
            fault::point("snapshot.removed");
        }
        // One that cannot be read leads nowhere, and needs nothing.
        let heads = kept.iter().filter_map(|kept| snapshot::head(File::open(&kept.path).ok()?).ok());
        match heads.map(|head| head.before).min() {
            Some(oldest) => self.store.drop_journal_before(oldest).map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

/// What is in a snapshot, if all of it can be read.
fn summary(path: &Path) -> Option<Summary> {
    check_snapshot(File::open(path).ok()?).ok()
}

/// A file that takes nothing more once it is over.
struct Interruptible<'a, W, F> {
    out: W,
    is_over: &'a F,
}

impl<W: Write, F: Fn() -> bool> Write for Interruptible<'_, W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other("nashra is stopping"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
