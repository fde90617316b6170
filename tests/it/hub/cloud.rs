//! The rssCloud: registration, its test, and notifications.

use super::*;

fn register(daemon: &Daemon, reader: &Reader, more: &[(&str, &str)]) -> String {
    let port = reader.origin.address.port().to_string();
    let topic = format!("{SITE}/sport.rss");
    let fields = [
        ("notifyProcedure", ""),
        ("port", port.as_str()),
        ("path", "/notify"),
        ("protocol", "http-post"),
        ("url1", topic.as_str()),
    ];
    let answer = post(daemon, "/rsscloud/pleaseNotify", &form(&[&fields, more].concat()));
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
    answer.text().to_owned()
}

#[test]
fn a_reader_that_registers_is_told_that_there_are_news() {
    let (home, daemon) = house(&["a"], "");
    let body = form(&[("url", &format!("{SITE}/sport.rss"))]);
    let (one, other) = (Reader::new(), Reader::new());
    // By the address that asks: it is tried with a notification.
    let told = register(&daemon, &one, &[]);
    assert!(told.contains("<notifyResult success=\"true\""), "{told}");
    let tried = one.delivery();
    assert_eq!((tried.path.as_str(), tried.body), ("/notify", body.clone().into_bytes()));
    // By a name: somebody else's machine must echo a challenge.
    let told = register(&daemon, &other, &[("domain", "127.0.0.1")]);
    assert!(told.contains("success=\"true\""), "{told}");
    let asked = query(&other.question());
    assert_eq!(asked[0], ("url".to_owned(), format!("{SITE}/sport.rss")));
    assert_eq!((asked[1].0.as_str(), asked[1].1.len()), ("challenge", 64));

    change(&home, &daemon, &["a", "b"]);
    for reader in [&one, &other] {
        let notice = reader.delivery();
        assert_eq!((notice.path.as_str(), &notice.body[..]), ("/notify", body.as_bytes()));
        assert_eq!(notice.header("content-type"), "application/x-www-form-urlencoded");
    }
    assert!(subscriptions(&home).iter().all(|one| one["kind"] == "cloud"));
}

#[test]
fn who_does_not_hear_is_not_registered() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::echoing(|_| "no".to_owned());
    let told = register(&daemon, &reader, &[("domain", "127.0.0.1")]);
    assert!(told.contains("success=\"false\"") && told.contains("echo"), "{told}");
    reader.answer([Reply::new(500, &[], "")]);
    let told = register(&daemon, &reader, &[]);
    assert!(told.contains("success=\"false\"") && told.contains("500"), "{told}");
    let told = register(&daemon, &reader, &[("url2", "http://other.example/feed")]);
    assert!(told.contains("success=\"false\"") && told.contains("not all feeds"), "{told}");
    let told = register(&daemon, &reader, &[("domain", "10.0.0.1")]);
    assert!(told.contains("success=\"false\"") && told.contains("private"), "{told}");
    assert_eq!(subscriptions(&home).len(), 0);

    let ping = post(&daemon, "/rsscloud/ping", &form(&[("url", "http://news.example/sport.rss")]));
    assert!(ping.status == 200 && ping.text().contains("<result success=\"true\""), "{ping:?}");
    assert_eq!(daemon.get("/rsscloud/pleaseNotify").status, 405);
    home.configure(&config("[publish]\nrsscloud = false\n"));
    daemon.wait_for("reload", |line| line["message"] == "feeds.toml is in force");
    assert_eq!(post(&daemon, "/rsscloud/ping", "").status, 404);
}
