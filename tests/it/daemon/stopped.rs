//! Sources that were being asked when nashra ended.

use super::*;
use crate::kit::origin::{Gate, Origin, Reply};

fn config(origin: &Origin) -> String {
    format!(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nhints = {{ crawl_delay = false }}\n\
         [sources.wire]\nurl = \"{}\"\nschedule = \"every 2m\"\nmin_interval = \"1m\"\n",
        origin.url("/wire")
    )
}

/// Nobody took in what it answered, so only what was written down before it was asked can tell.
#[test]
fn whoever_was_asked_when_nashra_ended_is_not_asked_again_at_once() {
    for kill in [true, false] {
        let gate = Gate::default();
        let held = gate.clone();
        let origin = Origin::start(move |_| Reply::ok(rss(&[("1", "First story")])).behind(&held));
        let home = Home::new(&config(&origin));
        let daemon = home.start();
        origin.wait_for(1);
        if kill {
            daemon.kill();
        } else {
            assert!(daemon.stop().success());
        }
        let daemon = home.start();
        let polled = home.run(&["poll", "wire"]);
        let table = String::from_utf8(polled.stdout).unwrap();
        assert!(table.contains("too-soon"), "{kill}: {table}");
        daemon.kill();
        let polled = home.run(&["poll", "--once"]);
        assert!(String::from_utf8(polled.stdout).unwrap().contains("too-soon"), "{kill}");
        assert_eq!(origin.asked().len(), 1, "{kill}");
        gate.open();
    }
}
