//! What is known stays known, and what is new is not swallowed: identities over many polls.

mod facts;

use nashra::model::*;
use nashra::pipeline;
use proptest::prelude::*;

use crate::kit::entries::*;

const HEADLINE: &str = "نشرة الأخبار المسائية";

/// Midday of a day in November.
fn day(day: usize) -> String {
    format!("2026-11-{day:02}T12:00:00Z")
}

/// A source, polled once a day.
struct Diary {
    memory: Memory,
    source: Source,
    day: usize,
}

impl Diary {
    /// Begins with a first fetch of `listed` on the first of November.
    fn new(listed: Vec<FeedEntry>) -> Self {
        let mut diary = Self { memory: Memory::default(), source: source("a", &["sport"]), day: 0 };
        diary.poll(listed);
        diary
    }

    fn poll(&mut self, listed: Vec<FeedEntry>) -> Update {
        self.day += 1;
        self.memory.poll(&self.source, &brought(listed, &day(self.day)))
    }

    /// Polls, and compares (new, updated) and how many records changed.
    fn check(&mut self, listed: Vec<FeedEntry>, expected: (usize, usize, usize)) -> Update {
        let update = self.poll(listed);
        let counts = (update.tally.new, update.tally.updated, update.changed.len());
        assert_eq!(counts, expected, "day {}: {update:#?}", self.day);
        update
    }

    /// Retention removes everything; the keys stay.
    fn purge(&mut self) {
        self.memory.entries.clear();
    }
}

fn bulletin(n: usize, dated: bool) -> Vec<FeedEntry> {
    let date = if dated { day(n) } else { String::new() };
    vec![said(&format!("bulletin-{n}"), HEADLINE, &format!("https://a.example/bulletin/{n}"), &date)]
}

#[test]
fn a_daily_bulletin_is_new_every_day() {
    for dated in [true, false] {
        for purged in [false, true] {
            let mut diary = Diary::new(bulletin(1, dated));
            if purged {
                diary.purge();
            }
            for n in 2..6 {
                diary.check(bulletin(n, dated), (1, 0, 0));
            }
        }
    }
    // Two at a time, on a page that stays.
    let two = |n: usize| -> Vec<FeedEntry> {
        [n + 1, n].map(|n| said(&format!("{n}"), HEADLINE, "https://a.example/bulletin", &day(n))).into()
    };
    let mut diary = Diary::new(two(1));
    assert_eq!(diary.memory.entries.len(), 2, "one page, two guids, two dates");
    diary.check(two(2), (1, 0, 0));
    diary.purge();
    diary.check(two(3), (1, 0, 0));
    diary.check(two(5), (2, 0, 0));
}

fn articles(guid: &str, site: &str, dated: bool) -> Vec<FeedEntry> {
    let article = |n: usize| {
        let date = if dated { day(n) } else { String::new() };
        said(&format!("{guid}{n}"), &format!("عنوان الخبر رقم {n}"), &format!("{site}/خبر/{n}"), &date)
    };
    (1..7).map(article).collect()
}

#[test]
fn a_source_that_moves_has_nothing_new() {
    let encoded = || -> Vec<FeedEntry> {
        let link = |entry: FeedEntry| FeedEntry {
            link: entry.link.map(|link| link.replace("خبر", "%d8%ae%D8%A8%d8%b1")),
            id: entry.id.map(|id| id.replace("خبر", "%d8%ae%D8%A8%d8%b1")),
            ..entry
        };
        articles("https://a.example/خبر/", "https://a.example", true).into_iter().map(link).collect()
    };
    let moves: Vec<(Vec<FeedEntry>, Vec<FeedEntry>)> = vec![
        (articles("old-", "https://a.example", true), articles("new-", "https://a.example", true)),
        (articles("old-", "https://a.example", false), articles("new-", "https://a.example", false)),
        (
            articles("http://a.example/", "http://a.example", true),
            articles("https://a.example/", "https://a.example", true),
        ),
        (articles("g", "https://a.example", true), articles("h", "https://b.example", true)),
        (articles("g", "https://a.example", false), articles("h", "https://b.example", false)),
        (articles("g", "https://a.example/old", true), articles("h", "https://b.example/new", true)),
        (articles("https://a.example/خبر/", "https://a.example", true), encoded()),
    ];
    for (before, after) in moves {
        for purged in [false, true] {
            for count in [1, 2, 6] {
                let mut diary = Diary::new(before[..count].to_vec());
                if purged {
                    diary.purge();
                }
                let update = diary.poll(after[..count].to_vec());
                assert_eq!((update.tally.new, update.tally.updated), (0, 0), "{purged} {count} {after:#?}");
                diary.check(after[..count].to_vec(), (0, 0, 0));
            }
        }
    }
}

