//! The index for searches, kept by a thread of its own, most of it outside memory: the writer only tells it which
//! entries have come, changed or gone, and it reads those from the store.

use std::ops::Range;
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::thread;
use std::time::{Duration, Instant};

use crate::edge::store::{Scratch, Store, StoreError};
use crate::model::{Entry, EntryKey};
use crate::pipeline::search::{self, Aside, Index, Texts};

/// Entries that are read at once.
const STEP_ENTRIES: usize = 512;
/// Entries that are put in while readers wait.
const PUT_ENTRIES: usize = 32;
/// Entries that wait to be read anew. When there are more, everything is.
const WAITING_MAX: usize = search::ENTRIES_MAX;
/// How often the thread looks whether the store is still open.
const LOOK_AROUND: Duration = Duration::from_secs(2);
/// How long it waits after an error of the disk.
const AFTER_ERROR: Duration = Duration::from_secs(60);
/// The longest rest between two steps of the first reading, which takes half of one core at most.
const REST_MAX: Duration = Duration::from_millis(200);

/// Finds stored entries by their words.
#[derive(Debug, Default)]
pub(super) struct Finder {
    index: RwLock<Index>,
    work: Mutex<Work>,
    /// Rings when there is work, or when some is done.
    bell: Condvar,
}

/// What is left to do.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
struct Work {
    /// Entries that the store holds in another form than the index, or not at all.
    waiting: Vec<EntryKey>,
    /// Whether a thread is at it.
    is_running: bool,
    /// Whether it is to end.
    is_stopped: bool,
    /// Whether all that is stored, and has room, has been read once.
    is_complete: bool,
    /// Whether something was taken from `waiting` that is not in the index yet.
    is_busy: bool,
    /// Whether everything is to be read anew.
    is_void: bool,
}

impl Work {
    fn is_done(&self) -> bool {
        self.is_complete && self.waiting.is_empty() && !self.is_busy && !self.is_void
    }
}

impl Finder {
    /// Begins to keep an index of `store`, or ends it.
    pub(super) fn switch(self: &Arc<Self>, is_on: bool, store: &Arc<Store>) {
        let mut work = self.work();
        work.is_stopped = !is_on;
        self.bell.notify_all();
        if !is_on || work.is_running {
            return;
        }
        let (finder, store) = (Arc::clone(self), Arc::downgrade(store));
        let begun = thread::Builder::new().name("finder".to_owned()).spawn(move || finder.run(&store));
        match begun {
            Ok(_) => work.is_running = true,
            Err(error) => tracing::error!(%error, "there is no thread for the index: searches find nothing"),
        }
    }

    /// These entries have come, changed or gone, and the store says which.
    pub(super) fn note(&self, keys: impl IntoIterator<Item = EntryKey>) {
        let mut work = self.work();
        if !work.is_running || work.is_void {
            return;
        }
        work.waiting.extend(keys);
        if work.waiting.len() > WAITING_MAX {
            (work.waiting, work.is_void) = (vec![], true);
        }
        self.bell.notify_all();
    }

