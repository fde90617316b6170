//! A store that takes too much of the disk is made anew: readers see no difference, and wherever it is broken off there
//! is a store.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use nashra::edge::store::{Exchanged, Holes, Lock, Size, Store, take_up};
use nashra::model::*;
use nashra::pipeline;

use crate::kit::daemon::*;
use crate::kit::entries::*;
use crate::kit::wire::{CONFIG, rss};

const NOW: &str = "2026-11-20T12:00:00Z";
/// As if every store were large, and held little.
const LIMITS: (&str, &str) =
    ("NASHRA_LIMITS", "snapshots.first=1,snapshots.interval=1,reclaim.floor=1,reclaim.times=1");
const POINTS: [&str; 8] = ["begin", "made", "noted", "take", "aside", "placed", "opened", "removed"];
const LEFT_OVER: [&str; 2] = ["db.fresh", "db.old"];

/// What happens to an exchange in a folder.
type Case = fn(&Path, Option<Exchanged>);

fn poll(store: &Store, numbers: std::ops::Range<usize>) -> usize {
    let entry = |n| said(&format!("g{n}"), &format!("Title {n}"), &format!("https://a.example/{n}"), NOW);
    let (source, fetched) = (source("a", &["sport"]), brought(numbers.map(entry).collect(), NOW));
    let known = store.known(&pipeline::wanted_keys(&source, &SourceState::default(), &fetched)).unwrap();
    let state = store.states().unwrap().remove(&source.id).unwrap_or_default();
    let update = pipeline::ingest(&source, &state, &known, &fetched, fetched.at);
    store.apply(&update).unwrap();
    store.flush().unwrap();
    update.new.len()
}

/// A store with a part that no snapshot has, beside which one was made anew.
fn made_anew(folder: &Path) -> Size {
    let store = Store::open(folder).unwrap();
    assert_eq!(poll(&store, 0..40), 40);
    let snapshot = folder.join("snapshot");
    let summary = store.snapshot(File::create(&snapshot).unwrap(), at(NOW), || {}).unwrap();
    assert_eq!(poll(&store, 20..60), 20);
    // sled writes by and by; what is closed is on the disk.
    drop(store);
    let store = Store::open(folder).unwrap();
    let now = store.figures(summary.row_bytes, at(NOW));
    assert!(now.now.live_bytes > 5_000 && now.now.disk_bytes > now.now.live_bytes && now.spare_bytes > 0);
    assert_eq!((now.fresh, now.tried_ago), (None, None));
    store.make_anew(None, &snapshot, now.now, at(NOW), || Ok(())).unwrap();
    assert_eq!(poll(&store, 50..70), 10);
    assert_eq!(store.figures(1, at(NOW)).tried_ago, Some(chrono::TimeDelta::zero()));
    now.now
}

fn opened(lock: Lock) -> Store {
    Store::open_locked(lock, Holes::Refused).unwrap()
}

/// Nothing is missing, and nothing is left over.
fn check_whole(store: &Store, folder: &Path) {
    assert_eq!(store.entries_stored().unwrap(), 70);
    assert_eq!(poll(store, 0..70), 0, "nothing old is new");
    assert!(LEFT_OVER.iter().all(|name| !folder.join(name).exists()));
}

#[test]
fn what_was_committed_meanwhile_is_in_the_new_one() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let old = made_anew(folder);
    let lock = Lock::take(folder).unwrap();
    let exchanged = take_up(&lock, true).unwrap().unwrap();
    let store = opened(lock);
    assert!(store.found().replayed >= 2 && store.found().is_sound(), "{}", store.found());
    let reclaimed = exchanged.finish().unwrap();
    assert_eq!(reclaimed.old, old);
    check_whole(&store, folder);
    let fresh = store.figures(1, at(NOW)).fresh.unwrap();
    assert_eq!((fresh.disk_bytes, fresh.live_bytes), (reclaimed.disk_bytes, old.live_bytes));
    drop(store);
    let lock = Lock::take(folder).unwrap();
    assert!(take_up(&lock, true).unwrap().is_none(), "once is enough");
    check_whole(&opened(lock), folder);
}

#[test]
fn the_old_one_comes_back() {
    let broken = |folder: &Path| fs::write(folder.join("db/db"), vec![7; 100_000]).unwrap();
    let cases: [(&str, Case); 3] = [
        ("where nobody wants the new one", |_, exchanged| assert!(exchanged.is_none())),
        ("where the new one is broken", |_, exchanged| exchanged.unwrap().put_back().unwrap()),
        ("where it was broken off between the two steps", |folder, exchanged| {
            assert!(exchanged.is_some());
            fs::remove_dir_all(folder.join("db")).unwrap();
        }),
    ];
    for (number, (what, case)) in cases.into_iter().enumerate() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        made_anew(folder);
        let lock = Lock::take(folder).unwrap();
        let exchanged = take_up(&lock, number > 0).unwrap();
        if exchanged.is_some() {
            broken(folder);
        }
        case(folder, exchanged);
        assert!(take_up(&lock, true).unwrap().is_none(), "{what}");
        check_whole(&opened(lock), folder);
    }
}

