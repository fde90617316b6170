//! Questions answered: which stories have all that is wanted and nothing that is not, in which order.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::index::Index;
use super::lists::{self, Lists};
use super::query::Query;
use super::rank::{rank, rarity};
use crate::model::{EntryKey, SourceId};

/// What the words of a question weigh where there are none: only age counts.
const NO_SCORE: u64 = 0;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What matches best; what is newer counts for more. Of a story the best entry stands for it.
    Best,
    /// What was published last. Of a story the first entry stands for it, whatever follows.
    Newest,
}

/// A story that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The entries of it that were found; the one that stands for it first.
    pub entries: Vec<EntryKey>,
}

/// An entry that was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    rank: i64,
    key: EntryKey,
    story: EntryKey,
}

impl Index {
    /// The first `count_max` stories with entries of sources that `is_asked`, in order.
    pub fn find(
        &self,
        query: &Query,
        order: Order,
        count_max: usize,
        is_asked: impl Fn(&SourceId) -> bool,
    ) -> Vec<Hit> {
        let sources: Vec<bool> = self.sources.iter().map(is_asked).collect();
        let is_asked = |source: u32| sources.get(source as usize).copied().unwrap_or_default();
        stories(self.entries(query, is_asked), order, count_max)
    }

    /// All entries that match, in no order.
    fn entries(&self, query: &Query, is_asked: impl Fn(u32) -> bool) -> Vec<Found> {
        let last = query.wanted.len().saturating_sub(1);
        let parts = query.wanted.iter().enumerate();
        let wanted: Vec<Lists> = parts.map(|(at, part)| lists::lists(self, part, at == last)).collect();
        let unwanted: Vec<Lists> =
            query.unwanted.iter().map(|part| lists::lists(self, part, false)).collect();
        let all = self.len() as u64;
        let rarities: Vec<u64> = wanted.iter().map(|lists| rarity(lists::found(lists), all)).collect();
        let mut found = vec![];
        for (at, segment) in self.segments.values().enumerate() {
            let mut weighed = wanted.iter().map(|lists| of_segment(lists, at)).zip(&rarities);
            let mut left: Vec<(u32, u64)> = match weighed.next() {
                Some((first, rarity)) => {
                    first.iter().map(|(doc, weight)| (*doc, u64::from(*weight) * rarity)).collect()
                }
                None => (0..).take(segment.docs.len()).map(|doc| (doc, NO_SCORE)).collect(),
            };
            weighed.for_each(|(next, rarity)| intersect(&mut left, next, *rarity));
            for out in unwanted.iter().map(|lists| of_segment(lists, at)) {
                left.retain(|(doc, _)| out.binary_search_by_key(doc, |(other, _)| *other).is_err());
            }
            let docs = left.into_iter().filter_map(|(doc, score)| {
                Some((segment.docs.get(doc as usize).filter(|doc| !doc.is_dead)?, score))
            });
            found.extend(docs.filter(|(doc, _)| is_asked(doc.source)).map(|(doc, score)| Found {
                rank: rank(score, doc.key.published_millis()),
                key: doc.key,
                story: doc.story,
            }));
        }
        found
    }
}

fn of_segment(lists: &Lists, at: usize) -> &[(u32, u32)] {
    lists.get(at).map(Vec::as_slice).unwrap_or_default()
}

/// Leaves in `left` what is in `list` as well, with the sum of the scores. Both are in order.
fn intersect(left: &mut Vec<(u32, u64)>, list: &[(u32, u32)], rarity: u64) {
    let mut rest = list.iter().peekable();
    left.retain_mut(|(doc, score)| {
        while rest.next_if(|(other, _)| other < doc).is_some() {}
        let same = rest.peek().filter(|(other, _)| other == doc);
        same.inspect(|(_, weight)| *score += u64::from(*weight) * rarity).is_some()
    });
}

/// One hit a story, in order. What is equal otherwise is in order of (published, identity).
fn stories(found: Vec<Found>, order: Order, count_max: usize) -> Vec<Hit> {
    match order {
        Order::Best => best_stories(found, count_max),
        Order::Newest => newest_stories(found, count_max),
    }
}

fn best_stories(mut found: Vec<Found>, count_max: usize) -> Vec<Hit> {
    // Stories have few entries each, so those of the first stories are among the first so many.
    let enough = count_max.saturating_mul(4);
    let place = |one: &Found| (Reverse(one.rank), Reverse(one.key));
    if found.len() > enough {
        found.select_nth_unstable_by_key(enough, place);
        found.truncate(enough);
    }
    found.sort_unstable_by_key(place);
    let mut places: HashMap<EntryKey, usize> = HashMap::with_capacity(found.len());
    let mut hits: Vec<Hit> = vec![];
    for one in found {
        if let Some(hit) = places.get(&one.story).and_then(|place| hits.get_mut(*place)) {
            hit.entries.push(one.key);
        } else {
            places.insert(one.story, hits.len());
            hits.push(Hit { entries: vec![one.key] });
        }
    }
    hits.truncate(count_max);
    hits
}

fn newest_stories(found: Vec<Found>, count_max: usize) -> Vec<Hit> {
    // Most stories are one entry, which need not be looked for among others.
    let (mut leads, mut others): (Vec<Found>, Vec<Found>) =
        found.into_iter().partition(|one| one.key == one.story);
    others.sort_unstable_by_key(|one| (one.story, one.key));
    let mut told: HashMap<EntryKey, &[Found]> = others
        .chunk_by(|one, other| one.story == other.story)
        .filter_map(|story| Some((story.first()?.story, story)))
        .collect();
    let led: HashSet<EntryKey> =
        leads.iter().map(|lead| lead.story).filter(|story| told.contains_key(story)).collect();
    // Where the first entry of a story was not found, the oldest of the others leads.
    leads.extend(told.iter_mut().filter(|(story, _)| !led.contains(*story)).filter_map(|(_, others)| {
        let (oldest, rest) = others.split_first()?;
        *others = rest;
        Some(*oldest)
    }));
    let place = |one: &Found| Reverse(one.key);
    if leads.len() > count_max {
        leads.select_nth_unstable_by_key(count_max, place);
        leads.truncate(count_max);
    }
    leads.sort_unstable_by_key(place);
    let hit = |lead: Found| {
        let others = told.get(&lead.story).copied().unwrap_or_default();
        Hit { entries: std::iter::once(lead.key).chain(others.iter().map(|one| one.key)).collect() }
    };
    leads.into_iter().map(hit).collect()
}
