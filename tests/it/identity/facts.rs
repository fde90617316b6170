//! Dates that cannot be, versions that come back, addresses that are given anew, mirrors, and thieves.

use nashra::model::*;

use super::{Diary, day};
use crate::kit::entries::*;

#[test]
fn dates_that_say_that_there_is_none_are_missing() {
    let check = |published: &str, expected: DateOrigin| {
        let mut memory = Memory::default();
        let update = memory
            .poll(&source("a", &[]), &brought(vec![said("g", "T", "", published)], "2026-11-20T12:00:00Z"));
        let entry = &update.new[0];
        assert_eq!(entry.dated, expected, "{published}");
        assert_eq!(entry.published == entry.first_seen, expected != DateOrigin::Source, "{published}");
    };
    for zero in [
        "1970-01-01T00:00:00Z",
        "1969-12-31T19:00:00-05:00",
        "1970-01-20T17:39:41Z",
        "0001-01-01T00:00:00Z",
        "-0001-11-30T00:00:00Z",
        "1899-12-30T00:00:00Z",
        "1904-01-01T00:00:00Z",
        "1980-01-01T00:00:00Z",
    ] {
        check(zero, DateOrigin::Absurd);
    }
    for real in
        ["1944-06-06T06:30:00Z", "1969-07-20T20:17:00Z", "1970-02-02T00:00:00Z", "1999-12-31T23:59:59Z"]
    {
        check(real, DateOrigin::Source);
    }
    check("2027-01-01T00:00:00Z", DateOrigin::Future);
    // The other date is better than none.
    let mut entry = said("g", "T", "", "1970-01-01T00:00:00Z");
    entry.updated = Some(at("2026-11-19T12:00:00Z"));
    let update = Memory::default().poll(&source("a", &[]), &brought(vec![entry], "2026-11-20T12:00:00Z"));
    assert_eq!(update.new[0].dated, DateOrigin::SourceUpdated);
}

#[test]
fn a_date_that_is_corrected_moves_nothing() {
    let entry = |date: &str| said("g", "Headline", "https://a.example/1", date);
    for (before, after) in [("", day(1)), ("2027-01-01T00:00:00Z", day(1)), ("1970-01-01T00:00:00Z", day(1))]
    {
        let mut diary = Diary::new(vec![entry(before)]);
        let first = diary.memory.entries.values().next().unwrap().clone();
        diary.poll(vec![entry(&after)]);
        diary.poll(vec![entry("")]);
        let now = diary.memory.entries.values().next().unwrap();
        assert_eq!(
            (now.key, now.published, &now.id, now.dated),
            (first.key, first.published, &first.id, first.dated)
        );
        assert_eq!((diary.memory.entries.len(), now.updated), (1, None));
    }
}

#[test]
fn going_back_to_a_former_version_is_no_news() {
    let titled = |title: &str| vec![said("g", title, "https://a.example/1", &day(1))];
    let mut diary = Diary::new(titled("Minister resigns"));
    diary.check(titled("Minister resigns after the vote"), (0, 1, 1));
    for _ in 0..4 {
        diary.check(titled("Minister resigns"), (0, 0, 1));
        diary.check(titled("Minister resigns after the vote"), (0, 0, 1));
    }
    let entry = diary.memory.entries.values().next().unwrap();
    assert_eq!(entry.updated, Some(at(&day(2))));
    // Something else is news, and no more than a few versions are remembered.
    for n in 0..10 {
        diary.check(titled(&format!("Minister resigns, reaction number {n}")), (0, 1, 1));
    }
    assert_eq!(diary.memory.entries.values().next().unwrap().former.len(), Entry::FORMER_MAX);
}

fn articles(range: std::ops::Range<usize>, site: &str) -> Vec<FeedEntry> {
    let article = |n| {
        let title = format!("A headline about the event number {n}");
        said(&format!("{site}/?p={n}"), &title, &format!("https://{site}/{n}"), &day(n))
    };
    range.map(article).collect()
}

#[test]
fn what_comes_first_is_backfill() {
    let is_backfill =
        |update: &Update| -> Vec<bool> { update.new.iter().map(|entry| entry.backfill).collect() };
    // After failures, and after a document without entries.
    let mut diary = Diary::new(vec![]);
    let error = FetchError { kind: FetchErrorKind::Timeout, message: "slow".to_owned() };
    diary.memory.poll(&diary.source, &fetched(Reading::Failed(error), &day(2)));
    diary.day = 2;
    assert_eq!(is_backfill(&diary.poll(articles(1..3, "a.example"))), [true; 2]);
    assert!(is_backfill(&diary.poll(vec![])).is_empty());
    assert_eq!(is_backfill(&diary.poll(articles(3..4, "a.example"))), [false]);
    // Another feed under the same name.
    diary.source.location = Location::Web("https://b.example/feed".parse().unwrap());
    assert!(is_backfill(&diary.poll(vec![])).is_empty());
    let other = |range| -> Vec<FeedEntry> {
        let another = |entry: FeedEntry| {
            let title = entry.title.as_ref().map(|title| title.replace("event", "other event"));
            FeedEntry { title, ..entry }
        };
        articles(range, "b.example").into_iter().map(another).collect()
    };
    assert_eq!(is_backfill(&diary.poll(other(1..5))), [true; 4]);
    assert_eq!(is_backfill(&diary.poll(other(1..6))), [false]);
    // The same feed elsewhere: a move, and its news are news.
    diary.source.location = Location::Web("https://c.example/feed".parse().unwrap());
    let moved = diary.poll(other(2..7));
    assert_eq!(is_backfill(&moved), [false]);
}

