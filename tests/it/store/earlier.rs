//! Stores of the version before sheaves, runs and pages: one row an entry, one row a key, all names in `names`.

use super::*;

/// A store as that version left it, with the three entries of source a, and what it was told then.
fn earlier() -> (tempfile::TempDir, Source, Update) {
    let (folder, source) = (tempfile::tempdir().unwrap(), source("a", &[]));
    let fetched = brought(three(), NOW);
    let update = pipeline::ingest(&source, &SourceState::default(), &Known::default(), &fetched, fetched.at);
    drop(Store::open(folder.path()).unwrap());
    let db = raw(folder.path());
    let put = |tree: &str, key: &[u8], value: &[u8]| {
        db.open_tree(tree).unwrap().insert(key, value).unwrap();
    };
    let json = |value: serde_json::Result<Vec<u8>>| [b"\x01", &value.unwrap()[..]].concat();
    for entry in &update.new {
        let names = update.keys.iter().filter(|(_, of)| *of == entry.key).map(|(key, _)| key.to_bytes());
        put("entries", &entry.key.0, &json(serde_json::to_vec(entry)));
        put("names", &entry.key.0, &names.collect::<Vec<_>>().concat());
        put("stories", &[entry.story.0, entry.key.0].concat(), &[]);
    }
    for (key, entry) in &update.keys {
        put("keys", &key.to_bytes(), &entry.0);
    }
    put("sources", source.id.0.as_bytes(), &json(serde_json::to_vec(&update.state)));
    put("meta", b"entries", &3_u64.to_be_bytes());
    db.flush().unwrap();
    (folder, source, update)
}

#[test]
fn a_store_of_the_version_before_is_read() {
    let (folder, source, update) = earlier();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(titles(&store), ["Title 3", "Title 2", "Title 1"]);
    for entry in &update.new {
        assert_eq!(store.entry(entry.key).unwrap().as_ref(), Some(entry));
        assert_eq!(store.story(entry.story).unwrap(), std::slice::from_ref(entry));
    }
    let again = poll(&store, &source, &brought(three(), "2026-11-21T00:00:00Z"));
    assert_eq!((again.new.len(), again.changed.len(), again.keys.len()), (0, 0, 0));
}

#[test]
fn entries_of_both_versions_live_together_and_go_in_time() {
    let (folder, source, update) = earlier();
    let store = Store::open(folder.path()).unwrap();
    let fourth = said("g4", "Title 4", "https://a.example/4", "2026-11-02T20:00:00Z");
    let mut listed = three();
    listed[0].title = Some("Title 1, corrected".to_owned());
    listed.push(fourth.clone());
    let second = poll(&store, &source, &brought(listed.clone(), "2026-11-21T00:00:00Z"));
    assert_eq!((second.new.len(), second.changed.len()), (1, 1));
    assert_eq!(titles(&store), ["Title 3", "Title 4", "Title 2", "Title 1, corrected"]);
    // The new one gets a row of its own too when it changes, and is there once.
    listed[3].title = Some("Title 4, corrected".to_owned());
    assert_eq!(poll(&store, &source, &brought(listed, "2026-11-21T06:00:00Z")).changed.len(), 1);
    assert_eq!(titles(&store), ["Title 3", "Title 4, corrected", "Title 2", "Title 1, corrected"]);
    poll(&store, &source, &brought(vec![], "2026-11-22T00:00:00Z"));
    assert_eq!(purge(&store, "2026-11-23T00:00:00Z").len(), 4);
    let back = poll(&store, &source, &brought(three(), "2026-11-23T00:00:00Z"));
    assert_eq!((back.new.len(), back.relisted.len()), (0, update.new.len()), "they are remembered");
    poll(&store, &source, &brought(vec![], "2026-11-24T00:00:00Z"));
    assert_eq!(store.forget(at("2026-11-25T00:00:00Z")).unwrap(), 4);
    store.settle().unwrap();
    drop(store);
    let db = raw(folder.path());
    for tree in ["entries", "sheaves", "keys", "runs", "volumes", "pages", "names", "stories"] {
        assert_eq!(db.open_tree(tree).unwrap().len(), 0, "{tree}");
    }
}

