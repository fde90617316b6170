//! Which files have changed: feeds.toml and local sources.
//!
//! The folders are watched, not the files: editors write aside and rename, and a file may not be there yet.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Several events of one save are one change.
const SETTLE: Duration = Duration::from_millis(200);
/// Where the system reports nothing (network drives, links to elsewhere), files are looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A set of watched files.
pub struct Watch {
    watcher: RecommendedWatcher,
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    /// Starts watching nothing; `changed` is called, on a thread of the watch's own, with each file of the
    /// set that was changed, made, replaced or removed.
    pub fn start(changed: impl Fn(PathBuf) + Send + 'static) -> notify::Result<Self> {
        let (events, queue) = channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // The thread ends with the watch; then nobody is interested.
            let _ = match event {
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => Ok(()),
                Ok(event) => events.send(event.paths),
                Err(_) => Ok(()),
            };
        })?;
        let files = Arc::new(Mutex::new(BTreeSet::new()));
        let watched = Arc::clone(&files);
        std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || listen(&queue, &watched, &changed))?;
        Ok(Self { watcher, files, folders: BTreeSet::new() })
    }

    /// Replaces the set of files.
    pub fn set(&mut self, files: BTreeSet<PathBuf>) {
        let folders: BTreeSet<PathBuf> = files.iter().map(|file| folder(file)).collect();
        for gone in self.folders.difference(&folders) {
            // It may have been removed, and is not watched any more then.
            let _ = self.watcher.unwatch(gone);
        }
        for new in folders.difference(&self.folders) {
            if let Err(error) = self.watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %new.display(), %error, "changes here are noticed late: the folder cannot be watched");
            }
        }
        self.folders = folders;
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
    }
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Gathers events until they settle, and looks at the files themselves now and then.
fn listen(queue: &Receiver<Vec<PathBuf>>, files: &Mutex<BTreeSet<PathBuf>>, changed: &impl Fn(PathBuf)) {
    let mut seen: HashMap<PathBuf, Option<(SystemTime, u64)>> = HashMap::new();
    let mut next_look = Instant::now() + LOOK_INTERVAL;
    loop {
        let mut names: BTreeSet<PathBuf> =
            match queue.recv_timeout(next_look.saturating_duration_since(Instant::now())) {
                Ok(paths) => paths.into_iter().collect(),
                Err(RecvTimeoutError::Timeout) => BTreeSet::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
        let settled = Instant::now() + SETTLE;
        while !names.is_empty()
            && let Ok(paths) = queue.recv_timeout(settled.saturating_duration_since(Instant::now()))
        {
            names.extend(paths);
        }
        let look = Instant::now() >= next_look;
        let files = files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.retain(|file, _| files.contains(file));
        for file in files {
            let named = names.iter().any(|name| name.file_name() == file.file_name());
            if !named && !look && seen.contains_key(&file) {
                continue;
            }
            let stamp = stamp(&file);
            let known = seen.insert(file.clone(), stamp);
            if named || known.is_some_and(|known| known != stamp) {
                changed(file);
            }
        }
        if look {
            next_look = Instant::now() + LOOK_INTERVAL;
        }
    }
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
