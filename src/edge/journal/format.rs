//! How a record is written: a mark, the length of its body in four bytes, its place in eight, a checksum (CRC-32) of
//! these two and the body in four, and the body. Numbers are big-endian.
//!
//! The body: how many trees; for each its name behind its length, and how many rows; for each row its name behind its
//! length, and its value behind its length, which is the largest number where the row is removed.

use std::borrow::Cow;
use std::io;

use super::changes::{Changes, Record, Rows};

/// What every record begins with.
pub(super) const MARK: [u8; 4] = *b"\xabnr1";
/// The mark, the length, the place and the checksum.
pub(super) const HEAD_BYTES: usize = 20;
/// A body of more bytes is refused: it would be no commit of ours.
pub(super) const BODY_BYTES_MAX: usize = 256 << 20;
const REMOVED: u32 = u32::MAX;

/// A record as bytes. Fails where a part of it is longer than its length can say.
pub(super) fn record(sequence: u64, changes: &Changes) -> io::Result<Vec<u8>> {
    let mut out = vec![0; HEAD_BYTES];
    count(&mut out, changes.0.len())?;
    for (tree, rows) in &changes.0 {
        bytes(&mut out, tree.as_bytes())?;
        count(&mut out, rows.0.len())?;
        for (name, value) in &rows.0 {
            bytes(&mut out, name)?;
            match value {
                Some(value) => bytes(&mut out, value)?,
                None => out.extend(REMOVED.to_be_bytes()),
            }
        }
    }
    let length = out.len() - HEAD_BYTES;
    if length > BODY_BYTES_MAX {
        return Err(io::Error::other("a commit is too large for the journal"));
    }
    let length = u32::try_from(length).map_err(io::Error::other)?.to_be_bytes();
    let place = sequence.to_be_bytes();
    let body = out.get(HEAD_BYTES..).unwrap_or_default();
    let sum = sum(length, place, body).to_be_bytes();
    let head = [&MARK[..], &length, &place, &sum].concat();
    out.splice(..HEAD_BYTES, head);
    Ok(out)
}

/// The whole record at the beginning of `bytes`, and how long it is; `None` where there is none.
pub(super) fn whole(bytes: &[u8]) -> Option<(u64, &[u8], usize)> {
    let (mark, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (place, rest) = rest.split_first_chunk::<8>()?;
    let (wanted, rest) = rest.split_first_chunk::<4>()?;
    let body_bytes = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    if *mark != MARK || body_bytes > BODY_BYTES_MAX {
        return None;
    }
    let body = rest.get(..body_bytes)?;
    let is_whole = sum(*length, *place, body) == u32::from_be_bytes(*wanted);
    is_whole.then_some((u64::from_be_bytes(*place), body, HEAD_BYTES + body_bytes))
}

/// What a body says.
pub(super) fn changes(sequence: u64, mut body: &[u8]) -> Option<Record> {
    let mut trees = vec![];
    for _ in 0..number(&mut body)? {
        let name = String::from_utf8(some_bytes(&mut body)?.to_vec()).ok()?;
        let mut rows = Rows::default();
        for _ in 0..number(&mut body)? {
            let name = some_bytes(&mut body)?.to_vec();
            let length = number(&mut body)?;
            let value = if length == REMOVED { None } else { Some(take(&mut body, length)?.to_vec()) };
            rows.0.push((name, value));
        }
        trees.push((Cow::Owned(name), rows));
    }
    body.is_empty().then_some(Record { sequence, changes: Changes(trees) })
}

fn sum(length: [u8; 4], place: [u8; 8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(&place);
    hasher.update(body);
    hasher.finalize()
}

fn count(out: &mut Vec<u8>, count: usize) -> io::Result<()> {
    let count = u32::try_from(count).ok().filter(|count| *count != REMOVED);
    out.extend(count.ok_or_else(|| io::Error::other("a commit is too large for the journal"))?.to_be_bytes());
    Ok(())
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    count(out, bytes.len())?;
    out.extend(bytes);
    Ok(())
}

fn number(body: &mut &[u8]) -> Option<u32> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u32::from_be_bytes(*number))
}

fn take<'a>(body: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (bytes, rest) = body.split_at_checked(usize::try_from(length).ok()?)?;
    *body = rest;
    Some(bytes)
}

fn some_bytes<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(body)?;
    take(body, length)
}
