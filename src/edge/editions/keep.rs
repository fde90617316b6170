//! Writing an edition: what is new in it, and the index of all of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::pack::{
    DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, Imprint, Index, Place, Row, TITLE, compress, decompress,
};
use super::recall::{bodies_path, edition_path, open_pack, packed};
use super::{ASIDE, Shared};
use crate::edge::{fault, files};
use crate::model::{Digest, Document, Published};

/// Packs are made one where they hold less than half of use, beyond these bytes.
const SLACK_BYTES_MAX: u64 = 1 << 20;
/// Packs on disk before they are made one.
const PACKS_MAX: usize = 64;

/// What is on disk.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The number of the next pack.
    pub(super) next: u64,
    pub(super) imprint: Imprint,
    /// The pack that has the index of the newest edition.
    pub(super) index: Option<u64>,
    /// That edition by path.
    pub(super) rows: HashMap<String, Row>,
    /// The packs on disk and their sizes in bytes.
    pub(super) packs: BTreeMap<u64, u64>,
    /// Those that have the names of editions: the newest, and others until it is durable.
    pub(super) editions: BTreeSet<u64>,
    /// The number of the next pack when packs were last made one, or that was tried.
    pub(super) tightened: u64,
    /// Packs that are not durable yet.
    pub(super) unsynced: Vec<(u64, Arc<File>)>,
    /// What the newest edition that is durable needs.
    pub(super) durable: BTreeSet<u64>,
    /// Whether it could not be synced: nothing of it may be used in the next one.
    pub(super) is_void: bool,
    /// Whether the last edition could not be written.
    pub(super) is_failing: bool,
    /// No further edition comes.
    pub(super) is_over: bool,
}

impl State {
    /// The packs that the newest edition needs.
    pub(super) fn needed(&self) -> BTreeSet<u64> {
        self.rows.values().map(|row| row.place.pack).chain(self.index).collect()
    }

    /// Whether much of what is on disk is of no use, and something has come since that was last looked after.
    pub(super) fn is_loose(&self) -> bool {
        if self.is_void || self.tightened == self.next {
            return false;
        }
        let live: u64 = self.rows.values().map(|row| row.place.packed_bytes).sum();
        let all: u64 = self.packs.values().sum();
        self.packs.len() > PACKS_MAX || all > live.saturating_mul(2).saturating_add(SLACK_BYTES_MAX)
    }
}

/// A body that goes into a new pack, and what is said of it.
type New = (Row, Vec<u8>);

impl Shared {
    /// Writes an edition; `alone` where nothing before it may be used any more.
    pub(super) fn keep(&self, published: &Published, imprint: &Imprint, alone: bool) -> io::Result<()> {
        let mut state = self.state();
        let kept = self.write(&mut state, published, imprint, alone);
        match &kept {
            Err(error) if !state.is_failing => {
                let folder = self.folder.display();
                tracing::error!(%error, %folder, "what is published cannot be kept on disk: a start shows what was kept before, until its store is open");
            }
            Ok(()) if state.is_failing => tracing::info!("what is published is kept on disk again"),
            _ => {}
        }
        state.is_failing = kept.is_err();
        if alone && kept.is_err() {
            self.forget(&mut state);
        }
        self.wake.notify_all();
        kept
    }

    fn write(
        &self,
        state: &mut State,
        published: &Published,
        imprint: &Imprint,
        alone: bool,
    ) -> io::Result<()> {
        if published.documents.len() > DOCUMENTS_MAX {
            return Err(io::Error::other(format!("more than {DOCUMENTS_MAX} documents")));
        }
        let (mut new, mut rows) = (vec![], HashMap::with_capacity(published.documents.len()));
        let mut is_changed =
            alone || state.rows.len() != published.documents.len() || state.imprint != *imprint;
        for (path, document) in &published.documents {
            let known = state.rows.get(path).filter(|row| row.version == document.version && !state.is_void);
            let place = known.map_or(Place { pack: 0, at: 0, packed_bytes: 0, bytes: 0 }, |row| row.place);
            let row = row(path, document, place);
            is_changed |= known != Some(&row);
            match known {
                Some(_) if !alone => drop(rows.insert(path.clone(), row)),
                _ => new.push((row, self.body(document, known)?)),
            }
        }
        if !is_changed {
            return Ok(());
        }
        self.commit(state, new, rows, imprint.clone())
    }

