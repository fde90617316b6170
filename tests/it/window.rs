//! The window in memory shows what the whole store would show, however it came to hold what it holds.

use std::convert::Infallible;
use std::sync::Arc;

use nashra::model::*;
use nashra::pipeline::{self, Edition, window};
use proptest::prelude::*;

use crate::kit::entries::*;

/// Small, so that most windows are full before the store is read through.
const STEP: usize = 3;
const SOURCES: [&str; 4] = ["a", "b", "c", "d"];

/// A store, and the window of a daemon that has lived through every poll.
struct Lived {
    memory: Memory,
    sources: Vec<Source>,
    edition: Edition,
    window: Window,
    published: Published,
}

impl Lived {
    fn new(sources: Vec<Source>, sections: Vec<Section>) -> Self {
        let edition = Edition::new(site(), sections, &sources);
        let memory = Memory::default();
        let window = memory.window(&sources);
        Self { memory, sources, edition, window, published: Published::default() }
    }

    fn members(&self, story: EntryKey) -> Vec<Entry> {
        self.memory.entries.values().filter(|entry| entry.story == story).cloned().collect()
    }

    /// As the daemon does it: decided and stored, then admitted.
    fn poll(&mut self, source: usize, listed: Vec<FeedEntry>, when: &str) {
        let update = self.memory.poll(&self.sources[source].clone(), &brought(listed, when));
        let mut refill = false;
        for entry in update.new.into_iter().chain(update.changed) {
            let members = self.members(entry.story);
            let read = |_| Ok::<_, Infallible>(members);
            refill |= window::admit(&mut self.window, &self.edition, entry, read).unwrap();
        }
        if refill {
            self.window = self.filled();
        }
    }

    fn trim(&mut self) {
        window::trim(&mut self.window, &self.edition);
    }

    /// As a start reads it back.
    fn filled(&self) -> Window {
        let mut window = Window { entries: [].into(), ..self.memory.window(&self.sources) };
        let newest_first = self.memory.entries.values().rev().cloned().map(Ok::<_, Infallible>);
        let members = |story| Ok(self.members(story));
        window::fill(&mut window, &self.edition, STEP, newest_first, members).unwrap();
        window
    }

    /// The documents of the living window are those of a fresh one, and those of the whole store.
    fn check(&mut self) {
        self.published = pipeline::publish(&self.edition, &self.window, &self.published);
        let bytes = |window: &Window| {
            let published = pipeline::publish(&self.edition, window, &Published::default());
            let mut all: Vec<_> = published.documents.into_iter().collect();
            all.sort_by(|one, two| one.0.cmp(&two.0));
            all.into_iter()
                .map(|(path, document)| (path, Coding::Identity.etag(document.version), document))
                .collect::<Vec<_>>()
        };
        let tags = |all: &[(String, String, Arc<Document>)]| -> Vec<String> {
            all.iter().map(|(path, tag, _)| format!("{path} {tag}")).collect()
        };
        let whole = bytes(&self.memory.window(&self.sources));
        assert_eq!(tags(&bytes(&self.filled())), tags(&whole), "a window filled from the store");
        for (path, _, document) in whole {
            let lived = &self.published.documents[&path];
            let text = |document: &Document| String::from_utf8_lossy(&document.identity).into_owned();
            assert!(lived.identity == document.identity, "{path}: {}\n{}", text(lived), text(&document));
            assert_eq!(lived.last_modified, document.last_modified, "{path}");
        }
    }

    fn shown(&self, path: &str) -> Vec<String> {
        let published = pipeline::publish(&self.edition, &self.window, &Published::default());
        let feed: serde_json::Value = serde_json::from_slice(&published.documents[path].identity).unwrap();
        let items = feed["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn hour(hour: usize) -> String {
    format!("2026-11-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

#[test]
fn ten_papers_with_the_same_wire_do_not_crowd_the_window() {
    let sources: Vec<Source> = (0..10).map(|n| source(&format!("s{n}"), &[])).collect();
    let mut lived = Lived::new(sources, vec![section("latest", 50, 20)]);
    for paper in 0..10 {
        let wire = (0..300).map(|n| {
            said(
                &format!("{paper}-{n}"),
                &format!("Wire {n}"),
                &format!("https://wire.example/{n}"),
                &hour(n),
            )
        });
        lived.poll(paper, wire.collect(), &format!("2026-11-20T12:{paper:02}:00Z"));
    }
    lived.check();
    let before = lived.shown("/latest.json");
    assert_eq!(before.len(), 50);
    lived.trim();
    assert!(lived.window.entries.len() <= 500, "{}", lived.window.entries.len());
    assert_eq!(lived.shown("/latest.json"), before);
    lived.check();
}

#[test]
fn a_lead_that_was_trimmed_still_leads() {
    let mut lived = Lived::new(vec![source("a", &[]), source("b", &[])], vec![section("latest", 3, 3)]);
    let wire = |id: &str, n: usize| said(id, "The wire", "https://wire.example/1", &hour(n));
    lived.poll(0, vec![wire("urn:a", 1)], &hour(1));
    let busy = (0..20).map(|n| said(&format!("urn:busy:{n}"), &format!("Busy {n}"), "", &hour(10 + n)));
    lived.poll(0, busy.collect(), &hour(30));
    lived.trim();
    assert!(!lived.window.entries.values().any(|entry| entry.id == "urn:a"));
    lived.poll(1, vec![wire("urn:b", 40)], &hour(41));
    lived.check();
    assert!(!lived.shown("/latest.json").contains(&"urn:b".to_owned()), "its story is an old one");
}

proptest! {
    /// Random polls, corrections that move entries between sections, stories, and trimming at any time.
    #[test]
    fn documents_follow_from_the_store_alone(
        polls in prop::collection::vec(
            (0_usize..4, prop::collection::vec((0_usize..30, 0_usize..4, 0_usize..12), 0..8), any::<bool>()), 1..14)
    ) {
        let sources = SOURCES.map(|id| source(id, if id == "d" { &["art", "all"] } else { &["sport", "all"] }));
        let words = |text: &str| {
            let patterns = vec![Pattern::Words(text.to_owned())];
            Rule::Field(Condition { field: Field::Title, patterns })
        };
        let rules = Rules { include: vec![words("included")], exclude: vec![words("excluded")] };
        let sections = vec![
            section("latest", 4, 2),
            Section { rules, ..section("sport", 3, 1) },
            section("art", 2, 2),
            Section { order: SectionOrder::MostRead, ..section("most-read", 5, 2) },
            Section { stories: false, ..section("all", 3, 2) },
        ];
        let mut lived = Lived::new(sources.to_vec(), sections);
        for (index, (source, rows, trims)) in polls.into_iter().enumerate() {
            let mut listed: Vec<FeedEntry> = Vec::new();
            for (id, title, page) in rows {
                let title = ["plain", "included", "excluded", "corrected"][title];
                let link = if page < 6 { format!("https://wire.example/{page}") } else { String::new() };
                // An entry keeps its date at its source, whatever else changes.
                let date = hour(2 * id + source);
                listed.push(said(&format!("urn:{source}:{id}"), &format!("{title} {id}"), &link, &date));
            }
            lived.poll(source, listed, &hour(100 + index));
            if trims {
                lived.trim();
            }
            lived.check();
        }
    }
}