#[test]
fn a_repetition_that_becomes_an_entry_of_its_own_is_new_once() {
    let entry = |id: &str, n: usize| {
        said(id, &format!("Headline of the story {n}"), &format!("https://a.example/{n}"), &day(1))
    };
    let mut diary = Diary::new(vec![entry("g1", 1), entry("g2", 1)]);
    assert_eq!(diary.memory.entries.len(), 1);
    for listed in [vec![entry("g1", 1), entry("g2", 2)], vec![entry("g2", 2), entry("g1", 1)]] {
        let mut diary = Diary { memory: Memory::default(), source: diary.source.clone(), day: 0 };
        diary.poll(vec![entry("g1", 1), entry("g2", 1)]);
        diary.check(listed.clone(), (1, 0, 0));
        diary.check(listed.clone(), (0, 0, 0));
        let titles: Vec<_> = diary.memory.entries.values().map(|entry| entry.said.title.clone()).collect();
        assert_eq!(titles.len(), 2);
        assert_ne!(titles[0], titles[1]);
    }
    // The other way round: it is listed first.
    diary.check(vec![entry("g2", 1), entry("g1", 1)], (0, 0, 0));
    diary.check(vec![entry("g2", 1)], (0, 0, 0));
}

#[test]
fn what_else_a_document_lists_does_not_matter() {
    let version =
        |n: usize| said("", &format!("Version {n}"), &format!("https://a.example/changes#v{n}"), &day(n));
    let plain = |n: usize| said("", &format!("Version {n}"), "https://a.example/changes", &day(n));
    let guid = |n: usize| said("same", &format!("Version {n}"), &format!("https://a.example/{n}"), &day(n));
    for entry in [version, plain, guid] {
        let mut diary = Diary::new(vec![entry(1), entry(2)]);
        diary.check(vec![entry(2)], (0, 0, 0));
        diary.check(vec![entry(3), entry(2)], (1, 0, 0));
        diary.check(vec![entry(3)], (0, 0, 0));
        diary.check(vec![entry(1), entry(2), entry(3)], (0, 0, 0));
        assert_eq!(diary.memory.entries.len(), 3);
    }
    // One place of a page after the other, each alone in its document.
    let mut diary = Diary::new(vec![version(1)]);
    for n in 2..5 {
        diary.check(vec![version(n)], (1, 0, 0));
        diary.check(vec![version(n)], (0, 0, 0));
    }
    diary.purge();
    diary.check(vec![version(5)], (1, 0, 0));
    diary.check((1..6).map(version).collect(), (0, 0, 0));
}

#[test]
fn an_entry_without_guid_and_page_may_be_corrected() {
    let entry = |text: &str| FeedEntry {
        content: Some(format!("<p>{text}</p>")),
        ..said("", "The council votes on the harbour", "", &day(1))
    };
    let mut diary = Diary::new(vec![entry("On Monday"), said("", "Another", "", &day(1))]);
    diary.check(vec![entry("On Tuesday"), said("", "Another", "", &day(1))], (0, 1, 1));
    diary.check(vec![entry("On Tuesday")], (0, 0, 0));
}