    /// The body of a document as it is written; copied where it has been written before.
    fn body(&self, document: &Document, known: Option<&Row>) -> io::Result<Vec<u8>> {
        if document.identity.len() as u64 > DOCUMENT_BYTES_MAX {
            return Err(io::Error::other("a document is too long"));
        }
        known.and_then(|row| self.copy(row)).map_or_else(|| compress(&document.identity), Ok)
    }

    /// The body of a row as it is written, where it is whole.
    fn copy(&self, row: &Row) -> Option<Vec<u8>> {
        let packed = packed(&open_pack(&self.folder, row.place.pack).ok()?, row.place)?;
        let body = decompress(&packed, usize::try_from(row.place.bytes).ok()?)?;
        (Digest::of([body.as_slice()]) == row.version).then_some(packed)
    }

    /// Writes all that is of use into one pack. What cannot be read is left out: the next edition writes it again.
    pub(super) fn tighten(&self, state: &mut State) -> io::Result<()> {
        let copy = |row: &Row| Some((row.clone(), self.copy(row)?));
        let new: Vec<New> = state.rows.values().filter_map(copy).collect();
        let imprint = state.imprint.clone();
        self.commit(state, new, HashMap::new(), imprint)
    }

    /// Writes a pack of these bodies, for an edition of them and the other rows.
    fn commit(
        &self,
        state: &mut State,
        mut new: Vec<New>,
        mut rows: HashMap<String, Row>,
        imprint: Imprint,
    ) -> io::Result<()> {
        let number = state.next;
        let mut pack = TITLE.to_vec();
        // Neighbours in one format lie side by side.
        new.sort_unstable_by(|(one, _), (other, _)| one.path.cmp(&other.path));
        for (mut row, body) in new {
            row.place = Place {
                pack: number,
                at: pack.len() as u64,
                packed_bytes: body.len() as u64,
                bytes: row.place.bytes,
            };
            pack.extend_from_slice(&body);
            rows.insert(row.path.clone(), row);
        }
        let mut index = Index { imprint, rows: rows.values().cloned().collect() };
        index.rows.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        pack.extend(index.end(pack.len() as u64)?);
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder)?;
            files::sync_folder_of(&self.folder)?;
        }
        let file = write(&self.folder, number, &pack)?;
        state.next += 1;
        state.packs.insert(number, pack.len() as u64);
        state.editions.insert(number);
        state.unsynced.push((number, Arc::new(file)));
        (state.index, state.rows, state.imprint) = (Some(number), rows, index.imprint);
        state.is_void = false;
        Ok(())
    }

    /// Removes everything.
    fn forget(&self, state: &mut State) {
        for number in std::mem::take(&mut state.packs).into_keys() {
            if let Err(error) = remove(&self.folder, number) {
                tracing::error!(%error, number, "a pack of documents that are not to be shown any more cannot be removed");
            }
        }
        *state = State {
            next: state.next,
            is_failing: state.is_failing,
            is_over: state.is_over,
            ..State::default()
        };
    }
}

fn row(path: &str, document: &Document, place: Place) -> Row {
    Row {
        path: path.to_owned(),
        content_type: document.content_type.to_owned(),
        version: document.version,
        last_modified: document.last_modified,
        lifetime: document.lifetime.0,
        links: document.links.as_deref().map(str::to_owned),
        has_news: document.history.is_some(),
        place: Place { bytes: document.identity.len() as u64, ..place },
    }
}

/// Removes the pack of a number, whatever its name is.
pub(super) fn remove(folder: &Path, number: u64) -> io::Result<()> {
    for path in [bodies_path(folder, number), edition_path(folder, number)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Writes aside, syncs and renames: under its name a pack is whole, or damaged, but no power cut has left half of it.
fn write(folder: &Path, number: u64, pack: &[u8]) -> io::Result<File> {
    let aside = folder.join(format!("{number}{ASIDE}"));
    let write = || {
        fault::failing("editions.write")?;
        let mut file = File::create(&aside)?;
        let (half, rest) = pack.split_at(if fault::is_armed() { pack.len() / 2 } else { 0 });
        file.write_all(half)?;
        fault::point("editions.write.half");
        file.write_all(rest)?;
        file.sync_data()?;
        fault::failing("editions.rename")?;
        fs::rename(&aside, edition_path(folder, number))?;
        fault::point("editions.rename.after");
        Ok(file)
    };
    write().inspect_err(|_| {
        // A part of it may be there, and takes room that others need.
        let _ = fs::remove_file(&aside);
    })
}
