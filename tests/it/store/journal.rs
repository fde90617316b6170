//! The journal and sled: whatever becomes of one of them, the other has it, and what neither has is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nashra::edge::journal::{self, Changes, Encoded, Journal, Record, Rows, Segment};
use nashra::edge::store::{Found, Holes, Ledger, Lock, StoreError};
use proptest::prelude::*;

use super::*;

/// All rows of all trees, but for those of the index of keys, which moves them by itself.
type Trees = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;

fn trees(folder: &Path) -> Trees {
    let db = raw(folder);
    let tree = |name: sled::IVec| {
        let rows = db.open_tree(&name).unwrap();
        let rows = rows.iter().map(Result::unwrap).map(|(name, row)| (name.to_vec(), row.to_vec()));
        (String::from_utf8(name.to_vec()).unwrap(), rows.collect())
    };
    let moves = |name: &String| name == "runs" || name == "volumes";
    db.tree_names().into_iter().map(tree).filter(|(name, _): &(String, _)| !moves(name)).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

/// A store with a past, and copies of what sled held on the way.
struct Past {
    folder: tempfile::TempDir,
    /// Copies of `db/`, the oldest first.
    copies: Vec<tempfile::TempDir>,
    /// The first update.
    update: Update,
}

fn listed(when: &str, from: u8, to: u8) -> Fetched {
    let entry = |n: u8| {
        let (guid, title) = (format!("g{n}"), format!("Title {n} of {when}"));
        said(&guid, &title, &format!("https://a.example/{n}"), &format!("2026-11-{n:02}T08:00:00Z"))
    };
    brought((from..=to).map(entry).collect(), when)
}

fn hide(store: &Store, key: EntryKey) {
    store.hide(&[(key, Hiding::default())], None, &[], &[]).unwrap();
}

fn subscribe(store: &Store) {
    let callback: url::Url = "https://r.example/cb".parse().unwrap();
    let topic = "http://n.example/a.atom".to_owned();
    let it = Subscriber::new(SubscriberKind::WebSub, callback, topic.clone(), Timestamp::UNIX_EPOCH, 1);
    let topics = vec![(topic.clone(), Some(Topic { topic, last: 3, ..Topic::default() }))];
    let subscriptions = vec![(it.id(), Some(it))];
    store.note_deliveries(&Ledger { subscriptions, topics, ..Ledger::default() }).unwrap();
}

fn past() -> Past {
    let (folder, source) = (tempfile::tempdir().unwrap(), source("a", &[]));
    let mut copies = vec![];
    let mut update = None;
    for step in 0..7 {
        let store = Store::open(folder.path()).unwrap();
        assert!(store.found().is_sound(), "{}", store.found());
        match step {
            0 => update = Some(poll(&store, &source, &listed(NOW, 1, 5))),
            1 => hide(&store, update.as_ref().unwrap().new[1].key),
            2 => drop(poll(&store, &source, &listed("2026-11-21T00:00:00Z", 3, 9))),
            3 => subscribe(&store),
            4 => {
                assert!(!purge(&store, "2026-11-22T00:00:00Z").is_empty());
                store.relate(&BTreeMap::from([(EntryKey([1; 16]), vec![EntryKey([2; 16])])])).unwrap();
            }
            5 => store.settle().unwrap(),
            _ => drop(poll(&store, &source, &listed("2026-11-23T00:00:00Z", 4, 12))),
        }
        drop(store);
        let copied = tempfile::tempdir().unwrap();
        copy(&folder.path().join("db"), &copied.path().join("db"));
        copies.push(copied);
    }
    Past { folder, copies, update: update.unwrap() }
}

/// What somebody sees of a store from outside.
fn seen(store: &Store, update: &Update) -> impl PartialEq + std::fmt::Debug + use<> {
    let entries: Vec<Entry> = store.newest_first().map(Result::unwrap).collect();
    let keys: Vec<IdentityKey> = update.keys.iter().map(|(key, _)| *key).collect();
    let known: BTreeMap<String, EntryKey> = store
        .known(&keys)
        .unwrap()
        .keys
        .into_iter()
        .map(|(key, entry)| (format!("{key:?}"), entry))
        .collect();
    let told = (store.subscriptions().unwrap(), store.topics().unwrap());
    (entries, known, store.hidden().unwrap(), told, store.states().unwrap(), store.sequence())
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    Segment::all(&folder.join("journal")).unwrap().into_iter().map(|segment| segment.path).collect()
}

fn found(folder: &Path) -> Found {
    Store::open(folder).unwrap().found().clone()
}

fn last(folder: &Path) -> u64 {
    journal::look(&folder.join("journal")).unwrap().last
}

#[test]
fn any_earlier_state_becomes_the_last_one() {
    let past = past();
    let expected = trees(past.folder.path());
    let count = last(past.folder.path());
    for (step, earlier) in past.copies.iter().enumerate() {
        copy(&past.folder.path().join("journal"), &earlier.path().join("journal"));
        let found = found(earlier.path());
        assert!(found.is_sound() && !found.wants_snapshot, "{found}");
        assert_eq!(found.replayed, count - found.held);
        assert_eq!(found.replayed == 0, step == past.copies.len() - 1);
        assert_eq!(trees(earlier.path()), expected, "step {step}");
    }
    // What is there already may come once more.
    for held in [0_u64, 1, count / 2, count - 1] {
        raw(past.folder.path()).open_tree("meta").unwrap().insert("sequence", &held.to_be_bytes()).unwrap();
        assert_eq!(found(past.folder.path()).replayed, count - held);
        assert_eq!(trees(past.folder.path()), expected);
    }
}

#[test]
fn without_sled_the_journal_has_all_of_it() {
    let past = past();
    let folder = past.folder.path();
    let expected = seen(&Store::open(folder).unwrap(), &past.update);
    fs::remove_dir_all(folder.join("db")).unwrap();
    let store = Store::open(folder).unwrap();
    assert_eq!((store.found().held, store.found().replayed), (0, store.sequence()));
    assert_eq!(seen(&store, &past.update), expected);
    assert_eq!(store.journal_base(), None);
}

#[test]
fn what_a_killed_process_has_applied_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &[]);
    let fetched = listed(NOW, 1, 3);
    let update = pipeline::ingest(&source, &SourceState::default(), &Known::default(), &fetched, fetched.at);
    store.apply(&update).unwrap();
    // Nobody has flushed anything: sled's files may have any part of it, the journal has it.
    let killed = tempfile::tempdir().unwrap();
    copy(&folder.path().join("journal"), &killed.path().join("journal"));
    let found = Store::open(killed.path()).unwrap();
    assert_eq!(found.entries_stored().unwrap(), 3);
    assert_eq!(found.sequence(), store.sequence());
}

