//! Opening: whose folder it is, whether somebody else holds it, and which schema it has.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sled::Batch;

use super::damage::Damage;
use super::dump::Dumps;
use super::guard::Db;
use super::keys::Keys;
use super::ledger::Ledgers;
use super::lock::{Lock, failed, is_sled_in_use};
use super::mend::{has_history, was_shown};
use super::record::Press;
use super::replay::{Holes, replay};
use super::room::Room;
use super::seal::{Seal, Sealing};
use super::trees::{TREES, Trees};
use super::{Store, StoreError, codec};
use crate::edge::fault;

/// The schema that this version reads and writes.
pub(super) const SCHEMA: u32 = 1;
const APP: &[u8] = b"nashra";
/// sled makes it in every store.
const DEFAULT_TREE: &str = "__sled__default";
/// sled's cache, in bytes.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
const FLUSH_INTERVAL_MS: u64 = 500;
/// EMFILE and ENFILE: too many files are open.
const TOO_MANY_FILES: [i32; 2] = [24, 23];
impl Store {
    /// Whether `folder` has a store, in whatever state.
    pub fn exists(folder: &Path) -> bool {
        folder.join("db").exists() || has_history(folder)
    }

    /// Opens the store in `folder`, making it where there is none. Refuses, without touching it, a store
    /// of another program or of a newer version, and one that its journal does not reach back to:
    /// [`StoreError::Behind`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_locked(Lock::take(folder)?, Holes::Refused)
    }

    /// The same for whoever has taken the lock already, and for whoever takes what is left.
    pub fn open_locked(lock: Lock, holes: Holes) -> Result<Self, StoreError> {
        let folder = lock.folder().to_path_buf();
        prepare(&lock)?;
        let seal = Seal::remove(&folder).map_err(failed(&folder))?;
        let place = folder.join("db");
        fault::failing("store.open").map_err(sled::Error::Io)?;
        let db = open_sled(&place)?;
        claim(&db, &place)?;
        let trees = Trees::open(&db)?;
        let (journal, found) = replay(&db, &trees, &folder.join("journal"), holes)?;
        // The names of what was made in it: a journal that nobody finds again holds nothing.
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed(&folder))?;
        let damage = Arc::<Damage>::default();
        let tree = |name: &str| trees.tree(name).cloned();
        let (sheaves, sketches, delisted) = (tree("sheaves")?, tree("sketches")?, tree("delisted")?);
        let archive = tree("archive")?;
        let room = Arc::new(Room::new(&folder));
        Ok(Self {
            meta: tree("meta")?,
            sources: tree("sources")?,
            entries: tree("entries")?,
            next_sheaf: AtomicU64::new(codec::next_number(&sheaves)?),
            sheaves,
            keys: Keys::open(&db, Arc::clone(&damage), journal.last())?.within(Arc::clone(&room)),
            names: tree("names")?,
            stories: tree("stories")?,
            has_delisted: !delisted.is_empty(),
            delisted,
            due: tree("due")?,
            related: tree("related")?,
            clicks: tree("clicks")?,
            subscriptions: tree("subscriptions")?,
            deliveries: tree("deliveries")?,
            next_sketches: AtomicU64::new(codec::next_number(&sketches)?),
            sketches,
            stubs: tree("stubs")?,
            ledgers: Ledgers::read(&archive)?,
            archive,
            archived: tree("archived")?,
            hidden: tree("hidden")?,
            hidings: AtomicU64::new(0),
            damage,
            press: Press::new()?,
            room,
            journal,
            dumps: Dumps::default(),
            found,
            seal: seal.next(&db),
            trees,
            db,
            lock,
        })
    }
}

/// What is to be done before sled sees its folder: refuses one that is not ours, and takes away what would break it.
pub fn prepare(lock: &Lock) -> Result<(), StoreError> {
    let place = lock.folder().join("db");
    if !place.exists() {
        return Ok(());
    }
    if !place.is_dir() {
        return Err(damaged(&place, "it is no folder"));
    }
    refuse_foreign_folder(&place)?;
    if is_sled_in_use(&place) {
        return Err(StoreError::InUse(format!("{}: another process", place.display())));
    }
    sweep(&place).map_err(failed(&place))
}

/// Whether there is nothing to be opened, although there was once.
pub fn is_gone(lock: &Lock) -> bool {
    let folder = lock.folder();
    folder.join("db").symlink_metadata().is_err() && (has_history(folder) || was_shown(lock))
}

