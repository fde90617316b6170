//! What the index of stories is read from: in order, whole, bounded, whatever the clock said.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::damage::spoil;
use super::*;

/// A commit of sketches alone.
fn learn(store: &Store, source: &str, when: Timestamp, keys: impl IntoIterator<Item = u32>) -> Vec<Sketch> {
    let sketch = |n: u32| Sketch {
        key: EntryKey::new(when, Digest::of([&n.to_be_bytes()[..]])),
        story: EntryKey::new(when, Digest::of([&(n / 3 * 3).to_be_bytes()[..]])),
        source: SourceId(source.to_owned()),
        first_seen: when,
        features: Features::new(&[n, n + 1, n + 2], &[n * 7], &[]),
    };
    let sketches: Vec<Sketch> = keys.into_iter().map(sketch).collect();
    let about = Update::about(SourceId(source.to_owned()), SourceState::default(), when);
    store.apply(&Update { sketches: sketches.clone(), ..about }).unwrap();
    sketches
}

fn all(store: &Store, count: usize) -> Vec<Sketch> {
    store.sketches(count).collect::<Result<_, _>>().unwrap()
}

#[test]
fn sketches_come_back_in_the_order_in_which_they_were_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let mut learnt = vec![];
    for (n, source) in (0..4).zip(["a", "b", "a", "long-name-of-a-source"]) {
        let store = Store::open(folder.path()).unwrap();
        // The clock goes back, and many rows are one commit.
        let when = at(NOW) - TimeDelta::hours(n.into());
        learnt.extend(learn(&store, source, when, n * 1_000..n * 1_000 + 700));
        assert_eq!(all(&store, usize::MAX), learnt);
    }
    let store = Store::open(folder.path()).unwrap();
    let newest = all(&store, 100);
    assert!((100..300).contains(&newest.len()), "{}", newest.len());
    assert_eq!(newest, learnt[learnt.len() - newest.len()..]);
    assert!(all(&store, 0).is_empty());
}

#[test]
fn a_row_that_cannot_be_read_hides_no_other() {
    for record in [&b""[..], b"\x01", b"\x63\0\0", b"\x01\0\x01", b"\x01\0\0more", b"\x01\xff\xff\x07\0\x01a"]
    {
        let folder = tempfile::tempdir().unwrap();
        let [first, last] = {
            let store = Store::open(folder.path()).unwrap();
            let three = [1, 2, 3].map(|n| learn(&store, "a", at(NOW), n * 10..n * 10 + 5));
            [three[0].clone(), three[2].clone()]
        };
        spoil(folder.path(), "sketches", |key| key[7] == 1, record);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(all(&store, usize::MAX), [first, last].concat());
        assert!(!store.forget_sketches(at("2026-01-01T00:00:00Z")).unwrap());
        assert_eq!(all(&store, usize::MAX).len(), 10);
    }
}

#[test]
fn what_is_old_goes_and_what_a_wrong_clock_wrote_keeps_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let days = |days: i64| at(NOW) + TimeDelta::days(days);
    // Ten years ahead, a day ahead, ten years behind, and a clock that goes right.
    for (n, when) in (0..).zip([days(-40), days(3_650), days(-40), days(1), days(-3_650), days(-20), days(0)])
    {
        learn(&store, "a", when, n * 10..n * 10 + 2);
    }
    assert!(!store.forget_sketches(days(-30)).unwrap());
    let left: Vec<Timestamp> = all(&store, usize::MAX).into_iter().map(|sketch| sketch.first_seen).collect();
    assert_eq!(
        left.chunks(2).map(|two| two[0]).collect::<Vec<_>>(),
        [days(3_650), days(1), days(-20), days(0)]
    );
    // A clock that runs ten years behind drops nothing.
    assert!(!store.forget_sketches(days(-3_680)).unwrap());
    assert_eq!(all(&store, usize::MAX).len(), 8);
}

#[test]
fn many_old_rows_go_in_batches() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for n in 0..1_200 {
        learn(&store, "a", at(NOW), [n]);
    }
    let kept = learn(&store, "a", at("2026-11-25T00:00:00Z"), [5_000]);
    let mut batches = 0;
    while store.forget_sketches(at("2026-11-24T00:00:00Z")).unwrap() {
        batches += 1;
    }
    assert_eq!((batches, all(&store, usize::MAX)), (2, kept));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Bytes of nobody's are no sketches, and no panic.
    #[test]
    fn any_row_is_read_or_left_out(row in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        learn(&Store::open(folder.path()).unwrap(), "a", at(NOW), [1]);
        spoil(folder.path(), "sketches", |_| true, &[&b"\x01"[..], &row].concat());
        let store = Store::open(folder.path()).unwrap();
        let count = all(&store, usize::MAX).len();
        prop_assert!(count <= row.len() / 20);
    }
}