#[test]
fn another_process_takes_nothing_that_waits() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &rss(&[1, 2, 3]));
    made_anew(&home.path("state"));
    assert!(home.path("state/db.fresh").exists());
    let polled = home.run(&["poll", "--once"]);
    assert!(polled.status.success(), "{polled:?}");
    assert!(!home.path("state/db.fresh").exists());
    assert_eq!(Store::open(&home.path("state")).unwrap().entries_stored().unwrap(), 73);
}

#[test]
fn a_new_one_that_breaks_before_it_is_open_is_put_back() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &rss(&[1, 2, 3]));
    let folder = home.path("state");
    made_anew(&folder);
    let lock = Lock::take(&folder).unwrap();
    assert!(take_up(&lock, true).unwrap().is_some());
    let sled = fs::read_dir(folder.join("db")).unwrap().map(|file| file.unwrap().path());
    sled.filter(|path| path.is_file()).for_each(|path| fs::write(path, vec![7; 100_000]).unwrap());
    drop(lock);
    let polled = home.run(&["poll", "--once"]);
    let told = String::from_utf8_lossy(&polled.stderr);
    assert!(polled.status.success() && told.contains("the one before comes back"), "{told}");
    let store = Store::open(&folder).unwrap();
    assert_eq!(store.entries_stored().unwrap(), 73);
    assert!(LEFT_OVER.iter().all(|name| !folder.join(name).exists()));
    assert!(!names(&folder).iter().any(|name| name.starts_with("db.broken-")), "it was no repair");
}

#[test]
fn what_is_given_up_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path()).unwrap();
    poll(&store, 0..40);
    let snapshot = place.path().join("snapshot");
    store.snapshot(File::create(&snapshot).unwrap(), at(NOW), || {}).unwrap();
    let mut breaths = 0;
    let given_up = store.make_anew(None, &snapshot, Size::default(), at(NOW), || {
        breaths += 1;
        if breaths < 3 { Ok(()) } else { Err(nashra::edge::store::StoreError::Broken) }
    });
    assert!(given_up.is_err() && breaths == 3);
    assert!(!place.path().join("db.fresh").exists());
    assert!(store.figures(1, at(NOW)).tried_ago.is_some(), "it is not tried again at once");
    fs::write(&snapshot, "no snapshot").unwrap();
    assert!(store.make_anew(None, &snapshot, Size::default(), at(NOW), || Ok(())).is_err());
    assert!(!place.path().join("db.fresh").exists());
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn home() -> Home {
    let home = Home::new(CONFIG);
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    home.write("wire.xml", &rss(&[1, 2, 3]));
    home
}

/// Waits until the admin hears this, once.
fn wait_until_told(daemon: &Daemon, title: &str) {
    let begun = Instant::now();
    loop {
        let told = ask_at(daemon.admin.unwrap(), "GET", "/admin.atom", &[]);
        match told.text().matches(&format!("<title>{title}")).count() {
            0 => assert!(begun.elapsed() < DEADLINE, "{title}: {}", told.text()),
            times => return assert_eq!(times, 1, "{title}: {}", told.text()),
        }
        std::thread::yield_now();
    }
}

/// Whether another process is making a store for this home.
fn is_being_made(home: &Home) -> bool {
    let folder = home.folder.path().canonicalize().unwrap();
    let is_maker = |process: fs::DirEntry| {
        let told = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let place = fs::read_link(process.path().join("cwd"));
        place.is_ok_and(|place| place == folder) && told.split(|byte| *byte == 0).any(|word| word == b"make")
    };
    fs::read_dir("/proc").unwrap().flatten().any(is_maker)
}