#[test]
fn keys_are_found_after_many_settlings() {
    let (folder, source, _) = earlier();
    let entry = |n: usize| {
        said(
            &format!("n{n}"),
            &format!("Number {n}"),
            &format!("https://a.example/n{n}"),
            "2026-11-01T08:00:00Z",
        )
    };
    let rounds = 5;
    for round in 0..rounds {
        let store = Store::open(folder.path()).unwrap();
        let all: Vec<FeedEntry> =
            (0..=round).flat_map(|round| (0..200).map(move |n| entry(round * 200 + n))).collect();
        let hour = format!("2026-11-21T{round:02}:00:00Z");
        assert_eq!(poll(&store, &source, &brought(all, &hour)).new.len(), 200);
        if round % 2 == 0 {
            store.settle().unwrap();
        }
    }
    let store = Store::open(folder.path()).unwrap();
    let all: Vec<FeedEntry> = (0..rounds * 200).map(entry).chain(three()).collect();
    let last = poll(&store, &source, &brought(all, "2026-11-22T00:00:00Z"));
    assert_eq!((last.new.len(), store.entries_stored().unwrap()), (0, 1003));
    assert_eq!(store.newest_first().map(Result::unwrap).count(), 1003);
}

#[test]
fn pages_of_the_version_before_volumes_are_read_and_taken_over() {
    let (folder, source) = (tempfile::tempdir().unwrap(), source("a", &[]));
    {
        let store = Store::open(folder.path()).unwrap();
        poll(&store, &source, &brought(three(), NOW));
        store.settle().unwrap();
    }
    {
        let db = raw(folder.path());
        let [volumes, pages] = ["volumes", "pages"].map(|name| db.open_tree(name).unwrap());
        for row in &volumes {
            let (at, page) = row.unwrap();
            if at[4].is_ascii_lowercase() {
                pages.insert(&at[4..], page).unwrap();
            }
        }
        assert!(!pages.is_empty());
        volumes.clear().unwrap();
        db.flush().unwrap();
    }
    for is_taken_over in [false, true] {
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(titles(&store), ["Title 3", "Title 2", "Title 1"]);
        let again = poll(&store, &source, &brought(three(), "2026-11-21T00:00:00Z"));
        assert_eq!((again.new.len(), again.keys.len()), (0, 0));
        store.settle().unwrap();
        drop(store);
        let pages = raw(folder.path()).open_tree("pages").unwrap();
        assert!(pages.is_empty(), "{is_taken_over}");
    }
}

#[test]
fn what_the_version_before_has_seen_leave_goes_in_time() {
    let (folder, source, update) = earlier();
    {
        let db = raw(folder.path());
        let [delisted, due] = ["delisted", "due"].map(|name| db.open_tree(name).unwrap());
        let left = (at("2026-11-21T00:00:00Z").timestamp() ^ i64::MIN).to_be_bytes();
        for entry in &update.new {
            delisted.insert(entry.key.0, &left).unwrap();
            due.insert([&b"e"[..], &left, &entry.key.0].concat(), &[]).unwrap();
        }
        // What cannot be read goes when the other row says so.
        delisted.insert(update.new[2].key.0, b"abc").unwrap();
        db.flush().unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    let one = &update.new[0];
    assert_eq!(store.delisted_at(one.key).unwrap(), Some(at("2026-11-21T00:00:00Z")));
    // One leaves once more, and that counts.
    let gone = Update {
        delisted: vec![one.key],
        ..Update::about(source.id, update.state, at("2026-11-25T00:00:00Z"))
    };
    store.apply(&gone).unwrap();
    assert_eq!(store.delisted_at(one.key).unwrap(), Some(at("2026-11-25T00:00:00Z")));
    assert_eq!(purge(&store, "2026-11-23T00:00:00Z").len(), 2);
    assert_eq!(purge(&store, "2026-11-26T00:00:00Z"), [one.key]);
    assert_eq!(store.forget(at("2026-11-26T00:00:00Z")).unwrap(), 3);
    store.settle().unwrap();
    drop(store);
    for tree in ["delisted", "due", "runs", "volumes"] {
        assert_eq!(raw(folder.path()).open_tree(tree).unwrap().len(), 0, "{tree}");
    }
}
