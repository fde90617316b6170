//! What the index of stories keeps of each entry, in the order in which it was learnt: a row or a few a commit.
//!
//! A row has a number, so its place never depends on a clock. It is one version byte, the number of its sketches in
//! two bytes, and the sketches one after the other: what follows in two or more bits, the source and the moment
//! where they are others than before, the entry, its story where that is another, and the features.

use std::sync::atomic::Ordering;

use super::{Store, StoreError, record};
use crate::edge::journal::Rows;
use crate::model::{EntryKey, Features, Sketch, SourceId, Timestamp};

/// Rows that are kept, whatever the clock says: every row has a sketch at least, and of more than these the index
/// never reads any.
const ROWS_MAX: u64 = 200_000;
/// Rows that one call of [`Store::forget_sketches`] looks at.
const FORGET_ROWS_MAX: usize = 500;
/// A row that has so many bytes takes no other sketch.
const ROW_BYTES_ENOUGH: usize = 8 << 10;
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 3;

/// Bits of a sketch that say what stands before it.
const HAS_SOURCE: u8 = 1;
const HAS_MOMENT: u8 = 2;
const HAS_STORY: u8 = 4;

impl Store {
    /// Hands out what the index of stories is to hold, in the order in which it was learnt: the newest `count`
    /// sketches, or as many more as stand in a row with them.
    pub fn sketches(&self, count: usize) -> impl Iterator<Item = Result<Sketch, StoreError>> + '_ {
        let first = self.first_of_newest(count);
        let (failed, first) = match first {
            Ok(first) => (None, first),
            Err(error) => (Some(Err(error)), None),
        };
        let rows = first.into_iter().flat_map(|first| self.sketches.range(first..));
        let sketches = rows.flat_map(|row| match row {
            Ok((number, row)) => {
                let row = self.damage.pass("sketches", &number, open(&row));
                row.unwrap_or_default().into_iter().map(Ok).collect()
            }
            Err(error) => vec![Err(StoreError::from(error))],
        });
        failed.into_iter().chain(sketches)
    }

    /// Whether there are none: the store is new, or of a version that made none.
    pub fn has_no_sketches(&self) -> bool {
        self.sketches.is_empty()
    }

    /// Keeps these, all of them or none, as if commits had brought them.
    pub fn note_sketches(&self, sketches: &[Sketch]) -> Result<(), StoreError> {
        self.write_rows("sketches", self.sketch_rows(sketches)?)
    }

    /// Drops sketches of entries that were first seen before `before`, and what is too much; says whether there may
    /// be more.
    pub fn forget_sketches(&self, before: Timestamp) -> Result<bool, StoreError> {
        let kept_from = self.next_sketches.load(Ordering::Relaxed).saturating_sub(ROWS_MAX);
        let mut gone = Rows::default();
        let (mut looked_at, mut is_any_gone) = (0, false);
        for row in self.sketches.iter().take(FORGET_ROWS_MAX) {
            let (number, row) = row?;
            looked_at += 1;
            let is_surplus = number[..] < kept_from.to_be_bytes()[..];
            // A row of a clock that was ahead keeps nobody else; one that cannot be read is of no use to anybody.
            let is_old = || {
                let row = self.damage.pass("sketches", &number, open(&row));
                row.is_none_or(|sketches| sketches.iter().all(|sketch| sketch.first_seen < before))
            };
            if is_surplus || is_old() {
                gone.remove(&number[..]);
                is_any_gone = true;
            }
        }
        self.write_rows("sketches", gone)?;
        Ok(is_any_gone && looked_at == FORGET_ROWS_MAX)
    }

    /// The rows in which a commit keeps its sketches.
    pub(super) fn sketch_rows(&self, sketches: &[Sketch]) -> Result<Rows, StoreError> {
        let mut rows = Rows::default();
        let mut left = sketches;
        while !left.is_empty() {
            let (row, count) = row(left)?;
            let number = self.next_sketches.fetch_add(1, Ordering::Relaxed);
            rows.insert(number.to_be_bytes(), row);
            left = left.get(count..).unwrap_or_default();
        }
        Ok(rows)
    }

    /// The number of the row from which on there are `count` sketches; none where there are no rows.
    fn first_of_newest(&self, count: usize) -> Result<Option<sled::IVec>, StoreError> {
        let (mut first, mut found) = (None, 0);
        for row in self.sketches.iter().rev() {
            if found >= count {
                break;
            }
            let (number, row) = row?;
            found += head(&row).map_or(0, |(count, _)| count);
            first = Some(number);
        }
        Ok(first)
    }
}

