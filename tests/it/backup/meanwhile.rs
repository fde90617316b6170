//! A snapshot that is taken while a writer writes as fast as it can.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nashra::edge::journal;

use super::*;

/// Rows of the index of keys: they change their form without a commit.
const OF_KEYS: [&str; 4] = ["runs", "volumes", "pages", "keys"];

/// What names of identity keys begin with; others are the store's own.
const KINDS: [KeyKind; 5] = [KeyKind::Guid, KeyKind::Title, KeyKind::Dated, KeyKind::Link, KeyKind::Content];

/// A file that takes nothing before the writer has come further.
struct Slow<'a> {
    file: File,
    store: &'a Store,
}

impl Write for Slow<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (end, before) = (Instant::now() + DEADLINE, self.store.sequence());
        while self.store.sequence() == before {
            assert!(Instant::now() < end, "the writer is held up");
            thread::yield_now();
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What the journal says that a store has after `sequence`, and where its keys lead then.
fn expected(journal: &Path, sequence: u64) -> (Rows, BTreeMap<Vec<u8>, Vec<u8>>) {
    let (mut rows, mut keys) = (Rows::new(), BTreeMap::new());
    let damaged = journal::read_after(journal, 0, |record| {
        if record.sequence > sequence {
            return Ok(());
        }
        for (tree, changed) in record.changes.0 {
            for (name, value) in changed.0 {
                match value {
                    Some(value) if tree == "runs" => {
                        value
                            .chunks(33)
                            .for_each(|key| drop(keys.insert(key[..17].to_vec(), key[17..].to_vec())));
                    }
                    Some(value) => drop(rows.insert((tree.to_string(), name), value)),
                    None => drop(rows.remove(&(tree.to_string(), name))),
                }
            }
        }
        Ok(())
    });
    assert_eq!(damaged.unwrap().missing, []);
    keys.retain(|_, entry| entry.iter().any(|byte| *byte != 0));
    (rows, keys)
}

/// Where identity keys lead in a store.
fn leads(store: &Store, keys: &BTreeMap<Vec<u8>, Vec<u8>>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut wanted = vec![];
    for name in keys.keys() {
        let kind = KINDS.into_iter().find(|kind| *kind as u8 == name[0]);
        let hash = <[u8; 16]>::try_from(&name[1..]).unwrap();
        wanted.extend(kind.map(|kind| IdentityKey { kind, digest: Digest(hash) }));
    }
    let found = store.leads(&wanted).unwrap();
    found.into_iter().map(|(key, entry)| (key.to_bytes().to_vec(), entry.0.to_vec())).collect()
}

#[test]
fn it_is_exactly_the_store_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    fill(&store);
    let is_over = AtomicBool::new(false);
    let mut taken = vec![];
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut from = 1_000;
            while !is_over.load(Ordering::Relaxed) {
                let when = if from % 200 == 0 { LATER } else { NOW };
                poll(&store, &source("a", &["sport"]), &brought(many(from, from + 30), when));
                store.purge(at(LATER), at(MUCH_LATER)).unwrap();
                from += 20;
            }
        });
        let settler = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                store.settle().unwrap();
            }
        });
        while taken.len() < 3 {
            let file = folder.path().join(format!("snapshot {}", taken.len()));
            let began = store.sequence();
            let slow = Slow { file: File::create(&file).unwrap(), store: &store };
            let told = store.snapshot(slow, at(NOW), || {}).unwrap();
            assert!(told.head.before >= began && told.sequence <= store.sequence());
            assert!(told.records > 10, "{told:?}");
            taken.push((file, told));
        }
        is_over.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        settler.join().unwrap();
    });
    drop(store);
    for (file, told) in taken {
        let other = tempfile::tempdir().unwrap();
        make(&other.path().join("db"), Some(&file), &other.path().join("journal")).unwrap();
        let (mut rows, keys) = expected(&folder.path().join("journal"), told.sequence);
        let mut found = all_rows(&other.path().join("db"));
        found.retain(|(tree, name), _| {
            let is_signature = tree == "meta" && matches!(&name[..], b"app" | b"schema" | b"sequence");
            !OF_KEYS.contains(&tree.as_str()) && !is_signature
        });
        rows.retain(|(tree, _), _| !OF_KEYS.contains(&tree.as_str()));
        assert_eq!(found.len(), rows.len());
        assert!(found == rows, "rows differ after {} of {told:?}", told.sequence);
        let store = Store::open(other.path()).unwrap();
        let mut identities = keys.clone();
        identities.retain(|name, _| KINDS.into_iter().any(|kind| kind as u8 == name[0]));
        let found = leads(&store, &keys);
        assert_eq!(found.len(), identities.len());
        assert!(found == identities, "keys lead elsewhere after {told:?}");
        assert_eq!(store.newest_first().count() as u64, store.entries_stored().unwrap());
    }
}
