//! Reading all rows of a store once, as fast as it goes: on several threads, while the system fetches the file in order.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::{Depth, Seen};
use crate::edge::fault;
use crate::edge::room::read_ahead;
use crate::edge::store::guard::Db;
use crate::edge::store::open::{claim, open_sled};
use crate::edge::store::trees::SEQUENCE;
use crate::edge::store::{COUNT, Store, StoreError, codec};

/// Rows after which whoever looks says how far it has come.
const ROWS_PER_WORD: u64 = 1_000;
/// The tree that holds most: it goes first, and the others beside it.
const LARGEST: &str = "sheaves";
const THREADS_MAX: usize = 2;
/// What the system is asked for at a time, so that this ends with the process.
const AHEAD_BYTES: u64 = 4 << 20;
/// What is fetched is no use where it has to give way before it is wanted: it takes at most this part of the memory.
const AHEAD_PART: u64 = 2;

/// Opens what is at `place` and reads every row of it; none, where only the opening counts.
pub(super) fn through(place: &Path, depth: Depth, say: &(impl Fn(&Seen) + Sync)) -> Result<Seen, StoreError> {
    let db = open_sled(place)?;
    claim(&db, place)?;
    let meta = db.open_tree("meta")?;
    let sequence = codec::count(meta.get(SEQUENCE)?.as_deref());
    let entries = codec::count(meta.get(COUNT)?.as_deref());
    if depth == Depth::Opening {
        return Ok(Seen::Good { sequence, rows: 0, entries });
    }
    let mut names = db.tree_names();
    names.sort_unstable_by_key(|name| name != LARGEST);
    let (next, rows) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || -> Result<(), StoreError> {
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            walk_tree(&db, name, &rows, |rows| {
                say(&Seen::Rows(rows));
                Ok(())
            })?;
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let panicked = || damaged(place.display().to_string(), "whoever read it has panicked");
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(panicked())))
    })?;
    Ok(Seen::Good { sequence, rows: rows.into_inner(), entries })
}

impl Store {
    /// Reads every row, once, and calls `breathe` now and then, which may give it up; says how many there are. Where one
    /// cannot be read the store is broken. Blocking, and as long as it takes.
    pub fn read_through(
        &self,
        mut breathe: impl FnMut(u64) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let rows = AtomicU64::new(0);
        let mut read = || -> Result<(), StoreError> {
            fault::failing("store.read").map_err(sled::Error::Io)?;
            self.db.tree_names().iter().try_for_each(|name| walk_tree(&self.db, name, &rows, &mut breathe))
        };
        read().inspect_err(|error| {
            if error.is_fatal() {
                self.note_broken();
            }
        })?;
        Ok(rows.into_inner())
    }

    /// Whatever comes of it is doubtful from now on.
    pub fn note_broken(&self) {
        self.db.is_broken().store(true, Ordering::Relaxed);
    }
}

fn walk_tree(
    db: &Db,
    name: &str,
    rows: &AtomicU64,
    mut say: impl FnMut(u64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut last = None;
    for row in &db.open_tree(name)? {
        let (key, _) = row?;
        // Otherwise it could go on for ever.
        if last.as_ref().is_some_and(|last| key <= *last) {
            return Err(damaged(name.to_owned(), "its rows are out of order"));
        }
        last = Some(key);
        let read = rows.fetch_add(1, Ordering::Relaxed) + 1;
        if read.is_multiple_of(ROWS_PER_WORD) {
            say(read)?;
        }
    }
    Ok(())
}

fn damaged(place: String, why: &str) -> StoreError {
    StoreError::Damaged { place, why: why.to_owned() }
}

/// Has the system fetch the file from the disk, beside whoever reads it here and there.
pub(super) fn ahead(path: PathBuf) {
    thread::spawn(move || {
        let Ok(file) = File::open(path) else { return };
        let length = file.metadata().map_or(0, |about| about.len());
        if memory_bytes().is_none_or(|memory| length > memory / AHEAD_PART) {
            return;
        }
        let mut begin = 0;
        while begin < length {
            read_ahead(&file, &(begin..begin + AHEAD_BYTES));
            begin += AHEAD_BYTES;
        }
    });
}

/// The memory that this process and its files may take; `None` where the system does not tell.
fn memory_bytes() -> Option<u64> {
    let said = fs::read_to_string("/proc/meminfo").ok()?;
    let free = said.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = free.split_whitespace().next()?.parse::<u64>().ok()? << 10;
    // What its group may take, where it is in one (cgroups(7)).
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let limit = fs::read_to_string(Path::new("/sys/fs/cgroup").join(group).join("memory.max")).ok();
    let limit = limit.and_then(|limit| limit.trim().parse().ok()).unwrap_or(u64::MAX);
    Some(free.min(limit))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn every_row_of_every_tree_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("db");
        let db = open_sled(&place).unwrap();
        claim(&db, &place).unwrap();
        for name in [LARGEST, "names", "stories"] {
            let mut rows = sled::Batch::default();
            (0..1_500_u32).for_each(|row| rows.insert(&row.to_be_bytes(), "row"));
            db.open_tree(name).unwrap().apply_batch(rows).unwrap();
        }
        let signed = db.open_tree("meta").unwrap().iter().count() as u64;
        drop(db);
        let words = Mutex::new(vec![]);
        let seen =
            |depth| through(&place, depth, &|seen: &Seen| words.lock().unwrap().push(seen.clone())).unwrap();
        assert_eq!(seen(Depth::Opening), Seen::Good { sequence: 0, rows: 0, entries: 0 });
        assert_eq!(seen(Depth::Rows), Seen::Good { sequence: 0, rows: 4_500 + signed, entries: 0 });
        let mut words = words.into_inner().unwrap();
        words.sort_by_key(|word| if let Seen::Rows(rows) = word { *rows } else { 0 });
        assert_eq!(words, [1_000, 2_000, 3_000, 4_000].map(Seen::Rows));
    }

    #[test]
    fn the_system_tells_how_much_memory_there_is() {
        assert!(memory_bytes().unwrap() > 1 << 20);
    }
}
