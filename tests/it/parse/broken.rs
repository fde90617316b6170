//! What publishers get wrong, one quirk a case: nothing is lost, and the admin hears of it.

use super::{atom, codes, read, rss};

/// The titles of a document's entries, and the code that must be among its problems.
fn check(document: &str, titles: &[&str], code: &str) {
    let feed = read(document);
    let found: Vec<_> = feed
        .entries
        .iter()
        .map(|entry| entry.title.as_ref().map_or("", |title| title.value.trim()))
        .collect();
    assert_eq!(found, titles, "{document}\n{feed:#?}");
    let codes = codes(&feed);
    if code.is_empty() {
        assert!(codes.is_empty(), "{document}\n{codes:?}");
    } else {
        assert!(codes.contains(&code), "{document}\n{codes:?} lacks {code}");
    }
}

/// The text of the first entry.
fn check_text(document: &str, expected: &str, code: &str) {
    let feed = read(document);
    let one = &feed.entries[0];
    let text = one.content.as_ref().or(one.summary.as_ref()).map_or("", |text| text.value.trim());
    assert_eq!(text, expected, "{document}");
    assert!(codes(&feed).contains(&code), "{document}\n{:?} lacks {code}", feed.problems);
}

const TWO: &str = "<item><title>a</title></item><item><title>b</title></item>";

#[test]
fn around_the_feed() {
    check(&format!("\n\n  {}", rss(TWO)), &["a", "b"], "blank-before");
    check(
        &format!("<br />\n<b>Warning</b>: include() in <b>/x.php</b>\n{}", rss(TWO)),
        &["a", "b"],
        "junk-before",
    );
    check(&format!("{}\n<script>track()</script>", rss(TWO)), &["a", "b"], "junk-behind");
    check(&format!("{} and more", rss(TWO)), &["a", "b"], "junk-behind");
    check(&format!("{}<item><title>c</title></item>", rss(TWO)), &["a", "b", "c"], "outside-channel");
    let doctype = "<!DOCTYPE rss [<!ENTITY lol \"lol\"><!ENTITY l2 \"&lol;&lol;\">]>";
    check(
        &rss("<item><title>&l2;</title></item>").replace("<rss", &format!("{doctype}<rss")),
        &["&l2;"],
        "bare-ampersand",
    );
    let outside = format!("<rss version=\"2.0\"><channel><title>T</title></channel>{TWO}</rss>");
    check(&outside, &["a", "b"], "outside-channel");
    check(&rss(TWO).replace("<rss version=\"2.0\">", "").replace("</rss>", ""), &["a", "b"], "");
}

#[test]
fn tags() {
    check(&rss("<item><title>a</item><item><title>b</title></item>"), &["a", "b"], "unclosed-element");
    check(&rss("<item><title>a</title><item><title>b</title></item>"), &["a", "b"], "unclosed-element");
    check(&rss("<item><title>a<link>/a</link></item>"), &["a"], "unclosed-element");
    check(&rss("<item><title>a</titel></title></item>"), &["a"], "");
    check(&rss("<item></author><title>a</title></item>"), &["a"], "stray-end-tag");
    check(&rss("<Item><TITLE>a</Title></ITEM>"), &["a"], "wrong-case");
    check(&rss("<item><x:y>z<title>a</title></item><item><title>b</title></item>"), &["", "b"], "");
    check(
        &rss("<item><guid isPermaLink=false x=1 x=2>g</guid><title>a</title></item>"),
        &["a"],
        "unquoted-attribute",
    );
    check(
        &rss("<item><title>a</title><enclosure url=\"/x.mp3 length=\"1\"></item>"),
        &["a"],
        "unclosed-element",
    );
    check(&rss("<item><title><b>a</b> &amp; c</title></item>"), &["<b>a</b> &amp; c"], "unescaped-markup");
    check(&atom("<entry><author><name>x</author><title>a</title></entry>"), &["a"], "unclosed-element");
}

#[test]
fn characters() {
    check(&rss("<item><title>Caf&eacute;&nbsp;&hellip;</title></item>"), &["Café\u{a0}…"], "html-entity");
    check(&rss("<item><title>AT&T & R&D</title></item>"), &["AT&T & R&D"], "bare-ampersand");
    check(&rss("<item><title>1 < 2</title></item>"), &["1 < 2"], "stray-less-than");
    check(&rss("<item><title>x <y and z</title></item>"), &["x <y and z"], "stray-less-than");
    check(&rss("<item><title>a\u{8}b&#x1F;&#0;c</title></item>"), &["abc"], "control-characters");
    check(&rss("<item><title>it&#146;s</title></item>"), &["it’s"], "");
    check(&rss("<item><title>Ø£Ø®Ø¨Ø§Ø±</title></item>"), &["أخبار"], "encoded-twice");
    let links = read(&rss("<item><link>http://e.org/?a=1&b=2&copy=3</link></item>"));
    assert_eq!(links.entries[0].links[0].href, "http://e.org/?a=1&b=2&copy=3");
}

#[test]
fn texts() {
    let raw = rss("<item><description><p>One</p><br>two &amp; <img src=\"/x.jpg\"/></description></item>");
    check_text(&raw, "<p>One</p><br>two &amp; <img src=\"/x.jpg\">", "unescaped-markup");
    let nested = rss("<item><description><![CDATA[a <![CDATA[b]]> c]]></description></item>");
    check_text(&nested, "a b c", "nested-cdata");
    let endless = rss("<item><description><![CDATA[a <b>b</b></description></item>");
    check_text(&endless, "a <b>b</b></description>", "unterminated");
    let unclosed = atom("<entry><content type=\"xhtml\"><div><p>a</div></content></entry>");
    let feed = read(&unclosed);
    assert!(feed.entries[0].content.as_ref().unwrap().value.contains("<p>a"), "{feed:?}");
}

#[test]
fn prefixes() {
    let check = |document: &str| {
        let feed = read(document);
        let one = &feed.entries[0];
        assert_eq!(one.content.as_ref().unwrap().value, "x", "{document}");
        assert_eq!(one.authors[0].name.as_deref(), Some("Amal"), "{document}");
    };
    let inside = "<item><content:encoded>x</content:encoded><dc:creator>Amal</dc:creator></item>";
    check(&rss(inside));
    let other = inside.replace("content:", "c:").replace("dc:", "d:");
    check(&rss(&other).replace(
        "<rss ",
        "<rss xmlns:c=\"http://purl.org/rss/1.0/modules/content/\" xmlns:d=\"http://purl.org/dc/elements/1.1\" ",
    ));
    check(
        &rss(inside).replace("<rss ", "<rss xmlns=\"http://www.w3.org/2005/Atom\" xmlns:dc=\"urn:nobody\" "),
    );
}

#[test]
fn truncated_documents_keep_every_complete_entry() {
    let whole =
        rss("<item><title>a</title><link>/a</link></item><item><title>b</title><link>/b</link></item>");
    let cut = |marker: &str| &whole[..whole.find(marker).unwrap() + marker.len()];
    check(cut("<title>b"), &["a", ""], "truncated");
    check(cut("<link>/b</link>"), &["a", "b"], "truncated");
    check(cut("<title>b</tit"), &["a", ""], "truncated");
    for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        let text = &whole[..at];
        if let Ok(feed) = nashra::pipeline::parse::parse(text.as_bytes(), None) {
            let complete = text.matches("</item>").count();
            assert!(feed.entries.len() >= complete, "{text}");
        } else {
            assert!(!text.contains("<rss version=\"2.0\">"), "{text}");
        }
    }
}
