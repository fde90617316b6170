//! What feeds.toml says of the hub, and what a reload does to those who are subscribed.

use super::*;

#[test]
fn who_is_told_is_the_admins_choice() {
    let check = |publish: &str, hubs: &[&str], has_cloud: bool| {
        let text = format!("[site]\nurl = \"{SITE}\"\n[publish]\n{publish}\n{SOURCE}[sections.sport]\n");
        let config = nashra::config::read(&text, "feeds.toml", std::path::Path::new("")).unwrap();
        assert_eq!(
            (config.site.hubs, config.site.has_cloud),
            (hubs.iter().map(ToString::to_string).collect(), has_cloud)
        );
    };
    check("", &["http://news.example/hub"], true);
    check("hub = \"own\"\nrsscloud = false", &["http://news.example/hub"], false);
    check("hub = \"off\"", &[], true);
    check("hub = \"https://h.example\"", &["https://h.example/"], true);
    let both = "hub = [\"https://h.example/\", \"own\", \"https://h.example/\"]";
    check(both, &["http://news.example/hub", "https://h.example/"], true);

    let mistake = |publish: &str, word: &str| {
        let text = format!("[publish]\n{publish}\n{SOURCE}[sections.sport]\n");
        let mistakes = nashra::config::read(&text, "feeds.toml", std::path::Path::new("")).unwrap_err();
        assert!(mistakes[0].to_string().contains(word), "{}", mistakes[0]);
    };
    mistake("hub = \"onw\"", "publish.hub: `onw` is no hub");
    mistake("hub = 3", "publish.hub");
    mistake("hub = [\"own\", \"x\"]", "`x` is no hub");
    mistake("rsscloud = \"yes\"", "publish.rsscloud");
    mistake("hubs = \"own\"", "did you mean `hub`");
}

#[test]
fn check_says_who_cannot_be_reached() {
    let home = Home::new(&format!("[sections.sport]\n{SOURCE}"));
    home.write("wire.xml", &wire(&["a"]));
    let said = |home: &Home| String::from_utf8(home.run(&["check"]).stdout).unwrap();
    assert!(said(&home).contains("our own hub works for readers nearby"), "{}", said(&home));
    home.configure(&config("").replace(SITE, "https://news.example.org"));
    assert!(!said(&home).contains("note:"), "{}", said(&home));
}

#[test]
fn who_cannot_be_served_any_more_is_told() {
    let (home, daemon) = house(&["a"], "[sections.more]\n");
    let (one, other) = (Reader::new(), Reader::new());
    one.subscribe(&daemon, "/more.atom", &[]);
    other.subscribe(&daemon, "/sport.atom", &[]);
    let ends = |reader: &Reader, reason: &str| {
        let told = query(&reader.question());
        let told: Vec<&str> = told.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!((told[1], told[3]), ("denied", reason));
    };
    home.configure(&config(""));
    ends(&one, "this feed is no more");
    let list = subscriptions(&home);
    assert_eq!((list.len(), &list[0]["topic"]), (1, &format!("{SITE}/sport.atom").into()));
    home.configure(&config("[publish]\nhub = \"off\"\n"));
    ends(&other, "this hub is closed");
    daemon.wait_for("reload", |line| line["message"] == "a subscription has ended");
    assert_eq!(subscriptions(&home).len(), 0);
    assert_eq!(daemon.get("/hub").status, 404);
}

#[test]
fn what_was_there_before_is_not_announced() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    // A new source brings its past, and a rule takes entries in that are known from elsewhere.
    home.write("other.xml", &wire(&["x", "y"]).replace("urn:x:", "urn:other:"));
    home.configure(&config("[sources.other]\nurl = \"file:other.xml\"\nsection = \"sport\"\n"));
    daemon.wait_for_poll("other", "ok");
    assert!(daemon.get("/sport.json").text().contains("urn:other:x"));
    home.write("other.xml", &wire(&["x", "y", "z"]).replace("urn:x:", "urn:other:"));
    assert_eq!(titles(&reader.delivery()), ["z"]);
}

#[test]
fn the_hubs_of_others_are_told_of_changes() {
    let hub = Reader::new();
    let named = format!("[publish]\nhub = \"{}\"\n", hub.origin.url("/ping"));
    let (home, daemon) = house(&["a"], &named);
    assert!(daemon.get("/latest.atom").status == 200 && daemon.get("/hub").status == 404);
    // It has trouble with the first ping.
    hub.answer([Reply::new(503, &[], "")]);
    change(&home, &daemon, &["a", "b"]);
    let mut topics = std::collections::BTreeSet::new();
    while topics.len() < 9 {
        let ping = hub.delivery();
        assert_eq!(ping.path, "/ping");
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&ping.body).into_owned().collect();
        assert_eq!(fields[0], ("hub.mode".to_owned(), "publish".to_owned()));
        assert_eq!((fields[1].0.as_str(), &fields[1].1), ("hub.url", &fields[2].1));
        topics.insert(fields[1].1.clone());
    }
    let expected = ["latest", "most-read", "sport"]
        .iter()
        .flat_map(|section| ["rss", "atom", "json"].map(|format| format!("{SITE}/{section}.{format}")));
    assert_eq!(topics, expected.collect());
}
