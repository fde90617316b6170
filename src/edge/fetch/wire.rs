//! A connection that is counted while it is open, and that can be closed while it waits in a pool.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What everybody who uses a connection knows of it.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<State>);

#[derive(Default)]
struct State {
    /// Answers that it has brought so far.
    answers: AtomicUsize,
    /// Answers that are being read.
    busy: AtomicUsize,
    closed: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Line {
    /// Notes that an answer has begun.
    pub(super) fn begin(&self) {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
        self.0.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that an answer has ended. Whether nobody reads another one now.
    pub(super) fn end(&self) -> bool {
        self.0.busy.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Whether it has brought an answer before.
    pub(super) fn is_proven(&self) -> bool {
        self.0.answers.load(Ordering::Relaxed) > 0
    }

    /// Makes the connection look as if the server had closed it, so that its pool lets go of it.
    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader().take() {
            reader.wake();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection itself.
pub(super) struct Wire {
    stream: TokioIo<TcpStream>,
    open: Arc<AtomicUsize>,
    line: Line,
    /// Whether it ends at a proxy that is to be told whole addresses.
    is_proxied: bool,
}

impl Wire {
    /// Counts as open from now on.
    pub(super) fn new(stream: TokioIo<TcpStream>, is_proxied: bool, open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self { stream, open, line: Line::default(), is_proxied }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_proxied).extra(self.line.clone())
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.line.is_closed() {
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            *self.line.reader() = Some(context.waker().clone());
            // It may have been closed between the first look and the note of whom to wake.
            if self.line.is_closed() {
                return Poll::Ready(Ok(()));
            }
        }
        read
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
