//! One connection: its deadlines, the same for HTTP/1 and HTTP/2. hyper knows none for a peer that says
//! nothing, for HTTP/2 without requests, or for an answer that nobody reads.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, sleep_until};

use super::Limits;
use super::twin::Twin;

/// hyper keeps a connection that is quiet for so long: who asks for a page asks for what belongs to it at once.
const PARK_AFTER: Duration = Duration::from_millis(500);
/// Bytes of an answer that are handed to hyper at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What one connection is doing.
pub(super) struct Patience {
    limits: Limits,
    began: Instant,
    /// Whether hyper has it, over HTTP/1, and may give it back.
    parks: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Requests whose answers are not handed over whole.
    running: usize,
    /// The peer takes no bytes at the moment.
    blocked: bool,
    /// Whether any request was answered.
    answered: bool,
    /// When the last answer was handed over, or the connection began.
    quiet_since: Instant,
    /// When the first bytes of a head came that is not whole yet.
    head_since: Option<Instant>,
    /// When the peer last took bytes, or asked for some.
    moved_at: Instant,
    /// When the last bytes were sent, where the peer is only allowed to read them.
    lingers_since: Option<Instant>,
    /// A request's body was left unread.
    unread: bool,
    /// What is going to be written next, as the kernel has it.
    twin: Option<Arc<Twin>>,
}

/// Why a connection's time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// It is given back by hyper until it says something.
    Park,
    /// It may finish what runs.
    Finish,
    /// It has had its time for that.
    Cut,
}

impl Patience {
    /// For a connection that begins now.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            running: 0,
            blocked: false,
            answered: false,
            quiet_since: now,
            head_since: None,
            moved_at: now,
            lingers_since: None,
            unread: false,
            twin: None,
        };
        Arc::new(Self { limits, began: now, parks: AtomicBool::new(false), state: Mutex::new(state) })
    }

    /// A request begins; it runs until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        let mut state = self.state();
        state.running += 1;
        state.head_since = None;
        state.moved_at = Instant::now();
        Running(Arc::clone(self))
    }

    /// Bytes of a head have come.
    pub(super) fn hear(&self) {
        let mut state = self.state();
        if state.running == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// The same, where hyper has read them.
    pub(super) fn heard(&self) {
        if self.parks.load(Ordering::Relaxed) {
            self.hear();
        }
    }

    /// Whether hyper is to give the connection back when it has nothing to do.
    pub(super) fn park(&self, parks: bool) {
        self.parks.store(parks, Ordering::Relaxed);
    }

    /// Until when the first request of this connection is waited for, though a stop has come; the present or the past
    /// where it is not.
    pub(super) fn first_word_until(&self, time: Duration) -> Instant {
        if self.state().answered { self.began } else { self.began + time }
    }

    /// The answer to a request that took its time is there.
    pub(super) fn ready(&self) {
        self.state().moved_at = Instant::now();
    }

    /// The body of a request is not going to be read.
    pub(super) fn leave_unread(&self) {
        self.state().unread = true;
    }

    /// A body with this twin is going to be sent. Of two that are, the later one counts: the other is copied.
    pub(super) fn expect(&self, twin: Option<Arc<Twin>>) {
        if twin.is_some() {
            self.state().twin = twin;
        }
    }

    /// The twin that was expected; it is to be expected again where it was not sent whole.
    pub(super) fn take_twin(&self) -> Option<Arc<Twin>> {
        self.state().twin.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer was sent something, or takes nothing at the moment.
    pub(super) fn wrote(&self, outcome: &Poll<io::Result<usize>>) {
        let mut state = self.state();
        match outcome {
            Poll::Pending => state.blocked = true,
            Poll::Ready(_) if state.blocked || state.running > 0 => {
                let now = Instant::now();
                if std::mem::take(&mut state.blocked) && state.running == 0 {
                    state.quiet_since = now;
                }
                state.moved_at = now;
            }
            // Nothing waits for it.
            Poll::Ready(_) => {}
        }
    }

    /// The next deadline, and what happens then. `last` is when a connection that was told to finish is cut.
    pub(super) fn deadline(&self, last: Option<Instant>) -> (Instant, Verdict) {
        let (state, limits) = (self.state(), &self.limits);
        let next = match state.lingers_since {
            Some(since) => (since + limits.grace, Verdict::Cut),
            None if state.running > 0 || state.blocked => (state.moved_at + limits.write, Verdict::Cut),
            // Who has said nothing yet has the same time for the first byte and the last one of its head.
            None if !state.answered => (state.quiet_since + limits.head, Verdict::Finish),
            None => match state.head_since {
                Some(since) => (since + limits.head, Verdict::Finish),
                None => (state.quiet_since + limits.idle, Verdict::Finish),
            },
        };
        if self.parks.load(Ordering::Relaxed) && last.is_none() && state.answered && next.1 == Verdict::Finish
        {
            let quiet_since = state.head_since.unwrap_or(state.quiet_since);
            let old_at = (self.began + limits.age, Verdict::Finish);
            return next.min(old_at).min((quiet_since + PARK_AFTER, Verdict::Park));
        }
        match last {
            // It need not be told twice.
            Some(last) if next.1 == Verdict::Finish => (last, Verdict::Cut),
            Some(last) => next.min((last, Verdict::Cut)),
            None => next.min((self.began + limits.age, Verdict::Finish)),
        }
    }

    /// When a connection that is told to finish now is cut: one that has nothing to finish is only waited
    /// for as long as its goodbye takes.
    pub(super) fn told_to_finish(&self) -> Instant {
        let state = self.state();
        let quiet = state.running == 0 && !state.blocked;
        Instant::now() + if quiet { self.limits.grace } else { self.limits.drain }
    }

    /// Whether the peer may be still sending; begins the time that it is given.
    pub(super) fn lingers(&self) -> bool {
        let mut state = self.state();
        if state.unread && state.lingers_since.is_none() {
            state.lingers_since = Some(Instant::now());
        }
        state.unread
    }
}

/// A request that runs.
pub(super) struct Running(Arc<Patience>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.answered = true;
        if state.running == 0 {
            // What is handed over was made, or moved on, just now: a look at the clock is saved.
            state.quiet_since = state.moved_at;
        }
    }
}

