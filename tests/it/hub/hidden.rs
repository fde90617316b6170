//! What the admin takes out is delivered no more, whoever still waits for it.

use super::*;
use crate::kit::origin::Gate;
use nashra::edge::store::{Ledger, Store};

/// A reader that is being told of `bravo`, and will refuse it when the gate opens.
fn refusing(topic: &str, config: &str) -> (Home, Daemon, Reader, Gate) {
    let (home, daemon) = house(&["alpha"], config);
    let reader = Reader::new();
    reader.subscribe(&daemon, topic, &[]);
    let gate = Gate::default();
    reader.answer([Reply::new(500, &[], "").behind(&gate)]);
    change(&home, &daemon, &["alpha", "bravo"]);
    assert!(names(&reader.delivery(), "bravo"));
    (home, daemon, reader, gate)
}

fn names(delivery: &Asked, what: &str) -> bool {
    String::from_utf8_lossy(&delivery.body).contains(&format!("All about {what}"))
}

fn hide(home: &Home, more: &[&str]) {
    let output = home.run(&[&["hide", "https://e.example/bravo"], more].concat());
    assert!(output.status.success(), "{output:?}");
}

/// The ids of the entries that a delivery says are gone.
fn gone(delivery: &Asked) -> Vec<String> {
    let text = String::from_utf8_lossy(&delivery.body);
    let parts = text.split("<at:deleted-entry").skip(1);
    parts.map(|part| part.split("ref=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

/// Hears deliveries, none of which may have the hidden text, until it knows `last` and that so many entries are gone;
/// says which.
fn hear_until(reader: &Reader, last: &str, count: usize) -> Vec<String> {
    let (mut all, mut is_told) = (vec![], false);
    while !is_told || all.len() < count {
        let delivery = reader.delivery();
        assert!(!names(&delivery, "bravo"), "{}", String::from_utf8_lossy(&delivery.body));
        all.extend(gone(&delivery));
        is_told |= names(&delivery, last);
    }
    all
}

#[test]
fn a_retry_has_the_notice_and_not_the_text() {
    for more in [&[][..], &["--story"]] {
        let (home, daemon, reader, gate) = refusing("/sport.atom", "");
        hide(&home, more);
        gate.open();
        change(&home, &daemon, &["alpha", "bravo", "charlie"]);
        assert_eq!(hear_until(&reader, "charlie", 1), ["urn:x:bravo"], "{more:?}");
        assert!(daemon.stop().success());
        assert!(reader.deliveries.try_recv().is_err());
    }
}

#[test]
fn a_format_without_notices_is_sent_nothing_of_it() {
    for topic in ["/sport.rss", "/sport.json"] {
        let (home, daemon, reader, gate) = refusing(topic, "");
        hide(&home, &[]);
        gate.open();
        let end = std::time::Instant::now() + DEADLINE;
        while subscriptions(&home)[0]["pending"] != 0 {
            assert!(std::time::Instant::now() < end, "{:?}", subscriptions(&home));
        }
        assert!(reader.deliveries.try_recv().is_err(), "{topic}");
        change(&home, &daemon, &["alpha", "bravo", "charlie"]);
        assert_eq!(hear_until(&reader, "charlie", 0), [""; 0]);
        assert!(daemon.stop().success());
        assert!(reader.deliveries.try_recv().is_err(), "{topic}");
    }
}

#[test]
fn a_kill_brings_nothing_back() {
    let (home, daemon, reader, gate) = refusing("/sport.atom", "");
    change(&home, &daemon, &["alpha", "bravo", "charlie"]);
    wait_for_pending(&home, 2);
    hide(&home, &[]);
    daemon.kill();
    gate.open();
    let daemon = restart(&home);
    assert_eq!(hear_until(&reader, "charlie", 1), ["urn:x:bravo"]);
    assert!(daemon.stop().success());
    assert!(reader.deliveries.try_recv().is_err());
}

#[test]
fn what_was_hidden_while_no_daemon_ran_is_not_told_at_the_next_start() {
    let (home, daemon, reader, gate) = refusing("/sport.atom", "");
    change(&home, &daemon, &["alpha", "bravo", "charlie"]);
    wait_for_pending(&home, 2);
    daemon.kill();
    gate.open();
    hide(&home, &[]);
    let _daemon = restart(&home);
    let first = reader.delivery();
    assert!(!names(&first, "bravo") && names(&first, "charlie"));
}

#[test]
fn what_was_announced_before_names_were_noted_is_told_as_the_feed_has_it_now() {
    let (home, daemon, reader, gate) = refusing("/sport.atom", "");
    daemon.kill();
    gate.open();
    let store = Store::open(&home.path("state")).unwrap();
    let topic = format!("{SITE}/sport.atom");
    let mut kept = store.announcements(&topic, 0, usize::MAX).unwrap();
    assert_eq!((kept.len(), kept[0].names.len()), (1, 1));
    kept[0].names.clear();
    let announcements = vec![(topic, kept.remove(0))];
    store.note_deliveries(&Ledger { announcements, ..Ledger::default() }).unwrap();
    store.flush().unwrap();
    drop(store);
    hide(&home, &[]);
    let _daemon = restart(&home);
    assert_eq!(hear_until(&reader, "alpha", 1), ["urn:x:bravo"]);
}
