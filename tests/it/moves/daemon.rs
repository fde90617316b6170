//! The same in the running daemon, with a file as the source.

use crate::kit::daemon::*;

fn rss(head: &str, pages: &str, title: &str) -> String {
    let item = |n: usize| format!("<item><title>{title} {n}</title><link>https://{pages}/{n}</link></item>");
    let items: String = (0..5).map(item).collect();
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Wire</title>{head}{items}\
         </channel></rss>"
    )
}

#[test]
fn what_is_no_feed_of_the_source_is_told_and_not_shown() {
    let home = Home::new(
        "[site]\nurl = \"https://n.example\"\n[sources.wire]\nurl = \"file:wire.xml\"\nschedule = \"every 1h\"\n",
    );
    home.write("wire.xml", &rss("", "a.example", "الحكومة تعلن"));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    let refused = |document: &str, why: &str| {
        home.write("wire.xml", document);
        let line = daemon.wait_for_poll("wire", "failed");
        assert!(line["error"].as_str().unwrap().contains(why), "{line}");
    };
    refused(
        "<html><head><link rel='alternate' type='application/rss+xml' href='https://a.example/rss'></head></html>",
        "it names these feeds: https://a.example/rss — write one as url",
    );
    let own = "<atom:link rel=\"self\" href=\"https://n.example/latest.rss\"/>";
    refused(&rss(own, "a.example", "Our own story"), "one of our own outputs");
    home.write("wire.xml", &rss("", "casino.example", "Win money now"));
    let told = daemon.wait_for("quarantined", |line| line["code"] == "quarantined");
    assert!(told.to_string().contains("nashra sources accept wire"), "{told}");
    let latest = daemon.get("/latest.json");
    assert!(latest.text().contains("الحكومة تعلن"), "its last good entries stay");
    assert!(!latest.text().contains("Win money now") && !latest.text().contains("Our own story"));
    home.write("wire.xml", &rss("", "a.example/vote", "البرلمان يصوت"));
    let line = daemon.wait_for_poll("wire", "ok");
    assert_eq!(line["new"], 5);
    assert!(daemon.stop().success());
}
