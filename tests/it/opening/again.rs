//! A store that does not open, or fails as soon as it is read: nashra tries again in its place, readers are served
//! meanwhile, it is mended where that can help, and nothing is lost.

use serde_json::json;

use super::*;
use crate::kit::daemon::Daemon;

/// Openings that hang are given up soon, and repairs follow one another soon.
const LIMITS: (&str, &str) = ("NASHRA_LIMITS", "opening.seconds=1,mend.rest=1");

/// A store, with what readers were shown of it, and every entry.
fn shown() -> (Home, String, Vec<u8>) {
    let home = stocked();
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    let daemon = home.start();
    let feed = daemon.get("/news.rss").body;
    assert!(daemon.stop().success());
    let entries = entries(&home, "before");
    (home, entries, feed)
}

fn begin(home: &Home, fault: &str) -> Daemon {
    home.begin_with(&[("NASHRA_FAULT", fault), LIMITS])
}

fn wait_for(daemon: &Daemon, message: &str) -> Value {
    daemon.wait_for(message, |line| line["message"] == message)
}

/// Waits until admins hear this, and looks at what everybody hears.
fn wait_until_told(daemon: &Daemon, kind: &str, public: &str) {
    let begun = Instant::now();
    loop {
        let health = ask_at(daemon.admin.unwrap(), "GET", "/healthz", &[]).body;
        let health: Value = serde_json::from_slice(&health).unwrap();
        if health["trouble"]["kind"] == kind {
            assert_eq!(health["status"], "degraded", "{health}");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "{health}");
        std::thread::yield_now();
    }
    assert_eq!(daemon.get("/healthz").text(), public);
}

fn check_whole(home: &Home, expected: &str, feed: &[u8], what: &str) {
    let daemon = home.start_with(&[LIMITS]);
    assert_eq!(daemon.get("/news.rss").body, feed, "{what}");
    assert!(daemon.stop().success(), "{what}");
    check_same(&entries(home, what), expected, what);
}

fn broken(home: &Home) -> usize {
    let names = fs::read_dir(home.path("state")).unwrap();
    let is_broken = |name: &str| name.starts_with("db.broken-");
    names.filter(|name| is_broken(&name.as_ref().unwrap().file_name().to_string_lossy())).count()
}

#[test]
fn what_fails_once_is_tried_again_in_the_same_process() {
    let (home, expected, feed) = shown();
    for fault in ["store.open:1:hang", "store.states:1:error", "store.subscriptions:1:error"] {
        let daemon = begin(&home, fault);
        assert_eq!(daemon.get("/news.rss").body, feed, "{fault}");
        let again = wait_for(&daemon, "nashra starts again in its place");
        assert_eq!(again["wait_seconds"], 0, "{fault}: {again}");
        let serving = wait_for(&daemon, "nashra serves");
        assert_eq!(serving["listen"], json!(daemon.address.to_string()), "{fault}: the port is the same");
        wait_for(&daemon, "the store is open");
        assert_eq!(daemon.get("/news.rss").body, feed, "{fault}");
        assert_eq!(daemon.get("/healthz").text(), "ok\n", "{fault}");
        assert!(daemon.stop().success(), "{fault}");
        check_same(&entries(&home, fault), &expected, fault);
        let repair = &repairs(&home)[0];
        assert_eq!(repair["lost"], json!([]), "{fault}: {repair}");
        // Repairs that follow one another rest; these have nothing to do with one another.
        fs::remove_file(home.path("state/repairs.json")).unwrap();
    }
}

#[test]
fn a_store_that_never_opens_is_tried_more_and_more_seldom() {
    let (home, expected, feed) = shown();
    let daemon = begin(&home, "store.open:1:stall");
    for wait in [0, 1, 2] {
        assert_eq!(daemon.get("/news.rss").body, feed);
        let again = wait_for(&daemon, "nashra starts again in its place");
        assert_eq!(again["wait_seconds"], wait, "{again}");
    }
    wait_until_told(&daemon, "broken-store", "degraded: the store is broken\n");
    assert_eq!(daemon.get("/news.rss").body, feed);
    assert!(broken(&home) <= 3, "{}", broken(&home));
    assert!(daemon.stop().success());
    check_whole(&home, &expected, &feed, "behind it");
}

#[test]
fn a_disk_that_does_not_give_the_store_is_waited_for() {
    let (home, expected, feed) = shown();
    let daemon = begin(&home, "store.open:1:failing");
    wait_until_told(&daemon, "failing-disk", "degraded: the disk fails\n");
    assert_eq!(daemon.get("/news.rss").body, feed);
    assert_eq!(broken(&home), 1, "it is made anew once");
    assert!(daemon.stop().success());
    check_whole(&home, &expected, &feed, "behind it");
}

#[test]
fn a_disk_that_takes_no_repair_is_waited_for() {
    let (home, expected, feed) = shown();
    fs::write(home.path("state/db/conf"), "noise").unwrap();
    let daemon = begin(&home, "mend.made:1:failing");
    wait_until_told(&daemon, "failing-disk", "degraded: the disk fails\n");
    assert_eq!(daemon.get("/news.rss").body, feed);
    assert!(daemon.stop().success());
    check_whole(&home, &expected, &feed, "behind it");
}

#[test]
fn while_it_cannot_be_made_anew_nothing_is_given_up() {
    let (home, expected, feed) = shown();
    for (fault, kind, public) in [
        ("anew.step:1:full", "no-room", "degraded: the disk is full\n"),
        ("anew.step:1:failing", "failing-disk", "degraded: the disk fails\n"),
        // Whoever makes it is killed, each time: that is no fault of the snapshots.
        ("anew.step:2", "broken-store", "degraded: the store is broken\n"),
    ] {
        let files = fs::read_dir(home.path("state/db")).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).for_each(|path| fs::write(path, [7; 4096]).unwrap());
        let daemon = begin(&home, fault);
        wait_until_told(&daemon, kind, public);
        assert_eq!(daemon.get("/news.rss").body, feed, "{fault}");
        assert!(daemon.stop().success(), "{fault}");
    }
    assert_eq!(broken(&home), 0, "what is there stays until there is another one");
    check_whole(&home, &expected, &feed, "at the end");
    assert!(!home.path("state/db.new").exists());
    assert!(repairs(&home).iter().all(|repair| repair["lost"] == json!([])));
}
