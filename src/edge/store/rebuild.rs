//! Making a store anew from a snapshot and the journal.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sled::Batch;

use super::StoreError;
use super::guard::{Db, Tree};
use super::open::{SCHEMA, sign};
use super::trees::{SEQUENCE, TREES};
use super::write::failed;
use crate::edge::fault;
use crate::edge::journal::{self, Changes};
use crate::edge::snapshot::{self, Part, Summary};

/// Rows that are written in one batch, and bytes of them: what sled writes at once it also holds at once, many times
/// over. A million small rows in batches of 200 take 90 MB, in batches of 1,000 more than a gigabyte.
const BATCH_ROWS_MAX: usize = 100;
const BATCH_BYTES_ENOUGH: usize = 64 << 10;
/// Bytes of rows after which sled is made to write what it holds.
const UNWRITTEN_BYTES_MAX: usize = 4 << 20;
/// sled's cache, in bytes: nothing is read back.
const CACHE_BYTES: u64 = 8 << 20;
/// Bytes of a snapshot that are read at once.
const READ_BYTES: usize = 256 << 10;
/// Bytes of commits from the journal after which it is asked whether to go on.
const STEP_BYTES: usize = 256 << 10;

/// What a store is to be made from.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    /// Its rows, or none.
    pub snapshot: Option<&'a Path>,
    /// The folder of a journal: all commits in it that the snapshot does not have; or none.
    pub journal: Option<&'a Path>,
}

/// What a store was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuilt {
    /// The place of its last commit.
    pub sequence: u64,
    /// Rows that came from the snapshot.
    pub rows: u64,
    /// Commits that came from the snapshot and the journal.
    pub records: u64,
    /// What is missing, in order; what commits behind it have written is there all the same.
    pub lost: Vec<Lost>,
    /// Parts of the journal that cannot be read, for the log.
    pub damaged: Vec<String>,
}

/// What was nowhere to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lost {
    /// What the store held before the journal began with the commit in this place.
    Before(u64),
    /// Commits in these places.
    Commits(Range<u64>),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(first) => write!(f, "what was stored before commit {first}"),
            Self::Commits(places) if places.end == places.start + 1 => write!(f, "commit {}", places.start),
            Self::Commits(places) => write!(f, "commits {} to {}", places.start, places.end - 1),
        }
    }
}

/// Makes a store in the folder `place`, which must not be there yet. `step` is told again and again how many rows and
/// commits there are so far, and may give it up. The store is durable when this returns, and has to be moved to where it
/// belongs. A snapshot that is not whole is an error, and leaves `place` to be removed; commits that are not there are
/// [`Rebuilt::lost`]. In this process: see [`super::make_aside`].
pub fn rebuild(
    place: &Path,
    recipe: Recipe<'_>,
    mut step: impl FnMut(u64) -> Result<(), StoreError>,
) -> Result<Rebuilt, StoreError> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |source| StoreError::Folder { path, source }
    };
    let mut rebuilt = Rebuilt::default();
    let mut loading = Loading::begin(fresh(place)?)?;
    fault::failing("anew.begin").map_err(at(place))?;
    if let Some(path) = recipe.snapshot {
        let file = File::open(path).map_err(at(path))?;
        let summary = snapshot::read(BufReader::with_capacity(READ_BYTES, file), |part| {
            step(loading.rows)?;
            fault::failing("anew.step").map_err(at(place))?;
            loading.part(part)
        })?;
        refuse_other_schema(&summary)?;
        rebuilt.rows = summary.rows();
        (rebuilt.sequence, rebuilt.records) = (summary.sequence, summary.records);
    }
    if let Some(journal) = recipe.journal {
        follow(&mut loading, &mut rebuilt, journal, recipe.snapshot.is_some(), &mut step)?;
    }
    step(loading.rows)?;
    loading.finish(rebuilt.sequence)?;
    make_durable(place).map_err(at(place))?;
    fault::failing("anew.made").map_err(at(place))?;
    Ok(rebuilt)
}

/// Reads a snapshot to its end. Fails where it is not whole, or where this version could not make a store from it.
pub fn check_snapshot(from: impl Read) -> Result<Summary, StoreError> {
    let summary = snapshot::read(BufReader::with_capacity(READ_BYTES, from), |part| match part {
        Part::Rows(tree, _) => refuse_unknown(&tree),
        Part::Record(record) => record.changes.0.iter().try_for_each(|(tree, _)| refuse_unknown(tree)),
    })?;
    refuse_other_schema(&summary)?;
    Ok(summary)
}

fn refuse_unknown(tree: &str) -> Result<(), StoreError> {
    if TREES.contains(&tree) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("it has a tree {tree:?} that this version does not know")))
}

fn refuse_other_schema(Summary { head, .. }: &Summary) -> Result<(), StoreError> {
    if head.schema == SCHEMA {
        return Ok(());
    }
    let by = if head.schema > SCHEMA { ", written by a newer nashra" } else { "" };
    let text = format!("it has schema {}{by}; this version knows {SCHEMA}", head.schema);
    Err(StoreError::Refused(text))
}

