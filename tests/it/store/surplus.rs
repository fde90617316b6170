//! Sources of which more is kept than the admin wants.

use std::collections::HashSet;

use nashra::edge::store::Surplus;
use nashra::model::SourceId;

use super::*;

fn entry(n: usize) -> FeedEntry {
    said(&format!("g{n}"), &format!("Title {n}"), &format!("https://a.example/{n}"), "2026-11-01T08:00:00Z")
}

/// Walks to the end; says which entries went.
fn purge_surplus(store: &Store, allowed: impl Fn(&SourceId) -> u64) -> HashSet<EntryKey> {
    let (mut walk, mut all) = (Surplus::default(), HashSet::new());
    loop {
        let step = store.purge_surplus(&mut walk, &allowed, at("2026-12-01T00:00:00Z")).unwrap();
        all.extend(step.gone);
        if !step.looked_at_any {
            return all;
        }
    }
}

#[test]
fn what_left_first_goes_and_what_is_listed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (loud, quiet) = (source("loud", &[]), source("quiet", &[]));
    poll(&store, &quiet, &brought(vec![entry(1000), entry(1001)], "2026-11-02T00:00:00Z"));
    poll(&store, &quiet, &brought(vec![entry(1001)], "2026-11-02T01:00:00Z"));
    // Ten entries an hour, each listed for an hour only.
    let hour = |n: usize| format!("2026-11-02T{n:02}:00:00Z");
    let mut by_hour = vec![];
    for n in 0..6 {
        let items = (10 * n..10 * n + 10).map(entry).collect();
        by_hour.push(poll(&store, &loud, &brought(items, &hour(n))).new);
    }
    let keys = |hours: std::ops::Range<usize>| -> HashSet<EntryKey> {
        by_hour[hours].iter().flatten().map(|entry| entry.key).collect()
    };
    for (allowed, expected) in [(100, keys(0..0)), (50, keys(0..0)), (30, keys(0..2)), (0, keys(2..5))] {
        let gone = purge_surplus(&store, |id| if id.0 == "loud" { allowed } else { 100 });
        assert_eq!(gone, expected, "{allowed}");
    }
    assert_eq!(store.entries_stored().unwrap(), 10 + 2);
    // What went is remembered: listed again, it is nothing new.
    let again = poll(&store, &loud, &brought((0..10).map(entry).collect(), "2026-12-02T00:00:00Z"));
    assert_eq!(again.new.len(), 0);
    let after = purge_surplus(&store, |_| 0);
    assert_eq!(after.len(), 10 + 1, "those that it listed last, and what the quiet one does not list");
    assert!(purge_surplus(&store, |_| 0).is_empty());
}

#[test]
fn part_of_what_left_at_one_poll_may_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("a", &[]);
    poll(&store, &source, &brought((0..300).map(entry).collect(), "2026-11-02T00:00:00Z"));
    poll(&store, &source, &brought(vec![], "2026-11-03T00:00:00Z"));
    let gone = purge_surplus(&store, |_| 120);
    assert_eq!(gone.len(), 180);
    assert_eq!(purge_surplus(&store, |_| 120).len(), 0);
    assert_eq!(store.entries_stored().unwrap(), 120);
    // The others go in their time, once.
    assert_eq!(purge(&store, "2026-12-01T00:00:00Z").len(), 120);
    assert_eq!(store.entries_stored().unwrap(), 0);
}
