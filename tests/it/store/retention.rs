//! What is removed when, what is remembered of it, and for how long.

use super::*;

/// Polls with the entries of these numbers, of three.
fn list(store: &Store, numbers: &[usize], when: &str) -> Update {
    let entries = three();
    poll(store, &source("a", &[]), &brought(numbers.iter().map(|n| entries[n - 1].clone()).collect(), when))
}

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

/// Rows of a tree of a closed store.
fn rows(folder: &Path, tree: &str) -> usize {
    raw(folder).open_tree(tree).unwrap().len()
}

#[test]
fn an_entry_is_counted_once_however_often_it_is_removed() {
    let (_folder, store) = open();
    list(&store, &[1, 2], "2026-11-20T00:00:00Z");
    list(&store, &[2], "2026-11-21T00:00:00Z");
    assert_eq!(purge(&store, "2026-11-22T00:00:00Z").len(), 1);
    // Its source lists it again, and not any more: there is nothing left to remove.
    list(&store, &[1, 2], "2026-11-23T00:00:00Z");
    list(&store, &[2], "2026-11-24T00:00:00Z");
    assert!(purge(&store, "2026-11-25T00:00:00Z").is_empty());
    assert_eq!(store.entries_stored().unwrap(), 1);
}

#[test]
fn the_longest_unlisted_are_removed_first_in_batches() {
    let (_folder, store) = open();
    let entry = |n: usize| {
        said(
            &format!("g{n}"),
            &format!("Title {n}"),
            &format!("https://a.example/{n}"),
            "2026-11-01T08:00:00Z",
        )
    };
    let source = source("a", &[]);
    let all: Vec<FeedEntry> = (0..PURGE_BATCH_MAX + 20).map(entry).collect();
    poll(&store, &source, &brought(all.clone(), "2026-11-02T00:00:00Z"));
    // Ten leave first, the others a day later.
    let first = poll(&store, &source, &brought(all[10..].to_vec(), "2026-11-03T00:00:00Z"));
    poll(&store, &source, &brought(vec![], "2026-11-04T00:00:00Z"));
    assert_eq!(purge(&store, "2026-11-03T12:00:00Z").len(), 10);
    let gone = purge(&store, "2026-12-01T00:00:00Z");
    assert_eq!(gone.len(), PURGE_BATCH_MAX);
    assert!(first.delisted.iter().all(|key| !gone.contains(key)));
    assert_eq!(purge(&store, "2026-12-01T00:00:00Z").len(), 10);
    assert_eq!(store.entries_stored().unwrap(), 0);
}

#[test]
fn keys_are_forgotten_when_no_source_has_listed_their_entry_for_long() {
    let (folder, store) = open();
    list(&store, &[1, 2], "2026-11-20T00:00:00Z");
    list(&store, &[2], "2026-11-21T00:00:00Z");
    assert_eq!(store.forget(at("2027-11-22T00:00:00Z")).unwrap(), 0, "its entry is still stored");
    purge(&store, "2026-11-22T00:00:00Z");
    assert_eq!(store.forget(at("2026-11-20T23:00:00Z")).unwrap(), 0, "it was listed until then");
    assert_eq!(list(&store, &[1, 2], "2026-11-23T00:00:00Z").new.len(), 0);
    assert_eq!(store.forget(at("2027-11-22T00:00:00Z")).unwrap(), 0, "it is listed again");
    list(&store, &[2], "2026-11-24T00:00:00Z");
    assert_eq!(store.forget(at("2026-11-23T23:00:00Z")).unwrap(), 0, "counted from the last listing");
    assert_eq!(store.forget(at("2026-11-25T00:00:00Z")).unwrap(), 1);
    assert_eq!(list(&store, &[1, 2], "2026-11-26T00:00:00Z").new.len(), 1, "nobody remembers it");
    assert_eq!(list(&store, &[1, 2], "2026-11-27T00:00:00Z").new.len(), 0);
    list(&store, &[], "2026-11-28T00:00:00Z");
    assert_eq!(purge(&store, "2026-12-01T00:00:00Z").len(), 2);
    assert_eq!(store.forget(at("2026-12-01T00:00:00Z")).unwrap(), 2);
    store.settle().unwrap();
    drop(store);
    for tree in [
        "entries", "sheaves", "keys", "runs", "volumes", "pages", "names", "stories", "delisted", "due",
        "related", "clicks",
    ] {
        assert_eq!(rows(folder.path(), tree), 0, "{tree}");
    }
}

