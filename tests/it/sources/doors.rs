//! The same through a running daemon: the socket, the admin address, the private feed.

use nashra::edge::admin;
use nashra::model::*;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::{CONFIG, failing, health, lines, quarantined, remember, run, seconds_ago, table};
use crate::kit::daemon::{Answer, DEADLINE, Daemon, Home, ask_at};
use crate::kit::entries::at;

/// A home whose daemon has an admin address too, and asks nobody: everything is fresh for an hour.
fn home() -> Home {
    let home = Home::new("");
    let head = "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n";
    home.write("feeds.toml", &format!("{head}{CONFIG}"));
    home.write("wire.xml", "<rss version=\"2.0\"><channel><title>W</title></channel></rss>");
    let rested = |state: SourceState| SourceState {
        asked_at: Some(seconds_ago(2)),
        next_at: Some(seconds_ago(-3600)),
        ..state
    };
    remember(
        &home,
        &[
            ("sihhati", rested(quarantined())),
            (
                "arts",
                rested(SourceState {
                    past: vec![health(HealthKind::Ok, at("2026-01-01T00:00:00Z"), "")],
                    ..failing()
                }),
            ),
        ],
    );
    home
}

fn admin_get(daemon: &Daemon, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask_at(daemon.admin.expect("an admin address"), "GET", path, headers)
}

/// What the socket answers.
pub(super) fn through_socket(home: &Home, method: &str, path: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = home.path("state/nashra.sock");
    let (status, body) = runtime.block_on(admin::call(&socket, method, path, &[], DEADLINE)).unwrap();
    (status, String::from_utf8(body.clone()).unwrap())
}

#[test]
fn the_daemon_says_the_same_as_the_store() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let (out, _) = run(&home, &["sources"], 0);
    let words: Vec<Vec<&str>> = table(&out).iter().map(|row| row[..2].to_vec()).collect();
    let expected = [
        ["SOURCE", "HEALTH"],
        ["wire", "ok"],
        ["sihhati", "quarantined"],
        ["arts", "failing"],
        ["off", "disabled"],
    ];
    assert_eq!(words, expected);
    let rows = lines(&home, &["sources", "--json"]);
    assert_eq!(rows[0]["next_at"].as_str().map(str::len), Some("2026-01-01T00:00:00Z".len()), "{}", rows[0]);
    // The admin address tells the same, and takes no orders.
    let told: Value = serde_json::from_slice(&admin_get(&daemon, "/api/sources", &[]).body).unwrap();
    assert_eq!(told["sources"], json!(rows));
    let one = admin_get(&daemon, "/api/sources?source=arts", &[]);
    let one: Value = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(
        (&one["sources"][0]["id"], one["sources"].as_array().map(Vec::len)),
        (&json!("arts"), Some(1))
    );
    assert_eq!(admin_get(&daemon, "/api/sources?source=artz", &[]).status, 404);
    assert_eq!(run(&home, &["sources", "artz"], 2).0, "");
    assert_eq!(lines(&home, &["sources", "--politeness", "--json"]), Vec::<Value>::new());
    let health: Value = serde_json::from_slice(&admin_get(&daemon, "/healthz", &[]).body).unwrap();
    assert_eq!(health["failing"], json!(["arts"]));
    let counts = json!({"disabled": 1, "failing": 1, "gone": 0, "moved": 0, "new": 0, "odd": 0, "ok": 1,
        "quarantined": 1, "silent": 0});
    assert_eq!(health["health"], counts);
    drop(daemon);
    // A start plans anew; everything else is what the store says.
    let planned = |mut rows: Vec<Value>| {
        rows.iter_mut().for_each(|row| row["next_at"] = Value::Null);
        rows
    };
    assert_eq!(planned(lines(&home, &["sources", "--json"])), planned(rows));
}

