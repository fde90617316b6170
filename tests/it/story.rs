//! Entries of different sources about one event: joined where they are, and never hidden where they are not.

mod index;
mod labelled;
mod starts;

use std::collections::BTreeMap;

use nashra::model::*;
use nashra::pipeline::merge;

use crate::kit::entries::*;

const RATES: &str = "أسعار صرف العملات مقابل الدرهم اليوم";

fn day(day: usize) -> String {
    format!("2026-11-{day:02}T08:00:00Z")
}

fn told(id: &str, title: &str, text: &str, date: &str) -> FeedEntry {
    FeedEntry {
        content: (!text.is_empty()).then(|| format!("<p>{text}</p>")),
        ..said(id, title, &format!("https://{id}.example/page"), date)
    }
}

/// Two sources, one entry each: whether they are one story.
fn check(title: &str, texts: [&str; 2], days: [usize; 2], expected: bool) {
    let mut memory = Memory::default();
    let [a, b] = ["a", "b"].map(|id| source(id, &[]));
    let first = memory.poll(&a, &brought(vec![told("a", title, texts[0], &day(days[0]))], &day(20)));
    let second = memory.poll(&b, &brought(vec![told("b", title, texts[1], &day(days[1]))], &day(20)));
    assert_eq!(second.new[0].story == first.new[0].key, expected, "{texts:?} {days:?}");
}

/// A report of `count` sentences.
fn report(who: &str, count: usize) -> String {
    (0..count).map(|n| format!("{who} said {who}{n} about harbour{n} of {who}. ")).collect()
}

#[test]
fn one_title_is_one_story_unless_the_texts_speak_against_it() {
    let title = "The council votes on the new harbour";
    let wire = report("minister", 30);
    // A paper that prints less of the wire; one that prints a deck of its own; one that prints nothing.
    check(title, [&wire, &report("minister", 12)], [1, 1], true);
    check(title, [&format!("{title}. {wire}"), &wire], [1, 1], true);
    check(title, [&wire, "After a long night the council has made up its mind"], [1, 1], true);
    check(title, [&wire, ""], [1, 1], true);
    check(title, ["", ""], [1, 3], true);
    check(title, ["", ""], [1, 5], false);
    // Another long report is another event; so are other numbers.
    check(title, [&wire, &report("mayor", 30)], [1, 1], false);
    check(RATES, ["الدولار 9.98 واليورو 10.82", "الدولار 10.01 واليورو 10.79"], [1, 2], false);
    check(RATES, ["الدولار 9.98 واليورو 10.82", "اليورو 10.82 والدولار 9.98"], [1, 1], true);
}

/// What a section shows of everything, by the ids at the sources; other coverage after a plus.
fn shown(memory: &Memory, sources: &[Source]) -> Vec<String> {
    let window = memory.window(sources);
    let entries = window.entries.values().cloned().collect();
    let feed = merge::merge(&section("latest", 50, 50), entries, &window.sources, &BTreeMap::new());
    let id = |entry: &Entry| entry.said.id.clone().unwrap_or_default();
    let row = |placed: &Placed| {
        placed.also.iter().fold(id(&placed.entry), |row, also| format!("{row}+{}", id(&also.entry)))
    };
    feed.placed.iter().map(row).collect()
}

#[test]
fn a_title_that_comes_every_day_hides_nothing() {
    let sources = ["a", "b"].map(|id| source(id, &[]));
    let text = |who: &str, n: usize| format!("{} {}", report(who, n), report(&format!("{who}{n}x"), 20));
    for long in [true, false] {
        let entry = |who: &str, n: usize| {
            let text = if long { text(who, n) } else { format!("Words of {who} number{n}") };
            told(&format!("{who}{n}"), RATES, &text, &day(n))
        };
        let mut memory = Memory::default();
        for n in 1..5 {
            for source in &sources {
                memory.poll(source, &brought(vec![entry(&source.id.0, n)], &day(n)));
            }
        }
        let shown = shown(&memory, &sources);
        // On the first day nothing tells a short text of this title from any other coverage.
        let first: &[&str] = if long { &["b1", "a1"] } else { &["a1+b1"] };
        let expected = [&["b4", "a4", "b3", "a3", "b2", "a2"], first].concat();
        let sorted = |mut rows: Vec<String>| {
            rows.sort();
            rows
        };
        assert_eq!(sorted(shown), sorted(expected.iter().map(ToString::to_string).collect()));
    }
}

#[test]
fn days_that_come_in_one_document_are_entries_of_their_own() {
    let sources = ["a", "b"].map(|id| source(id, &[]));
    let mut memory = Memory::default();
    for source in &sources {
        let id = &source.id.0;
        let all =
            (1..4).map(|n| told(&format!("{id}{n}"), RATES, &format!("Words of {id} number{n}"), &day(n)));
        memory.poll(source, &brought(all.collect(), &day(9)));
    }
    assert_eq!(shown(&memory, &sources).len(), 6);
}

#[test]
fn a_second_entry_of_a_source_is_not_hidden_behind_its_first() {
    let sources = ["a", "b"].map(|id| source(id, &[]));
    let entry = |id: &str, title: &str, n: usize| said(id, title, "https://wire.example/live", &day(n));
    let mut memory = Memory::default();
    memory.poll(&sources[0], &brought(vec![entry("a1", "The wire", 1)], &day(1)));
    memory.poll(&sources[1], &brought(vec![entry("b1", "In the morning", 1)], &day(1)));
    memory.poll(&sources[1], &brought(vec![entry("b2", "In the evening", 2)], &day(2)));
    assert_eq!(shown(&memory, &sources), ["b2", "a1+b1"]);
}

#[test]
fn changed_coverage_moves_the_section() {
    let sources = ["a", "b"].map(|id| source(id, &[]));
    let entry = |id: &str, title: &str| said(id, title, "https://wire.example/1", &day(1));
    let mut memory = Memory::default();
    memory.poll(&sources[0], &brought(vec![entry("a1", "One")], &day(1)));
    memory.poll(&sources[1], &brought(vec![entry("b1", "Two")], &day(2)));
    memory.poll(&sources[1], &brought(vec![entry("b1", "Three")], &day(3)));
    let window = memory.window(&sources);
    let entries = window.entries.values().cloned().collect();
    let feed = merge::merge(&section("latest", 5, 5), entries, &window.sources, &BTreeMap::new());
    assert_eq!(feed.placed[0].also.len(), 1);
    assert_eq!(feed.updated, at(&day(3)));
}

#[test]
fn of_two_entries_of_one_second_the_first_stands_in_front() {
    let sources = ["a", "b", "c"].map(|id| source(id, &[]));
    // The later one was published earlier, so its key is the smaller one.
    let entry = |id: &str, n: usize| said(id, "Title", "https://wire.example/1", &day(n));
    let mut memory = Memory::default();
    for (source, n, when) in
        [(&sources[0], 3, "00.100Z"), (&sources[1], 3, "00.200Z"), (&sources[2], 2, "00.900Z")]
    {
        let when = format!("2026-11-04T12:00:{when}");
        memory.poll(source, &brought(vec![entry(&source.id.0, n)], &when));
    }
    memory.entries.retain(|_, entry| entry.source.0 != "a");
    assert_eq!(shown(&memory, &sources), ["b+c"]);
}
