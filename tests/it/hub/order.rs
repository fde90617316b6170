//! Order, and what is said of it to the admin.

use super::*;
use crate::kit::origin::Gate;

#[test]
fn a_subscriber_hears_one_thing_at_a_time_and_all_of_it() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    let gate = Gate::default();
    reader.answer([Reply::ok("").behind(&gate)]);
    change(&home, &daemon, &["a", "b"]);
    assert_eq!(titles(&reader.delivery()), ["b"]);
    for titles in [&["a", "b", "c"][..], &["a", "b corrected", "c"]] {
        change(&home, &daemon, titles);
    }
    wait_for_pending(&home, 3);
    assert!(reader.deliveries.try_recv().is_err());
    gate.open();
    // What has gathered meanwhile comes as one document.
    assert_eq!(titles(&reader.delivery()), ["b corrected", "c"]);
    assert!(daemon.stop().success());
    assert!(reader.deliveries.try_recv().is_err());
}

#[test]
fn the_admin_sees_who_is_told_and_who_fails() {
    let (home, daemon) = house(&["a"], "");
    let reader = Reader::new();
    reader.subscribe(&daemon, "/sport.atom", &[]);
    reader.answer((0..50).map(|_| Reply::new(500, &[("Retry-After", "600")], "")));
    change(&home, &daemon, &["a", "b"]);
    daemon.wait_for("a failure", |line| line["message"] == "a delivery failed and is tried again");
    let check = |home: &Home| {
        let list = subscriptions(home);
        assert_eq!((&list[0]["failures"], &list[0]["error"]), (&1.into(), &"answered 500".into()));
        assert_eq!((&list[0]["pending"], &list[0]["host"]), (&1.into(), &"127.0.0.1".into()));
    };
    check(&home);
    let table = home.run(&["subscriptions"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.starts_with("TOPIC") && table.contains("answered 500"), "{table}");
    assert!(daemon.stop().success());
    // The same from the store, where no daemon runs.
    check(&home);
}
