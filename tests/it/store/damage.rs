//! A record that cannot be read is as good as absent; everything else goes on.

use super::*;

/// Replaces the record of each key of `tree` that `chosen` picks, while the store is closed.
pub(super) fn spoil(folder: &Path, tree: &str, chosen: impl Fn(&[u8]) -> bool, record: &[u8]) {
    let db = raw(folder);
    let tree = db.open_tree(tree).unwrap();
    let keys: Vec<_> = tree.iter().keys().map(Result::unwrap).filter(|key| chosen(key)).collect();
    assert!(!keys.is_empty(), "nothing to spoil");
    for key in keys {
        tree.insert(key, record).unwrap();
    }
    db.flush().unwrap();
}

/// A store that knows three entries of source a, of which the first is not listed any more.
fn filled() -> (tempfile::TempDir, Source, EntryKey) {
    let folder = tempfile::tempdir().unwrap();
    let source = source("a", &[]);
    let store = Store::open(folder.path()).unwrap();
    let update = poll(&store, &source, &brought(three(), NOW));
    poll(&store, &source, &brought(three().split_off(1), "2026-11-21T00:00:00Z"));
    (folder, source, update.new[0].key)
}

#[test]
fn an_entry_that_cannot_be_read_holds_up_nothing() {
    for record in [&b""[..], b"\x01{", b"\x63{}", b"\x01null"] {
        let (folder, source, first) = filled();
        {
            // An entry that changes gets a record of its own.
            let store = Store::open(folder.path()).unwrap();
            let mut changed = three();
            changed[0].content = Some("<p>Another text</p>".to_owned());
            poll(&store, &source, &brought(changed, "2026-11-21T03:00:00Z"));
            poll(&store, &source, &brought(three().split_off(1), "2026-11-21T06:00:00Z"));
        }
        spoil(folder.path(), "entries", |key| key == first.0, record);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.entry(first).unwrap(), None);
        assert!(store.story(first).unwrap().is_empty());
        assert_eq!(titles(&store), ["Title 3", "Title 2"]);
        let again = poll(&store, &source, &brought(three(), "2026-11-22T00:00:00Z"));
        assert_eq!(again.new.len(), 0, "it is no news for all that");
        poll(&store, &source, &brought(three().split_off(1), "2026-11-23T00:00:00Z"));
        assert_eq!(purge(&store, "2026-11-24T00:00:00Z"), [first]);
        assert_eq!(store.entries_stored().unwrap(), 2);
    }
}

#[test]
fn entries_that_came_together_and_cannot_be_read_hold_up_nothing() {
    for record in [&b""[..], b"\x01", b"\x63{}", b"\x01\0\0\0\x03", b"\x01\xff\xff\xff\xff\0"] {
        let (folder, source, first) = filled();
        spoil(folder.path(), "sheaves", |_| true, record);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.entry(first).unwrap(), None);
        assert!(titles(&store).is_empty());
        let again = poll(&store, &source, &brought(three(), "2026-11-22T00:00:00Z"));
        assert_eq!(again.new.len(), 0, "it is no news for all that");
        poll(&store, &source, &brought(vec![], "2026-11-23T00:00:00Z"));
        assert_eq!(purge(&store, "2026-11-24T00:00:00Z").len(), 3);
        assert_eq!(store.entries_stored().unwrap(), 0);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_made_anew() {
    let (folder, source, _) = filled();
    spoil(folder.path(), "sources", |_| true, b"\x01{\"config\":7}");
    let store = Store::open(folder.path()).unwrap();
    assert!(store.states().unwrap().is_empty());
    let again = poll(&store, &source, &brought(three(), "2026-11-22T00:00:00Z"));
    assert_eq!((again.new.len(), store.states().unwrap().len()), (0, 1));
}

#[test]
fn keys_and_dates_that_cannot_be_read_are_absent() {
    for (tree, settled) in [("runs", false), ("volumes", true), ("names", false), ("due", false)] {
        let (folder, source, _) = filled();
        {
            let store = Store::open(folder.path()).unwrap();
            let moved = said("g3b", "Title 3", "https://a.example/3", "2026-11-03T08:00:00Z");
            poll(&store, &source, &brought(vec![three().remove(1), moved], "2026-11-21T06:00:00Z"));
            if settled {
                store.settle().unwrap();
            }
        }
        spoil(folder.path(), tree, |_| true, b"abc");
        let store = Store::open(folder.path()).unwrap();
        poll(&store, &source, &brought(three(), "2026-11-22T00:00:00Z"));
        poll(&store, &source, &brought(three().split_off(2), "2026-11-23T00:00:00Z"));
        purge(&store, "2026-11-24T00:00:00Z");
        while store.forget(at("2026-11-25T00:00:00Z")).unwrap() > 0 {}
        assert_eq!(titles(&store), ["Title 3"], "{tree}");
    }
}
