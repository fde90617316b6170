//! The index beside a map in memory: the same answers, however often it settles, is merged, opened or broken off.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// What happens to an index.
#[derive(Clone, Debug)]
enum Step {
    /// A commit says this of some names; nothing means that they are dropped.
    Commit(Vec<(u8, Option<u8>)>),
    Settle,
    Reopen,
    /// A volume was being written when the process ended: so many rows are missing, and one more.
    BreakOff(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let said = (0..60_u8, prop::option::weighted(0.8, 0..9_u8));
    prop_oneof![
        6 => prop::collection::vec(said, 1..20).prop_map(Step::Commit),
        6 => Just(Step::Settle),
        1 => Just(Step::Reopen),
        1 => (0..3_usize).prop_map(Step::BreakOff),
    ]
}

fn name(n: u8) -> Name {
    let mut name = [if n.is_multiple_of(3) { b'e' } else { b'g' }; NAME_BYTES];
    name[1..].copy_from_slice(&crate::model::Digest::of([&[n][..]]).0);
    name
}

fn commit(keys: &Keys, said: &[(u8, Option<u8>)]) {
    // A commit says one thing of a name.
    let said: BTreeMap<u8, Option<u8>> = said.iter().copied().collect();
    let learnt: Learnt = said.iter().map(|(n, to)| (name(*n), to.map(|to| EntryKey([to + 1; 16])))).collect();
    let mut fresh = keys.fresh();
    let mut batch = sled::Batch::default();
    fresh.rows(&learnt).0.into_iter().for_each(|(number, run)| batch.insert(number, run.unwrap()));
    keys.runs.apply_batch(batch).unwrap();
    keys.note(&mut fresh, &learnt).unwrap();
}

fn settle(keys: &Keys) {
    keys.settle(&mut keys.fresh()).unwrap();
}

/// Both must say the same of every name, asked for at once, twice over, or walked through.
fn check(keys: &Keys, expected: &BTreeMap<Name, EntryKey>) {
    let all: Vec<Name> = (0..60).chain(0..60).map(name).collect();
    let found: BTreeMap<Name, EntryKey> = keys.find(all).unwrap().into_iter().collect();
    assert_eq!(found, *expected);
    let places: Vec<(Name, EntryKey)> = keys.backwards(b'e', b"f").unwrap().map(Result::unwrap).collect();
    let of_kind = expected.iter().rev().filter(|(name, _)| name[0] == b'e');
    let of_kind: Vec<(Name, EntryKey)> = of_kind.map(|(name, entry)| (*name, *entry)).collect();
    assert_eq!(places, of_kind);
    // From any of them on, too.
    for (at, (end, _)) in of_kind.iter().enumerate() {
        let rest: Vec<(Name, EntryKey)> = keys.backwards(b'e', end).unwrap().map(Result::unwrap).collect();
        assert_eq!(rest, of_kind[at + 1..]);
    }
}

/// Removes rows at the end of the newest volume, while the runs still have what it is made from.
fn break_off(db: &Db, keys: &Keys, rows: usize) {
    let volumes = db.open_tree("volumes").unwrap();
    // Whoever merges would take the number that is looked for.
    keys.wait();
    let runs: Vec<_> = keys.runs.iter().map(Result::unwrap).collect();
    let newest = volume::next_number(&volumes).unwrap();
    keys.settle(&mut keys.fresh()).unwrap();
    keys.wait();
    if volume::next_number(&volumes).unwrap() != newest + 1 {
        return;
    }
    for _ in 0..=rows {
        let last = volumes.last().unwrap().unwrap().0;
        if last[..4] == newest.to_be_bytes() {
            let mut batch = sled::Batch::default();
            batch.remove(last);
            volumes.apply_batch(batch).unwrap();
        }
    }
    let mut batch = sled::Batch::default();
    runs.into_iter().for_each(|(number, run)| batch.insert(number, run));
    keys.runs.apply_batch(batch).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_was_said_last(steps in prop::collection::vec(step(), 1..40)) {
        let db = Db::open(&sled::Config::new().temporary(true)).unwrap();
        let open = || Keys::open(&db, Arc::default(), 0).unwrap();
        let (mut keys, mut expected) = (open(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Commit(said) => {
                    commit(&keys, &said);
                    for (n, to) in said.into_iter().collect::<BTreeMap<_, _>>() {
                        match to {
                            Some(to) => expected.insert(name(n), EntryKey([to + 1; 16])),
                            None => expected.remove(&name(n)),
                        };
                    }
                }
                Step::Settle => settle(&keys),
                Step::Reopen => {
                    drop(keys);
                    keys = open();
                }
                Step::BreakOff(rows) => {
                    break_off(&db, &keys, rows);
                    drop(keys);
                    keys = open();
                }
            }
            check(&keys, &expected);
        }
        settle(&keys);
        keys.wait();
        check(&keys, &expected);
        prop_assert!(keys.fresh().volumes.len() < 16);
    }
}

/// Keys in all volumes, once nothing is merged any more, and those that lead nowhere.
fn settled(keys: &Keys) -> (usize, usize) {
    keys.wait();
    let fresh = keys.fresh();
    fresh
        .volumes
        .iter()
        .fold((0, 0), |(all, drops), volume| (all + volume.keys.unwrap_or_default(), drops + volume.drops))
}

#[test]
fn where_much_was_dropped_nothing_is_left_of_it() {
    let db = Db::open(&sled::Config::new().temporary(true)).unwrap();
    let mut keys = Keys::open(&db, Arc::default(), 0).unwrap();
    let volume = |keys: &Keys, names: std::ops::Range<u8>, to: Option<u8>| {
        commit(keys, &names.map(|n| (n, to)).collect::<Vec<_>>());
        settle(keys);
    };
    volume(&keys, 0..40, Some(1));
    for (names, expected) in [(0..10, (50, 10)), (10..13, (53, 13))] {
        volume(&keys, names, None);
        assert_eq!(settled(&keys), expected);
    }
    // It is known after a start as well.
    drop(keys);
    keys = Keys::open(&db, Arc::default(), 0).unwrap();
    volume(&keys, 13..14, None);
    assert_eq!(settled(&keys), (26, 0));
    volume(&keys, 14..40, None);
    assert_eq!(settled(&keys), (0, 0));
    assert!(keys.volumes.is_empty());
}

#[test]
fn a_walk_that_has_begun_misses_nothing_that_is_merged_meanwhile() {
    let db = Db::open(&sled::Config::new().temporary(true)).unwrap();
    let keys = Keys::open(&db, Arc::default(), 0).unwrap();
    let all = |from: u8| (from..from + 15).map(|n| (n, Some(1))).collect::<Vec<_>>();
    let volume = |from: u8| {
        commit(&keys, &all(from));
        settle(&keys);
    };
    [0, 15, 30].into_iter().for_each(volume);
    let walk = keys.backwards(b'e', b"f").unwrap();
    volume(45);
    let end = Instant::now() + Duration::from_secs(30);
    while keys.fresh().volumes.len() > 1 {
        assert!(Instant::now() < end, "it is never merged");
        std::thread::yield_now();
    }
    assert_eq!(walk.map(Result::unwrap).count(), 45 / 3);
    keys.wait();
    assert_eq!(keys.backwards(b'e', b"f").unwrap().count(), 60 / 3);
}
