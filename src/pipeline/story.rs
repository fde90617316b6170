//! Entries of different sources about one event. Precision first: showing a story twice is a nuisance,
//! hiding one is a bug.

mod align;
mod evidence;
mod features;
mod index;
mod lexicon;
mod related;
mod verdict;
mod veto;
mod words;

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::TimeDelta;

pub use self::features::{Reader, features};
pub use self::index::{ENTRIES_MAX, Index};
pub use self::related::{Lists, Neighbours, RELATED_MAX, grow, nearest};
use self::verdict::{Side, verdict};
use crate::model::{
    Candidate, Entry, EntryKey, FeedEntry, IdentityKey, KeyKind, Known, Match, SourceId, StoryReason,
    Timestamp,
};

/// Entries further apart than this are never one story (DESIGN §6).
pub const WINDOW_HOURS: i64 = 72;
/// A title of fewer words ("Weather", "نشرة الأخبار") is said of many events.
const TITLE_WORDS_MIN: usize = 4;
/// A title of fewer characters is, too, however many words it has.
const TITLE_CHARS_MIN: usize = 16;

/// An entry that may continue a story.
#[derive(Debug)]
pub struct Coverage<'a> {
    /// Who carries it.
    pub source: &'a SourceId,
    /// What it says.
    pub said: &'a FeedEntry,
    /// When it counts as published.
    pub published: Timestamp,
    /// The stories that its source has an entry in already: a second one would be hidden behind the first.
    pub told: &'a HashSet<EntryKey>,
    /// Whether its source has given this title to another entry ("Exchange rates today"), so that the title
    /// alone says nothing.
    pub recurs: bool,
}

/// The keys, over all sources, under which other coverage of the same event is found: by the canonical link, by
/// the link without its host within the sources that mirror `mirrored`, and by the title as [`text::fold`] has it.
pub fn keys(
    canonical_link: Option<&str>,
    mirrored: Option<&SourceId>,
    folded: &str,
) -> Vec<(IdentityKey, StoryReason)> {
    let link = canonical_link
        .map(|link| (IdentityKey::new(KeyKind::StoryLink, [link.as_bytes()]), StoryReason::SameLink));
    let mirror = canonical_link.zip(mirrored).map(|(link, mirrored)| {
        let path = link.trim_start_matches("https://").split_once('/').map_or("", |(_, path)| path);
        let parts = ["mirror".as_bytes(), mirrored.0.as_bytes(), path.as_bytes()];
        (IdentityKey::new(KeyKind::StoryLink, parts), StoryReason::Mirror)
    });
    let telling = folded.split(' ').count() >= TITLE_WORDS_MIN && folded.chars().count() >= TITLE_CHARS_MIN;
    let title =
        telling.then(|| (IdentityKey::new(KeyKind::StoryTitle, [folded.as_bytes()]), StoryReason::SameTitle));
    link.into_iter().chain(mirror).chain(title).collect()
}

/// The story that an entry continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its first entry.
    pub story: EntryKey,
    /// Why.
    pub reason: StoryReason,
    /// With which entry of it, and how well.
    pub matched: Match,
}

/// The story that an entry continues, if any: by its keys, else by one of the entries that are `near` it.
pub fn find(
    keys: &[(IdentityKey, StoryReason)],
    near: &[Candidate],
    known: &Known,
    coverage: &Coverage<'_>,
    compared: &Compared,
) -> Option<Told> {
    let best = || {
        let mine = Side::of(coverage.said, coverage.recurs);
        let scored = near.iter().filter_map(|candidate| {
            let other = known.entries.get(&candidate.key).filter(|other| may_join(coverage, other))?;
            verdict(&mine, &Side::of(&other.said, false)).map(|score| (score, other))
        });
        // Of equals the first one.
        let best = scored.min_by_key(|(score, other)| (Reverse(*score), other.first_seen, other.key));
        best.map(|(score, other)| Told::with(other, StoryReason::NearDuplicate, score))
    };
    find_by_key(keys, known, coverage, compared).or_else(best)
}

/// The same by its keys alone.
pub fn find_by_key(
    keys: &[(IdentityKey, StoryReason)],
    known: &Known,
    coverage: &Coverage<'_>,
    compared: &Compared,
) -> Option<Told> {
    keys.iter().find_map(|(key, reason)| {
        let other = known.entries.get(known.keys.get(key)?).filter(|other| may_join(coverage, other))?;
        let joins = *reason != StoryReason::SameTitle || compared.joins(coverage, other);
        joins.then(|| Told::with(other, *reason, 100))
    })
}

impl Told {
    fn with(other: &Entry, reason: StoryReason, score_percent: u8) -> Self {
        Self { story: other.story, reason, matched: Match { with: other.key, score_percent } }
    }
}

/// Whether an entry and the one that has its title tell one event: both the search for others and the decision ask.
#[derive(Debug, Default)]
pub struct Compared(Cell<Option<((EntryKey, bool), bool)>>);

impl Compared {
    fn joins(&self, coverage: &Coverage<'_>, other: &Entry) -> bool {
        let question = (other.key, coverage.recurs);
        if let Some((_, joins)) = self.0.get().filter(|(asked, _)| *asked == question) {
            return joins;
        }
        let mine = Side::of(coverage.said, coverage.recurs);
        let joins = verdict(&mine, &Side::of(&other.said, false)).is_some();
        self.0.set(Some((question, joins)));
        joins
    }
}

/// How well two entries of different sources match, 0 to 100; `None` where they tell different events.
pub fn likeness(one: &FeedEntry, other: &FeedEntry) -> Option<u8> {
    verdict(&Side::of(one, false), &Side::of(other, false))
}

/// Whether the story of `other` is open for this entry at all.
fn may_join(coverage: &Coverage<'_>, other: &Entry) -> bool {
    other.source != *coverage.source
        && within_window(other.published, coverage.published)
        && within_window(other.story.published(), coverage.published)
        && !coverage.told.contains(&other.story)
}

/// Which of an entry's story keys shall lead to it from now on: those that nobody has, those of an event so
/// long ago that the title has come back for another one, and those that its source uses again and again.
pub fn claimed(
    keys: &[(IdentityKey, StoryReason)],
    known: &Known,
    entry: &Entry,
    recurs: bool,
) -> Vec<IdentityKey> {
    let holder = |key: &IdentityKey| known.keys.get(key).and_then(|holder| known.entries.get(holder));
    let is_over = |other: &Entry| {
        let again = other.source == entry.source || recurs && entry.story == entry.key;
        other.published < entry.published && (again || !within_window(other.published, entry.published))
    };
    keys.iter().map(|(key, _)| *key).filter(|key| holder(key).is_none_or(is_over)).collect()
}

fn within_window(one: Timestamp, other: Timestamp) -> bool {
    (one - other).abs() <= TimeDelta::hours(WINDOW_HOURS)
}
