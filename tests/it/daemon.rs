//! The daemon as its admin and its readers meet it.

mod archives;
mod files;
mod hiding;
mod log;
mod quiet;
mod read;
mod related;
mod relisted;
mod reload;
mod retention;
mod stopped;
mod stories;
mod trouble;
mod updates;

use std::fs;

use crate::kit::daemon::*;

fn rss(items: &[(&str, &str)]) -> String {
    let item = |(id, title): &(&str, &str)| {
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">{id}</guid><link>https://e.example/{id}</link>\
             <pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate><description>On {title}</description></item>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title><link>https://e.example/</link>\
         <description>News</description>{}</channel></rss>",
        items.iter().map(item).collect::<String>()
    )
}

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";

fn home() -> Home {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &rss(&[("1", "First story"), ("2", "Second story")]));
    home
}

#[test]
fn readers_get_what_sources_say_and_admins_can_watch_it() {
    let home = home();
    let daemon = home.start();
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!((&line["seen"], &line["new"]), (&2.into(), &2.into()));
    for path in [
        "/latest.rss",
        "/latest.atom",
        "/latest.json",
        "/sport.rss",
        "/sport.atom",
        "/sport.json",
        "/",
        "/sport",
    ] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains("First story"), "{path}: {}", answer.text());
    }
    assert!(daemon.get("/").text().contains("dir=\"rtl\""));
    assert_eq!(daemon.get("/healthz").status, 200);
    // An edited source shows at once, whatever its schedule.
    home.write("wire.xml", &rss(&[("3", "Third story"), ("1", "First story"), ("2", "Second story")]));
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!(line["new"], 1);
    assert!(daemon.get("/sport.json").text().contains("Third story"));
    assert!(daemon.stop().success());
}

#[test]
fn conditional_requests_and_methods() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let full = daemon.get("/sport.atom");
    let (etag, modified) = (full.header("etag"), full.header("last-modified"));
    for headers in [[("If-None-Match", etag)], [("If-None-Match", "*")], [("If-Modified-Since", modified)]] {
        let answer = daemon.request("GET", "/sport.atom", &headers);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{headers:?}");
        assert_eq!(answer.header("etag"), etag);
    }
    assert_eq!(daemon.request("GET", "/sport.atom", &[("If-None-Match", "\"other\"")]).status, 200);
    let head = daemon.request("HEAD", "/sport.atom", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), full.body.len().to_string());
    let post = daemon.request("POST", "/sport.atom", &[("Content-Length", "0")]);
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD"));
    // Who refuses the bytes as they are waits for the others.
    let zipped = daemon.request("GET", "/sport.atom", &[("Accept-Encoding", "gzip, identity;q=0")]);
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_ne!(zipped.header("etag"), etag);
    assert_eq!(daemon.get("/nothing.rss").status, 404);
}

#[test]
fn a_restart_shows_the_same_documents_without_polling() {
    let home = home();
    let paths = ["/", "/latest.rss", "/latest.atom", "/sport.json"];
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before: Vec<_> = paths.map(|path| daemon.get(path).header("etag").to_owned()).into();
    daemon.kill();
    // With the source gone there is nothing to poll that could help.
    fs::remove_file(home.path("wire.xml")).unwrap();
    let daemon = home.start();
    let after: Vec<_> = paths.map(|path| daemon.get(path).header("etag").to_owned()).into();
    assert_eq!(before, after);
    assert!(daemon.stop().success());
}

#[test]
fn papers_with_the_same_wire_leave_room_for_every_story() {
    const PAPERS: usize = 8;
    let paper = |n: usize| {
        format!("[sources.paper-{n}]\nurl = \"file:{n}.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n")
    };
    let config = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n";
    let home = Home::new(&(0..PAPERS).fold(config.to_owned(), |config, n| config + &paper(n)));
    let ids: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    let wire: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), id.as_str())).collect();
    (0..PAPERS).for_each(|n| home.write(&format!("{n}.xml"), &rss(&wire)));
    let daemon = home.start();
    (0..PAPERS).for_each(|_| drop(daemon.wait_for("a poll", |line| line["new"] == 300)));
    let shown = |body: &[u8]| {
        let feed: serde_json::Value = serde_json::from_slice(body).unwrap();
        feed["items"].as_array().unwrap().len()
    };
    let before = daemon.get("/sport.json");
    assert_eq!(shown(&before.body), 50, "2,400 entries are 300 stories, and the window was trimmed");
    daemon.kill();
    (0..PAPERS).for_each(|n| fs::remove_file(home.path(&format!("{n}.xml"))).unwrap());
    let daemon = home.start();
    assert_eq!(daemon.get("/sport.json").header("etag"), before.header("etag"));
}

