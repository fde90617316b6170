//! What the admin takes out of every output: gone at once, told of, and not back by itself.

use super::archives::{WHOLE, atom, ids, listed};
use super::*;

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[publish]\nentries = 10\n\
    [sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
    [sources.paper]\nurl = \"file:paper.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";
const HIDDEN: &str = "https://wire.example/105";

/// The wire has thirty, and the paper tells two of them as well, word by word.
fn told_twice() -> Home {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..130));
    home.write("paper.xml", &copies(&[105, 129]));
    home
}

fn copies(numbers: &[u32]) -> String {
    listed("wire", numbers.iter().copied()).replace("<guid>https://wire", "<guid>https://paper")
}

fn start(home: &Home) -> Daemon {
    // Whoever tells it first leads.
    fs::rename(home.path("paper.xml"), home.path("later.xml")).unwrap();
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    fs::rename(home.path("later.xml"), home.path("paper.xml")).unwrap();
    daemon.wait_for("a poll", |line| line["source"] == "paper" && line["new"] == 2);
    daemon
}

/// Runs a command that must succeed; its answer.
fn run(home: &Home, arguments: &[&str]) -> serde_json::Value {
    let output = home.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn key(home: &Home, id: &str) -> String {
    let output = String::from_utf8(home.run(&["why", "--json", id]).stdout).unwrap();
    let mut found = output.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    found.find(|life| life["id"] == id).unwrap()["key"].as_str().unwrap().to_owned()
}

/// Which of the documents name it.
fn naming(daemon: &Daemon, what: &str) -> Vec<String> {
    let pages = ["/", "/sport", "/sport.rss", "/sport.json", "/latest.json", "/most-read.json"];
    let archives = ["/sport/archive/1.atom", "/sport/archive/2.atom", "/latest/archive/1.atom"];
    let names = |path: &&&str| daemon.get(path).text().contains(what);
    pages.iter().chain(&archives).filter(names).map(|path| (*path).to_owned()).collect()
}

fn deleted(daemon: &Daemon, section: &str) -> Vec<String> {
    let text = daemon.get(&format!("/{section}.atom")).text().to_owned();
    let parts = text.split("<at:deleted-entry").skip(1);
    let id = |part: &str| part.split("ref=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    parts.map(id).collect()
}

#[test]
fn an_entry_is_gone_from_every_output_and_comes_back_to_its_place() {
    let home = told_twice();
    let daemon = start(&home);
    let key = key(&home, HIDDEN);
    let page = format!("/item/{key}");
    let frozen = daemon.get("/sport/archive/1.atom");
    assert!(frozen.header("cache-control") == WHOLE && frozen.text().contains(HIDDEN));
    assert_eq!(daemon.get(&page).status, 200);

    let done = run(&home, &["hide", "--json", &key]);
    assert_eq!(done["entries"][0]["id"], HIDDEN);
    assert_eq!(done["sections"], serde_json::json!(["latest", "sport"]));
    assert_eq!(done["instead"][0]["id"], "https://paper.example/105", "the paper tells it now");
    assert_eq!(naming(&daemon, &format!("<id>{HIDDEN}</id>")), [""; 0]);
    assert_eq!(naming(&daemon, &format!("\"id\":\"{HIDDEN}\"")), [""; 0]);
    assert_eq!(
        (deleted(&daemon, "sport"), deleted(&daemon, "latest")),
        (vec![HIDDEN.to_owned()], vec![HIDDEN.to_owned()])
    );
    for path in [page.clone(), format!("/go/{key}")] {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, 410, "{path}");
        assert!(answer.text().contains("taken out"), "{}", answer.text());
    }
    let anew = daemon.get("/sport/archive/1.atom");
    assert_eq!(anew.header("cache-control"), WHOLE);
    assert_ne!(anew.header("etag"), frozen.header("etag"));
    assert_eq!(anew.text().matches("<entry").count(), frozen.text().matches("<entry").count() - 1);
    let told = run(&home, &["why", "--json", &key]);
    assert_eq!((&told["hidden"], &told["changes"][0]["what"]), (&true.into(), &"hidden".into()));
    assert_eq!(told["sections"][0]["because"], "hidden");
    let listing = home.run(&["entries", "--json"]);
    let listing = String::from_utf8(listing.stdout).unwrap();
    let hidden = listing.lines().filter(|line| line.contains("\"hidden\":true"));
    assert_eq!(hidden.count(), 1);
    assert!(run(&home, &["hide", "--json", &key])["already_since"].is_string());

    // It is listed under another guid, and changed: it stays away, also after a restart.
    home.write(
        "wire.xml",
        &listed("wire", 100..130).replace("<guid>https://wire.example/", "<guid>urn:new:"),
    );
    daemon.wait_for("a poll", |line| line["source"] == "wire");
    daemon.kill();
    let daemon = home.start();
    assert_eq!(naming(&daemon, &format!("<id>{HIDDEN}</id>")), [""; 0]);
    assert_eq!(deleted(&daemon, "sport"), [HIDDEN]);
    assert_eq!(daemon.get(&page).status, 410);

    let done = run(&home, &["unhide", "--json", &key]);
    assert_eq!(done["sections"], serde_json::json!(["latest", "sport"]));
    assert_eq!((deleted(&daemon, "sport"), daemon.get(&page).status), (vec![], 200));
    assert_eq!(
        ids(&atom(&daemon, "/sport/archive/1.atom")),
        ids(&atom_syndication::Feed::read_from(&frozen.body[..]).unwrap())
    );
    assert!(refused(&home, &["unhide", &key]).contains("is not hidden"));
    assert!(daemon.stop().success());
}

#[test]
fn the_live_feed_fills_up_and_goes_back() {
    let home = told_twice();
    let daemon = start(&home);
    let shown = || ids(&atom(&daemon, "/sport.atom"));
    let (before, newest) = (shown(), "https://wire.example/129");
    assert_eq!((before.len(), before[0].as_str()), (10, newest));
    let newest_key = key(&home, newest);
    run(&home, &["hide", "--json", &newest_key]);
    let during = shown();
    assert_eq!(during.len(), 10);
    assert_eq!(during[0], "https://paper.example/129", "its place is that of its own date");
    run(&home, &["unhide", "--json", &newest_key]);
    assert_eq!(shown(), before);
    assert!(daemon.stop().success());
}

#[test]
fn a_story_is_hidden_with_what_joins_it() {
    let home = told_twice();
    let daemon = start(&home);
    let done = run(&home, &["hide", "--json", "--story", "https://wire.example/129"]);
    assert_eq!(done["entries"].as_array().unwrap().len(), 2);
    assert_eq!(naming(&daemon, "number 129"), [""; 0]);
    // A third one tells it.
    home.write("third.xml", &copies(&[129, 128]).replace("<guid>https://paper", "<guid>https://third"));
    home.configure(&format!("{CONFIG}[sources.third]\nurl = \"file:third.xml\"\nsection = \"sport\"\n"));
    daemon.wait_for_poll("third", "ok");
    assert_eq!(naming(&daemon, "number 129"), [""; 0]);
    let third = key(&home, "https://third.example/129");
    assert_eq!(daemon.get(&format!("/item/{third}")).status, 410);
    run(&home, &["unhide", "--json", &third]);
    assert!(!naming(&daemon, "number 129").is_empty());
    assert_eq!(daemon.get(&format!("/item/{third}")).status, 200);
    assert!(daemon.stop().success());
}

#[test]
fn without_a_daemon_the_store_is_changed() {
    let home = told_twice();
    assert!(refused(&home, &["hide", HIDDEN]).contains("nothing is stored yet"));
    assert!(start(&home).stop().success());
    // Our address, and a link that two entries have.
    let link = refused(&home, &["hide", "https://wire.example/129"]);
    assert!(link.contains("2 entries may be meant") && link.matches("number 129").count() == 2, "{link}");
    let page = format!("http://127.0.0.1:8080/item/{}", key(&home, "https://wire.example/128"));
    assert_eq!(run(&home, &["hide", "--json", &page])["entries"][0]["id"], "https://wire.example/128");
    assert!(refused(&home, &["hide", "https://nowhere.example/"]).contains("nothing is known"));
    assert!(refused(&home, &["hide", "00000000000000000000000000000000"]).contains("nothing is known"));
    let daemon = home.start();
    assert_eq!(naming(&daemon, "number 128"), [""; 0]);
    assert_eq!(deleted(&daemon, "sport"), ["https://wire.example/128"]);
    assert!(daemon.stop().success());
}
