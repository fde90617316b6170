//! Bodies that are too long to be held: made, sent and taken a piece at a time, by threads that may wait.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;

/// Bytes of one piece.
pub const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait for whoever is slower.
const PIECES_MAX: usize = 4;
/// Whoever takes nothing, or brings nothing, for so long is given up.
pub(super) const STALL_MAX: Duration = Duration::from_secs(60);
/// How often it is looked whether there is room for another piece.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// The body of an answer or of a request.
pub(super) enum Outgoing {
    /// All of it.
    Whole(Bytes),
    /// What a [`Source`] brings.
    Pieces(mpsc::Receiver<Bytes>),
}

/// Where the pieces of a body are written to. What is not ended with [`Source::end`] arrives broken off.
#[derive(Debug)]
pub struct Source(mpsc::Sender<Bytes>);

/// A body that comes piece by piece.
#[derive(Debug)]
pub struct Upload {
    pieces: mpsc::Receiver<Bytes>,
    open: Bytes,
    is_over: bool,
}

/// A source, and the body that it fills.
pub(super) fn pieces() -> (Source, Outgoing) {
    let (source, pieces) = mpsc::channel(PIECES_MAX);
    (Source(source), Outgoing::Pieces(pieces))
}

/// Passes on what comes of a body; what does not come to its end is broken off.
pub(super) fn receive(mut body: Incoming) -> Upload {
    let (source, pieces) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        loop {
            let piece = match timeout(STALL_MAX, body.frame()).await {
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                // The end.
                Ok(None) => return drop(source.send(Bytes::new()).await),
                Ok(Some(Err(_))) | Err(_) => return,
            };
            if !piece.is_empty() && source.send(piece).await.is_err() {
                return;
            }
        }
    });
    Upload { pieces, open: Bytes::new(), is_over: false }
}

impl Source {
    /// The body is whole.
    pub fn end(self) -> io::Result<()> {
        self.send(Bytes::new())
    }

    /// An empty piece is the end.
    fn send(&self, mut piece: Bytes) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            piece = match self.0.try_send(piece) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(_)) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(TrySendError::Full(piece)) if begun.elapsed() < STALL_MAX => piece,
                Err(TrySendError::Full(_)) => return Err(io::ErrorKind::TimedOut.into()),
            };
            thread::sleep(LOOK_INTERVAL);
        }
    }
}

impl io::Write for Source {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = bytes.get(..PIECE_BYTES).unwrap_or(bytes);
        if !bytes.is_empty() {
            self.send(Bytes::copy_from_slice(bytes))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Upload {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.open.is_empty() && !self.is_over {
            match self.pieces.blocking_recv() {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(piece) if piece.is_empty() => self.is_over = true,
                Some(piece) => self.open = piece,
            }
        }
        let count = self.open.len().min(into.len());
        let taken = self.open.split_to(count);
        into.iter_mut().zip(taken.iter()).for_each(|(to, from)| *to = *from);
        Ok(count)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) => Some(std::mem::take(bytes)),
            Self::Pieces(pieces) => ready!(pieces.poll_recv(context)),
        };
        Poll::Ready(match next {
            Some(end) if end.is_empty() => None,
            Some(piece) => Some(Ok(Frame::data(piece))),
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Pieces(_) => f.write_str("pieces"),
        }
    }
}
