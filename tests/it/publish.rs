//! Sections, merge and the documents derived from them.

mod most_read;
mod quiet;
mod related;

use std::collections::BTreeMap;
use std::sync::Arc;

use nashra::model::*;
use nashra::pipeline::{self, Edition, merge};
use proptest::prelude::*;

use crate::kit::entries::*;

const NOW: &str = "2026-11-20T12:00:00Z";

fn rules(include: &[(Field, &str)], exclude: &[(Field, &str)]) -> Rules {
    let rule = |(field, text): &(Field, &str)| {
        let pattern = match text.strip_prefix('/') {
            Some(regex) => Pattern::Regex { regex: regex.trim_end_matches('/').to_owned(), any_case: false },
            None if text.contains('*') => Pattern::Glob((*text).to_owned()),
            None => Pattern::Words((*text).to_owned()),
        };
        Rule::Field(Condition { field: *field, patterns: vec![pattern] })
    };
    Rules { include: include.iter().map(rule).collect(), exclude: exclude.iter().map(rule).collect() }
}

/// One entry against the rules of a section that no source sends to.
fn check_rule(include: &[(Field, &str)], exclude: &[(Field, &str)], expected: bool) {
    let entry = FeedEntry {
        categories: vec![Category {
            term: "Sport".to_owned(),
            label: Some("رياضة".to_owned()),
            scheme: None,
        }],
        authors: vec![Person { name: "Amal Z.".to_owned(), ..Person::default() }],
        language: Some("ar-MA".to_owned()),
        content: Some("<p>The <b>final</b> was moved to Fes.</p>".to_owned()),
        ..said("g", "نهائي كأس العـــرش", "https://a.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/1", "")
    };
    let mut memory = Memory::default();
    let source = source("a", &[]);
    memory.poll(&source, &brought(vec![entry], NOW));
    let section = Section { rules: rules(include, exclude), ..section("sport", 10, 10) };
    let edition = Edition::new(site(), vec![section], &[source]);
    let shown =
        memory.entries.values().all(|entry| !edition.sorter.sections_of(entry, &BTreeMap::new()).is_empty());
    assert_eq!(shown, expected, "include {include:?} exclude {exclude:?}");
}

#[test]
fn rules_find_what_they_say() {
    check_rule(&[], &[], false);
    check_rule(&[(Field::Category, "رياضه")], &[], true);
    check_rule(&[(Field::Category, "sport")], &[], true);
    check_rule(&[(Field::Category, "spo")], &[], false);
    check_rule(&[(Field::Title, "كاس العرش")], &[], true);
    check_rule(&[(Field::Title, "العر")], &[], false);
    check_rule(&[(Field::Text, "final was moved")], &[], true);
    check_rule(&[(Field::Text, "/F[ei]s\\b/")], &[], true);
    check_rule(&[(Field::Url, "*/رياضة/*")], &[], true);
    check_rule(&[(Field::Url, "a.example")], &[], true);
    check_rule(&[(Field::Url, "*/art/*")], &[], false);
    check_rule(&[(Field::Author, "amal z")], &[], true);
    check_rule(&[(Field::Language, "ar")], &[], true);
    check_rule(&[(Field::Language, "fr")], &[], false);
    check_rule(&[(Field::Category, "sport")], &[(Field::Title, "نهائي")], false);
}