#[test]
fn nobody_touches_what_is_another_sources() {
    let ours =
        said("https://a.example/?p=1", "The council votes on the harbour", "https://a.example/1", &day(1));
    let theirs = FeedEntry {
        content: Some("<p>Buy this.</p>".to_owned()),
        title: Some("False".to_owned()),
        ..ours.clone()
    };
    let (a, b) = (source("a", &["sport"]), source("b", &["sport"]));
    for b_first in [false, true] {
        let mut memory = Memory::default();
        let mut polls = vec![(&a, &ours), (&b, &theirs)];
        if b_first {
            polls.reverse();
        }
        for (poll, (source, entry)) in polls.iter().chain(&polls).enumerate() {
            let update = memory.poll(source, &brought(vec![(*entry).clone()], &day(poll + 2)));
            assert_eq!((update.new.len(), update.changed.len()), (usize::from(poll < 2), 0));
        }
        let of = |id: &str| memory.entries.values().find(|entry| entry.source.0 == id).unwrap();
        assert_eq!(
            (of("a").said.title.as_deref(), of("b").said.title.as_deref()),
            (ours.title.as_deref(), Some("False"))
        );
        assert_eq!(of("a").said.content, ours.content);
        assert_eq!(
            (of("a").id == "https://a.example/?p=1", of("b").id == "https://a.example/?p=1"),
            (!b_first, b_first)
        );
        assert_eq!(of("a").story, of("b").story, "one link, one story");
    }
}

fn mirrored() -> (Source, Source) {
    let original = Source { is_mirrored: true, ..source("a", &["sport"]) };
    let mirror = Source { mirror_of: Some(original.id.clone()), ..source("m", &["sport"]) };
    (original, mirror)
}

#[test]
fn a_mirror_and_its_original_tell_one_story() {
    let entry = |link: &str, title: &str| vec![said("", title, link, &day(1))];
    let check = |one: &str, other: &str, expected: StoryReason| {
        for swapped in [false, true] {
            let (mut first, mut second) = mirrored();
            if swapped {
                std::mem::swap(&mut first, &mut second);
            }
            let mut memory = Memory::default();
            let told = memory.poll(&first, &brought(entry(one, "One"), &day(1))).new[0].key;
            let again = memory.poll(&second, &brought(entry(other, "Another"), &day(1)));
            assert_eq!(again.new[0].story_reason, expected, "{one} {other}");
            assert_eq!(again.new[0].story == told, expected != StoryReason::First);
        }
    };
    let link = "https://a.example/خبر/12?x=1";
    check(link, "http://www.m.example/خبر/12?x=1&utm_source=m", StoryReason::Mirror);
    check(link, "http://amp.m.example/%D8%AE%D8%A8%D8%B1/12?x=1", StoryReason::Mirror);
    check(link, "https://m.example/خبر/12?x=2", StoryReason::First);
    check(link, "https://m.example/خبر/13?x=1", StoryReason::First);
    check("https://a.example/", "https://m.example/", StoryReason::First);
    check(link, link, StoryReason::SameLink);
    // To everybody else another host is another page.
    let mut memory = Memory::default();
    memory.poll(&mirrored().0, &brought(entry(link, "One"), &day(1)));
    let other = memory.poll(&source("z", &[]), &brought(entry("https://z.example/خبر/12?x=1", "Z"), &day(1)));
    assert_eq!(other.new[0].story_reason, StoryReason::First);
}

#[test]
fn a_mirror_finds_what_was_stored_before_it_was_one() {
    let (original, mirror) = mirrored();
    let before = Source { is_mirrored: false, ..original.clone() };
    let entry =
        |site: &str| vec![said("", &format!("On {site}"), &format!("https://{site}/news/12"), &day(1))];
    let mut memory = Memory::default();
    let told = memory.poll(&before, &brought(entry("a.example"), &day(1))).new[0].key;
    let update = memory.poll(&original, &brought(entry("a.example"), &day(1)));
    assert_eq!((update.new.len(), update.changed.len()), (0, 0));
    let update = memory.poll(&mirror, &brought(entry("m.example"), &day(2)));
    assert_eq!((update.new[0].story_reason, update.new[0].story), (StoryReason::Mirror, told));
}

#[test]
fn one_guid_for_one_story_after_the_other_is_found_out() {
    let only = |n: usize| {
        let (title, link) = (format!("Headline of the day number {n}"), format!("https://a.example/{n}"));
        vec![said("latest", &title, &link, &day(n))]
    };
    let mut diary = Diary::new(only(1));
    // Twice it may be one entry that was rewritten.
    diary.check(only(2), (0, 1, 1));
    let told = diary.check(only(3), (0, 1, 1));
    assert!(told.problems.iter().any(|problem| problem.code == "keys-volatile"), "{:?}", told.problems);
    for n in 4..8 {
        diary.check(only(n), (1, 0, 0));
        diary.check(only(n), (0, 0, 0));
    }
}
