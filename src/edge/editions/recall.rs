//! Reading what was kept: the newest edition, where it is whole, and the bodies that it names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::keep::State;
use super::pack::{DOCUMENT_BYTES_MAX, FOOTER_BYTES, Imprint, Index, Place, Row, decompress};
use super::{ASIDE, BODIES, SUFFIX};
use crate::edge::files;
use crate::model::{Document, Lifetime, Timestamp};

/// Makes a document of its content type, its body and its last change; `None` where no document has such a type.
pub type Pressed = fn(&str, Vec<u8>, Option<Timestamp>) -> Option<Document>;

/// Bytes of an edition in memory.
const EDITION_BYTES_MAX: u64 = 1 << 30;
/// Threads that read at once.
const THREADS_MAX: usize = 4;

/// What was kept last.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// Who published it.
    pub imprint: Imprint,
    /// Its documents by path.
    pub documents: HashMap<String, Arc<Document>>,
    /// Documents that were damaged, and packs that could not be read.
    pub damaged: usize,
}

/// Reads what is in the folder, and from where it goes on.
pub(super) fn recall(folder: &Path, press: Pressed) -> (Recalled, State) {
    let found = match packs(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "what was published last cannot be read");
            vec![]
        }
    };
    let mut state = State { next: found.last().map_or(0, |pack| pack.number + 1), ..State::default() };
    // Whatever is older than that was not what readers saw last.
    let newest = found.last().filter(|pack| pack.is_edition);
    let index = newest.and_then(|pack| Some((pack.number, open(&pack.path)?)));
    let damaged = usize::from(!found.is_empty() && index.is_none());
    let mut recalled = Recalled { damaged, ..Recalled::default() };
    state.packs = found.iter().map(|pack| (pack.number, pack.bytes)).collect();
    state.editions = found.iter().filter(|pack| pack.is_edition).map(|pack| pack.number).collect();
    if let Some((number, index)) = index {
        let files = open_all(folder, &index);
        let documents = read_all(&index.rows, &files, press);
        recalled.damaged += index.rows.len() - documents.len();
        // A process that was killed may not have come to sync them.
        let own = ordinary(&edition_path(folder, number)).ok().map(|file| (number, file));
        let synced = files.into_iter().map(|(number, (file, _))| (number, file)).chain(own);
        state.unsynced = synced.map(|(number, file)| (number, Arc::new(file))).collect();
        state.index = Some(number);
        (state.imprint, recalled.imprint) = (index.imprint.clone(), index.imprint);
        for (row, document) in documents {
            recalled.documents.insert(row.path.clone(), Arc::new(document));
            state.rows.insert(row.path.clone(), row);
        }
    }
    (recalled, state)
}

/// A pack on disk.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pack {
    number: u64,
    /// Whether what its index says was published last when it was written, and nothing newer is known of.
    is_edition: bool,
    bytes: u64,
    pub(super) path: PathBuf,
}

/// The packs of a folder, the oldest first. What was being written aside is removed.
pub(super) fn packs(folder: &Path) -> io::Result<Vec<Pack>> {
    let mut found = vec![];
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(ASIDE) {
            // It was never an edition; should it stay, the next one of its number replaces it.
            let _ = fs::remove_file(file.path());
            continue;
        }
        let is_edition = name.ends_with(SUFFIX);
        let number = name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(BODIES));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push(Pack { number, is_edition, bytes: file.metadata()?.len(), path: file.path() });
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Where the pack of a number is as long as it is an edition.
pub(super) fn edition_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}{SUFFIX}"))
}

/// Where it is behind that.
pub(super) fn bodies_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}{BODIES}"))
}

/// Opens the pack of a number.
pub(super) fn open_pack(folder: &Path, number: u64) -> io::Result<(File, u64)> {
    let file = match ordinary(&bodies_path(folder, number)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => ordinary(&edition_path(folder, number)),
        opened => opened,
    }?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}

/// Opens what is an ordinary file: a pipe under the name of a pack would be waited for.
fn ordinary(path: &Path) -> io::Result<File> {
    files::expect_ordinary(path)?;
    File::open(path)
}

/// The index of a pack, where it is whole.
fn open(path: &Path) -> Option<Index> {
    let file = ordinary(path).ok()?;
    let pack_bytes = file.metadata().ok()?.len();
    let mut footer = [0; FOOTER_BYTES];
    file.read_exact_at(&mut footer, pack_bytes.checked_sub(FOOTER_BYTES as u64)?).ok()?;
    let (at, length, sum) = Index::place(&footer, pack_bytes)?;
    let mut packed = vec![0; length];
    file.read_exact_at(&mut packed, at).ok()?;
    Index::read(&packed, sum)
}

fn open_all(folder: &Path, index: &Index) -> BTreeMap<u64, (File, u64)> {
    let numbers: BTreeSet<u64> = index.rows.iter().map(|row| row.place.pack).collect();
    let open = |number| Some((number, open_pack(folder, number).ok()?));
    numbers.into_iter().filter_map(open).collect()
}

/// The body at a place as it is written.
pub(super) fn packed((file, file_bytes): &(File, u64), place: Place) -> Option<Vec<u8>> {
    let ends = place.at.checked_add(place.packed_bytes)?;
    if ends > *file_bytes || place.packed_bytes > DOCUMENT_BYTES_MAX {
        return None;
    }
    let mut packed = vec![0; usize::try_from(place.packed_bytes).ok()?];
    file.read_exact_at(&mut packed, place.at).ok()?;
    Some(packed)
}

/// The documents that are there as the index has them, read by several threads.
fn read_all(rows: &[Row], files: &BTreeMap<u64, (File, u64)>, press: Pressed) -> Vec<(Row, Document)> {
    if rows.iter().map(|row| row.place.bytes).fold(0, u64::saturating_add) > EDITION_BYTES_MAX {
        return vec![];
    }
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let next = AtomicUsize::new(0);
    let work = || {
        let next = || rows.get(next.fetch_add(1, Ordering::Relaxed));
        let read = |row: &Row| Some((row.clone(), document(row, files.get(&row.place.pack)?, press)?));
        std::iter::from_fn(next).filter_map(read).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut documents = work();
        // What a thread that panicked would have brought is missing.
        documents.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        documents
    })
}

fn document(row: &Row, file: &(File, u64), press: Pressed) -> Option<Document> {
    let bytes = usize::try_from(row.place.bytes.min(DOCUMENT_BYTES_MAX)).ok()?;
    let body = decompress(&packed(file, row.place)?, bytes)?;
    let pressed = press(&row.content_type, body, row.last_modified)?;
    // An entity tag names these very bytes.
    if pressed.version != row.version {
        return None;
    }
    let links = row.links.as_deref().map(Arc::from);
    // Nobody remembers former versions, but caches are told the same.
    let history = row.has_news.then(Arc::default);
    Some(Document { lifetime: Lifetime(row.lifetime), links, history, ..pressed })
}
