//! How an admin sees the sources: the table, its JSON, the ledger, the end of a quarantine, the private feed.

mod doors;
mod probe;
mod round;

use nashra::edge::store::Store;
use nashra::model::*;
use serde_json::{Value, json};

use crate::kit::daemon::Home;
use crate::kit::entries::at;

/// Nobody is asked: the sources are disabled, or a file that is not due for a long time.
const CONFIG: &str = "[sections.news]\n[sources.wire]\nurl = \"file:wire.xml\"\nschedule = \"every 2h\"\n\
    [sources.sihhati]\nurl = \"https://sihhati.example/feed\"\nsection = \"news\"\nschedule = \"every 90m\"\n\
    [sources.arts]\nurl = \"https://arts.example/feed\"\ntitle = \"Arts\"\nschedule = \"auto\"\n\
    [sources.off]\nurl = \"https://off.example/feed\"\nenabled = false\nschedule = \"*/10 * * * *\"\n";

fn seconds_ago(seconds: i64) -> Timestamp {
    chrono::Utc::now() - chrono::TimeDelta::seconds(seconds)
}

fn health(is: HealthKind, since: Timestamp, why: &str) -> Health {
    Health { is, since, why: why.to_owned() }
}

/// Writes states into the store as polls would.
fn remember(home: &Home, states: &[(&str, SourceState)]) {
    let store = Store::open(&home.path("state")).unwrap();
    let config = nashra::app::load_config(&home.path("feeds.toml")).unwrap();
    for (id, state) in states {
        let source = config.sources.iter().find(|source| source.id.0 == *id);
        let state = SourceState { asked_as: source.map(nashra::pipeline::configuration), ..state.clone() };
        let update = Update::about(SourceId((*id).to_owned()), state, at("2026-11-01T00:00:00Z"));
        store.apply(&update).unwrap();
    }
    store.flush().unwrap();
}

/// A source that was well for long, and is in quarantine.
fn quarantined() -> SourceState {
    let why = "another host, and no entry that we know";
    SourceState {
        asked_at: Some(seconds_ago(120)),
        ok_at: Some(seconds_ago(120)),
        next_at: Some(seconds_ago(-3600)),
        quarantine: Some(Quarantine { since: at("2026-01-02T00:00:00.5Z"), why: why.to_owned() }),
        owner: Some(Owner::default()),
        language: Some("ar".to_owned()),
        title: Some("صحتي".to_owned()),
        health: Some(health(HealthKind::Quarantined, at("2026-01-02T00:00:00.5Z"), why)),
        past: vec![health(HealthKind::Ok, at("2025-12-01T00:00:00Z"), "")],
        ..SourceState::default()
    }
}

fn failing() -> SourceState {
    SourceState {
        asked_at: Some(seconds_ago(3700)),
        ok_at: Some(seconds_ago(2 * 86_400 + 60)),
        next_at: Some(seconds_ago(-725)),
        failures: 3,
        error: Some("arts.example: 503".to_owned()),
        retry_after: Some(at("2026-01-02T00:00:00Z")),
        health: Some(health(HealthKind::Failing, seconds_ago(7300), "arts.example:\n503 \u{1b}[31m")),
        ..SourceState::default()
    }
}

