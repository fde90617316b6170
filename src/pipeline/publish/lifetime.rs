//! How long a copy of a document is good: as long as its section usually has no news.

use crate::model::{Lifetime, SectionFeed, Timestamp};

/// The gaps between the newest entries that tell the rhythm.
const GAPS_MAX: usize = 10;
const SECONDS_MIN: i64 = 60;
const SECONDS_MAX: i64 = 3600;

/// What only another version or configuration changes.
pub(super) const CONSTANT: Lifetime = Lifetime(3600);

/// Half the mean time between the newest entries of a section, between a minute and an hour: then a copy is fresh
/// as often as not when the next entry comes, and late by a quarter of the usual wait. It follows from the entries
/// alone, so the same facts give the same header. Of a section that has fewer than two nothing is known, and much
/// may come soon.
pub(super) fn of_section(feed: &SectionFeed) -> Lifetime {
    let mut dates: Vec<Timestamp> = feed.placed.iter().map(|placed| placed.entry.published).collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.truncate(GAPS_MAX + 1);
    let (Some(newest), Some(oldest)) = (dates.first(), dates.get(1..).and_then(<[_]>::last)) else {
        return seconds(SECONDS_MIN);
    };
    let gaps = i64::try_from(dates.len() - 1).unwrap_or(1);
    seconds((*newest - *oldest).num_seconds() / gaps / 2)
}

/// Of a page on which all sections stand: as that of the liveliest.
pub(super) fn of_all(feeds: &[SectionFeed]) -> Lifetime {
    let lifetimes = feeds.iter().map(|feed| i64::from(of_section(feed).0));
    seconds(lifetimes.min().unwrap_or(SECONDS_MIN))
}

fn seconds(count: i64) -> Lifetime {
    Lifetime(u32::try_from(count.clamp(SECONDS_MIN, SECONDS_MAX)).unwrap_or(u32::MAX))
}
