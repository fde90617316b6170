//! Sources of which more removed entries are remembered than they may list again.

use std::ops::Range;

use nashra::edge::store::Memory;

use super::*;

fn entries(numbers: Range<usize>) -> Vec<FeedEntry> {
    let entry = |n: usize| {
        let (id, link) = (format!("g{n}"), format!("https://a.example/{n}"));
        said(&id, &format!("Title {n}"), &link, "2026-11-01T08:00:00Z")
    };
    numbers.map(entry).collect()
}

/// Sources of ten entries an hour each, which list none of them any more; all are removed.
fn filled(folder: &Path, sources: &[(&str, Range<usize>)]) -> Store {
    let store = Store::open(folder).unwrap();
    for (id, numbers) in sources {
        let source = source(id, &[]);
        for (hour, from) in numbers.clone().step_by(10).enumerate() {
            let when = format!("2026-11-02T{hour:02}:00:00Z");
            poll(&store, &source, &brought(entries(from..from + 10), &when));
        }
        poll(&store, &source, &brought(vec![], "2026-11-02T23:00:00Z"));
    }
    purge_all(&store);
    store
}

fn purge_all(store: &Store) {
    while store.purge(at("2026-12-01T00:00:00Z"), at("2026-12-01T00:00:00Z")).unwrap().looked_at_any {}
    assert_eq!(store.entries_stored().unwrap(), 0);
}

/// Walks to the end; says how many were forgotten.
fn forget_surplus(store: &Store, sources: &[(&str, u64)], others_max: u64) -> usize {
    let ids: Vec<SourceId> = sources.iter().map(|(id, _)| SourceId((*id).to_owned())).collect();
    let allowed = ids.iter().zip(sources).map(|(id, (_, count_max))| (id, *count_max));
    let mut walk = Memory::begin(allowed, others_max);
    std::iter::from_fn(|| store.forget_surplus(&mut walk).unwrap()).sum()
}

/// Which of these the source would bring as new.
fn new_again(store: &Store, id: &str, numbers: Range<usize>) -> Vec<String> {
    let source = source(id, &[]);
    let fetched = brought(entries(numbers), "2026-12-02T00:00:00Z");
    let known = store.known(&pipeline::wanted_keys(&source, &SourceState::default(), &fetched)).unwrap();
    let state = store.states().unwrap().remove(&source.id).unwrap();
    let update = pipeline::ingest(&source, &state, &known, &fetched, fetched.at);
    let mut new: Vec<String> = update.new.into_iter().filter_map(|entry| entry.said.title).collect();
    new.sort();
    new
}

fn titles_of(numbers: Range<usize>) -> Vec<String> {
    let mut titles: Vec<String> = numbers.map(|n| format!("Title {n}")).collect();
    titles.sort();
    titles
}

#[test]
fn those_that_left_first_are_forgotten_of_each_source_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), &[("loud", 100..160), ("quiet", 200..220), ("gone", 300..330)]);
    assert_eq!(store.stubs_stored().unwrap(), 110);
    assert_eq!(forget_surplus(&store, &[("loud", 60), ("quiet", 20)], 30), 0);
    // Whole polls, and a part of one; a source that is not known any more has what is left to such ones.
    assert_eq!(forget_surplus(&store, &[("loud", 25), ("quiet", 20)], 30), 35);
    assert_eq!(forget_surplus(&store, &[("loud", 25), ("quiet", 20)], 10), 20);
    assert_eq!(forget_surplus(&store, &[("loud", 25), ("quiet", 20)], 10), 0);
    assert_eq!(store.stubs_stored().unwrap(), 25 + 20 + 10, "nothing is left of them");
    let new = new_again(&store, "loud", 100..160);
    assert_eq!((new.len(), &new[..30]), (35, &titles_of(100..130)[..]));
    assert_eq!(new_again(&store, "quiet", 200..220), titles_of(0..0));
    assert_eq!(new_again(&store, "gone", 300..330), titles_of(300..320));
}

#[test]
fn one_that_is_listed_again_counts_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path(), &[("a", 0..40)]);
    // The first ones are listed once more, and leave once more.
    poll(&store, &source("a", &[]), &brought(entries(0..10), "2026-12-02T00:00:00Z"));
    assert_eq!(forget_surplus(&store, &[("a", 0)], 0), 30, "what is listed is not forgotten");
    poll(&store, &source("a", &[]), &brought(vec![], "2026-12-03T00:00:00Z"));
    assert_eq!(forget_surplus(&store, &[("a", 10)], 0), 0);
    assert_eq!(new_again(&store, "a", 0..40), titles_of(10..40));
    assert_eq!(forget_surplus(&store, &[("a", 0)], 0), 10);
    store.settle().unwrap();
    drop(store);
    for tree in ["runs", "volumes", "pages", "names", "due", "stubs"] {
        assert_eq!(raw(folder.path()).open_tree(tree).unwrap().len(), 0, "{tree}");
    }
}

#[test]
fn a_step_is_bounded_and_what_is_hidden_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let count = 2 * FORGET_BATCH_MAX + 600;
    let new = poll(&store, &source("a", &[]), &brought(entries(0..count), NOW)).new;
    let hidden = new[count / 2].clone();
    store.hide(&[(hidden.key, Hiding { at: at(NOW), ..Hiding::default() })], None, &[], &[]).unwrap();
    poll(&store, &source("a", &[]), &brought(vec![], "2026-11-21T00:00:00Z"));
    purge_all(&store);
    let id = SourceId("a".to_owned());
    let mut walk = Memory::begin([(&id, 0)].into_iter(), 0);
    let steps: Vec<usize> = std::iter::from_fn(|| store.forget_surplus(&mut walk).unwrap()).collect();
    assert!(steps.len() > 2 && steps.iter().all(|step| *step < FORGET_BATCH_MAX + 256), "{steps:?}");
    assert_eq!(steps.iter().sum::<usize>(), count);
    let title = hidden.said.title.unwrap();
    let again = new_again(&store, "a", 0..count);
    assert_eq!((again.len(), again.contains(&title)), (count - 1, false));
}

#[test]
fn what_an_earlier_version_wrote_says_not_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path(), &[("a", 0..40)]));
    {
        let due = raw(folder.path()).open_tree("due").unwrap();
        for (row, keys) in due.iter().map(Result::unwrap) {
            assert_eq!(keys.len() % 16, 8);
            due.insert(row, &keys[..keys.len() - 8]).unwrap();
        }
        due.flush().unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(forget_surplus(&store, &[("a", 0)], 0), 0);
    assert_eq!(new_again(&store, "a", 0..40), titles_of(0..0));
    assert_eq!(store.forget(at("2026-12-01T00:00:00Z")).unwrap(), 40);
}
