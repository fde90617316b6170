//! Nothing is removed from the index while somebody reads its rows one after the other.
//!
//! Whoever reads them so may see some of a volume that is being written, which repeats what the rows that it is made
//! from say. Without these it would be taken for all there is.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many hold the rows of an index.
#[derive(Debug, Default)]
pub(super) struct Holds {
    count: Mutex<usize>,
    ended: Condvar,
}

/// While it lives, no row of the index goes.
#[derive(Debug)]
pub(in crate::edge::store) struct Hold(Arc<Holds>);

impl Holds {
    pub(super) fn begin(self: &Arc<Self>) -> Hold {
        *self.count() += 1;
        Hold(Arc::clone(self))
    }

    pub(super) fn is_held(&self) -> bool {
        *self.count() > 0
    }

    /// Removes a few rows as soon as nobody holds them.
    pub(super) fn when_free<T>(&self, remove: impl FnOnce() -> T) -> T {
        let free = self.ended.wait_while(self.count(), |count| *count > 0);
        let free = free.unwrap_or_else(PoisonError::into_inner);
        let removed = remove();
        drop(free);
        removed
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.ended.notify_all();
    }
}
