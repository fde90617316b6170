//! Where log lines go: to standard error; in the daemon by a thread of its own, so that whoever reads them slowly, or not
//! at all, holds up nothing, and whoever stops reading ends nothing.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines that wait, in bytes. Further ones are left out, and counted.
const WAITING_BYTES_MAX: usize = 1 << 20;
/// The last lines are waited for so long.
const LAST_WAIT: Duration = Duration::from_secs(1);

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Takes log lines, one a write.
#[derive(Clone, Copy, Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match QUEUE.get() {
            Some(queue) => queue.put(line),
            None => io::stderr().lock().write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From now on nobody who writes a line waits for whoever reads it.
pub fn detach() {
    let begun = thread::Builder::new().name("log".to_owned()).spawn(|| {
        let queue = QUEUE.get_or_init(Queue::default);
        loop {
            let left_out = queue.pass_on(&mut io::stderr());
            if left_out > 0 {
                tracing::warn!(lines = left_out, "the log was not read in time: this is left out");
            }
        }
    });
    match begun {
        Ok(_) => drop(QUEUE.get_or_init(Queue::default)),
        Err(error) => {
            tracing::warn!(%error, "there is no thread for the log: whoever reads it is waited for");
        }
    }
}

/// Waits a moment for lines that are not written yet.
pub fn finish() {
    if let Some(queue) = QUEUE.get() {
        queue.wait_until_empty(LAST_WAIT);
    }
}

/// Lines on their way.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    /// Lines have come, or were written.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Whether some were taken out that may not be written yet.
    is_writing: bool,
    left_out: u64,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    fn held(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, line: &[u8]) {
        let mut waiting = self.held();
        if waiting.lines.len() + line.len() > WAITING_BYTES_MAX {
            waiting.left_out += 1;
            return;
        }
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        self.changed.notify_all();
    }

    /// Waits for lines and writes them; what cannot be written is lost. Says how many were left out before.
    fn pass_on(&self, out: &mut impl Write) -> u64 {
        let waiting = self.held();
        let waited = self.changed.wait_while(waiting, |waiting| waiting.lines.is_empty());
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut waiting.lines);
        waiting.is_writing = true;
        drop(waiting);
        // There is nobody else to be told.
        let _ = out.write_all(&lines);
        let mut waiting = self.held();
        waiting.is_writing = false;
        let left_out = std::mem::take(&mut waiting.left_out);
        drop(waiting);
        self.changed.notify_all();
        left_out
    }

    fn wait_until_empty(&self, at_most: Duration) {
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        // Whoever is not done by then has nobody who reads.
        drop(self.changed.wait_timeout_while(self.held(), at_most, is_busy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_in_time_is_left_out_and_counted() {
        let (queue, line) = (Queue::default(), [b'x'; 1024]);
        (0..1030).for_each(|_| queue.put(&line));
        let mut out = vec![];
        assert_eq!(queue.pass_on(&mut out), 6);
        assert_eq!(out.len(), WAITING_BYTES_MAX);
        queue.put(b"later\n");
        assert_eq!(queue.pass_on(&mut out), 0);
        assert!(out.ends_with(b"xlater\n"));
        queue.wait_until_empty(Duration::MAX);
    }

    #[test]
    fn who_reads_no_more_is_not_written_to() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queue = Queue::default();
        queue.put(b"a line\n");
        assert_eq!(queue.pass_on(&mut Gone), 0);
        assert!(queue.held().lines.is_empty());
    }
}
