//! `nashra entries`: every stored entry, in the form that scripts rely on, through the daemon and without it.

use nashra::edge::store::Store;
use nashra::model::*;
use nashra::pipeline;
use serde_json::{Value, json};

use crate::kit::daemon::*;
use crate::kit::entries::{at, brought, said, source};

const CONFIG: &str = "[sections.sport]\ntitle = \"رياضة\"\nexclude = [{ title = \"إعلان\" }]\n\
    [sources.a]\nurl = \"https://a.example/feed\"\nsection = \"sport\"\nenabled = false\nexclude = [{ title = \"secret\" }]\n\
    [sources.b]\nurl = \"https://b.example/feed\"\nenabled = false\n";

/// One poll straight into the store.
fn poll(home: &Home, id: &str, when: &str, entries: Vec<FeedEntry>) {
    let store = Store::open(&home.path("state")).unwrap();
    let (source, fetched) = (source(id, &["sport"]), brought(entries, when));
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let known = store.known(&pipeline::wanted_keys(&source, &state, &fetched)).unwrap();
    store.apply(&pipeline::ingest(&source, &state, &known, &fetched, fetched.at)).unwrap();
    store.flush().unwrap();
}

fn home() -> Home {
    let home = Home::new(CONFIG);
    let entries = vec![
        said("urn:a:1", "خبر أول عن نتائج المباراة الأخيرة", "https://a.example/1", "2026-11-20T08:00:00Z"),
        said("urn:a:2", "إعلان عن وظيفة", "https://a.example/2", "2026-11-20T09:00:00Z"),
        said("urn:a:3", "A secret", "https://a.example/3", "2026-11-20T07:00:00Z"),
    ];
    poll(&home, "a", "2026-11-20T12:00:00Z", entries);
    let title = "خبر أول عن نتائج المباراة الأخيرة";
    let entries = vec![
        said("urn:b:1", title, "https://b.example/1", "2026-11-20T10:00:00Z"),
        said("urn:b:2", "", "https://b.example/2", "2026-11-20T10:30:00Z"),
    ];
    poll(&home, "b", "2026-11-21T12:00:00Z", entries);
    poll(&home, "gone", "2026-11-19T12:00:00Z", vec![said("urn:g:1", "Gone", "", "2026-11-19T10:30:00Z")]);
    home
}