    /// The index as it is now.
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it holds all that is stored, but not longer than this; says whether all was read once.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let work = self.work();
        let waited = self.bell.wait_timeout_while(work, patience, |work| !work.is_done());
        let (work, _) = waited.unwrap_or_else(PoisonError::into_inner);
        work.is_complete && !work.is_void
    }

    fn run(&self, store: &Weak<Store>) {
        let mut cursor = None;
        let began = Instant::now();
        while let Some(store) = self.open(store) {
            match self.step(&store, &mut cursor) {
                Ok(Step::Done) => {
                    drop(store);
                    self.rest(LOOK_AROUND);
                }
                Ok(Step::Put) => {}
                Ok(Step::Read(took)) => {
                    drop(store);
                    // Only what is new goes before a rest.
                    self.rest(took.min(REST_MAX));
                }
                Ok(Step::AllRead) => {
                    let index = self.index();
                    let (entries, bytes, millis) = (index.len(), index.bytes(), began.elapsed().as_millis());
                    let aside_bytes = index.aside_bytes();
                    tracing::debug!(entries, bytes, aside_bytes, millis, "the index for searches is read");
                }
                Err(error) => {
                    drop(store);
                    tracing::error!(%error, "the store cannot be read: searches may miss something");
                    self.rest(AFTER_ERROR);
                }
            }
        }
    }

    /// The store, unless the thread is to end.
    fn open(&self, store: &Weak<Store>) -> Option<Arc<Store>> {
        let mut work = self.work();
        let open = store.upgrade().filter(|_| !work.is_stopped);
        if open.is_none() {
            *self.index_mut() = Index::default();
            *work = Work::default();
            self.bell.notify_all();
        }
        open
    }

    /// Waits until something is new, but not longer than this.
    fn rest(&self, most: Duration) {
        let work = self.work();
        let is_idle = |work: &mut Work| work.waiting.is_empty() && !work.is_stopped && !work.is_void;
        drop(self.bell.wait_timeout_while(work, most, is_idle));
    }

    fn step(&self, store: &Store, cursor: &mut Option<EntryKey>) -> Result<Step, StoreError> {
        let mut work = self.work();
        if work.is_void {
            *self.index_mut() = Index::default();
            (work.is_void, work.is_complete, *cursor) = (false, false, None);
        }
        let left = work.waiting.len().saturating_sub(STEP_ENTRIES);
        let keys = work.waiting.split_off(left);
        let is_complete = work.is_complete;
        work.is_busy = !keys.is_empty();
        drop(work);
        if !keys.is_empty() {
            let put = self.put_anew(store, &keys);
            let mut work = self.work();
            work.is_busy = false;
            if put.is_err() {
                work.waiting.extend(keys);
            }
            self.bell.notify_all();
            return put.map(|()| Step::Put);
        }
        if is_complete {
            let sparse = self.index_mut().tidy();
            self.work().waiting.extend(&sparse);
            return Ok(if sparse.is_empty() { Step::Done } else { Step::Put });
        }
        let began = Instant::now();
        if self.read_on(store, cursor)? {
            return Ok(Step::Read(began.elapsed()));
        }
        self.work().is_complete = true;
        self.bell.notify_all();
        Ok(Step::AllRead)
    }

    /// Puts what the store says of these entries in place of what was known of them.
    fn put_anew(&self, store: &Store, keys: &[EntryKey]) -> Result<(), StoreError> {
        let mut found = store.entries(&keys.iter().copied().collect())?;
        let gone = keys.iter().filter(|key| !found.contains_key(key));
        let gone: Vec<EntryKey> = gone.copied().collect();
        if !gone.is_empty() {
            let mut index = self.index_mut();
            gone.into_iter().for_each(|key| index.remove(key));
        }
        // In the order in which they came.
        let entries = keys.iter().filter_map(|key| found.remove(key)).collect();
        self.put(store, entries);
        Ok(())
    }

    /// Reads some entries that are older than those read before; says whether there may be more.
    fn read_on(&self, store: &Store, cursor: &mut Option<EntryKey>) -> Result<bool, StoreError> {
        let mut entries = vec![];
        let mut last = None;
        for entry in store.newest_before(*cursor)?.take(STEP_ENTRIES) {
            let entry = entry?;
            last = Some(entry.key);
            if !self.index().has(entry.key) {
                entries.push(entry);
            }
        }
        self.put(store, entries);
        *cursor = last.or(*cursor);
        Ok(last.is_some() && !self.index().is_full())
    }

    fn put(&self, store: &Store, entries: Vec<Entry>) {
        let folded: Vec<(Entry, Texts)> = entries
            .into_iter()
            .map(|entry| {
                let texts = Texts::of(&entry);
                (entry, texts)
            })
            .collect();
        for some in folded.chunks(PUT_ENTRIES) {
            let mut index = self.index_mut();
            some.iter().for_each(|(entry, texts)| index.insert(entry, texts));
        }
        // Nobody else changes the index, so nothing comes in between.
        let ripe = self.index().ripe();
        if let Some(mut ripe) = ripe {
            ripe.set_aside(|bytes| {
                store.scratch(bytes).map(|scratch| Box::new(OnDisk(scratch)) as Box<dyn Aside>)
            });
            self.index_mut().seal(ripe);
        }
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of the index that is not in memory.
#[derive(Debug)]
struct OnDisk(Scratch);

impl Aside for OnDisk {
    fn read(&self, range: Range<usize>) -> Option<Vec<u8>> {
        let read = self.0.read(range);
        read.inspect_err(
            |error| tracing::error!(%error, "the index cannot be read: searches may miss something"),
        )
        .ok()
    }
}

/// What a step has done.
enum Step {
    /// Nothing: there is no work.
    Done,
    /// Some of what is new is in.
    Put,
    /// Some of what is old is in, which took so long.
    Read(Duration),
    /// All that is old is in.
    AllRead,
}
