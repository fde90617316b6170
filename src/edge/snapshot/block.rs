//! A block: a mark, its kind in one byte, the lengths of its body before and after compression and a checksum (CRC-32)
//! in four bytes each, and the compressed body. The checksum is of the block's number, which is not written, and of
//! everything else of it: so none can be missing, doubled or in the wrong place. Numbers are big-endian.

use std::io::{self, Read, Write};

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use super::SnapshotError;

const MARK: [u8; 4] = *b"\xabns1";
const HEAD_BYTES: usize = 17;
/// A body of more bytes is refused: a commit, the largest thing in one, has fewer.
const BODY_BYTES_MAX: usize = (256 << 20) + (1 << 20);
/// The fastest level: most rows are compressed already.
const LEVEL: i32 = 1;

/// What is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Head = b'h',
    Rows = b'r',
    Record = b'c',
    End = b'e',
}

const KINDS: [Kind; 4] = [Kind::Head, Kind::Rows, Kind::Record, Kind::End];

/// Writes blocks, and keeps a sum of all that was written.
pub(super) struct Blocks<W> {
    out: W,
    compressor: Compressor<'static>,
    sum: crc32fast::Hasher,
    pub(super) bytes: u64,
    /// How many there are.
    pub(super) count: u64,
}

impl<W: Write> Blocks<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        let compressor = Compressor::new(LEVEL)?;
        Ok(Self { out, compressor, sum: crc32fast::Hasher::new(), bytes: 0, count: 0 })
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn write(&mut self, kind: Kind, body: &[u8]) -> io::Result<()> {
        if body.len() > BODY_BYTES_MAX {
            return Err(io::Error::other("a row or a commit is too large for a snapshot"));
        }
        let packed = self.compressor.compress(body)?;
        let lengths = [body.len(), packed.len()].map(|length| u32::try_from(length).map(u32::to_be_bytes));
        let [Ok(length), Ok(packed_length)] = lengths else {
            return Err(io::Error::other("a row or a commit is too large for a snapshot"));
        };
        let kind = [kind as u8];
        self.count += 1;
        let sum = sum(self.count, kind[0], [length, packed_length], &packed).to_be_bytes();
        self.raw(&[&MARK[..], &kind, &length, &packed_length, &sum].concat())?;
        self.raw(&packed)
    }

    /// The sum of all bytes so far.
    pub(super) fn sum(&self) -> u32 {
        self.sum.clone().finalize()
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads blocks, and keeps a sum of all that was read.
pub(super) struct Reading<R> {
    from: R,
    sum: crc32fast::Hasher,
    pub(super) bytes: u64,
    /// How many were begun.
    pub(super) count: u64,
    /// Where the last one that was begun begins.
    at: u64,
}

impl<R: Read> Reading<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, sum: crc32fast::Hasher::new(), bytes: 0, count: 0, at: 0 }
    }

    /// The sum of all bytes so far.
    pub(super) fn sum(&self) -> u32 {
        self.sum.clone().finalize()
    }

    /// The next bytes, fewer only at the end of the file.
    pub(super) fn some(&mut self, count: usize) -> io::Result<Vec<u8>> {
        // What is said to follow takes memory only as far as it does.
        let mut bytes = vec![];
        self.from.by_ref().take(count as u64).read_to_end(&mut bytes)?;
        self.sum.update(&bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    /// The next block.
    pub(super) fn block(&mut self) -> Result<(Kind, Vec<u8>), SnapshotError> {
        self.count += 1;
        self.at = self.bytes;
        let head = self.some(HEAD_BYTES)?;
        let Some((mark, rest)) = head.split_first_chunk::<4>() else { return Err(self.cut_off()) };
        if *mark != MARK {
            return Err(self.damaged("it does not begin as a block does"));
        }
        let (Some((kind, rest)), true) = (rest.split_first(), head.len() == HEAD_BYTES) else {
            return Err(self.cut_off());
        };
        let (numbers, _) = rest.as_chunks::<4>();
        let [length, packed_length, wanted] = *numbers else { return Err(self.cut_off()) };
        let size = |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
        if size(length) > BODY_BYTES_MAX || size(packed_length) > BODY_BYTES_MAX {
            return Err(self.damaged("it says that it is longer than any block"));
        }
        let packed = self.some(size(packed_length))?;
        if packed.len() < size(packed_length) {
            return Err(self.cut_off());
        }
        if sum(self.count, *kind, [length, packed_length], &packed) != u32::from_be_bytes(wanted) {
            return Err(self.damaged("its checksum is wrong"));
        }
        let Some(kind) = KINDS.into_iter().find(|known| *known as u8 == *kind) else {
            return Err(self.damaged("its kind is not known here"));
        };
        let body = unpacked(&packed, size(length));
        Ok((kind, body.ok_or_else(|| self.damaged("it cannot be unpacked"))?))
    }

    pub(super) fn damaged(&self, why: &str) -> SnapshotError {
        SnapshotError::Damaged { block: self.count, at: self.at, why: why.to_owned() }
    }

    fn cut_off(&self) -> SnapshotError {
        SnapshotError::CutOff { block: self.count, at: self.at }
    }
}

/// The body, if it is as long as it is said to be.
fn unpacked(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut body = vec![];
    Decoder::with_buffer(packed).ok()?.take(length as u64 + 1).read_to_end(&mut body).ok()?;
    (body.len() == length).then_some(body)
}

fn sum(number: u64, kind: u8, lengths: [[u8; 4]; 2], packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_be_bytes());
    hasher.update(&[kind]);
    lengths.iter().for_each(|length| hasher.update(length));
    hasher.update(packed);
    hasher.finalize()
}
