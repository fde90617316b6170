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
/// A source is moved within this time before it is seen.
pub(super) const MOVING: TimeDelta = TimeDelta::hours(24);
/// All entries are put into a new CMS within this time.
const FILLING: TimeDelta = TimeDelta::hours(1);
/// So many must be dated by it.
const FILLED_MIN: usize = 3;
/// A title of fewer words comes back ("Weather", "Exchange rates today").
const TITLE_WORDS_MIN: usize = 4;

/// How the dates of a source changed when it moved; nothing where they agree, or where nothing shows it.
#[derive(Clone, Debug, Default)]
pub struct Shifts {
    /// By how many minutes they are off.
    pub minutes: Vec<i64>,
    /// Only the day is left of them: at which minutes of the day, in UTC, a day begins.
    pub midnights: Vec<i64>,
    /// Between which moments most of them were set anew, when the CMS was filled.
    filled: Option<(Timestamp, Timestamp)>,
}

impl Shifts {
    /// Lets the listed entries vote that were recognised, or whose title is known. One that recurs every hour is one
    /// voice, since its title leads to one entry only.
    pub(super) fn of(search: &Search<'_>) -> Self {
        let mut voices = Voices::new();
        for listed in search.unknown() {
            let holder = listed.title.and_then(|title| search.known.keys.get(&title));
            let Some(key) = holder.filter(|key| !search.taken.contains(key)) else { continue };
            let old = search.known.entries.get(key).map_or(Some(key.published()), |old| date(&old.said));
            let (Some(new), Some(old)) = (date(listed.said), old) else { continue };
            voices.entry(*key).or_default().push((new, old));
        }
        for (entry, old) in search.recognised() {
            let (Some(new), Some(before)) = (date(entry.said), date(&old.said)) else { continue };
            voices.entry(old.key).or_default().push((new, before));
        }
        let minutes = most(&voices, |new, old| Some(minutes(new - old)).filter(|shift| is_of_zone(*shift)));
        if !minutes.is_empty() {
            return Self { minutes, ..Self::default() };
        }
        let midnights = most(&voices, |new, old| is_cut(new, old).then(|| minute_of_day(new)));
        let filled = if midnights.is_empty() { filled(&voices) } else { None };
        Self { minutes, midnights, filled }
    }

    /// When an entry with this date may have been dated before.
    pub(super) fn origins(&self, new: Timestamp) -> Vec<Timestamp> {
        let shifted = self.minutes.iter().map(|shift| new - TimeDelta::minutes(*shift));
        std::iter::once(new).chain(shifted).collect()
    }

    /// Whether the difference is one of them.
    pub(super) fn explain(&self, new: Timestamp, old: Timestamp) -> bool {
        self.minutes.iter().any(|shift| near_enough(new, old + TimeDelta::minutes(*shift)))
    }

    /// Whether the date is the day of the other one, as those of the source are now.
    pub(super) fn cut(&self, new: Timestamp, old: Timestamp) -> bool {
        is_cut(new, old) && self.midnights.contains(&minute_of_day(new))
    }

    /// Whether this is no date of the entry, but that of the move.
    pub(super) fn are_of_the_move(&self, new: Timestamp) -> bool {
        self.filled.is_some_and(|(first, last)| first <= new && new <= last)
    }
}

type Voices = HashMap<EntryKey, Vec<(Timestamp, Timestamp)>>;

/// What most voices say, when several of them say it.
fn most(voices: &Voices, says: impl Fn(Timestamp, Timestamp) -> Option<i64>) -> Vec<i64> {
    let mut votes: HashMap<i64, usize> = HashMap::new();
    let mut all = 0;
    for dates in voices.values() {
        let said: HashSet<Option<i64>> = dates.iter().map(|(new, old)| says(*new, *old)).collect();
        all += said.len();
        said.into_iter().flatten().for_each(|said| *votes.entry(said).or_default() += 1);
    }
    let mut counted: Vec<(usize, i64)> = votes.into_iter().map(|(said, voices)| (voices, said)).collect();
    counted.sort_unstable_by_key(|(voices, said)| (std::cmp::Reverse(*voices), said.abs(), *said));
    counted.truncate(SHIFTS_MAX);
    counted.retain(|(voices, _)| *voices >= SHIFTED_MIN);
    let agreed: usize = counted.iter().map(|(voices, _)| voices).sum();
    if agreed * 2 <= all {
        return vec![];
    }
    counted.into_iter().map(|(_, said)| said).collect()
}

/// The short while in which most entries are dated that were of many days before.
fn filled(voices: &Voices) -> Option<(Timestamp, Timestamp)> {
    let mut dates: Vec<(Timestamp, Timestamp)> =
        voices.values().filter_map(|all| all.first().copied()).collect();
    dates.sort_unstable();
    let most = dates.len() / 2 + 1;
    let span = dates
        .windows(most.max(FILLED_MIN))
        .min_by_key(|some| some.last().zip(some.first()).map(|(a, b)| a.0 - b.0))?;
    let (first, last) = (span.first()?.0, span.last()?.0);
    let before = span.iter().map(|(_, old)| *old);
    let spread = before.clone().max()? - before.min()?;
    (last - first <= FILLING && spread > FILLING * 2).then(|| (first - FILLING, last + FILLING))
}

/// Whether a date may be what is left of the other one when only its day is kept, in whatever time zone.
pub(super) fn is_cut(new: Timestamp, old: Timestamp) -> bool {
    let is_whole = new.timestamp().rem_euclid(ZONE_STEP_MINUTES * 60) == 0;
    is_whole && new <= old && old - new < TimeDelta::hours(24)
}

/// Whether both may be of one day.
pub(super) fn same_day(one: Timestamp, other: Timestamp) -> bool {
    one.date_naive() == other.date_naive() || is_cut(one, other) || is_cut(other, one)
}

fn minute_of_day(at: Timestamp) -> i64 {
    at.timestamp().rem_euclid(86_400) / 60
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
    let words = |said: &FeedEntry| text::fold_markup(body(said));
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

/// The same, and that there are any.
pub(super) fn same_words(one: &FeedEntry, other: &FeedEntry) -> bool {
    !body(one).is_empty() && same_text(one, other)
}

/// Whether one text has most words of the other, or there is none.
pub(super) fn similar_text(one: &FeedEntry, other: &FeedEntry) -> bool {
    let words = |said: &FeedEntry| text::fold_markup(body(said));
    body(one) == body(other)
        || [one, other].iter().any(|said| body(said).is_empty())
        || alike(&words(one), &words(other))
}

/// Whether the titles share most of their words.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let words = |title: &str| title.split(' ').map(str::to_owned).collect::<HashSet<_>>();
    let (one, other) = (words(one), words(other));
    one.intersection(&other).count() * 2 > one.len().min(other.len())
}
