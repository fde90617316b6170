//! Nothing new at the sources is nothing new for readers.

use std::fs;

use super::{CONFIG, home, rss};
use crate::kit::daemon::*;

const SECTIONS: [&str; 3] = ["latest", "sport", "most-read"];

/// Every document, with what caches know it by.
fn seen(daemon: &Daemon) -> Vec<(String, [String; 4], Vec<u8>)> {
    let feeds =
        SECTIONS.iter().flat_map(|id| ["", ".rss", ".atom", ".json"].map(|end| format!("/{id}{end}")));
    let others = ["/", "/bot", "/robots.txt", "/style.css", "/icon.png"].map(str::to_owned);
    let of = |path: String| {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let names = ["etag", "last-modified", "cache-control", "content-type"];
        let lines = names.map(|name| answer.headers.get(name).cloned().unwrap_or_default());
        (path, lines, answer.body)
    };
    feeds.chain(others).map(of).collect()
}

#[test]
fn restarts_reloads_and_polls_without_news_change_nothing() {
    let home = home();
    home.configure(&format!("{CONFIG}[sections.most-read]\ntitle = \"الأكثر قراءة\"\n"));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = seen(&daemon);
    assert!(home.run(&["poll"]).status.success());
    daemon.wait_for_poll("wire", "unchanged");
    assert_eq!(seen(&daemon), before, "after a poll");
    // The same entries, written otherwise.
    let text = rss(&[("1", "First story"), ("2", "Second story")]);
    home.write("wire.xml", &text.replace("<channel>", "<channel><!-- made anew --><ttl>60</ttl>"));
    daemon.wait_for_poll("wire", "ok");
    assert_eq!(seen(&daemon), before, "after an answer without news");
    daemon.signal("HUP");
    daemon.wait_for("the reload", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(seen(&daemon), before, "after a reload");
    daemon.kill();
    fs::remove_file(home.path("wire.xml")).unwrap();
    let daemon = home.start();
    assert_eq!(seen(&daemon), before, "after a restart");
}

#[test]
fn documents_are_compressed_soon_after_they_are_shown() {
    let home = home();
    let long: Vec<(String, String)> = (0..40).map(|n| (n.to_string(), format!("Story number {n}"))).collect();
    let items: Vec<(&str, &str)> = long.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    home.write("wire.xml", &rss(&items));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let identity = daemon.get("/sport.atom");
    for coding in ["gzip", "br", "zstd"] {
        let asked = [("Accept-Encoding", coding)];
        let end = std::time::Instant::now() + DEADLINE;
        // Until it is ready, the bytes come as they are.
        let answer = loop {
            let answer = daemon.request("GET", "/sport.atom", &asked);
            if answer.headers.contains_key("content-encoding") {
                break answer;
            }
            assert_eq!((answer.header("etag"), &answer.body), (identity.header("etag"), &identity.body));
            assert!(std::time::Instant::now() < end, "never as {coding}");
        };
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(
            answer.header("etag").contains(coding) && answer.body.len() < identity.body.len() / 2,
            "{coding}"
        );
    }
}
