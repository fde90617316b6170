//! Who was being asked when the process before ended.

use std::collections::BTreeMap;

use super::*;

/// What a process that begins at `now` finds to be unanswered, by source.
fn unanswered(folder: &Path, now: &str) -> BTreeMap<String, Option<Timestamp>> {
    let store = Store::open(folder).unwrap();
    let mut states = store.states().unwrap();
    store.note_unanswered(&mut states, at(now)).unwrap();
    assert_eq!(store.states().unwrap(), states, "what is told is kept");
    states.into_iter().map(|(id, state)| (id.0, state.unanswered_at)).collect()
}

#[test]
fn only_what_was_not_answered_is_found_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|id| source(id, &[]));
    {
        let store = Store::open(folder.path()).unwrap();
        store.note_asking([&a, &b, &c].into_iter().map(|source| &source.id), at(NOW)).unwrap();
        poll(&store, &a, &brought(three(), NOW));
        // An update that is no answer to this asking takes nothing back.
        poll(&store, &b, &brought(three(), "2026-11-20T11:00:00Z"));
    }
    let later = "2026-11-20T13:00:00Z";
    let expected = [("a", None), ("b", Some(at(later))), ("c", Some(at(later)))];
    let expected: BTreeMap<_, _> = expected.into_iter().map(|(id, at)| (id.to_owned(), at)).collect();
    assert_eq!(unanswered(folder.path(), later), expected);
    assert_eq!(unanswered(folder.path(), "2026-11-20T14:00:00Z"), expected, "it is found once");
    let store = Store::open(folder.path()).unwrap();
    let update = poll(&store, &b, &brought(three(), "2026-11-20T15:00:00Z"));
    assert_eq!(update.state.unanswered_at, None, "the next answer ends it");
}