fn filled(counts: &[(&str, usize)]) -> (Memory, Vec<Source>) {
    let mut memory = Memory::default();
    let mut sources = Vec::new();
    for (id, count) in counts {
        let source = source(id, &["sport"]);
        let entry = |n: usize| {
            let date = format!("2026-11-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24);
            said(&format!("{id}-{n}"), &format!("{id} {n}"), &format!("https://{id}.example/{n}"), &date)
        };
        memory.poll(&source, &brought((0..*count).map(entry).collect(), NOW));
        sources.push(source);
    }
    (memory, sources)
}

/// How many entries each source has in a section with these limits.
fn check_share(
    counts: &[(&str, usize)],
    entries_max: usize,
    per_source_max: usize,
    expected: &[(&str, usize)],
) {
    let (memory, sources) = filled(counts);
    let window = memory.window(&sources);
    let entries = window.entries.values().cloned().collect();
    let feed = merge::merge(
        &section("sport", entries_max, per_source_max),
        entries,
        &window.sources,
        &BTreeMap::new(),
    );
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    feed.placed.iter().for_each(|placed| *found.entry(&placed.source.id.0).or_default() += 1);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn no_source_owns_a_section_while_others_have_entries() {
    check_share(&[("a", 200), ("b", 5)], 20, 10, &[("a", 15), ("b", 5)]);
    check_share(&[("a", 200), ("b", 30)], 20, 10, &[("a", 10), ("b", 10)]);
    check_share(&[("a", 200)], 20, 10, &[("a", 20)]);
}

fn published(memory: &Memory, sources: &[Source]) -> Published {
    let sections = vec![section("latest", 10, 10), section("sport", 10, 10)];
    let edition = Edition::new(site(), sections, sources);
    pipeline::publish(&edition, &memory.window(sources), &Published::default())
}

#[test]
fn every_section_has_its_documents() {
    let (memory, sources) = filled(&[("a", 3)]);
    let published = published(&memory, &sources);
    for path in
        ["/", "/latest", "/latest.rss", "/latest.atom", "/latest.json", "/sport.rss", "/robots.txt", "/bot"]
    {
        let document = published.documents.get(path).unwrap_or_else(|| panic!("{path} is missing"));
        assert!(!document.identity.is_empty(), "{path}");
    }
    assert_eq!(published.documents["/sport.rss"].last_modified, Some(at(NOW)));
}

#[test]
fn same_facts_same_bytes() {
    let (memory, sources) = filled(&[("a", 3), ("b", 4)]);
    let first = published(&memory, &sources);
    for _ in 0..10 {
        assert_eq!(published(&memory, &sources).documents, first.documents);
    }
}

#[test]
fn only_what_changed_is_rendered_again() {
    let mut memory = Memory::default();
    let sources = [source("a", &["sport"]), source("b", &["art"])];
    let entry = |id: &str| said(id, id, &format!("https://x.example/{id}"), "2026-11-01T00:00:00Z");
    memory.poll(&sources[0], &brought(vec![entry("one")], NOW));
    let edition = Edition::new(site(), vec![section("sport", 5, 5), section("art", 5, 5)], &sources);
    let before = pipeline::publish(&edition, &memory.window(&sources), &Published::default());
    memory.poll(&sources[1], &brought(vec![entry("two")], NOW));
    let after = pipeline::publish(&edition, &memory.window(&sources), &before);
    let same = |path: &str| Arc::ptr_eq(&before.documents[path], &after.documents[path]);
    assert!(same("/sport.rss") && same("/bot"));
    assert!(!same("/art.rss") && !same("/"));
}

#[test]
fn a_story_keeps_its_first_entry_and_names_the_others() {
    let (mut memory, sources) = (Memory::default(), ["a", "b", "c"].map(|id| source(id, &["sport"])));
    let entry = |id: &str| said(id, "Title", "https://wire.example/story/1", "2026-11-01T00:00:00Z");
    for (index, source) in sources.iter().enumerate() {
        memory.poll(source, &brought(vec![entry(&source.id.0)], &format!("2026-11-20T1{index}:00:00Z")));
    }
    let window = memory.window(&sources);
    let entries = window.entries.values().cloned().collect();
    let feed = merge::merge(&section("sport", 5, 5), entries, &window.sources, &BTreeMap::new());
    assert_eq!(feed.placed.len(), 1);
    assert_eq!(feed.placed[0].source.id.0, "a");
    assert_eq!(
        feed.placed[0].also.iter().map(|also| also.source.id.0.as_str()).collect::<Vec<_>>(),
        ["b", "c"]
    );
}

proptest! {
    /// The order in which candidates come does not matter.
    #[test]
    fn merge_is_order_free(seed in any::<u64>(), counts in prop::collection::vec(0_usize..30, 1..4)) {
        let names = ["a", "b", "c", "d"];
        let counts: Vec<(&str, usize)> = names.into_iter().zip(counts).collect();
        let (memory, sources) = filled(&counts);
        let window = memory.window(&sources);
        let mut entries: Vec<Arc<Entry>> = window.entries.values().cloned().collect();
        let section = section("sport", 12, 5);
        let one = merge::merge(&section, entries.clone(), &window.sources, &BTreeMap::new());
        entries.sort_by_key(|entry| Digest::of([&seed.to_le_bytes()[..], &entry.key.0]));
        let other = merge::merge(&section, entries, &window.sources, &BTreeMap::new());
        prop_assert_eq!(one.fingerprint, other.fingerprint);
        let dates: Vec<_> = one.placed.iter().map(|placed| placed.entry.published).collect();
        prop_assert!(dates.is_sorted_by(|a, b| a >= b));
    }
}
