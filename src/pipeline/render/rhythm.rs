//! How often a section has news, as its entries tell: what `ttl` is made of.

use crate::model::{SectionFeed, Timestamp};

/// Entries that are looked at, the newest first: what was long ago says little about now.
const ENTRIES_MAX: usize = 24;
/// The answers, in minutes: few, so that a document does not change whenever the rhythm does a little.
const STEPS_MINUTES: &[i64] = &[5, 10, 15, 30, 60, 120, 240];
/// Where there is too little to tell.
const UNKNOWN_MINUTES: i64 = 60;

/// After how many minutes it is worth to ask for a section again: half of the time that usually lies between two
/// of its entries. A pure function of them.
pub fn ttl_minutes(feed: &SectionFeed) -> u32 {
    let mut dates: Vec<Timestamp> = feed.placed.iter().map(|placed| placed.entry.published).collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.truncate(ENTRIES_MAX);
    let mut gaps: Vec<i64> = dates.windows(2).map(|pair| (pair[0] - pair[1]).num_minutes()).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).map_or(UNKNOWN_MINUTES, |gap| gap / 2);
    let step = STEPS_MINUTES.iter().rev().find(|step| **step <= usual).or(STEPS_MINUTES.first());
    step.and_then(|step| u32::try_from(*step).ok()).unwrap_or_default()
}
