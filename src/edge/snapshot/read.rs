//! Reading a snapshot from front to back. Nothing in the file is believed before its checksum was seen, and no size
//! before so much has come.

use std::collections::BTreeMap;
use std::io::Read;

use super::block::{Kind, Reading};
use super::write::End;
use super::{FORM, Head, Part, SnapshotError, Summary, TITLE, body};

/// Digits of the number of a form.
const FORM_DIGITS_MAX: usize = 9;

/// What a snapshot says at its beginning.
pub fn head(from: impl Read) -> Result<Head, SnapshotError> {
    begin(&mut Reading::new(from))
}

/// Gives every part of a snapshot to `take`, in the order of the file. Only where this returns a summary, the snapshot
/// is whole: what was taken before an error may be any part of it.
pub fn read<E: From<SnapshotError>>(
    from: impl Read,
    mut take: impl FnMut(Part) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut reading = Reading::new(from);
    let head = begin(&mut reading)?;
    let (mut trees, mut last): (BTreeMap<String, u64>, u64) = (BTreeMap::new(), head.before);
    let mut row_bytes = 0;
    loop {
        let sum = reading.sum();
        let (kind, body) = reading.block()?;
        match kind {
            Kind::Rows if last == head.before => {
                let part = body::rows(&body).ok_or_else(|| reading.damaged("it holds no rows"))?;
                if let Part::Rows(tree, rows) = &part {
                    *trees.entry(tree.clone()).or_default() += rows.len() as u64;
                    let bytes = rows.iter().map(|(name, value)| (name.len() + value.len()) as u64);
                    row_bytes += bytes.sum::<u64>();
                }
                take(part)?;
            }
            Kind::Record => {
                let part = body::record(&body).ok_or_else(|| reading.damaged("it holds no commit"))?;
                let place = if let Part::Record(record) = &part { record.sequence } else { 0 };
                if Some(place) != last.checked_add(1) {
                    return Err(reading.damaged("its commit does not follow the one before").into());
                }
                last = place;
                take(part)?;
            }
            Kind::End => {
                let is_last = reading.some(1).map_err(SnapshotError::Io)?.is_empty();
                let end = serde_json::from_slice::<End>(&body).ok();
                let end = end.ok_or_else(|| reading.damaged("it holds no end"))?;
                let counted = (last, last - head.before, &trees);
                if !is_last || end.sum != sum || counted != (end.sequence, end.records, &end.trees) {
                    return Err(reading.damaged("it does not say what came before it").into());
                }
                return Ok(Summary {
                    head,
                    sequence: last,
                    trees,
                    records: end.records,
                    row_bytes,
                    bytes: reading.bytes,
                });
            }
            Kind::Head | Kind::Rows => return Err(reading.damaged("it is not in its place").into()),
        }
    }
}

/// What these bytes say as the body of a block of rows, and of one with a commit: for tests.
pub fn read_bodies(bytes: &[u8]) -> [Option<Part>; 2] {
    [body::rows(bytes), body::record(bytes)]
}

fn begin(reading: &mut Reading<impl Read>) -> Result<Head, SnapshotError> {
    if reading.some(TITLE.len())? != TITLE {
        return Err(SnapshotError::Foreign);
    }
    let mut form = 0_u32;
    for _ in 0..=FORM_DIGITS_MAX {
        match *reading.some(1)? {
            [digit @ b'0'..=b'9'] => {
                form = form.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
            }
            [b'\n'] if form == FORM => return head_of(reading),
            [b'\n'] if form > FORM => return Err(SnapshotError::Newer(form)),
            _ => break,
        }
    }
    Err(SnapshotError::Foreign)
}

fn head_of(reading: &mut Reading<impl Read>) -> Result<Head, SnapshotError> {
    let (kind, body) = reading.block()?;
    let head = serde_json::from_slice(&body).ok().filter(|_| kind == Kind::Head);
    head.ok_or_else(|| reading.damaged("it does not say what this is"))
}
