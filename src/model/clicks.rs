//! How often readers opened which entry, hour by hour. Nothing is kept of who they were.

use std::collections::BTreeMap;

use super::{EntryKey, Timestamp};

/// Whole hours since the beginning of 1970 (UTC).
pub type Hour = u32;

/// The hour that a moment is in.
pub fn hour_of(at: Timestamp) -> Hour {
    u32::try_from(at.timestamp().div_euclid(3600)).unwrap_or_default()
}

/// What was counted, by entry and hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clicks {
    counts: BTreeMap<EntryKey, BTreeMap<Hour, u32>>,
    rows: usize,
}

/// One count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Click {
    /// What was opened.
    pub entry: EntryKey,
    /// In which hour.
    pub hour: Hour,
    /// How often in it.
    pub count: u32,
}

impl Clicks {
    /// Counts that are kept in all, one an entry and hour; with these in use no other entry or hour is counted
    /// until old ones go.
    pub const ROWS_MAX: usize = 200_000;

    /// Adds to a count; says what it is now, or `None` where there is no room for another one.
    pub fn add(&mut self, more: Click) -> Option<Click> {
        let Click { entry, hour, count } = more;
        let is_known = self.counts.get(&entry).is_some_and(|hours| hours.contains_key(&hour));
        if !is_known {
            if self.rows >= Self::ROWS_MAX {
                return None;
            }
            self.rows += 1;
        }
        let known = self.counts.entry(entry).or_default().entry(hour).or_default();
        *known = known.saturating_add(count);
        Some(Click { count: *known, ..more })
    }

    /// The counts of one entry, the earliest hour first.
    pub fn of(&self, entry: EntryKey) -> impl Iterator<Item = (Hour, u32)> + '_ {
        self.counts.get(&entry).into_iter().flatten().map(|(hour, count)| (*hour, *count))
    }

    /// Forgets an entry.
    pub fn remove(&mut self, entry: EntryKey) {
        self.rows -= self.counts.remove(&entry).map_or(0, |hours| hours.len());
    }

    /// Forgets what was counted before this hour; says what that was.
    pub fn forget_before(&mut self, hour: Hour) -> Vec<Click> {
        let mut gone = vec![];
        self.counts.retain(|entry, hours| {
            let kept = hours.split_off(&hour);
            let old = std::mem::replace(hours, kept);
            gone.extend(old.into_iter().map(|(hour, count)| Click { entry: *entry, hour, count }));
            !hours.is_empty()
        });
        self.rows -= gone.len();
        gone
    }

    /// The latest hour in which anything was counted.
    pub fn latest_hour(&self) -> Option<Hour> {
        self.counts.values().filter_map(|hours| hours.keys().next_back()).max().copied()
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_are_forgotten_by_the_hour() {
        let [one, two] = [1, 2].map(|n| EntryKey([n; 16]));
        let click = |entry, hour, count| Click { entry, hour, count };
        let mut clicks = Clicks::default();
        assert_eq!(clicks.add(click(one, 7, 2)), Some(click(one, 7, 2)));
        assert_eq!(clicks.add(click(one, 7, 3)), Some(click(one, 7, 5)));
        clicks.add(click(one, 9, u32::MAX));
        assert_eq!(clicks.add(click(one, 9, 1)), Some(click(one, 9, u32::MAX)));
        clicks.add(click(two, 8, 1));
        assert_eq!((clicks.rows, clicks.latest_hour()), (3, Some(9)));
        assert_eq!(clicks.forget_before(9), [click(one, 7, 5), click(two, 8, 1)]);
        assert_eq!(clicks.of(one).collect::<Vec<_>>(), [(9, u32::MAX)]);
        assert_eq!(clicks.of(two).count(), 0);
        clicks.remove(one);
        clicks.remove(two);
        assert_eq!(clicks, Clicks::default());
    }

    #[test]
    fn hours_are_counted_from_1970() {
        assert_eq!(hour_of("1970-01-01T01:59:59Z".parse().unwrap()), 1);
        assert_eq!(hour_of("1969-12-31T23:59:59Z".parse().unwrap()), 0);
    }
}
