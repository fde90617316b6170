//! Long bodies once more, in files without a name: from there the kernel sends them without copying them for each
//! reader. Linux only; elsewhere, and wherever it does not work, bodies are written like all else.

#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "twin/elsewhere.rs"]
mod kernel;

use std::io::{self, ErrorKind, IoSlice};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// A shorter body is copied sooner than it is sent with a call of its own. From here on a copy needs memory that the
/// kernel has to find, and some readers wait for that.
pub(super) const BODY_BYTES_MIN: usize = 4 * 1024;
/// A longer one would hold up others while its twin is made.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is asked for less often than this is not worth a file: documents of a busy section live for a minute.
const REQUESTS_MIN: usize = 3;
/// Twins at once: each takes a file descriptor.
const TWINS_MAX: usize = 256;
/// Bytes of all twins together.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// What all documents share.
static BUDGET: Budget = Budget::new(TWINS_MAX, BYTES_MAX);

/// A body, and the file that holds the same bytes.
pub(super) struct Twin {
    /// Held so that no other bytes can get its addresses.
    body: Bytes,
    file: kernel::File,
    _share: Share,
}

impl Twin {
    fn new(body: &Bytes, budget: &'static Budget) -> Option<Self> {
        let share = budget.take(body.len())?;
        let file = kernel::File::new(body).ok()?;
        Some(Self { body: body.clone(), file, _share: share })
    }

    /// Which of the slices is part of the body, and of which part.
    fn find(&self, slices: &[IoSlice<'_>]) -> Option<(usize, Range<usize>)> {
        slices.iter().enumerate().find_map(|(index, slice)| Some((index, self.place(slice)?)))
    }

    /// Where in the body a slice lies that is part of it: not only equal, but the same place in memory.
    fn place(&self, slice: &[u8]) -> Option<Range<usize>> {
        let start = slice.as_ptr().addr().checked_sub(self.body.as_ptr().addr())?;
        let range = start..start.checked_add(slice.len())?;
        (!range.is_empty() && range.end <= self.body.len()).then_some(range)
    }
}

/// Sends what precedes the part of a body among the slices, and that part from its file. `None` where nothing is
/// sent, since no part of the body is among them, or the kernel refuses: they are to be written like all else.
///
/// A twin that was sent whole, or is of no use, is let go: an idle connection holds no document.
pub(super) fn poll_send(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    slices: &[IoSlice<'_>],
    expected: &mut Option<Arc<Twin>>,
) -> Option<Poll<io::Result<usize>>> {
    let twin = expected.as_ref()?;
    let (index, range) = twin.find(slices)?;
    let before = slices.get(..index)?;
    let wanted = before.iter().map(|slice| slice.len()).sum::<usize>() + range.len();
    let outcome = loop {
        match stream.poll_write_ready(cx) {
            Poll::Ready(Ok(())) => {}
            other => return Some(other.map_ok(|()| 0)),
        }
        match stream.try_io(Interest::WRITABLE, || twin.file.send(stream, before, range.clone())) {
            // Whoever waits for room is told by the look at the stream above.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            outcome => break outcome,
        }
    };
    if outcome.as_ref().map_or(true, |sent| *sent == wanted && range.end == twin.body.len()) {
        *expected = None;
    }
    // Where it is the stream that is broken, an ordinary write says so.
    outcome.ok().map(|sent| Poll::Ready(Ok(sent)))
}

/// A place for the twin of one body, which is made when the body has been asked for a few times.
#[derive(Default)]
pub(super) struct Slot {
    requests: AtomicUsize,
    twin: OnceLock<Option<Arc<Twin>>>,
}

impl Slot {
    /// The twin of the body that this place is for.
    pub(super) fn of(&self, body: &Bytes) -> Option<Arc<Twin>> {
        if let Some(made) = self.twin.get() {
            return made.clone();
        }
        if self.requests.fetch_add(1, Ordering::Relaxed) < REQUESTS_MIN {
            return None;
        }
        self.twin.get_or_init(|| Twin::new(body, &BUDGET).map(Arc::new)).clone()
    }
}

/// How many twins, and how many bytes of them, there may still be.
struct Budget {
    twins: AtomicUsize,
    bytes: AtomicUsize,
}

impl Budget {
    const fn new(twins: usize, bytes: usize) -> Self {
        Self { twins: AtomicUsize::new(twins), bytes: AtomicUsize::new(bytes) }
    }

    /// Room for a twin of so many bytes, until it is dropped.
    fn take(&'static self, bytes: usize) -> Option<Share> {
        let less = |left: &AtomicUsize, by: usize| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(by)).is_ok()
        };
        if !less(&self.twins, 1) {
            return None;
        }
        if !less(&self.bytes, bytes) {
            self.twins.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Share { budget: self, bytes })
    }
}

/// A part of a budget.
struct Share {
    budget: &'static Budget,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.twins.fetch_add(1, Ordering::Relaxed);
        self.budget.bytes.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn left(budget: &Budget) -> (usize, usize) {
        (budget.twins.load(Ordering::Relaxed), budget.bytes.load(Ordering::Relaxed))
    }

    #[test]
    fn a_budget_is_kept_and_given_back() {
        static BUDGET: Budget = Budget::new(2, 100);
        let make = |bytes: usize| Twin::new(&Bytes::from(vec![b'x'; bytes]), &BUDGET);
        let first = make(60).unwrap();
        assert!(make(41).is_none(), "too many bytes");
        assert_eq!(left(&BUDGET), (1, 40));
        let second = make(40).unwrap();
        assert_eq!(left(&BUDGET), (0, 0));
        assert!(make(0).is_none(), "too many twins");
        drop(first);
        assert_eq!(left(&BUDGET), (1, 60));
        drop(second);
        assert_eq!(left(&BUDGET), (2, 100));
    }

    #[test]
    fn only_the_very_bytes_are_found() {
        static BUDGET: Budget = Budget::new(1, 100);
        let all = Bytes::from(vec![b'x'; 100]);
        let twin = Twin::new(&all.slice(10..90), &BUDGET).unwrap();
        for (range, expected) in [
            (10..90, Some(0..80)),
            (10..11, Some(0..1)),
            (50..90, Some(40..80)),
            (9..90, None),
            (10..91, None),
            (90..100, None),
            (50..50, None),
        ] {
            assert_eq!(twin.place(&all[range.clone()]), expected, "{range:?}");
        }
        assert_eq!(twin.place(&[b'x'; 80]), None, "equal bytes elsewhere");
        let slices = [IoSlice::new(b"head"), IoSlice::new(&all[10..20]), IoSlice::new(&all[20..90])];
        assert_eq!(twin.find(&slices), Some((1, 0..10)));
        assert_eq!(twin.find(&slices[..1]), None);
    }

    #[test]
    fn a_body_gets_its_twin_when_it_is_asked_for_again_and_again() {
        let (slot, body) = (Slot::default(), Bytes::from(vec![b'x'; 100]));
        let had: Vec<bool> = (0..=REQUESTS_MIN).map(|_| slot.of(&body).is_some()).collect();
        assert_eq!(had.iter().position(|has| *has), Some(REQUESTS_MIN), "{had:?}");
    }
}
