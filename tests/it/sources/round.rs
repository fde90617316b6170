//! Sources that go wrong in their ways, from the origin to the admin's eyes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::doors::through_socket;
use super::{lines, run, table};
use crate::kit::daemon::{Daemon, Home};
use crate::kit::origin::{Origin, Reply};

const KINDS: &[&str] = &["well", "fails", "moves", "gone", "page"];

fn feed(title: &str) -> Reply {
    let item = |n: usize| {
        format!("<item><guid isPermaLink=\"false\">{title}-{n}</guid><title>{title} {n}</title></item>")
    };
    let items: String = (0..3).map(item).collect();
    Reply::ok(format!("<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>"))
}

/// An origin whose feeds are well until `trouble` begins.
fn origin(trouble: Arc<AtomicBool>) -> Origin {
    Origin::start(move |asked| {
        let name = asked.path.trim_start_matches('/').to_owned();
        match (name.as_str(), trouble.load(Ordering::SeqCst)) {
            ("robots.txt", _) => Reply::new(404, &[], ""),
            ("fails", true) => Reply::new(503, &[], "no"),
            ("moves", true) => Reply::redirect(301, "/moved"),
            ("moved", true) => feed("moves"),
            ("gone", true) => Reply::new(410, &[], "gone"),
            ("page", true) => Reply::ok("<!DOCTYPE html><html><head><title>Hello</title></head></html>"),
            _ => feed(&name),
        }
    })
}

fn config(origin: &Origin, fetch: &str) -> String {
    let head = format!(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\n{fetch}schedule = \"every 2h\"\n"
    );
    let source = |name: &&str| {
        format!("[sources.{name}]\nurl = \"{}\"\nsection = \"news\"\n", origin.url(&format!("/{name}")))
    };
    head + "[sections.news]\n" + &KINDS.iter().map(source).collect::<String>()
}

fn times_asked(origin: &Origin, path: &str) -> usize {
    origin.asked().iter().filter(|asked| asked.path == path).count()
}

/// The next so many changes of health in the log, by source: from, to, level.
fn changes(daemon: &Daemon, count: usize) -> BTreeMap<String, [String; 3]> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let next = |_| {
        let line = daemon.wait_for("a change of health", |line| line["message"] == "health");
        (text(&line["source"]), [text(&line["from"]), text(&line["to"]), text(&line["level"])])
    };
    (0..count).map(next).collect()
}

/// What a round says of each source: the word and the last column.
fn polled(home: &Home, arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    let output = home.run(&[&["poll"], arguments].concat());
    let out = String::from_utf8(output.stdout).unwrap();
    let rows = table(&out).into_iter().skip(1).take_while(|row| !row.is_empty());
    rows.map(|row| (row[0].to_owned(), (row[1].to_owned(), row[row.len() - 1].to_owned()))).collect()
}

