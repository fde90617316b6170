//! What is remembered of entries that were not taken in, or are stored no more.

use chrono::TimeDelta;
use nashra::edge::store::{STUBS_MAX, Store};
use nashra::model::*;
use nashra::{edge::clock, pipeline};
use serde_json::json;

use super::*;
use crate::kit::entries::{at, brought, said, source};

const NOW: &str = "2026-11-20T12:00:00Z";

/// One poll of source `wire` straight into a store.
fn take_in(store: &Store, entries: Vec<FeedEntry>, now: Timestamp) -> Update {
    let (source, fetched) = (source("wire", &[]), brought(entries, &now.to_rfc3339()));
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let known = store.known(&pipeline::wanted_keys(&source, &state, &fetched)).unwrap();
    let update = pipeline::ingest(&source, &state, &known, &fetched, now);
    store.apply(&update).unwrap();
    store.flush().unwrap();
    update
}

fn entry(n: usize) -> FeedEntry {
    said(&format!("{n}"), &format!("Title {n}"), &format!("https://e.example/{n}"), "2026-01-01T00:00:00Z")
}

#[test]
fn what_repeats_another_entry_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let again = FeedEntry { link: None, ..entry(1) };
    let update = take_in(&store, vec![entry(1), again, entry(1)], at(NOW));
    let key = update.new[0].key;
    let dropped: Vec<_> = update.dropped.iter().map(|one| (one.link.clone(), one.reason)).collect();
    assert_eq!(
        dropped,
        [(None, DroppedReason::Repeats { entry: key })],
        "what is called the same needs no stub"
    );
    let stubs = store.stubs("1").unwrap();
    assert_eq!((stubs.len(), &stubs[0].source.0, stubs[0].at), (1, &"wire".to_owned(), at(NOW)));
}

#[test]
fn what_is_beyond_the_limit_is_remembered_as_far_as_that_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let many = || (0..10_700).map(entry).collect::<Vec<_>>();
    let update = take_in(&store, many(), at(NOW));
    assert_eq!((update.new.len(), update.dropped.len()), (10_000, Dropped::OF_ONE_DOCUMENT_MAX));
    assert_eq!(store.stubs_stored().unwrap(), Dropped::OF_ONE_DOCUMENT_MAX as u64);
    let stub = store.stubs("https://e.example/10000").unwrap().remove(0);
    assert_eq!((stub.dropped.id.as_deref(), stub.dropped.reason), (Some("10000"), DroppedReason::TooMany));
    // The same again is the same stub, of the same moment.
    take_in(&store, many(), at(NOW) + TimeDelta::hours(1));
    assert_eq!(store.stubs_stored().unwrap(), Dropped::OF_ONE_DOCUMENT_MAX as u64);
    assert_eq!(store.stubs("10000").unwrap(), [stub]);
}

#[test]
fn what_is_beyond_the_limit_of_a_document_as_it_is_written_is_remembered() {
    let items: String = (0..10_705)
        .map(|n| format!("<item><guid isPermaLink=\"false\">x{n}</guid><title>Title {n}</title></item>"))
        .collect();
    let document = format!("<rss version=\"2.0\"><channel><title>Many</title>{items}</channel></rss>");
    let feed = pipeline::understand(document.as_bytes(), None, None, "https://e.example/feed", &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source("wire", &[]);
    let mut fetched = brought(vec![], NOW);
    let Reading::Feed { feed: brought, .. } = &mut fetched.reading else { panic!("a feed") };
    **brought = feed;
    let update = pipeline::ingest(&source, &SourceState::default(), &Known::default(), &fetched, at(NOW));
    store.apply(&update).unwrap();
    assert_eq!((update.new.len(), update.dropped.len()), (10_000, Dropped::OF_ONE_DOCUMENT_MAX));
    let told: Vec<_> = update.problems.iter().map(|problem| (&*problem.code, &*problem.message)).collect();
    assert_eq!(told, [("too-many-entries", "only the first 10000 of 10705 entries are taken in")]);
    for name in ["x10000", "x10004", "x10499"] {
        assert_eq!(store.stubs(name).unwrap().remove(0).dropped.reason, DroppedReason::TooMany, "{name}");
    }
    assert_eq!(store.stubs("x10500").unwrap(), []);
}

#[test]
fn stubs_are_forgotten_in_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let dropped = |n: usize| Dropped {
        id: Some(format!("{n}")),
        title: None,
        link: None,
        page: None,
        reason: DroppedReason::Empty,
    };
    let drop_some = |numbers: std::ops::Range<usize>, when: Timestamp| {
        let about = Update::about(SourceId("a".to_owned()), SourceState::default(), when);
        store.apply(&Update { dropped: numbers.map(dropped).collect(), ..about }).unwrap();
    };
    drop_some(0..10, at(NOW));
    drop_some(5..15, at(NOW) + TimeDelta::days(1));
    assert_eq!(store.stubs_stored().unwrap(), 15);
    assert_eq!(store.forget_stubs(at(NOW)).unwrap(), 0);
    assert_eq!(store.forget_stubs(at(NOW) + TimeDelta::hours(1)).unwrap(), 10);
    assert_eq!(store.stubs_stored().unwrap(), 5);
    assert!(store.stubs("3").unwrap().is_empty() && store.stubs("12").unwrap().len() == 1);
    // Dropped again it is remembered again.
    drop_some(0..4, at(NOW) + TimeDelta::days(2));
    assert_eq!(store.stubs("3").unwrap().len(), 1);
    let most = usize::try_from(STUBS_MAX).unwrap();
    drop_some(1_000..1_000 + most, at(NOW) + TimeDelta::days(3));
    assert_eq!(store.stubs_stored().unwrap(), STUBS_MAX, "the oldest have gone");
    assert!(store.stubs("12").unwrap().is_empty() && store.stubs("1000").unwrap().len() == 1);
}

