//! Turns: so many requests in all, so many at one host, each in the order of asking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::model::FetchLimits;

/// Who waits for what. A fetch waits for its host first and only then for a slot, so that those who wait
/// for a busy host keep nobody else from a slot.
#[derive(Clone)]
pub(super) struct Queue {
    slots: Arc<Semaphore>,
    hosts: Arc<Hosts>,
}

/// The hosts that somebody is at or waits for; nobody else is in the table.
struct Hosts {
    per_host: usize,
    table: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Holds one of the slots until what was fetched has been taken; dropping it lets the next fetch start.
#[derive(Debug)]
pub struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

/// The right to exchange with one host now.
pub(super) struct Turn {
    queue: Queue,
    host: Option<AtHost>,
    slot: Option<OwnedSemaphorePermit>,
}

/// A place at a host, or in the queue before it.
struct AtHost {
    hosts: Arc<Hosts>,
    name: String,
    semaphore: Option<Arc<Semaphore>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Queue {
    pub(super) fn new(limits: FetchLimits) -> Self {
        let at_least_one = |limit: usize| limit.clamp(1, Semaphore::MAX_PERMITS);
        let hosts = Hosts { per_host: at_least_one(limits.per_host), table: Mutex::default() };
        Self { slots: Arc::new(Semaphore::new(at_least_one(limits.concurrency))), hosts: Arc::new(hosts) }
    }

    /// Waits for a slot alone.
    pub(super) async fn slot(&self) -> Slot {
        Slot { _permit: acquire(&self.slots).await }
    }

    /// Waits for the host of `url`, then for a slot.
    pub(super) async fn turn(&self, url: &Url) -> Turn {
        let host = self.hosts.wait(host_of(url)).await;
        let slot = acquire(&self.slots).await;
        Turn { queue: self.clone(), host: Some(host), slot }
    }

    #[cfg(test)]
    fn hosts_known(&self) -> usize {
        self.hosts.table.lock().unwrap().len()
    }
}

impl Turn {
    /// Goes over to the host of `url`. Whoever has to wait there gives everything back meanwhile.
    pub(super) async fn go_to(&mut self, url: &Url) {
        let name = host_of(url);
        if self.host.as_ref().is_some_and(|host| host.name == name) {
            return;
        }
        self.host = None;
        let mut place = self.queue.hosts.place(name);
        if !place.enter_at_once() {
            self.slot = None;
            place.enter().await;
            self.slot = acquire(&self.queue.slots).await;
        }
        self.host = Some(place);
    }

    /// Leaves the host and keeps the slot.
    pub(super) fn end(self) -> Slot {
        Slot { _permit: self.slot }
    }
}

impl Hosts {
    async fn wait(self: &Arc<Self>, name: String) -> AtHost {
        let mut place = self.place(name);
        place.enter().await;
        place
    }

    fn place(self: &Arc<Self>, name: String) -> AtHost {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let semaphore = table.entry(name.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        let semaphore = Some(semaphore.clone());
        AtHost { hosts: self.clone(), name, semaphore, permit: None }
    }
}

impl AtHost {
    async fn enter(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            self.permit = acquire(semaphore).await;
        }
    }

    fn enter_at_once(&mut self) -> bool {
        self.permit = self.semaphore.clone().and_then(|semaphore| semaphore.try_acquire_owned().ok());
        self.permit.is_some()
    }
}

impl Drop for AtHost {
    fn drop(&mut self) {
        let mut table = self.hosts.table.lock().unwrap_or_else(PoisonError::into_inner);
        // The permit holds its semaphore as well; what the table alone holds, nobody needs any more.
        self.permit = None;
        self.semaphore = None;
        if table.get(&self.name).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            table.remove(&self.name);
        }
    }
}

/// `None` cannot happen: these semaphores are never closed.
async fn acquire(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    semaphore.clone().acquire_owned().await.ok()
}

/// Host and port in one spelling. `Url` has lowered the case already.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use polling::poll_once;

    use super::*;

    /// Polls a future once, without a runtime.
    mod polling {
        use std::pin::Pin;
        use std::task::{Context, Poll, Waker};

        pub(super) fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
            match future.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => Some(value),
                Poll::Pending => None,
            }
        }
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        poll_once(std::pin::pin!(future))
    }

    #[test]
    fn a_busy_host_keeps_nobody_else_from_a_slot() {
        let queue = Queue::new(FetchLimits { concurrency: 2, per_host: 1 });
        let first = now(queue.turn(&url("http://busy.example/a"))).unwrap();
        let same_host = url("http://BUSY.example.:80/b");
        let mut waiting = Box::pin(queue.turn(&same_host));
        assert!(poll_once(waiting.as_mut()).is_none());
        let other = now(queue.turn(&url("http://other.example/"))).expect("a slot is free");
        assert!(now(queue.turn(&url("http://third.example/"))).is_none(), "both slots are taken");
        drop(other);
        drop(first);
        assert!(poll_once(waiting.as_mut()).is_some());
    }

    #[test]
    fn the_slot_outlives_the_turn_and_the_host_does_not() {
        let queue = Queue::new(FetchLimits { concurrency: 2, per_host: 1 });
        let slot = now(queue.turn(&url("http://a.example/"))).unwrap().end();
        assert_eq!(queue.hosts_known(), 0);
        let next = now(queue.turn(&url("http://a.example/"))).expect("the host is free again");
        assert!(now(queue.slot()).is_none());
        drop(slot);
        assert!(now(queue.slot()).is_some());
        drop(next);
        assert_eq!(queue.hosts_known(), 0);
    }

    #[test]
    fn whoever_waits_at_the_next_host_gives_its_slot_back() {
        let queue = Queue::new(FetchLimits { concurrency: 2, per_host: 1 });
        let busy = now(queue.turn(&url("http://busy.example/"))).unwrap();
        let mut moving = now(queue.turn(&url("http://a.example/"))).unwrap();
        let target = url("http://busy.example/feed");
        let mut going = Box::pin(moving.go_to(&target));
        assert!(poll_once(going.as_mut()).is_none());
        let other = now(queue.turn(&url("http://a.example/"))).expect("slot and host were given back");
        drop((other, busy));
        assert!(poll_once(going.as_mut()).is_some());
        drop(going);
        drop(moving);
        assert_eq!(queue.hosts_known(), 0);
    }

    #[test]
    fn waiting_that_is_given_up_leaves_nothing_behind() {
        let queue = Queue::new(FetchLimits { concurrency: 9, per_host: 1 });
        let held = now(queue.turn(&url("http://a.example/"))).unwrap();
        for _ in 0..100 {
            assert!(now(queue.turn(&url("http://a.example/"))).is_none());
        }
        assert_eq!(queue.hosts_known(), 1);
        drop(held);
        assert_eq!(queue.hosts_known(), 0);
        assert!(now(queue.turn(&url("http://a.example/"))).is_some());
    }
}