#[test]
fn accept_is_for_the_owner_of_the_socket() {
    let home = home();
    let daemon = home.start();
    let wish = "/api/sources/accept?source=sihhati";
    for (answer, status) in [
        (ask_at(daemon.admin.unwrap(), "POST", wish, &[("Content-Length", "0")]), 405),
        (admin_get(&daemon, wish, &[]), 405),
        (daemon.request("POST", wish, &[("Content-Length", "0")]), 404),
        (daemon.get(wish), 404),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(through_socket(&home, "POST", "/api/sources/accept").0, 400);
    let (_, err) = run(&home, &["sources", "accept", "sihhaty", "sihhati"], 2);
    assert!(err.contains("no such source in feeds.toml: sihhaty"), "{err}");
    let (_, err) = run(&home, &["sources", "accept", "wire"], 1);
    assert!(err.contains("wire"), "{err}");
    let before = &lines(&home, &["sources", "sihhati", "--json"])[0];
    assert_eq!(before["health"], "quarantined");
    let (out, _) = run(&home, &["sources", "accept", "sihhati"], 0);
    assert!(out.starts_with("sihhati: accepted"), "{out}");
    daemon.wait_for("the consent", |line| line["source"] == "sihhati" && line["level"] == "INFO");
    let after = &lines(&home, &["sources", "sihhati", "--json"])[0];
    assert_eq!(after["quarantine"], Value::Null);
    // It is asked again as soon as `min_interval` lets it, not after the schedule's hour and a half.
    let next: Timestamp = after["next_at"].as_str().unwrap().parse().unwrap();
    assert!((next - chrono::Utc::now()).num_seconds() <= 60, "{after}");
    run(&home, &["sources", "accept", "sihhati"], 1);
    drop(daemon);
    assert_eq!(lines(&home, &["sources", "sihhati", "--json"])[0]["quarantine"], Value::Null);
}

/// The texts of every element with this name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (mut reader, mut found, mut inside) = (quick_xml::Reader::from_str(xml), vec![], false);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) if tag.name().as_ref() == name.as_bytes() => {
                inside = true;
                found.push(String::new());
            }
            Event::End(tag) if tag.name().as_ref() == name.as_bytes() => inside = false,
            Event::Text(text) if inside => {
                found.last_mut().unwrap().push_str(&text.decode().unwrap());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn the_private_feed_tells_every_change() {
    let home = home();
    let daemon = home.start();
    let answer = admin_get(&daemon, "/admin.atom", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/atom+xml; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let xml = answer.text();
    let feed = feed_rs::parser::parse(xml.as_bytes()).expect("a valid feed");
    let titles: Vec<&str> =
        feed.entries.iter().map(|entry| &*entry.title.as_ref().unwrap().content).collect();
    assert_eq!(titles, ["arts: ok → failing", "sihhati: ok → quarantined"]);
    let sihhati = &feed.entries[1];
    assert_eq!(sihhati.summary.as_ref().unwrap().content, "another host, and no entry that we know");
    assert_eq!(sihhati.updated.unwrap().to_rfc3339(), "2026-01-02T00:00:00+00:00");
    assert_eq!(sihhati.categories[0].term, "quarantined");
    assert!(sihhati.id.starts_with("urn:uuid:") && feed.id.starts_with("urn:uuid:"), "{xml}");
    assert_eq!(feed.updated, feed.entries[0].updated);
    // RFC 4287 §4.1: exactly one of each in the feed and in each entry; an author; content or an alternate link.
    for (name, count) in [("id", 3), ("updated", 3), ("title", 3), ("name", 1), ("content", 2)] {
        assert_eq!(texts(xml, name).len(), count, "{name} in {xml}");
    }
    assert!(xml.contains("href=\"/admin.atom\"") && xml.contains("rel=\"self\""), "{xml}");
    // The same facts are the same bytes, also after a restart and through the other door.
    let etag = answer.header("etag");
    for tag in [etag.to_owned(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let again = admin_get(&daemon, "/admin.atom", &[("If-None-Match", &tag)]);
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, etag), "{tag}");
    }
    assert_eq!(admin_get(&daemon, "/admin.atom", &[("If-None-Match", "\"x\"")]).status, 200);
    assert_eq!(through_socket(&home, "GET", "/admin.atom"), (200, xml.to_owned()));
    // It is nobody else's business.
    for path in ["/admin.atom", "/api/sources", "/api/politeness"] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    for path in ["/latest.atom", "/news.rss", "/news.json", "/"] {
        let public = daemon.get(path);
        assert!(!public.text().contains("quarantine") && !public.text().contains("503"), "{path}");
    }
    daemon.kill();
    let daemon = home.start();
    assert_eq!(admin_get(&daemon, "/admin.atom", &[]).header("etag"), etag);
}

#[test]
fn a_refused_feeds_toml_is_told_until_it_is_mended() {
    let home = home();
    let daemon = home.start();
    // Only then are files watched.
    daemon.wait_for_poll("wire", "ok");
    let good = std::fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &good.replace("every 90m", "every never"));
    daemon.wait_for("the refusal", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("not usable"))
    });
    let told = admin_get(&daemon, "/admin.atom", &[]);
    assert!(texts(told.text(), "title")[1].contains("feeds.toml is not usable"), "{}", told.text());
    assert!(texts(told.text(), "summary")[0].contains("sources.sihhati.schedule"), "{}", told.text());
    // The same mistakes again are no news.
    daemon.signal("HUP");
    daemon.wait_for("the refusal", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("not usable"))
    });
    assert_eq!(admin_get(&daemon, "/admin.atom", &[]).body, told.body);
    home.write("feeds.toml", &good);
    daemon.wait_for("the good file", |line| line["message"] == "feeds.toml is in force");
    assert!(!admin_get(&daemon, "/admin.atom", &[]).text().contains("not usable"));
}

#[test]
fn believing_any_certificate_is_told_at_each_start() {
    let home = Home::new(&format!("{CONFIG}insecure_tls = true\n"));
    for _ in 0..2 {
        let daemon = home.start();
        let told = |line: &Value| {
            line["message"].as_str().is_some_and(|text| text.contains("sources.off.insecure_tls"))
        };
        let line = daemon.wait_for("the warning", told);
        assert_eq!(line["level"], "WARN");
        assert!(daemon.stop().success());
    }
}
