//! Same facts, same bytes, same validators: for every document, whoever made it and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use nashra::model::*;
use nashra::pipeline::{self, Edition};

use super::{NOW, filled};
use crate::kit::entries::*;

type Seen = (Digest, Option<Timestamp>, Lifetime, &'static str, Option<Arc<str>>, Vec<u8>);

/// All that readers see of every document.
fn seen(published: &Published) -> BTreeMap<&str, Seen> {
    let of = |document: &Document| {
        let bytes = Coding::ALL.map(|coding| document.body(coding).unwrap().to_vec()).concat();
        let Document { version, last_modified, lifetime, content_type, links, .. } = document;
        (*version, *last_modified, *lifetime, *content_type, links.clone(), bytes)
    };
    published.documents.iter().map(|(path, document)| (path.as_str(), of(document))).collect()
}

/// Made anew and taken over, the documents of these sections are the same to the byte.
fn check(counts: &[(&str, usize)], sections: &[Section], documents: usize) {
    let (memory, sources) = filled(counts);
    let edition = || Edition::new(site(), sections.to_vec(), &sources);
    let first = pipeline::publish(&edition(), &memory.window(&sources), &Published::default());
    assert_eq!(first.documents.len(), documents, "{counts:?}");
    let restarted = pipeline::publish(&edition(), &memory.window(&sources), &Published::default());
    assert_eq!(seen(&restarted), seen(&first), "{counts:?}");
    let reloaded = pipeline::publish(&edition(), &memory.window(&sources), &first);
    for (path, document) in &reloaded.documents {
        assert!(Arc::ptr_eq(document, &first.documents[path]), "{counts:?}: {path} was made again");
    }
}

#[test]
fn nothing_new_is_no_change() {
    const ALWAYS: usize = 7;
    check(&[("a", 3), ("b", 40)], &[section("latest", 10, 5), section("sport", 50, 50)], ALWAYS + 8);
    // Sections without entries, and a site without sections.
    check(&[], &[section("latest", 10, 5), section("sport", 50, 50)], ALWAYS + 8);
    check(&[("a", 3)], &[section("art", 10, 10)], ALWAYS + 4);
    check(&[("a", 3)], &[section("sport", 0, 0)], ALWAYS + 4);
    check(&[], &[], ALWAYS);
    let ranked = Section { order: SectionOrder::MostRead, ..section("most-read", 10, 10) };
    check(&[("a", 3)], &[section("sport", 10, 10), ranked], ALWAYS + 8);
}

#[test]
fn other_facts_that_give_the_same_bytes_keep_what_was_made_of_them() {
    let (memory, sources) = filled(&[("a", 30)]);
    let edition = |description: Option<&str>| {
        let section = Section { description: description.map(str::to_owned), ..section("sport", 50, 50) };
        Edition::new(site(), vec![section], &sources)
    };
    let first = pipeline::publish(&edition(None), &memory.window(&sources), &Published::default());
    let page = &first.documents["/"];
    assert!(page.body(Coding::Br).is_some() && first.documents["/sport.atom"].body(Coding::Br).is_some());
    // The front page does not show the description.
    let after = pipeline::publish(&edition(Some("أخبار الملاعب")), &memory.window(&sources), &first);
    let same = &after.documents["/"];
    assert_ne!(same.fingerprint, page.fingerprint);
    assert!(same.version == page.version && same.is_ready(Coding::Br));
    let feed = &after.documents["/sport.atom"];
    assert!(feed.version != first.documents["/sport.atom"].version && !feed.is_ready(Coding::Br));
}

/// How long a section is good whose entries were published so many minutes ago.
fn check_lifetime(minutes: &[i64], expected: u32) {
    let source = source("a", &["sport"]);
    let said = minutes.iter().map(|minutes| {
        let published = at(NOW) - chrono::TimeDelta::minutes(*minutes);
        let name = format!("{minutes}");
        FeedEntry {
            published: Some(published),
            ..said(&name, &name, &format!("https://a.example/{minutes}"), "")
        }
    });
    let mut memory = Memory::default();
    memory.poll(&source, &brought(said.collect(), NOW));
    let sources = [source];
    let sections = vec![section("empty", 50, 50), section("sport", 50, 50)];
    let edition = Edition::new(site(), sections, &sources);
    let published = pipeline::publish(&edition, &memory.window(&sources), &Published::default());
    for path in ["/sport", "/sport.rss", "/sport.atom", "/sport.json"] {
        assert_eq!(published.documents[path].lifetime, Lifetime(expected), "{path} {minutes:?}");
    }
    // An empty section may fill at any moment, so the front page is good for a minute.
    assert_eq!(published.documents["/"].lifetime, Lifetime(60));
    assert_eq!(published.documents["/style.css"].lifetime, Lifetime(3600));
}

#[test]
fn a_copy_is_good_for_half_the_usual_wait() {
    check_lifetime(&[], 60);
    check_lifetime(&[5], 60);
    check_lifetime(&[0, 10], 300);
    check_lifetime(&[100, 0, 10, 40], 1000);
    // At least a minute, at most an hour.
    check_lifetime(&[3, 4, 5], 60);
    check_lifetime(&[0, 10_000], 3600);
    // What lies further back than ten gaps tells nothing of now.
    let often: Vec<i64> = (0..=10).map(|n| n * 20).chain([5000, 9000]).collect();
    check_lifetime(&often, 600);
}

#[test]
fn a_feed_remembers_its_former_versions() {
    let (mut memory, sources) = filled(&[("a", 3)]);
    let edition = Edition::new(site(), vec![section("sport", 200, 200)], &sources);
    let mut editions = vec![pipeline::publish(&edition, &memory.window(&sources), &Published::default())];
    for n in 0..120 {
        let entry = said(&format!("new-{n}"), &format!("New {n}"), &format!("https://a.example/new/{n}"), "");
        memory.poll(&sources[0], &brought(vec![entry], NOW));
        editions.push(pipeline::publish(&edition, &memory.window(&sources), &editions[n]));
    }
    for path in ["/sport.rss", "/sport.atom", "/sport.json"] {
        let last = &editions[120].documents[path];
        let history = last.history.as_ref().unwrap();
        for (number, edition) in editions.iter().enumerate() {
            let document = &edition.documents[path];
            let pieces = &document.pieces.as_ref().unwrap().list;
            let known = pieces.iter().map(|piece| piece.digest).collect();
            let expected = (number > 20).then_some(known);
            assert_eq!(history.entries_of(document.version), expected, "{path} {number}");
        }
    }
    assert_eq!(editions[1].documents["/sport"].history, None);
}
