//! No source owns a section, a feed or the front page, however much it brings at once.

use nashra::model::*;
use nashra::pipeline::{self, Edition, lay_out};
use proptest::prelude::*;

use super::*;

/// As many entries as the worst of the known sources has brought at once.
const FLOOD: usize = 845;

/// `count` entries, one a minute back from `newest`.
fn listed(source: &str, count: usize, newest: &str) -> Vec<FeedEntry> {
    let entry = |n: usize| {
        let published = at(newest) - chrono::TimeDelta::minutes(i64::try_from(n).unwrap());
        let id = format!("urn:{source}:{n}");
        let link = format!("https://{source}.example/{n}");
        FeedEntry { published: Some(published), ..said(&id, &format!("{source} {n}"), &link, "") }
    };
    (0..count).map(entry).collect()
}

/// Sources with how much they list, the newest first, and their weights in percent.
fn filled(sources: &[(&str, usize, u32)]) -> (Memory, Vec<Source>) {
    let mut memory = Memory::default();
    let of = |(index, (id, count, weight)): (usize, &(&str, usize, u32))| {
        let source = Source { weight_percent: *weight, ..source(id, &["sport"]) };
        let newest = at("2026-11-20T10:00:00Z") - chrono::TimeDelta::days(i64::try_from(index).unwrap());
        memory.poll(&source, &brought(listed(id, *count, &newest.to_rfc3339()), NOW));
        source
    };
    let sources = sources.iter().enumerate().map(of).collect();
    (memory, sources)
}

fn feed(memory: &Memory, sources: &[Source], section: Section) -> SectionFeed {
    let edition = Edition::new(site(), vec![section], sources);
    lay_out(&edition, &memory.window(sources)).remove(0)
}

fn counts(feed: &SectionFeed) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    feed.placed.iter().for_each(|placed| *counts.entry(&placed.source.id.0).or_default() += 1);
    counts.into_iter().collect()
}

#[test]
fn a_flood_gets_its_share_and_what_others_leave() {
    let check = |sources: &[(&str, usize, u32)], expected: &[(&str, usize)]| {
        let (memory, sources) = filled(sources);
        for id in ["sport", "latest"] {
            assert_eq!(counts(&feed(&memory, &sources, section(id, 50, 20))), expected, "{id}");
        }
    };
    check(&[("a", FLOOD, 100), ("b", 60, 100), ("c", 60, 100)], &[("a", 20), ("b", 20), ("c", 10)]);
    check(&[("a", FLOOD, 50), ("b", 60, 100), ("c", 60, 100)], &[("a", 10), ("b", 20), ("c", 20)]);
    check(&[("a", FLOOD, 200), ("b", 60, 100), ("c", 60, 100)], &[("a", 40), ("b", 10)]);
    check(&[("a", FLOOD, 50), ("b", 25, 200), ("c", 60, 1)], &[("a", 24), ("b", 25), ("c", 1)]);
    check(&[("a", FLOOD, 100), ("b", 3, 100)], &[("a", 47), ("b", 3)]);
    check(&[("a", FLOOD, 1)], &[("a", 50)]);
}

/// The others' entries are all older than the flood, so without shares the front page would be the flood's alone.
#[test]
fn the_front_page_is_shared_as_well() {
    let (memory, sources) = filled(&[("a", FLOOD, 100), ("b", 60, 100), ("c", 60, 100)]);
    let edition = Edition::new(site(), vec![section("latest", 50, 20), section("sport", 50, 20)], &sources);
    let published = pipeline::publish(&edition, &memory.window(&sources), &Published::default());
    let page = String::from_utf8(published.documents["/"].identity.to_vec()).unwrap();
    let (first, second) = page.split_at(page.find("id=\"sport\"").unwrap());
    let cards = |block: &str, id: &str| (0..FLOOD).filter(|n| block.contains(&format!(">{id} {n}<"))).count();
    assert_eq!(["a", "b", "c"].map(|id| cards(first, id)), [5, 5, 1]);
    assert_eq!(["a", "b", "c"].map(|id| cards(second, id)), [3, 3, 0]);
}