/// Writes as many of these sketches as fit into one row, one at least; also says how many.
fn row(sketches: &[Sketch]) -> Result<(Vec<u8>, usize), StoreError> {
    let mut row = vec![VERSION, 0, 0];
    let (mut count, mut before): (u16, Option<&Sketch>) = (0, None);
    for sketch in sketches {
        if row.len() >= ROW_BYTES_ENOUGH {
            break;
        }
        write(&mut row, sketch, before)?;
        (count, before) = (count + 1, Some(sketch));
    }
    row.splice(1..HEAD_BYTES, count.to_be_bytes());
    Ok((row, count.into()))
}

fn write(row: &mut Vec<u8>, sketch: &Sketch, before: Option<&Sketch>) -> Result<(), StoreError> {
    let Sketch { key, story, source, first_seen, features } = sketch;
    let is_other_source = before.is_none_or(|before| before.source != *source);
    let is_other_moment = before.is_none_or(|before| before.first_seen != *first_seen);
    let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    row.push(
        bit(is_other_source, HAS_SOURCE) | bit(is_other_moment, HAS_MOMENT) | bit(story != key, HAS_STORY),
    );
    if is_other_source {
        row.extend(u16::try_from(source.0.len()).map_err(record::unusable)?.to_be_bytes());
        row.extend(source.0.as_bytes());
    }
    if is_other_moment {
        row.extend(first_seen.timestamp().to_be_bytes());
    }
    row.extend(key.0);
    if story != key {
        row.extend(story.0);
    }
    features.to_bytes(row);
    Ok(())
}

/// Reads a row.
pub(super) fn open(row: &[u8]) -> Result<Vec<Sketch>, StoreError> {
    let (count, mut rest) = head(row)?;
    let (mut source, mut first_seen) = (SourceId(String::new()), Timestamp::UNIX_EPOCH);
    let mut sketches = Vec::with_capacity(count);
    for _ in 0..count {
        let (bits, after) = rest.split_first().ok_or_else(record::broken_off)?;
        rest = after;
        if bits & HAS_SOURCE != 0 {
            let length = u16::from_be_bytes(take(&mut rest)?);
            let (name, after) = rest.split_at_checked(length.into()).ok_or_else(record::broken_off)?;
            source = SourceId(String::from_utf8_lossy(name).into_owned());
            rest = after;
        }
        if bits & HAS_MOMENT != 0 {
            let seconds = i64::from_be_bytes(take(&mut rest)?);
            first_seen = Timestamp::from_timestamp(seconds, 0).ok_or_else(record::broken_off)?;
        }
        let key = EntryKey(take(&mut rest)?);
        let story = if bits & HAS_STORY == 0 { key } else { EntryKey(take(&mut rest)?) };
        let (features, after) = Features::from_bytes(rest).ok_or_else(record::broken_off)?;
        rest = after;
        sketches.push(Sketch { key, story, source: source.clone(), first_seen, features });
    }
    if rest.is_empty() { Ok(sketches) } else { Err(record::broken_off()) }
}

/// The number of sketches in a row, and what follows it.
fn head(row: &[u8]) -> Result<(usize, &[u8]), StoreError> {
    match row.split_first() {
        Some((&VERSION, mut rest)) => {
            let count = u16::from_be_bytes(take(&mut rest)?);
            Ok((count.into(), rest))
        }
        _ => Err(StoreError::Record("its form is not known here".to_owned())),
    }
}

/// Takes so many bytes from the front.
fn take<const BYTES: usize>(rest: &mut &[u8]) -> Result<[u8; BYTES], StoreError> {
    let (bytes, after) = rest.split_first_chunk().ok_or_else(record::broken_off)?;
    *rest = after;
    Ok(*bytes)
}