/// Lets a daemon make the store anew, which does not come to an end.
fn in_the_middle(home: &Home) -> Daemon {
    fs::remove_file(home.path("state/space.json")).ok();
    let daemon = home.start_with(&[LIMITS, ("NASHRA_FAULT", "anew.step:2:hang")]);
    let begun = Instant::now();
    while !is_being_made(home) || !home.path("state/db.fresh").exists() {
        assert!(begun.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
    daemon
}

/// What readers get: bodies and entity tags.
fn shown(daemon: &Daemon) -> Vec<(String, String)> {
    let answer = |path: &&str| {
        let answer = daemon.get(path);
        (answer.text().to_owned(), answer.header("etag").to_owned())
    };
    ["/latest.atom", "/sport.rss", "/sport.json", "/sport"].iter().map(answer).collect()
}

fn check_sound(home: &Home, what: &str) {
    let verified = home.run(&["verify"]);
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(told.contains("all is well"), "{what}: {told}{}", String::from_utf8_lossy(&verified.stderr));
    let there = names(&home.path("state"));
    assert!(!there.iter().any(|name| LEFT_OVER.contains(&name.as_str())), "{what}: {there:?}");
    assert!(!there.iter().any(|name| name.starts_with("db.broken-")), "{what}: {there:?}");
}

#[test]
fn readers_do_not_notice() {
    let home = home();
    let daemon = home.start_with(&[LIMITS]);
    daemon.wait_for_poll("wire", "ok");
    let before = shown(&daemon);
    let told = daemon.wait_for("that it was made anew", |line| line["given_back_bytes"].is_u64());
    let text = told["message"].as_str().unwrap();
    assert!(text.starts_with("the store took ") && text.ends_with(" MiB given back"), "{text}");
    assert_eq!(shown(&daemon), before);
    daemon.wait_for("the store", |line| line["message"] == "the store is open");
    wait_until_told(&daemon, "The store was made anew: ");
    home.write("wire.xml", &rss(&[1, 2, 3, 4]));
    daemon.wait_for_poll("wire", "ok");
    assert!(shown(&daemon)[0].0.contains("Story 4"));
    assert!(daemon.stop().success());
    let daemon = home.start();
    wait_until_told(&daemon, "The store was made anew: ");
    assert!(daemon.stop().success());
    check_sound(&home, "at the end");
}

#[test]
fn whatever_dies_is_made_good_by_the_next_start() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = shown(&daemon);
    assert!(daemon.stop().success());
    for point in POINTS {
        // As if it had never been tried.
        fs::remove_file(home.path("state/space.json")).ok();
        let fault = format!("reclaim.{point}:1");
        let died = home.run_with(&["run"], &[LIMITS, ("NASHRA_FAULT", &fault)]);
        assert_eq!(died.status.code(), None, "{point}: {}", String::from_utf8_lossy(&died.stderr));
        let daemon = home.start();
        assert_eq!(shown(&daemon), before, "{point}");
        assert!(daemon.stop().success());
        check_sound(&home, point);
    }
}

#[test]
fn what_fails_is_told_and_not_tried_at_once() {
    for fault in [
        "reclaim.begin:1:error",
        "reclaim.made:1:error",
        "reclaim.take:1:error",
        // Whoever makes it is killed.
        "anew.step:2",
        "anew.step:1:full",
        "anew.made:1:error",
    ] {
        let home = home();
        let daemon = home.start_with(&[LIMITS, ("NASHRA_FAULT", fault)]);
        daemon.wait_for_poll("wire", "ok");
        daemon.wait_for(fault, |line| {
            line["message"].as_str().is_some_and(|said| said.contains("could not be made anew"))
        });
        if fault.starts_with("reclaim.take") {
            // It had begun anew for that.
            daemon.wait_for("the store", |line| line["message"] == "the store is open");
        }
        wait_until_told(&daemon, "The store could not be made anew");
        home.write("wire.xml", &rss(&[1, 2, 3, 4]));
        daemon.wait_for_poll("wire", "ok");
        assert!(daemon.stop().success());
        check_sound(&home, fault);
    }
}

#[test]
fn a_stop_ends_whoever_makes_it() {
    let home = home();
    let daemon = in_the_middle(&home);
    let before = shown(&daemon);
    assert!(daemon.stop().success());
    assert!(!is_being_made(&home), "it does not outlive the daemon");
    check_sound(&home, "after a stop");
    let daemon = home.start();
    assert_eq!(shown(&daemon), before);
    let told = ask_at(daemon.admin.unwrap(), "GET", "/admin.atom", &[]);
    assert!(!told.text().contains("could not be made anew"), "that was no failure: {}", told.text());
    assert!(daemon.stop().success());
}

#[test]
fn a_kill_ends_whoever_makes_it() {
    let home = home();
    let daemon = in_the_middle(&home);
    let before = shown(&daemon);
    daemon.kill();
    let begun = Instant::now();
    while is_being_made(&home) {
        assert!(begun.elapsed() < DEADLINE, "it outlives the daemon");
        std::thread::yield_now();
    }
    let daemon = home.start();
    assert_eq!(shown(&daemon), before);
    assert!(daemon.stop().success());
    check_sound(&home, "after a kill");
}
