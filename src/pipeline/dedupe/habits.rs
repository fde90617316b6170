//! Which keys of a source hold from one document to the next, and whether most of its entries were renamed.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::{Keyed, Match, Matched, canonical_page, given_link, without_query};
use crate::model::{
    Digest, Entry, FeedEntry, Habit, Habits, IdentityKind, Known, Problem, Renamed, Timestamp, Trust,
};
use crate::pipeline::link;

/// After so many documents in a row in which most known entries came under another key, it is none.
const STRIKES_MAX: u8 = 2;
/// After so many documents in a row in which most stayed, it is one again,
const STEADY_MIN: u8 = 4;
/// if they came over at least this time: a page that is rebuilt once an hour looks steady in between.
const STEADY_FOR: TimeDelta = TimeDelta::hours(24);

/// One entry with another link is a correction, as many a source that has moved.
const RELOCATED_MIN: usize = 3;

/// So many entries with other ids are more than a handful.
const PART_MIN: usize = 6;

/// What a document shows of its source's keys.
#[derive(Debug, Default)]
pub struct Judged {
    /// What is known of them from now on.
    pub habits: Habits,
    /// That most known entries came under other ids or links.
    pub renamed: Option<Renamed>,
    /// How many came so, where it was not most of them, yet more than a handful.
    pub moved_in_part: usize,
    /// Whether most known entries link to another place than before, and so say nothing new by it.
    pub is_relocation: bool,
    /// By what the entries were keyed.
    pub trust: Trust,
    /// Whether those before were keyed, and hashed, by something else.
    pub is_keyed_anew: bool,
    /// Whether the guids have stopped to be keys, or are keys again and must be learnt.
    pub guids: Turn,
    /// What the admin should hear of.
    pub problems: Vec<Problem>,
}

impl Judged {
    /// Of a part of a document, which shows nothing of what most entries do.
    pub fn part(habits: &Habits) -> Self {
        let trust = habits.trust();
        let is_keyed_anew = habits.read_by != trust;
        Self { habits: habits.clone(), trust, is_keyed_anew, ..Self::default() }
    }
}

