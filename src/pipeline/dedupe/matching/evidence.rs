//! What shows that an entry under another guid and another link is an old one: its date, its words, its slug.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::Search;
use crate::model::{DateOrigin, EntryKey, FeedEntry, Timestamp};
use crate::pipeline::dedupe::{body, given_link, without_query};
use crate::pipeline::{link, text};

/// A date that was rounded, or cut, to minutes is less than this away.
const ROUNDING: TimeDelta = TimeDelta::seconds(60);
/// Time zones differ by quarters of an hour,
const ZONE_STEP_MINUTES: i64 = 15;
/// and by no more than this.
const ZONE_MINUTES_MAX: i64 = 26 * 60;
/// So many entries must be off by the same time before it is a mistake of the zone.
const SHIFTED_MIN: usize = 2;
/// Differences that are counted: more than one where summer time came between.
const SHIFTS_MAX: usize = 2;
/// A title of fewer words comes back ("Weather", "Exchange rates today").
const TITLE_WORDS_MIN: usize = 4;

/// By how many minutes the dates of a source are off since it moved; none where they agree, or where nothing
/// shows it.
#[derive(Debug, Default)]
pub(super) struct Shifts(pub(super) Vec<i64>);

impl Shifts {
    /// Lets the listed entries vote that were recognised, or whose title is known. One that recurs every hour is one voice, since its title
    /// leads to one entry only.
    pub(super) fn of(search: &Search<'_>) -> Self {
        let mut votes: HashMap<i64, HashSet<EntryKey>> = HashMap::new();
        for listed in search.unknown() {
            let holder = listed.title.and_then(|title| search.known.keys.get(&title));
            let Some(key) = holder.filter(|key| !search.taken.contains(key)) else { continue };
            let old = search.known.entries.get(key).map_or(Some(key.published()), |old| date(&old.said));
            let (Some(new), Some(old)) = (date(listed.said), old) else { continue };
            votes.entry(minutes(new - old)).or_default().insert(*key);
        }
        for (entry, old) in search.recognised() {
            let (Some(new), Some(before)) = (date(entry.said), date(&old.said)) else { continue };
            votes.entry(minutes(new - before)).or_default().insert(old.key);
        }
        let voices: usize = votes.values().map(HashSet::len).sum();
        let mut counted: Vec<(usize, i64)> =
            votes.iter().map(|(shift, voices)| (voices.len(), *shift)).collect();
        counted.sort_unstable_by_key(|(voices, shift)| (std::cmp::Reverse(*voices), shift.abs(), *shift));
        counted.truncate(SHIFTS_MAX);
        counted.retain(|(voices, shift)| *voices >= SHIFTED_MIN && is_of_zone(*shift));
        let agreed: usize = counted.iter().map(|(voices, _)| voices).sum();
        if agreed * 2 <= voices {
            return Self::default();
        }
        Self(counted.into_iter().map(|(_, shift)| shift).collect())
    }

    /// When an entry with this date may have been dated before.
    pub(super) fn origins(&self, new: Timestamp) -> Vec<Timestamp> {
        let shifted = self.0.iter().map(|shift| new - TimeDelta::minutes(*shift));
        std::iter::once(new).chain(shifted).collect()
    }

    /// Whether the difference is one of them.
    pub(super) fn explain(&self, new: Timestamp, old: Timestamp) -> bool {
        self.0.iter().any(|shift| near_enough(new, old + TimeDelta::minutes(*shift)))
    }
}

/// To the nearest whole one, since dates may be rounded at the same time.
fn minutes(difference: TimeDelta) -> i64 {
    (difference.num_seconds() + 30).div_euclid(60)
}

fn is_of_zone(shift: i64) -> bool {
    let to_step = shift.rem_euclid(ZONE_STEP_MINUTES);
    shift.abs() <= ZONE_MINUTES_MAX && (to_step <= 1 || to_step == ZONE_STEP_MINUTES - 1)
}

/// Whether one date is the other, or what rounding to minutes made of it.
pub(super) fn near_enough(one: Timestamp, other: Timestamp) -> bool {
    (one - other).abs() < ROUNDING
}

/// The date that the source gives, for publication or else for the last change.
pub(super) fn date(said: &FeedEntry) -> Option<Timestamp> {
    said.published.or(said.updated).filter(|at| !DateOrigin::is_absurd(*at))
}

/// Whether the texts are the same, word by word.
pub(super) fn same_text(one: &FeedEntry, other: &FeedEntry) -> bool {
    let words = |said: &FeedEntry| text::fold(&text::plain(body(said)));
    body(one) == body(other) || words(one) == words(other)
}

/// Whether the page has the same name: the last part of its path, without what a CMS puts behind it.
pub(super) fn same_slug(one: &FeedEntry, other: &FeedEntry) -> bool {
    let slug = |said: &FeedEntry| -> Option<String> {
        let canonical = link::canonical(given_link(said)?)?;
        let name = without_query(&canonical).trim_end_matches('/').rsplit('/').next()?;
        let name = name.split_once('.').map_or(name, |(name, _)| name);
        (!name.is_empty()).then(|| name.to_ascii_lowercase())
    };
    matches!((slug(one), slug(other)), (Some(one), Some(other)) if one == other)
}

/// Whether a folded title is hardly given twice.
pub(super) fn is_telling(folded: &str) -> bool {
    folded.split(' ').count() >= TITLE_WORDS_MIN
}

/// Whether the titles share most of their words.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let words = |title: &str| title.split(' ').map(str::to_owned).collect::<HashSet<_>>();
    let (one, other) = (words(one), words(other));
    one.intersection(&other).count() * 2 > one.len().min(other.len())
}
