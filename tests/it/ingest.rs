//! What one fetch changes: identity, ids, dates, updates, stories, tombstones.

use nashra::model::*;
use nashra::pipeline;
use proptest::prelude::*;

use crate::kit::entries::*;

const NOW: &str = "2026-11-20T12:00:00Z";
const LATER: &str = "2026-11-20T13:00:00Z";

/// Polls `listed` after `before` and compares (new, updated, duplicates).
fn check(
    before: Vec<FeedEntry>,
    listed: Vec<FeedEntry>,
    expected: (usize, usize, usize),
) -> (Memory, Update) {
    let mut memory = Memory::default();
    let source = source("a", &["sport"]);
    memory.poll(&source, &brought(before, NOW));
    let update = memory.poll(&source, &brought(listed, LATER));
    let Tally { new, updated, duplicates, .. } = update.tally;
    assert_eq!((new, updated, duplicates), expected, "{update:#?}");
    (memory, update)
}

fn entries(range: std::ops::Range<usize>, guid: &str, host: &str) -> Vec<FeedEntry> {
    range
        .map(|n| {
            said(
                &format!("{guid}{n}"),
                &format!("A headline about the event number {n}"),
                &format!("{host}/story/{n}"),
                &format!("2026-11-{:02}T08:00:00Z", n + 1),
            )
        })
        .collect()
}

#[test]
fn what_is_known_is_not_new() {
    let site = "https://a.example";
    check(entries(0..5, "g", site), entries(0..5, "g", site), (0, 0, 0));
    check(entries(0..5, "g", site), entries(1..7, "g", site), (2, 0, 0));
}

#[test]
fn what_an_earlier_version_keyed_and_hashed_otherwise_is_neither_new_nor_changed() {
    let entry = |n: usize, has_guid: bool| {
        let guid = if has_guid { format!("g{n}") } else { String::new() };
        said(&guid, &format!("Short {n}"), &format!("https://a.example/story?n={n}"), "")
    };
    for has_guid in [false, true] {
        let (mut memory, source) = (Memory::default(), source("a", &[]));
        let listed = |count: usize| (0..count).map(|n| entry(n, has_guid)).collect::<Vec<_>>();
        memory.poll(&source, &brought(listed(6), NOW));
        memory.keys = std::mem::take(&mut memory.keys)
            .into_iter()
            .map(|(mut key, entry)| {
                if matches!(key.kind, KeyKind::Link | KeyKind::Content | KeyKind::Dated) {
                    key.digest = Digest::of([&key.digest.0[..]]);
                }
                (key, entry)
            })
            .collect();
        memory.entries.values_mut().for_each(|entry| entry.digest = Digest([9; 16]));
        for (count, when) in [(7, LATER), (8, "2026-11-20T14:00:00Z")] {
            let update = memory.poll(&source, &brought(listed(count), when));
            assert_eq!((update.tally.new, update.tally.updated), (1, 0), "{has_guid} {:#?}", update.tally);
            assert_eq!((update.problems.len(), &update.state.renamed), (0, &None), "{:?}", update.problems);
        }
    }
}

#[test]
fn a_flood_of_new_ids_is_recognised() {
    let site = "https://a.example";
    // Another guid scheme; http to https; both; another host with the same titles and dates.
    check(entries(0..6, "old-", site), entries(0..6, "new-", site), (0, 0, 0));
    check(
        entries(0..6, "http://a.example/", "http://a.example"),
        entries(0..6, "https://a.example/", site),
        (0, 0, 0),
    );
    let (_, update) = check(entries(0..6, "g", site), entries(0..6, "h", "https://b.example"), (0, 0, 0));
    assert_eq!(update.changed.len(), 6, "the new links are stored");
    assert!(
        update.problems.iter().any(|problem| problem.code == "identities-moved"),
        "{:?}",
        update.problems
    );
    // A true burst of news is not held back.
    check(entries(0..4, "g", site), entries(4..16, "g", site), (12, 0, 0));
}

#[test]
fn a_new_id_once_learnt_is_known_for_good() {
    let site = "https://a.example";
    let (mut memory, _) = check(entries(0..4, "old-", site), entries(0..4, "new-", site), (0, 0, 0));
    let mut listed = entries(0..4, "new-", site);
    listed.truncate(1);
    let update = memory.poll(&source("a", &[]), &brought(listed, "2026-11-20T14:00:00Z"));
    assert_eq!(update.tally.new, 0);
    assert_eq!(update.delisted.len(), 3);
}

