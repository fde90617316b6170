//! Kills and restarts: nothing is lost, and nothing is repeated that was acknowledged.

use super::*;
use crate::kit::origin::Gate;
use nashra::edge::store::{Ledger, Store};

#[test]
fn a_kill_before_the_acknowledgement_repeats_that_delivery_alone() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[("hub.secret", "k")]);
    change(&home, &daemon, &["a", "b"]);
    let first = reader.delivery();
    // Its acknowledgement is durable before what comes next is sent.
    let gate = Gate::default();
    reader.answer([Reply::ok("").behind(&gate)]);
    change(&home, &daemon, &["a", "b", "c"]);
    let second = reader.delivery();
    daemon.kill();
    gate.open();
    let daemon = restart(&home);
    let again = reader.delivery();
    assert_eq!((titles(&first), titles(&again)), (vec!["b".to_owned()], vec!["c".to_owned()]));
    assert_eq!(
        (&again.body, again.header("x-hub-signature")),
        (&second.body, second.header("x-hub-signature"))
    );
    change(&home, &daemon, &["a", "b", "c", "d"]);
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
    change(&home, &daemon, &all[..2]);
    reader.delivery();
    for count in 3..all.len() {
        change(&home, &daemon, &all[..count]);
        assert!(daemon.get("/sport.json").text().contains(&format!("urn:x:{}", all[count - 1])));
    }
    daemon.kill();
    gate.open();
    let daemon = restart(&home);
    let mut told = vec![];
    let hear = |told: &mut Vec<String>, count| {
        while told.len() < count {
            told.extend(titles(&reader.delivery()).into_iter().rev());
        }
    };
    hear(&mut told, 5);
    change(&home, &daemon, &all);
    hear(&mut told, 6);
    assert_eq!(told, &all[1..]);
    assert!(daemon.stop().success());
}

#[test]
fn a_restart_keeps_who_is_subscribed() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    assert!(daemon.stop().success());
    // What a round by itself has stored is news at the next start.
    home.write("wire.xml", &wire(&["a", "0"]));
    assert!(home.run(&["poll", "--once"]).status.success());
    let daemon = restart(&home);
    assert_eq!(titles(&reader.delivery()), ["0"]);
    assert!(daemon.stop().success());
    for (titles, expected) in [(&["a", "0", "b"][..], "b"), (&["a", "0", "b", "c"], "c")] {
        let daemon = restart(&home);
        change(&home, &daemon, titles);
        assert_eq!(super::titles(&reader.delivery()), [expected]);
        assert!(daemon.stop().success());
    }
    assert!(reader.deliveries.try_recv().is_err());
    assert_eq!(subscriptions(&home).len(), 1);
}

#[test]
fn who_has_missed_too_much_is_sent_the_whole_feed() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    let gate = Gate::default();
    reader.answer([Reply::ok("").behind(&gate)]);
    change(&home, &daemon, &["a", "b"]);
    reader.delivery();
    change(&home, &daemon, &["a", "b", "c"]);
    wait_for_pending(&home, 2);
    daemon.kill();
    gate.open();
    // The ledger is bounded: here its first announcement has been dropped.
    let store = Store::open(&home.path("state")).unwrap();
    let topic = format!("{SITE}/sport.atom");
    let kept = store.announced(&topic).unwrap();
    assert_eq!(kept.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    let forgotten = vec![(topic, 1)];
    store.note_deliveries(&Ledger { forgotten, ..Ledger::default() }).unwrap();
    store.flush().unwrap();
    drop(store);
    let daemon = restart(&home);
    assert_eq!(titles(&reader.delivery()), ["c", "b", "a"]);
    change(&home, &daemon, &["a", "b", "c", "d"]);
    assert_eq!(titles(&reader.delivery()), ["d"]);
}
