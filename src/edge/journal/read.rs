//! Reading: every record once and in order, whatever has become of the files; one window of one segment in memory.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::changes::Record;
use super::format;
use super::segment::{Damaged, Facts, Segment, newer};

/// What was found in a journal behind some place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// How many records were read.
    pub records: u64,
    /// The places of the first and of the last of them.
    pub between: Option<(u64, u64)>,
    /// What cannot be read.
    pub damaged: Vec<Damaged>,
    /// The places that are before the last record, and nowhere.
    pub missing: Vec<Range<u64>>,
}

/// What a journal is, before anything of it is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub(super) folder: PathBuf,
    pub(super) segments: Vec<Segment>,
    /// What is in the last segment.
    pub(super) tail: Option<Facts>,
    /// The last place that was given away; 0 where none was.
    pub last: u64,
    /// What has to be below the journal: the place up to which a store or a snapshot must have come, so that everything
    /// behind it is here. `None` where the journal goes back to the first commit of an empty store.
    pub base: Option<u64>,
}

impl Look {
    /// Whether everything is here that is behind what somebody has: a store or a snapshot up to some place, or nothing.
    pub fn reaches_back_to(&self, held: Option<u64>) -> bool {
        self.base.is_none_or(|base| held.is_some_and(|held| base <= held || self.last <= held))
    }
}

/// Looks at the journal in `folder`: at titles, and at the end. Fails where a newer version has written there.
pub fn look(folder: &Path) -> io::Result<Look> {
    let segments = match Segment::all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
        segments => segments?,
    };
    let mut base = segments.first().map(|segment| segment.first.saturating_sub(1)).filter(|base| *base > 0);
    for segment in &segments {
        if segment.is_anew()? {
            base = Some(segment.first.saturating_sub(1));
        }
    }
    let tail = segments.last().map(|segment| segment.walk(|_, _| Ok(()))).transpose()?;
    let mut last = tail.as_ref().map_or(0, |tail| tail.next().saturating_sub(1));
    // Where the last one is damaged, the one before may have repeated what it held.
    let is_sound = |tail: &Facts| tail.bytes_whole == tail.bytes && tail.damaged.is_empty();
    if let Some(before) = segments.len().checked_sub(2).and_then(|at| segments.get(at))
        && !tail.as_ref().is_some_and(is_sound)
    {
        last = last.max(before.walk(|_, _| Ok(()))?.next().saturating_sub(1));
    }
    Ok(Look { folder: folder.to_path_buf(), segments, tail, last, base })
}

/// What is in each segment, the oldest first, for whoever looks after the journal. `each` is given one after the other.
pub fn segments(folder: &Path, mut each: impl FnMut(Facts) -> io::Result<()>) -> io::Result<()> {
    let segments = Segment::all(folder)?;
    for (index, segment) in segments.iter().enumerate() {
        let mut facts = segment.walk(|_, _| Ok(()))?;
        if let Some(next) = segments.get(index + 1) {
            facts.close(next.first);
        }
        each(facts)?;
    }
    Ok(())
}

/// Gives every record behind `after` to `take`, in order, each once. What cannot be read is left out and told. Fails
/// where `take` does, where the folder cannot be read, and on what a newer version has written.
pub fn read_after(folder: &Path, after: u64, take: impl FnMut(Record) -> io::Result<()>) -> io::Result<Read> {
    let segments = Segment::all(folder)?;
    let mut reader = Reader { take, last: after, early: BTreeMap::new(), read: Read::default() };
    for (index, segment) in segments.iter().enumerate() {
        let next = segments.get(index + 1).map(|next| next.first);
        // All of it is before what is wanted.
        if next.is_some_and(|next| next <= after.saturating_add(1)) {
            continue;
        }
        let mut facts = segment.walk(|place, body| reader.meet(&segment.path, next, place, body))?;
        if let Some(next) = next {
            facts.close(next);
        }
        reader.give_before(&segment.path, next.unwrap_or(u64::MAX))?;
        reader.read.damaged.append(&mut facts.damaged);
    }
    Ok(reader.read)
}

/// Puts in order what segments say of the same places.
struct Reader<T> {
    take: T,
    /// The last place that was given.
    last: u64,
    /// Records that a later segment should say: it does where it can be read.
    early: BTreeMap<u64, Vec<u8>>,
    read: Read,
}

impl<T: FnMut(Record) -> io::Result<()>> Reader<T> {
    /// A record of a segment that is followed by one which begins with the place `next`.
    fn meet(&mut self, path: &Path, next: Option<u64>, place: u64, body: &[u8]) -> io::Result<()> {
        if place <= self.last {
            return Ok(());
        }
        if next.is_some_and(|next| place >= next) {
            self.early.insert(place, body.to_vec());
            return Ok(());
        }
        self.give_before(path, place)?;
        // The later word counts.
        self.early.remove(&place);
        self.give(path, place, body)
    }

    /// What earlier segments said of places before this one.
    fn give_before(&mut self, path: &Path, place: u64) -> io::Result<()> {
        while let Some(early) = self.early.first_entry().filter(|early| *early.key() < place) {
            let (place, body) = early.remove_entry();
            if place > self.last {
                self.give(path, place, &body)?;
            }
        }
        Ok(())
    }

    fn give(&mut self, path: &Path, place: u64, body: &[u8]) -> io::Result<()> {
        let record = format::changes(place, body).ok_or_else(|| newer(path))?;
        if place > self.last.saturating_add(1) {
            self.read.missing.push(self.last + 1..place);
        }
        (self.take)(record)?;
        self.last = place;
        self.read.records += 1;
        let first = self.read.between.map_or(place, |(first, _)| first);
        self.read.between = Some((first, place));
        Ok(())
    }
}
