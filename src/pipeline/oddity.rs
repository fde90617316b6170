//! What is strange about a good answer, though nothing is wrong with it: one sentence for the admin.
//!
//! Each rule rather keeps silent than cries wolf. None speaks at a second reading of the same document.

use std::collections::HashSet;

use chrono::TimeDelta;

use crate::model::{Entry, StoryReason, Timestamp};

/// Of fewer entries nothing is said.
const ENTRIES_MIN: usize = 5;
/// Entries of one date are strange only when they came over a longer time than this: a source that gives days
/// and no hours has many of one date in a day.
const STUCK: TimeDelta = TimeDelta::hours(48);
/// A date is in the future when it lies further ahead than clocks and zones are mistaken.
const AHEAD: TimeDelta = TimeDelta::hours(26);
/// A feed that listed fewer entries than this may shrink as it likes.
const SIZE_MIN: usize = 10;
/// It has shrunk when it lists no more than one in so many.
const SIZE_SHARE: usize = 5;

/// A document, as it was taken in.
#[derive(Debug)]
pub struct Reading<'a> {
    /// How many entries it lists, each once.
    pub listed: usize,
    /// Those of them that are stored.
    pub entries: Vec<&'a Entry>,
    /// How many entries were expected; `None` at the first reading.
    pub expected: Option<usize>,
    /// The language before and now, where it is another one.
    pub other_language: Option<(&'a str, &'a str)>,
}

/// What is strange about a document:
/// - all of its entries (at least 5) joined stories that other sources told first;
/// - all that came since the first fetch (at least 5 are listed) bear one date, though they came over more
///   than two days; or all of them came with dates that lay more than a day ahead;
/// - its language is another one;
/// - it was expected to list at least 10 entries, and lists a fifth of that or less.
pub fn oddity(reading: &Reading<'_>) -> Option<String> {
    let Reading { listed, entries, expected, other_language } = reading;
    if let Some(expected) = expected.filter(|expected| has_shrunk(*expected, *listed)) {
        return Some(match listed {
            0 => format!("it lists no entries, where {expected} were expected"),
            _ => format!("it lists {listed} entries, where {expected} were expected"),
        });
    }
    if let Some((old, new)) = other_language {
        return Some(format!("its language changed from {old} to {new}"));
    }
    let repeats = |entry: &&Entry| entry.story_reason != StoryReason::First;
    if *listed >= ENTRIES_MIN && entries.len() == *listed && entries.iter().all(repeats) {
        return Some(format!("all of its {listed} entries repeat stories that other sources told first"));
    }
    dates(entries)
}

/// How many entries are expected next time, after `listed`: a fall is news for some readings, not for ever.
pub fn expected(before: Option<usize>, listed: usize) -> usize {
    match before {
        Some(before) if has_shrunk(before, listed) => before - before.div_ceil(10),
        _ => listed,
    }
}

fn has_shrunk(expected: usize, listed: usize) -> bool {
    expected >= SIZE_MIN && listed * SIZE_SHARE <= expected
}

fn dates(entries: &[&Entry]) -> Option<String> {
    let date = |entry: &Entry| Some((entry.said.published.or(entry.said.updated)?, entry.first_seen));
    let came = entries.iter().filter(|entry| !entry.backfill);
    // One without a date, and nothing is said of all.
    let dated: Vec<(Timestamp, Timestamp)> = came.map(|entry| date(entry)).collect::<Option<_>>()?;
    let count = dated.len();
    if count < ENTRIES_MIN {
        return None;
    }
    if dated.iter().all(|(date, seen)| *date - *seen > AHEAD) {
        return Some(format!("all {count} entries that came since it is known are dated in the future"));
    }
    let different: HashSet<Timestamp> = dated.iter().map(|(date, _)| *date).collect();
    let (first, last) =
        (dated.iter().map(|(_, seen)| *seen).min()?, dated.iter().map(|(_, seen)| *seen).max()?);
    let date = dated.first().filter(|_| different.len() == 1 && last - first > STUCK)?.0;
    let days = (last - first).num_days();
    Some(format!("its dates stand still: {count} entries that came within {days} days are all of {date}"))
}
