//! One file of the journal: a title, and records one after the other, without gaps in their places.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::{Encoded, Mark, TITLE_BYTES, Title};
use super::scan::{Part, Scanner};
use crate::edge::fault;

const SUFFIX: &str = ".log";
/// What the name of one ends with that is not whole yet.
const NEW_SUFFIX: &str = ".log.new";

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
    /// The places that would be there; none where it is only what another segment repeats, or no record at all.
    pub missing: Range<u64>,
}

/// What is in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Which one.
    pub segment: Segment,
    /// How long the file is.
    pub bytes: u64,
    /// Where the last whole record ends. What is behind that in the last segment was being written when the process
    /// ended; it counts as damaged in the others.
    pub bytes_whole: u64,
    /// How many whole records there are.
    pub records: u64,
    /// The place of the last of them.
    pub last: Option<u64>,
    /// What cannot be read.
    pub damaged: Vec<Damaged>,
    /// Whether the title can be read.
    pub is_titled: bool,
    /// Whether the records do not follow those of the segment before: a snapshot has to be between them.
    pub is_anew: bool,
    /// Whether the system failed to read a part of it.
    pub is_unreadable: bool,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, range, missing } = self;
        write!(f, "{}: bytes {} to {} cannot be read", path.display(), range.start, range.end)?;
        if missing.is_empty() {
            Ok(())
        } else {
            write!(f, ", commits {} to {}", missing.start, missing.end - 1)
        }
    }
}

impl Segment {
    /// All that are in the folder, the oldest first. Other files are none of ours.
    pub fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut all = vec![];
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let first = name.strip_suffix(SUFFIX).and_then(|first| first.parse().ok());
            if let Some(first) = first
                && path.is_file()
            {
                all.push(Self { path, first });
            }
        }
        all.sort_unstable_by(|one, other| (one.first, &one.path).cmp(&(other.first, &other.path)));
        Ok(all)
    }

    /// Gives every whole record to `each`: its place and its body.
    pub(super) fn walk(&self, each: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<Facts> {
        self.walk_in(File::open(&self.path)?, each)
    }

    /// The same with what the file holds.
    pub(super) fn walk_in(
        &self,
        bytes: impl Read + Seek,
        mut each: impl FnMut(u64, &[u8]) -> io::Result<()>,
    ) -> io::Result<Facts> {
        let mut scanner = Scanner::new(bytes)?;
        let title = scanner.title();
        if title == Title::Foreign {
            return Err(newer(&self.path));
        }
        let (is_titled, is_anew) = match title {
            Title::Ours { is_anew, .. } => (true, is_anew),
            _ => (false, false),
        };
        let (mut records, mut last, mut broken) = (0, None::<u64>, None);
        let mut damaged = vec![];
        let mut bytes_whole = if is_titled { scanner.position() } else { 0 };
        while let Some(part) = scanner.next()? {
            match part {
                Part::Broken(range) => broken = Some(range),
                Part::Record { place, body, end } => {
                    if let Some(range) = broken.take() {
                        let missing = last.map_or(self.first, |last| last.saturating_add(1))..place;
                        damaged.push(Damaged { path: self.path.clone(), range, missing });
                    }
                    each(place, body)?;
                    (records, last, bytes_whole) = (records + 1, last.max(Some(place)), end);
                }
            }
        }
        let (bytes, is_unreadable) = (scanner.bytes(), scanner.is_unreadable());
        let segment = self.clone();
        Ok(Facts { segment, bytes, bytes_whole, records, last, damaged, is_titled, is_anew, is_unreadable })
    }

    /// Whether its title says that its records do not follow those before.
    pub(super) fn is_anew(&self) -> io::Result<bool> {
        match title(&self.path)? {
            Title::Ours { is_anew, .. } => Ok(is_anew),
            Title::Foreign => Err(newer(&self.path)),
            Title::Damaged => Ok(false),
        }
    }
}

impl Facts {
    /// The first place behind its records.
    pub fn next(&self) -> u64 {
        self.last.map_or(self.segment.first, |last| last.saturating_add(1)).max(self.segment.first)
    }

    /// What is behind the last whole record counts as damaged where this segment is followed by one that begins with
    /// the place `next`.
    pub(super) fn close(&mut self, next: u64) {
        if self.bytes_whole < self.bytes {
            let (path, missing) = (self.segment.path.clone(), self.next()..next);
            self.damaged.push(Damaged { path, range: self.bytes_whole..self.bytes, missing });
        }
    }
}

fn title(path: &Path) -> io::Result<Title> {
    let mut bytes = vec![];
    File::open(path)?.take(TITLE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(Title::read(&bytes))
}

/// What a newer version has written is left as it is.
pub(super) fn newer(path: &Path) -> io::Error {
    let said = format!(
        "{}: this was written by a newer nashra: install that version again; nothing was changed",
        path.display()
    );
    io::Error::new(io::ErrorKind::Unsupported, said)
}

/// A segment that is being written.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) file: Arc<File>,
    pub(super) mark: Mark,
    pub(super) first: u64,
    pub(super) is_anew: bool,
    /// How long it is: whole records alone.
    pub(super) bytes: u64,
}

/// Makes the segment whose first record has this place, and its name durable. It has its name once it is whole: one
/// that had it before is replaced. It begins with these records.
pub(super) fn begin<'a>(
    folder: &Path,
    first: u64,
    is_anew: bool,
    records: impl Iterator<Item = (u64, &'a mut Encoded)>,
) -> io::Result<Open> {
    let path = folder.join(format!("{first:020}{SUFFIX}"));
    let new = folder.join(format!("{first:020}{NEW_SUFFIX}"));
    let (mark, title) = Title::of_new(is_anew);
    let written = || {
        let mut file = File::options().create(true).truncate(true).write(true).open(&new)?;
        fault::failing("journal.rotate.made")?;
        file.write_all(&title)?;
        fault::failing("journal.rotate.titled")?;
        let mut bytes = title.len() as u64;
        for (place, record) in records {
            record.seal(mark, place);
            file.write_all(&record.0)?;
            bytes += record.0.len() as u64;
        }
        file.sync_data()?;
        drop(file);
        fault::failing("journal.rotate.written")?;
        fs::rename(&new, &path)?;
        fault::point("journal.rotate.named");
        sync_folder(folder)?;
        // From now on only behind what is there.
        let file = Arc::new(File::options().append(true).open(&path)?);
        Ok(Open { file, mark, first, is_anew, bytes })
    };
    let begun = written();
    if begun.is_err() {
        // It may hold room that somebody needs.
        let _ = fs::remove_file(&new);
    }
    begun
}

/// Goes on behind the last whole record of a segment, and cuts off what is behind that.
pub(super) fn go_on(facts: &Facts) -> io::Result<Option<Open>> {
    let path = &facts.segment.path;
    let Title::Ours { mark, is_anew } = title(path)? else { return Ok(None) };
    let file = File::options().append(true).open(path)?;
    if facts.bytes_whole < facts.bytes {
        fault::failing("journal.cut")?;
        file.set_len(facts.bytes_whole)?;
    }
    // What is there may be read and shown at once.
    file.sync_data()?;
    let file = Arc::new(file);
    Ok(Some(Open { file, mark, first: facts.segment.first, is_anew, bytes: facts.bytes_whole }))
}

/// Makes durable what was written to the file.
pub(super) fn sync(file: &File) -> io::Result<()> {
    fault::failing("journal.sync")?;
    file.sync_data()?;
    fault::point("journal.sync.after");
    Ok(())
}

/// Removes what was being made when the process ended.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(NEW_SUFFIX) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Makes durable which files are in the folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
