//! Documents that were made to hurt: bounded time, bounded memory, never a panic.

use nashra::pipeline::parse;
use proptest::prelude::*;

use super::{codes, read, rss};

/// Reads on a thread with a stack of the size that tasks have.
fn on_a_small_stack(document: String) -> Option<nashra::model::RawFeed> {
    let reading = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    reading.spawn(move || parse::parse(document.as_bytes(), None).ok()).unwrap().join().unwrap()
}

#[test]
fn depth_and_length_do_not_matter() {
    for (open, close) in
        [("<a:b>", "</a:b>"), ("<media:group>", "</media:group>"), ("<item>", "</item>"), ("<div>", "</div>")]
    {
        let nested =
            rss(&format!("<item><title>t</title>{}{}</item>", open.repeat(100_000), close.repeat(100_000)));
        assert!(!on_a_small_stack(nested).unwrap().entries.is_empty(), "{open}");
    }
    let deep =
        rss(&format!("<item><title>t</title><description>{}</description></item>", "<b>".repeat(200_000)));
    assert!(codes(&on_a_small_stack(deep).unwrap()).contains(&"text-too-long"));
    let long = rss(&format!("<item><title>{}</title></item>", "x".repeat(8 << 20)));
    let feed = read(&long);
    assert!(codes(&feed).contains(&"text-too-long"));
    assert!(feed.entries[0].title.as_ref().unwrap().value.len() < 1 << 20);
    let many = rss(&"<item><title>t</title></item>".repeat(30_000));
    let feed = read(&many);
    assert_eq!((feed.entries.len(), codes(&feed)), (20_000, vec!["too-many-entries"]));
    let attributes = (0..100_000).map(|n| format!(" a{n}=\"1\"")).collect::<String>();
    assert_eq!(read(&rss(&format!("<item{attributes}><title>t</title></item>"))).entries.len(), 1);
    let elements = "<category>c</category>".repeat(50_000);
    let feed = read(&rss(&format!("<item>{elements}</item>")));
    assert!(codes(&feed).contains(&"too-many-elements") && feed.entries[0].categories.len() < 5_000);
}

#[test]
fn what_never_ends_is_read_once() {
    // Each of these is quadratic in a careless reader: a million searches for an end that is not there.
    for piece in [
        "<!--",
        "<![CDATA[",
        "<?",
        "<!DOCTYPE [",
        "<!a[>",
        "<!doctype [>",
        "<!doctype \">",
        "<a b=\"",
        "<a b='>",
        "&",
        "&#",
        "</",
        "<",
    ] {
        let document = rss(&format!("<item><title>t</title></item>{}", piece.repeat(200_000)));
        assert_eq!(read(&document).entries.len(), 1, "{piece}");
    }
}

#[test]
fn entities_are_never_expanded() {
    let laughs = "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
    let feed = read(&format!("{laughs}{}", rss("<item><title>&b;&c;</title></item>")));
    assert_eq!(feed.entries[0].title.as_ref().unwrap().value, "&b;&c;");
    let plain = "<!DOCTYPE rss [<!ENTITY site \"https://e.example\">]>";
    let feed = read(&format!("{plain}{}", rss("<item><guid>&site;/1</guid></item>")));
    assert_eq!(feed.entries[0].id.as_deref(), Some("https://e.example/1"));
}

/// Pieces of which feeds are made, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<rss version=\"2.0\">",
        "<channel>",
        "<item>",
        "</item>",
        "</channel>",
        "</rss>",
        "<feed>",
        "<entry>",
        "</entry>",
        "<title>",
        "</title>",
        "<link href='x'/>",
        "<description>",
        "</description>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<content type=\"xhtml\">",
        "</content>",
        "<div>",
        "</div>",
        "&amp;",
        "&",
        "&#x0;",
        "<",
        ">",
        "\"",
        "'",
        "=",
        "/",
        "<media:group>",
        "</media:group>",
        "<author>",
        "<name>",
        "</author>",
        "<guid isPermaLink=",
        "xml:base=\"http://[\"",
        "<rdf:RDF xmlns=\"http://purl.org/rss/1.0/\">",
        "خبر",
        "\u{0}",
        "\r\n",
        " ",
        "a",
        "<?xml version=\"1.0\"?>",
        "<!DOCTYPE",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse::parse(&bytes, None);
    }

    #[test]
    fn any_soup_of_tags_is_survived(soup in soup()) {
        if let Err(error) = parse::parse(format!("<rss>{soup}").as_bytes(), None) {
            // The crates take everything that the front end writes.
            prop_assert!(!error.to_string().contains("cannot be read"), "{error}");
        }
        if let Err(error) = parse::parse(format!("<feed>{soup}").as_bytes(), None) {
            prop_assert!(!error.to_string().contains("cannot be read"), "{error}");
        }
    }

    #[test]
    fn texts_come_back_as_they_were(title in "[ -~\u{600}-\u{6ff}é]{1,40}") {
        let escaped = title.replace('&', "&amp;").replace('<', "&lt;");
        for document in [rss(&format!("<item><title>{escaped}</title></item>")), rss(&format!("<item><title><![CDATA[{title}]]></title></item>"))] {
            if title.contains("]]>") || title.trim().is_empty() { continue; }
            let feed = read(&document);
            prop_assert_eq!(&feed.entries[0].title.as_ref().unwrap().value, title.trim());
        }
    }
}
