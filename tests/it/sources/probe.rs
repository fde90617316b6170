//! `check --probe` keeps `min_interval`, with a daemon and without one.

use nashra::edge::store::Store;
use nashra::model::*;

use super::doors::through_socket;
use super::{remember, run, seconds_ago, table};
use crate::kit::daemon::Home;
use crate::kit::entries::at;
use crate::kit::origin::{Gate, Origin, Reply};

const FEED: &str = "<rss version=\"2.0\"><channel><title>Wire</title><item><title>One</title>\
    <guid isPermaLink=\"false\">1</guid></item></channel></rss>";

const TOO_SOON: &str = "asked less than min_interval ago; it may be asked again in ";

/// An origin that has a feed everywhere but at `/robots.txt`.
fn origin() -> Origin {
    Origin::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::new(404, &[], ""),
        _ => Reply::ok(FEED),
    })
}

/// One source, `wire`, that is at `/wire`.
fn config(origin: &Origin, min_interval: &str) -> String {
    format!(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nhints = {{ crawl_delay = false }}\n\
         [sources.wire]\nurl = \"{}\"\nschedule = \"every 2h\"\nmin_interval = \"{min_interval}\"\n",
        origin.url("/wire")
    )
}

/// A source that was asked longer than a minute ago, and whose next moment is most of an hour away.
fn rested() -> SourceState {
    SourceState {
        asked_at: Some(seconds_ago(90)),
        next_at: Some(seconds_ago(-3600)),
        ..SourceState::default()
    }
}

/// What a probe, which succeeds, says of `wire`: the word and the last column.
fn probed(home: &Home) -> (String, String) {
    let (out, _) = run(home, &["check", "--probe"], 0);
    let rows = table(&out);
    let row = rows.iter().find(|row| row[0] == "wire").unwrap_or_else(|| panic!("no row: {out}"));
    (row[1].to_owned(), row[row.len() - 1].to_owned())
}

fn is_too_soon((word, why): &(String, String)) -> bool {
    word == "too-soon" && why.starts_with(TOO_SOON) && why.ends_with(" s")
}

/// Whether a poll leaves `wire` alone.
fn polled_too_soon(home: &Home, arguments: &[&str]) -> bool {
    let (out, _) = run(home, &[&["poll"], arguments].concat(), 0);
    table(&out)[1][..2] == ["wire", "too-soon"]
}

fn paths(origin: &Origin) -> Vec<String> {
    let asked = origin.asked().into_iter().map(|asked| asked.path);
    asked.filter(|path| path != "/robots.txt").collect()
}

/// Probes three times: only the first one asks.
fn probe_thrice(home: &Home, origin: &Origin) {
    assert_eq!(probed(home), ("rss2.0".to_owned(), "Wire".to_owned()));
    for _ in 0..2 {
        let told = probed(home);
        assert!(is_too_soon(&told), "{told:?}");
    }
    assert_eq!(paths(origin), ["/wire"]);
}

#[test]
fn a_probe_counts_where_no_daemon_runs() {
    let origin = origin();
    let home = Home::new(&config(&origin, "5m"));
    probe_thrice(&home, &origin);
    assert!(polled_too_soon(&home, &["--once"]));
    let daemon = home.start();
    assert!(polled_too_soon(&home, &["wire"]));
    let told = probed(&home);
    assert!(is_too_soon(&told), "{told:?}");
    drop(daemon);
    assert_eq!(paths(&origin), ["/wire"]);
    let store = Store::open(&home.path("state")).unwrap();
    let state = store.states().unwrap().remove(&SourceId("wire".to_owned())).unwrap();
    assert_eq!((state.asked_at, state.ok_at, state.health), (None, None, None), "nothing else is stored");
    assert_eq!(store.entries_stored().unwrap(), 0);
}

#[test]
fn a_probe_counts_in_a_running_daemon_and_after_its_end() {
    let origin = origin();
    let home = Home::new(&config(&origin, "1m"));
    remember(&home, &[("wire", rested())]);
    let daemon = home.start();
    probe_thrice(&home, &origin);
    assert!(polled_too_soon(&home, &["wire"]));
    daemon.kill();
    assert!(polled_too_soon(&home, &["--once"]));
    assert_eq!(paths(&origin), ["/wire"]);
}

