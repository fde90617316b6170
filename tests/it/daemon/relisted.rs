//! What is hidden does not come back when its source lists it anew, under whatever name.

use super::archives::listed;
use super::hiding::{CONFIG, copies, deleted, key, naming, run, start, told_twice};
use super::*;

const LINK: &str = "https://wire.example/105";

/// The feed of the wire where number 105 is another one.
fn with_105(title: &str, guid: &str, link: &str) -> String {
    let (before, after) = (listed("wire", 100..105), listed("wire", 106..130));
    let (before, after) = (before.split("</channel>").next().unwrap(), after.split("</title>").skip(1));
    let after = after.collect::<Vec<_>>().join("</title>");
    format!(
        "{before}<item><title>{title}</title><guid isPermaLink=\"false\">{guid}</guid><link>{link}</link>\
         <pubDate>Fri, 20 Nov 2026 10:45:00 +0000</pubDate></item>{after}"
    )
}

fn poll(home: &Home, daemon: &Daemon, text: &str) {
    home.write("wire.xml", text);
    daemon.wait_for("a poll", |line| line["source"] == "wire" && line["seen"].as_u64() > Some(0));
}

/// The stored entries with this in their titles: their keys, and whether they are hidden.
fn stored(home: &Home, title: &str) -> Vec<bool> {
    let listing = String::from_utf8(home.run(&["entries", "--json"]).stdout).unwrap();
    let lines = listing.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let of_title = lines.filter(|entry| entry["title"].as_str().unwrap().contains(title));
    of_title.map(|entry| entry["hidden"].as_bool().unwrap()).collect()
}

#[test]
fn a_link_is_enough_until_it_is_let_back() {
    let home = told_twice();
    let daemon = start(&home);
    run(&home, &["hide", "--json", &key(&home, LINK)]);
    for (number, link) in [
        LINK.to_owned(),
        format!("{LINK}#top"),
        format!("{LINK}#v2"),
        format!("{LINK}?utm_source=x&fbclid=1"),
        LINK.replace("https", "http"),
    ]
    .iter()
    .enumerate()
    {
        poll(&home, &daemon, &with_105(&format!("صياغة أخرى {number}"), &format!("other-{number}"), link));
        assert_eq!(naming(&daemon, "صياغة أخرى"), [""; 0], "{link}");
    }
    let hidden = stored(&home, "صياغة أخرى");
    assert!(!hidden.is_empty() && hidden.iter().all(|hidden| *hidden), "{hidden:?}");
    // It goes on under the other guid alone, and after a restart under the link with yet another one.
    poll(&home, &daemon, &with_105("صياغة أخرى جديدة", "other-0", "https://wire.example/moved"));
    assert_eq!(naming(&daemon, "صياغة أخرى"), [""; 0]);
    daemon.kill();
    let daemon = home.start();
    poll(&home, &daemon, &with_105("صياغة أخرى وأخيرة", "last", LINK));
    poll(&home, &daemon, &with_105("صياغة أخرى وأخيرة بعد", "beyond", "https://wire.example/moved"));
    assert_eq!(naming(&daemon, "صياغة أخرى"), [""; 0]);
    assert_eq!(deleted(&daemon, "sport"), [LINK]);
    let told = run(&home, &["why", "--json", "last"]);
    assert_eq!((&told["hidden"], &told["sections"][0]["because"]), (&true.into(), &"hidden".into()));
    assert_eq!(daemon.get(&format!("/item/{}", told["key"].as_str().unwrap())).status, 410);
    // Another source is not silenced by that, and neither is another page.
    let page = |daemon: &Daemon, id: &str| daemon.get(&format!("/item/{}", key(&home, id))).status;
    assert_eq!((page(&daemon, "https://paper.example/105"), page(&daemon, LINK)), (200, 410));
    assert!(!naming(&daemon, "https://wire.example/106").is_empty());
    // The link now means more than one entry, which go one way.
    let done = run(&home, &["unhide", "--json", "last"]);
    assert!(done["entries"].as_array().unwrap().len() > 2, "{done}");
    assert!(!naming(&daemon, "صياغة أخرى").is_empty());
    assert!(stored(&home, "صياغة أخرى").iter().all(|hidden| !hidden));
    assert_eq!(
        (page(&daemon, "https://paper.example/105"), page(&daemon, LINK), deleted(&daemon, "sport")),
        (200, 200, vec![])
    );
    assert!(daemon.stop().success());
}

