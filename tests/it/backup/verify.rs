//! Looking a store through: nothing is found in one that is sound, and whatever is wrong with another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nashra::edge::snapshot;
use nashra::edge::store::{Holes, Lock, Verified, verify_without};

use super::*;

/// A store with everything in it, a snapshot, and commits behind that.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    fill(&store);
    let snapshots = folder.path().join("snapshots");
    fs::create_dir(&snapshots).unwrap();
    snapshot(&store, &snapshots.join(snapshot::name(store.sequence(), at(NOW))));
    poll(&store, &source("b", &[]), &brought(many(100, 150), LATER));
    poll(&store, &source("a", &["sport"]), &brought(many(20, 45), LATER));
    store.purge(at(MUCH_LATER), at(MUCH_LATER)).unwrap();
    store.flush().unwrap();
    folder
}

fn verify(folder: &Path) -> Verified {
    match Store::open_locked(Lock::take(folder).unwrap(), Holes::Refused) {
        Ok(store) => store.verify(folder).unwrap(),
        Err(error) => verify_without(folder, &error),
    }
}

fn change(folder: &Path, tree: &str, change: impl Fn(&sled::Tree)) {
    let db = open_db(&folder.join("db"));
    change(&db.open_tree(tree).unwrap());
    db.flush().unwrap();
}

#[test]
fn nothing_is_found_in_a_sound_store() {
    for (settled, with_snapshot) in [(false, true), (true, true), (false, false)] {
        let folder = filled();
        if !with_snapshot {
            fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
        }
        if settled {
            Store::open(folder.path()).unwrap().settle().unwrap();
        }
        let seen = verify(folder.path());
        assert_eq!(seen.findings.named, Vec::<String>::new());
        let store = Store::open(folder.path()).unwrap();
        let counts = (seen.sequence, seen.entries, seen.snapshots.len(), seen.journal.records);
        let stored = store.entries_stored().unwrap();
        assert_eq!(counts, (store.sequence(), stored, usize::from(with_snapshot), store.sequence()));
        let rows: u64 = seen.trees.values().map(|tree| tree.rows).sum();
        assert!(seen.keys > stored && rows > 40 && seen.trees["sheaves"].bytes > 1000, "{seen:?}");
    }
}

#[test]
fn nothing_is_found_while_the_writer_goes_on() {
    let folder = filled();
    let store = Store::open(folder.path()).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut from = 1_000;
            while !is_over.load(Ordering::Relaxed) {
                poll(&store, &source("a", &["sport"]), &brought(many(from, from + 30), LATER));
                store.purge(at(MUCH_LATER), at(MUCH_LATER)).unwrap();
                from += 20;
            }
        });
        for _ in 0..5 {
            let seen = store.verify(folder.path()).unwrap();
            assert_eq!(seen.findings.named, Vec::<String>::new());
        }
        is_over.store(true, Ordering::Relaxed);
        writer.join().unwrap();
    });
}

#[test]
fn what_is_wrong_with_a_row_is_found() {
    let check = |tree: &str, damage: &dyn Fn(&sled::Tree), expected: &str| {
        let folder = filled();
        change(folder.path(), tree, damage);
        let named = verify(folder.path()).findings.named;
        assert!(named.iter().any(|finding| finding.contains(expected)), "{tree}: {expected}: {named:?}");
    };
    let last = |tree: &sled::Tree| tree.last().unwrap().unwrap().0;
    let spoil = |tree: &sled::Tree| drop(tree.insert(last(tree), b"\x63 spoilt".as_slice()).unwrap());
    let remove = |tree: &sled::Tree| drop(tree.remove(last(tree)).unwrap());
    for tree in [
        "sources",
        "entries",
        "sheaves",
        "runs",
        "names",
        "related",
        "clicks",
        "archive",
        "archived",
        "hidden",
        "subscriptions",
        "deliveries",
        "stubs",
        "sketches",
    ] {
        if !matches!(tree, "stubs") {
            check(tree, &spoil, &format!("{tree}/"));
        }
        // What is gone without a trace is known from the snapshot and the journal.
        let expected = if tree == "runs" { "do not say the same" } else { &format!("{tree}/") };
        if tree != "runs" {
            check(tree, &remove, expected);
        }
    }
    check("sheaves", &remove, "it is not where the index says");
    check("names", &|tree| tree.clear().unwrap(), "it leads to nothing");
    let count = |tree: &sled::Tree| drop(tree.insert("entries", &7_u64.to_be_bytes()).unwrap());
    check("meta", &count, "entries: the store says that it has 7");
    let member = |tree: &sled::Tree| drop(tree.insert([7; 32], b"".as_slice()).unwrap());
    check("stories", &member, "its member does not exist");
    let due =
        |tree: &sled::Tree| drop(tree.insert([&[b'e'; 9][..], &[7; 16]].concat(), b"".as_slice()).unwrap());
    check("due", &due, "it is of an entry that is not stored");
}

#[test]
fn what_is_wrong_beside_the_store_is_found() {
    let check = |damage: &dyn Fn(&Path), expected: &str| {
        let folder = filled();
        damage(folder.path());
        let named = verify(folder.path()).findings.named;
        assert!(named.iter().any(|finding| finding.contains(expected)), "{expected}: {named:?}");
    };
    let only =
        |folder: &Path, name: &str| fs::read_dir(folder.join(name)).unwrap().next().unwrap().unwrap().path();
    let flip = |path: &Path, from_end: usize| {
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    check(&|folder| flip(&only(folder, "snapshots"), 200), "is damaged");
    check(&|folder| flip(&only(folder, "journal"), 3_000), "cannot be read, commits");
    check(&|folder| fs::remove_dir_all(folder.join("journal")).unwrap(), "no snapshot leads to commit");
    let newer = |tree: &sled::Tree| drop(tree.insert("schema", &99_u32.to_be_bytes()).unwrap());
    check(&|folder| change(folder, "meta", newer), "the store cannot be opened: ");
}

#[test]
fn an_older_snapshot_that_leads_nowhere_is_found() {
    let folder = filled();
    let store = Store::open(folder.path()).unwrap();
    let newest = folder.path().join("snapshots").join(snapshot::name(store.sequence(), at(MUCH_LATER)));
    snapshot(&store, &newest);
    drop(store);
    assert_eq!(verify(folder.path()).findings.named, Vec::<String>::new());
    // The newest one and the store need no journal.
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    poll(&Store::open(folder.path()).unwrap(), &source("b", &[]), &brought(many(150, 160), MUCH_LATER));
    let named = verify(folder.path()).findings.named;
    assert!(named.len() == 1 && named[0].contains("lead no further"), "{named:?}");
}
