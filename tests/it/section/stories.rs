//! A section shows a story once, by its first-seen entry there, whatever comes later.

use std::collections::BTreeMap;

use nashra::model::*;
use nashra::pipeline::{Edition, lay_out};
use proptest::prelude::*;

use super::*;

/// What each section shows: ids with those of the other coverage.
fn shown(memory: &Memory, sources: &[Source], sections: &[Section]) -> BTreeMap<String, Vec<String>> {
    let edition = Edition::new(site(), sections.to_vec(), sources);
    let feeds = lay_out(&edition, &memory.window(sources));
    let line = |placed: &Placed| {
        let also: Vec<&str> = placed.also.iter().map(|also| also.entry.id.as_str()).collect();
        format!("{} [{}]", placed.entry.id, also.join(" "))
    };
    feeds.iter().map(|feed| (feed.section.id.0.clone(), feed.placed.iter().map(line).collect())).collect()
}

/// The wire's story as `source` carries it.
fn wire(source: &str, title: &str) -> FeedEntry {
    said(&format!("urn:{source}"), title, "https://wire.example/1", "2026-11-20T08:00:00Z")
}

fn excluding(section: Section, word: &str) -> Section {
    let patterns = vec![Pattern::Words(word.to_owned())];
    let exclude = vec![Rule::Field(Condition { field: Field::Title, patterns })];
    Section { rules: Rules { include: vec![], exclude }, ..section }
}

#[test]
fn each_section_is_led_by_its_own_first_entry() {
    let sources = [source("a", &["art"]), source("b", &["art", "sport"]), source("c", &["sport"])];
    let sections = [section("latest", 9, 9), section("art", 9, 9), section("sport", 9, 9)];
    let mut memory = Memory::default();
    let expected = [
        (["urn:a []", "urn:a []"], None),
        (["urn:a [urn:b]", "urn:a [urn:b]"], Some("urn:b []")),
        // More coverage changes neither who leads nor where.
        (["urn:a [urn:b urn:c]", "urn:a [urn:b]"], Some("urn:b [urn:c]")),
    ];
    for (index, ([latest, art], sport)) in expected.into_iter().enumerate() {
        let source = &sources[index];
        memory
            .poll(source, &brought(vec![wire(&source.id.0, "Wire")], &format!("2026-11-20T1{index}:00:00Z")));
        let found = shown(&memory, &sources, &sections);
        assert_eq!(found["latest"], [latest]);
        assert_eq!(found["art"], [art]);
        assert_eq!(found["sport"], sport.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_rule_that_leaves_the_first_out_lets_the_next_lead() {
    let sources = ["a", "b", "c"].map(|id| source(id, &["sport"]));
    let mut memory = Memory::default();
    for (index, source) in sources.iter().enumerate() {
        let title = if index == 0 { "Advert" } else { "Wire" };
        memory
            .poll(source, &brought(vec![wire(&source.id.0, title)], &format!("2026-11-20T1{index}:00:00Z")));
    }
    let sections = [section("latest", 9, 9), excluding(section("sport", 9, 9), "advert")];
    let found = shown(&memory, &sources, &sections);
    assert_eq!(found["latest"], ["urn:a [urn:b urn:c]"]);
    assert_eq!(found["sport"], ["urn:b [urn:c]"]);
}

#[test]
fn a_section_without_stories_shows_each_entry_by_itself() {
    let sources = ["a", "b", "c"].map(|id| source(id, &["sport", "art"]));
    let mut memory = Memory::default();
    for (index, source) in sources.iter().enumerate() {
        memory
            .poll(source, &brought(vec![wire(&source.id.0, "Wire")], &format!("2026-11-20T1{index}:00:00Z")));
    }
    let art = Section { stories: false, ..section("art", 2, 9) };
    let found = shown(&memory, &sources, &[section("sport", 9, 9), art]);
    assert_eq!(found["sport"], ["urn:a [urn:b urn:c]"]);
    // By (published, id) like everything, and no more than there is room for.
    assert_eq!(found["art"], ["urn:c []", "urn:b []"]);
}

#[test]
fn entries_of_one_date_are_in_the_order_of_their_ids() {
    let sources = [source("a", &["sport"])];
    let entry = |id: &str| said(id, &format!("Title {id}"), "", "2026-11-20T08:00:00Z");
    let mut memory = Memory::default();
    memory.poll(&sources[0], &brought(["urn:2", "urn:9", "urn:1"].map(entry).to_vec(), NOW));
    let found = shown(&memory, &sources, &[section("sport", 9, 9)]);
    assert_eq!(found["sport"], ["urn:9 []", "urn:2 []", "urn:1 []"]);
}

proptest! {
    /// Whatever comes from whom and when: what a section has shown stays, in the same order, and a story is there once.
    #[test]
    fn more_coverage_changes_nothing_that_was_there(
        polls in prop::collection::vec((0_usize..4, prop::collection::vec((0_usize..6, 0_usize..12), 1..6)), 1..12)
    ) {
        let sources = [("a", &["art"][..]), ("b", &["art", "sport"]), ("c", &["sport"]), ("d", &[])];
        let sources = sources.map(|(id, sections)| source(id, sections));
        let sections = [section("latest", 99, 99), section("art", 99, 99), section("sport", 99, 99)];
        let mut memory = Memory::default();
        let mut before: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (index, (who, rows)) in polls.into_iter().enumerate() {
            let source = &sources[who];
            let entry = |(story, hour): (usize, usize)| {
                let (id, link) = (format!("urn:{who}:{story}"), format!("https://wire.example/{story}"));
                said(&id, &format!("Wire {story}"), &link, &format!("2026-11-20T{hour:02}:00:00Z"))
            };
            let when = format!("2026-11-21T{index:02}:00:00Z");
            memory.poll(source, &brought(rows.into_iter().map(entry).collect(), &when));
            let after = shown(&memory, &sources, &sections);
            for (section, lines) in &after {
                let lead = |line: &String| line.split(' ').next().unwrap().to_owned();
                let (leads, known): (Vec<String>, Vec<String>) = (
                    lines.iter().map(lead).collect(),
                    before.get(section).into_iter().flatten().map(lead).collect(),
                );
                let kept: Vec<&String> = leads.iter().filter(|id| known.contains(id)).collect();
                prop_assert_eq!(kept, known.iter().collect::<Vec<_>>(), "{}", section);
                let stories: std::collections::BTreeSet<&str> =
                    leads.iter().map(|id| id.rsplit(':').next().unwrap()).collect();
                prop_assert_eq!(stories.len(), leads.len(), "{}: {:?}", section, leads);
            }
            before = after;
        }
    }
}
