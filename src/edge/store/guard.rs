//! sled's trees, as far as they are used here, but for two things. Where sled panics, on damage that it only meets while
//! it reads or writes, that is an error like any other, and fatal. And what was read is asked for some more times.
//!
//! For sled counts the pages that it keeps in memory late: in each of 256 parts of its cache only when 64 of them were
//! asked for. Until then none has to go, however large they are: whoever reads a store of a gigabyte once has half of it
//! in memory. So rows are asked for once more for every so many bytes of them, which costs a third of a microsecond.

use std::ops::RangeBounds;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sled::transaction::{
    ConflictableTransactionError, TransactionError, Transactional as _, TransactionalTree,
};
use sled::{Batch, IVec};

/// Bytes that are read for one more asking.
const ASKING_BYTES: usize = 1 << 10;
/// A row of so many bytes is among others like it: what a look-up of one brings into memory counts as so many bytes.
const LARGE_ROW_BYTES: usize = 256;
const LOOK_UP_BYTES: usize = 3 << 10;
/// What a row takes beside its bytes.
const ROW_BYTES: usize = 64;

/// sled, and whether it has failed in a way that makes the rest of it doubtful.
#[derive(Clone, Debug)]
pub(super) struct Db {
    db: sled::Db,
    is_broken: Arc<AtomicBool>,
}

/// A tree of the store.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    tree: sled::Tree,
    is_broken: Arc<AtomicBool>,
}

/// The rows of a tree, in order.
pub(super) struct Iter {
    /// `None` behind a panic: what would come then is anybody's guess.
    rows: Option<sled::Iter>,
    tree: sled::Tree,
    asked: Asked,
    is_broken: Arc<AtomicBool>,
}

/// What was read since it was asked for once more.
#[derive(Debug, Default)]
struct Asked {
    is_any: bool,
    bytes: usize,
}

/// Whether sled is not to be used any more after this.
pub(super) fn is_fatal(error: &sled::Error) -> bool {
    use sled::Error::{CollectionNotFound, Corruption, Io, ReportableBug, Unsupported};
    match error {
        CollectionNotFound(_) | Unsupported(_) => false,
        ReportableBug(_) | Io(_) | Corruption { .. } => true,
    }
}

fn guarded<T>(is_broken: &AtomicBool, work: impl FnOnce() -> sled::Result<T>) -> sled::Result<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
        Err(sled::Error::ReportableBug(said.to_owned()))
    });
    done.inspect_err(|error| {
        if is_fatal(error) {
            is_broken.store(true, Ordering::Relaxed);
        }
    })
}

impl Asked {
    /// A row was read: asks for it as often as is due.
    fn note(&mut self, tree: &sled::Tree, name: &[u8], value: &[u8]) -> sled::Result<()> {
        (0..self.due(name, value)).try_for_each(|_| tree.contains_key(name).map(drop))
    }

    /// How often a row that was read is to be asked for once more.
    fn due(&mut self, name: &[u8], value: &[u8]) -> usize {
        self.bytes += name.len() + value.len() + ROW_BYTES;
        if !std::mem::replace(&mut self.is_any, true) && value.len() >= LARGE_ROW_BYTES {
            self.bytes += LOOK_UP_BYTES;
        }
        let times = self.bytes / ASKING_BYTES;
        self.bytes %= ASKING_BYTES;
        times
    }
}

impl Db {
    /// Opens what is at the place that `config` names.
    pub(super) fn open(config: &sled::Config) -> sled::Result<Self> {
        let is_broken = Arc::<AtomicBool>::default();
        Ok(Self { db: guarded(&is_broken, || config.open())?, is_broken })
    }

    /// Whether a call has failed that should not have: what comes of others is doubtful.
    pub(super) fn is_broken(&self) -> &Arc<AtomicBool> {
        &self.is_broken
    }

    /// Opens a tree, making it where there is none.
    pub(super) fn open_tree(&self, name: &str) -> sled::Result<Tree> {
        let tree = guarded(&self.is_broken, || self.db.open_tree(name))?;
        Ok(Tree { tree, is_broken: Arc::clone(&self.is_broken) })
    }

    pub(super) fn tree_names(&self) -> Vec<String> {
        self.db.tree_names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    pub(super) fn flush(&self) -> sled::Result<usize> {
        guarded(&self.is_broken, || self.db.flush())
    }

    /// Changes several trees at once: all of it or nothing.
    pub(super) fn apply<'a>(&self, changed: impl Iterator<Item = (&'a Tree, &'a Batch)>) -> sled::Result<()> {
        let (trees, batches): (Vec<&sled::Tree>, Vec<&Batch>) =
            changed.map(|(tree, batch)| (&tree.tree, batch)).unzip();
        guarded(&self.is_broken, || {
            let written = trees.as_slice().transaction(|trees: &Vec<TransactionalTree>| {
                for (tree, batch) in trees.iter().zip(&batches) {
                    tree.apply_batch(batch)?;
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            });
            written.map_err(|error| match error {
                TransactionError::Storage(error) => error,
                TransactionError::Abort(()) => sled::Error::Unsupported("a commit was given up".to_owned()),
            })
        })
    }
}

impl Tree {
    pub(super) fn get(&self, name: impl AsRef<[u8]>) -> sled::Result<Option<IVec>> {
        guarded(&self.is_broken, || {
            let value = self.tree.get(&name)?;
            if let Some(value) = &value {
                Asked::default().note(&self.tree, name.as_ref(), value)?;
            }
            Ok(value)
        })
    }

