//! What is written down of an entry when it happens: nothing that says nothing, and never too much.

use nashra::model::*;
use serde_json::{Value, json};

use super::*;
use crate::kit::entries::{Memory, at, brought, said, source};

const FIRST: &str = "2026-11-20T12:00:00Z";

/// Polls once with each document, an hour apart; how many entries each poll wrote again, and the one entry.
fn lives(documents: Vec<FeedEntry>) -> (Vec<usize>, Entry) {
    let (mut memory, source) = (Memory::default(), source("a", &[]));
    let hour = |n: usize| (at(FIRST) + chrono::TimeDelta::hours(n.try_into().unwrap())).to_rfc3339();
    let polls = documents.into_iter().enumerate();
    let written = polls.map(|(n, entry)| memory.poll(&source, &brought(vec![entry], &hour(n))).changed.len());
    let written = written.collect();
    assert_eq!(memory.entries.len(), 1, "it is always the same entry");
    (written, memory.entries.into_values().next().unwrap())
}

fn entry(id: &str, title: &str, link: &str) -> FeedEntry {
    said(id, title, link, "2026-11-20T08:00:00Z")
}

fn check(documents: Vec<FeedEntry>, written: &[usize], life: &[(&str, Value)]) {
    let (wrote, entry) = lives(documents);
    assert_eq!(wrote, written);
    let told: Vec<Value> = entry.life.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    assert_eq!(told.len(), life.len(), "{told:#?}");
    for ((when, expected), told) in life.iter().zip(told) {
        assert_eq!(told["at"], *when);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(told[name], *value, "{told}");
        }
    }
}

#[test]
fn what_happens_is_written_down_once() {
    let page = "https://a.example/1";
    let first = || entry("1", "A title", page);
    check(vec![first(), first(), first()], &[0, 0, 0], &[]);
    let other = || entry("1", "Another title", page);
    let changed = json!({ "what": "changed", "parts": ["title", "text"], "meaningful": true });
    check(vec![first(), other(), other()], &[0, 1, 0], &[("2026-11-20T13:00:00Z", changed)]);
    let renamed = || entry("one", "A title", page);
    let is_renamed = json!({ "what": "renamed", "id": "one" });
    check(
        vec![first(), renamed(), renamed(), renamed()],
        &[0, 1, 0, 0],
        &[("2026-11-20T13:00:00Z", is_renamed)],
    );
    let by = || FeedEntry {
        authors: vec![Person { name: "ليلى".to_owned(), ..Person::default() }],
        ..first()
    };
    let quiet = json!({ "what": "changed", "parts": ["people"], "meaningful": false });
    check(vec![first(), by(), by()], &[0, 1, 0], &[("2026-11-20T13:00:00Z", quiet)]);
    let moved = || entry("1", "A title", "https://a.example/new/1");
    let is_moved = json!({ "what": "moved", "from": page });
    let link = json!({ "what": "changed", "parts": ["link"] });
    let at_one = "2026-11-20T13:00:00Z";
    check(vec![first(), moved(), moved()], &[0, 1, 0], &[(at_one, is_moved), (at_one, link)]);
}

#[test]
fn an_id_that_is_new_at_every_fetch_is_soon_no_news() {
    let documents = (0..10).map(|n| entry(&format!("{n}"), "A title", "https://a.example/1")).collect();
    let (written, entry) = lives(documents);
    let times = written.iter().sum::<usize>();
    assert!((1..=Event::RENAMES_MAX).contains(&times), "{written:?}");
    assert_eq!(entry.life.len(), times);
}

#[test]
fn a_life_is_bounded_and_keeps_its_beginning() {
    let documents = (0..60).map(|n| entry("1", &format!("Title {n}"), "https://a.example/1")).collect();
    let (_, entry) = lives(documents);
    assert_eq!(entry.life.len(), Event::LIFE_MAX);
    assert_eq!(entry.life[0].at, at("2026-11-20T13:00:00Z"), "the first change");
    assert_eq!(entry.life.last().unwrap().at, at(FIRST) + chrono::TimeDelta::hours(59), "the latest one");
}

#[test]
fn records_without_a_life_stay_readable() {
    let (_, entry) = lives(vec![entry("1", "A title", "https://a.example/1")]);
    let record = serde_json::to_value(&entry).unwrap();
    for field in ["life", "matched"] {
        assert!(record.get(field).is_none(), "{field} costs an ordinary entry nothing");
    }
    assert_eq!(serde_json::from_value::<Entry>(record).unwrap(), entry);
    let event = json!({ "at": FIRST, "what": "changed", "parts": ["title"], "meaningful": true });
    let event: Event = serde_json::from_value(event).unwrap();
    assert!(matches!(event.what, What::Changed { before: None, .. }));
}

#[test]
fn changes_and_returns_are_told() {
    let home = Home::new("[sources.alif]\nurl = \"file:alif.xml\"\n");
    let version = |title: &str| {
        home.write(
            "alif.xml",
            &feed("alif", &[item("1", title, "https://alif.example/1", "20 Nov 2025 08:00:00 GMT")]),
        );
        poll(&home);
    };
    ["ارتفاع الأسعار", "انخفاض الأسعار", "ارتفاع الأسعار"].into_iter().for_each(version);
    let told = one(&home, "1");
    let changes = told["changes"].as_array().unwrap();
    let returned: Vec<&Value> = changes.iter().map(|change| &change["returned"]).collect();
    assert_eq!(returned, [false, true], "{changes:#?}");
    assert!(changes[1]["text"].as_str().unwrap().contains("back to what it was before"));
    assert_eq!((&told["revision"], &told["title"]), (&json!(2), &json!("ارتفاع الأسعار")));
}
