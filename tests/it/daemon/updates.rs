//! What readers are told of an entry that its source changes, in every format alike.

use super::archives::{atom, ids, listed};
use super::*;

/// What each format says of entry `id`: when it last changed, and when the whole document did.
#[derive(Debug, PartialEq)]
struct Said {
    atom: (String, String),
    json: String,
    rss: String,
    modified: Vec<String>,
}

fn said(daemon: &Daemon, id: &str) -> Said {
    let feed = atom(daemon, "/sport.atom");
    let entry = feed.entries().iter().find(|entry| entry.id() == id).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&daemon.get("/sport.json").body).unwrap();
    let item = json["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
    let rss = ::rss::Channel::read_from(&daemon.get("/sport.rss").body[..]).unwrap();
    let paths = ["/sport.atom", "/sport.rss", "/sport.json", "/sport", "/latest.atom", "/"];
    Said {
        atom: (entry.updated().to_rfc3339(), feed.updated().to_rfc3339()),
        json: item["date_modified"].as_str().unwrap_or_default().to_owned(),
        rss: rss.last_build_date().unwrap().to_owned(),
        modified: paths.map(|path| daemon.get(path).header("last-modified").to_owned()).into(),
    }
}

#[test]
fn a_meaningful_change_is_told_and_moves_nothing() {
    let home = Home::new(CONFIG);
    // The same text, so that only its title tells them apart.
    let feed = listed("wire", 100..105);
    home.write("wire.xml", &feed);
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let id = "https://wire.example/102";
    let order = |daemon: &Daemon| ids(&atom(daemon, "/sport.atom"));
    let (before, places) = (said(&daemon, id), order(&daemon));
    // The seconds of another moment are other seconds.
    let second = || crate::kit::entries::at(&said(&daemon, id).atom.1).timestamp();
    while nashra::edge::clock::now().timestamp() <= second() {
        std::thread::yield_now();
    }
    // A category is no news.
    home.write("wire.xml", &feed.replace("</guid>", "</guid><category>World</category>"));
    daemon.wait_for("a poll", |line| line["source"] == "wire" && line["updated"] == 0);
    assert_eq!(said(&daemon, id), before);
    let changed = feed.replace("number 102", "number 102, corrected: the mayor did not resign");
    home.write("wire.xml", &changed);
    daemon.wait_for("a poll", |line| line["source"] == "wire" && line["updated"] == 1);
    let after = said(&daemon, id);
    assert!(after.atom.0 > before.atom.0 && after.atom.1 > before.atom.1);
    assert!(after.json > before.json);
    let rfc822 = |date: &str| chrono::DateTime::parse_from_rfc2822(date).unwrap();
    assert!(rfc822(&after.rss) > rfc822(&before.rss));
    for (after, before) in after.modified.iter().zip(&before.modified) {
        assert!(rfc822(after) > rfc822(before), "{after} and {before}");
    }
    assert_eq!(order(&daemon), places, "place and id stay");
    daemon.kill();
    let daemon = home.start();
    assert_eq!(said(&daemon, id), after);
    assert!(daemon.stop().success());
}
