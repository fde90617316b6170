//! Opening: whose folder it is, whether somebody else holds it, and which schema it has.

use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sled::{Batch, Db, Tree};

use super::damage::Damage;
use super::keys::Keys;
use super::ledger::Ledgers;
use super::record::Press;
use super::write::replay;
use super::{Store, StoreError, codec};
use crate::edge::fault;

/// The schema that this version reads and writes.
const SCHEMA: u32 = 1;
const APP: &[u8] = b"nashra";
pub(super) const TREES: &[&str] = &[
    "meta",
    "sources",
    "entries",
    "sheaves",
    "keys",
    "runs",
    "volumes",
    "pages",
    "names",
    "stories",
    "delisted",
    "due",
    "sketches",
    "stubs",
    "related",
    "clicks",
    "archive",
    "archived",
    "hidden",
    "subscriptions",
    "deliveries",
];
/// sled makes it in every store.
const DEFAULT_TREE: &str = "__sled__default";
/// sled's cache, in bytes.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
const FLUSH_INTERVAL_MS: u64 = 500;
/// How long a lock is waited for, and how often it is tried.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_RHYTHM: Duration = Duration::from_millis(10);

impl Store {
    /// Whether `folder` has a store that can be opened without making one.
    pub fn exists(folder: &Path) -> bool {
        folder.join("db").exists()
    }

    /// Opens the store in `folder`, making it where there is none. Refuses, without touching it, a store
    /// of another program or of a newer version.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_locked(folder, Lock::take(folder)?)
    }

    /// The same for who has the folder already.
    pub fn open_locked(folder: &Path, lock: Lock) -> Result<Self, StoreError> {
        let at = |path: &Path| {
            let path = path.display().to_string();
            move |source| StoreError::Folder { path, source }
        };
        let place = folder.join("db");
        if place.exists() {
            refuse_foreign_folder(&place)?;
            sweep(&place).map_err(at(&place))?;
        }
        let db = open_sled(&place)?;
        let meta = claim(&db, &place)?;
        let journal = replay(&db, &meta, &folder.join("journal"))?;
        let sequence = journal.next() - 1;
        let damage = Arc::<Damage>::default();
        let tree = |name: &str| -> Result<Tree, StoreError> { Ok(db.open_tree(name)?) };
        let (sheaves, sketches, delisted) = (tree("sheaves")?, tree("sketches")?, tree("delisted")?);
        let archive = tree("archive")?;
        Ok(Self {
            meta,
            sources: tree("sources")?,
            entries: tree("entries")?,
            next_sheaf: AtomicU64::new(codec::next_number(&sheaves)?),
            sheaves,
            keys: Keys::open(&db, Arc::clone(&damage), sequence)?,
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
            journal: Mutex::new(journal),
            db,
            _lock: lock,
        })
    }
}

/// A state folder that is ours alone, for as long as this lives. sled locks its own files too, but then speaks of a
/// "would block"; ours says what it means.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Lock {
    /// Takes the folder, making it where there is none. Fails at once where another process has it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("nashra.lock");
        let failed = |source| StoreError::Folder { path: path.display().to_string(), source };
        fs::create_dir_all(folder)
            .map_err(|source| StoreError::Folder { path: folder.display().to_string(), source })?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match patiently(|| file.try_lock()) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.display().to_string())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Tries again for a moment: a process that has just ended, or is a fork that has not begun its own program yet,
/// may still hold a lock.
fn patiently<T, E>(attempt: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        let result = attempt();
        if result.is_ok() || begun.elapsed() > LOCK_PATIENCE {
            return result;
        }
        thread::sleep(LOCK_RHYTHM);
    }
}

/// A folder with other people's files in it is not ours to write to.
fn refuse_foreign_folder(place: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder { path: place.display().to_string(), source };
    let mut names = Vec::new();
    for file in fs::read_dir(place).map_err(failed)? {
        names.push(file.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    let is_sled = names.iter().any(|name| name == "conf" || name == "db");
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

/// Recovery panics on some kinds of damage: that is an error, not the end of the process.
fn open_sled(place: &Path) -> Result<Db, StoreError> {
    let config =
        sled::Config::new().path(place).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_INTERVAL_MS));
    // Nobody else has our lock, so whoever still holds sled's is about to end.
    match catch_unwind(AssertUnwindSafe(|| patiently(|| config.open()))) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(StoreError::Sled(error)),
        Err(_) => Err(StoreError::Refused(format!(
            "{}: the store is damaged and cannot be opened; move the folder away and start again",
            place.display()
        ))),
    }
}

/// Signs a fresh store, checks the signature of an old one. Looks at the names of the trees before
/// opening any, because opening one that is not there would make it.
fn claim(db: &Db, place: &Path) -> Result<Tree, StoreError> {
    let refused = |why: String| Err(StoreError::Refused(format!("{}: {why}", place.display())));
    let names: Vec<String> =
        db.tree_names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let ours = |name: &String| name == DEFAULT_TREE || TREES.contains(&name.as_str());
    let foreign = names.iter().find(|name| !ours(name));
    if !names.iter().any(|name| name == "meta") {
        if foreign.is_some() || !db.is_empty() {
            return refused("this sled store is not nashra's; set store.path to another folder".to_owned());
        }
        return sign(db);
    }
    let meta = db.open_tree("meta")?;
    if meta.is_empty() && foreign.is_none() {
        return sign(db);
    }
    if meta.get("app")?.as_deref() != Some(APP) {
        return refused("this store is another program's; set store.path to another folder".to_owned());
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
        _ => return refused("this store has no schema number that this version knows".to_owned()),
    }
    match foreign {
        None => Ok(meta),
        Some(name) => refused(format!("this store has a tree {name:?} that this version does not know")),
    }
}

fn sign(db: &Db) -> Result<Tree, StoreError> {
    let meta = db.open_tree("meta")?;
    let mut signature = Batch::default();
    signature.insert("app", APP);
    signature.insert("schema", &SCHEMA.to_be_bytes());
    meta.apply_batch(signature)?;
    fault::point("store.sign");
    db.flush()?;
    Ok(meta)
}