#[test]
fn it_is_told_how_long_an_entry_is_kept() {
    let home = home();
    let only = [item("2", "من المستقبل", "https://alif.example/2", "20 Nov 2126 08:00:00 GMT")];
    home.write("alif.xml", &feed("alif", &only));
    poll(&home);
    let check = |asked: &str, listed: bool, is_removed: bool, words: &str| {
        let listing = told(&home, asked).remove(0)["listing"].clone();
        assert_eq!(
            (&listing["listed"], listing["removed_at"].is_string()),
            (&json!(listed), is_removed),
            "{listing}"
        );
        assert!(listing["text"].as_str().unwrap().contains(words), "{listing}");
    };
    check("2", true, false, "last good answer");
    check("4", false, true, "removed after keep_days = 90");
    check("urn:alif:1", false, false, "as long as “المنتخب المغربي");
    home.write("ba.xml", &feed("ba", &[item("b7", "Another", "", "")]));
    poll(&home);
    check("urn:alif:1", false, true, "removed with its whole story");
}

#[test]
fn what_retention_removed_is_still_known() {
    let home = Home::new("[sources.wire]\nurl = \"file:wire.xml\"\nenabled = false\n");
    let update = {
        let store = Store::open(&home.path("state")).unwrap();
        let now = clock::now();
        let update = take_in(
            &store,
            vec![
                said("urn:w:1", "Old", "https://e.example/1?utm_source=x", "2026-01-01T00:00:00Z"),
                entry(2),
            ],
            now - TimeDelta::days(200),
        );
        take_in(&store, vec![entry(2)], now - TimeDelta::days(150));
        update
    };
    let key = update.new[0].key.to_string();
    let daemon = home.start();
    daemon.wait_for("retention", |line| line["message"] == "removed what no source lists any more");
    let check_all = || {
        for asked in [key.as_str(), "urn:w:1", "https://e.example/1", "http://e.example/1?fbclid=1#top"] {
            let told = one(&home, asked);
            assert_eq!(told["status"], "removed", "{asked}");
            assert_eq!((&told["title"], &told["id"]), (&json!("Old"), &json!("urn:w:1")), "{asked}");
            assert_eq!(told["reason"], json!({ "why": "expired", "entry": key }), "{asked}");
            assert!(told["text"].as_str().unwrap().contains("keep_days = 90"), "{asked}");
            assert!(told["at"].is_string() && told["first_seen"].is_string());
        }
        assert_eq!(one(&home, "2")["status"], "stored");
    };
    check_all();
    assert!(daemon.stop().success());
    check_all();
    // The stub goes, the keys stay: it is known that something was there.
    let store = Store::open(&home.path("state")).unwrap();
    assert_eq!(store.forget_stubs(clock::now() + TimeDelta::days(1)).unwrap(), 1);
    drop(store);
    let told = one(&home, "urn:w:1");
    assert_eq!((&told["status"], &told["reason"]), (&json!("removed"), &json!(null)));
    assert!(told["text"].as_str().unwrap().contains("does not come back as new"));
}
