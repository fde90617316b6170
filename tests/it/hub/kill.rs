//! Kills and restarts: nothing is lost, and nothing is repeated that was acknowledged.

use super::*;
use crate::kit::origin::Gate;

#[test]
fn a_kill_before_the_acknowledgement_repeats_that_delivery_alone() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[("hub.secret", "k")]);
    home.write("wire.xml", &wire(&["a", "b"]));
    let first = reader.delivery();
    // Its acknowledgement is durable before what comes next is sent.
    let gate = Gate::default();
    reader.answer([Reply::ok("").behind(&gate)]);
    home.write("wire.xml", &wire(&["a", "b", "c"]));
    let second = reader.delivery();
    daemon.kill();
    gate.open();
    let daemon = home.start();
    let again = reader.delivery();
    assert_eq!((titles(&first), titles(&again)), (vec!["b".to_owned()], vec!["c".to_owned()]));
    assert_eq!(
        (&again.body, again.header("x-hub-signature")),
        (&second.body, second.header("x-hub-signature"))
    );
    home.write("wire.xml", &wire(&["a", "b", "c", "d"]));
    assert_eq!(titles(&reader.delivery()), ["d"]);
    assert!(daemon.stop().success());
    assert!(reader.deliveries.try_recv().is_err());
}

#[test]
fn what_left_the_feed_while_nobody_answered_is_still_delivered() {
    // The feed shows two entries, and far more come while the reader is down.
    let small = "[publish]\nentries = 2\nmax_per_source = 2\n";
    let (home, daemon) = house(&["a"], small);
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    let gate = Gate::default();
    reader.answer([Reply::ok("").behind(&gate)]);
    let all = ["a", "b", "c", "d", "e", "f", "g"];
    home.write("wire.xml", &wire(&all[..2]));
    reader.delivery();
    for count in 3..all.len() {
        home.write("wire.xml", &wire(&all[..count]));
        daemon.wait_for("a new one", |line| line["source"] == "wire" && line["new"] == 1);
        assert!(daemon.get("/sport.json").text().contains(&format!("urn:x:{}", all[count - 1])));
    }
    daemon.kill();
    gate.open();
    let daemon = home.start();
    home.write("wire.xml", &wire(&all));
    let mut told = vec![];
    while told.len() < 6 {
        told.extend(titles(&reader.delivery()).into_iter().rev());
    }
    assert_eq!(told, &all[1..]);
    assert!(daemon.stop().success());
}

#[test]
fn a_restart_keeps_who_is_subscribed() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    assert!(daemon.stop().success());
    // What comes while nobody runs is news as well.
    home.write("wire.xml", &wire(&["a", "b"]));
    let daemon = home.start();
    assert_eq!(titles(&reader.delivery()), ["b"]);
    assert!(daemon.stop().success());
    // And a start by itself is not.
    let daemon = home.start();
    daemon.wait_for_poll("wire", "unchanged");
    assert!(daemon.stop().success());
    assert!(reader.deliveries.try_recv().is_err());
}
