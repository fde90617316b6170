//! The life of subscriptions: restarts, refusals, other hubs, sources that leave.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::stage::*;
use crate::kit::origin::Reply;
use crate::serve::doors::until;

fn accept() -> Reply {
    Reply::new(202, &[], "")
}

#[test]
fn a_restart_keeps_the_subscription() {
    let stage = Stage::new("", |_| accept());
    let daemon = stage.start();
    let wish = stage.wish(0);
    // Killed before the hub has asked, which it does afterwards.
    daemon.kill();
    let daemon = stage.start();
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    // Nobody knew whether it had heard of us.
    assert_eq!(stage.wish(1).said("hub.callback"), wish.said("hub.callback"));
    daemon.kill();
    let daemon = stage.start();
    assert_eq!(deliver(&daemon, &wish, "sha512", &feed(&[("2", "After the restart")])), 202);
    shown(&daemon, "After the restart");
    daemon.kill();
    let daemon = stage.start();
    shown(&daemon, "After the restart");
    assert_eq!(stage.view()["push"]["deliveries"], 1);
    assert_eq!(stage.asked("/hub").len(), 2);
}

#[test]
fn the_next_hub_is_asked_where_one_fails() {
    let stage = Stage::with_hubs("", &["/dead", "/hub"], |asked| match asked.path.as_str() {
        "/dead" => Reply::new(500, &[], "Out of order"),
        _ => accept(),
    });
    let daemon = stage.start();
    let (first, second) = (stage.wish(0), stage.wish(1));
    assert_eq!(stage.asked("/dead").len(), 1);
    assert_ne!((first.token(), first.said("hub.secret")), (second.token(), second.said("hub.secret")));
    assert_eq!(verify(&daemon, &first, &[]), (404, None));
    assert_eq!(verify(&daemon, &second, &[]).0, 200);
    assert_eq!(deliver(&daemon, &second, "sha1", &feed(&[("2", "From the second hub")])), 202);
    shown(&daemon, "From the second hub");
}

#[test]
fn a_hub_may_send_us_on() {
    let stage = Stage::new("", |asked| match asked.path.as_str() {
        "/hub" => Reply::redirect(308, "/moved"),
        _ => accept(),
    });
    let daemon = stage.start();
    let (first, second) = (stage.wish(0), stage.wish(1));
    assert_eq!(first.said("hub.callback"), second.said("hub.callback"));
    assert_eq!(stage.asked("/moved").len(), 1);
    assert_eq!(verify(&daemon, &second, &[]).0, 200);
}

#[test]
fn a_dead_hub_is_told_of_once_and_polling_goes_on() {
    let stage =
        Stage::new("", |_| Reply::new(403, &[("Content-Type", "text/plain")], "We do not\r\nlike you"));
    let daemon = stage.start();
    let line =
        daemon.wait_for("trouble", |line| line["message"] == "its hub does not push: it is polled as ever");
    let why = format!("{} answered 403: We do not like you", stage.origin.address);
    assert_eq!(line["why"], why);
    let view = stage.view();
    assert_eq!((&view["push"]["state"], &view["push"]["why"]), (&"failing".into(), &why.as_str().into()));
    assert!(view["push"]["retry_at"].is_string() && view["health"] == "ok", "{view}");
    stage.set_feed(feed(&[("2", "Polled all the same"), ("1", "First story")]));
    stage.home.run(&["poll", "wire"]);
    shown(&daemon, "Polled all the same");
    // Not before the wait is over.
    assert_eq!(stage.asked("/hub").len(), 1);
}

