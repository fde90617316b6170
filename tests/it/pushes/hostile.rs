//! What a hub can do that means us ill: no more than a source could.

use super::stage::*;
use crate::kit::daemon::Daemon;
use crate::kit::origin::Reply;

fn subscribed() -> (Stage, Daemon, Wish) {
    let stage = Stage::new("", |_| Reply::new(202, &[], ""));
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    (stage, daemon, wish)
}

fn thrown_away(daemon: &Daemon, wish: &Wish, body: &str, expected: &str) {
    assert_eq!(deliver(daemon, wish, "sha256", body), 202);
    let line = daemon.wait_for("a refusal", |line| line["message"] == "push thrown away");
    assert!(line["why"].as_str().unwrap().contains(expected), "{line}");
}

#[test]
fn what_is_no_feed_of_this_source_changes_nothing() {
    let (stage, daemon, wish) = subscribed();
    let tag = daemon.get("/latest.atom").header("etag").to_owned();
    thrown_away(&daemon, &wish, "", "empty");
    thrown_away(&daemon, &wish, "<html><body>No feed</body></html>", "");
    thrown_away(&daemon, &wish, "\u{0}\u{1}garbage", "");
    let ours = feed(&[("7", "Ours")]).replace(
        "HUBS",
        "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"self\" href=\"http://127.0.0.1:9/latest.rss\"/>",
    );
    thrown_away(&daemon, &wish, &ours, "our own outputs");
    let large = format!("{}{}", feed(&[("8", "Large")]), " ".repeat((16 << 20) - 300));
    assert_eq!(deliver(&daemon, &wish, "sha512", &large), 202);
    daemon.wait_for("a push", |line| line["message"] == "push");
    assert_eq!(deliver(&daemon, &wish, "sha512", &format!("{large}{}", " ".repeat(400))), 413);
    shown(&daemon, "Large");
    assert_ne!(daemon.get("/latest.atom").header("etag"), tag);
    let view = stage.view();
    assert_eq!(
        (&view["push"]["refused"], &view["health"], &view["failures"]),
        (&4.into(), &"ok".into(), &0.into())
    );
}

#[test]
fn methods_and_addresses_are_kept_to() {
    let (_stage, daemon, wish) = subscribed();
    for (method, path, expected) in [
        ("GET", wish.path(), 404),
        ("PUT", wish.path(), 405),
        ("GET", format!("{}?hub.mode=subscribe", wish.path()), 404),
        ("GET", format!("{}/", wish.path()), 404),
        ("POST", "/websub/".to_owned(), 404),
        ("POST", format!("/websub/{}", "0".repeat(48)), 404),
        ("POST", "/websub/%2e%2e/latest.atom".to_owned(), 404),
    ] {
        assert_eq!(daemon.request(method, &path, &[]).status, expected, "{method} {path}");
    }
}

#[test]
fn an_id_of_another_source_stays_with_it() {
    let (stage, daemon, wish) = subscribed();
    // The other source tells it first.
    stage.home.write("other.xml", &feed(&[("urn:x:1", "The original")]).replace("HUBS", ""));
    let config = std::fs::read_to_string(stage.home.path("feeds.toml")).unwrap();
    let other = "[sources.other]\nurl = \"file:other.xml\"\nschedule = \"every 2h\"\n";
    stage.home.write("feeds.toml", &format!("{config}{other}"));
    shown(&daemon, "The original");
    let forged = feed(&[("urn:x:1", "A forgery of quite another kind")]).replace("e.example", "f.example");
    deliver(&daemon, &wish, "sha256", &forged);
    shown(&daemon, "A forgery of quite another kind");
    let feed: serde_json::Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    let items = feed["items"].as_array().unwrap();
    let of = |title: &str| {
        let found = items.iter().find(|item| item["title"] == title);
        found.unwrap_or_else(|| panic!("no {title}: {feed}"))["id"].clone()
    };
    assert_eq!(of("The original"), "urn:x:1");
    assert_ne!(of("A forgery of quite another kind"), "urn:x:1");
}
