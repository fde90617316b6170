//! Places at hosts: so many at each, taken in the order of asking, in a table of those in use.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// The hosts that somebody is at or waits for; nobody else is in the table.
pub(super) struct Places<K> {
    at_first: usize,
    per_host: usize,
    table: std::sync::Mutex<HashMap<K, Arc<Host>>>,
}

/// One host: as many permits as it has places.
struct Host {
    free: Arc<Semaphore>,
    places: AtomicUsize,
    /// Held by whoever is next, so that those who have a place and wait for something else keep their order.
    next: Arc<Mutex<()>>,
}

/// A place at a host, or in the queue before it.
pub(super) struct Place<K: Eq + Hash + Clone> {
    places: Arc<Places<K>>,
    key: K,
    host: Option<Arc<Host>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// A host begins with `at_first` places and gets another one with each answer, up to `per_host`: one that
    /// does not answer never has many waiting for it.
    pub(super) fn new(at_first: usize, per_host: usize) -> Arc<Self> {
        Arc::new(Self { at_first: at_first.clamp(1, per_host), per_host, table: std::sync::Mutex::default() })
    }

    /// The host has answered.
    pub(super) fn answered(&self, key: &K) {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        // Places change under the lock alone.
        if let Some(host) = table.get(key)
            && host.places.load(Ordering::Relaxed) < self.per_host
        {
            host.places.fetch_add(1, Ordering::Relaxed);
            host.free.add_permits(1);
        }
    }

    /// A place that has not been entered yet.
    pub(super) fn at(self: &Arc<Self>, key: K) -> Place<K> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let host = table.entry(key.clone()).or_insert_with(|| {
            let free = Arc::new(Semaphore::new(self.at_first));
            Arc::new(Host { free, places: AtomicUsize::new(self.at_first), next: Arc::default() })
        });
        let host = Some(host.clone());
        Place { places: self.clone(), key, host, permit: None }
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
        if let Some(host) = &self.host {
            self.permit = acquire(&host.free).await;
        }
    }

    /// Waits until everybody who asked before has gone on. `on_wait` is called where somebody has.
    pub(super) async fn be_next(&self, on_wait: impl FnOnce()) -> Option<OwnedMutexGuard<()>> {
        let next = self.host.as_ref()?.next.clone();
        if let Ok(guard) = next.clone().try_lock_owned() {
            return Some(guard);
        }
        on_wait();
        Some(next.lock_owned().await)
    }

    pub(super) fn enter_at_once(&mut self) -> bool {
        self.permit = self.host.as_ref().and_then(|host| host.free.clone().try_acquire_owned().ok());
        self.permit.is_some()
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut table = self.places.table.lock().unwrap_or_else(PoisonError::into_inner);
        // What the table alone holds, nobody needs any more.
        self.permit = None;
        self.host = None;
        if table.get(&self.key).is_some_and(|host| Arc::strong_count(host) == 1) {
            table.remove(&self.key);
        }
    }
}

/// `None` cannot happen: these semaphores are never closed.
pub(super) async fn acquire(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    semaphore.clone().acquire_owned().await.ok()
}
