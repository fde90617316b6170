//! A start as readers meet it: what they saw last is there before the store is, and the same afterwards.

mod config;
mod facts;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::kit::daemon::*;

/// A store that cannot be opened yet: sled waits for the first file that it reads.
struct Held {
    conf: PathBuf,
    aside: PathBuf,
}

impl Held {
    fn new(home: &Home) -> Self {
        let held = Self { conf: home.path("state/db/conf"), aside: home.path("conf.aside") };
        fs::rename(&held.conf, &held.aside).unwrap();
        // Whoever opens it for reading waits for somebody who writes.
        assert!(Command::new("mkfifo").arg(&held.conf).status().unwrap().success());
        held
    }

    /// Lets it be opened.
    fn release(self) {
        let pipe = self.aside.with_extension("pipe");
        fs::rename(&self.conf, &pipe).unwrap();
        fs::rename(&self.aside, &self.conf).unwrap();
        // Whether anybody waits or not.
        drop(OpenOptions::new().read(true).write(true).open(pipe).unwrap());
    }
}

fn open(daemon: &Daemon) {
    daemon.wait_for("the store is open", |line| line["message"] == "the store is open");
}

/// Status, headers and body of each path.
type Looks = BTreeMap<String, (u16, BTreeMap<String, String>, Vec<u8>)>;

/// What a reader gets at these addresses, by their paths: the status, and what an ETag and the other headers say.
fn look(daemon: &Daemon, paths: &[&str]) -> Looks {
    let one = |path: &&str| {
        let Answer { status, mut headers, body } = daemon.get(path);
        headers.remove("date");
        ((*path).to_owned(), (status, headers, body))
    };
    paths.iter().map(one).collect()
}

const PATHS: &[&str] = &[
    "/",
    "/latest",
    "/latest.rss",
    "/latest.atom",
    "/latest.json",
    "/sport",
    "/sport.rss",
    "/sport.atom",
    "/sport.json",
    "/feeds.opml",
    "/bot",
    "/robots.txt",
    "/style.css",
    "/icon.png",
];

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";

fn rss(titles: &[&str]) -> String {
    let item = |title: &&str| {
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">{title}</guid><link>https://e.example/</link>\
             <pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate></item>"
        )
    };
    let items: String = titles.iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>")
}

/// A home whose daemon has shown two stories and was killed.
fn killed() -> (Home, Looks) {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &rss(&["First story", "Second story"]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = look(&daemon, PATHS);
    assert!(before.values().all(|(status, ..)| *status == 200), "{before:?}");
    daemon.kill();
    (home, before)
}

#[test]
fn the_first_answer_after_a_kill_is_the_last_one_before() {
    let (home, before) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    assert_eq!(look(&daemon, PATHS), before);
    let etag = &before["/sport.atom"].1["etag"];
    assert_eq!(daemon.request("GET", "/sport.atom", &[("If-None-Match", etag)]).status, 304);
    held.release();
    open(&daemon);
    assert_eq!(look(&daemon, PATHS), before, "the store says the same");
    assert!(daemon.stop().success());
}

#[test]
fn what_needs_the_store_says_when_to_come_again() {
    let (home, _) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0")];
    for (method, path, headers) in [
        ("GET", "/item/00000192", &[][..]),
        ("HEAD", "/story/00000192.atom", &[]),
        ("GET", "/go/00000192", &[]),
        ("GET", "/search?q=story", &[]),
        ("GET", "/sport/archive/1.atom", &[]),
        ("GET", "/not-there-yet.rss", &[]),
        ("POST", "/hub", &form),
    ] {
        let answer = daemon.request(method, path, headers);
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(
            (answer.header("retry-after"), answer.header("cache-control")),
            ("5", "no-store"),
            "{path}"
        );
    }
    assert_eq!(daemon.request("DELETE", "/item/00000192", &[]).status, 405);
    let health = daemon.get("/healthz");
    assert_eq!((health.status, health.text()), (200, "starting\n"));
    assert_eq!(home_health(&home)["status"], "starting");
    held.release();
    open(&daemon);
    assert_eq!(daemon.get("/healthz").text(), "ok\n");
    assert_eq!(home_health(&home)["status"], "ok");
    assert_eq!(daemon.get("/not-there-yet.rss").status, 404);
    assert_eq!(daemon.get("/item/00000192").status, 404);
    assert_eq!(daemon.get("/search?q=story").status, 200);
}

fn home_health(home: &Home) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = home.path("state/nashra.sock");
    let asked = nashra::edge::admin::call(&socket, "GET", "/healthz", &[], DEADLINE);
    let (status, body) = runtime.block_on(asked).unwrap();
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_command_waits_for_the_store() {
    let (home, _) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    let listed = std::thread::scope(|scope| {
        let asking = scope.spawn(|| home.run(&["sources", "--json"]));
        held.release();
        asking.join().unwrap()
    });
    assert!(listed.status.success(), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("\"wire\""));
    open(&daemon);
}

#[test]
fn a_start_can_be_stopped() {
    let (home, before) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    // A command that waits for the store does not hold it up either.
    let waiting = home.path("state/nashra.sock");
    let asking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = nashra::edge::admin::call(&waiting, "GET", "/api/sources", &[], DEADLINE);
        runtime.block_on(asked)
    });
    assert_eq!(daemon.get("/latest.atom").status, 200);
    let begun = Instant::now();
    assert!(daemon.stop().success());
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    drop(asking.join());
    held.release();
    let daemon = home.start();
    assert_eq!(look(&daemon, PATHS), before);
}

#[test]
fn a_second_one_leaves_the_first_alone() {
    let (home, _) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    let begun = Instant::now();
    let second = home.run(&["run"]);
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another nashra is using this store"), "{said}");
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    assert_eq!(home_health(&home)["status"], "starting", "its socket is still there");
    held.release();
    open(&daemon);
}

#[test]
fn a_first_start_is_no_empty_house() {
    let (home, before) = killed();
    fs::remove_dir_all(home.path("state/published")).unwrap();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    for path in PATHS {
        let answer = daemon.get(path);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{path}");
    }
    held.release();
    open(&daemon);
    assert_eq!(look(&daemon, PATHS), before);
    assert!(daemon.stop().success());
    assert!(home.path("state/published").is_dir());
}
