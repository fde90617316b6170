//! A large store that was not closed well is opened first and read through behind that: what is wrong with a row is found
//! all the same, and whatever keeps the reading from its end comes first the next time.

use serde_json::json;

use super::*;
use crate::kit::daemon::Daemon;

/// As if every store were large.
const LARGE: (&str, &str) = ("NASHRA_LIMITS", "look.whole=1");
const OPENS: &str = "the store can be opened: its rows are read behind that";
const READ_FIRST: &str = "the store was read through and is sound";
const READ_BEHIND: &str = "the store was read through by and by, and is sound";

/// A store whose daemon was killed, and its entries.
fn killed() -> (Home, String) {
    let home = stocked();
    let expected = entries(&home, "before");
    home.start().kill();
    (home, expected)
}

fn begin(home: &Home, fault: &[(&str, &str)]) -> Daemon {
    home.begin_with(&[&[LARGE], fault].concat())
}

fn wait_for(daemon: &Daemon, message: &str) -> Value {
    daemon.wait_for(message, |line| line["message"] == message)
}

fn is_unread(home: &Home) -> bool {
    let book: Value = serde_json::from_slice(&fs::read(home.path("state/repairs.json")).unwrap()).unwrap();
    book["is_unread"] == json!(true)
}

#[test]
fn it_is_read_through_behind_its_opening() {
    let (home, expected) = killed();
    let daemon = begin(&home, &[]);
    wait_for(&daemon, OPENS);
    assert!(wait_for(&daemon, READ_BEHIND)["rows"].as_u64().unwrap() > 20);
    assert!(!is_unread(&home));
    daemon.kill();
    // A command reads it through itself, for it does not stay to do it later.
    let output = home.run_with(&["entries", "--json"], &[LARGE, ("RUST_LOG", "info")]);
    assert!(String::from_utf8_lossy(&output.stderr).contains(READ_FIRST));
    check_same(&String::from_utf8(output.stdout).unwrap(), &expected, "behind it");
    assert_eq!(repairs(&home).len(), 0);
}

#[test]
fn a_row_that_cannot_be_read_breaks_it_and_it_is_mended() {
    let (home, expected) = killed();
    let daemon = begin(&home, &[("NASHRA_FAULT", "store.read:1:error")]);
    wait_for(&daemon, OPENS);
    wait_for(&daemon, "the store cannot be read through");
    wait_for(&daemon, "nashra starts again in its place");
    wait_for(&daemon, "the store is made anew");
    wait_for(&daemon, "the store is open");
    assert!(daemon.stop().success());
    check_same(&entries(&home, "mended"), &expected, "mended");
    assert_eq!(repairs(&home)[0]["lost"], json!([]));
}

#[test]
fn what_was_not_read_to_its_end_is_read_first_the_next_time() {
    let (home, expected) = killed();
    for stop in [Daemon::kill, |daemon: Daemon| assert!(daemon.stop().success())] {
        let daemon = begin(&home, &[("NASHRA_FAULT", "store.read:1:hang")]);
        wait_for(&daemon, OPENS);
        wait_for(&daemon, "the store is open");
        stop(daemon);
        assert!(is_unread(&home));
        let daemon = begin(&home, &[]);
        wait_for(&daemon, READ_FIRST);
        wait_for(&daemon, "the store is open");
        assert!(!is_unread(&home));
        daemon.kill();
    }
    check_same(&entries(&home, "behind it"), &expected, "behind it");
}