#[test]
fn guids_that_tell_nothing_apart_are_not_used() {
    let same = |n: usize| {
        said("same", &format!("Headline {n}"), &format!("https://a.example/{n}"), "2026-11-01T08:00:00Z")
    };
    let (memory, _) = check(vec![], (0..3).map(same).collect(), (3, 0, 0));
    assert!(memory.entries.values().all(|entry| entry.identity.kind == IdentityKind::Link));
    // Neither guid nor link: the content.
    let bare = |n: usize| said("", &format!("Headline {n}"), "", "");
    let (memory, _) = check(vec![], (0..3).map(bare).collect(), (3, 0, 0));
    assert!(memory.entries.values().all(|entry| entry.identity.kind == IdentityKind::Content));
    // The same page for all, without guids: the page tells nothing apart.
    let paged = |n: usize| said("", &format!("Headline {n}"), "https://a.example/live", "");
    check(vec![], (0..3).map(paged).collect(), (3, 0, 0));
    // One entry twice in a document is one entry.
    let twice = || said("g", "Headline", "https://a.example/1", "2026-11-01T08:00:00Z");
    check(vec![], vec![twice(), twice()], (1, 0, 1));
}

#[test]
fn meaningful_changes_update_and_others_do_not() {
    let before = || said("g", "Minister resigns", "https://a.example/1", "2026-11-01T08:00:00Z");
    let titled = FeedEntry { title: Some("Minister resigns after vote".to_owned()), ..before() };
    let (memory, update) = check(vec![before()], vec![titled], (0, 1, 0));
    let entry = memory.entries.values().next().unwrap();
    assert_eq!(entry.updated, Some(at(LATER)));
    assert_eq!((entry.published, entry.first_seen), (at("2026-11-01T08:00:00Z"), at(NOW)));
    assert_eq!(update.changed.len(), 1);
    let counted =
        |text: &str| FeedEntry { content: Some(format!("<p>Minister resigns</p><p>{text}</p>")), ..before() };
    check(vec![counted("12 comments")], vec![counted("13 comments")], (0, 0, 0));
    check(vec![counted("calm")], vec![counted("unrest")], (0, 1, 0));
    let tracked = FeedEntry { link: Some("https://a.example/1?utm_source=feed".to_owned()), ..before() };
    check(vec![before()], vec![tracked], (0, 0, 0));
}

#[test]
fn dates_that_are_missing_or_in_the_future_are_first_seen() {
    let check = |published: &str, expected: &str, origin: DateOrigin| {
        let mut memory = Memory::default();
        let update = memory.poll(&source("a", &[]), &brought(vec![said("g", "T", "", published)], NOW));
        assert_eq!((update.new[0].published, update.new[0].dated), (at(expected), origin));
    };
    check("2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z", DateOrigin::Source);
    check("", NOW, DateOrigin::Missing);
    check("2027-01-01T00:00:00Z", NOW, DateOrigin::Future);
}

#[test]
fn the_first_fetch_is_backfill() {
    let mut memory = Memory::default();
    let source = source("a", &[]);
    let first = memory.poll(&source, &brought(entries(0..3, "g", "https://a.example"), NOW));
    assert!(first.new.iter().all(|entry| entry.backfill));
    let second = memory.poll(&source, &brought(entries(0..4, "g", "https://a.example"), LATER));
    assert_eq!(second.new.iter().map(|entry| entry.backfill).collect::<Vec<_>>(), [false]);
}

#[test]
fn the_first_source_keeps_an_id() {
    let mut memory = Memory::default();
    let entry = |title: &str| said("https://a.example/1", title, "", "2026-11-01T08:00:00Z");
    let first = memory.poll(&source("a", &[]), &brought(vec![entry("The true entry")], NOW));
    let second = memory.poll(&source("b", &[]), &brought(vec![entry("A false entry")], NOW));
    assert_eq!(first.new[0].id, "https://a.example/1");
    assert!(second.new[0].id.starts_with("urn:uuid:"), "{}", second.new[0].id);
    assert_eq!(memory.entries.len(), 2);
    assert!(second.changed.is_empty());
}

#[test]
fn stories_join_by_link_or_title_within_72_hours() {
    let check = |a: FeedEntry, b: FeedEntry, expected: StoryReason| {
        let mut memory = Memory::default();
        let first = memory.poll(&source("a", &[]), &brought(vec![a], NOW));
        let second = memory.poll(&source("b", &[]), &brought(vec![b], NOW));
        let entry = &second.new[0];
        assert_eq!(entry.story_reason, expected, "{entry:#?}");
        assert_eq!(entry.story == first.new[0].key, expected != StoryReason::First);
    };
    let day = |d: u8| format!("2026-11-{d:02}T08:00:00Z");
    let one = |title: &str, link: &str, d: u8| said("", title, link, &day(d));
    let long = "The council votes on the new harbour";
    let link = "https://x.example/harbour";
    check(one("A", link, 10), one("B", "http://x.example/harbour?utm_source=b", 10), StoryReason::SameLink);
    check(one(long, link, 10), one(long, "https://y.example/2", 11), StoryReason::SameTitle);
    check(one(long, link, 10), one(long, "https://y.example/2", 14), StoryReason::First);
    check(one("Weather", link, 10), one("Weather", "https://y.example/2", 10), StoryReason::First);
    check(one("A", "https://x.example/", 10), one("B", "https://x.example/", 10), StoryReason::First);
    let (plain, vowelled) = ("اخر أخبار المنتخب الوطني المغربي", "آخر أخبـــار المُنتخب الوطني المغربي");
    check(one(plain, link, 10), one(vowelled, "https://y.example/2", 10), StoryReason::SameTitle);
}

