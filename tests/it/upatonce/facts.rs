//! Whatever documents are made from, they are the same bytes after a kill: from disk at once, and from the store then.

use chrono::{SubsecRound as _, TimeDelta};
use nashra::edge::clock;

use super::*;

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[publish]\nentries = 10\ncount_clicks = true\n\
    [sections.sport]\ntitle = \"رياضة\"\n[sections.city]\ntitle = \"City\"\nstories = false\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsections = [\"sport\", \"city\"]\nschedule = \"every 1h\"\n\
    [sources.paper]\nurl = \"file:paper.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";

/// A feed of one source, the newest entry a few minutes old.
fn feed(source: &str, titles: &[String]) -> String {
    let now = clock::now().trunc_subsecs(0);
    let item = |(n, title): (i64, &String)| {
        let date = (now - TimeDelta::minutes(60 - n)).to_rfc2822();
        format!(
            "<item><title>{title}</title><guid>https://{source}.example/{n}</guid>\
             <link>https://{source}.example/{n}</link><pubDate>{date}</pubDate>\
             <description>On {title}, of which a lot is to be told</description></item>"
        )
    };
    let items: String = (0..).zip(titles).map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>{source}</title>{items}</channel></rss>")
}

/// Stories that two sources tell, related ones, archives, one that is hidden, and clicks.
#[test]
fn all_kinds_of_facts_outlive_a_kill() {
    let home = Home::new(CONFIG);
    let first: Vec<String> = (0..30)
        .map(|n| format!("Runners of the oasis marathon number {n} climb to the {n}00 metres in the desert"))
        .collect();
    home.write("wire.xml", &feed("wire", &first));
    home.write("paper.xml", &feed("paper", &first[20..24]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let items: serde_json::Value = serde_json::from_slice(&daemon.get("/sport.json").body).unwrap();
    let key = items["items"][4]["_nashra"]["story"].as_str().unwrap();
    let opened = daemon.request("GET", &format!("/go/{key}"), &[("User-Agent", "Mozilla/5.0")]);
    assert_eq!(opened.status, 302, "{}", opened.text());
    let id = items["items"][2]["id"].as_str().unwrap();
    let hidden = home.run(&["hide", "--story", id]);
    assert!(hidden.status.success(), "{}", String::from_utf8_lossy(&hidden.stderr));
    // More comes, and is shown before the kill.
    let second: Vec<String> =
        first.iter().cloned().chain((0..3).map(|n| format!("Late news {n} of the day"))).collect();
    home.write("wire.xml", &feed("wire", &second));
    daemon.wait_for("news", |line| line["source"] == "wire" && line["new"] == 3);
    let paths = [
        "/",
        "/latest",
        "/latest.rss",
        "/latest.atom",
        "/latest.json",
        "/sport",
        "/sport.rss",
        "/sport.atom",
    ];
    let others =
        ["/sport.json", "/city.rss", "/city.atom", "/city.json", "/city", "/most-read", "/most-read.atom"];
    let paths = [&paths[..], &others].concat();
    let before = look(&daemon, &paths);
    let has = |path: &str, word: &str| String::from_utf8_lossy(&before[path].2).contains(word);
    assert!(has("/sport.atom", "prev-archive") && has("/sport.atom", "rel=\"related\""));
    assert!(has("/sport.atom", "at:deleted-entry"));
    daemon.kill();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    assert_eq!(look(&daemon, &paths), before, "from disk");
    held.release();
    open(&daemon);
    assert_eq!(look(&daemon, &paths), before, "from the store");
    // Readers that know a version are told of news alone again once there is another one.
    let etag = before["/sport.atom"].1["etag"].clone();
    let third: Vec<String> = second.iter().cloned().chain(["The very last".to_owned()]).collect();
    home.write("wire.xml", &feed("wire", &third));
    daemon.wait_for("news", |line| line["source"] == "wire" && line["new"] == 1);
    let news = daemon.request("GET", "/sport.atom", &[("If-None-Match", &etag), ("A-IM", "feed")]);
    assert_eq!(news.status, 226);
    assert!(news.text().contains("The very last"));
}
