//! The hub as its subscribers meet it: a daemon, a source that changes, and scripted readers on loopback.

mod cloud;
mod config;
mod hidden;
mod kill;
mod order;
mod refused;

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ring::hmac;

use crate::kit::daemon::*;
use crate::kit::origin::{Asked, Origin, Reply};

const SITE: &str = "http://news.example";

/// Everything of the source's that the tests change.
const SOURCE: &str = "[sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
     min_interval = \"0s\"\n";

/// A feeds.toml whose hub may speak to loopback.
fn config(more: &str) -> String {
    format!(
        "[site]\nurl = \"{SITE}\"\n[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\n\
         [sections.sport]\ntitle = \"Sport\"\n{SOURCE}{more}"
    )
}

/// Items are named by their titles; the later ones are the newer ones.
fn wire(titles: &[&str]) -> String {
    let item = |(index, title): (usize, &&str)| {
        let guid = title.split(' ').next().unwrap();
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">urn:x:{guid}</guid>\
             <link>https://e.example/{guid}</link><description>All about {title}</description>\
             <pubDate>Fri, 20 Nov 2026 08:{index:02}:00 GMT</pubDate></item>"
        )
    };
    let items: String = titles.iter().enumerate().map(item).collect();
    format!(
        "<rss version=\"2.0\"><channel><title>Wire</title><link>https://e.example/</link>{items}</channel></rss>"
    )
}

/// A running daemon that has polled `titles`, and knows them as what was there before.
fn house(titles: &[&str], more: &str) -> (Home, Daemon) {
    let home = Home::new(&config(more));
    home.write("wire.xml", &wire(titles));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    (home, daemon)
}

/// A daemon that follows its files again.
fn restart(home: &Home) -> Daemon {
    let daemon = home.start();
    // The loop answers, so it has begun to watch.
    assert!(home.run(&["sources"]).status.success());
    daemon
}

/// Lets the source say this, and waits until it was heard.
fn change(home: &Home, daemon: &Daemon, titles: &[&str]) {
    home.write("wire.xml", &wire(titles));
    daemon.wait_for_poll("wire", "ok");
}

/// Somebody who subscribes, confirms what it is asked, and answers deliveries as it is told to.
struct Reader {
    origin: Origin,
    questions: Receiver<Asked>,
    deliveries: Receiver<Asked>,
    /// What the next deliveries are answered; 200 once there is nothing left.
    answers: Arc<Mutex<VecDeque<Reply>>>,
}

impl Reader {
    fn new() -> Self {
        Self::echoing(ToOwned::to_owned)
    }

    /// One that answers a challenge with something made of it.
    fn echoing(echo: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let answers = Arc::new(Mutex::new(VecDeque::<Reply>::new()));
        let (asks, questions) = channel();
        let (brings, deliveries) = channel();
        let theirs = Arc::clone(&answers);
        let origin = Origin::start(move |asked| {
            // The test may have ended.
            if asked.method == "POST" {
                // What the test says once it knows of this is for the next one.
                let reply = theirs.lock().unwrap().pop_front();
                let _ = brings.send(asked.clone());
                return reply.unwrap_or_else(|| Reply::ok("thanks"));
            }
            let _ = asks.send(asked.clone());
            let challenge = query(asked).into_iter().find(|(name, _)| name.ends_with("challenge"));
            Reply::ok(challenge.map(|(_, value)| echo(&value)).unwrap_or_default())
        });
        Self { origin, questions, deliveries, answers }
    }

    fn callback(&self) -> String {
        self.origin.url("/cb?who=me")
    }

    fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.answers.lock().unwrap().extend(replies);
    }

    fn question(&self) -> Asked {
        self.questions.recv_timeout(DEADLINE).expect("a question")
    }

    fn delivery(&self) -> Asked {
        self.deliveries.recv_timeout(DEADLINE).expect("a delivery")
    }

    /// Subscribes, and waits until that is confirmed.
    fn subscribe(&self, daemon: &Daemon, topic: &str, more: &[(&str, &str)]) {
        let answer = ask_hub(daemon, "subscribe", &format!("{SITE}{topic}"), &self.callback(), more);
        assert_eq!(answer.status, 202, "{answer:?}");
        self.question();
        daemon.wait_for("subscribed", |line| line["message"] == "subscribed");
    }
}