#[test]
fn a_broken_source_keeps_its_last_good_entries() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = daemon.get("/sport.rss").header("etag").to_owned();
    home.write("wire.xml", "<html><body>503 Sorry</body></html>");
    let line = daemon.wait_for_poll("wire", "failed");
    assert!(line["error"].as_str().unwrap().contains("HTML"), "{line}");
    assert_eq!(daemon.get("/sport.rss").header("etag"), before);
}

#[test]
fn a_reload_is_all_or_nothing() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    home.configure(&CONFIG.replace("every 1h", "every never"));
    daemon.wait_for("the mistake", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("feeds.toml:") && text.contains("schedule"))
    });
    assert_eq!(daemon.get("/sport.rss").status, 200);
    home.configure(&CONFIG.replace("[sections.sport]", "[sections.games]").replace("\"sport\"", "\"games\""));
    daemon.wait_for("the new file", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(daemon.get("/sport.rss").status, 404);
    assert!(daemon.get("/games.rss").text().contains("First story"), "sections are derived, not fetched");
    // SIGHUP does the same without a change of the file.
    daemon.signal("HUP");
    daemon.wait_for("the reload", |line| line["message"] == "feeds.toml is in force");
}

#[test]
fn the_command_line_polls_through_the_daemon() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let output = home.run(&["poll", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["sources"], &answer["unchanged"], &answer["entries_stored"]),
        (&1.into(), &1.into(), &2.into())
    );
    let unknown = home.run(&["poll", "wier"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("wier"), "{unknown:?}");
    assert_eq!(unknown.status.code(), Some(2));
    // A name is a name, whatever signs are in it.
    let odd = home.run(&["poll", "x&source=wire", "a b"]);
    assert!(String::from_utf8_lossy(&odd.stderr).contains("x&source=wire, a b"), "{odd:?}");
    assert_eq!(odd.status.code(), Some(2));
    let once = home.run(&["poll", "--once"]);
    assert!(String::from_utf8_lossy(&once.stderr).contains("another nashra"), "{once:?}");
    assert_eq!(once.status.code(), Some(1));
}

#[test]
fn the_shipped_demo_fills_every_section() {
    let home = Home::new("");
    let shipped = fs::read_to_string(repository().join("feeds.toml")).unwrap();
    home.write("feeds.toml", &shipped.replace("127.0.0.1:8080\"\n", "127.0.0.1:0\"\n"));
    fs::create_dir(home.path("examples")).unwrap();
    for file in fs::read_dir(repository().join("examples")).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, home.path("examples").join(path.file_name().unwrap())).unwrap();
    }
    let output = home.run(&["poll", "--once", "--json"]);
    let sums: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(sums["sources"].as_u64() >= Some(8), "{sums}");
    assert_eq!(sums["ok"], sums["sources"], "{}", String::from_utf8_lossy(&output.stderr));
    let daemon = home.start();
    for section in ["latest", "arts", "stars", "sport", "health"] {
        let feed: serde_json::Value =
            serde_json::from_slice(&daemon.get(&format!("/{section}.json")).body).unwrap();
        assert!(feed["items"].as_array().unwrap().len() >= 10, "{section} has too few entries");
    }
}

#[test]
fn a_flood_of_new_ids_is_told_and_not_shown() {
    let home = home();
    home.write("wire.xml", &rss(&[("1", "First story"), ("2", "Second story"), ("3", "Third story")]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = daemon.get("/sport.json").header("etag").to_owned();
    // Another system gives other guids; the pages stay where they were.
    let moved = rss(&[("1", "First story"), ("2", "Second story"), ("3", "Third story")])
        .replace("isPermaLink=\"false\">", "isPermaLink=\"false\">post-");
    home.write("wire.xml", &moved);
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!(line["new"], 0, "{line}");
    let told = daemon.wait_for("the warning", |line| line["code"] == "identities-moved");
    assert_eq!(told["level"], "WARN");
    assert_eq!(daemon.get("/sport.json").header("etag"), before);
}

#[test]
fn a_short_schedule_is_kept_while_nothing_else_happens() {
    let home = Home::new(&CONFIG.replace("every 1h", "every 1s"));
    home.write("wire.xml", &rss(&[("1", "First story")]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    for _ in 0..2 {
        daemon.wait_for_poll("wire", "unchanged");
    }
}