/// What is listed beside another entry takes nobody's place.
#[test]
fn other_coverage_does_not_count() {
    let sources = ["a", "b"].map(|id| source(id, &["sport"]));
    let wire = |source: &str| -> Vec<FeedEntry> {
        let entry = |(n, entry): (usize, FeedEntry)| FeedEntry {
            link: Some(format!("https://wire.example/{n}")),
            ..entry
        };
        listed(source, 30, "2026-11-20T10:00:00Z").into_iter().enumerate().map(entry).collect()
    };
    let mut memory = Memory::default();
    memory.poll(&sources[0], &brought(wire("a"), "2026-11-20T11:00:00Z"));
    let own = listed("b", 5, "2026-11-10T10:00:00Z").into_iter().map(|entry| FeedEntry {
        id: entry.id.map(|id| format!("{id}:own")),
        link: entry.link.map(|link| format!("{link}/own")),
        title: entry.title.map(|title| format!("{title} of its own")),
        ..entry
    });
    let listed: Vec<FeedEntry> = wire("b").into_iter().chain(own).collect();
    memory.poll(&sources[1], &brought(listed, NOW));
    let feed = feed(&memory, &sources, section("sport", 10, 5));
    assert_eq!(counts(&feed), [("a", 5), ("b", 5)]);
    assert_eq!(feed.placed.iter().filter(|placed| !placed.also.is_empty()).count(), 5);
}

/// What a new source has had before comes in the order of its dates, and nothing that was there changes its place
/// among the others.
#[test]
fn a_history_comes_in_date_order() {
    let sources = ["a", "b"].map(|id| source(id, &["sport"]));
    let mut memory = Memory::default();
    memory.poll(&sources[0], &brought(listed("a", 10, "2026-11-20T10:00:00Z"), "2026-11-20T11:00:00Z"));
    let ids = |memory: &Memory| -> Vec<String> {
        let feed = feed(memory, &sources, section("sport", 50, 20));
        feed.placed.iter().map(|placed| placed.entry.id.clone()).collect()
    };
    let before = ids(&memory);
    memory.poll(&sources[1], &brought(listed("b", FLOOD, "2026-11-20T09:55:30Z"), NOW));
    assert!(memory.entries.values().filter(|entry| entry.source.0 == "b").all(|entry| entry.backfill));
    let after = ids(&memory);
    assert_eq!(after.iter().take(5).collect::<Vec<_>>(), before.iter().take(5).collect::<Vec<_>>());
    assert!(after[5].starts_with("urn:b:"));
    let old: Vec<&String> = after.iter().filter(|id| id.starts_with("urn:a:")).collect();
    assert_eq!(old, before.iter().collect::<Vec<_>>());
}

proptest! {
    /// No source has more than its share while another one has an entry that is left out.
    #[test]
    fn shares_are_kept(
        sizes in prop::collection::vec((0_usize..80, prop::sample::select(vec![1_u32, 50, 100, 200])), 1..5),
        entries_max in 1_usize..60,
        per_source_max in 1_usize..30,
    ) {
        let names = ["a", "b", "c", "d"];
        let listed: Vec<(&str, usize, u32)> =
            names.into_iter().zip(sizes).map(|(name, (count, weight))| (name, count, weight)).collect();
        let (memory, sources) = filled(&listed);
        let feed = feed(&memory, &sources, section("sport", entries_max, per_source_max));
        let total: usize = listed.iter().map(|(_, count, _)| count).sum();
        prop_assert_eq!(feed.placed.len(), total.min(entries_max));
        let shown: BTreeMap<&str, usize> = counts(&feed).into_iter().collect();
        let share = |weight: u32| (per_source_max * weight as usize).div_ceil(100).max(1);
        let shown_of = |id: &str| shown.get(id).copied().unwrap_or_default();
        let over = listed.iter().any(|(id, _, weight)| shown_of(id) > share(*weight));
        let starved = listed.iter().any(|(id, count, weight)| shown_of(id) < (*count).min(share(*weight)));
        prop_assert!(!(over && starved), "{listed:?} {shown:?}");
    }
}
