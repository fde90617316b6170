//! What is kept of entries that were shown: their related stories, and how often they were opened.

use std::collections::BTreeMap;

use super::*;

#[test]
fn lists_and_clicks_are_there_after_a_restart_and_go_with_their_entries() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &[]);
    let update = poll(&store, &source, &brought(three(), "2026-11-20T00:00:00Z"));
    let [one, two, three] = [0, 1, 2].map(|n| update.new[n].key);
    assert_eq!(store.related(one).unwrap(), None);
    let lists = BTreeMap::from([(one, vec![two, three]), (two, vec![]), (three, vec![one])]);
    store.relate(&lists).unwrap();
    store.relate(&[(two, vec![one])].into()).unwrap();
    let click = |entry, hour, count| Click { entry, hour, count };
    store.note_clicks(&[click(one, 7, 2), click(one, 8, 3), click(two, 7, 1)], &[]).unwrap();
    store.note_clicks(&[click(two, 7, 4)], &[click(one, 7, 2)]).unwrap();
    store.flush().unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.related(one).unwrap(), Some(vec![two, three]));
    assert_eq!(store.related(two).unwrap(), Some(vec![one]));
    let clicks = store.clicks().unwrap();
    assert_eq!(clicks.of(one).collect::<Vec<_>>(), [(8, 3)]);
    assert_eq!(clicks.of(two).collect::<Vec<_>>(), [(7, 4)]);

    poll(&store, &source, &brought(vec![super::three()[0].clone()], "2026-11-21T00:00:00Z"));
    let gone = store.purge(at("2026-11-22T00:00:00Z"), at("2026-11-22T00:00:00Z")).unwrap().gone;
    let left: Vec<EntryKey> = [one, two, three].into_iter().filter(|key| !gone.contains(key)).collect();
    assert_eq!((gone.len(), left.len()), (2, 1));
    for key in gone {
        assert_eq!((store.related(key).unwrap(), store.clicks().unwrap().of(key).count()), (None, 0));
    }
    assert!(store.related(left[0]).unwrap().is_some());
}

#[test]
fn rows_that_cannot_be_read_count_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let key = EntryKey([7; 16]);
    let db = raw(folder.path());
    db.open_tree("related").unwrap().insert(key.0, &[1, 2, 3][..]).unwrap();
    db.open_tree("clicks").unwrap().insert(b"short", &[0; 4][..]).unwrap();
    db.open_tree("clicks").unwrap().insert([7; 20], &[0; 3][..]).unwrap();
    drop(db);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.related(key).unwrap(), None);
    assert!(store.clicks().unwrap().is_empty());
}
