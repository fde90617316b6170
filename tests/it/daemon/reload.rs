//! What a changed feeds.toml does to sources that are being asked, failing or gone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::kit::origin::{Asked, Gate, Origin, Reply};

/// A source at this address of a loopback origin, which is asked for nothing else.
fn web(url: &str, more: &str) -> String {
    format!(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\n\
         hints = {{ crawl_delay = false }}\n\
         [sources.wire]\nurl = \"{url}\"\nschedule = \"every 1h\"\n{more}"
    )
}

/// What was asked for beside robots.txt.
fn asked(origin: &Origin) -> Vec<String> {
    let paths = origin.asked().into_iter().map(|asked| asked.path);
    paths.filter(|path| path != "/robots.txt").collect()
}

fn in_force(daemon: &Daemon) {
    daemon.wait_for("the new file", |line| line["message"] == "feeds.toml is in force");
}

/// What was asked for under the old file is not taken for an answer under the new one.
#[test]
fn an_answer_that_a_reload_overtook_is_left_and_asked_for_again() {
    for (old, new, more) in [("/old", "/new", ""), ("/same", "/same", "strip = [\"Advert\"]\n")] {
        let (gate, tag) = (Gate::default(), [("ETag", "\"old\"")]);
        let first = AtomicBool::new(true);
        let held = Reply::new(200, &tag, rss(&[("old", "Advert of old")])).behind(&gate);
        let origin = Origin::start(move |asked: &Asked| {
            match (&*asked.path, asked.header("If-None-Match").as_str()) {
                (_, "\"old\"") => Reply::new(304, &[], ""),
                (path, _) if path == old && first.swap(false, Ordering::SeqCst) => held.clone(),
                _ => Reply::ok(rss(&[("new", "Advert of new")])),
            }
        });
        let home = Home::new(&web(&origin.url(old), ""));
        let daemon = home.start();
        origin.wait_for(1);
        home.configure(&web(&origin.url(new), more));
        in_force(&daemon);
        gate.open();
        let line = daemon.wait_for_poll("wire", "ok");
        assert_eq!((&line["new"], asked(&origin)[1].as_str()), (&1.into(), new), "{line}");
        let shown = daemon.get("/latest.rss").text().to_owned();
        assert!(shown.contains("of new") && !shown.contains("of old"), "{shown}");
        assert_eq!(shown.contains("Advert"), more.is_empty(), "{shown}");
    }
}

#[test]
fn a_corrected_address_is_asked_at_once() {
    let origin = Origin::start(|asked: &Asked| match &*asked.path {
        "/right" => Reply::ok(rss(&[("1", "First story")])),
        _ => Reply::new(503, &[("Retry-After", "86000")], ""),
    });
    let home = Home::new(&web(&origin.url("/wrong"), ""));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "failed");
    // Another key than one that says what is asked for leaves the wait as it is.
    home.configure(&web(&origin.url("/wrong"), "title = \"Wire\"\n"));
    in_force(&daemon);
    home.configure(&web(&origin.url("/right"), "title = \"Wire\"\n"));
    let line = daemon.wait_for("a poll", |line| line["source"] == "wire");
    assert_eq!(line["status"], "ok", "{line}");
    assert_eq!(asked(&origin), ["/wrong", "/right"]);
}

#[test]
fn what_waits_for_the_next_start_is_said() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    home.write(
        "feeds.toml",
        &format!(
            "[server]\nlisten = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"\n[store]\npath = \"else\"\n{CONFIG}"
        ),
    );
    for key in ["server.listen", "server.admin", "store.path"] {
        let line = daemon.wait_for(key, |line| {
            line["message"].as_str().is_some_and(|text| text.contains("takes effect at the next start"))
        });
        assert!(line["message"].as_str().unwrap().starts_with(key), "{line}");
    }
    in_force(&daemon);
}

#[test]
fn who_asks_with_a_date_hears_of_other_rules() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = daemon.get("/sport.rss");
    let date = before.header("last-modified").to_owned();
    let asked = |daemon: &Daemon| daemon.request("GET", "/sport.rss", &[("If-Modified-Since", &date)]).status;
    assert_eq!(asked(&daemon), 304);
    // Dates have whole seconds: what happens within one cannot be told by them.
    let end = Instant::now() + DEADLINE;
    while daemon.get("/healthz").header("date") == date {
        assert!(Instant::now() < end, "time stands still at {date}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    home.configure(&CONFIG.replace("رياضة", "كرة القدم"));
    in_force(&daemon);
    assert_eq!(asked(&daemon), 200);
    let renamed = daemon.get("/sport.rss");
    assert_ne!(renamed.header("etag"), before.header("etag"));
    assert!(daemon.stop().success());
    let daemon = home.start();
    let again = daemon.get("/sport.rss");
    assert_eq!(
        (again.header("etag"), again.header("last-modified")),
        (renamed.header("etag"), renamed.header("last-modified"))
    );
}

/// What lies in the place of feeds.toml by mistake is said and not waited for: a pipe has nobody who writes to it.
#[test]
fn what_is_no_file_leaves_the_running_one_in_force() {
    let config = "[sources.wire]\nurl = \"file:wire.xml\"\nschedule = \"every 1h\"\n";
    let home = Home::new(config);
    home.write("wire.xml", &rss(&[("1", "First story")]));
    let (daemon, path) = (home.start(), home.path("feeds.toml"));
    daemon.wait_for_poll("wire", "ok");
    for (what, make) in [
        ("folder", (|path| fs::create_dir(path).unwrap()) as fn(&Path)),
        ("link to nothing", |path| symlink("nowhere.toml", path).unwrap()),
        ("link to itself", |path| symlink("feeds.toml", path).unwrap()),
        ("device", |path| symlink("/dev/zero", path).unwrap()),
        ("pipe", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success(), "mkfifo")),
    ] {
        fs::remove_file(&path).unwrap();
        make(&path);
        let said = |line: &serde_json::Value| {
            line["message"].as_str().is_some_and(|text| text.contains("cannot be read"))
        };
        let line = daemon.wait_for(what, said);
        assert!(line["message"].as_str().unwrap().contains("feeds.toml:1:1"), "{what}: {line}");
        assert_eq!(daemon.get("/latest.rss").status, 200, "{what}");
        if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) }.unwrap();
        home.configure(config);
        in_force(&daemon);
    }
    assert!(daemon.stop().success());
}