#[test]
fn nobody_can_take_an_id_that_is_still_to_be_made() {
    let mut memory = Memory::default();
    let entry = said("12", "The true entry", "https://a.example/12", &day(1));
    let made =
        Memory::default().poll(&source("a", &[]), &brought(vec![entry.clone()], &day(1))).new[0].id.clone();
    let thief =
        memory.poll(&source("b", &[]), &brought(vec![said(&made, "A false entry", "", &day(1))], &day(1)));
    assert_eq!(thief.new[0].id, made, "nobody has it yet");
    let robbed = memory.poll(&source("a", &[]), &brought(vec![entry], &day(2)));
    let id = &robbed.new[0].id;
    assert_ne!(*id, made);
    assert!(id.starts_with("urn:uuid:"), "{id}");
    // What it got instead is nobody else's either.
    let again = memory.poll(&source("b", &[]), &brought(vec![said(id, "Another one", "", &day(3))], &day(3)));
    assert_ne!(again.new[0].id, *id);
}

fn illustrated() -> FeedEntry {
    FeedEntry {
        content: Some("<p>Text</p><p>12 comments</p><img src=\"https://ads.example/1.png\">".to_owned()),
        image: Some("https://ads.example/1.png".to_owned()),
        ..said("g", "Headline", "https://a.example/1", &day(1))
    }
}

#[test]
fn quiet_changes_are_taken_in_without_a_word() {
    let check = |change: fn(&mut FeedEntry), taken_in: bool| {
        let mut after = illustrated();
        change(&mut after);
        let mut diary = Diary::new(vec![illustrated()]);
        let update = diary.check(vec![after.clone()], (0, 0, usize::from(taken_in)));
        let entry = diary.memory.entries.values().next().unwrap();
        assert_eq!(entry.updated, None);
        assert_eq!(entry.said == after, taken_in, "{update:#?}");
        diary.check(vec![after], (0, 0, 0));
    };
    let category = |term: &str| Category { term: term.to_owned(), ..Category::default() };
    check(|entry| entry.categories.push(Category { term: "Sport".to_owned(), ..Category::default() }), true);
    check(|entry| entry.authors.push(Person { name: "Amal".to_owned(), ..Person::default() }), true);
    check(|entry| entry.image = Some("https://a.example/photo.jpg".to_owned()), true);
    check(|entry| entry.content = entry.content.take().map(|html| html.replace("12", "13")), false);
    // An advertisement that rotates, and a token.
    check(
        |entry| {
            entry.content = entry.content.take().map(|html| html.replace("1.png", "2.png"));
            entry.image = Some("https://ads.example/2.png".to_owned());
        },
        false,
    );
    check(|entry| entry.link = Some("https://a.example/1?utm_source=x".to_owned()), false);
    let episode = |image: &str| Some(Episode { image: Some(image.to_owned()), ..Episode::default() });
    check(|entry| entry.episode = Some(Episode { number: Some(1), ..Episode::default() }), true);
    let cover = |image: &str| FeedEntry { episode: episode(image), ..illustrated() };
    let mut diary = Diary::new(vec![cover("https://a.example/cover.jpg?token=1")]);
    diary.check(vec![cover("https://a.example/cover.jpg?token=2")], (0, 0, 0));
    diary.check(vec![cover("https://a.example/other.jpg")], (0, 0, 1));
    let sorted = |terms: [&str; 2]| FeedEntry { categories: terms.map(category).into(), ..illustrated() };
    let mut diary = Diary::new(vec![sorted(["a", "b"])]);
    diary.check(vec![sorted(["b", "a"])], (0, 0, 0));
}

#[test]
fn documents_notice_quiet_changes() {
    let mut diary = Diary::new(vec![illustrated()]);
    let sources = [diary.source.clone()];
    let edition = pipeline::Edition::new(site(), vec![section("sport", 5, 5)], &sources);
    let before = pipeline::publish(&edition, &diary.memory.window(&sources), &Published::default());
    diary.check(
        vec![FeedEntry { image: Some("https://a.example/photo.jpg".to_owned()), ..illustrated() }],
        (0, 0, 1),
    );
    let after = pipeline::publish(&edition, &diary.memory.window(&sources), &before);
    let (before, after) = (&before.documents["/sport.json"], &after.documents["/sport.json"]);
    assert_ne!(before.identity, after.identity);
    assert_eq!(before.last_modified, after.last_modified);
}

