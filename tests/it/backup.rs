//! Snapshots: what is written down while the writer goes on is exactly one moment of the store, and nothing that is
//! damaged is taken for it.

mod aside;
mod daemon;
mod damage;
mod meanwhile;
mod verify;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use nashra::edge::snapshot::Summary;
use nashra::edge::store::{Ledger, Rebuilt, Recipe, Store, StoreError, rebuild};
use nashra::model::*;
use nashra::pipeline;

use crate::kit::daemon::DEADLINE;
use crate::kit::entries::*;

const NOW: &str = "2026-11-20T12:00:00Z";
const LATER: &str = "2026-11-21T12:00:00Z";
const MUCH_LATER: &str = "2027-11-21T12:00:00Z";

/// Rows by tree and name.
type Rows = BTreeMap<(String, Vec<u8>), Vec<u8>>;

fn poll(store: &Store, source: &Source, fetched: &Fetched) -> Update {
    let known = store.known(&pipeline::wanted_keys(source, &SourceState::default(), fetched)).unwrap();
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let update = pipeline::ingest(source, &state, &known, fetched, fetched.at);
    store.apply(&update).unwrap();
    update
}

fn many(from: usize, to: usize) -> Vec<FeedEntry> {
    let entry = |n: usize| {
        let date = format!("2026-11-{:02}T08:{:02}:00Z", n % 19 + 1, n % 60);
        said(&format!("g{n}"), &format!("Title {n}"), &format!("https://a.example/{n}"), &date)
    };
    (from..to).map(entry).collect()
}

/// Puts something into every tree that this version writes.
fn fill(store: &Store) {
    let source = source("a", &["sport"]);
    let update = poll(store, &source, &brought(many(0, 40), NOW));
    let keys: Vec<EntryKey> = update.new.iter().map(|entry| entry.key).collect();
    let mut changed = many(5, 40);
    changed[3].content = Some("<p>Another text</p>".to_owned());
    changed[4].id = Some("another id".to_owned());
    poll(store, &source, &brought(changed, LATER));
    let mut joined = update.new[20].clone();
    joined.story = keys[21];
    let about = Update::about(source.id.clone(), SourceState::default(), at(LATER));
    store.apply(&Update { changed: vec![joined], ..about }).unwrap();
    store.purge(at(MUCH_LATER), at(MUCH_LATER)).unwrap();
    let hiding = (keys[30], Hiding::default());
    store.hide(&[hiding], Some((keys[31], at(LATER))), &[], &[]).unwrap();
    let sport = SectionId("sport".to_owned());
    store.file(&[Filing { section: sport.clone(), page_entries: 10, keys: keys.clone() }]).unwrap();
    let frozen = Frozen { modified: None, omitted: vec![], site_url: "x".to_owned(), body: b"text".to_vec() };
    store.freeze(&sport, 1, &frozen).unwrap();
    store.note_clicks(&[Click { entry: keys[9], hour: 7, count: 3 }], &[]).unwrap();
    store.relate(&BTreeMap::from([(keys[9], vec![keys[10], keys[11]])])).unwrap();
    let topic = "http://n.example/a.atom".to_owned();
    let callback = "https://r.example/cb".parse().unwrap();
    let it = Subscriber::new(SubscriberKind::WebSub, callback, topic.clone(), at(NOW), 1);
    let state = Topic { topic: topic.clone(), last: 3, ..Topic::default() };
    let deliveries = Ledger {
        subscriptions: vec![(it.id(), Some(it))],
        topics: vec![(topic, Some(state))],
        ..Ledger::default()
    };
    store.note_deliveries(&deliveries).unwrap();
    store.rules_since(Digest([7; 16]), at(NOW)).unwrap();
    store.flush().unwrap();
}

/// All rows of a store that is closed.
fn all_rows(db: &Path) -> Rows {
    let db = open_db(db);
    let mut rows = Rows::new();
    for tree in db.tree_names() {
        let name = String::from_utf8(tree.to_vec()).unwrap();
        for row in &db.open_tree(&tree).unwrap() {
            let (row, value) = row.unwrap();
            rows.insert((name.clone(), row.to_vec()), value.to_vec());
        }
    }
    rows
}

/// A store as sled sees it. Another test may be starting a program at this moment, which holds the locks of
/// all open files until it begins.
fn open_db(db: &Path) -> sled::Db {
    let end = Instant::now() + DEADLINE;
    loop {
        match sled::open(db) {
            Ok(db) => return db,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::yield_now();
    }
}

fn snapshot(store: &Store, path: &Path) -> Summary {
    store.snapshot(File::create(path).unwrap(), at(NOW), || {}).unwrap()
}

fn make(place: &Path, snapshot: Option<&Path>, journal: &Path) -> Result<Rebuilt, StoreError> {
    rebuild(place, Recipe { snapshot, journal: Some(journal) }, |_| Ok(()))
}

#[test]
fn a_store_comes_back_row_by_row() {
    for settled in [false, true] {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (file, place) = (folder.path().join("file"), other.path().join("db"));
        let store = Store::open(folder.path()).unwrap();
        fill(&store);
        if settled {
            store.settle().unwrap();
        }
        let told = snapshot(&store, &file);
        assert_eq!((told.sequence, told.head.before, told.records), (store.sequence(), store.sequence(), 0));
        drop(store);
        let rebuilt = make(&place, Some(&file), &other.path().join("journal")).unwrap();
        let rows = all_rows(&folder.path().join("db"));
        assert_eq!((rebuilt.sequence, rebuilt.records, rebuilt.lost), (told.sequence, 0, vec![]));
        assert_eq!((rebuilt.rows, told.bytes), (rows.len() as u64, fs::metadata(&file).unwrap().len()));
        assert_eq!(rows, all_rows(&place));
        let trees: std::collections::BTreeSet<&str> = rows.keys().map(|(tree, _)| tree.as_str()).collect();
        let keys = if settled { "volumes" } else { "runs" };
        for tree in [
            "meta",
            "sources",
            "entries",
            "sheaves",
            "names",
            "stories",
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
            keys,
        ] {
            assert!(trees.contains(tree), "{tree}");
        }
        let store = Store::open(other.path()).unwrap();
        assert_eq!(store.sequence(), told.sequence);
        let again = poll(&store, &source("a", &["sport"]), &brought(many(0, 40), MUCH_LATER));
        assert_eq!(again.new.len(), 0, "nothing old is new");
    }
}

#[test]
fn what_came_after_the_snapshot_is_taken_from_the_journal() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, journal) = (folder.path().join("file"), folder.path().join("journal"));
    let store = Store::open(folder.path()).unwrap();
    fill(&store);
    let told = snapshot(&store, &file);
    poll(&store, &source("b", &[]), &brought(many(100, 150), LATER));
    store.flush().unwrap();
    let sequence = store.sequence();
    drop(store);
    let expected = all_rows(&folder.path().join("db"));
    for (name, snapshot) in [("with", Some(file.as_path())), ("without", None)] {
        let place = other.path().join(name);
        let rebuilt = make(&place, snapshot, &journal).unwrap();
        let records = if snapshot.is_some() { sequence - told.sequence } else { sequence };
        assert_eq!((rebuilt.sequence, rebuilt.records, rebuilt.lost), (sequence, records, vec![]));
        assert_eq!(all_rows(&place), expected, "{name}");
        assert!(make(&place, snapshot, &journal).is_err(), "what is there is not written over");
    }
}