/// The parameters of a question.
fn query(asked: &Asked) -> Vec<(String, String)> {
    let (_, query) = asked.path.split_once('?').unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn ask_hub(daemon: &Daemon, word: &str, topic: &str, callback: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("hub.mode", word), ("hub.topic", topic), ("hub.callback", callback)], more].concat();
    post(daemon, "/hub", &form(&fields))
}

fn post(daemon: &Daemon, path: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

/// The titles in a delivered Atom document, which must be one.
fn titles(delivery: &Asked) -> Vec<String> {
    let feed = atom_syndication::Feed::read_from(&delivery.body[..]).unwrap();
    feed.entries().iter().map(|entry| entry.title().to_string()).collect()
}

/// What `nashra subscriptions --json` says.
fn subscriptions(home: &Home) -> Vec<serde_json::Value> {
    let out = home.run(&["subscriptions", "--json"]);
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until so many announcements are written down for the only subscriber.
fn wait_for_pending(home: &Home, count: u64) {
    let end = std::time::Instant::now() + DEADLINE;
    while subscriptions(home)[0]["pending"] != count {
        assert!(std::time::Instant::now() < end, "{:?}", subscriptions(home));
    }
}

#[test]
fn a_subscriber_is_sent_what_is_new_and_nothing_else() {
    let (home, daemon) = house(&["a", "b"], "");
    let reader = Reader::new();
    let topic = format!("{SITE}/sport.atom");
    let more = [("hub.secret", "s3cret"), ("hub.lease_seconds", "86400"), ("foo", "bar")];
    let answer = ask_hub(&daemon, "subscribe", &topic, &reader.callback(), &more);
    assert_eq!(answer.status, 202);
    let question = reader.question();
    let asked = query(&question);
    let known: Vec<(&str, &str)> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(question.path.starts_with("/cb?who=me&hub.mode="), "{}", question.path);
    assert_eq!(known[..3], [("who", "me"), ("hub.mode", "subscribe"), ("hub.topic", topic.as_str())]);
    assert_eq!((known[3].0, known[3].1.len()), ("hub.challenge", 64));
    assert_eq!(known[4], ("hub.lease_seconds", "86400"));
    daemon.wait_for("subscribed", |line| line["message"] == "subscribed");

    change(&home, &daemon, &["a", "b", "c"]);
    let delivery = reader.delivery();
    assert_eq!(titles(&delivery), ["c"]);
    assert_eq!(delivery.path, "/cb?who=me");
    assert_eq!(delivery.header("content-type"), "application/atom+xml; charset=utf-8");
    let links = format!("<{SITE}/hub>; rel=\"hub\", <{topic}>; rel=\"self\"");
    assert_eq!(delivery.header("link"), links);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"s3cret"), &delivery.body);
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(delivery.header("x-hub-signature"), format!("sha256={hex}"));

    // A meaningful change is news, too, and only that.
    change(&home, &daemon, &["a corrected", "b", "c"]);
    assert_eq!(titles(&reader.delivery()), ["a corrected"]);
    assert!(daemon.stop().success());
    let list = subscriptions(&home);
    assert_eq!((list.len(), &list[0]["topic"], &list[0]["pending"]), (1, &topic.into(), &0.into()));
    assert_eq!((&list[0]["signed"], &list[0]["failures"]), (&"sha256".into(), &0.into()));
    assert!(!list[0].to_string().contains("s3cret") && !list[0].to_string().contains("who=me"));
}

#[test]
fn every_format_is_delivered_as_what_it_is() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    for topic in ["/sport.rss", "/latest.json"] {
        reader.subscribe(&daemon, topic, &[("hub.secret", "k"), ("hub.signature", "sha512")]);
    }
    change(&home, &daemon, &["a", "b"]);
    let mut found: Vec<(String, usize, bool)> = [reader.delivery(), reader.delivery()]
        .iter()
        .map(|delivery| {
            let entries = if let Ok(channel) = rss::Channel::read_from(&delivery.body[..]) {
                channel.items().len()
            } else {
                let feed: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
                feed["items"].as_array().unwrap().len()
            };
            let is_signed = delivery.header("x-hub-signature").starts_with("sha512=");
            (delivery.header("content-type"), entries, is_signed)
        })
        .collect();
    found.sort();
    let expected = |kind: &str| (format!("{kind}; charset=utf-8"), 1, true);
    assert_eq!(found, [expected("application/feed+json"), expected("application/rss+xml")]);
}