/// Runs a command and compares its exit code; stdout and stderr.
fn run(home: &Home, arguments: &[&str], code: i32) -> (String, String) {
    let output = home.run(arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// The JSON objects that a command prints, one a line.
fn lines(home: &Home, arguments: &[&str]) -> Vec<Value> {
    run(home, arguments, 0).0.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The cells of a table, whose columns are two spaces apart.
fn table(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}

#[test]
fn the_table_has_every_source_in_the_order_of_the_file() {
    let home = Home::new(CONFIG);
    remember(&home, &[("sihhati", quarantined()), ("arts", failing()), ("off", failing())]);
    let (out, _) = run(&home, &["sources"], 0);
    let rows = table(&out);
    assert_eq!(rows[0], ["SOURCE", "HEALTH", "SINCE", "LAST OK", "NEXT", "PUSH", "ENTRIES", "WHY"]);
    assert_eq!(rows[1], ["wire", "new", "-", "-", "-", "-", "0"]);
    assert_eq!(rows[2][..2], ["sihhati", "quarantined"]);
    assert_eq!(rows[2][3..], ["2m ago", "in 59m", "-", "0", "another host, and no entry that we know"]);
    // What a server says commands no terminal.
    let expected = ["arts", "failing", "2h ago", "2d ago", "in 12m", "-", "0", "arts.example: 503 [31m"];
    assert_eq!(rows[3], expected);
    assert_eq!((rows[4][1], rows[4][4], rows.len()), ("disabled", "-", 5), "{out}");
    let (one, _) = run(&home, &["sources", "arts", "wire"], 0);
    assert_eq!(table(&one).iter().map(|row| row[0]).collect::<Vec<_>>(), ["SOURCE", "wire", "arts"]);
    let (_, err) = run(&home, &["sources", "artz", "wire"], 2);
    assert!(err.contains("no such source in feeds.toml: artz"), "{err}");
}

#[test]
fn json_says_all_that_is_known() {
    let home = Home::new(CONFIG);
    // Nothing is made by looking.
    assert_eq!(lines(&home, &["sources", "--json"]).len(), 4);
    assert!(!home.path("state").exists());
    remember(&home, &[("sihhati", quarantined()), ("arts", failing())]);
    let rows = lines(&home, &["sources", "--json"]);
    let sihhati = rows[1].as_object().unwrap();
    let mut keys: Vec<&str> = sihhati.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = "adopted asked_at enabled error failures fresh_until gone_at health hints id language \
        listed moved_to next_at oddity ok_at past push quarantine renamed retry_after schedule since title url volatile why";
    assert_eq!(keys, expected.split_ascii_whitespace().collect::<Vec<_>>());
    for (key, value) in [
        ("id", json!("sihhati")),
        ("title", json!("صحتي")),
        ("url", json!("https://sihhati.example/feed")),
        ("enabled", json!(true)),
        ("schedule", json!("every 90m")),
        ("health", json!("quarantined")),
        ("since", json!("2026-01-02T00:00:00Z")),
        ("why", json!("another host, and no entry that we know")),
        (
            "quarantine",
            json!({"since": "2026-01-02T00:00:00Z", "why": "another host, and no entry that we know"}),
        ),
        ("past", json!([{"health": "ok", "since": "2025-12-01T00:00:00Z", "why": ""}])),
        ("failures", json!(0)),
        ("language", json!("ar")),
        ("adopted", json!(false)),
    ] {
        assert_eq!(sihhati[key], value, "{key}");
    }
    assert_eq!(rows[0]["health"], "new");
    assert_eq!(rows[0]["since"], Value::Null);
    assert_eq!((&rows[2]["title"], &rows[2]["error"]), (&json!("Arts"), &json!("arts.example: 503")));
    assert_eq!(
        (&rows[2]["retry_after"], &rows[2]["schedule"]),
        (&json!("2026-01-02T00:00:00Z"), &json!("auto"))
    );
    assert_eq!((&rows[3]["schedule"], &rows[3]["enabled"]), (&json!("*/10 * * * *"), &json!(false)));
}

#[test]
fn a_moved_source_names_where_to() {
    let home = Home::new(CONFIG);
    let to: url::Url = "https://new.example/feed".parse().unwrap();
    let since = at("2026-01-02T00:00:00Z");
    let moving = Moving { to: to.clone(), since, same_feed: true };
    let adopted = |from: &str| Adopted { from: from.parse().unwrap(), to: to.clone(), at: since };
    for (state, moved_to, is_adopted) in [
        (SourceState { moving: Some(moving), ..SourceState::default() }, json!(to), false),
        (
            SourceState { adopted: Some(adopted("https://arts.example/feed")), ..SourceState::default() },
            json!(to),
            true,
        ),
        // The admin has written another address since.
        (
            SourceState { adopted: Some(adopted("https://arts.example/old")), ..SourceState::default() },
            Value::Null,
            false,
        ),
    ] {
        remember(&home, &[("arts", SourceState { asked_at: Some(since), ..state })]);
        let row = &lines(&home, &["sources", "arts", "--json"])[0];
        assert_eq!((&row["moved_to"], &row["adopted"]), (&moved_to, &json!(is_adopted)), "{row}");
    }
}

#[test]
fn politeness_is_summed_over_hosts() {
    let home = Home::new(CONFIG);
    let ledger = |requests, not_modified, received, honoured| Ledger {
        requests,
        not_modified,
        refused: 1,
        wire_bytes: 1000,
        hints_received: received,
        hints_honoured: honoured,
    };
    let state = |rows: &[(&str, Ledger)]| SourceState {
        ledger: rows.iter().map(|(host, ledger)| ((*host).to_owned(), *ledger)).collect(),
        ..SourceState::default()
    };
    remember(
        &home,
        &[
            ("arts", state(&[("a.example", ledger(9, 3, 2, 1)), ("b.example", ledger(100, 0, 0, 0))])),
            ("sihhati", state(&[("a.example", ledger(1, 1, 1, 1))])),
            ("left-the-file", state(&[("c.example:8080", ledger(2, 2, 0, 0))])),
        ],
    );
    let (out, _) = run(&home, &["sources", "--politeness"], 0);
    assert_eq!(
        table(&out),
        [
            vec!["HOST", "SOURCES", "REQUESTS", "304", "429", "BYTES", "HINTS", "HONOURED"],
            vec!["b.example", "1", "100", "0%", "1", "1000", "0", "-"],
            vec!["a.example", "2", "10", "40%", "2", "2000", "3", "66%"],
            vec!["c.example:8080", "1", "2", "100%", "1", "1000", "0", "-"],
        ]
    );
    let rows = lines(&home, &["sources", "--politeness", "--json", "sihhati"]);
    let expected = json!({
        "host": "a.example", "sources": 1, "requests": 1, "not_modified": 1, "refused": 1, "wire_bytes": 1000,
        "hints_received": 1, "hints_honoured": 1, "not_modified_percent": 100, "hints_honoured_percent": 100,
    });
    assert_eq!(rows, [expected]);
}

#[test]
fn accept_ends_a_quarantine_in_the_store() {
    let home = Home::new(CONFIG);
    let (_, err) = run(&home, &["sources", "accept", "sihhati"], 1);
    assert!(err.contains("not in quarantine") && !home.path("state").exists(), "{err}");
    remember(&home, &[("sihhati", quarantined()), ("arts", failing())]);
    let (_, err) = run(&home, &["sources", "accept", "sihhaty"], 2);
    assert!(err.contains("no such source in feeds.toml: sihhaty"), "{err}");
    run(&home, &["sources", "accept"], 2);
    let (out, err) = run(&home, &["sources", "accept", "arts", "sihhati"], 1);
    assert!(out.starts_with("sihhati: accepted") && err.contains("accept: arts"), "{out}{err}");
    let row = &lines(&home, &["sources", "sihhati", "--json"])[0];
    assert_eq!(row["quarantine"], Value::Null);
    assert_eq!((&row["health"], &row["why"]), (&json!("ok"), &Value::Null));
    assert_eq!(row["past"][1]["health"], "quarantined");
    run(&home, &["sources", "accept", "sihhati"], 1);
}

#[test]
fn a_source_may_be_named_like_a_command() {
    let home = Home::new("[sections.news]\n[sources.accept]\nurl = \"file:a.xml\"\n");
    assert_eq!(lines(&home, &["sources", "--json", "--", "accept"]).len(), 1);
    let (_, err) = run(&home, &["sources", "accept", "accept"], 1);
    assert!(err.contains("not in quarantine"), "{err}");
}
