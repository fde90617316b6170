//! Candidates of a section to what it shows: order, one entry a story, a fair share for every source.

mod facts;
mod most_read;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use self::facts::Facts;
use crate::model::{
    Also, Digest, Entry, EntryKey, Placed, PublishLimits, Removed, Section, SectionFeed, SourceCard,
    SourceId, Timestamp,
};

pub use most_read::most_read;

/// Other coverage listed with one entry.
const ALSO_MAX: usize = 20;

/// What `section` shows of `candidates`, which all belong to it, in any order.
pub fn merge(
    section: &Section,
    candidates: Vec<Arc<Entry>>,
    sources: &BTreeMap<SourceId, Arc<SourceCard>>,
    weights: &BTreeMap<SourceId, u32>,
) -> SectionFeed {
    let stories = stories(section, candidates);
    let leads = leads(&stories);
    let chosen = choose(leads, section.limits.entries_max, section.limits.per_source_max, weights);
    laid_out(section, chosen, stories, sources)
}

/// `chosen`, in their order, each with the others of its story.
fn laid_out(
    section: &Section,
    chosen: Vec<Arc<Entry>>,
    stories: Vec<Vec<Arc<Entry>>>,
    sources: &BTreeMap<SourceId, Arc<SourceCard>>,
) -> SectionFeed {
    let shown: HashSet<EntryKey> = chosen.iter().map(|entry| entry.key).collect();
    let mut others: HashMap<EntryKey, Vec<Arc<Entry>>> = stories
        .into_iter()
        .filter(|story| story.len() > 1 && story.first().is_some_and(|lead| shown.contains(&lead.key)))
        .map(|mut story| (story.remove(0).key, story))
        .collect();
    let placed: Vec<Placed> = chosen
        .into_iter()
        .filter_map(|entry| {
            let source = Arc::clone(sources.get(&entry.source)?);
            let rest = others.remove(&entry.key).unwrap_or_default();
            Some(Placed { also: also(&entry, &rest, sources), related: vec![], entry, source })
        })
        .collect();
    let updated = placed.iter().flat_map(changes).max().unwrap_or_default();
    let fingerprint = fingerprint(section, &placed);
    SectionFeed { section: section.clone(), placed, removed: vec![], archive: None, updated, fingerprint }
}

/// Lets every entry of a feed name the stories that are related to it.
pub fn relate(
    feed: &mut SectionFeed,
    related: &BTreeMap<EntryKey, Vec<Arc<Entry>>>,
    sources: &BTreeMap<SourceId, Arc<SourceCard>>,
) {
    let mut facts = Facts::default();
    for placed in &mut feed.placed {
        placed.related = related
            .get(&placed.entry.key)
            .into_iter()
            .flatten()
            .filter_map(|one| card(one, sources))
            .collect();
        for one in &placed.related {
            feed.updated = feed.updated.max(one.entry.changed_at());
            facts.key(placed.entry.key);
            facts.entry(&one.entry, &one.source);
        }
    }
    if !facts.is_empty() {
        feed.fingerprint = Digest::of([&feed.fingerprint.0, facts.bytes()]);
    }
}

/// Lets a feed say what was taken out of it, and where its older entries are.
pub fn annotate(feed: &mut SectionFeed, removed: &[Removed], archive: Option<u64>) {
    if removed.is_empty() && archive.is_none() {
        return;
    }
    feed.removed = removed.to_vec();
    feed.archive = archive;
    feed.updated = removed.iter().map(|one| one.at).max().unwrap_or_default().max(feed.updated);
    let facts = format!("{removed:?} {archive:?}");
    feed.fingerprint = Digest::of([&feed.fingerprint.0[..], facts.as_bytes()]);
}

/// At most `entries_max` of `entries`, newest first by (published, id). While others have entries to
/// show, no source has more than `per_source_max` times its weight.
pub fn choose(
    mut entries: Vec<Arc<Entry>>,
    entries_max: usize,
    per_source_max: usize,
    weights: &BTreeMap<SourceId, u32>,
) -> Vec<Arc<Entry>> {
    newest_first(&mut entries);
    let mut counts: HashMap<&SourceId, usize> = HashMap::new();
    let mut within = Vec::with_capacity(entries_max);
    let mut beyond = Vec::new();
    for entry in &entries {
        if within.len() == entries_max {
            break;
        }
        let count = counts.entry(&entry.source).or_insert(0);
        *count += 1;
        if *count <= share(&entry.source, per_source_max, weights) {
            within.push(Arc::clone(entry));
        } else {
            beyond.push(Arc::clone(entry));
        }
    }
    beyond.truncate(entries_max - within.len());
    within.append(&mut beyond);
    newest_first(&mut within);
    within
}

/// How many of `entries` stand within the fair shares of their sources.
pub fn fair_count(entries: &[Arc<Entry>], per_source_max: usize, weights: &BTreeMap<SourceId, u32>) -> usize {
    let mut counts: HashMap<&SourceId, usize> = HashMap::new();
    entries.iter().for_each(|entry| *counts.entry(&entry.source).or_insert(0) += 1);
    counts.into_iter().map(|(source, count)| count.min(share(source, per_source_max, weights))).sum()
}

