//! What is in a block. A row: its name and its value, each behind its length in four bytes. Rows of one tree: the name
//! of the tree, and the rows. A commit: its place in eight bytes; for each tree its name, how many rows, and those,
//! where the largest length stands for a row that is removed. Numbers are big-endian.

use std::borrow::Cow;
use std::io;

use super::Part;
use crate::edge::journal::{Changes, Record, Rows, number as length, some_bytes, take};

const REMOVED: u32 = u32::MAX;

/// Appends some bytes behind their length.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    number(out, bytes.len())?;
    out.extend(bytes);
    Ok(())
}

fn number(out: &mut Vec<u8>, number: usize) -> io::Result<()> {
    let number = u32::try_from(number).ok().filter(|number| *number != REMOVED);
    let number = number.ok_or_else(|| io::Error::other("a row is too large for a snapshot"))?;
    out.extend(number.to_be_bytes());
    Ok(())
}

/// Appends a commit.
pub(super) fn put_record(out: &mut Vec<u8>, record: &Record) -> io::Result<()> {
    out.extend(record.sequence.to_be_bytes());
    for (tree, rows) in &record.changes.0 {
        put(out, tree.as_bytes())?;
        number(out, rows.0.len())?;
        for (name, value) in &rows.0 {
            put(out, name)?;
            match value {
                Some(value) => put(out, value)?,
                None => out.extend(REMOVED.to_be_bytes()),
            }
        }
    }
    Ok(())
}

/// Reads rows of one tree.
pub(super) fn rows(mut body: &[u8]) -> Option<Part> {
    let tree = text(&mut body)?;
    let mut rows = vec![];
    while !body.is_empty() {
        rows.push((some_bytes(&mut body)?.to_vec(), some_bytes(&mut body)?.to_vec()));
    }
    Some(Part::Rows(tree, rows))
}

/// Reads a commit.
pub(super) fn record(mut body: &[u8]) -> Option<Part> {
    let (sequence, rest) = body.split_first_chunk()?;
    let sequence = u64::from_be_bytes(*sequence);
    body = rest;
    let mut trees = vec![];
    while !body.is_empty() {
        let tree = text(&mut body)?;
        let mut rows = Rows::default();
        for _ in 0..length(&mut body)? {
            let name = some_bytes(&mut body)?.to_vec();
            let value = match length(&mut body)? {
                REMOVED => None,
                length => Some(take(&mut body, length)?.to_vec()),
            };
            rows.0.push((name, value));
        }
        trees.push((Cow::Owned(tree), rows));
    }
    Some(Part::Record(Record { sequence, changes: Changes(trees) }))
}

fn text(body: &mut &[u8]) -> Option<String> {
    String::from_utf8(some_bytes(body)?.to_vec()).ok()
}
