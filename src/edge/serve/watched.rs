//! The stream of a connection: notes what its peer does, and ends without cutting the last answer off.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::connection::Patience;
use super::twin;

/// Bytes that are read and thrown away after an answer, so that a peer which is still sending gets to read it.
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// A stream that notes whether its peer takes what is sent, and that ends without cutting the last answer off.
pub(super) struct Watched {
    io: TokioIo<TcpStream>,
    patience: Arc<Patience>,
    /// What was read of it, and nobody has had yet.
    heard: Vec<u8>,
    swallowed_bytes: usize,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, patience: Arc<Patience>) -> Self {
        Self { io: TokioIo::new(stream), patience, heard: Vec::new(), swallowed_bytes: 0 }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        self.io.inner()
    }

    /// What was read, and whoever reads it next gets first.
    pub(super) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Adds to that.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
    }

    /// Takes back what somebody has read and cannot use; nothing else is waiting.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        self.heard = bytes.to_vec();
    }

    /// With the help of a body's twin, where there is one.
    fn poll_send(&mut self, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut expected = self.patience.take_twin();
        if expected.is_some() {
            let sent = twin::poll_send(self.io.inner(), cx, slices, &mut expected);
            self.patience.expect(expected);
            if let Some(sent) = sent {
                return sent;
            }
        }
        match slices {
            // One is sent with less ado than a list.
            [slice] => Pin::new(&mut self.io).poll_write(cx, slice),
            _ => Pin::new(&mut self.io).poll_write_vectored(cx, slices),
        }
    }
}

impl Read for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.heard.is_empty() {
            let length = self.heard.len().min(buffer.remaining());
            let rest = self.heard.split_off(length);
            buffer.put_slice(&std::mem::replace(&mut self.heard, rest));
            return Poll::Ready(Ok(()));
        }
        let outcome = Pin::new(&mut self.io).poll_read(cx, buffer);
        if outcome.is_ready() {
            self.patience.heard();
        }
        outcome
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.patience.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.poll_send(cx, slices);
        self.patience.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Says that nothing more comes. A peer that is still sending would be reset at that, perhaps before it
    /// has read its answer: it is listened to for a little while, and what it says is thrown away.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        loop {
            let mut space = [0; 4096];
            let mut buffer = ReadBuf::new(&mut space);
            let ended = match Pin::new(&mut self.io).poll_read(cx, buffer.unfilled()) {
                Poll::Ready(Ok(())) => buffer.filled().is_empty(),
                Poll::Pending if self.patience.lingers() => return Poll::Pending,
                Poll::Pending | Poll::Ready(Err(_)) => true,
            };
            self.swallowed_bytes += buffer.filled().len();
            if ended || self.swallowed_bytes > LINGER_BYTES_MAX {
                return Poll::Ready(Ok(()));
            }
            self.patience.leave_unread();
        }
    }
}
