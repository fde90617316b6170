//! What readers open most, among the stories that the sections show.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

use super::{by_story, laid_out, share};
use crate::model::{Clicks, Entry, EntryKey, Hour, Section, SectionFeed, SourceCard, SourceId};

/// A click counts half as much after so many hours.
const HALF_LIFE_HOURS: Hour = 12;
/// What a click counts so many hours before the end of a half-life: 2 to the power of minus n twelfths. Written
/// out, because a power that is computed may differ in its last bit from machine to machine.
const WEIGHTS: [f64; HALF_LIFE_HOURS as usize] = [
    1.0,
    0.943_874_312_681_694,
    0.890_898_718_140_339_3,
    0.840_896_415_253_714_6,
    0.793_700_525_984_099_8,
    0.749_153_538_438_340_8,
    FRAC_1_SQRT_2,
    0.667_419_927_085_017_3,
    0.629_960_524_947_436_6,
    0.594_603_557_501_360_6,
    0.561_231_024_154_686_5,
    0.529_731_547_179_647_6,
];

/// A story that may be shown.
struct Told {
    lead: Arc<Entry>,
    score: f64,
    /// How many sources carry it.
    sources: usize,
}

/// What `section` shows of the stories in `feeds`: those that readers opened most, then those that most sources
/// carry, then the newest. `entries` are all that any section may show; so a story is led by the same entry as where
/// all sources are.
pub fn most_read(
    section: &Section,
    feeds: &[SectionFeed],
    entries: Vec<Arc<Entry>>,
    clicks: &Clicks,
    sources: &BTreeMap<SourceId, Arc<SourceCard>>,
    weights: &BTreeMap<SourceId, u32>,
) -> SectionFeed {
    let shown: HashSet<EntryKey> =
        feeds.iter().flat_map(|feed| &feed.placed).map(|placed| placed.entry.key).collect();
    let mut stories = by_story(entries);
    stories.retain(|story| story.iter().any(|entry| shown.contains(&entry.key)));
    let latest = clicks.latest_hour().unwrap_or_default();
    let told = stories.iter().filter_map(|story| {
        let score = story.iter().map(|entry| score(clicks, entry.key, latest)).sum();
        Some(Told { lead: Arc::clone(story.first()?), score, sources: story.len() })
    });
    let mut told: Vec<Told> = told.collect();
    told.sort_by(|a, b| {
        let newest = || (b.lead.published, &b.lead.id).cmp(&(a.lead.published, &a.lead.id));
        b.score.total_cmp(&a.score).then(b.sources.cmp(&a.sources)).then_with(newest)
    });
    let chosen = fairly(told.into_iter().map(|one| one.lead), section, weights);
    laid_out(section, chosen, stories, sources)
}

/// The sum of an entry's clicks, each by its age. The order of such sums is the same whenever it is looked at, so it
/// needs no clock: ages are counted from the end of the half-life in which the last click was. Another end only
/// halves all of them, and halves are exact.
fn score(clicks: &Clicks, entry: EntryKey, latest: Hour) -> f64 {
    let end = (latest / HALF_LIFE_HOURS + 1) * HALF_LIFE_HOURS;
    let weight = |hour: Hour| {
        let age = end.saturating_sub(hour);
        let part = WEIGHTS.get((age % HALF_LIFE_HOURS) as usize).copied().unwrap_or_default();
        let halves = i32::try_from(age / HALF_LIFE_HOURS).unwrap_or(i32::MAX);
        part * 0.5_f64.powi(halves)
    };
    clicks.of(entry).map(|(hour, count)| f64::from(count) * weight(hour)).sum()
}

/// As many as the section shows, in their order; a source has more than its share only where others leave room.
fn fairly(
    entries: impl Iterator<Item = Arc<Entry>>,
    section: &Section,
    weights: &BTreeMap<SourceId, u32>,
) -> Vec<Arc<Entry>> {
    let mut counts: HashMap<SourceId, usize> = HashMap::new();
    let (mut within, mut beyond) = (vec![], vec![]);
    for (place, entry) in entries.enumerate() {
        let count = counts.entry(entry.source.clone()).or_insert(0);
        *count += 1;
        let is_within = *count <= share(&entry.source, section.limits.per_source_max, weights);
        if is_within { &mut within } else { &mut beyond }.push((place, entry));
    }
    within.truncate(section.limits.entries_max);
    beyond.truncate(section.limits.entries_max - within.len());
    within.append(&mut beyond);
    within.sort_by_key(|(place, _)| *place);
    within.into_iter().map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Click;

    #[test]
    fn weights_are_the_twelfths_of_a_half() {
        for (twelfths, weight) in WEIGHTS.iter().enumerate() {
            let twelfths = f64::from(u32::try_from(twelfths).unwrap());
            assert!((weight - (-twelfths / 12.0).exp2()).abs() < 1e-15, "{twelfths}");
        }
    }

    #[test]
    fn clicks_decay_and_keep_their_order() {
        let [one, two] = [1, 2].map(|n| EntryKey([n; 16]));
        let mut clicks = Clicks::default();
        clicks.add(Click { entry: one, hour: 1000, count: 3 });
        clicks.add(Click { entry: two, hour: 1000 + HALF_LIFE_HOURS, count: 2 });
        let scores = |latest| [score(&clicks, one, latest), score(&clicks, two, latest)];
        // Three clicks of twelve hours ago are one and a half of now.
        let [first, second] = scores(1000 + HALF_LIFE_HOURS);
        assert!(second > first && (first / second - 0.75).abs() < 1e-12);
        // A quarter as much two half-lives later, to the bit.
        let bits = |scores: [f64; 2]| scores.map(f64::to_bits);
        assert_eq!(bits(scores(1000 + 3 * HALF_LIFE_HOURS)), bits([first / 4.0, second / 4.0]));
    }
}
