//! The content codings that we ask for, each decoded piece by piece (RFC 9110 §8.4.1).

use std::io::Write as _;

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::write::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Operation as _};

use super::complaint::Complaint;
use crate::model::FetchErrorKind;

/// RFC 9659: a window of 8 MiB is all that the coding `zstd` may ask for.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// What a decoder hands on at a time.
const PIECE_BYTES_MAX: usize = 32 << 10;

pub(super) type Outcome = Result<(), Complaint>;
pub(super) type Next<'a> = &'a mut dyn FnMut(&[u8]) -> Outcome;

/// One coding.
pub(super) trait Coding: Send {
    /// Takes a piece and hands on what it decodes to.
    fn push(&mut self, piece: &[u8], next: Next<'_>) -> Outcome;
    /// The last piece was pushed: hands on what is left, or says that something is missing.
    fn finish(&mut self, next: Next<'_>) -> Outcome;
}

/// The coding of this name.
pub(super) fn coding(name: &str) -> Result<Box<dyn Coding>, Complaint> {
    Ok(match name {
        "gzip" | "x-gzip" => Box::new(Gzip::Between { members: 0 }),
        "deflate" => Box::new(Deflate { inner: None, head: vec![], ended: false }),
        "br" => Box::new(Brotli::new()),
        "zstd" => Box::new(Zstd::new().map_err(|error| broken(error.to_string()))?),
        other => {
            let other: String = other.escape_debug().take(40).collect();
            return Err(broken(format!("encoded its answer as `{other}`, which nashra did not ask for")));
        }
    })
}

pub(super) fn broken(says: String) -> Complaint {
    Complaint::new(FetchErrorKind::Broken, says)
}

fn corrupt(name: &str) -> Complaint {
    broken(format!("sent an answer that is not valid {name}"))
}

fn truncated(name: &str) -> Complaint {
    broken(format!("broke off in the middle of its {name} answer"))
}

/// RFC 1952: members one after the other; what follows the last one is padding.
enum Gzip {
    Between { members: usize },
    Member(Box<GzDecoder<Vec<u8>>>, usize),
    Padding,
}

impl Coding for Gzip {
    fn push(&mut self, mut piece: &[u8], next: Next<'_>) -> Outcome {
        while let Some(first) = piece.first() {
            match self {
                Self::Padding => return Ok(()),
                Self::Between { members } if *members > 0 && *first != 0x1f => *self = Self::Padding,
                Self::Between { members } => {
                    *self = Self::Member(Box::new(GzDecoder::new(vec![])), *members);
                }
                Self::Member(member, members) => {
                    let taken = member.write(piece).map_err(|_| corrupt("gzip"))?;
                    hand_on(member.get_mut(), next)?;
                    piece = piece.get(taken..).unwrap_or_default();
                    // It takes nothing more once its checksum is complete.
                    if taken == 0 {
                        member.try_finish().map_err(|_| corrupt("gzip"))?;
                        hand_on(member.get_mut(), next)?;
                        *self = Self::Between { members: *members + 1 };
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, next: Next<'_>) -> Outcome {
        let Self::Member(member, _) = self else { return Ok(()) };
        let ended = member.try_finish();
        hand_on(member.get_mut(), next)?;
        ended.map_err(|_| truncated("gzip"))
    }
}

fn hand_on(decoded: &mut Vec<u8>, next: Next<'_>) -> Outcome {
    let outcome = if decoded.is_empty() { Ok(()) } else { next(decoded) };
    decoded.clear();
    outcome
}

/// RFC 9110 §8.4.1.2: zlib (RFC 1950) by the book, raw DEFLATE (RFC 1951) by many servers.
struct Deflate {
    inner: Option<Decompress>,
    head: Vec<u8>,
    ended: bool,
}

impl Coding for Deflate {
    fn push(&mut self, piece: &[u8], next: Next<'_>) -> Outcome {
        if self.inner.is_some() {
            return self.inflate(piece, next);
        }
        self.head.extend_from_slice(piece);
        let [first, second, ..] = *self.head else { return Ok(()) };
        // No raw stream that a compressor writes begins like the head of zlib.
        let zlib = first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0;
        self.inner = Some(Decompress::new(zlib));
        let head = std::mem::take(&mut self.head);
        self.inflate(&head, next)
    }

    fn finish(&mut self, _: Next<'_>) -> Outcome {
        if self.ended { Ok(()) } else { Err(truncated("deflate")) }
    }
}

impl Deflate {
    fn inflate(&mut self, mut piece: &[u8], next: Next<'_>) -> Outcome {
        let Some(inner) = self.inner.as_mut() else { return Ok(()) };
        let mut decoded = vec![0; PIECE_BYTES_MAX];
        while !self.ended {
            let (taken, given) = (inner.total_in(), inner.total_out());
            let status = inner
                .decompress(piece, &mut decoded, FlushDecompress::None)
                .map_err(|_| corrupt("deflate"))?;
            self.ended = status == Status::StreamEnd;
            let taken = usize::try_from(inner.total_in() - taken).unwrap_or(usize::MAX);
            let given = usize::try_from(inner.total_out() - given).unwrap_or(usize::MAX);
            next(decoded.get(..given).unwrap_or_default())?;
            piece = piece.get(taken..).unwrap_or_default();
            if given < decoded.len() && (piece.is_empty() || taken == 0) {
                break;
            }
        }
        Ok(())
    }
}

/// RFC 7932. Its window is at most 16 MiB.
struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    ended: bool,
}

impl Brotli {
    fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self { state: Box::new(BrotliState::new(alloc(), alloc(), alloc())), ended: false }
    }
}

impl Coding for Brotli {
    fn push(&mut self, piece: &[u8], next: Next<'_>) -> Outcome {
        let mut decoded = vec![0; PIECE_BYTES_MAX];
        let (mut left, mut read, mut total) = (piece.len(), 0, 0);
        while !self.ended {
            let (mut room, mut given) = (decoded.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut read,
                piece,
                &mut room,
                &mut given,
                &mut decoded,
                &mut total,
                &mut self.state,
            );
            next(decoded.get(..given).unwrap_or_default())?;
            match result {
                BrotliResult::ResultSuccess => self.ended = true,
                BrotliResult::NeedsMoreInput => break,
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultFailure => return Err(corrupt("brotli")),
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: Next<'_>) -> Outcome {
        if self.ended { Ok(()) } else { Err(truncated("brotli")) }
    }
}

/// RFC 8878: frames one after the other.
struct Zstd {
    inner: zstd::stream::raw::Decoder<'static>,
    /// Whether a frame has ended and none has begun since.
    between: bool,
    padding: bool,
}

impl Zstd {
    fn new() -> std::io::Result<Self> {
        let mut inner = zstd::stream::raw::Decoder::new()?;
        inner.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))?;
        Ok(Self { inner, between: false, padding: false })
    }
}

impl Coding for Zstd {
    fn push(&mut self, mut piece: &[u8], next: Next<'_>) -> Outcome {
        let mut decoded = vec![0; PIECE_BYTES_MAX];
        while !self.padding {
            if self.between && piece.is_empty() {
                break;
            }
            match self.inner.run_on_buffers(piece, &mut decoded) {
                Ok(status) => {
                    next(decoded.get(..status.bytes_written).unwrap_or_default())?;
                    piece = piece.get(status.bytes_read..).unwrap_or_default();
                    self.between = status.remaining == 0;
                    if piece.is_empty() && status.bytes_written < decoded.len() {
                        break;
                    }
                }
                // What follows the last frame is padding.
                Err(_) if self.between => self.padding = true,
                Err(error) if error.to_string().contains("too much memory") => {
                    let says = "sent a zstd answer with a window above 8 MiB (RFC 9659)";
                    return Err(Complaint::new(FetchErrorKind::TooLarge, says));
                }
                Err(_) => return Err(corrupt("zstd")),
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: Next<'_>) -> Outcome {
        if self.between || self.padding { Ok(()) } else { Err(truncated("zstd")) }
    }
}