#[test]
fn trouble_is_seen_and_its_end_too() {
    let trouble = Arc::new(AtomicBool::new(false));
    let origin = origin(Arc::clone(&trouble));
    let home = Home::new(&config(&origin, "min_interval = \"0s\"\n"));
    let daemon = home.start();
    for _ in KINDS {
        daemon.wait_for("a first poll", |line| line["status"] == "ok");
    }
    let words = |home: &Home| {
        let rows = lines(home, &["sources", "--json"]);
        rows.iter().map(|row| row["health"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words(&home), ["ok"; 5]);
    let before = daemon.get("/news.json").body;

    trouble.store(true, Ordering::SeqCst);
    let rows = polled(&home, &[]);
    let statuses: Vec<(&str, &str)> = rows.iter().map(|(name, (word, _))| (&**name, &**word)).collect();
    let expected = [
        ("fails", "failed"),
        ("gone", "failed"),
        ("moves", "unchanged"),
        ("page", "failed"),
        ("well", "unchanged"),
    ];
    assert_eq!(statuses, expected);
    let told = changes(&daemon, 4);
    for (source, word) in [("fails", "failing"), ("gone", "gone"), ("moves", "moved"), ("page", "failing")] {
        assert_eq!(told[source], ["ok", word, "WARN"], "{told:?}");
    }
    assert_eq!(words(&home), ["ok", "failing", "moved", "gone", "failing"]);
    let seen = lines(&home, &["sources", "--json"]);
    assert_eq!((&seen[1]["failures"], &seen[1]["past"][0]["health"]), (&json!(1), &json!("ok")));
    assert!(seen[1]["why"].as_str().unwrap().contains("503"), "{}", seen[1]);
    assert_eq!((&seen[2]["moved_to"], &seen[2]["adopted"]), (&json!(origin.url("/moved")), &json!(false)));
    assert!(seen[3]["gone_at"].is_string() && seen[3]["next_at"].is_null(), "{}", seen[3]);
    assert!(seen[4]["why"].as_str().unwrap().contains("HTML"), "{}", seen[4]);
    let (out, _) = run(&home, &["sources"], 0);
    assert!(table(&out)[2].last().unwrap().contains("503"), "{out}");
    let host = &lines(&home, &["sources", "--politeness", "--json"])[0];
    assert_eq!((&host["sources"], host["host"].as_str()), (&json!(5), Some(&*origin.address.to_string())));
    assert_eq!(host["requests"], json!(origin.asked().len()));

    let (status, private) = through_socket(&home, "GET", "/admin.atom");
    assert_eq!(status, 200);
    for title in ["fails: ok → failing", "gone: ok → gone", "moves: ok → moved", "page: ok → failing"]
    {
        assert!(private.contains(title), "{title} in {private}");
    }
    assert_eq!(private.matches("<entry>").count(), 4, "{private}");
    assert_eq!(daemon.get("/news.json").body, before, "readers see nothing of it");

    // What is gone is left alone, unless somebody names it.
    let asked = times_asked(&origin, "/gone");
    let rows = polled(&home, &[]);
    assert_eq!(rows["gone"].0, "gone", "{rows:?}");
    assert!(rows["gone"].1.contains("410"), "{rows:?}");
    assert_eq!(times_asked(&origin, "/gone"), asked);
    assert_eq!(polled(&home, &["gone"])["gone"].0, "failed");
    assert_eq!(times_asked(&origin, "/gone"), asked + 1);

    trouble.store(false, Ordering::SeqCst);
    polled(&home, KINDS);
    for (source, [_, to, level]) in changes(&daemon, 4) {
        assert_eq!((&*to, &*level), ("ok", "INFO"), "{source}");
    }
    assert_eq!(words(&home), ["ok"; 5]);
}

#[test]
fn no_command_line_makes_us_ask_too_often() {
    let origin = origin(Arc::default());
    let home = Home::new(&config(&origin, ""));
    for _ in 0..5 {
        polled(&home, &["--once", "well"]);
    }
    assert_eq!(times_asked(&origin, "/well"), 1);
    let daemon = home.start();
    for _ in 0..5 {
        let rows = polled(&home, &["well", "fails"]);
        assert_eq!(rows["well"].0, "too-soon");
        assert!(rows["well"].1.contains("min_interval"), "{rows:?}");
    }
    daemon.kill();
    polled(&home, &["--once"]);
    for path in ["/well", "/fails"] {
        assert_eq!(times_asked(&origin, path), 1, "{path}");
    }
}

#[test]
fn a_stranger_waits_for_the_admin() {
    let changed = Arc::new(AtomicBool::new(false));
    let script = Arc::clone(&changed);
    let origin = Origin::start(move |asked| {
        let (title, site, words) = match (asked.path.as_str(), script.load(Ordering::SeqCst)) {
            ("/robots.txt", _) => return Reply::new(404, &[], ""),
            (_, false) => ("صحتي", "sihhati.example", "خبر عن الصحة والتغذية"),
            (_, true) => ("Casino", "casino.example", "Win big money today with us"),
        };
        let item = |n: usize| {
            format!(
                "<item><guid>https://{site}/{n}</guid><link>https://{site}/{n}</link><title>{words} {n}</title></item>"
            )
        };
        let items: String = (0..5).map(item).collect();
        Reply::ok(format!(
            "<rss version=\"2.0\"><channel><title>{title}</title><link>https://{site}/</link>{items}</channel></rss>"
        ))
    });
    let head = "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\nschedule = \"every 2h\"\n";
    let home = Home::new(&format!(
        "{head}[sections.news]\n[sources.sihhati]\nurl = \"{}\"\nsection = \"news\"\n",
        origin.url("/")
    ));
    let daemon = home.start();
    daemon.wait_for_poll("sihhati", "ok");
    let before = daemon.get("/news.json").body;
    changed.store(true, Ordering::SeqCst);
    let rows = polled(&home, &["sihhati"]);
    assert_eq!(rows["sihhati"].0, "quarantined", "{rows:?}");
    assert_eq!(changes(&daemon, 1)["sihhati"], ["ok", "quarantined", "WARN"]);
    assert_eq!(daemon.get("/news.json").body, before);
    let seen = &lines(&home, &["sources", "--json"])[0];
    assert!(seen["quarantine"]["why"].is_string() && seen["health"] == "quarantined", "{seen}");
    // The consent alone is enough: the next poll comes by itself.
    run(&home, &["sources", "accept", "sihhati"], 0);
    let line = daemon.wait_for_poll("sihhati", "ok");
    assert_eq!(line["new"], 5, "{line}");
    assert!(daemon.get("/news.json").text().contains("Casino"));
    assert_eq!(lines(&home, &["sources", "--json"])[0]["health"], "ok");
    let (_, private) = through_socket(&home, "GET", "/admin.atom");
    assert!(
        private.contains("sihhati: ok → quarantined") && private.contains("sihhati: quarantined → ok"),
        "{private}"
    );
}

#[test]
fn a_host_that_wants_to_be_left_alone_is_no_failure() {
    let busy = Arc::new(AtomicBool::new(false));
    let script = Arc::clone(&busy);
    let origin = Origin::start(move |asked| match (asked.path.as_str(), script.load(Ordering::SeqCst)) {
        ("/robots.txt", _) => Reply::new(404, &[], ""),
        ("/fails", true) => Reply::new(
            429,
            &[("Retry-After", "600"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "600")],
            "slowly",
        ),
        (path, _) => feed(path.trim_start_matches('/')),
    });
    let home = Home::new(&config(&origin, "min_interval = \"0s\"\n"));
    let daemon = home.start();
    for _ in KINDS {
        daemon.wait_for("a first poll", |line| line["status"] == "ok");
    }
    busy.store(true, Ordering::SeqCst);
    assert_eq!(polled(&home, &["fails"])["fails"].0, "failed");
    let rows = polled(&home, &["well"]);
    assert_eq!(rows["well"].0, "too-soon", "{rows:?}");
    assert!(rows["well"].1.contains("its host asked for quiet until"), "{rows:?}");
    assert_eq!(times_asked(&origin, "/well"), 1);
    let line = daemon.wait_for_poll("well", "too-soon");
    assert!(line["level"] == "INFO" && line["error"].is_string(), "{line}");
    let seen = lines(&home, &["sources", "--json", "well", "fails"]);
    assert_eq!((&seen[0]["health"], &seen[0]["failures"]), (&json!("ok"), &json!(0)));
    assert_eq!(seen[1]["hints"][0]["hint"], "retry-after", "{}", seen[1]);
}
