//! Which entries are one story does not depend on how often the daemon was started between their coming.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use nashra::edge::clock;
use nashra::edge::store::Store;
use nashra::model::{EntryKey, StoryReason, Timestamp};

use super::*;

const SOURCES: [&str; 3] = ["a", "b", "c"];

/// Three papers on four events, by number; two words apart at most.
const TITLES: [[&str; 3]; 4] = [
    [
        "Liverpool beat Arsenal 2-1 to go top of the Premier League",
        "BREAKING: Liverpool beat Arsenal 2-1 to go top of the Premier League",
        "Liverpool defeat Arsenal 2-1 to go top of Premier League",
    ],
    [
        "Apple unveils new iPhone with thinner design and longer battery life",
        "Apple reveals new iPhone with thinner design, longer battery life",
        "Samsung unveils new Galaxy with thinner design and longer battery life",
    ],
    [
        "At least 12 killed in bus crash in northern India",
        "At least 14 killed in bus crash in northern India",
        "Bus crash in northern India kills at least 12",
    ],
    [
        "الملك يستقبل رئيس الحكومة في القصر الملكي بالرباط",
        "رئيس الحكومة يعرض مشروع قانون المالية أمام البرلمان",
        "الملك يستقبل رئيس الحكومة بالقصر الملكي في الرباط",
    ],
];

/// What happens between two papers.
#[derive(Clone, Copy, PartialEq)]
enum Between {
    Nothing,
    Restart,
    /// The daemon that had been running until then kept no sketches.
    Upgrade,
}

fn paper(at: usize, now: Timestamp) -> String {
    let item = |(n, titles): (usize, &[&str; 3])| {
        let (id, title) = (format!("{}{n}", SOURCES[at]), titles[at]);
        let date = (now - TimeDelta::hours(2) + TimeDelta::minutes(i64::try_from(at).unwrap())).to_rfc2822();
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">{id}</guid><pubDate>{date}</pubDate>\
             <link>https://{}.example/{n}</link><description>{title}</description></item>",
            SOURCES[at]
        )
    };
    document(SOURCES[at], &TITLES.iter().enumerate().map(item).collect::<String>())
}

fn document(title: &str, items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>")
}

/// The id at its source of every entry, with that of the first of its story and the reason.
fn told(now: Timestamp, between: Between) -> BTreeMap<String, (String, StoryReason)> {
    let source = |id| format!("[sources.{id}]\nurl = \"file:{id}.xml\"\nschedule = \"every 1s\"\n");
    let home = Home::new(&format!("[fetch]\nmin_interval = \"0s\"\n{}", SOURCES.map(source).concat()));
    for source in SOURCES {
        home.write(&format!("{source}.xml"), &document(source, ""));
    }
    let mut daemon = home.start();
    for _ in SOURCES {
        daemon.wait_for("a first poll", |line| line["status"] == "ok");
    }
    for (at, source) in SOURCES.iter().enumerate() {
        if between != Between::Nothing {
            assert!(daemon.stop().success());
            if between == Between::Upgrade {
                sled::open(home.path("state/db")).unwrap().drop_tree("sketches").unwrap();
            }
            daemon = home.start();
        }
        home.write(&format!("{source}.xml"), &paper(at, now));
        daemon.wait_for("news", |line| line["source"] == *source && line["new"] == TITLES.len());
    }
    assert!(daemon.stop().success());
    let store = Store::open(&home.path("state")).unwrap();
    let entries: Vec<_> = store.newest_first().map(Result::unwrap).collect();
    let id = |key: EntryKey| {
        let entry = entries.iter().find(|entry| entry.key == key).unwrap();
        entry.said.id.clone().unwrap()
    };
    entries.iter().map(|entry| (id(entry.key), (id(entry.story), entry.story_reason))).collect()
}

#[test]
fn stories_are_the_same_with_a_restart_or_an_upgrade_between_their_entries() {
    let now = clock::now();
    let expected = told(now, Between::Nothing);
    let near = expected.values().filter(|(_, reason)| *reason == StoryReason::NearDuplicate).count();
    assert!(near >= 3, "{expected:?}");
    assert_eq!(told(now, Between::Restart), expected);
    assert_eq!(told(now, Between::Upgrade), expected);
}
