//! When a source had news: what `schedule = "auto"` learns from.

use chrono::TimeDelta;

use crate::model::{DateOrigin, Entry, Rhythm, Timestamp};

/// News that come together count as one: they are at least this far apart.
const APART: TimeDelta = TimeDelta::minutes(5);
/// Dates that lie further back say nothing about now.
const BELIEVED: TimeDelta = TimeDelta::days(400);

/// Adds the `new` entries of a document to what is known.
///
/// An entry counts with the date that its source gave, where that is neither in the future nor older than 400
/// days, and without one with the moment at which it was first seen.
pub fn learn(rhythm: &mut Rhythm, new: &[Entry], now: Timestamp) {
    let believed = |at: &Timestamp| *at <= now && now - *at <= BELIEVED;
    let moment = |entry: &Entry| match entry.dated {
        DateOrigin::Source | DateOrigin::SourceUpdated => entry.published,
        DateOrigin::Missing | DateOrigin::Future | DateOrigin::Absurd => entry.first_seen,
    };
    let mut news: Vec<Timestamp> = new.iter().map(moment).filter(believed).collect();
    if news.is_empty() {
        return;
    }
    news.append(&mut rhythm.news);
    news.sort_unstable();
    for at in news {
        if rhythm.news.last().is_none_or(|last| at - *last >= APART) {
            rhythm.news.push(at);
        }
    }
    let surplus = rhythm.news.len().saturating_sub(Rhythm::NEWS_MAX);
    rhythm.news.drain(..surplus);
}