/// sled in a folder that it makes.
fn fresh(place: &Path) -> Result<Db, StoreError> {
    if place.exists() {
        return Err(StoreError::Refused(format!("{}: it is there already", place.display())));
    }
    let config = sled::Config::new().path(place).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    Ok(Db::open(&config)?)
}

/// Whatever the journal has behind `rebuilt`.
fn follow(
    loading: &mut Loading,
    rebuilt: &mut Rebuilt,
    journal: &Path,
    has_snapshot: bool,
    step: &mut impl FnMut(u64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let look = journal::look(journal).map_err(failed)?;
    let held = rebuilt.sequence;
    if !has_snapshot && !look.reaches_back_to(None) {
        rebuilt.lost.push(Lost::Before(look.base.unwrap_or_default() + 1));
    }
    if look.last <= held {
        return Ok(());
    }
    let (mut wrong, mut stepped_at) = (None, loading.bytes);
    let read = journal::read_after(journal, held, |record| {
        rebuilt.records += 1;
        let is_time = loading.bytes - stepped_at > STEP_BYTES as u64;
        let went_on = if is_time { step(loading.rows + rebuilt.records) } else { Ok(()) };
        stepped_at = if is_time { loading.bytes } else { stepped_at };
        went_on.and_then(|()| loading.changes(&record.changes)).map_err(|error| {
            wrong = Some(error);
            io::Error::other("it is told below")
        })
    });
    let read = match (read, wrong) {
        (_, Some(wrong)) => return Err(wrong),
        (read, None) => read.map_err(failed)?,
    };
    rebuilt.damaged = read.damaged.iter().map(|part| format!("{part:?}")).collect();
    // What is before its beginning is told already.
    let begun = if has_snapshot { 0 } else { look.base.unwrap_or_default() };
    let missing = read.missing.into_iter().filter(|places| places.end > begun + 1);
    rebuilt.lost.extend(missing.map(Lost::Commits));
    let reached = read.between.map_or(held, |(_, reached)| reached);
    if reached < look.last {
        rebuilt.lost.push(Lost::Commits(reached + 1..look.last + 1));
    }
    rebuilt.sequence = look.last;
    Ok(())
}

/// A store that is being filled. Nobody reads it before it is whole, so nothing has to be written together.
struct Loading {
    db: Db,
    trees: Vec<(&'static str, Tree)>,
    unwritten_bytes: usize,
    /// What was written so far.
    rows: u64,
    bytes: u64,
}

impl Loading {
    fn begin(db: Db) -> Result<Self, StoreError> {
        sign(&db)?;
        let tree = |name: &&'static str| Ok::<_, StoreError>((*name, db.open_tree(name)?));
        let trees = TREES.iter().map(tree).collect::<Result<_, _>>()?;
        Ok(Self { db, trees, unwritten_bytes: 0, rows: 0, bytes: 0 })
    }

    fn part(&mut self, part: Part) -> Result<(), StoreError> {
        match part {
            Part::Rows(tree, rows) => self.rows(&tree, &rows),
            Part::Record(record) => self.changes(&record.changes),
        }
    }

    fn rows(&mut self, tree: &str, rows: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|(name, value)| (&name[..], Some(&value[..])));
        self.write(tree, rows)
    }

    fn changes(&mut self, changes: &Changes) -> Result<(), StoreError> {
        for (tree, rows) in &changes.0 {
            self.write(tree, rows.0.iter().map(|(name, value)| (&name[..], value.as_deref())))?;
        }
        Ok(())
    }

    fn write<'a>(
        &mut self,
        tree: &str,
        rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> Result<(), StoreError> {
        let Some((_, tree)) = self.trees.iter().find(|(known, _)| *known == tree) else {
            return Err(StoreError::Refused(format!(
                "there is a tree {tree:?} that this version does not know"
            )));
        };
        let (mut batch, mut in_batch, mut bytes) = (Batch::default(), 0, 0);
        let mut written = (0, 0);
        for (name, value) in rows {
            in_batch += 1;
            bytes += name.len() + value.map_or(0, <[u8]>::len);
            match value {
                Some(value) => batch.insert(name, value),
                None => batch.remove(name),
            }
            if in_batch == BATCH_ROWS_MAX || bytes > BATCH_BYTES_ENOUGH {
                tree.apply_batch(std::mem::take(&mut batch))?;
                written = (written.0 + std::mem::take(&mut in_batch), written.1 + std::mem::take(&mut bytes));
            }
        }
        tree.apply_batch(batch)?;
        let (rows, bytes) = (written.0 + in_batch, written.1 + bytes);
        self.rows += rows as u64;
        self.bytes += bytes as u64;
        self.unwritten_bytes += bytes;
        if self.unwritten_bytes > UNWRITTEN_BYTES_MAX {
            self.unwritten_bytes = 0;
            self.db.flush()?;
        }
        Ok(())
    }

    fn finish(self, sequence: u64) -> Result<(), StoreError> {
        let mut place = Batch::default();
        place.insert(SEQUENCE, &sequence.to_be_bytes());
        self.db.open_tree("meta")?.apply_batch(place)?;
        self.db.flush()?;
        Ok(())
    }
}

/// sled itself leaves it to the system when its files reach the disk.
fn make_durable(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_type()?.is_dir() {
            make_durable(&file.path())?;
        } else {
            File::open(file.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}
