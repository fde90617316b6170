//! A story goes as a whole.

use super::*;

/// What `source` lists of the wire's story: it, or nothing.
fn told(store: &Store, id: &str, lists: bool, when: &str) -> Update {
    let entry = said(&format!("urn:{id}"), "The wire", "https://wire.example/1", "2026-11-01T08:00:00Z");
    poll(store, &source(id, &[]), &brought(if lists { vec![entry] } else { vec![] }, when))
}

fn ids(store: &Store) -> Vec<String> {
    let mut ids: Vec<String> = store.newest_first().map(|entry| entry.unwrap().id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_entry_stays_while_another_source_lists_its_story() {
    for leaves_first in ["a", "b"] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let stays = if leaves_first == "a" { "b" } else { "a" };
        told(&store, "a", true, "2026-11-01T09:00:00Z");
        assert_eq!(
            told(&store, "b", true, "2026-11-01T10:00:00Z").new[0].story_reason,
            StoryReason::SameLink
        );
        let left = told(&store, leaves_first, false, "2026-11-02T00:00:00Z").delisted[0];
        // However often it is looked at, for as long as the other one is listed.
        for day in 10..20 {
            let before = format!("2026-11-{day}T00:00:00Z");
            assert!(purge(&store, &before).is_empty(), "{before}");
        }
        assert_eq!(ids(&store), ["urn:a", "urn:b"]);
        assert_eq!(store.delisted_at(left).unwrap(), Some(at("2026-11-02T00:00:00Z")), "it left then");
        told(&store, stays, false, "2026-11-21T00:00:00Z");
        // Both go together, when the last of them has not been listed for long enough.
        assert!(purge(&store, "2026-11-20T12:00:00Z").is_empty());
        let gone = [purge(&store, "2026-11-22T00:00:00Z"), purge(&store, "2026-11-22T00:00:00Z")];
        assert_eq!(gone.concat().len(), 2, "{leaves_first}");
        assert_eq!(store.entries_stored().unwrap(), 0);
        // And both are remembered: listed again, neither is new.
        for id in ["a", "b"] {
            assert!(told(&store, id, true, "2026-11-23T00:00:00Z").new.is_empty());
        }
    }
}

#[test]
fn an_entry_that_is_listed_again_waits_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    told(&store, "a", true, "2026-11-01T09:00:00Z");
    told(&store, "b", true, "2026-11-01T10:00:00Z");
    told(&store, "a", false, "2026-11-02T00:00:00Z");
    assert!(purge(&store, "2026-11-03T00:00:00Z").is_empty());
    told(&store, "a", true, "2026-11-04T00:00:00Z");
    told(&store, "b", false, "2026-11-05T00:00:00Z");
    assert!(purge(&store, "2026-12-01T00:00:00Z").is_empty(), "a is listed");
    assert_eq!(ids(&store), ["urn:a", "urn:b"]);
}
