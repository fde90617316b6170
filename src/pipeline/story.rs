//! Entries of different sources about one event. Precision first: showing a story twice is a nuisance,
//! hiding one is a bug.

use chrono::TimeDelta;

use super::text;
use crate::model::{Entry, EntryKey, IdentityKey, KeyKind, Known, SourceId, StoryReason, Timestamp};

/// Entries further apart than this are never one story (DESIGN §6).
const WINDOW_HOURS: i64 = 72;
/// A title of fewer words ("Weather", "نشرة الأخبار") is said of many events.
const TITLE_WORDS_MIN: usize = 4;
/// A title of fewer characters is, too, however many words it has.
const TITLE_CHARS_MIN: usize = 16;

/// The keys, over all sources, under which other coverage of the same event is found.
pub fn keys(canonical_link: Option<&str>, title: Option<&str>) -> Vec<(IdentityKey, StoryReason)> {
    let link = canonical_link
        .map(|link| (IdentityKey::new(KeyKind::StoryLink, [link.as_bytes()]), StoryReason::SameLink));
    let folded = text::fold(title.unwrap_or_default());
    let telling = folded.split(' ').count() >= TITLE_WORDS_MIN && folded.chars().count() >= TITLE_CHARS_MIN;
    let title =
        telling.then(|| (IdentityKey::new(KeyKind::StoryTitle, [folded.as_bytes()]), StoryReason::SameTitle));
    link.into_iter().chain(title).collect()
}

/// The story that an entry of `source`, published at `published`, continues, and why.
pub fn find(
    keys: &[(IdentityKey, StoryReason)],
    known: &Known,
    source: &SourceId,
    published: Timestamp,
) -> Option<(EntryKey, StoryReason)> {
    keys.iter().find_map(|(key, reason)| {
        let other = known.entries.get(known.keys.get(key)?)?;
        (other.source != *source && within_window(other.published, published))
            .then_some((other.story, *reason))
    })
}

/// Which of an entry's story keys shall lead to it from now on: those that nobody has, and those of
/// an event so long ago that the title has come back for another one.
pub fn claimed(keys: &[(IdentityKey, StoryReason)], known: &Known, entry: &Entry) -> Vec<IdentityKey> {
    let holder = |key: &IdentityKey| known.keys.get(key).and_then(|holder| known.entries.get(holder));
    keys.iter()
        .map(|(key, _)| *key)
        .filter(|key| {
            holder(key).is_none_or(|other| {
                other.published < entry.published && !within_window(other.published, entry.published)
            })
        })
        .collect()
}

fn within_window(one: Timestamp, other: Timestamp) -> bool {
    (one - other).abs() <= TimeDelta::hours(WINDOW_HOURS)
}
