//! What the store keeps of archives: numbers are given once, and pages go when all of their entries have gone.

use super::*;

fn sport() -> SectionId {
    SectionId("sport".to_owned())
}

fn filing(numbers: std::ops::Range<u8>) -> Filing {
    let keys = numbers.map(|n| EntryKey([n; 16])).collect();
    Filing { section: sport(), page_entries: 10, keys }
}

type Page = (u64, Vec<u8>, Option<u64>, Option<u64>);

/// The pages as readers may walk them: their entries, and their neighbours.
fn pages(store: &Store) -> Vec<Page> {
    let page = |n| {
        let page = store.archive_page(&sport(), n).unwrap()?;
        Some((n, page.keys.iter().map(|key| key.0[0]).collect(), page.previous, page.next))
    };
    (0..9).filter_map(page).collect()
}

#[test]
fn entries_are_numbered_as_they_come_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(pages(&store), []);
    store.file(&[filing(0..7)]).unwrap();
    assert_eq!(pages(&store), [], "nothing is shown that is not durable");
    store.flush().unwrap();
    assert_eq!(pages(&store), [(1, (0..7).collect(), None, None)]);
    store.file(&[Filing { page_entries: 50, ..filing(7..20) }]).unwrap();
    store.flush().unwrap();
    let two = [(1, (0..10).collect(), None, Some(2)), (2, (10..20).collect(), Some(1), None)];
    assert_eq!(pages(&store), two, "pages keep their size, and one is whole when the next has begun");
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(pages(&store), two);
    let end = store.archive_ends(&std::collections::BTreeMap::default()).unwrap().remove(&sport()).unwrap();
    assert_eq!((end.page, end.keys.len(), end.previous), (2, 10, Some(1)));
    store.file(&[filing(20..21)]).unwrap();
    store.flush().unwrap();
    assert_eq!(pages(&store)[1..], [(2, (10..20).collect(), Some(1), Some(3)), (3, vec![20], Some(2), None)]);
}

#[test]
fn pages_go_with_their_entries_and_numbers_do_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &["sport"]);
    let update = poll(&store, &source, &brought(three(), NOW));
    let stored = update.new[0].key;
    let sweep = |store: &Store| {
        assert_eq!(store.sweep_archive(&Store::SWEEP_START).unwrap(), None);
        store.flush().unwrap();
    };
    // Of four pages the second has one entry that is stored.
    let mut keys: Vec<EntryKey> = (0..35).map(|n| EntryKey([n; 16])).collect();
    keys[15] = stored;
    store.file(&[Filing { keys, ..filing(0..0) }]).unwrap();
    store.flush().unwrap();
    let frozen =
        Frozen { modified: None, omitted: vec![stored], site_url: "x".to_owned(), body: b"text".to_vec() };
    for page in 1..4 {
        store.freeze(&sport(), page, &frozen).unwrap();
    }
    assert_eq!(store.frozen(&sport(), 2).unwrap().as_ref(), Some(&frozen));
    sweep(&store);
    assert_eq!(pages(&store).iter().map(|(n, ..)| *n).collect::<Vec<_>>(), [2]);
    assert_eq!(
        (store.frozen(&sport(), 1).unwrap(), store.frozen(&sport(), 2).unwrap().is_some()),
        (None, true)
    );
    assert_eq!(store.omitted(&sport()).unwrap(), [stored]);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    store.file(&[filing(100..101)]).unwrap();
    store.flush().unwrap();
    // What lies between is empty, so that whoever walks comes through.
    let found: Vec<(u64, usize, Option<u64>)> =
        pages(&store).into_iter().map(|(n, keys, previous, _)| (n, keys.len(), previous)).collect();
    assert_eq!(found, [(2, 10, None), (3, 0, Some(2)), (4, 1, Some(3))]);
    store.purge(at("2030-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")).unwrap();
    poll(&store, &source, &brought(vec![], "2026-11-21T00:00:00Z"));
    assert_eq!(purge(&store, "2027-01-01T00:00:00Z").len(), 3);
    sweep(&store);
    assert_eq!(pages(&store), []);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    store.file(&[filing(50..51)]).unwrap();
    store.flush().unwrap();
    assert_eq!(pages(&store), [(4, vec![50], None, None)], "no number is given twice");
}

#[test]
fn what_is_hidden_outlives_its_entry_and_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &["sport"]);
    let update = poll(&store, &source, &brought(three(), NOW));
    let entry = &update.new[0];
    let hiding = Hiding { at: at(NOW), id: entry.id.clone(), sections: vec![sport()], ..Hiding::default() };
    store.hide(&[(entry.key, hiding.clone())], None, &[], &[]).unwrap();
    poll(&store, &source, &brought(vec![], "2026-11-21T00:00:00Z"));
    assert_eq!(purge(&store, "2027-01-01T00:00:00Z").len(), 3);
    assert_eq!(store.forget(at("2029-01-01T00:00:00Z")).unwrap(), 3);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.hidden().unwrap().entries()[&entry.key], hiding);
    assert_eq!(store.hidden().unwrap().notices()[&sport()].len(), 1);
    let again = poll(&store, &source, &brought(three(), "2030-01-01T00:00:00Z"));
    assert_eq!(again.new.len(), 2, "the others are news by then");
    assert!(again.new.iter().all(|new| new.key != entry.key));
    // Once it is let go, it is forgotten like the others.
    store.unhide(&[entry.key], None, &[], &[]).unwrap();
    assert_eq!(store.hidden().unwrap(), Hidden::default());
}