#[test]
fn what_is_there_under_the_same_link_goes_with_it() {
    let home = told_twice();
    let daemon = start(&home);
    poll(&home, &daemon, &with_105("صياغة أخرى", "other", LINK));
    assert_eq!((stored(&home, "صياغة أخرى"), naming(&daemon, "صياغة أخرى").is_empty()), (vec![false], false));
    let done = run(&home, &["hide", "--json", "other"]);
    assert_eq!(done["entries"].as_array().unwrap().len(), 2, "{done}");
    assert_eq!(naming(&daemon, "صياغة أخرى"), [""; 0]);
    assert_eq!(naming(&daemon, &format!("<id>{LINK}</id>")), [""; 0]);
    assert_eq!(stored(&home, "صياغة أخرى"), [true]);
    run(&home, &["unhide", "--json", &key(&home, LINK)]);
    assert_eq!(stored(&home, "صياغة أخرى"), [false]);
    assert!(daemon.stop().success());
}

#[test]
fn entries_that_share_a_page_are_taken_out_one_by_one() {
    let home = Home::new(CONFIG);
    let notes: String = (1..4)
        .map(|n| {
            let link = format!("https://wire.example/notes#v{n}");
            format!("<item><title>الإصدار {n}</title><guid isPermaLink=\"false\">v{n}</guid><link>{link}</link></item>")
        })
        .collect();
    let feed = |notes: &str| format!("<rss version=\"2.0\"><channel><title>w</title>{notes}</channel></rss>");
    home.write("wire.xml", &feed(&notes));
    home.write("paper.xml", &listed("paper", 1..3));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    run(&home, &["hide", "--json", "v2"]);
    assert_eq!((stored(&home, "الإصدار 2"), stored(&home, "الإصدار").len()), (vec![true], 3));
    assert!(!naming(&daemon, "الإصدار 1").is_empty() && !naming(&daemon, "الإصدار 3").is_empty());
    poll(&home, &daemon, &feed(&notes.replace("الإصدار 2", "نص مختلف تماما").replace(">v2<", ">new<")));
    assert_eq!(naming(&daemon, "نص مختلف"), [""; 0]);
    assert!(!naming(&daemon, "الإصدار 1").is_empty());
    assert!(daemon.stop().success());
}

#[test]
fn what_has_joined_a_hidden_story_stays_away_under_other_names() {
    let home = told_twice();
    let daemon = start(&home);
    run(&home, &["hide", "--json", "--story", "https://wire.example/129"]);
    let third = copies(&[129, 128]).replace("<guid>https://paper", "<guid>https://third");
    home.write("third.xml", &third);
    home.configure(&format!("{CONFIG}[sources.third]\nurl = \"file:third.xml\"\nsection = \"sport\"\n"));
    daemon.wait_for_poll("third", "ok");
    home.write(
        "third.xml",
        &third.replace("wire reports number 129", "صياغة أخرى").replace("https://third.example/129", "anew"),
    );
    daemon.wait_for("a poll", |line| line["source"] == "third" && line["new"] == 1);
    assert_eq!((naming(&daemon, "صياغة أخرى"), stored(&home, "صياغة أخرى")), (vec![], vec![true]));
    run(&home, &["unhide", "--json", "--story", "https://third.example/129"]);
    assert_eq!(stored(&home, "صياغة أخرى"), [false]);
    assert!(daemon.stop().success());
}
