//! A store that another process makes is the one that this one would make; and whatever happens to that process is an
//! error, of the kind that it would be here, and leaves nothing.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nashra::edge::store::{Helper, make_aside};
use tempfile::TempDir;

use super::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_nashra");
/// Ends itself the first time that it is asked, a while after it has begun.
const KILLED_ONCE: &str = "[ -e \"$0.once\" ] || { touch \"$0.once\"; export NASHRA_FAULT=anew.step:2; }";

/// Whether an error is of the kind that it should be.
type Verdict = fn(&StoreError) -> bool;

/// What a store is to be made from, and the places beside it.
struct Kitchen {
    folder: TempDir,
}

impl Kitchen {
    /// A snapshot, and a journal that goes on behind it.
    fn new() -> Self {
        let kitchen = Self { folder: tempfile::tempdir().unwrap() };
        let store = Store::open(kitchen.folder.path()).unwrap();
        fill(&store);
        snapshot(&store, &kitchen.path("snapshot"));
        poll(&store, &source("b", &[]), &brought(many(100, 150), LATER));
        store.flush().unwrap();
        kitchen
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, behind a line of the shell.
    fn behind(&self, line: &str) -> Helper {
        let script = self.path("program");
        let aside = self.path("program.new");
        fs::write(&aside, format!("#!/bin/sh\n{line}\nexec '{PROGRAM}' \"$@\"\n")).unwrap();
        fs::set_permissions(&aside, fs::Permissions::from_mode(0o700)).unwrap();
        fs::rename(aside, &script).unwrap();
        Helper::at(script)
    }

    /// Makes it, with a breath each step; says how many there were.
    fn make(
        &self,
        helper: Option<&Helper>,
        snapshot: Option<&str>,
        breaths_max: usize,
    ) -> (Result<Rebuilt, StoreError>, usize) {
        let (journal, snapshot) = (self.path("journal"), snapshot.map(|name| self.path(name)));
        let recipe = Recipe { snapshot: snapshot.as_deref(), journal: Some(&journal) };
        let mut breaths = 0;
        let made = make_aside(helper, &self.path("made"), recipe, || {
            breaths += 1;
            if breaths > breaths_max { Err(StoreError::Refused("enough".to_owned())) } else { Ok(()) }
        });
        assert_eq!(self.path("made").exists(), made.is_ok(), "{made:?}");
        (made, breaths)
    }

    /// What was made, which is taken away.
    fn take(&self) -> Rows {
        let rows = all_rows(&self.path("made"));
        fs::remove_dir_all(self.path("made")).unwrap();
        rows
    }
}

#[test]
fn another_process_makes_the_same_store() {
    let kitchen = Kitchen::new();
    for snapshot in [Some("snapshot"), None] {
        let (expected, here) = kitchen.make(None, snapshot, usize::MAX);
        let (expected, rows) = (expected.unwrap(), kitchen.take());
        assert!(rows.len() > 50 && expected.lost.is_empty());
        for helper in [
            Helper::at(PathBuf::from(PROGRAM)),
            kitchen.behind(KILLED_ONCE),
            Helper::at(kitchen.path("no such program")),
        ] {
            let (made, there) = kitchen.make(Some(&helper), snapshot, usize::MAX);
            assert_eq!(made.unwrap(), expected, "{helper:?}");
            assert_eq!(kitchen.take(), rows, "{helper:?}");
            // Words come when they come: between two of them it may be asked once more.
            assert!(there >= here, "{helper:?}: {there} of {here} breaths");
        }
    }
}

/// What decides on an error, and what is told of it.
fn facts(error: &StoreError) -> (String, [bool; 4]) {
    let is = [error.is_about_room(), error.is_about_disk(), error.is_fatal(), error.is_mendable()];
    (error.to_string(), is)
}

#[test]
fn what_cannot_be_read_there_is_the_same_error_as_here() {
    let kitchen = Kitchen::new();
    let whole = fs::read(kitchen.path("snapshot")).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let newer = [&b"nashra snapshot 99\n"[..], &whole[18..]].concat();
    let helper = Helper::at(PathBuf::from(PROGRAM));
    for (name, bytes) in [
        ("changed", &changed[..]),
        ("cut off", &whole[..whole.len() - 9]),
        ("newer", &newer),
        ("foreign", b"something else"),
        ("empty", b""),
    ] {
        fs::write(kitchen.path(name), bytes).unwrap();
    }
    for name in ["changed", "cut off", "newer", "foreign", "empty", "not there"] {
        let here = kitchen.make(None, Some(name), usize::MAX).0.unwrap_err();
        let there = kitchen.make(Some(&helper), Some(name), usize::MAX).0.unwrap_err();
        assert_eq!(facts(&there), facts(&here), "{name}");
        assert!(!there.is_about_room(), "{name}: {there}");
    }
}

#[test]
fn whatever_happens_to_the_other_process_is_an_error() {
    let room: Verdict = StoreError::is_about_room;
    let disk = |error: &StoreError| error.is_about_disk() && !error.is_about_room();
    let killed =
        |error: &StoreError| matches!(error, StoreError::Unfinished(why) if why.contains("signal: "));
    let silent = |error: &StoreError| matches!(error, StoreError::Unfinished(why) if why.contains("status"));
    let cases: [(&str, Verdict); 9] = [
        ("export NASHRA_FAULT=anew.begin:1", killed),
        ("export NASHRA_FAULT=anew.step:3", killed),
        ("export NASHRA_FAULT=anew.made:1", killed),
        ("kill -KILL $$", killed),
        ("exit 3", silent),
        ("export NASHRA_FAULT=anew.step:1:full", room),
        ("ulimit -f 8", room),
        ("export NASHRA_FAULT=anew.step:2:error", disk),
        ("export NASHRA_FAULT=anew.made:1:failing", disk),
    ];
    let kitchen = Kitchen::new();
    for (line, is_expected) in cases {
        let helper = kitchen.behind(line);
        let error = kitchen.make(Some(&helper), Some("snapshot"), usize::MAX).0.unwrap_err();
        assert!(is_expected(&error) && !error.is_mendable(), "{line}: {error:?}");
    }
}

#[test]
fn whoever_asks_may_give_it_up() {
    let kitchen = Kitchen::new();
    for line in ["", "export NASHRA_FAULT=anew.step:2:hang"] {
        let helper = kitchen.behind(line);
        let (made, breaths) = kitchen.make(Some(&helper), Some("snapshot"), 2);
        let error = made.unwrap_err();
        assert!(matches!(&error, StoreError::Refused(why) if why == "enough"), "{line}: {error}");
        assert_eq!(breaths, 3, "{line}");
    }
}

#[test]
fn nobody_works_on_for_one_who_is_gone() {
    let kitchen = Kitchen::new();
    let mut maker = Command::new(PROGRAM)
        .arg("make")
        .arg(kitchen.path("made"))
        .arg("--snapshot")
        .arg(kitchen.path("snapshot"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(maker.stdout.take().unwrap());
    let mut word = String::new();
    words.read_line(&mut word).unwrap();
    assert_eq!(word, "{\"rows\":0}\n");
    // It waits for the answer, which nobody gives any more.
    drop(maker.stdin.take());
    assert_eq!(maker.wait().unwrap().code(), Some(1));
    let mut rest = String::new();
    words.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("made"), "{rest}");
}