#[test]
fn a_key_that_another_entry_took_over_stays_with_it() {
    let (_folder, store) = open();
    // The same headline in another year: a story key that changes hands.
    let told = |source_id: &str, link: &str, when: &str| {
        let entry = said(link, "The budget of the city passes at last", link, when);
        poll(&store, &source(source_id, &[]), &brought(vec![entry], when))
    };
    told("a", "https://a.example/1", "2024-11-01T00:00:00Z");
    told("b", "https://b.example/1", "2026-11-01T00:00:00Z");
    poll(&store, &source("a", &[]), &brought(vec![], "2026-11-01T06:00:00Z"));
    assert_eq!(purge(&store, "2026-11-01T12:00:00Z").len(), 1);
    assert_eq!(store.forget(at("2026-11-01T12:00:00Z")).unwrap(), 1);
    let third = told("c", "https://c.example/1", "2026-11-02T00:00:00Z");
    assert_eq!(third.new[0].story_reason, StoryReason::SameTitle);
}

#[test]
fn an_entry_whose_title_changes_without_end_keeps_a_bounded_number_of_keys() {
    let (folder, store) = open();
    let source = source("a", &[]);
    let counter = |n: usize| {
        let when = at("2026-11-20T00:00:00Z") + chrono::TimeDelta::minutes(i64::try_from(n).unwrap());
        let entry = said("live", &format!("Minute {n} of the match"), "https://a.example/live", NOW);
        poll(&store, &source, &brought(vec![entry], &when.to_rfc3339()))
    };
    let first = counter(0);
    (1..300).for_each(|n| assert_eq!(counter(n).new.len(), 0));
    // Under another guid and link it is still found by its title.
    let moved = said("y", "Minute 299 of the match", "https://a.example/y", NOW);
    let again = poll(&store, &source, &brought(vec![moved], "2026-11-21T00:00:00Z"));
    assert_eq!((again.new.len(), again.state.listed), (0, vec![first.new[0].key]));
    store.settle().unwrap();
    drop(store);
    let keys = settled_keys(folder.path());
    // A few of its own, and 64 of each kind that can change.
    assert!((64..3 * 64).contains(&keys), "{keys} keys");
}

#[test]
fn keys_that_are_too_many_for_one_entry_at_once_are_not_kept() {
    let (folder, store) = open();
    let source = source("a", &[]);
    // One article, three hundred times, each time under another guid.
    let copies = |from: usize| {
        let copy = |n: usize| said(&format!("g{n}"), "One and the same article", "https://a.example/1", NOW);
        (from..from + 300).map(copy).collect::<Vec<_>>()
    };
    assert_eq!(poll(&store, &source, &brought(copies(0), NOW)).new.len(), 1);
    assert_eq!(poll(&store, &source, &brought(copies(300), "2026-11-20T13:00:00Z")).new.len(), 0);
    poll(&store, &source, &brought(vec![], "2026-11-21T00:00:00Z"));
    assert_eq!(purge(&store, "2026-11-22T00:00:00Z").len(), 1);
    assert_eq!(store.forget(at("2026-11-22T00:00:00Z")).unwrap(), 1);
    store.settle().unwrap();
    drop(store);
    assert_eq!(settled_keys(folder.path()), 0);
}

/// Keys in the pages of the volumes of a closed store.
fn settled_keys(folder: &Path) -> usize {
    let volumes = raw(folder).open_tree("volumes").unwrap();
    // A page bears the number of its volume and its first key.
    let pages = volumes.iter().map(Result::unwrap).filter(|(at, _)| at.len() == 4 + 17);
    pages.map(|(_, page)| page.len() / 33).sum()
}

#[test]
fn of_those_that_left_together_one_may_come_back() {
    let (_folder, store) = open();
    list(&store, &[1, 2, 3], "2026-11-20T00:00:00Z");
    let left = list(&store, &[], "2026-11-21T00:00:00Z").delisted;
    assert_eq!(left.len(), 3);
    for back in [2, 1] {
        list(&store, &[back], "2026-11-22T00:00:00Z");
        let listed = left.iter().filter(|key| store.delisted_at(**key).unwrap().is_none()).count();
        assert_eq!(listed, 1, "{back}");
    }
    assert!(purge(&store, "2026-11-21T00:00:00Z").is_empty());
    // The second one left when the first came back.
    assert_eq!(purge(&store, "2026-11-21T12:00:00Z").len(), 1);
    assert_eq!(purge(&store, "2026-11-23T00:00:00Z").len(), 1);
    assert_eq!(titles(&store), ["Title 1"]);
}
