//! One file of the journal: a line that says what it is, and records one after the other, without gaps in their places.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::changes::Record;
use super::format;
use crate::edge::fault;

const TITLE: &[u8] = b"nashra journal 1\n";
const SUFFIX: &str = ".log";

/// A file of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// The place of its first record, which is its name.
    pub first: u64,
}

/// A part of the journal that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The file.
    pub path: PathBuf,
    /// The bytes of it.
    pub range: Range<u64>,
    /// The last place that can be read before it, and the first behind it.
    pub between: (Option<u64>, Option<u64>),
}

/// A segment in memory.
#[derive(Debug)]
pub struct Read {
    /// Which one.
    pub segment: Segment,
    /// Where the last whole record ends.
    pub bytes_whole: u64,
    /// What is between whole records; a torn record at the end is none of it.
    pub damaged: Vec<Damaged>,
    bytes: Vec<u8>,
    /// The whole records: their places and bodies.
    found: Vec<(u64, Range<usize>)>,
}

impl Segment {
    /// All that are in the folder, the oldest first.
    pub fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut all = vec![];
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let first = name.strip_suffix(SUFFIX).and_then(|first| first.parse().ok());
            all.extend(first.map(|first| Self { path, first }));
        }
        all.sort_unstable_by_key(|segment| segment.first);
        Ok(all)
    }

    /// Reads it whole.
    pub fn read(&self) -> io::Result<Read> {
        let bytes = fs::read(&self.path)?;
        Ok(Read::of(self.clone(), bytes))
    }
}

impl Read {
    /// Finds the whole records among `bytes`.
    pub fn of(segment: Segment, bytes: Vec<u8>) -> Self {
        let mut read = Self { segment, bytes_whole: 0, damaged: vec![], bytes: vec![], found: vec![] };
        let mut at = if bytes.starts_with(TITLE) { TITLE.len() } else { 0 };
        read.bytes_whole = at as u64;
        let mut broken_from = None;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some((place, body, length)) = format::whole(rest) else {
                broken_from.get_or_insert(at);
                // The next mark may begin a whole record.
                let mark = memchr::memmem::find(rest.get(1..).unwrap_or_default(), &format::MARK);
                let Some(skipped) = mark else { break };
                at += 1 + skipped;
                continue;
            };
            if let Some(from) = broken_from.take() {
                let before = read.last_sequence();
                let (path, range) = (read.segment.path.clone(), from as u64..at as u64);
                read.damaged.push(Damaged { path, range, between: (before, Some(place)) });
            }
            read.found.push((place, at + length - body.len()..at + length));
            at += length;
            read.bytes_whole = at as u64;
        }
        read.bytes = bytes;
        read
    }

    /// The place of the last record.
    pub fn last_sequence(&self) -> Option<u64> {
        self.found.last().map(|(place, _)| *place)
    }

    /// The records behind the place `after`.
    pub fn records(&self, after: u64) -> impl Iterator<Item = io::Result<Record>> + '_ {
        self.found.iter().filter(move |(place, _)| *place > after).map(|(place, body)| {
            let record = self.bytes.get(body.clone()).and_then(|body| format::changes(*place, body));
            record.ok_or_else(|| {
                io::Error::other(format!("{}: a record is of an unknown form", self.segment.path.display()))
            })
        })
    }
}

/// Makes the segment whose first record has this place, and its name durable.
pub(super) fn begin(folder: &Path, first: u64) -> io::Result<(File, u64)> {
    let path = folder.join(format!("{first:020}{SUFFIX}"));
    let mut file = File::options().create(true).truncate(true).write(true).open(&path)?;
    fault::failing("journal.rotate.made")?;
    file.write_all(TITLE)?;
    fault::failing("journal.rotate.titled")?;
    file.sync_data()?;
    File::open(folder)?.sync_all()?;
    // From now on only behind what is there.
    drop(file);
    Ok((File::options().append(true).open(&path)?, TITLE.len() as u64))
}