#[test]
fn a_hub_that_brings_nothing_is_left_and_polling_goes_on() {
    let stage = Stage::new("", |_| accept());
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    for (number, title) in [(1, "Nobody told us"), (2, "Nor of this")] {
        stage.set_feed(feed(&[(title, title), ("1", "First story")]));
        stage.home.run(&["poll", "wire"]);
        shown(&daemon, title);
        if number == 1 {
            assert_eq!(
                (&stage.view()["push"]["missed"], &stage.view()["push"]["state"]),
                (&1.into(), &"live".into())
            );
        }
    }
    let line =
        daemon.wait_for("trouble", |line| line["message"] == "its hub does not push: it is polled as ever");
    assert!(line["why"].as_str().unwrap().starts_with("polling found news 2 times in a row"), "{line}");
    assert_eq!(stage.wish(1).said("hub.mode"), "unsubscribe");
    let push = stage.view()["push"].clone();
    assert_eq!(push["state"], "failing");
    assert!(push["retry_at"].is_string() && push["until"].is_null(), "{push}");
    assert_eq!(deliver(&daemon, &wish, "sha256", &feed(&[("9", "Late")])), 410);
}

#[test]
fn a_denial_is_taken_in() {
    let stage = Stage::new("", |_| accept());
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    let denied = [("hub.mode", "denied"), ("hub.reason", "No more\u{7} room")];
    assert_eq!(
        verify(&daemon, &wish, &[&denied[..], &[("hub.topic", "http://other.example/")]].concat()).0,
        404
    );
    assert_eq!(stage.view()["push"]["state"], "live");
    assert_eq!(verify(&daemon, &wish, &denied), (200, Some(String::new())));
    let push = stage.view()["push"].clone();
    assert_eq!(push["state"], "denied");
    assert!(push["why"].as_str().unwrap().ends_with("denies the subscription: No more room"), "{push}");
    let table = String::from_utf8(stage.home.run(&["sources"]).stdout).unwrap();
    assert!(table.contains("denied") && table.contains("not pushed: "), "{table}");
    // A callback that is over is nobody's.
    assert_eq!(verify(&daemon, &wish, &denied), (404, None));
    assert_eq!(deliver(&daemon, &wish, "sha256", &feed(&[("2", "Late")])), 404);
    drop(daemon);
    let daemon = stage.start();
    assert_eq!(stage.view()["push"]["state"], "denied");
    drop(daemon);
    assert_eq!(stage.asked("/hub").len(), 1);
}

#[test]
fn a_source_that_leaves_unsubscribes() {
    let answers = AtomicUsize::new(0);
    let stage = Stage::new("", move |_| {
        // The hub has no time for those who leave.
        if answers.fetch_add(1, Ordering::SeqCst) == 0 { accept() } else { Reply::new(503, &[], "") }
    });
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    stage.home.configure(&format!(
        "[site]\nurl = \"http://127.0.0.1:9\"\n[sources.other]\nurl = \"{}\"\nenabled = false\n",
        stage.origin.url("/other")
    ));
    let leave = stage.wish(1);
    assert_eq!(leave.said("hub.mode"), "unsubscribe");
    until("the callback is gone", || deliver(&daemon, &wish, "sha256", &feed(&[("2", "Late")])) == 404);
    assert_eq!(verify(&daemon, &leave, &[]).0, 404);
}

#[test]
fn another_topic_is_subscribed_to_anew() {
    let stage = Stage::new("", |_| accept());
    let daemon = stage.start();
    let wish = stage.wish(0);
    assert_eq!(verify(&daemon, &wish, &[]).0, 200);
    // The feed names another hub and topic from now on: those of the document are gone with it.
    let link = |rel: &str, path: &str| {
        let url = stage.origin.url(path);
        format!("<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"{rel}\" href=\"{url}\"/>")
    };
    let links = format!("{}{}", link("hub", "/new-hub"), link("self", "/new"));
    stage.set_feed(feed(&[("1", "First story")]).replace("HUBS", &links));
    stage.home.run(&["poll", "wire"]);
    let (one, other) = (stage.wish(1), stage.wish(2));
    let mut modes = [one.said("hub.mode"), other.said("hub.mode")];
    modes.sort_unstable();
    assert_eq!(modes, ["subscribe", "unsubscribe"]);
    let (new, old) = if one.said("hub.mode") == "subscribe" { (one, other) } else { (other, one) };
    assert_eq!((new.said("hub.topic"), old.path()), (stage.origin.url("/new").as_str(), wish.path()));
    assert_eq!((verify(&daemon, &new, &[]).0, verify(&daemon, &old, &[]).0), (200, 200));
    assert_ne!(new.token(), wish.token());
}