#[test]
fn one_source_makes_no_story_with_itself() {
    let mut memory = Memory::default();
    let title = "The council votes on the new harbour";
    let entry =
        |n: u8| said(&format!("g{n}"), title, &format!("https://a.example/{n}"), "2026-11-10T08:00:00Z");
    let update = memory.poll(&source("a", &[]), &brought(vec![entry(1), entry(2)], NOW));
    assert!(update.new.iter().all(|entry| entry.story == entry.key));
}

#[test]
fn what_retention_removed_does_not_come_back() {
    let site = "https://a.example";
    let mut memory = Memory::default();
    let source = source("a", &[]);
    memory.poll(&source, &brought(entries(0..3, "g", site), NOW));
    memory.entries.clear();
    let update = memory.poll(&source, &brought(entries(0..3, "g", site), LATER));
    assert_eq!((update.new.len(), update.changed.len()), (0, 0));
}

#[test]
fn failures_keep_what_is_good() {
    let mut memory = Memory::default();
    let source = source("a", &[]);
    memory.poll(&source, &brought(entries(0..3, "g", "https://a.example"), NOW));
    let error = FetchError { kind: FetchErrorKind::Status, message: "HTTP 503".to_owned() };
    let mut failed = fetched(Reading::Failed(error), LATER);
    failed.manners.retry_after_seconds = Some(120);
    let update = memory.poll(&source, &failed);
    assert_eq!(update.state.failures, 1);
    assert_eq!(update.state.listed.len(), 3);
    assert_eq!(update.state.retry_after, Some(at("2026-11-20T13:02:00Z")));
    assert!(update.delisted.is_empty());
    let good =
        memory.poll(&source, &brought(entries(0..3, "g", "https://a.example"), "2026-11-20T14:00:00Z"));
    assert_eq!((good.state.failures, good.state.error, good.state.retry_after), (0, None, None));
}

#[test]
fn a_304_renews_only_the_validators_that_it_carries() {
    let mut memory = Memory::default();
    let source = source("a", &[]);
    memory.poll(&source, &brought(vec![], NOW));
    let reading = |etag: Option<&str>, modified: Option<&str>| Reading::Unchanged {
        validators: Validators {
            etag: etag.map(|text| text.as_bytes().to_vec()),
            last_modified: modified.map(|text| text.as_bytes().to_vec()),
        },
    };
    memory.poll(&source, &fetched(reading(Some("W/\"1\""), Some("yesterday")), NOW));
    let update = memory.poll(&source, &fetched(reading(Some("\"2\""), None), LATER));
    assert_eq!(update.state.validators.etag.as_deref(), Some(&b"\"2\""[..]));
    assert_eq!(update.state.validators.last_modified.as_deref(), Some(&b"yesterday"[..]));
}

proptest! {
    /// Whatever a source lists, listing it again changes nothing, and ids are never given twice.
    #[test]
    fn ingest_is_idempotent(
        rows in prop::collection::vec(("[a-c]{0,2}", "[x-z]{0,3}", "[0-3]{0,1}", 0_u8..4), 0..12)
    ) {
        let listed: Vec<FeedEntry> = rows
            .iter()
            .map(|(id, title, page, day)| {
                let link = if page.is_empty() { String::new() } else { format!("https://a.example/p{page}") };
                let date = if *day == 0 { String::new() } else { format!("2026-11-{day:02}T00:00:00Z") };
                said(id, title, &link, &date)
            })
            .collect();
        let mut memory = Memory::default();
        let source = source("a", &[]);
        memory.poll(&source, &brought(listed.clone(), NOW));
        let again = memory.poll(&source, &brought(listed, LATER));
        prop_assert_eq!((again.new.len(), again.changed.len(), again.delisted.len()), (0, 0, 0));
        let ids: std::collections::HashSet<_> = memory.entries.values().map(|entry| &entry.id).collect();
        prop_assert_eq!(ids.len(), memory.entries.len());
    }
}

#[test]
fn an_entry_that_says_nothing_is_not_taken_in() {
    let document = "<rss version=\"2.0\"><channel><title>T</title><item><title>a</title></item><item/>\
        <item><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item>\
        <item><guid isPermaLink=\"false\">an-id-is-nothing-to-show</guid></item></channel></rss>";
    let body = Body {
        bytes: document.into(),
        content_type: None,
        url: "https://a.example/feed".to_owned(),
        is_delta: false,
        validators: Validators::default(),
    };
    let retrieved = Retrieved {
        at: at(NOW),
        elapsed_ms: 1,
        wire_bytes: 1,
        status: Some(200),
        manners: Manners::default(),
        outcome: Ok(Answer::Body(body)),
    };
    let fetched = pipeline::read(&source("a", &[]), None, "https://nashra.example", retrieved);
    let Reading::Feed { feed, .. } = fetched.reading else { panic!("{fetched:?}") };
    assert_eq!(feed.entries.len(), 1);
    assert!(feed.problems.iter().any(|problem| problem.code == "empty-entry"), "{:?}", feed.problems);
}
