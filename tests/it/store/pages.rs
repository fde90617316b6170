//! Reading page by page beside the writer: the same entries as in one go, whether the index has settled or not.

use super::*;

/// Every entry, read in pages of this size.
fn in_pages(store: &Store, size: usize) -> Vec<EntryKey> {
    let (mut keys, mut end) = (vec![], None);
    loop {
        let page: Vec<EntryKey> =
            store.newest_before(end).unwrap().take(size).map(|entry| entry.unwrap().key).collect();
        let Some(last) = page.last() else { return keys };
        end = Some(*last);
        keys.extend(page);
    }
}

fn check(store: &Store) {
    let paged = [1, 3, 1_000].map(|size| in_pages(store, size));
    // Walking in one go settles the index, so it comes last.
    let whole: Vec<EntryKey> = store.newest_first().map(|entry| entry.unwrap().key).collect();
    assert!(whole.is_sorted_by(|newer, older| newer > older));
    paged.iter().for_each(|paged| assert_eq!(*paged, whole));
    assert_eq!(in_pages(store, 2), whole, "settled");
}

#[test]
fn pages_hold_what_one_walk_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let entry = |n: usize, title: &str| {
        let day = 1 + n % 28;
        said(&format!("g{n}"), &format!("{title} {n}"), "", &format!("2026-10-{day:02}T08:00:{:02}Z", n % 60))
    };
    check(&store);
    poll(&store, &source("a", &[]), &brought((0..40).map(|n| entry(n, "First")).collect(), NOW));
    check(&store);
    // Settled entries and such that are not, some with a row of their own.
    poll(&store, &source("b", &[]), &brought((10..50).map(|n| entry(n, "Other")).collect(), NOW));
    poll(&store, &source("a", &[]), &brought((0..20).map(|n| entry(n, "Changed")).collect(), NOW));
    assert_eq!(in_pages(&store, 7).len(), 80);
    check(&store);
    // What is removed is in no page, settled or not.
    poll(&store, &source("c", &[]), &brought((0..9).map(|n| entry(n, "Third")).collect(), NOW));
    poll(&store, &source("c", &[]), &brought(vec![], "2026-11-21T12:00:00Z"));
    assert_eq!(in_pages(&store, 7).len(), 89);
    assert_eq!(purge(&store, "2026-11-22T00:00:00Z").len(), 29);
    assert_eq!(in_pages(&store, 7).len(), 60);
    check(&store);
}