#[test]
fn a_changed_configuration_is_read_anew_without_news() {
    let text = |html: &str| FeedEntry { content: Some(html.to_owned()), ..illustrated() };
    let mut diary = Diary::new(vec![text("<p>Text.</p><p>Subscribe now.</p>")]);
    diary.source.strip = vec!["Subscribe now.".to_owned()];
    diary.check(vec![text("<p>Text.</p>")], (0, 0, 1));
    let entry = diary.memory.entries.values().next().unwrap();
    assert_eq!((entry.updated, entry.said.content.as_deref()), (None, Some("<p>Text.</p>")));
    // The same words in better HTML count only then.
    diary.check(vec![text("<div>Text.</div>")], (0, 0, 0));
    diary.check(vec![text("<p>Other text.</p>")], (0, 1, 1));
}

#[test]
fn only_a_reading_says_what_the_validators_belong_to() {
    let mut diary = Diary::new(vec![illustrated()]);
    let old = pipeline::configuration(&diary.source);
    diary.source.strip = vec!["x".to_owned()];
    let error = FetchError { kind: FetchErrorKind::Timeout, message: "slow".to_owned() };
    let unchanged = Reading::Unchanged {
        validators: Validators { etag: Some(b"\"new\"".to_vec()), last_modified: None },
    };
    for reading in [Reading::Failed(error), Reading::NotAFeed("HTML".to_owned()), unchanged] {
        let update = diary.memory.poll(&diary.source, &fetched(reading, &day(3)));
        assert_eq!(update.state.config, Some(old), "{:?}", update.state);
        assert_eq!(update.state.validators.etag, None);
    }
    let update = diary.check(vec![illustrated()], (0, 0, 0));
    assert_eq!(update.state.config, Some(pipeline::configuration(&diary.source)));
}

#[test]
fn facts_are_kept_in_whole_seconds() {
    let (first, second) = ("2026-11-20T12:00:00.700Z", "2026-11-20T12:00:00.900Z");
    let mut memory = Memory::default();
    memory.poll(&source("a", &[]), &brought(vec![illustrated()], first));
    let after = FeedEntry { title: Some("Another headline".to_owned()), ..illustrated() };
    let update = memory.poll(&source("a", &[]), &brought(vec![after], second));
    let entry = &update.changed[0];
    assert_eq!(entry.first_seen, at("2026-11-20T12:00:00Z"));
    assert_eq!(entry.updated, Some(entry.first_seen));
    assert_eq!(entry.first_seen_millis, 700);
}

proptest! {
    /// Whatever a source lists and in whatever order, ids are given once, keys of entries are never reused,
    /// dates and ids of entries never change, and a second look at the same document changes nothing.
    #[test]
    fn identities_hold_over_many_polls(
        polls in prop::collection::vec(
            prop::collection::vec(("[a-c]{0,1}", "[x-z]{0,1}", "[0-2]{0,1}(#[0-1])?", 0_usize..3), 0..5), 1..7)
    ) {
        let mut diary = Diary::new(vec![]);
        for rows in polls {
            let listed: Vec<FeedEntry> = rows.iter().map(|(id, title, page, date)| {
                let link = if page.is_empty() { String::new() } else { format!("https://a.example/p{page}") };
                said(id, title, &link, &if *date == 0 { String::new() } else { day(*date) })
            }).collect();
            let before = diary.memory.entries.clone();
            let update = diary.poll(listed.clone());
            for entry in &update.new {
                prop_assert!(!before.contains_key(&entry.key));
            }
            for (key, old) in &before {
                let now = &diary.memory.entries[key];
                prop_assert_eq!((&now.id, now.published, now.first_seen, now.story), (&old.id, old.published, old.first_seen, old.story));
            }
            let again = diary.poll(listed);
            prop_assert_eq!((again.new.len(), again.changed.len(), again.delisted.len()), (0, 0, 0), "{:#?}", again);
            let ids: std::collections::HashSet<_> = diary.memory.entries.values().map(|entry| &entry.id).collect();
            prop_assert_eq!(ids.len(), diary.memory.entries.len());
        }
    }
}