#[test]
fn a_poll_counts_for_a_probe() {
    let origin = origin();
    let home = Home::new(&config(&origin, "5m"));
    run(&home, &["poll", "--once"], 0);
    let told = probed(&home);
    assert!(is_too_soon(&told), "{told:?}");
    let daemon = home.start();
    let told = probed(&home);
    assert!(is_too_soon(&told), "{told:?}");
    assert_eq!(paths(&origin), ["/wire"]);
    // A source that the daemon does not have is asked by nobody.
    home.write(
        "other.toml",
        &std::fs::read_to_string(home.path("feeds.toml")).unwrap().replace("wire", "new"),
    );
    let (out, _) = run(&home, &["--config", "other.toml", "check", "--probe"], 0);
    assert!(out.contains("the running daemon does not know it"), "{out}");
    drop(daemon);
    assert_eq!(paths(&origin), ["/wire"]);
}

#[test]
fn whoever_is_being_asked_is_not_probed() {
    let gate = Gate::default();
    let held = gate.clone();
    let origin = Origin::start(move |_| Reply::ok(FEED).behind(&held));
    let home = Home::new(&config(&origin, "1m"));
    let daemon = home.start();
    origin.wait_for(1);
    assert_eq!(probed(&home), ("too-soon".to_owned(), format!("{TOO_SOON}60 s")));
    assert_eq!(through_socket(&home, "GET", "/api/sources/asking").0, 405);
    assert_eq!(through_socket(&home, "POST", "/api/sources/asking").0, 400);
    daemon.kill();
    // What is written down of a daemon that was killed counts as well.
    assert!(is_too_soon(&probed(&home)));
    gate.open();
    assert_eq!(origin.asked().len(), 1);
}

#[test]
fn without_min_interval_everything_may_be_asked() {
    let origin = origin();
    let home = Home::new(&config(&origin, "0s"));
    for _ in 0..2 {
        assert_eq!(probed(&home).0, "rss2.0");
    }
    assert!(!home.path("state").exists(), "there was nothing to note");
    // Whoever has the store in use is in the way of those alone that need it.
    let store = Store::open(&home.path("state")).unwrap();
    assert_eq!(probed(&home).0, "rss2.0");
    home.configure(&config(&origin, "1m"));
    let (_, err) = run(&home, &["check", "--probe"], 1);
    assert!(err.contains("is using this store") && !err.contains("--once"), "{err}");
    home.write("wire.xml", FEED);
    home.configure("[sources.wire]\nurl = \"file:wire.xml\"\n");
    assert_eq!(probed(&home).0, "rss2.0");
    drop(store);
    assert_eq!(probed(&home).0, "rss2.0");
    assert_eq!(paths(&origin).len(), 3);
}

#[test]
fn what_is_gone_is_left_and_what_has_moved_is_asked_where_it_is() {
    for with_daemon in [false, true] {
        let origin = origin();
        let more = format!("[sources.old]\nurl = \"{}\"\nschedule = \"every 2h\"\n", origin.url("/old"));
        let home = Home::new(&format!("{}{more}", config(&origin, "1m")));
        let url = |path: &str| origin.url(path).parse().unwrap();
        let adopted = Adopted { from: url("/wire"), to: url("/new"), at: at("2026-01-01T00:00:00Z") };
        let gone = SourceState { gone_at: Some(at("2026-01-02T00:00:00Z")), ..rested() };
        let moved = SourceState { adopted: Some(adopted), ..rested() };
        remember(&home, &[("wire", moved), ("old", gone)]);
        let daemon = with_daemon.then(|| home.start());
        let (out, _) = run(&home, &["check", "--probe"], 0);
        let rows = table(&out);
        let said = |name: &str| rows.iter().find(|row| row[0] == name).map(|row| row[1]);
        assert_eq!(said("wire"), Some("rss2.0"), "{out}");
        assert_eq!(said("old"), Some("gone"), "{out}");
        assert!(out.contains("it answered 410 (gone) on 2026-01-02; `nashra poll old` asks it"), "{out}");
        drop(daemon);
        assert_eq!(paths(&origin), ["/new"], "{with_daemon}");
    }
}