#[test]
fn a_journal_that_has_lost_its_end_goes_on_behind_the_store() {
    for is_gone in [false, true] {
        let past = past();
        let folder = past.folder.path();
        let before = seen(&Store::open(folder).unwrap(), &past.update);
        let held = last(folder);
        if is_gone {
            fs::remove_dir_all(folder.join("journal")).unwrap();
        } else {
            let file = fs::File::options().write(true).open(&segments(folder)[0]).unwrap();
            file.set_len(file.metadata().unwrap().len() - 5).unwrap();
        }
        let store = Store::open(folder).unwrap();
        let found = store.found();
        assert_eq!((found.held, found.last), (held, if is_gone { 0 } else { held - 1 }));
        assert!(!found.is_sound() && found.wants_snapshot, "{found}");
        assert_eq!(store.journal_base(), Some(held), "only a snapshot from now on will do");
        assert_eq!(seen(&store, &past.update), before);
        poll(&store, &source("a", &[]), &listed("2026-11-24T00:00:00Z", 12, 14));
        assert_eq!(store.sequence(), held + 1);
        drop(store);
        let store = Store::open(folder).unwrap();
        assert!(store.found().is_sound() && !store.found().wants_snapshot);
        assert_eq!(store.journal_base(), Some(held), "it is not forgotten");
        drop(store);
        check_behind(folder, held + 1);
    }
}

