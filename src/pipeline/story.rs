//! Entries of different sources about one event. Precision first: showing a story twice is a nuisance,
//! hiding one is a bug.

mod features;
mod index;

use std::collections::HashSet;
use std::hash::Hash;

use chrono::TimeDelta;

pub use self::features::features;
pub use self::index::Index;
use super::text;
use crate::model::{
    Candidate, Entry, EntryKey, FeedEntry, IdentityKey, KeyKind, Known, Match, SourceId, StoryReason,
    Timestamp,
};

/// Entries further apart than this are never one story (DESIGN §6).
const WINDOW_HOURS: i64 = 72;
/// A title of fewer words ("Weather", "نشرة الأخبار") is said of many events.
const TITLE_WORDS_MIN: usize = 4;
/// A title of fewer characters is, too, however many words it has.
const TITLE_CHARS_MIN: usize = 16;
/// A text of fewer pairs of words is a deck: each newsroom writes its own, so it says little.
const TEXT_PAIRS_MIN: usize = 40;
/// Of a text no more than this is compared, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// How much of the shorter text the longer one must hold: a wire story that was cut keeps nearly all of its
/// pairs of words, two reports on one event share one in ten.
const SHARE_MIN_PERCENT: usize = 50;

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

/// The keys, over all sources, under which other coverage of the same event is found: by the canonical link, and
/// by the title as [`text::fold`] has it.
pub fn keys(canonical_link: Option<&str>, folded: &str) -> Vec<(IdentityKey, StoryReason)> {
    let link = canonical_link
        .map(|link| (IdentityKey::new(KeyKind::StoryLink, [link.as_bytes()]), StoryReason::SameLink));
    let telling = folded.split(' ').count() >= TITLE_WORDS_MIN && folded.chars().count() >= TITLE_CHARS_MIN;
    let title =
        telling.then(|| (IdentityKey::new(KeyKind::StoryTitle, [folded.as_bytes()]), StoryReason::SameTitle));
    link.into_iter().chain(title).collect()
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
) -> Option<Told> {
    let told = |other: &Entry, reason, score_percent| Told {
        story: other.story,
        reason,
        matched: Match { with: other.key, score_percent },
    };
    let by_key = keys.iter().find_map(|(key, reason)| {
        let other = known.entries.get(known.keys.get(key)?)?;
        let joins = may_join(coverage, other)
            && (*reason == StoryReason::SameLink || !texts_differ(coverage, &other.said));
        joins.then(|| told(other, *reason, 100))
    });
    by_key.or_else(|| {
        near.iter().find_map(|candidate| {
            let other = known.entries.get(&candidate.key)?;
            let joins = may_join(coverage, other);
            joins.then(|| told(other, StoryReason::NearDuplicate, candidate.score_percent))
        })
    })
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

/// Whether the texts under one title speak of different events.
fn texts_differ(coverage: &Coverage<'_>, other: &FeedEntry) -> bool {
    let (one, other) = (Text::of(coverage.said), Text::of(other));
    let (one, other) = (one.words(), other.words());
    if one.is_empty() || other.is_empty() {
        return coverage.recurs;
    }
    let pairs = (pairs(&one), pairs(&other));
    let are_decks = pairs.0.len().min(pairs.1.len()) < TEXT_PAIRS_MIN;
    !shares(&numbers(&one), &numbers(&other))
        || (coverage.recurs || !are_decks) && !shares(&pairs.0, &pairs.1)
}

/// The folded text of an entry without the title, which many repeat in front of it.
struct Text(String);

impl Text {
    fn of(said: &FeedEntry) -> Self {
        let title = text::fold(said.title.as_deref().unwrap_or_default());
        let mut all = String::new();
        for html in [&said.content, &said.summary].into_iter().flatten() {
            let folded = text::fold(&text::plain(text::start(html, TEXT_BYTES_MAX)));
            all.push_str(folded.strip_prefix(&title).unwrap_or(&folded));
            all.push(' ');
        }
        Self(all)
    }

    fn words(&self) -> Vec<&str> {
        self.0.split_whitespace().collect()
    }
}

fn pairs<'a>(words: &[&'a str]) -> HashSet<(&'a str, &'a str)> {
    let last = words.last().map(|last| (*last, ""));
    let pairs = words.iter().zip(words.iter().skip(1)).map(|(one, two)| (*one, *two));
    pairs.chain(last.filter(|_| words.len() == 1)).collect()
}

fn numbers<'a>(words: &[&'a str]) -> HashSet<&'a str> {
    words.iter().copied().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

/// Whether the larger set holds enough of the smaller one; an empty one asks for nothing.
fn shares<T: Eq + Hash>(one: &HashSet<T>, other: &HashSet<T>) -> bool {
    let common = one.intersection(other).count();
    common * 100 >= one.len().min(other.len()) * SHARE_MIN_PERCENT
}
