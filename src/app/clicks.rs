//! Clicks on their way from readers to the store: counted in memory without holding anybody up, taken by the writer
//! now and then.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Click, EntryKey, Hour, Timestamp, hour_of};

/// Entries that are counted between two visits of the writer; others have bad luck.
const ENTRIES_MAX: usize = 10_000;
/// How often one entry is counted in one second, whoever opens it: more is a machine's doing, and nobody is told
/// apart here.
const COUNTED_PER_SECOND_MAX: u32 = 2;

/// Counts clicks.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    counts: HashMap<(EntryKey, Hour), Count>,
}

#[derive(Debug, Default)]
struct Count {
    all: u32,
    /// The second of the last click, in seconds since 1970.
    second: i64,
    in_second: u32,
}

impl Counter {
    /// Counts a click, as far as there is room.
    pub(super) fn count(&self, entry: EntryKey, now: Timestamp) {
        let mut pending = self.pending();
        let name = (entry, hour_of(now));
        if pending.counts.len() >= ENTRIES_MAX && !pending.counts.contains_key(&name) {
            return;
        }
        let count = pending.counts.entry(name).or_default();
        if count.second != now.timestamp() {
            (count.second, count.in_second) = (now.timestamp(), 0);
        }
        count.in_second = count.in_second.saturating_add(1);
        if count.in_second <= COUNTED_PER_SECOND_MAX {
            count.all = count.all.saturating_add(1);
        }
    }

    /// Hands over what was counted since the last time, in order.
    pub(super) fn take(&self) -> Vec<Click> {
        let counts = std::mem::take(&mut self.pending().counts);
        let click =
            |((entry, hour), count): ((EntryKey, Hour), Count)| Click { entry, hour, count: count.all };
        let mut clicks: Vec<Click> = counts.into_iter().map(click).collect();
        clicks.sort_unstable();
        clicks
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_is_counted_so_often_a_second_and_no_more() {
        let counter = Counter::default();
        let [one, two] = [1, 2].map(|n| EntryKey([n; 16]));
        let at = |time: &str| format!("2026-11-20T{time}Z").parse().unwrap();
        for _ in 0..10 {
            counter.count(one, at("12:59:58"));
        }
        counter.count(one, at("12:59:59"));
        counter.count(one, at("13:00:00"));
        counter.count(two, at("13:00:00"));
        let hour = hour_of(at("12:00:00"));
        let click = |entry, hour, count| Click { entry, hour, count };
        assert_eq!(counter.take(), [click(one, hour, 3), click(one, hour + 1, 1), click(two, hour + 1, 1)]);
        assert_eq!(counter.take(), []);
    }

    #[test]
    fn what_is_counted_at_once_is_bounded() {
        let counter = Counter::default();
        for n in 0..=ENTRIES_MAX as u128 {
            counter.count(EntryKey(n.to_be_bytes()), Timestamp::default());
        }
        counter.count(EntryKey([0; 16]), Timestamp::default());
        let clicks = counter.take();
        assert_eq!((clicks.len(), clicks[0].count), (ENTRIES_MAX, 2));
    }
}