/// Without sled the journal is not enough, and that is told. Who takes what there is gets it.
fn check_behind(folder: &Path, expected: u64) {
    fs::remove_dir_all(folder.join("db")).unwrap();
    match Store::open(folder) {
        Err(StoreError::Behind { held: 0, first }) => assert_eq!(first, expected),
        other => panic!("{other:?}"),
    }
    let store = Store::open_locked(Lock::take(folder).unwrap(), Holes::Accepted).unwrap();
    assert!(store.found().replayed > 0);
}

#[test]
fn a_store_of_the_version_before_wants_a_snapshot() {
    let past = past();
    let folder = past.folder.path();
    fs::remove_dir_all(folder.join("journal")).unwrap();
    raw(folder).open_tree("meta").unwrap().remove("sequence").unwrap();
    let store = Store::open(folder).unwrap();
    assert!(store.found().wants_snapshot);
    assert_eq!((store.journal_base(), store.sequence()), (Some(0), 0));
    poll(&store, &source("a", &[]), &listed("2026-11-24T00:00:00Z", 12, 14));
    drop(store);
    assert!(found(folder).is_sound());
    check_behind(folder, 1);
}

#[test]
fn a_journal_that_begins_too_late_is_not_taken_for_all() {
    let past = past();
    let folder = past.folder.path();
    let count = last(folder);
    let mut ours = Journal::open(journal::look(&folder.join("journal")).unwrap(), 0, false).unwrap();
    ours.rotate(false).unwrap();
    drop(ours);
    let store = Store::open(folder).unwrap();
    poll(&store, &source("a", &[]), &listed("2026-11-24T00:00:00Z", 12, 14));
    store.drop_journal_before(count).unwrap();
    assert_eq!(store.journal_base(), None, "what is dropped was in a snapshot when it was");
    drop(store);
    let store = Store::open(folder).unwrap();
    assert_eq!((store.journal_base(), store.found().is_sound()), (Some(count), true));
    drop(store);
    // The last copy is from just before: that is enough. The others are not.
    let (enough, too_old) = past.copies.split_last().unwrap();
    for older in too_old {
        copy(&folder.join("journal"), &older.path().join("journal"));
        assert!(matches!(Store::open(older.path()), Err(StoreError::Behind { held, .. }) if held < count));
    }
    copy(&folder.join("journal"), &enough.path().join("journal"));
    assert_eq!(found(enough.path()).replayed, 1);
    check_behind(folder, count + 1);
}

#[test]
fn damage_in_the_middle_loses_only_what_was_there() {
    let past = past();
    let folder = past.folder.path();
    let (segment, count) = (segments(folder).remove(0), last(folder));
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&segment, bytes).unwrap();
    // Nobody needs it while the store has it.
    assert!(found(folder).is_sound());
    fs::remove_dir_all(folder.join("db")).unwrap();
    let store = Store::open(folder).unwrap();
    let found = store.found();
    assert_eq!((found.damaged.len(), found.missing.len()), (1, 1));
    assert_eq!(found.damaged[0].missing, found.missing[0]);
    assert_eq!(found.missing[0].end - found.missing[0].start, 1);
    assert!(found.damaged[0].range.contains(&(middle as u64)));
    assert_eq!((found.replayed, store.sequence()), (count - 1, count));
    assert!(found.wants_snapshot && found.to_string().contains("lost: commit"), "{found}");
    assert_eq!(store.journal_base(), Some(count));
    assert!(!titles(&store).is_empty());
}

