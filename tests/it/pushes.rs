//! Tests of push-in: a daemon, a source that names a hub on loopback, and the hub's side of the protocol.

mod hostile;
mod part;
mod rounds;
mod stage;

use self::stage::*;
use crate::kit::origin::Reply;

#[test]
fn what_is_pushed_is_shown_at_once_and_only_when_it_is_signed() {
    let stage = Stage::new("", |_| Reply::new(202, &[], ""));
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!((wish.said("hub.mode"), wish.said("hub.topic")), ("subscribe", stage.topic().as_str()));
    assert_eq!(wish.said("hub.lease_seconds"), "864000");
    assert!(wish.said("hub.callback").starts_with("http://127.0.0.1:9/websub/"), "{wish:?}");
    assert!((40..200).contains(&wish.said("hub.secret").len()));
    // Before the hub has verified it, nothing is taken.
    assert_eq!(deliver(&daemon, &wish, "sha256", &feed(&[("9", "Too early")])), 404);
    assert_eq!(verify(&daemon, &wish, &[("hub.topic", "http://other.example/")]), (404, None));
    assert_eq!(verify(&daemon, &wish, &[("hub.mode", "unsubscribe")]), (404, None));
    assert_eq!(verify(&daemon, &wish, &[]), (200, Some("c-0 é".to_owned())));
    // The same question once more is nobody's any more.
    assert_eq!(verify(&daemon, &wish, &[]), (404, None));
    for (number, method) in ["sha1", "sha256", "sha384", "sha512"].into_iter().enumerate() {
        let title = format!("Pushed with {method}");
        assert_eq!(deliver(&daemon, &wish, method, &feed(&[(method, &title)])), 202);
        let line = daemon.wait_for("a push", |line| line["message"] == "push");
        assert_eq!((&line["source"], &line["new"]), (&"wire".into(), &1.into()), "{number}");
        shown(&daemon, &title);
    }
    // A part: what it does not list is there still.
    shown(&daemon, "First story");
    // Unsigned, or signed by somebody else: taken with thanks, and thrown away.
    let body = feed(&[("x", "Forged")]);
    for headers in [vec![], vec![("X-Hub-Signature".to_owned(), "sha256=00".to_owned())]] {
        assert_eq!(post(&daemon, &wish.path(), &headers, body.as_bytes()), 202);
        daemon.wait_for("a refusal", |line| line["message"] == "push thrown away");
    }
    let push = stage.view()["push"].clone();
    assert_eq!(
        (&push["state"], &push["deliveries"], &push["refused"]),
        (&"live".into(), &4.into(), &2.into())
    );
    assert_eq!(push["hub"].as_str().unwrap(), stage.origin.address.to_string());
    assert!(!daemon.get("/latest.json").text().contains("Forged"));
    let told = stage.view().to_string();
    assert!(!told.contains(wish.said("hub.secret")) && !told.contains(wish.token()), "{told}");
}

#[test]
fn a_push_leaves_polling_as_it_was() {
    let stage = Stage::new("", |_| Reply::new(202, &[], ""));
    let daemon = stage.start();
    let wish = stage.wish(0);
    verify(&daemon, &wish, &[]);
    daemon.wait_for_poll("wire", "ok");
    let before = stage.view();
    deliver(&daemon, &wish, "sha256", &feed(&[("2", "Second story")]));
    shown(&daemon, "Second story");
    let after = stage.view();
    for key in ["asked_at", "ok_at", "next_at", "health", "since", "failures", "fresh_until"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    // The same validators as before; what the answer lists is known.
    stage.set_feed(feed(&[("2", "Second story"), ("1", "First story")]));
    stage.home.run(&["poll", "wire"]);
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!((&line["seen"], &line["new"], &line["updated"]), (&2.into(), &0.into(), &0.into()));
    let asked = stage.asked("/feed");
    assert_eq!(asked.last().unwrap().header("if-none-match"), "\"1\"");
    // What is pushed a second time is no news.
    let tag = daemon.get("/latest.atom").header("etag").to_owned();
    deliver(&daemon, &wish, "sha256", &feed(&[("2", "Second story")]));
    let line = daemon.wait_for("a push", |line| line["message"] == "push");
    assert_eq!((&line["new"], &line["updated"]), (&0.into(), &0.into()));
    assert_eq!(daemon.get("/latest.atom").header("etag"), tag);
}

#[test]
fn headers_go_before_the_document() {
    let stage =
        Stage::new("Link: </other-hub>; rel=hub, </elsewhere>; rel=\"self\"", |_| Reply::new(202, &[], ""));
    let daemon = stage.start();
    let asked = stage.origin.wait_for(2);
    assert_eq!((asked[1].method.as_str(), asked[1].path.as_str()), ("POST", "/other-hub"));
    let wish = Wish::of(&asked[1]);
    assert_eq!(wish.said("hub.topic"), stage.origin.url("/elsewhere"));
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    let probed = stage.home.run(&["check", "--probe"]);
    let probed = String::from_utf8(probed.stdout).unwrap();
    assert!(
        probed.contains("push: on for 1 of 1 sources")
            && probed.contains("(push = true says so, though site.url (http://127.0.0.1:9/) is no"),
        "{probed}"
    );
}

#[test]
fn nobody_is_asked_where_no_hub_can_reach_us() {
    let stage = Stage::new("", |_| Reply::new(202, &[], ""));
    stage.configure("push = \"auto\"");
    let daemon = stage.start();
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!(line["new"], 1);
    assert_eq!(stage.view()["push"]["state"], "off");
    let checked = String::from_utf8(stage.home.run(&["check"]).stdout).unwrap();
    assert!(checked.contains("push: off, site.url (http://127.0.0.1:9/) is no public address"), "{checked}");
    // As soon as the admin says so, what was found is used; and when he says no, the hub is told.
    stage.configure("push = true");
    let wish = stage.wish(0);
    verify(&daemon, &wish, &[]);
    stage.configure("push = false");
    let leave = stage.wish(1);
    assert_eq!((leave.said("hub.mode"), leave.path()), ("unsubscribe", wish.path()));
    assert_eq!(deliver(&daemon, &wish, "sha256", &feed(&[("5", "Late")])), 410);
    assert_eq!(verify(&daemon, &leave, &[("hub.mode", "subscribe")]), (404, None));
    assert_eq!(verify(&daemon, &leave, &[]).0, 200);
    assert_eq!(deliver(&daemon, &wish, "sha256", &feed(&[("5", "Late")])), 404);
    assert_eq!(stage.asked("/hub").len(), 2);
}
