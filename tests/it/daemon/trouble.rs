//! A disk that takes nothing: polling pauses, readers are served on, nothing is lost, and it goes on by itself.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::*;
use crate::kit::origin::{Origin, Reply};

const FULL: &str = "degraded: the disk is full\n";

/// A source that lists as many entries as this says.
fn origin(count: &Arc<AtomicUsize>) -> Origin {
    let count = Arc::clone(count);
    Origin::start(move |_| {
        let list: Vec<(String, String)> = (1..=count.load(Ordering::Relaxed))
            .map(|n| (n.to_string(), format!("Story number {n}")))
            .collect();
        let list: Vec<(&str, &str)> = list.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
        Reply::ok(rss(&list))
    })
}

fn config(origin: &Origin, store: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n{store}\n\
         [fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\n\
         [sources.wire]\nurl = \"{}\"\nschedule = \"every 1s\"\n",
        origin.url("/wire")
    )
}

fn entries(daemon: &Daemon) -> usize {
    let feed: Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    feed["items"].as_array().unwrap().len()
}

/// Waits until readers see so many entries.
fn wait_for_entries(daemon: &Daemon, count: usize) -> Duration {
    let begun = Instant::now();
    while entries(daemon) != count {
        assert!(begun.elapsed() < DEADLINE, "{} of {count} entries", entries(daemon));
        std::thread::yield_now();
    }
    begun.elapsed()
}

fn said(daemon: &Daemon, what: &str) {
    daemon.wait_for(what, |line| line["message"].as_str().is_some_and(|message| message.contains(what)));
}

/// What holds of a daemon that cannot write: `count` entries are shown.
fn is_degraded(home: &Home, daemon: &Daemon, public: &str, kind: &str, count: usize) {
    assert_eq!((daemon.get("/healthz").status, daemon.get("/healthz").text()), (200, public));
    let at_admins = daemon.admin.unwrap();
    let health: Value = serde_json::from_slice(&ask_at(at_admins, "GET", "/healthz", &[]).body).unwrap();
    assert_eq!(
        (&health["status"], &health["trouble"]["kind"]),
        (&"degraded".into(), &kind.into()),
        "{health}"
    );
    let notices = ask_at(at_admins, "GET", "/admin.atom", &[]);
    assert_eq!(notices.text().matches("The store cannot be written").count(), 1, "{}", notices.text());
    let polled = home.run(&["poll", "wire"]);
    let table = String::from_utf8(polled.stdout).unwrap();
    assert!(table.contains("nothing can be stored at the moment"), "{table}");
    assert_eq!(entries(daemon), count);
}

/// And where the store itself takes nothing.
fn refuses_orders(home: &Home, daemon: &Daemon) {
    let feed: Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    let refused = home.run(&["hide", feed["items"][0]["id"].as_str().unwrap()]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("this cannot be stored now: the disk is full") && said.contains("make room"),
        "{said}"
    );
}

/// A disk of 8 MB in memory, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount anything.
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("others")).unwrap();
        for size in [1 << 16, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("others")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, should the daemon still be about to end.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_costs_nothing_but_time() {
    let count = Arc::new(AtomicUsize::new(3));
    let origin = origin(&count);
    let home = Home::new("");
    let Some(disk) = SmallDisk::mount(home.path("state")) else {
        eprintln!("skipped: only root may mount a small disk to fill");
        return;
    };
    home.write("feeds.toml", &config(&origin, ""));
    let daemon = home.start();
    wait_for_entries(&daemon, 3);
    disk.fill();
    count.store(5, Ordering::Relaxed);
    said(&daemon, "the store cannot be written");
    is_degraded(&home, &daemon, FULL, "no-room", 3);
    refuses_orders(&home, &daemon);
    disk.clear();
    assert!(wait_for_entries(&daemon, 5) < Duration::from_secs(10));
    assert_eq!(daemon.get("/healthz").text(), "ok\n");
    // Killed with what was committed in the last moment before it was full, and started while it still is.
    count.store(6, Ordering::Relaxed);
    wait_for_entries(&daemon, 6);
    disk.fill();
    daemon.kill();
    count.store(7, Ordering::Relaxed);
    let daemon = home.begin_with(&[]);
    assert_eq!(entries(&daemon), 6, "readers see what they saw");
    let begun = Instant::now();
    while daemon.get("/healthz").text() != FULL {
        assert!(begun.elapsed() < DEADLINE, "{}", daemon.get("/healthz").text());
    }
    assert_eq!(entries(&daemon), 6);
    disk.clear();
    assert!(wait_for_entries(&daemon, 7) < Duration::from_secs(10));
    assert_eq!(daemon.get("/healthz").text(), "ok\n");
    assert!(daemon.stop().success());
}

#[test]
fn without_room_polling_pauses_and_goes_on_by_itself() {
    let count = Arc::new(AtomicUsize::new(3));
    let origin = origin(&count);
    let home = Home::new("");
    home.write("feeds.toml", &config(&origin, ""));
    let daemon = home.start();
    wait_for_entries(&daemon, 3);
    // More than any disk has.
    home.write("feeds.toml", &config(&origin, "min_free = \"1000000GiB\""));
    said(&daemon, "the store cannot be written: no source is asked until there is room");
    let asked = origin.asked().len();
    count.store(5, Ordering::Relaxed);
    is_degraded(&home, &daemon, FULL, "no-room", 3);
    refuses_orders(&home, &daemon);
    assert!(origin.asked().len() <= asked + 1, "sources are left alone");
    home.write("feeds.toml", &config(&origin, ""));
    said(&daemon, "the store can be written again");
    assert!(wait_for_entries(&daemon, 5) < Duration::from_secs(10));
    assert_eq!(daemon.get("/healthz").text(), "ok\n");
    daemon.kill();
    let daemon = home.start();
    wait_for_entries(&daemon, 5);
    // And from the start on.
    home.write("feeds.toml", &config(&origin, "min_free = \"1000000GiB\""));
    assert!(daemon.stop().success());
    count.store(6, Ordering::Relaxed);
    let daemon = home.start();
    said(&daemon, "the store cannot be written");
    is_degraded(&home, &daemon, FULL, "no-room", 5);
    refuses_orders(&home, &daemon);
    home.write("feeds.toml", &config(&origin, ""));
    wait_for_entries(&daemon, 6);
    assert!(daemon.stop().success());
}

#[test]
fn news_that_cannot_be_kept_for_the_next_start_wait() {
    let count = Arc::new(AtomicUsize::new(3));
    let origin = origin(&count);
    let home = Home::new("");
    home.write("feeds.toml", &config(&origin, ""));
    let daemon = home.start();
    wait_for_entries(&daemon, 3);
    assert!(daemon.stop().success());
    // What was kept is what is shown, until there is news.
    count.store(5, Ordering::Relaxed);
    let daemon = home.start_with(&[("NASHRA_FAULT", "editions.write:1:full")]);
    said(&daemon, "the store cannot be written: no source is asked until there is room");
    is_degraded(&home, &daemon, FULL, "no-room", 3);
    daemon.kill();
    // A disk that takes the next one.
    let daemon = home.start_with(&[("NASHRA_FAULT", "editions.write:1:error")]);
    assert!(entries(&daemon) >= 3);
    wait_for_entries(&daemon, 5);
    count.store(6, Ordering::Relaxed);
    wait_for_entries(&daemon, 6);
    assert_eq!(daemon.get("/healthz").text(), "ok\n");
    assert!(daemon.stop().success());
}