#[test]
fn what_this_version_does_not_know_is_refused_and_left() {
    let past = past();
    let folder = past.folder.path();
    let ours = Journal::open(journal::look(&folder.join("journal")).unwrap(), 0, false).unwrap();
    let (mut rows, mut changes) = (Rows::default(), Changes::default());
    rows.insert(*b"a", *b"b");
    changes.of("of-the-future", rows);
    ours.begin().append(Encoded::of(&changes).unwrap()).unwrap();
    drop(ours);
    let before = fs::read(&segments(folder)[0]).unwrap();
    for _ in 0..2 {
        let error = Store::open(folder).unwrap_err().to_string();
        assert!(error.contains("of-the-future") && error.contains("newer nashra"), "{error}");
    }
    assert_eq!(fs::read(&segments(folder)[0]).unwrap(), before);
}

fn commit(body: &[u8]) -> Changes {
    let (mut rows, mut changes) = (Rows::default(), Changes::default());
    rows.insert(&b"name"[..], body);
    rows.remove(&body[..body.len() / 2]);
    changes.of("entries", rows);
    changes
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(u8),
    Overwrite(Vec<u8>),
    Cut(usize),
    Insert(Vec<u8>),
    /// A piece of the segment itself.
    Repeat(usize, usize),
    Truncate,
}

fn damage() -> impl Strategy<Value = Damage> {
    let garbage = || prop::collection::vec(any::<u8>(), 1..80);
    prop_oneof![
        4 => (1..=255_u8).prop_map(Damage::Flip),
        1 => garbage().prop_map(Damage::Overwrite),
        1 => (1..200_usize).prop_map(Damage::Cut),
        1 => garbage().prop_map(Damage::Insert),
        1 => (any::<usize>(), 1..300_usize).prop_map(|(from, length)| Damage::Repeat(from, length)),
        1 => Just(Damage::Truncate),
    ]
}

/// Changes bytes from `at` on; says where the last changed one of the old ones is.
fn harm(bytes: &mut Vec<u8>, at: usize, damage: &Damage) -> usize {
    let (length, whole) = (bytes.len(), bytes.clone());
    match damage {
        Damage::Flip(by) => bytes[at] ^= by,
        Damage::Overwrite(by) => bytes.iter_mut().skip(at).zip(by).for_each(|(byte, by)| *byte = *by),
        Damage::Cut(count) => drop(bytes.drain(at..(at + count).min(length))),
        Damage::Insert(garbage) => drop(bytes.splice(at..at, garbage.iter().copied())),
        Damage::Repeat(from, count) => {
            let from = from % length;
            drop(bytes.splice(at..at, whole[from..(from + count).min(length)].iter().copied()));
        }
        Damage::Truncate => bytes.truncate(at),
    }
    match damage {
        Damage::Flip(_) => at + 1,
        Damage::Overwrite(by) => at + by.len(),
        Damage::Cut(count) => at + count,
        // What is before it is whole, and so is what is behind it.
        Damage::Insert(_) | Damage::Repeat(..) => at,
        Damage::Truncate => length,
    }
}

proptest! {
    #[test]
    fn whatever_happens_to_a_segment_only_that_is_lost(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..12),
        at in any::<prop::sample::Index>(),
        damage in damage(),
    ) {
        let commits: Vec<Changes> = bodies.iter().map(|body| commit(body)).collect();
        let (mut bytes, begins) = journal::write_bytes(&commits).unwrap();
        let records = (1..).zip(commits).map(|(sequence, changes)| Record { sequence, changes });
        let records: Vec<Record> = records.collect();
        let at = at.index(bytes.len());
        let upto = harm(&mut bytes, at, &damage);
        let (facts, read) = journal::read_bytes(&bytes).unwrap();
        for record in &read {
            prop_assert!(records.contains(record), "nobody has written {record:?}");
        }
        for (record, end) in records.iter().zip(begins.windows(2)) {
            let is_touched = at < end[1] && (end[0] < upto || end[0] < at);
            prop_assert!(is_touched || read.contains(record), "{} is lost: {facts:?}", record.sequence);
        }
        prop_assert!(facts.damaged.iter().all(|one| one.range.end <= bytes.len() as u64));
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (facts, read) = journal::read_bytes(&bytes).unwrap();
        prop_assert!(read.is_empty() && facts.records == 0);
    }
}
