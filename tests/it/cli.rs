//! The commands: what they print where, and how they exit.

use serde_json::Value;

use crate::kit::daemon::Home;

const FEED: &str = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:x</id>\
    <title>T &amp;amp; U</title><updated>2026-11-20T10:00:00+02:00</updated>\
    <entry><id>urn:x:1</id><title>One</title><link href=\"/one\"/><updated>2026-11-20T10:00:00Z</updated>\
    <content type=\"html\">&lt;p onclick=\"x()\"&gt;Hi&lt;/p&gt;</content></entry></feed>";

fn home(config: &str) -> Home {
    let home = Home::new(config);
    home.write("feed.atom", FEED);
    home.write("page.html", "<!DOCTYPE html><html><head><title>A page</title></head><body>Hi</body></html>");
    home
}

/// Runs `arguments` and compares the exit code and parts of stdout and stderr.
fn check(home: &Home, arguments: &[&str], code: i32, stdout: &[&str], stderr: &[&str]) -> String {
    let output = home.run(arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    for part in stdout {
        assert!(out.contains(part), "{arguments:?}: stdout lacks {part:?}\n{out}");
    }
    for part in stderr {
        assert!(err.contains(part), "{arguments:?}: stderr lacks {part:?}\n{err}");
    }
    out
}

#[test]
fn parse_prints_the_json_of_the_contract() {
    let home = home("");
    let out = check(&home, &["parse", "feed.atom", "--url", "https://e.example/feed"], 0, &[], &[]);
    let feed: Value = serde_json::from_str(&out).unwrap();
    let keys =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    let set = |text: &str| text.split(' ').map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        keys(&feed),
        set(
            "format title link description language updated authors image ttl_minutes hub self items problems"
        )
    );
    assert_eq!(
        keys(&feed["items"][0]),
        set(
            "id title link summary content published updated authors categories enclosures image comments source language"
        )
    );
    assert_eq!(feed["format"], "atom1.0");
    assert_eq!(feed["updated"], "2026-11-20T08:00:00Z");
    assert_eq!(feed["items"][0]["link"], "https://e.example/one");
    assert_eq!(feed["items"][0]["content"], "<p>Hi</p>");
    assert_eq!(feed["items"][0]["summary"], Value::Null);
}

#[test]
fn parse_refuses_in_one_line() {
    let home = home("");
    for (file, word) in [("page.html", "HTML"), ("missing.xml", "missing.xml")] {
        let output = home.run(&["parse", file]);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.lines().count()), (Some(1), 1), "{err}");
        assert!(err.contains(word) && output.stdout.is_empty(), "{err}");
    }
}

#[test]
fn check_names_every_mistake() {
    let good = home("[sources.a]\nurl = \"file:feed.atom\"\n");
    check(&good, &["check"], 0, &["ok (1 sources"], &[]);
    check(&good, &["check", "--probe"], 0, &["atom1.0"], &[]);
    let bad = home("[sources.a]\nurl = \"file:feed.atom\"\nschedul = \"@daily\"\nsection = \"nowhere\"\n");
    check(&bad, &["check"], 64, &["feeds.toml:7:1: sources.a.schedul", "schedule", "nowhere"], &[]);
    check(&bad, &["run"], 64, &[], &["feeds.toml:7:1: sources.a.schedul"]);
    check(&bad, &["poll", "--once"], 64, &[], &["feeds.toml:7:1"]);
}

#[test]
fn poll_once_sums_up() {
    let home = home("[sources.a]\nurl = \"file:feed.atom\"\n[sources.b]\nurl = \"file:page.html\"\n");
    let out = check(&home, &["poll", "--once", "--json"], 0, &[], &["HTML"]);
    let sums: Value = serde_json::from_str(&out).unwrap();
    let expected = [
        ("sources", 2),
        ("ok", 1),
        ("failed", 1),
        ("unchanged", 0),
        ("entries_seen", 1),
        ("entries_new", 1),
        ("entries_updated", 0),
        ("entries_stored", 1),
    ];
    for (key, value) in expected {
        assert_eq!(sums[key], value, "{key} in {sums}");
    }
    assert!(sums["seconds"].is_f64() && sums.as_object().unwrap().len() == expected.len() + 1, "{sums}");
    let out = check(&home, &["poll", "--once"], 0, &["SOURCE", "unchanged", "1 stored"], &[]);
    assert_eq!(out.lines().count(), 5, "{out}");
}

#[test]
fn a_name_that_names_nothing_leaves_no_trace() {
    let home = home("[sources.a]\nurl = \"file:feed.atom\"\n");
    for arguments in [&["poll", "typo", "a"][..], &["poll", "--once", "typo"]] {
        check(&home, arguments, 2, &[], &["no such source in feeds.toml: typo"]);
        assert!(!home.path("state").exists(), "{arguments:?}");
    }
}

#[test]
fn usage() {
    let home = home("");
    check(&home, &["--help"], 0, &["run", "check", "poll", "parse"], &[]);
    check(&home, &["--version"], 0, &[env!("CARGO_PKG_VERSION")], &[]);
    check(&home, &["fly"], 2, &[], &["fly"]);
    check(&home, &["--config", "nowhere.toml", "check"], 64, &["nowhere.toml"], &[]);
}