/// Which of `placed` stand at the head of a front page that has room for `count_max`: the newest, but while others
/// have entries to show, no source has more than its share of a whole feed gives it here.
pub fn head(
    placed: &[Placed],
    count_max: usize,
    limits: PublishLimits,
    weights: &BTreeMap<SourceId, u32>,
) -> Vec<Placed> {
    let per_source_max = (limits.per_source_max * count_max).div_ceil(limits.entries_max.max(1));
    let mut counts: HashMap<&SourceId, usize> = HashMap::new();
    let (mut within, mut beyond) = (vec![], vec![]);
    for (index, one) in placed.iter().enumerate() {
        let count = counts.entry(&one.entry.source).or_insert(0);
        *count += 1;
        let fits = *count <= share(&one.entry.source, per_source_max, weights);
        if fits { within.push(index) } else { beyond.push(index) }
    }
    let mut chosen: Vec<usize> = within.into_iter().chain(beyond).take(count_max).collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|index| placed.get(index)).cloned().collect()
}

fn share(source: &SourceId, per_source_max: usize, weights: &BTreeMap<SourceId, u32>) -> usize {
    let percent = weights.get(source).copied().unwrap_or(100) as usize;
    (per_source_max * percent).div_ceil(100).max(1)
}

fn newest_first(entries: &mut [Arc<Entry>]) {
    entries.sort_by(|a, b| (b.published, &b.id).cmp(&(a.published, &a.id)));
}

/// Groups entries by story; in each, the entry that was seen first here stands in front and stays there.
///
/// A second entry of one source is never hidden behind the first: it stands alone.
pub fn by_story(mut entries: Vec<Arc<Entry>>) -> Vec<Vec<Arc<Entry>>> {
    // In order of their keys, as they come, most are so already: they stand alone.
    entries.sort_by_key(|entry| entry.story);
    let mut stories = Vec::with_capacity(entries.len());
    let mut rest = entries.into_iter().peekable();
    while let Some(first) = rest.next() {
        let key = first.story;
        let mut members = vec![first];
        members.extend(std::iter::from_fn(|| rest.next_if(|entry| entry.story == key)));
        if members.len() == 1 {
            stories.push(members);
            continue;
        }
        members.sort_by_key(|entry| {
            (entry.key != entry.story, entry.first_seen, entry.first_seen_millis, entry.key)
        });
        let mut story: Vec<Arc<Entry>> = Vec::with_capacity(members.len());
        for entry in members {
            if story.iter().any(|earlier| earlier.source == entry.source) {
                stories.push(vec![entry]);
            } else {
                story.push(entry);
            }
        }
        stories.push(story);
    }
    stories
}

/// `entries` as `section` shows them: story by story, or each by itself where it has no stories.
pub fn stories(section: &Section, entries: Vec<Arc<Entry>>) -> Vec<Vec<Arc<Entry>>> {
    if section.stories { by_story(entries) } else { entries.into_iter().map(|entry| vec![entry]).collect() }
}

/// The entries that stand for their stories.
pub fn leads(stories: &[Vec<Arc<Entry>>]) -> Vec<Arc<Entry>> {
    stories.iter().filter_map(|story| story.first()).map(Arc::clone).collect()
}

/// The other coverage of `lead`'s story, each source named once.
pub fn also(lead: &Entry, rest: &[Arc<Entry>], sources: &BTreeMap<SourceId, Arc<SourceCard>>) -> Vec<Also> {
    let mut listed = vec![&lead.source];
    let mut others: Vec<&Arc<Entry>> = Vec::new();
    // A source that tells the story twice is named once.
    for entry in rest {
        if !listed.contains(&&entry.source) {
            listed.push(&entry.source);
            others.push(entry);
        }
    }
    others.into_iter().filter_map(|entry| card(entry, sources)).take(ALSO_MAX).collect()
}

/// An entry with its source.
pub fn card(entry: &Arc<Entry>, sources: &BTreeMap<SourceId, Arc<SourceCard>>) -> Option<Also> {
    Some(Also { entry: Arc::clone(entry), source: Arc::clone(sources.get(&entry.source)?) })
}

/// A reader sees something new when an entry changes, when another source joins its story, and when that
/// coverage changes.
fn changes(placed: &Placed) -> impl Iterator<Item = Timestamp> + '_ {
    let others = placed.also.iter().map(|also| also.entry.changed_at());
    std::iter::once(placed.entry.changed_at()).chain(others)
}

fn fingerprint(section: &Section, placed: &[Placed]) -> Digest {
    let mut facts = Facts::default();
    for one in placed {
        facts.entry(&one.entry, &one.source);
        one.also.iter().for_each(|also| facts.entry(&also.entry, &also.source));
        facts.end();
    }
    Digest::of([format!("{section:?}").as_bytes(), facts.bytes()])
}
