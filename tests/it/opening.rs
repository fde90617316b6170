//! Damage to each file of a store: nashra is up again soon, with every entry that was there, and mends it once.

mod again;
mod files;
mod lost;
mod refused;
mod unread;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nashra::edge::store::Lock;
use serde_json::Value;

use crate::kit::daemon::{DEADLINE, Home, ask_at};

const ROUNDS: usize = 3;
const PER_ROUND: usize = 20;

/// The feeds.toml: a source for each round, which nobody asks a second time.
fn config() -> String {
    let source = |round: usize| {
        format!(
            "[sources.wire{round}]\nurl = \"file:wire{round}.xml\"\nsection = \"news\"\nschedule = \"every 12h\"\n"
        )
    };
    let sources: String = (0..ROUNDS).map(source).collect();
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n[sections.news]\ntitle = \"News\"\n{sources}"
    )
}

/// A folder with a store in it that holds some rounds of news. One row is so large that sled keeps it in a file of its
/// own.
fn stocked() -> Home {
    let home = Home { folder: tempfile::tempdir().unwrap() };
    home.write("feeds.toml", &config());
    for round in 0..ROUNDS {
        home.write(&format!("wire{round}.xml"), &wire(round * PER_ROUND..(round + 1) * PER_ROUND));
        let name = format!("wire{round}");
        let polled = home.run_with(&["poll", "--once", &name], &[("NASHRA_LIMITS", "journal.segment=4096")]);
        assert!(polled.status.success(), "{}", String::from_utf8_lossy(&polled.stderr));
        if round < 2 {
            // Snapshots are the daemon's work; these are like those of two days.
            let name = format!("state/snapshots/0000000000000000000{round}-2026112{round}T000000Z.nsnap");
            fs::create_dir_all(home.path("state/snapshots")).unwrap();
            let made = home.run(&["backup", &name]);
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
    }
    home
}

fn wire(numbers: std::ops::Range<usize>) -> String {
    let item = |number: usize| {
        // Words that no compression makes small.
        let words = if number == 5 { 40_000 } else { 20 };
        let mut state = number as u64 + 1;
        let mut word = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{:x} ", state >> 24)
        };
        let text: String = (0..words).map(|_| word()).collect();
        format!(
            "<item><guid>http://wire.example/{number}</guid><link>http://wire.example/{number}</link>\
             <title>Story {number} {}</title><description>{text}</description>\
             <pubDate>Wed, 25 Nov 2026 0{}:{:02}:00 GMT</pubDate></item>",
            word(),
            number / 60,
            number % 60
        )
    };
    let items: String = numbers.map(item).collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Wire</title><link>http://wire.example/</link>{items}</channel></rss>"
    )
}

/// Every entry as it is told, one a line.
fn entries(home: &Home, what: &str) -> String {
    let begun = Instant::now();
    let output = home.run(&["entries", "--json"]);
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(begun.elapsed() < DEADLINE, "{what}: it took {:?}", begun.elapsed());
    String::from_utf8(output.stdout).unwrap()
}

/// Compares them without filling the screen.
fn check_same(found: &str, expected: &str, what: &str) {
    let (found, expected): (Vec<&str>, Vec<&str>) = (found.lines().collect(), expected.lines().collect());
    let other = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert_eq!((found.len(), other), (expected.len(), None), "{what}");
}

/// What the book of repairs says.
fn repairs(home: &Home) -> Vec<Value> {
    let Ok(bytes) = fs::read(home.path("state/repairs.json")) else { return vec![] };
    let book: Value = serde_json::from_slice(&bytes).unwrap();
    book["repairs"].as_array().unwrap().clone()
}

/// Another folder with the same in it.
fn twin(home: &Home) -> Home {
    let twin = Home { folder: tempfile::tempdir().unwrap() };
    copy(home.folder.path(), twin.folder.path());
    twin
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let at = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &at);
        } else if file.file_type().unwrap().is_file() {
            // Sockets that a killed daemon left are none of it.
            fs::copy(file.path(), at).unwrap();
        }
    }
}

/// All files of the store in a state folder, by their names below it.
fn files(state: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut waiting: Vec<PathBuf> =
        ["db", "journal", "snapshots"].iter().map(|name| state.join(name)).collect();
    while let Some(place) = waiting.pop() {
        for file in fs::read_dir(place).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.strip_prefix(state).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_store_that_was_closed_well_is_not_read_through() {
    let home = stocked();
    let is_looked_at = || {
        let output = home.run_with(&["entries"], &[("RUST_LOG", "info")]);
        String::from_utf8(output.stderr).unwrap().contains("the store was read through and is sound")
    };
    assert!(!is_looked_at());
    assert!(home.start().stop().success());
    assert!(!is_looked_at(), "the daemon closes it well, too");
    home.start().kill();
    assert!(is_looked_at());
    assert!(!is_looked_at());
    let twin = twin(&home);
    check_same(&entries(&twin, "a copy"), &entries(&home, "the original"), "a copy");
    assert!(repairs(&home).is_empty() && repairs(&twin).is_empty());
}

#[test]
fn whoever_is_stopped_closes_the_store_however_early_that_is() {
    let home = stocked();
    for round in 0..12 {
        let daemon = home.begin_with(&[]);
        // At the first, while it is being opened.
        let daemon = if round < 8 { daemon } else { daemon.opened() };
        assert!(daemon.stop().success());
        assert!(home.path("state/closed.json").exists(), "round {round}");
    }
}

#[test]
fn the_admin_is_told() {
    let home = stocked();
    let before = entries(&home, "before");
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    fs::write(home.path("state/db/conf"), "").unwrap();
    let daemon = home.start();
    let told = String::from_utf8(ask_at(daemon.admin.unwrap(), "GET", "/admin.atom", &[]).body).unwrap();
    assert!(told.contains("The store was broken and is made anew: nothing is lost"), "{told}");
    let health = ask_at(daemon.admin.unwrap(), "GET", "/healthz", &[]);
    let health: Value = serde_json::from_slice(&health.body).unwrap();
    let aside = health["repairs"][0]["aside"].as_str().unwrap().to_owned();
    assert!(home.path("state").join(&aside).join("db").exists(), "{health}");
    check_same(&entries(&home, "after"), &before, "after");
    assert!(daemon.stop().success());
    let again = home.start();
    let still = ask_at(again.admin.unwrap(), "GET", "/admin.atom", &[]).body;
    assert_eq!(told, String::from_utf8(still).unwrap(), "the same notice, word for word");
}

#[test]
fn a_second_instance_ends_at_once_and_says_who_is_there() {
    let home = stocked();
    let state = home.path("state");
    let first = Lock::take(&state).unwrap();
    let (before, begun) = (files(&state), Instant::now());
    let second = home.run(&["run"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    let who = format!("another nashra (process {}) is using this store", std::process::id());
    assert!(said.contains(&who), "{said}");
    assert_eq!(files(&state), before);
    drop(first);
    assert!(home.run(&["entries"]).status.success());
}
