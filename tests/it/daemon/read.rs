//! What readers open: counted where feeds.toml says so, kept over restarts, and of nobody in particular.

use std::time::Instant;

use super::*;

const READER: (&str, &str) =
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");

fn counting(publish: &str) -> Home {
    let home =
        Home::new(&format!("[publish]\n{publish}{CONFIG}exclude = [{{ title = \"Advertisement\" }}]\n"));
    let items = [("1", "First story"), ("2", "Second story"), ("3", "Third story"), ("4", "Advertisement")];
    home.write("wire.xml", &rss(&items));
    home
}

/// What is read most, as titles and keys.
fn most_read(daemon: &Daemon) -> Vec<(String, String)> {
    let feed: serde_json::Value = serde_json::from_slice(&daemon.get("/most-read.json").body).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| (text(&item["title"]), text(&item["_nashra"]["story"]))).collect()
}

#[test]
fn what_is_opened_comes_first_and_stays_there_over_a_restart() {
    let home = counting("count_clicks = true\n");
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = most_read(&daemon);
    assert_eq!(before.len(), 3);
    let (title, key) = before[2].clone();
    let page = daemon.get(&format!("/item/{key}"));
    assert!(page.text().contains(&format!("/go/{key}\" rel=\"nofollow\"")), "{}", page.text());
    let answer = daemon.request("GET", &format!("/go/{key}"), &[READER]);
    let link = format!(
        "https://e.example/{}",
        ["First", "Second", "Third"].iter().position(|n| title.starts_with(n)).unwrap() + 1
    );
    assert_eq!((answer.status, answer.header("location")), (302, link.as_str()));
    assert!(!answer.headers.contains_key("set-cookie"));
    // It is taken up by itself soon.
    let end = Instant::now() + DEADLINE;
    while most_read(&daemon)[0].1 != key {
        assert!(Instant::now() < end, "the click never counted");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    // What was counted shortly before a stop is not lost.
    daemon.request("GET", &format!("/go/{}", before[1].1), &[READER]);
    let second = before[1].0.clone();
    assert!(daemon.stop().success());
    fs::remove_file(home.path("wire.xml")).unwrap();
    let daemon = home.start();
    let after: Vec<String> = most_read(&daemon).into_iter().map(|(title, _)| title).collect();
    assert_eq!(after[2], before[0].0, "{after:?}");
    assert!(after.contains(&title) && after.contains(&second));
    let etag = daemon.get("/most-read.atom").header("etag").to_owned();
    daemon.kill();
    let daemon = home.start();
    assert_eq!(daemon.get("/most-read.atom").header("etag"), etag);
}

#[test]
fn nobody_is_counted_unless_feeds_toml_says_so() {
    let home = counting("");
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = most_read(&daemon);
    let key = &before[2].1;
    assert!(!daemon.get(&format!("/item/{key}")).text().contains("/go/"));
    // Old links keep working.
    assert_eq!(daemon.request("GET", &format!("/go/{key}"), &[READER]).status, 302);
    assert!(daemon.get("/robots.txt").text().contains("\nDisallow: /go/\n"));
    assert!(daemon.stop().success());
    // Had it been kept, it would show now.
    home.configure(&format!(
        "[publish]\ncount_clicks = true\n{CONFIG}exclude = [{{ title = \"Advertisement\" }}]\n"
    ));
    let daemon = home.start();
    assert_eq!(most_read(&daemon), before);
    assert!(daemon.get("/most-read.json").headers.contains_key("last-modified"), "nothing is counted");
}

#[test]
fn only_what_is_shown_leads_anywhere() {
    let home = counting("count_clicks = true\n");
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let key = most_read(&daemon)[0].1.clone();
    let status = |path: &str| daemon.request("GET", path, &[READER]).status;
    assert_eq!(status(&format!("/go/{key}")), 302);
    assert_eq!(status("/go/00000000000000000000000000000000"), 404);
    assert_eq!(status(&format!("/go/{}", key.to_uppercase())), 404);
    // A rule takes it out: it leads nowhere, and is read no more.
    home.configure(&format!("[publish]\ncount_clicks = true\n{CONFIG}exclude = [{{ title = \"story\" }}]\n"));
    daemon.wait_for("in force", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(status(&format!("/go/{key}")), 404);
    assert_eq!(most_read(&daemon).len(), 1, "the advertisement is left");
}
