//! Moments at which the process may be made to die: each that the source names is in the table and the other way
//! round, and a process that dies at one leaves a store behind that the next one opens.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nashra::edge::fault::{LIMITS, POINTS};
use nashra::edge::store::Store;

use crate::kit::daemon::{Home, repository};

/// The names that are given to a function of `fault` anywhere in `src/`, and where first.
fn named(functions: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![repository().join("src")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("edge/fault.rs") {
                names_of(&path, functions, &mut found);
            }
        }
    }
    found
}

fn names_of(path: &Path, functions: &[&str], found: &mut BTreeMap<String, String>) {
    let text = fs::read_to_string(path).unwrap();
    for function in functions {
        for (at, call) in text.match_indices(&format!("fault::{function}(")) {
            let argument = text[at + call.len()..].trim_start().strip_prefix('"');
            let name = argument.and_then(|rest| rest.split('"').next());
            let name = name.unwrap_or_else(|| panic!("{}: {call} needs a name in quotes", path.display()));
            found.entry(name.to_owned()).or_insert_with(|| path.display().to_string());
        }
    }
}

fn check(functions: &[&str], table: &[&str]) {
    let named = named(functions);
    assert!(!named.is_empty());
    for (name, place) in &named {
        assert!(table.contains(&name.as_str()), "{place}: {name} is not in the table of edge/fault.rs");
    }
    for name in table {
        assert!(named.contains_key(*name), "{name} is in the table of edge/fault.rs, and nobody names it");
    }
}

#[test]
fn every_moment_has_a_name_in_the_table() {
    check(&["point", "failing"], POINTS);
    check(&["limit"], LIMITS);
}

#[test]
fn what_dies_in_a_commit_leaves_a_store_that_goes_on() {
    let feed = "<rss version=\"2.0\"><channel><title>t</title><link>http://x.example/</link><description>d</description>\
                <item><guid isPermaLink=\"false\">urn:x:1</guid><title>one</title></item></channel></rss>";
    // A commit before says who is asked, and one behind what came.
    for (fault, is_kept) in [
        ("journal.append:1", false),
        ("journal.append.half:1", false),
        ("journal.append.after:1", true),
        ("journal.rotate.made:1", false),
        ("journal.rotate.titled:1", false),
        ("store.sign:1", false),
        ("store.transaction:1", true),
        ("store.transaction.after:1", true),
        ("journal.sync:1", true),
        ("journal.sync.after:1", true),
    ] {
        let home = Home::new("[sources.a]\nurl = \"file:a.xml\"\n");
        home.write("a.xml", feed);
        let died = home.run_with(&["poll", "--once"], &[("NASHRA_FAULT", fault)]);
        assert_eq!(died.status.code(), None, "{fault} does not end the process: {died:?}");
        let store = Store::open(&home.path("state")).unwrap();
        // The first commit is of the rules, and it is there or it is not.
        assert_eq!(store.sequence() > 0, is_kept, "{fault}");
        drop(store);
        assert!(home.run(&["poll", "--once"]).status.success(), "{fault}");
        let entries = home.run(&["entries", "--json"]).stdout;
        assert_eq!(
            entries.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(),
            1,
            "{fault}"
        );
    }
}

#[test]
fn a_write_that_fails_is_told() {
    for fault in ["journal.append:1:full", "journal.sync:1:error", "journal.append.half:2:full"] {
        let home = Home::new("[sources.a]\nurl = \"file:a.xml\"\n");
        home.write("a.xml", "<rss version=\"2.0\"><channel><title>t</title></channel></rss>");
        let failed = home.run_with(&["poll", "--once"], &[("NASHRA_FAULT", fault)]);
        assert_eq!(failed.status.code(), Some(1), "{fault}: {failed:?}");
        assert!(home.run(&["poll", "--once"]).status.success(), "{fault}");
    }
}
