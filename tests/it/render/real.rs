//! Feeds of real sites, taken in and published again: none of our documents breaks a rule.

use std::path::PathBuf;

use nashra::pipeline;

use super::*;

/// The files of a folder beside the checkout, and their names; none, and a word about it, where it is not there.
fn shared(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: {name} is not beside this checkout");
        return vec![];
    };
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// What a source says, decided on as a poll would, in a section of 12.
fn taken_in(feed: Feed) -> Vec<SectionFeed> {
    let source = source("real", &["all"]);
    let mut memory = Memory::default();
    let card = SourceCard {
        title: feed.title.clone().unwrap_or_default(),
        link: feed.link.clone(),
        feed_id: feed.id.clone().unwrap_or_else(|| "https://real.example/feed".to_owned()),
        language: feed.language.clone(),
        image: feed.image.clone(),
        rights: feed.rights.clone(),
        ..card("real")
    };
    let reading = Reading::Feed {
        feed: Box::new(feed),
        document: Digest([1; 16]),
        is_delta: false,
        validators: Validators::default(),
    };
    memory.poll(&source, &fetched(reading, "2026-11-24T10:00:00Z"));
    let mut window = memory.window(std::slice::from_ref(&source));
    window.sources.insert(source.id.clone(), Arc::new(card));
    let edition = pipeline::Edition::new(site(), vec![section("all", 12, 12)], &[source]);
    pipeline::lay_out(&edition, &window)
}

/// What podcast clients look for; RSS shows pictures and the like beside it, but not as files.
fn played(said: &FeedEntry) -> std::collections::BTreeSet<String> {
    let is_played = |kind: &Option<String>| {
        kind.as_deref().is_some_and(|kind| kind.starts_with("audio/") || kind.starts_with("video/"))
    };
    let files =
        said.enclosures.iter().filter(|file| file.url.starts_with("http") && is_played(&file.media_type));
    files.map(|file| file.url.replace("%20", " ")).collect()
}

/// Every format names the same entries by the same titles, to ourselves and to others.
fn check_read_again(feed: &SectionFeed) {
    let ids: Vec<&str> = feed.placed.iter().map(|placed| placed.entry.id.as_str()).collect();
    for document in [render::rss, render::atom, render::json].map(|write| write(feed, &site())) {
        let ours = pipeline::understand(&document, None, None, "https://other.example/", &[]).unwrap();
        // An empty feed is from 1970, which is no date of anything.
        assert!(ours.problems.is_empty() || ids.is_empty(), "{:?}", ours.problems);
        let found: Vec<&str> = ours.entries.iter().filter_map(|said| said.id.as_deref()).collect();
        assert_eq!(found, ids);
        let theirs = feed_rs::parser::parse(&document[..]).unwrap();
        assert_eq!(theirs.entries.len(), ids.len());
        for (found, placed) in ours.entries.iter().zip(&feed.placed) {
            let said = &placed.entry.said;
            // What has no title of its own is given one.
            assert!(
                said.title.is_none() || found.title == said.title,
                "{:?} of {:?}",
                found.title,
                said.title
            );
            assert_eq!(played(found), played(said));
            let facts = |said: &FeedEntry| {
                said.episode.as_ref().map(|one| (one.duration_seconds, one.number, one.kind))
            };
            assert_eq!(facts(found), facts(said));
        }
    }
}

#[test]
fn every_real_feed_is_published_without_a_mistake() {
    let (mut shown, mut files) = (0, 0);
    for (name, bytes) in shared("feeds") {
        let base = "https://real.example/feed";
        let Ok(read) = pipeline::understand(&bytes, None, None, base, &[]) else { continue };
        files += 1;
        for feed in taken_in(read) {
            println!("{name}");
            shown += feed.placed.len();
            strict::check_all(&feed, &site());
            check_read_again(&feed);
        }
    }
    assert!(files == 0 || shown > files, "{shown} entries of {files} feeds");
}
