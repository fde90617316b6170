//! The store: what is applied is there after a reopening, and only our own stores are touched.

mod asking;
mod damage;
mod earlier;
mod journal;
mod ledger;
mod memory;
mod pages;
mod retention;
mod shown;
mod sketches;
mod stories;
mod subscriptions;
mod surplus;

use std::fs;
use std::path::Path;
use std::time::Instant;

use nashra::edge::store::{FORGET_BATCH_MAX, PURGE_BATCH_MAX, Store};
use nashra::model::*;
use nashra::pipeline;

use crate::kit::daemon::DEADLINE;
use crate::kit::entries::*;

const NOW: &str = "2026-11-20T12:00:00Z";

fn poll(store: &Store, source: &Source, fetched: &Fetched) -> Update {
    let known = store.known(&pipeline::wanted_keys(source, &SourceState::default(), fetched)).unwrap();
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let update = pipeline::ingest(source, &state, &known, fetched, fetched.at);
    store.apply(&update).unwrap();
    store.flush().unwrap();
    update
}

/// Retention, which looks at what nobody has listed since then.
fn purge(store: &Store, before: &str) -> Vec<EntryKey> {
    store.purge(at(before), at("2027-06-01T00:00:00Z")).unwrap().gone
}

fn three() -> Vec<FeedEntry> {
    let entry = |n: u8| {
        said(
            &format!("g{n}"),
            &format!("Title {n}"),
            &format!("https://a.example/{n}"),
            &format!("2026-11-{n:02}T08:00:00Z"),
        )
    };
    (1..=3).map(entry).collect()
}

fn titles(store: &Store) -> Vec<String> {
    store.newest_first().map(|entry| entry.unwrap().said.title.unwrap()).collect()
}

#[test]
fn what_was_applied_is_there_after_a_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let source = source("a", &["sport"]);
    let update = {
        let store = Store::open(folder.path()).unwrap();
        poll(&store, &source, &brought(three(), NOW))
    };
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(titles(&store), ["Title 3", "Title 2", "Title 1"]);
    assert_eq!(store.entries_stored().unwrap(), 3);
    assert_eq!(store.states().unwrap()[&source.id], update.state);
    for entry in &update.new {
        assert_eq!(store.entry(entry.key).unwrap().as_ref(), Some(entry));
        assert_eq!(store.story(entry.story).unwrap(), std::slice::from_ref(entry));
    }
    let again = poll(&store, &source, &brought(three(), NOW));
    assert_eq!((again.new.len(), again.changed.len(), again.keys.len()), (0, 0, 0));
}

#[test]
fn retention_counts_from_the_last_listing_and_leaves_tombstones() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &[]);
    poll(&store, &source, &brought(three(), NOW));
    poll(&store, &source, &brought(three().split_off(1), "2026-11-21T00:00:00Z"));
    assert!(purge(&store, "2026-11-20T23:00:00Z").is_empty(), "it was listed until then");
    assert_eq!(purge(&store, "2026-11-22T00:00:00Z").len(), 1);
    assert_eq!(titles(&store), ["Title 3", "Title 2"]);
    assert_eq!(store.entries_stored().unwrap(), 2);
    let again = poll(&store, &source, &brought(three(), "2026-11-23T00:00:00Z"));
    assert_eq!(again.new.len(), 0, "what was removed does not come back as new");
    assert_eq!(titles(&store), ["Title 3", "Title 2"]);
}

#[test]
fn an_entry_that_is_listed_again_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &[]);
    for (listed, when) in
        [(three(), NOW), (three().split_off(1), "2026-11-21T00:00:00Z"), (three(), "2026-11-22T00:00:00Z")]
    {
        poll(&store, &source, &brought(listed, when));
    }
    assert!(purge(&store, "2027-01-01T00:00:00Z").is_empty());
}

/// Opening must fail with a text that has `expected` in it, and leave every file as it was.
fn check_refused(folder: &Path, expected: &str) {
    let before = files(folder);
    let error = Store::open(folder).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert_eq!(before.keys().collect::<Vec<_>>(), files(folder).keys().collect::<Vec<_>>());
}

/// The store as sled sees it. Another test may be starting a program at this moment, which holds the locks of all
/// open files until it begins.
fn raw(folder: &Path) -> sled::Db {
    let end = Instant::now() + DEADLINE;
    loop {
        match sled::open(folder.join("db")) {
            Ok(db) => return db,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::yield_now();
    }
}

fn files(folder: &Path) -> std::collections::BTreeMap<String, u64> {
    let list = fs::read_dir(folder.join("db")).unwrap();
    let row = |file: std::io::Result<fs::DirEntry>| {
        let file = file.unwrap();
        (file.file_name().to_string_lossy().into_owned(), file.metadata().unwrap().len())
    };
    list.map(row).filter(|(name, _)| !name.starts_with("snap.")).collect()
}

#[test]
fn a_second_instance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).unwrap_err().to_string();
    let who = format!("another nashra (process {}) is using this store", std::process::id());
    assert!(error.contains(&who), "{error}");
}

#[test]
fn foreign_and_newer_stores_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    {
        let db = raw(folder.path());
        db.open_tree("customers").unwrap().insert("a", "b").unwrap();
        db.flush().unwrap();
    }
    check_refused(folder.path(), "not nashra's");

    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    {
        let db = raw(folder.path());
        db.open_tree("meta").unwrap().insert("schema", &99_u32.to_be_bytes()).unwrap();
        db.open_tree("of-the-future").unwrap();
        db.flush().unwrap();
    }
    check_refused(folder.path(), "schema 99, written by a newer nashra");

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("db")).unwrap();
    fs::write(folder.path().join("db/letter.txt"), "dear").unwrap();
    check_refused(folder.path(), "holds something else");
}

#[test]
fn a_snapshot_that_was_being_written_does_not_close_the_store() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = Store::open(folder.path()).unwrap();
        poll(&store, &source("a", &[]), &brought(three(), NOW));
    }
    fs::write(folder.path().join("db/snap.00000000000FFFFF.generating"), b"half").unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.entries_stored().unwrap(), 3);
}
