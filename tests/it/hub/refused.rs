//! What the hub does not do, and what it says of it.

use super::*;

fn check(daemon: &Daemon, fields: &[(&str, &str)], status: u16, word: &str) {
    let answer = post(daemon, "/hub", &form(fields));
    assert_eq!(answer.status, status, "{fields:?}: {}", answer.text());
    assert!(answer.text().contains(word), "{fields:?}: {}", answer.text());
    assert!(answer.header("content-type").starts_with("text/plain"));
}

#[test]
fn what_cannot_be_granted_is_refused_in_a_sentence() {
    let (_home, daemon) = house(&["a"], "");
    let (mode, topic) = (("hub.mode", "subscribe"), ("hub.topic", "http://news.example/sport.atom"));
    let callback = ("hub.callback", "http://127.0.0.1:9/cb");
    check(&daemon, &[mode, callback], 400, "hub.topic is missing");
    check(&daemon, &[mode, topic], 400, "hub.callback is missing");
    check(&daemon, &[topic, callback], 400, "hub.mode is missing");
    check(&daemon, &[("hub.mode", "publish"), topic, callback], 400, "by itself");
    for other in ["/nothing.atom", "/sport", "/style.css", "/sport.atom?x=1", "/SPORT.atom", "x"] {
        let topic = format!("{SITE}{other}");
        check(&daemon, &[mode, ("hub.topic", &topic), callback], 404, "no feed of this site");
    }
    check(&daemon, &[mode, ("hub.topic", "https://news.example/sport.atom"), callback], 404, "no feed");
    for (other, status, word) in [
        ("ftp://127.0.0.1/", 400, "http"),
        ("http://127.0.0.1:9/cb#part", 400, "fragment"),
        ("http://news.example/hub", 403, "nashra itself"),
        ("http://10.0.0.1/", 403, "private"),
        ("http://[::1]/", 403, "loopback"),
    ] {
        check(&daemon, &[mode, topic, ("hub.callback", other)], status, word);
    }
    let own = format!("http://{}/hub", daemon.address);
    check(&daemon, &[mode, topic, ("hub.callback", &own)], 403, "nashra itself");
    let secret = "s".repeat(200);
    check(&daemon, &[mode, topic, callback, ("hub.secret", &secret)], 400, "200 bytes");
    check(&daemon, &[("hub.mode", "unsubscribe"), topic, callback], 404, "no such subscription");

    assert_eq!(daemon.get("/hub").status, 200);
    let put = daemon.request("PUT", "/hub", &[("Content-Length", "0")]);
    assert_eq!((put.status, put.header("allow")), (405, "GET, HEAD, POST"));
    let json = [("Content-Type", "application/json"), ("Content-Length", "0")];
    assert_eq!(daemon.request("POST", "/hub", &json).status, 415);
    assert_eq!(daemon.get("/hub/more").status, 404);
}

#[test]
fn a_callback_may_live_where_sources_may() {
    let home = Home::new(&format!("[site]\nurl = \"{SITE}\"\n[sections.sport]\n{SOURCE}"));
    home.write("wire.xml", &wire(&["a"]));
    let daemon = home.start();
    let reader = Reader::new();
    let topic = format!("{SITE}/latest.rss");
    let answer = ask_hub(&daemon, "subscribe", &topic, "http://127.0.0.1/cb", &[]);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("loopback"), "{}", answer.text());
    let answer = ask_hub(&daemon, "subscribe", &topic, &reader.callback(), &[]);
    assert_eq!(answer.status, 403);
    // A name that leads there is found out when it is asked.
    assert_eq!(ask_hub(&daemon, "subscribe", &topic, "http://localhost/cb", &[]).status, 202);
    daemon.wait_for("refusal", |line| line["why"].as_str().is_some_and(|why| why.contains("loopback")));
    assert_eq!(reader.origin.asked().len(), 0);
    assert_eq!(subscriptions(&home).len(), 0);
}

#[test]
fn what_is_not_confirmed_changes_nothing() {
    let (home, daemon) = house(&["a"], "");
    let topic = format!("{SITE}/sport.atom");
    let confused = Reader::echoing(|challenge| format!("{challenge}\n"));
    assert_eq!(ask_hub(&daemon, "subscribe", &topic, &confused.callback(), &[]).status, 202);
    daemon.wait_for("no echo", |line| line["why"] == "it did not echo the challenge");
    assert_eq!(subscriptions(&home).len(), 0);

    // The second request in somebody's name is not theirs, and so the first one stands.
    let honest = std::sync::atomic::AtomicBool::new(true);
    let reader = Reader::echoing(move |challenge| {
        let echoes = honest.swap(false, std::sync::atomic::Ordering::SeqCst);
        if echoes { challenge.to_owned() } else { String::new() }
    });
    reader.subscribe(&daemon, "/sport.atom", &[("hub.secret", "mine")]);
    for (mode, secret) in [("subscribe", "theirs"), ("unsubscribe", "")] {
        let answer = ask_hub(&daemon, mode, &topic, &reader.callback(), &[("hub.secret", secret)]);
        assert_eq!(answer.status, 202);
        daemon.wait_for("no echo", |line| line["why"] == "it did not echo the challenge");
    }
    change(&home, &daemon, &["a", "b"]);
    let delivery = reader.delivery();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"mine"), &delivery.body);
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(delivery.header("x-hub-signature"), format!("sha256={hex}"));
}

#[test]
fn nobody_is_asked_too_often() {
    let (_home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    let topic = format!("{SITE}/sport.atom");
    let answers: Vec<Answer> = (0..400)
        .map(|number| ask_hub(&daemon, "subscribe", &topic, &reader.origin.url(&format!("/{number}")), &[]))
        .collect();
    // Perhaps a minute has passed meanwhile, but not two.
    let taken = answers.iter().filter(|answer| answer.status == 202).count();
    assert!((120..=240).contains(&taken), "{taken}");
    let refused = answers.iter().find(|answer| answer.status != 202).unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
}
