//! What retention removes while the daemon serves.

use chrono::TimeDelta;
use nashra::edge::store::Store;
use nashra::model::{SourceId, Update};
use nashra::{edge::clock, pipeline};

use super::*;
use crate::kit::entries::{at, brought, said, source};

fn published(n: u32) -> String {
    (at("2025-01-01T00:00:00Z") + TimeDelta::minutes(n.into())).to_rfc3339()
}

/// A poll of source `wire` so many days ago, straight into the store.
fn listed(home: &Home, days_ago: i64, numbers: std::ops::RangeInclusive<u32>) -> Update {
    let store = Store::open(&home.path("state")).unwrap();
    let (source, now) = (source("wire", &["sport"]), clock::now() - TimeDelta::days(days_ago));
    let entry = |n: u32| {
        let link = format!("https://e.example/{n}");
        said(&format!("{n}"), &format!("Story number {n}."), &link, &published(n))
    };
    let fetched = brought(numbers.map(entry).collect(), &now.to_rfc3339());
    let known = store
        .known(&pipeline::wanted_keys(&source, &nashra::model::SourceState::default(), &fetched))
        .unwrap();
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let update = pipeline::ingest(&source, &state, &known, &fetched, now);
    store.apply(&update).unwrap();
    store.flush().unwrap();
    update
}

fn removed(daemon: &Daemon) -> serde_json::Value {
    daemon.wait_for("retention", |line| line["message"] == "removed what no source lists any more")
}

/// Of `count` entries only the oldest `listed_still` are still listed; the newest of them are what is shown then.
fn check_places_are_taken(count: u32, listed_still: u32) {
    let config = "[publish]\nentries = 3\n[sections.sport]\ntitle = \"رياضة\"\n\
        [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nenabled = false\n";
    let home = Home::new(config);
    listed(&home, 200, 1..=count);
    listed(&home, 150, 1..=listed_still);
    let daemon = home.start();
    assert_eq!(removed(&daemon)["entries"], count - listed_still);
    // Published before it was logged.
    let shown: serde_json::Value = serde_json::from_str(daemon.get("/sport.json").text()).unwrap();
    let number = |item: &serde_json::Value| {
        let title = item["title"].as_str().unwrap();
        title.trim_start_matches("Story number ").trim_end_matches('.').parse().unwrap()
    };
    let shown: Vec<u32> = shown["items"].as_array().unwrap().iter().map(number).collect();
    assert_eq!(shown, [listed_still, listed_still - 1, listed_still - 2]);
    assert!(daemon.stop().success());
}

#[test]
fn older_entries_take_the_places_of_those_that_are_removed() {
    check_places_are_taken(28, 20);
    // More than the window holds: the older ones are read back from the store.
    check_places_are_taken(2_100, 50);
}

#[test]
fn entries_of_a_source_that_left_the_file_are_removed_in_their_time() {
    let two = format!("{CONFIG}[sources.other]\nurl = \"file:other.xml\"\n");
    let home = home();
    home.write("other.xml", &rss(&[("5", "Fifth story")]));
    home.configure(&two);
    let daemon = home.start();
    daemon.wait_for_poll("other", "ok");
    assert!(daemon.stop().success());
    let other = SourceId("other".to_owned());
    let state = |home: &Home| Store::open(&home.path("state")).unwrap().states().unwrap()[&other].clone();
    assert_eq!(state(&home).listed.len(), 1);

    home.configure(CONFIG);
    let daemon = home.start();
    daemon.wait_for("the source", |line| line["source"] == "other");
    assert!(daemon.stop().success());
    assert_eq!(state(&home).listed.len(), 0, "retention counts from now");

    // It comes back with the same bytes: read again, listed again, and nothing in it is new.
    home.configure(&two);
    let daemon = home.start();
    let line = daemon.wait_for("a poll", |line| line["source"] == "other");
    assert_eq!((&line["status"], &line["seen"], &line["new"]), (&"ok".into(), &1.into(), &0.into()));
    assert!(daemon.stop().success());
    let store = Store::open(&home.path("state")).unwrap();
    assert!(store.purge(clock::now() + TimeDelta::days(1000), clock::now()).unwrap().gone.is_empty());
}
