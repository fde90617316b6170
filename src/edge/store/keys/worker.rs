//! The thread that works beside the writer. It is the same one for as long as the index is open: the system's allocator
//! keeps memory for each thread, and what several of them have used once would stay with the process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A thread, made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Worker {
    busy: Arc<Busy>,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// Whether it is at work.
#[derive(Debug, Default)]
pub(super) struct Busy {
    is_busy: Mutex<bool>,
    ended: Condvar,
}

impl Worker {
    /// Has the work done once, unless it is being done. Where there is no thread to be had, nothing is done.
    pub(super) fn start<W: FnMut() + Send + 'static>(&mut self, name: &str, work: impl FnOnce() -> W) {
        let mut is_busy = self.busy.is_busy.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_busy {
            return;
        }
        let is_heard = self.thread.as_ref().is_some_and(|(orders, _)| orders.send(()).is_ok());
        if !is_heard {
            self.thread = begin(name, Arc::clone(&self.busy), work());
        }
        *is_busy = self.thread.is_some();
    }

    /// What [`Busy::wait`] can be asked of.
    pub(super) fn busy(&self) -> Arc<Busy> {
        Arc::clone(&self.busy)
    }
}

fn begin(
    name: &str,
    busy: Arc<Busy>,
    mut work: impl FnMut() + Send + 'static,
) -> Option<(SyncSender<()>, JoinHandle<()>)> {
    let (orders, ordered) = sync_channel(1);
    let run = move || {
        for () in ordered {
            // One that panics has said so, and can be told to work again.
            drop(catch_unwind(AssertUnwindSafe(&mut work)));
            *busy.is_busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
            busy.ended.notify_all();
        }
    };
    orders.send(()).ok()?;
    Some((orders, Builder::new().name(name.to_owned()).spawn(run).ok()?))
}

impl Busy {
    /// Waits until the work is done.
    pub(super) fn wait(&self) {
        let is_busy = self.is_busy.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ended.wait_while(is_busy, |is_busy| *is_busy));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some((orders, thread)) = self.thread.take() {
            drop(orders);
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn it_works_when_it_is_told_to_and_outlives_a_panic() {
        let (mut worker, done) = (Worker::default(), Arc::<AtomicUsize>::default());
        worker.busy().wait();
        for round in 1..=4 {
            let count = Arc::clone(&done);
            worker.start("worker", || {
                move || assert_ne!(count.fetch_add(1, Ordering::Relaxed), 1, "this panic is part of the test")
            });
            worker.busy().wait();
            assert_eq!(done.load(Ordering::Relaxed), round);
        }
    }
}