#[test]
fn every_feed_names_its_hub_beside_its_bytes() {
    let (home, daemon) = house(&["a"], "");
    for path in ["/sport.rss", "/sport.atom", "/sport.json"] {
        let links = format!("<{SITE}/hub>; rel=\"hub\", <{SITE}{path}>; rel=\"self\"");
        let tag = daemon.get(path).header("etag").to_owned();
        for method in ["GET", "HEAD"] {
            assert_eq!(daemon.request(method, path, &[]).header("link"), links);
            let known = daemon.request(method, path, &[("If-None-Match", &tag)]);
            assert!(known.status == 304 && !known.headers.contains_key("link"));
        }
        change(&home, &daemon, &["a", path]);
        let news = [("A-IM", "feed"), ("If-None-Match", tag.as_str())];
        let answer = daemon.request("GET", path, &news);
        assert_eq!((answer.status, answer.header("link")), (226, links.as_str()));
    }
    for path in ["/", "/sport", "/feeds.opml"] {
        assert!(!daemon.get(path).headers.contains_key("link"), "{path}");
    }
    // Without a hub there is none to name.
    assert!(daemon.stop().success());
    home.configure(&config("[publish]\nhub = \"off\"\n"));
    let daemon = home.start();
    assert!(!daemon.get("/sport.json").headers.contains_key("link"));
}

#[test]
fn who_has_unsubscribed_hears_no_more() {
    let (home, daemon) = house(&["a"], "");
    let (one, other) = (Reader::new(), Reader::new());
    one.subscribe(&daemon, "/sport.atom", &[]);
    other.subscribe(&daemon, "/sport.atom", &[]);
    let topic = format!("{SITE}/sport.atom");
    assert_eq!(ask_hub(&daemon, "unsubscribe", &topic, &one.callback(), &[]).status, 202);
    let asked = query(&one.question());
    assert_eq!(asked[1], ("hub.mode".to_owned(), "unsubscribe".to_owned()));
    daemon.wait_for("the end", |line| line["message"] == "a subscription has ended");
    change(&home, &daemon, &["a", "b"]);
    assert_eq!(titles(&other.delivery()), ["b"]);
    assert_eq!(subscriptions(&home).len(), 1);
    assert!(one.deliveries.try_recv().is_err());
    assert_eq!(ask_hub(&daemon, "unsubscribe", &topic, &one.callback(), &[]).status, 404);
}

#[test]
fn who_fails_is_tried_again_and_who_is_gone_is_forgotten() {
    let (home, daemon) = house(&["a"], "");
    let (failing, gone) = (Reader::new(), Reader::new());
    failing.subscribe(&daemon, "/sport.atom", &[]);
    gone.subscribe(&daemon, "/sport.atom", &[]);
    failing.answer([Reply::new(500, &[], ""), Reply::redirect(302, "/elsewhere")]);
    gone.answer([Reply::new(410, &[], "")]);
    change(&home, &daemon, &["a", "b"]);
    let tries = [failing.delivery(), failing.delivery(), failing.delivery()];
    assert!(tries.iter().all(|one| one.body == tries[0].body && one.path == tries[0].path));
    daemon.wait_for("recovery", |line| line["message"] == "deliveries arrive again");
    gone.delivery();
    let list = subscriptions(&home);
    assert_eq!((list.len(), &list[0]["failures"]), (1, &0.into()), "{list:?}");
    change(&home, &daemon, &["a", "b", "c"]);
    assert_eq!(titles(&failing.delivery()), ["c"]);
    assert!(gone.deliveries.try_recv().is_err() && gone.questions.try_recv().is_err());
}

#[test]
fn nobody_waits_for_who_hangs() {
    let (home, daemon) = house(&["a"], "");
    let (slow, quick) = (Reader::new(), Reader::new());
    slow.subscribe(&daemon, "/sport.atom", &[]);
    quick.subscribe(&daemon, "/sport.atom", &[]);
    slow.answer([Reply::raw("").then_hang()]);
    for round in [&["a", "b"][..], &["a", "b", "c"]] {
        let began = std::time::Instant::now();
        change(&home, &daemon, round);
        assert_eq!(titles(&quick.delivery()), [round[round.len() - 1]]);
        // Less than the patience that the slow one uses up.
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    }
    slow.delivery();
}