/// What has become of the store since it was closed: where that is nothing, it need not be looked at.
pub fn sealing(lock: &Lock) -> Sealing {
    Seal::look(lock.folder())
}

fn damaged(place: &Path, why: &str) -> StoreError {
    StoreError::Damaged { place: place.display().to_string(), why: why.to_owned() }
}

/// A folder with other people's files in it is not ours to write to.
fn refuse_foreign_folder(place: &Path) -> Result<(), StoreError> {
    let failed = failed(place);
    let mut names = Vec::new();
    for file in fs::read_dir(place).map_err(&failed)? {
        names.push(file.map_err(&failed)?.file_name().to_string_lossy().into_owned());
    }
    let of_sled =
        |name: &String| matches!(name.as_str(), "conf" | "db" | "blobs") || name.starts_with("snap.");
    let is_sled = names.iter().any(of_sled);
    if names.is_empty() || is_sled {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{}: this folder holds something else ({}); set store.path to a folder of nashra's own",
        place.display(),
        names.first().map_or("", String::as_str)
    )))
}

/// A snapshot that was being written when the process was killed makes sled refuse to open for ever
/// (sled issues 1527 and 1533); the log holds everything that it would have held.
fn sweep(place: &Path) -> io::Result<()> {
    for file in fs::read_dir(place)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// Recovery fails, or panics, on damage.
pub(super) fn open_sled(place: &Path) -> Result<Db, StoreError> {
    let config =
        sled::Config::new().path(place).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_INTERVAL_MS));
    Db::open(&config).map_err(|error| match error {
        sled::Error::Io(error) if is_of_the_system(&error) => failed(place)(error),
        // The disk does not give it.
        sled::Error::Io(error) if error.raw_os_error().is_some() => sled::Error::Io(error).into(),
        other => damaged(place, &other.to_string()),
    })
}

/// Whether the files may be sound, and this process may not, or cannot now, use them.
fn is_of_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{
        FileTooLarge, OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        WouldBlock,
    };
    let of_the_disk = [FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    let kinds = [&of_the_disk[..], &[OutOfMemory, PermissionDenied, WouldBlock]].concat();
    let is_out_of_files = error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code));
    // sled says this of its own lock, which is looked at before.
    kinds.contains(&error.kind()) || is_out_of_files || error.to_string().contains("could not acquire lock")
}

/// Signs a fresh store, checks the signature of an old one. Looks at the names of the trees before
/// opening any, because opening one that is not there would make it.
pub(super) fn claim(db: &Db, place: &Path) -> Result<(), StoreError> {
    let refused = |why: String| Err(StoreError::Refused(format!("{}: {why}", place.display())));
    let foreign = |why: &str| Err(StoreError::Foreign(format!("{}: {why}", place.display())));
    let names = db.tree_names();
    let ours = |name: &String| name == DEFAULT_TREE || TREES.contains(&name.as_str());
    let unknown = names.iter().find(|name| !ours(name));
    if !names.iter().any(|name| name == "meta") {
        if unknown.is_some() || !db.open_tree(DEFAULT_TREE)?.is_empty() {
            return foreign("this sled store is not nashra's; set store.path to another folder");
        }
        return sign(db);
    }
    let meta = db.open_tree("meta")?;
    if meta.is_empty() && unknown.is_none() {
        return sign(db);
    }
    if meta.get("app")?.as_deref() != Some(APP) {
        return foreign("this store is another program's; set store.path to another folder");
    }
    let schema = meta.get("schema")?.and_then(|bytes| <[u8; 4]>::try_from(bytes.as_ref()).ok());
    match schema.map(u32::from_be_bytes) {
        Some(SCHEMA) => {}
        Some(newer) if newer > SCHEMA => {
            return refused(format!(
                "this store has schema {newer}, written by a newer nashra; this version knows {SCHEMA}: \
                 install the newer version again, or set store.path to another folder"
            ));
        }
        _ => return foreign("this store has no schema number that this version knows"),
    }
    match unknown {
        None => Ok(()),
        Some(name) => refused(format!("this store has a tree {name:?} that this version does not know")),
    }
}

pub(super) fn sign(db: &Db) -> Result<(), StoreError> {
    let meta = db.open_tree("meta")?;
    let mut signature = Batch::default();
    signature.insert("app", APP);
    signature.insert("schema", &SCHEMA.to_be_bytes());
    meta.apply_batch(signature)?;
    fault::point("store.sign");
    db.flush()?;
    Ok(())
}
