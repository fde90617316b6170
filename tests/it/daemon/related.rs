//! Related stories as readers meet them: decided once, kept, and never of what is hidden.

use super::*;

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";
const FIRST: &str = "Runners of the oasis marathon climb to 1500 in the desert";
const SECOND: &str = "Runners of the oasis marathon climb to 1200 in the desert";
const THIRD: &str = "Desert oasis marathon: runners ask for more water and shade";
const OTHERS: [(&str, &str); 4] = [
    ("91", "Parliament adopts the budget after a long night"),
    ("92", "A museum of tea opens its doors by the harbour"),
    ("93", "Doctors warn of a hard winter for frail patients"),
    ("94", "Trams return to the old town on Sunday"),
];

fn listed(stories: &[(&str, &str)]) -> String {
    rss(&[stories, &OTHERS].concat())
}

/// The titles of what is related to the story with this title.
fn related(daemon: &Daemon, title: &str) -> Vec<String> {
    let feed: serde_json::Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    let item = feed["items"].as_array().unwrap().iter().find(|item| item["title"] == title);
    let list = item.unwrap_or_else(|| panic!("{title} is not there"))["_nashra"]["related"].clone();
    list.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

fn key(daemon: &Daemon, title: &str) -> String {
    let feed: serde_json::Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    let item = feed["items"].as_array().unwrap().iter().find(|item| item["title"] == title).unwrap();
    item["_nashra"]["story"].as_str().unwrap().to_owned()
}

#[test]
fn lists_grow_and_are_the_same_after_a_restart() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed(&[("1", FIRST)]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    assert!(related(&daemon, FIRST).is_empty());
    home.write("wire.xml", &listed(&[("1", FIRST), ("2", SECOND)]));
    daemon.wait_for_poll("wire", "ok");
    assert_eq!(related(&daemon, FIRST), [SECOND]);
    assert_eq!(related(&daemon, SECOND), [FIRST]);
    home.write("wire.xml", &listed(&[("1", FIRST), ("2", SECOND), ("3", THIRD)]));
    daemon.wait_for_poll("wire", "ok");
    assert_eq!(related(&daemon, FIRST), [SECOND, THIRD], "what was named first stays first");
    assert_eq!(related(&daemon, THIRD).len(), 2);
    let page = daemon.get(&format!("/item/{}", key(&daemon, FIRST)));
    let (_, block) = page.text().split_once("أخبار ذات صلة").expect("a block of related stories");
    assert!(block.contains(&format!("/item/{}", key(&daemon, SECOND))) && block.contains(THIRD), "{block}");
    let atom = daemon.get("/sport.atom");
    assert_eq!(atom.text().matches("nashra:story=\"related\"").count(), 6, "{}", atom.text());

    let paths = ["/", "/latest.json", "/sport.atom", "/most-read.json"];
    let tags = |daemon: &Daemon| paths.map(|path| daemon.get(path).header("etag").to_owned());
    let before = tags(&daemon);
    daemon.kill();
    fs::remove_file(home.path("wire.xml")).unwrap();
    let daemon = home.start();
    assert_eq!(tags(&daemon), before);
    assert!(daemon.get(&format!("/item/{}", key(&daemon, FIRST))).text().contains(THIRD));
}

#[test]
fn what_a_rule_hides_is_not_named_and_comes_back_with_it() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed(&[("1", FIRST), ("2", SECOND), ("3", THIRD)]));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let before = related(&daemon, FIRST);
    assert!(before.contains(&SECOND.to_owned()) && before.contains(&THIRD.to_owned()), "{before:?}");
    let reload = |config: &str| {
        home.configure(config);
        daemon.wait_for("in force", |line| line["message"] == "feeds.toml is in force");
    };
    reload(&format!("{CONFIG}exclude = [{{ title = \"1200\" }}]\n"));
    assert_eq!(related(&daemon, FIRST), [THIRD]);
    let page = daemon.get(&format!("/item/{}", key(&daemon, FIRST)));
    assert!(page.text().contains(THIRD) && !page.text().contains(SECOND), "{}", page.text());
    reload(CONFIG);
    assert_eq!(related(&daemon, FIRST), before);
    // A source that changes a title changes it wherever it is named.
    let changed = "Runners of the oasis marathon climb to 1250 in the desert";
    home.write("wire.xml", &listed(&[("1", FIRST), ("2", changed), ("3", THIRD)]));
    daemon.wait_for_poll("wire", "ok");
    assert!(related(&daemon, FIRST).contains(&changed.to_owned()));
}

#[test]
fn the_page_of_an_entry_that_was_never_shown_has_them_too() {
    let write = |home: &Home| home.write("wire.xml", &listed(&[("1", FIRST), ("2", SECOND), ("3", THIRD)]));
    // Keys follow from what a source says.
    let other = Home::new(CONFIG);
    write(&other);
    let daemon = other.start();
    daemon.wait_for_poll("wire", "ok");
    let keys = [FIRST, SECOND, THIRD].map(|title| (key(&daemon, title), title));
    drop(daemon);
    let home = Home::new(&format!("[publish]\nentries = 1\n{CONFIG}"));
    write(&home);
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let front = daemon.get("/").text().to_owned();
    let hidden: Vec<_> = keys.iter().filter(|(_, title)| !front.contains(title)).collect();
    assert!(hidden.len() >= 2, "{front}");
    for (key, title) in hidden {
        let page = daemon.get(&format!("/item/{key}"));
        let (_, block) = page.text().split_once("أخبار ذات صلة").unwrap_or_else(|| panic!("{}", page.text()));
        let others = keys.iter().filter(|(_, other)| other != title && block.contains(other)).count();
        assert_eq!(others, 2, "{block}");
        assert_eq!(daemon.get(&format!("/item/{key}")).header("etag"), page.header("etag"));
    }
}
