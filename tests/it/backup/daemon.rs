//! Backing up, restoring and looking through as an admin does it, with a daemon and without.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Output, Stdio};

use nashra::edge::snapshot;

use super::*;
use crate::kit::daemon::*;
use crate::kit::wire::{CONFIG, rss};

const PATHS: [&str; 7] =
    ["/latest.rss", "/latest.atom", "/latest.json", "/sport.rss", "/sport.atom", "/sport.json", "/sport"];

fn home() -> Home {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &rss(&[1, 2, 3]));
    home
}

/// What readers get: bodies and entity tags.
fn shown(daemon: &Daemon) -> Vec<(String, String)> {
    let answer = |path: &&str| {
        let answer = daemon.get(path);
        (answer.text().to_owned(), answer.header("etag").to_owned())
    };
    PATHS.iter().map(answer).collect()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn done(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn names(folder: &Path) -> Vec<String> {
    let list =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = list.collect();
    names.sort_unstable();
    names
}

#[test]
fn readers_see_what_they_saw_at_the_time_of_the_backup() {
    for through_the_daemon in [false, true] {
        let home = home();
        let mut daemon = home.start();
        daemon.wait_for_poll("wire", "ok");
        done(&home, &["hide", "https://e.example/2"]);
        let before = shown(&daemon);
        assert!(before[0].0.contains("Story 1") && !before[0].0.contains("Story 2"));
        let told = done(&home, &["backup", "copy"]);
        assert!(told.contains("copy: ") && told.contains(" rows, up to commit "), "{told}");
        home.write("wire.xml", &rss(&[1, 2, 3, 4]));
        daemon.wait_for_poll("wire", "ok");
        assert!(shown(&daemon)[0].0.contains("Story 4"));
        home.write("wire.xml", &rss(&[1, 2, 3]));
        daemon.wait_for_poll("wire", "ok");
        if through_the_daemon {
            let told = done(&home, &["restore", "copy"]);
            assert!(told.contains("restored as of ") && told.contains("the daemon has it"), "{told}");
            // It is the same process, and listens as before.
            daemon
                .wait_for("the restore", |line| line["message"] == "the store was restored from a snapshot");
            daemon.wait_for("the store", |line| line["message"] == "the store is open");
        } else {
            assert!(daemon.stop().success());
            let told = done(&home, &["restore", "copy"]);
            assert!(told.contains("restored as of ") && told.contains("state/before-restore-"), "{told}");
            daemon = home.start();
        }
        assert_eq!(shown(&daemon), before, "through the daemon: {through_the_daemon}");
        home.write("wire.xml", &rss(&[3, 2, 1]));
        daemon.wait_for_poll("wire", "ok");
        assert_eq!(shown(&daemon), before, "nothing old is new");
        assert!(done(&home, &["verify"]).contains("all is well"));
        assert!(daemon.stop().success());
        assert!(names(&home.path("state")).iter().any(|name| name.starts_with("before-restore-")));
        assert!(!home.path("state/restore.pending").exists());
        assert!(done(&home, &["verify"]).contains("all is well"));
    }
}

#[test]
fn a_backup_goes_into_the_file_that_a_link_leads_to() {
    let home = home();
    fs::create_dir(home.path("disk")).unwrap();
    home.write("disk/copy", "of yesterday");
    symlink("disk/copy", home.path("copy")).unwrap();
    symlink("disk/none", home.path("dangling")).unwrap();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    done(&home, &["backup", "copy"]);
    assert!(home.path("copy").is_symlink());
    assert!(snapshot::head(&fs::read(home.path("disk/copy")).unwrap()[..]).is_ok());
    assert!(said(&home.run(&["backup", "dangling"])).contains("No such file"));
    assert_eq!(names(&home.path("disk")), ["copy"]);
}

#[test]
fn a_damaged_file_changes_nothing() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    done(&home, &["backup", "copy"]);
    let whole = home.run(&["backup", "-"]);
    let copy = fs::read(home.path("copy")).unwrap();
    assert!(whole.status.success() && snapshot::head(&whole.stdout[..]).is_ok() && whole.stdout.len() > 1000);
    let before = shown(&daemon);
    let mut damaged = copy.clone();
    damaged[copy.len() / 2] ^= 1;
    fs::write(home.path("damaged"), &damaged).unwrap();
    fs::write(home.path("newer"), b"nashra snapshot 9\n").unwrap();
    let there = names(&home.path("state"));
    let check = |arguments: &[&str], expected: &str| {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(expected), "{}", said(&output));
        assert_eq!(names(&home.path("state")), there);
    };
    check(&["restore", "damaged"], "is damaged: its checksum is wrong");
    check(&["restore", "newer"], "written by a newer nashra");
    check(&["restore", "nowhere"], "No such file");
    check(&["backup", "nowhere/copy"], "No such file");
    let _socket = UnixListener::bind(home.path("socket")).unwrap();
    check(&["backup", "socket"], "it is no ordinary file");
    check(&["backup", "state"], "it is no ordinary file");
    let theirs = fs::File::create(home.path("copy.tmp")).unwrap();
    theirs.lock().unwrap();
    check(&["backup", "copy"], "copy.tmp: somebody else is writing it");
    drop(theirs);
    done(&home, &["backup", "copy"]);
    assert!(!home.path("copy.tmp").exists());
    // Nobody has looked at it before the daemon does.
    let mut child = Command::new(env!("CARGO_BIN_EXE_nashra"))
        .current_dir(home.folder.path())
        .args(["restore", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&damaged).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is damaged"), "{}", said(&output));
    assert_eq!((shown(&daemon), names(&home.path("state"))), (before, there));
    assert!(daemon.stop().success());
}

#[test]
fn one_snapshot_a_day_is_made_and_three_are_kept() {
    let home = home();
    let snapshots = home.path("state/snapshots");
    for round in 1..=5 {
        // The last one is a day old by now.
        for (days, kept) in snapshot::kept(&snapshots).unwrap().into_iter().enumerate() {
            let made_at = at(NOW) - chrono::TimeDelta::days(i64::try_from(days).unwrap());
            fs::rename(&kept.path, snapshots.join(snapshot::name(kept.sequence, made_at))).unwrap();
        }
        if round > 1 {
            let word = if round % 2 == 0 { "hide" } else { "unhide" };
            done(&home, &[word, "https://e.example/1"]);
        }
        let daemon = home.start();
        if round == 1 {
            daemon.wait_for_poll("wire", "ok");
        } else {
            daemon.wait_for("a snapshot", |line| line["message"] == "a snapshot was made");
        }
        assert!(daemon.stop().success());
        assert_eq!(names(&snapshots).len(), round.min(3), "{round}");
        let daemon = home.start();
        assert!(daemon.stop().success());
        assert_eq!(names(&snapshots).len(), round.min(3), "another one is not due");
    }
    assert!(done(&home, &["verify"]).contains("all is well"));
}

#[test]
fn a_long_journal_is_cut_before_the_day_is_over() {
    let home = home();
    let daemon = home.start_with(&[(
        "NASHRA_LIMITS",
        "snapshots.look=1,snapshots.journal=1,snapshots.percent=1,journal.segment=1",
    )]);
    daemon.wait_for_poll("wire", "ok");
    let segments = || names(&home.path("state/journal"));
    let before = segments();
    for order in ["hide", "unhide", "hide", "unhide", "hide"] {
        done(&home, &[order, "https://e.example/1"]);
        daemon.wait_for("a snapshot", |line| line["message"] == "a snapshot was made");
    }
    assert!(daemon.stop().success());
    assert_eq!(names(&home.path("state/snapshots")).len(), 3);
    assert!(before.iter().all(|name| !segments().contains(name)), "{before:?} {:?}", segments());
    assert!(done(&home, &["verify"]).contains("all is well"));
}

#[test]
fn that_no_snapshot_can_be_made_is_told() {
    let home = home();
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    fs::create_dir(home.path("state")).unwrap();
    fs::write(home.path("state/snapshots"), "in the way").unwrap();
    let daemon = home.start_with(&[("NASHRA_LIMITS", "snapshots.first=1")]);
    daemon.wait_for("the trouble", |line| {
        line["message"].as_str().is_some_and(|said| said.starts_with("no snapshot could be made"))
    });
    let health = ask_at(daemon.admin.unwrap(), "GET", "/healthz", &[]);
    assert!(health.text().contains("\"status\":\"degraded\""), "{}", health.text());
    let notices = ask_at(daemon.admin.unwrap(), "GET", "/admin.atom", &[]);
    assert!(notices.text().contains("no snapshot of the store can be made"), "{}", notices.text());
    assert!(daemon.stop().success());
}

#[test]
fn whatever_dies_is_made_good_by_the_next_start() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    done(&home, &["backup", "copy"]);
    let before = shown(&daemon);
    assert!(daemon.stop().success());
    for point in ["received", "rebuilt", "aside", "moved", "placed"] {
        done(&home, &["hide", "https://e.example/1"]);
        let died = home.run_with(&["restore", "copy"], &[("NASHRA_FAULT", &format!("restore.{point}:1"))]);
        assert_eq!(died.status.code(), None, "{point}: {}", said(&died));
        let daemon = home.start();
        assert_eq!(shown(&daemon), before, "{point}");
        assert!(daemon.stop().success());
        assert!(done(&home, &["verify"]).contains("all is well"), "{point}");
    }
    let kept = names(&home.path("state")).into_iter().filter(|name| name.starts_with("before-restore-"));
    assert_eq!(kept.count(), 2);
    let snapshots = home.path("state/snapshots");
    for point in ["begin", "written", "named"] {
        fs::remove_dir_all(&snapshots).unwrap();
        let fault = format!("snapshot.{point}:1");
        // What was restored has no other snapshot, so one is due at once.
        let died = home.run_with(&["run"], &[("NASHRA_FAULT", &fault)]);
        assert_eq!(died.status.code(), None, "{point}");
        let daemon = home.start();
        assert_eq!(shown(&daemon), before, "{point}");
        assert!(daemon.stop().success());
        assert_eq!(names(&snapshots).len(), 1, "{point}");
        assert!(done(&home, &["verify"]).contains("all is well"), "{point}");
    }
}
