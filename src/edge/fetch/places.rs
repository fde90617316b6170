//! Places at hosts: so many at each, taken in the order of asking, in a table of those in use.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The hosts that somebody is at or waits for; nobody else is in the table.
pub(super) struct Places<K> {
    per_host: usize,
    table: Mutex<HashMap<K, Arc<Semaphore>>>,
}

/// A place at a host, or in the queue before it.
pub(super) struct Place<K: Eq + Hash + Clone> {
    places: Arc<Places<K>>,
    key: K,
    semaphore: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Eq + Hash + Clone> Places<K> {
    pub(super) fn new(per_host: usize) -> Arc<Self> {
        Arc::new(Self { per_host, table: Mutex::default() })
    }

    /// A place that has not been entered yet.
    pub(super) fn at(self: &Arc<Self>, key: K) -> Place<K> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let semaphore = table.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        let semaphore = Some(semaphore.clone());
        Place { places: self.clone(), key, semaphore, permit: None }
    }

    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.table.lock().unwrap().len()
    }
}

impl<K: Eq + Hash + Clone> Place<K> {
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    pub(super) async fn enter(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            self.permit = acquire(semaphore).await;
        }
    }

    pub(super) fn enter_at_once(&mut self) -> bool {
        self.permit = self.semaphore.clone().and_then(|semaphore| semaphore.try_acquire_owned().ok());
        self.permit.is_some()
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut table = self.places.table.lock().unwrap_or_else(PoisonError::into_inner);
        // The permit holds its semaphore as well; what the table alone holds, nobody needs any more.
        self.permit = None;
        self.semaphore = None;
        if table.get(&self.key).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            table.remove(&self.key);
        }
    }
}

/// `None` cannot happen: these semaphores are never closed.
pub(super) async fn acquire(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    semaphore.clone().acquire_owned().await.ok()
}