fn lines(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let output = home.run(&[&["entries", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(home: &Home, arguments: &[&str]) -> Vec<String> {
    lines(home, arguments).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

/// What is asked for, and which ids come, newest first.
fn check_all(home: &Home) {
    let all = ["urn:b:2", "urn:b:1", "urn:a:2", "urn:a:1", "urn:a:3", "urn:g:1"];
    for (arguments, expected) in [
        (&[][..], &all[..]),
        (&["--limit", "2"], &all[..2]),
        (&["--limit", "0"], &[]),
        (&["--source", "a"], &["urn:a:2", "urn:a:1", "urn:a:3"]),
        (&["--source", "gone"], &["urn:g:1"]),
        (&["--section", "sport"], &["urn:a:1"]),
        (&["--section", "latest"], &["urn:b:2", "urn:b:1", "urn:a:2", "urn:a:1"]),
        (&["--section", "latest", "--source", "b"], &["urn:b:2", "urn:b:1"]),
        (&["--since", "1s"], &[]),
        (&["--since", "1000years"], &all[..]),
    ] {
        assert_eq!(ids(home, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn scripts_get_one_object_a_line_with_the_daemon_and_without_it() {
    let home = home();
    check_all(&home);
    let without = lines(&home, &[]);
    let story = without[3]["story"].clone();
    assert_eq!(
        without[3],
        json!({
            "id": "urn:a:1", "source": "a", "title": "خبر أول عن نتائج المباراة الأخيرة",
            "link": "https://a.example/1", "published": "2026-11-20T08:00:00Z",
            "first_seen": "2026-11-20T12:00:00Z", "updated": null, "story": story,
            "sections": ["latest", "sport"], "hidden": false,
        })
    );
    assert_eq!(story.as_str().map(str::len), Some(32));
    assert_eq!(without[1]["story"], story, "entries of one story share it");
    assert_ne!(without[0]["story"], story);
    assert_eq!(without[0]["title"], "", "no title is an empty one");
    assert_eq!((&without[4]["sections"], &without[5]["link"]), (&json!([]), &Value::Null));

    let daemon = home.start();
    check_all(&home);
    assert_eq!(lines(&home, &[]), without);
    assert!(daemon.stop().success());
}

#[test]
fn since_counts_from_first_seen() {
    let home = Home::new(CONFIG);
    let now = chrono::Utc::now();
    let hours_ago = |hours: i64| (now - chrono::TimeDelta::hours(hours)).to_rfc3339();
    let entry = |id: &str| said(id, id, "", "2025-01-01T00:00:00Z");
    poll(&home, "a", &hours_ago(5), vec![entry("urn:early")]);
    poll(&home, "b", &hours_ago(1), vec![entry("urn:late")]);
    for (since, expected) in [("2h", &["urn:late"][..]), ("30m", &[]), ("1d", &["urn:early", "urn:late"])] {
        let mut found = ids(&home, &["--since", since]);
        found.sort();
        assert_eq!(found, expected, "{since}");
    }
}

#[test]
fn what_names_nothing_is_wrong_usage() {
    let home = home();
    let check = |arguments: &[&str], expected: &str| {
        let output = home.run(&[&["entries"], arguments].concat());
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(expected), "{complaint}");
    };
    let check_all = || {
        check(&["--section", "sports"], "no such section in feeds.toml: sports");
        check(&["--section", "most-read"], "most-read has no entries of its own");
        check(&["--source", "c"], "no such source in feeds.toml: c");
        check(&["--since", "yesterday"], "invalid value");
    };
    check_all();
    let daemon = home.start();
    check_all();
    assert!(daemon.stop().success());
}

#[test]
fn a_table_is_for_people_and_an_empty_folder_stays_empty() {
    let home = Home::new(CONFIG);
    assert!(lines(&home, &[]).is_empty());
    assert!(!home.path("state").exists(), "looking makes no store");
    let entries = (0..60).map(|n| {
        let published = at("2026-11-01T00:00:00Z") + chrono::TimeDelta::minutes(n);
        said(&format!("urn:{n}"), &format!("Title\u{7} {n}"), "", &published.to_rfc3339())
    });
    poll(&home, "a", "2026-11-20T12:00:00Z", entries.collect());
    let output = home.run(&["entries"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 51, "a head and fifty rows");
    assert!(text.starts_with("PUBLISHED"), "{text}");
    assert!(text.lines().nth(1).unwrap().ends_with("Title 59"), "{text}");
    assert_eq!(
        String::from_utf8(home.run(&["entries", "--limit", "60"]).stdout).unwrap().lines().count(),
        61
    );
}

#[test]
fn many_entries_come_page_by_page() {
    let home = Home::new(CONFIG);
    let entries = (0..2_500).map(|n| {
        let published = at("2026-11-01T00:00:00Z") + chrono::TimeDelta::minutes(n);
        said(&format!("urn:{n}"), &format!("Title {n}"), "", &published.to_rfc3339())
    });
    poll(&home, "a", "2026-11-20T12:00:00Z", entries.collect());
    let newest_first: Vec<String> = (0..2_500).rev().map(|n| format!("urn:{n}")).collect();
    assert_eq!(ids(&home, &[]), newest_first);
    let daemon = home.start();
    assert_eq!(ids(&home, &[]), newest_first);
    assert_eq!(ids(&home, &["--limit", "1500"]), newest_first[..1500]);
    assert!(daemon.stop().success());
}