    pub(super) fn contains_key(&self, name: impl AsRef<[u8]>) -> sled::Result<bool> {
        guarded(&self.is_broken, || self.tree.contains_key(name))
    }

    pub(super) fn last(&self) -> sled::Result<Option<(IVec, IVec)>> {
        guarded(&self.is_broken, || self.tree.last())
    }

    pub(super) fn get_lt(&self, name: impl AsRef<[u8]>) -> sled::Result<Option<(IVec, IVec)>> {
        guarded(&self.is_broken, || self.tree.get_lt(name))
    }

    /// Whether there is no row; one that cannot be read is one.
    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(super) fn iter(&self) -> Iter {
        self.rows(self.tree.iter())
    }

    pub(super) fn range<K: AsRef<[u8]>, R: RangeBounds<K>>(&self, range: R) -> Iter {
        self.rows(self.tree.range(range))
    }

    pub(super) fn scan_prefix(&self, prefix: impl AsRef<[u8]>) -> Iter {
        self.rows(self.tree.scan_prefix(prefix))
    }

    pub(super) fn apply_batch(&self, batch: Batch) -> sled::Result<()> {
        guarded(&self.is_broken, || self.tree.apply_batch(batch))
    }

    pub(super) fn flush(&self) -> sled::Result<usize> {
        guarded(&self.is_broken, || self.tree.flush())
    }

    fn rows(&self, rows: sled::Iter) -> Iter {
        let (tree, asked) = (self.tree.clone(), Asked::default());
        Iter { rows: Some(rows), tree, asked, is_broken: Arc::clone(&self.is_broken) }
    }
}

impl IntoIterator for &Tree {
    type Item = sled::Result<(IVec, IVec)>;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        self.iter()
    }
}

impl Iter {
    pub(super) fn keys(self) -> impl DoubleEndedIterator<Item = sled::Result<IVec>> {
        self.map(|row| row.map(|(name, _)| name))
    }

    fn step(
        &mut self,
        step: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(IVec, IVec)>>,
    ) -> Option<sled::Result<(IVec, IVec)>> {
        let rows = self.rows.as_mut()?;
        let (tree, asked) = (&self.tree, &mut self.asked);
        let found = guarded(&self.is_broken, || {
            let found = step(rows).transpose()?;
            if let Some((name, value)) = &found {
                asked.note(tree, name, value)?;
            }
            Ok(found)
        });
        if matches!(found, Err(sled::Error::ReportableBug(_))) {
            self.rows = None;
        }
        found.transpose()
    }
}

impl Iterator for Iter {
    type Item = sled::Result<(IVec, IVec)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Iter {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let is_broken = AtomicBool::new(false);
        let said =
            |work: fn() -> sled::Result<()>| guarded(&is_broken, work).map_err(|error| error.to_string());
        assert_eq!(said(|| Ok(())), Ok(()));
        assert!(said(|| Err(sled::Error::Unsupported("no".to_owned()))).is_err());
        assert!(!is_broken.load(Ordering::Relaxed));
        assert!(
            said(|| panic!("this panic {}", "is part of the test")).unwrap_err().contains("panic is part")
        );
        assert!(said(|| panic!("this one too")).unwrap_err().contains("this one too"));
        assert!(is_broken.load(Ordering::Relaxed));
    }

    #[test]
    fn what_is_read_is_asked_for_once_more_by_its_bytes() {
        let check = |values: &[usize], expected: &[usize]| {
            let mut asked = Asked::default();
            let due = values.iter().map(|bytes| asked.due(b"name", &vec![0; *bytes]));
            assert_eq!(due.collect::<Vec<_>>(), expected, "{values:?}");
        };
        check(&[10], &[0]);
        check(&[255, 256], &[0, 0]);
        check(&[256], &[3]);
        check(&[4096, 4096, 4096], &[7, 4, 4]);
        // Small ones count together.
        check(&[100; 13], &[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn rows_end_with_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&sled::Config::new().path(folder.path())).unwrap();
        let tree = db.open_tree("rows").unwrap();
        let mut batch = Batch::default();
        batch.insert("a", "1");
        batch.insert("b", "2");
        db.apply(std::iter::once((&tree, &batch))).unwrap();
        let mut rows = tree.iter();
        assert_eq!(rows.next_back().unwrap().unwrap().0, "b");
        assert!(rows.step(|_| panic!("this panic is part of the test")).unwrap().is_err());
        assert!(rows.next().is_none());
        assert!(db.is_broken().load(Ordering::Relaxed));
        assert_eq!(tree.iter().keys().count(), 2);
    }
}
