//! Segments in memory, for tests and fuzzing.

use std::io::{self, Cursor};
use std::path::PathBuf;

use super::changes::{Changes, Record};
use super::format::{self, Encoded, Title};
use super::segment::{Facts, Segment, newer};

/// A segment with these commits, from the place 1 on, and where each begins; in the end where the last one ends.
pub fn write_bytes(commits: &[Changes]) -> io::Result<(Vec<u8>, Vec<usize>)> {
    let (mark, mut bytes) = Title::of_new(false);
    let mut begins = vec![bytes.len()];
    for (place, commit) in (1..).zip(commits) {
        let mut record = Encoded::of(commit)?;
        record.seal(mark, place);
        bytes.extend(record.0);
        begins.push(bytes.len());
    }
    Ok((bytes, begins))
}

/// What these bytes hold as a segment. Fails where a newer version has written it.
pub fn read_bytes(bytes: &[u8]) -> io::Result<(Facts, Vec<Record>)> {
    let segment = Segment { path: PathBuf::new(), first: 1 };
    let mut records = vec![];
    let facts = segment.walk_in(Cursor::new(bytes), |place, body| {
        records.push(format::changes(place, body).ok_or_else(|| newer(&segment.path))?);
        Ok(())
    })?;
    Ok((facts, records))
}

/// What these bytes say as the body of a record; `None` where they are none.
pub fn read_body(body: &[u8]) -> Option<Changes> {
    format::changes(1, body).map(|record| record.changes)
}