/// Judges a document that came whole, whose entries were `found` among the known ones.
pub fn judge(
    habits: &Habits,
    entries: &[Keyed<'_>],
    matched: &Matched,
    known: &Known,
    now: Timestamp,
) -> Judged {
    let Matched { found, shifts } = matched;
    let counts = Counts::of(entries, found, known);
    let mut judged = Judged::part(habits);
    let trust = judged.trust;
    judged.habits.read_by = trust;
    judged.is_relocation = counts.is_relocation();
    let guids = if trust.guids {
        let is_useless = entries.iter().any(|entry| entry.guid_is_useless);
        let has_changed = counts.reguided * 2 > counts.guided || counts.reused * 2 > counts.guided;
        let strikes = if is_useless { STRIKES_MAX } else { u8::from(has_changed) };
        strike(&mut judged.habits.guids, strikes, counts.guided > 0 || is_useless, now)
    } else {
        let tell_apart = !entries.iter().any(|entry| entry.guid_is_useless);
        let sample = sample(entries, |said| said.id.as_deref().map(str::to_owned));
        watch(&mut judged.habits.guids, sample, tell_apart, now)
    };
    let (links, paths) = judge_links(&mut judged.habits, &counts, trust, entries, now);
    judged.guids = guids;
    let turns = [("guids", guids), ("links", links), ("links without their queries", paths)];
    judged.problems = [Turn::Away, Turn::Back].into_iter().filter_map(|turn| turn.problem(&turns)).collect();
    let is_turning = !judged.problems.is_empty() || judged.is_keyed_anew;
    let how = if is_turning { None } else { how(habits, &counts, judged.is_relocation) };
    let (minutes, midnights) = (shifts.minutes.clone(), shifts.midnights.clone());
    judged.renamed = how.map(|(count, how)| Renamed { at: now, count, how, minutes, midnights });
    if !is_turning && judged.renamed.is_none() && counts.moved >= PART_MIN {
        judged.moved_in_part = counts.moved;
    }
    judged.habits.named_by = most_common(entries).or(habits.named_by);
    judged
}

/// What happened to most of the entries that were recognised, if anything did.
fn how(habits: &Habits, counts: &Counts, is_relocation: bool) -> Option<(usize, String)> {
    let kept = "they were recognised by link or title and keep their old ones";
    // Later, a few that were away come back as well.
    let has_moved = counts.moved * 2 > counts.known;
    let lost = habits.named_by == Some(IdentityKind::Guid) && counts.unguided * 2 > counts.known;
    if counts.reguided > 0 && (has_moved || counts.reguided * 2 > counts.known) {
        return Some((counts.reguided, format!("most entries came under new ids; {kept}")));
    }
    if has_moved {
        return Some((counts.moved, format!("most entries came under new links; {kept}")));
    }
    if lost {
        return Some((counts.unguided, format!("most entries came without the ids that they had; {kept}")));
    }
    let relocated = || "most entries came with other links; their ids stay".to_owned();
    is_relocation.then(|| (counts.relocated.max(counts.relinked), relocated()))
}

fn judge_links(
    habits: &mut Habits,
    counts: &Counts,
    trust: Trust,
    entries: &[Keyed<'_>],
    now: Timestamp,
) -> (Turn, Turn) {
    let has_links = counts.linked > 0;
    let mut paths = Turn::None;
    if trust.paths {
        let has_changed = counts.repathed * 2 > counts.linked;
        paths = strike(&mut habits.paths, u8::from(has_changed), has_links, now);
    } else {
        let path = |said: &FeedEntry| Some(without_query(&link::canonical(given_link(said)?)?).to_owned());
        paths = watch(&mut habits.paths, sample(entries, path), true, now).or(paths);
    }
    let links = if trust.links {
        let has_changed = counts.relinked * 2 > counts.linked;
        strike(&mut habits.links, u8::from(has_changed), has_links, now)
    } else {
        let whole = |said: &FeedEntry| link::canonical(given_link(said)?);
        watch(&mut habits.links, sample(entries, whole), true, now)
    };
    // With the links, the paths are lost as well; that is one thing to tell.
    let paths = if links == paths { Turn::None } else { paths };
    (links, paths)
}

/// Whether a kind of key has stopped being one, or is one again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Neither.
    #[default]
    None,
    /// It is none from now on.
    Away,
    /// It is one again.
    Back,
}

impl Turn {
    fn or(self, other: Self) -> Self {
        if self == Self::None { other } else { self }
    }

    /// What the admin hears of those that have turned this way.
    fn problem(self, turns: &[(&str, Self)]) -> Option<Problem> {
        let which: Vec<&str> =
            turns.iter().filter(|(_, turn)| *turn == self).map(|(what, _)| *what).collect();
        let which = which.join(" and ");
        let (code, what) = match self {
            _ if which.is_empty() => return None,
            Self::None => return None,
            Self::Away => (
                "keys-volatile",
                "change with every fetch, or are the same for all: its entries are recognised without them",
            ),
            Self::Back => {
                ("keys-steady", "have stayed for a while: its entries are recognised by them again")
            }
        };
        Some(Problem::new(code, format!("its {which} {what}")))
    }
}

/// Counts against a key, or takes all back that was counted; a document without known entries does neither.
fn strike(habit: &mut Habit, strikes: u8, says_something: bool, now: Timestamp) -> Turn {
    if !says_something {
        return Turn::None;
    }
    habit.strikes = if strikes == 0 { 0 } else { habit.strikes.saturating_add(strikes) };
    if habit.strikes < STRIKES_MAX {
        return Turn::None;
    }
    *habit = Habit { volatile_since: Some(now), ..Habit::default() };
    Turn::Away
}

/// Sees whether a key that was given up stays as it was.
fn watch(habit: &mut Habit, sample: Vec<Digest>, tell_apart: bool, now: Timestamp) -> Turn {
    let before: HashSet<&Digest> = habit.sample.iter().collect();
    let stayed = sample.iter().filter(|digest| before.contains(digest)).count();
    let few = before.len().min(sample.len());
    let is_steady = tell_apart && few > 1 && stayed * 2 > few;
    habit.steady = if is_steady { habit.steady.saturating_add(1) } else { 0 };
    habit.steady_since = is_steady.then(|| habit.steady_since.unwrap_or(now));
    habit.sample = sample;
    if habit.steady < STEADY_MIN || habit.steady_since.is_none_or(|since| now - since < STEADY_FOR) {
        return Turn::None;
    }
    *habit = Habit::default();
    Turn::Back
}

/// The least hashes of what each entry has: those of two documents overlap where what they list does.
fn sample(entries: &[Keyed<'_>], value: impl Fn(&FeedEntry) -> Option<String>) -> Vec<Digest> {
    let values = entries.iter().filter_map(|entry| value(entry.said));
    let mut sample: Vec<Digest> = values.map(|value| Digest::of([value.as_bytes()])).collect();
    sample.sort_unstable();
    sample.dedup();
    sample.truncate(Habit::SAMPLE_MAX);
    sample
}

fn most_common(entries: &[Keyed<'_>]) -> Option<IdentityKind> {
    let mut kinds = [IdentityKind::Guid, IdentityKind::Link, IdentityKind::Content].into_iter();
    kinds.find(|kind| entries.iter().filter(|entry| entry.identity.kind == *kind).count() * 2 > entries.len())
}

/// How many of the entries of a document that are known came how.
#[derive(Default)]
struct Counts {
    known: usize,
    /// By the rules of a move.
    moved: usize,
    /// With a guid.
    guided: usize,
    /// Under a guid that nobody knew.
    reguided: usize,
    /// Under a guid that was another entry's, to all appearance.
    reused: usize,
    /// Without one, though they were named after one.
    unguided: usize,
    /// With a link that tells entries apart.
    linked: usize,
    /// Under a link that nobody knew.
    relinked: usize,
    /// The same of the link without its query.
    repathed: usize,
    relocated: usize,
}

impl Counts {
    fn is_relocation(&self) -> bool {
        let changed = self.relocated.max(self.relinked);
        changed >= RELOCATED_MIN && (self.relocated * 2 > self.known || self.relinked * 2 > self.linked)
    }

    fn of(entries: &[Keyed<'_>], found: &[Option<Match>], known: &Known) -> Self {
        let mut counts = Self::default();
        for (entry, found) in entries.iter().zip(found) {
            let Some(found) = found else { continue };
            counts.known += 1;
            counts.moved += usize::from(found.moved);
            counts.guided += usize::from(entry.guid.is_some());
            let is_new = |key| !known.keys.contains_key(&key);
            counts.reguided += usize::from(entry.guid.is_some_and(is_new));
            let Some(old) = known.entries.get(&found.key) else { continue };
            counts.linked += usize::from(entry.link_key.is_some());
            let was_by_guid = old.identity.kind == IdentityKind::Guid;
            counts.unguided += usize::from(was_by_guid && entry.said.id.as_deref().is_none_or(str::is_empty));
            // A link that an earlier version had in another canonical form is the same.
            let is_other_page =
                || canonical_page(entry.said, entry.trust) != canonical_page(&old.said, entry.trust);
            let is_relinked = entry.link_key.is_some_and(is_new) && is_other_page();
            let page = |said| canonical_page(said, Trust { links: false, ..entry.trust });
            counts.relinked += usize::from(is_relinked);
            counts.repathed += usize::from(is_relinked && page(entry.said) != page(&old.said));
            counts.relocated += usize::from(super::is_relocated(&old.said, entry.said));
            let by_guid = entry.guid.is_some_and(|guid| known.keys.get(&guid) == Some(&found.key));
            counts.reused += usize::from(by_guid && is_another(entry.said, old));
        }
        counts
    }
}

/// Whether title, link, date and text all speak against it that this is the known entry.
fn is_another(said: &FeedEntry, old: &Entry) -> bool {
    let old = &old.said;
    let differ =
        |one: &Option<String>, two: &Option<String>| matches!((one, two), (Some(a), Some(b)) if a != b);
    differ(&said.title, &old.title)
        && differ(&said.link, &old.link)
        && matches!((said.published, old.published), (Some(a), Some(b)) if a != b)
        && super::body(said) != super::body(old)
        && canonical_page(said, Trust::default()) != canonical_page(old, Trust::default())
}
