//! Which files have changed: feeds.toml and local sources.
//!
//! The folders are watched, not the files: editors write aside and rename, and a file may not be there yet.
//! What the system reports is a reason to look; whether a file has changed is read off the file itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A save is over when nothing more was reported for this long: several events are one change.
const SETTLE: Duration = Duration::from_millis(200);
/// A file that is written without a pause is looked at all the same.
const SETTLE_MAX: Duration = Duration::from_secs(1);
/// Where the system reports nothing (network drives, links to elsewhere), files are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A set of watched files.
pub struct Watch {
    state: Arc<Mutex<State>>,
}

struct State {
    watcher: RecommendedWatcher,
    /// Each file as it was when it was last looked at.
    files: HashMap<PathBuf, Option<Stamp>>,
    /// Each folder, and which one it was when it began to be watched; `None` where it cannot be.
    folders: BTreeMap<PathBuf, Option<Inode>>,
}

/// What is different about a file after any change: an edit, a replacement, other permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: Inode,
    length: u64,
    changed: (i64, i64),
}

/// Device and number.
type Inode = (u64, u64);

impl Watch {
    /// Starts watching nothing; `changed` is called, on a thread of the watch's own, with each file of the
    /// set that was changed, made, replaced or removed.
    pub fn start(changed: impl Fn(PathBuf) + Send + 'static) -> notify::Result<Self> {
        // One is enough to be told that there is something to be looked at.
        let (events, queue) = sync_channel(1);
        let watcher = notify::recommended_watcher(reporter(events))?;
        let state = Arc::new(Mutex::new(State { watcher, files: HashMap::new(), folders: BTreeMap::new() }));
        // The thread ends with the watch: the watcher holds the other end of its queue.
        let of_watch = Arc::downgrade(&state);
        std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || listen(&queue, &of_watch, &changed))?;
        Ok(Self { state })
    }

    /// Replaces the set of files. Each change from now on counts.
    pub fn set(&mut self, files: BTreeSet<PathBuf>) {
        let mut state = lock(&self.state);
        let folders: BTreeSet<PathBuf> = files.iter().map(|file| folder(file)).collect();
        for gone in
            state.folders.keys().filter(|folder| !folders.contains(*folder)).cloned().collect::<Vec<_>>()
        {
            // It may have been removed, and is not watched any more then.
            let _ = state.watcher.unwatch(&gone);
            state.folders.remove(&gone);
        }
        for new in folders {
            if !state.folders.contains_key(&new) {
                let watched = state.watch(&new);
                if watched.is_none() {
                    tracing::warn!(folder = %new.display(), "changes here are noticed late: the folder cannot be watched");
                }
                state.folders.insert(new, watched);
            }
        }
        // A file that was watched already keeps its stamp: a change that is being settled must not be lost.
        let mut before = std::mem::take(&mut state.files);
        state.files = files
            .into_iter()
            .map(|file| {
                let stamp = before.remove(&file).unwrap_or_else(|| Stamp::of(&file));
                (file, stamp)
            })
            .collect();
    }
}

impl State {
    fn watch(&mut self, folder: &Path) -> Option<Inode> {
        // Read first: a folder that is replaced in between is seen to be another one later.
        let inode = inode(folder)?;
        self.watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        Some(inode)
    }

    /// Watches folders that were made or replaced; the system forgets a watch with the folder.
    fn rewatch(&mut self) {
        for (folder, watched) in self.folders.clone() {
            if inode(&folder) != watched {
                let _ = self.watcher.unwatch(&folder);
                let watched = self.watch(&folder);
                self.folders.insert(folder, watched);
            }
        }
    }

    /// The files that are not what they were when they were last looked at.
    fn look(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (file, known) in &mut self.files {
            let stamp = Stamp::of(file);
            if *known != stamp {
                *known = stamp;
                changed.push(file.clone());
            }
        }
        changed
    }
}

impl Stamp {
    /// `None` where there is no such file. Links are followed: where they lead is what is read.
    fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        Some(Self {
            inode: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            // The time of change moves with each write, and cannot be set back as that of modification can.
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

fn inode(path: &Path) -> Option<Inode> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Passes on that something happened. Reading a file is no change; an error may hide one.
fn reporter(events: SyncSender<()>) -> impl Fn(notify::Result<notify::Event>) + Send {
    move |event| {
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            // A full queue says it already. The thread ends with the watch; then nobody is interested.
            let _ = events.try_send(());
        }
    }
}

/// Waits for events to settle, and looks at the files; now and then it looks without any.
fn listen(queue: &Receiver<()>, state: &Weak<Mutex<State>>, changed: &impl Fn(PathBuf)) {
    let mut next_look = Instant::now() + LOOK_INTERVAL;
    loop {
        match queue.recv_timeout(next_look.saturating_duration_since(Instant::now())) {
            Ok(()) => settle(queue),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some(state) = state.upgrade() else { return };
        let files = {
            let mut state = lock(&state);
            if Instant::now() >= next_look {
                state.rewatch();
                next_look = Instant::now() + LOOK_INTERVAL;
            }
            state.look()
        };
        files.into_iter().for_each(changed);
    }
}

fn settle(queue: &Receiver<()>) {
    let end = Instant::now() + SETTLE_MAX;
    while queue.recv_timeout(SETTLE.min(end.saturating_duration_since(Instant::now()))).is_ok() {}
}
