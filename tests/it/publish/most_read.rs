//! The section of what is read most: which stories, in which order, and that it depends on facts alone.

use super::*;

/// Three papers; what each says is a list of (number of the story, hour of the day).
fn told(papers: [&[(usize, usize)]; 3]) -> (Memory, Vec<Source>) {
    let mut memory = Memory::default();
    let sources = vec![source("a", &["sport"]), source("b", &["sport"]), source("c", &["art"])];
    for (source, stories) in sources.iter().zip(papers) {
        let entry = |(story, hour): &(usize, usize)| {
            let date = format!("2026-11-20T{hour:02}:00:00Z");
            let id = format!("urn:{}:{story}", source.id);
            said(&id, &format!("Story {story}"), &format!("https://wire.example/{story}"), &date)
        };
        memory.poll(source, &brought(stories.iter().map(entry).collect(), NOW));
    }
    (memory, sources)
}

fn edition(sources: &[Source], entries_max: usize, per_source_max: usize) -> Edition {
    let most_read =
        Section { order: SectionOrder::MostRead, ..section("most-read", entries_max, per_source_max) };
    let sections = vec![section("sport", 50, 50), most_read, section("art", 50, 50)];
    Edition { count_clicks: true, ..Edition::new(site(), sections, sources) }
}

fn click(memory: &Memory, id: &str, hour: Hour, count: u32) -> Click {
    let entry = memory.entries.values().find(|entry| entry.id == id).unwrap().key;
    Click { entry, hour, count }
}

fn window(memory: &Memory, sources: &[Source], clicks: &[(&str, Hour, u32)]) -> Window {
    let mut window = memory.window(sources);
    for (id, hour, count) in clicks {
        window.clicks.add(click(memory, id, *hour, *count)).unwrap();
    }
    window
}

fn ids(published: &Published, path: &str) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_slice(&published.documents[path].identity).unwrap();
    feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// What is read most, of what the papers say.
fn check(
    papers: [&[(usize, usize)]; 3],
    clicks: &[(&str, Hour, u32)],
    limits: (usize, usize),
    expected: &[&str],
) {
    let (memory, sources) = told(papers);
    let window = window(&memory, &sources, clicks);
    let published = pipeline::publish(&edition(&sources, limits.0, limits.1), &window, &Published::default());
    assert_eq!(ids(&published, "/most-read.json"), expected, "{clicks:?} {limits:?}");
}

const PAPERS: [&[(usize, usize)]; 3] = [&[(1, 1), (2, 2), (3, 3)], &[(1, 4), (4, 9)], &[(1, 5), (2, 6)]];

#[test]
fn what_most_carry_stands_first_while_nothing_is_counted() {
    check(PAPERS, &[], (9, 9), &["urn:a:1", "urn:a:2", "urn:b:4", "urn:a:3"]);
    check(PAPERS, &[], (2, 9), &["urn:a:1", "urn:a:2"]);
    check([&[], &[], &[]], &[], (9, 9), &[]);
}

#[test]
fn what_readers_open_stands_before_the_rest_and_fades() {
    check(PAPERS, &[("urn:a:3", 500_000, 1)], (9, 9), &["urn:a:3", "urn:a:1", "urn:a:2", "urn:b:4"]);
    // All coverage of a story counts for it.
    let clicks = [("urn:a:3", 500_000, 2), ("urn:a:2", 500_000, 1), ("urn:c:2", 500_000, 2)];
    check(PAPERS, &clicks, (9, 9), &["urn:a:2", "urn:a:3", "urn:a:1", "urn:b:4"]);
    // Twelve hours later one click counts as much as two did.
    let clicks = [("urn:a:3", 500_000, 2), ("urn:b:4", 500_013, 1)];
    check(PAPERS, &clicks, (9, 9), &["urn:b:4", "urn:a:3", "urn:a:1", "urn:a:2"]);
    let clicks = [("urn:a:3", 500_000, 2), ("urn:b:4", 500_011, 1)];
    check(PAPERS, &clicks, (9, 9), &["urn:a:3", "urn:b:4", "urn:a:1", "urn:a:2"]);
}

#[test]
fn no_source_owns_it_while_others_are_read() {
    let clicks = [("urn:a:1", 1, 9), ("urn:a:2", 1, 8), ("urn:a:3", 1, 7)];
    check(PAPERS, &clicks, (2, 1), &["urn:a:1", "urn:b:4"]);
    check(PAPERS, &clicks, (3, 1), &["urn:a:1", "urn:a:2", "urn:b:4"]);
}

#[test]
fn it_shows_what_the_others_show_where_the_file_places_it() {
    let (memory, sources) = told(PAPERS);
    let edition = edition(&sources, 9, 9);
    let feeds = pipeline::lay_out(&edition, &memory.window(&sources));
    let named: Vec<&str> = feeds.iter().map(|feed| &*feed.section.id.0).collect();
    assert_eq!(named, ["sport", "most-read", "art"]);
    // A live feed that is full shows no more, and neither does this one.
    let mut small = edition;
    small.sections[0].limits.entries_max = 1;
    small.sections[2].limits.entries_max = 1;
    let published = pipeline::publish(&small, &memory.window(&sources), &Published::default());
    assert_eq!(ids(&published, "/sport.json"), ["urn:b:4"]);
    assert_eq!(ids(&published, "/art.json"), ["urn:c:2"]);
    assert_eq!(ids(&published, "/most-read.json"), ["urn:a:2", "urn:b:4"], "each by its first entry");
}

#[test]
fn only_its_order_changes_with_clicks_and_no_date_pretends_to_know_when() {
    let (memory, sources) = told(PAPERS);
    let edition = edition(&sources, 9, 9);
    let before = pipeline::publish(&edition, &memory.window(&sources), &Published::default());
    assert_eq!(before.documents["/most-read.atom"].last_modified, Some(at(NOW)));
    let counted = pipeline::publish(&edition, &window(&memory, &sources, &[("urn:a:1", 1, 1)]), &before);
    let same = |path: &str| Arc::ptr_eq(&before.documents[path], &counted.documents[path]);
    assert!(same("/sport.rss") && same("/art") && same("/most-read.atom"), "the order is as it was");
    let window = window(&memory, &sources, &[("urn:a:3", 1, 1)]);
    let counted = pipeline::publish(&edition, &window, &before);
    let same = |path: &str| Arc::ptr_eq(&before.documents[path], &counted.documents[path]);
    assert!(same("/sport.rss") && same("/art") && !same("/most-read.atom") && !same("/"));
    assert_eq!(counted.documents["/most-read.atom"].last_modified, None);
    // What was counted before counts no more when it is switched off.
    let off = Edition { count_clicks: false, ..edition };
    let published = pipeline::publish(&off, &window, &Published::default());
    assert_eq!(published.documents["/most-read.atom"].version, before.documents["/most-read.atom"].version);
}