/// An answer's body; its request runs until hyper has taken the last of it. hyper takes a piece whenever
/// there is room for a byte, so in one piece a body would be gone before anybody has read it.
pub(super) struct Answer {
    rest: Bytes,
    _running: Running,
}

impl Answer {
    pub(super) fn new(body: Bytes, running: Running) -> Self {
        Self { rest: body, _running: running }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Drives a connection until it ends, its time is up, or, after a stop, what ran is answered; then there is nothing
/// left of it. One that is to be parked is given back. `finish` tells it to take nothing new.
///
/// Must be all that its task waits for: the waker that hears of a stop is the one of the first poll.
pub(super) async fn drive<C: Future>(
    // On the heap: as an argument it would be in each of the futures around it once more.
    mut connection: Pin<Box<C>>,
    finish: impl Fn(Pin<&mut C>),
    patience: &Patience,
    mut stopped: watch::Receiver<bool>,
) -> Option<Pin<Box<C>>> {
    let told = stopped.clone();
    // The sender lives until all connections have ended; should it not, they end as well.
    let mut stopped = pin!(async move { stopped.wait_for(|stop| *stop).await.is_ok() });
    let mut alarm = pin!(sleep_until(patience.deadline(None).0));
    // When it is cut, once it was told to finish.
    let mut last = None;
    let mut is_stopped = false;
    let (mut is_first, mut is_set) = (true, false);
    let parked = poll_fn(|cx| {
        // To look whether there is news costs next to nothing; to wait for it again would cost a lock.
        let has_news = std::mem::take(&mut is_first) || !matches!(told.has_changed(), Ok(false));
        is_stopped |= has_news && !is_stopped && stopped.as_mut().poll(cx).is_ready();
        loop {
            // A peer that breaks the protocol or goes away is its own affair.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            // Behind the look at the connection: one that hyper has only just been given would be closed unheard.
            if is_stopped && last.is_none() {
                last = Some(patience.told_to_finish());
                finish(connection.as_mut());
                continue;
            }
            let (at, verdict) = patience.deadline(last);
            // Nearly every request puts the deadline off. The alarm is left where it is then, and set anew when it
            // rings: a timer is dearer than a look at the clock.
            if at < alarm.deadline() {
                alarm.as_mut().reset(at);
                is_set = false;
            }
            // One that has been told whom to wake, and has not rung, need not be told again.
            if is_set && !alarm.is_elapsed() {
                return Poll::Pending;
            }
            // Without budget it does not listen, and all is polled again.
            is_set = has_budget_remaining();
            ready!(alarm.as_mut().poll(cx));
            if at > alarm.deadline() {
                alarm.as_mut().reset(at);
                is_set = false;
                continue;
            }
            if verdict != Verdict::Finish {
                return Poll::Ready(verdict == Verdict::Park);
            }
            last = Some(patience.told_to_finish());
            finish(connection.as_mut());
        }
    })
    .await;
    parked.then_some(connection)
}
