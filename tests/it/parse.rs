//! Bytes to the inner shape: what each dialect says, what is repaired, what is refused.

mod broken;
mod hostile;
mod meaning;
mod real;

use nashra::model::RawFeed;
use nashra::pipeline::parse;

/// Reads a document that must be a feed.
fn read(document: &str) -> RawFeed {
    parse::parse(document.as_bytes(), None).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

/// An RSS 2.0 channel around `inside`.
fn rss(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>T</title>{inside}</channel></rss>")
}

/// An Atom feed around `inside`.
fn atom(inside: &str) -> String {
    format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title>{inside}</feed>")
}

/// The codes of a feed's problems.
fn codes(feed: &RawFeed) -> Vec<&str> {
    feed.problems.iter().map(|problem| problem.code.as_str()).collect()
}

/// What a document is called that is no feed.
fn check_refused(document: &str, expected: &str) {
    match parse::parse(document.as_bytes(), None) {
        Ok(feed) => panic!("{document}\nwas taken for a feed: {feed:?}"),
        Err(error) => {
            let line = error.to_string();
            assert!(line.contains(expected) && !line.contains('\n'), "{line:?} lacks {expected:?}");
        }
    }
}

#[test]
fn what_is_no_feed_is_named() {
    check_refused("", "empty");
    check_refused(" \n\t", "empty");
    check_refused("<!DOCTYPE html><html><head><title>Sorry</title></head></html>", "HTML page (Sorry)");
    check_refused("<?xml version=\"1.0\"?><urlset><url/></urlset>", "sitemap");
    check_refused("<opml version=\"2.0\"><body/></opml>", "OPML");
    check_refused("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG");
    check_refused("<a:invoice xmlns:a=\"urn:x\"/>", "<a:invoice>");
    check_refused("{\"name\":\"x\",\"version\":\"1.0.0\"}", "JSON Feed");
    check_refused("[1,2]", "JSON Feed");
    check_refused("{\"version\":\"https://jsonfeed.org/version/1.1\",", "JSON");
    check_refused("Just a note.\n", "plain text");
    check_refused("# Feeds\n\nA feed looks like `<rss version=\"2.0\">`.\n", "plain text");
    check_refused("\u{89}PNG", "plain text");
    let png = parse::parse(b"\x89PNG\r\n\x1a\n\0\0", None).unwrap_err();
    assert!(png.to_string().contains("PNG"), "{png}");
}
