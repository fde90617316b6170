//! Archives as readers walk them (RFC 5005): nothing is lost, and what is whole stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[publish]\nentries = 10\nmax_per_source = 8\n\
    [sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
    [sources.paper]\nurl = \"file:paper.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";
const SITE: &str = "http://127.0.0.1:8080";

/// What caches are told of a page that only what is hidden will change: they may ask once a day.
pub(super) const WHOLE: &str = "public, max-age=86400, stale-if-error=86400";

/// A feed with these numbered entries, each a minute younger than the one before.
pub(super) fn listed(source: &str, numbers: impl IntoIterator<Item = u32>) -> String {
    let item = |n: u32| {
        let date = crate::kit::entries::at("2026-11-20T08:00:00Z") + chrono::TimeDelta::minutes(n.into());
        let link = format!("https://{source}.example/{n}");
        let title = format!("{source} reports number {n}");
        format!(
            "<item><title>{title}</title><guid>{link}</guid><link>{link}</link><pubDate>{}</pubDate></item>",
            date.to_rfc2822()
        )
    };
    let items: String = numbers.into_iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>{source}</title>{items}</channel></rss>")
}

pub(super) fn ids(feed: &atom_syndication::Feed) -> Vec<String> {
    feed.entries().iter().map(|entry| entry.id().to_owned()).collect()
}

pub(super) fn atom(daemon: &Daemon, path: &str) -> atom_syndication::Feed {
    let answer = daemon.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    atom_syndication::Feed::read_from(&answer.body[..]).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn linked(feed: &atom_syndication::Feed, relation: &str) -> Option<String> {
    let link = feed.links().iter().find(|link| link.rel() == relation)?;
    Some(link.href().strip_prefix(SITE).unwrap().to_owned())
}

/// What a reader sees who has those pages already and follows the others from the live feed on, each page once.
fn walk(daemon: &Daemon, section: &str, known: &mut BTreeSet<String>) -> BTreeSet<String> {
    let live = atom(daemon, &format!("/{section}.atom"));
    let mut seen: BTreeSet<String> = ids(&live).into_iter().collect();
    let mut next = linked(&live, "prev-archive");
    while let Some(path) = next.filter(|path| known.insert(path.clone())) {
        let page = atom(daemon, &path);
        assert!(daemon.get(&path).text().contains("<fh:archive/>"), "{path}");
        assert_eq!(linked(&page, "current").unwrap(), format!("/{section}.atom"));
        assert_eq!(linked(&page, "self").unwrap(), path);
        seen.extend(ids(&page));
        next = linked(&page, "prev-archive");
    }
    seen
}

/// The ids of all that is stored.
fn stored(home: &Home) -> BTreeSet<String> {
    let output = home.run(&["entries", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let id = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry["id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

fn of(source: &str, numbers: impl IntoIterator<Item = u32>) -> BTreeSet<String> {
    numbers.into_iter().map(|n| format!("https://{source}.example/{n}")).collect()
}

#[test]
fn a_reader_that_was_away_loses_nothing() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..130));
    home.write("paper.xml", &listed("paper", [900]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    home.write("paper.xml", &listed("paper", [901, 900]));
    daemon.wait_for("a poll", |line| line["source"] == "paper" && line["seen"] == 2);
    let mut known = BTreeSet::new();
    let mut seen = walk(&daemon, "sport", &mut known);
    assert_eq!(seen, stored(&home), "with the first fetch, which is more than the live feed holds");
    // Old dates, more than a source's share, news at both ends.
    home.write("wire.xml", &listed("wire", (1..9).chain(200..212)));
    daemon.wait_for("a poll", |line| line["new"] == 20);
    home.write("paper.xml", &listed("paper", 850..853));
    daemon.wait_for("a poll", |line| line["new"] == 3);
    // He asks for nothing twice that is in the archive.
    seen.extend(walk(&daemon, "sport", &mut known));
    assert_eq!(seen, stored(&home));
    assert_eq!(
        walk(&daemon, "sport", &mut BTreeSet::new()),
        stored(&home),
        "and so does one who was never here"
    );
    assert_eq!(walk(&daemon, "latest", &mut BTreeSet::new()), stored(&home));
    assert_eq!(daemon.get("/most-read/archive/1.atom").status, 404);
    for nothing in ["0", "01", "99", "1-0", "1-11", "9-1", "x"] {
        assert_eq!(daemon.get(&format!("/sport/archive/{nothing}.atom")).status, 404, "{nothing}");
    }
    assert!(daemon.stop().success());
}

/// What must not change about the pages of `section` that are whole.
fn whole(daemon: &Daemon, section: &str) -> BTreeMap<u64, (String, String, Vec<u8>)> {
    let page = |n: u64| {
        let answer = daemon.get(&format!("/{section}/archive/{n}.atom"));
        let is_whole = answer.status == 200 && answer.header("cache-control") == WHOLE;
        let validators =
            |answer: &Answer| (answer.header("etag").to_owned(), answer.header("last-modified").to_owned());
        is_whole.then(|| {
            let (etag, modified) = validators(&answer);
            (n, (etag, modified, answer.body.clone()))
        })
    };
    (1..20).map_while(page).collect()
}

#[test]
fn a_page_that_is_whole_stays_as_it_is() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..125));
    home.write("paper.xml", &listed("paper", [900]));
    let daemon = home.start();
    for _ in 0..2 {
        daemon.wait_for("a poll", |line| line["status"] == "ok");
    }
    let before = whole(&daemon, "sport");
    assert_eq!(before.len(), 2);
    let growing = daemon.get("/sport/archive/3.atom");
    assert_ne!(growing.header("cache-control"), WHOLE);
    let first = atom(&daemon, "/sport/archive/1.atom");
    assert_eq!(
        (linked(&first, "prev-archive"), linked(&first, "next-archive")),
        (None, Some("/sport/archive/2.atom".to_owned()))
    );
    // Texts change, other coverage comes, pages follow, the process is killed.
    let text = listed("wire", 100..135).replace("reports number", "now says of number");
    home.write("wire.xml", &text);
    daemon.wait_for("a poll", |line| line["updated"] == 25);
    let after = whole(&daemon, "sport");
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|(n, page)| after[n] == *page));
    daemon.kill();
    let daemon = home.start();
    assert_eq!(whole(&daemon, "sport"), after);
    // Fewer entries in a live feed are no other pages; a rule that leaves out what is there takes nothing back.
    home.configure(&CONFIG.replace("entries = 10", "entries = 5").replace(
        "title = \"رياضة\"",
        "title = \"رياضة\"\nexclude = [{ url = \"https://wire.example/10*\" }]",
    ));
    daemon.wait_for("in force", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(whole(&daemon, "sport"), after);
    assert!(daemon.stop().success());
}

#[test]
fn what_joins_a_section_later_is_filed_then() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..125));
    home.write("paper.xml", &listed("paper", [900]));
    let daemon = home.start();
    for _ in 0..2 {
        daemon.wait_for("a poll", |line| line["status"] == "ok");
    }
    let culture = "[sections.culture]\ntitle = \"ثقافة\"\ninclude = [{ url = \"https://wire.example/11*\" }]\n[sources.wire]";
    home.configure(&CONFIG.replace("[sources.wire]", culture));
    daemon.wait_for("in force", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(walk(&daemon, "culture", &mut BTreeSet::new()), of("wire", 110..120));
    let page = atom(&daemon, "/culture/archive/1.atom");
    assert_eq!(ids(&page).into_iter().collect::<BTreeSet<_>>(), of("wire", 110..120));
    // The rule takes in more: that goes behind what is there, also where nobody serves meanwhile.
    assert!(daemon.stop().success());
    home.configure(&CONFIG.replace("[sources.wire]", &culture.replace("11*", "1*")));
    home.write("wire.xml", &listed("wire", 100..127));
    assert!(home.run(&["poll", "--once"]).status.success());
    let daemon = home.start();
    assert_eq!(walk(&daemon, "culture", &mut BTreeSet::new()), of("wire", 100..127));
    let first = atom(&daemon, "/culture/archive/1.atom");
    assert_eq!(ids(&first), ids(&page), "numbers are given once");
    assert!(daemon.stop().success());
}

#[test]
fn a_story_is_filed_once_and_polls_without_a_server_count() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..110));
    assert!(home.run(&["poll", "--once", "wire"]).status.success());
    // The paper tells what the wire told, word by word.
    let again = listed("wire", 100..105).replace("<guid>https://wire", "<guid>https://paper");
    home.write("paper.xml", &again);
    let daemon = home.start();
    daemon.wait_for("a poll", |line| line["source"] == "paper" && line["seen"] == 5);
    assert_eq!(walk(&daemon, "sport", &mut BTreeSet::new()), of("wire", 100..110));
    let page = daemon.get("/sport/archive/1.atom");
    assert!(page.text().contains("rel=\"related\""), "the other coverage is named: {}", page.text());
    assert!(daemon.stop().success());
}
