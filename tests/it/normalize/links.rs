//! Links: which one is the page, and to what relative ones are joined.

use nashra::model::*;
use nashra::pipeline::normalize::normalize;
use url::Url;

use super::{DOCUMENT, alternate, clean, entry, link, read, read_entry, some};

/// What `href` becomes as the link of an entry of [`DOCUMENT`]; empty where it is none.
fn check(href: &str, expected: &str) {
    let (entry, problems) = read_entry(RawEntry { links: vec![alternate(href)], ..entry() });
    assert_eq!(entry.link.as_deref().unwrap_or_default(), expected, "{href}");
    assert_eq!(problems.is_empty(), !expected.is_empty() || href.trim().is_empty(), "{href}: {problems:?}");
}

#[test]
fn an_absolute_link_stays_as_it_was_given() {
    for href in [
        "https://e.org",
        "https://E.org/A?utm_source=rss&b=%d8%ae#top",
        "http://e.org:80/a/../b",
        "https://e.org/خبر/عاجل?q=كلمة",
        "https://مثال.إختبار/",
        "https://user@e.org/a",
    ] {
        check(href, href);
    }
}

#[test]
fn a_link_is_made_absolute_and_repaired() {
    check("/a", "https://example.org/a");
    check("a?b=1", "https://example.org/blog/a?b=1");
    check("../x", "https://example.org/x");
    check("?p=3", "https://example.org/blog/feed.xml?p=3");
    check("//cdn.e.org/x", "https://cdn.e.org/x");
    check("  https://e.org/a\n", "https://e.org/a");
    check("https://e.org/\n    long/\n    path", "https://e.org/long/path");
    check("https://e.org/two words.html", "https://e.org/two%20words.html");
    check("\u{200F}https://e.org/a\u{200F}", "https://e.org/a");
    check("https://e.org/?a=1&amp;b=2", "https://e.org/?a=1&b=2");
    check("www.e.org/a", "http://www.e.org/a");
    check("http:///e.org/a", "http://e.org/a");
    check("feed://e.org/a", "http://e.org/a");
    check("feed:https://e.org/a", "https://e.org/a");
    check("/خبر", "https://example.org/%D8%AE%D8%A8%D8%B1");
    check("mailto:a@e.org", "mailto:a@e.org");
    check("", "");
    check(" \n ", "");
}

#[test]
fn what_leads_nowhere_is_no_link() {
    check("javascript:alert(1)", "");
    check("JaVa\nScript:alert(1)", "");
    check("data:text/html,x", "");
    check("file:///etc/passwd", "");
    check("vbscript:x", "");
    check("blob:https://e.org/x", "");
    check("http://", "");
    check("https://e.org:99999/", "");
    check(&format!("https://e.org/{}", "a".repeat(9000)), "");
}

#[test]
fn bases_from_the_inside_out() {
    let entry_of = |document: Option<&str>, feed: &str, entry_base: &str, local: &str, own: &str| {
        let local = RawLink { base: some(local), ..alternate("a") };
        let raw = RawFeed {
            base: some(feed),
            links: vec![link(own, "alternate", "text/html")],
            entries: vec![RawEntry { base: some(entry_base), links: vec![local], ..entry() }],
            ..RawFeed::default()
        };
        let document = document.map(|url| Url::parse(url).unwrap());
        normalize(raw, document.as_ref(), &clean).entries[0].link.clone().unwrap_or_default()
    };
    let document = Some(DOCUMENT);
    assert_eq!(entry_of(document, "", "", "", ""), "https://example.org/blog/a");
    assert_eq!(entry_of(document, "http://f.org/x/", "", "", ""), "http://f.org/x/a");
    assert_eq!(entry_of(document, "/y/", "", "", ""), "https://example.org/y/a");
    assert_eq!(entry_of(document, "/y/", "z/", "", ""), "https://example.org/y/z/a");
    assert_eq!(entry_of(document, "/y/", "z/", "w/", ""), "https://example.org/y/z/w/a");
    assert_eq!(entry_of(document, "", "", "http://l.org/", "http://own.org/"), "http://l.org/a");
    // Without an address, and for a file, the feed's own link is the base; nothing leads into the disk.
    for document in [None, Some("file:///srv/feeds/a.xml")] {
        assert_eq!(entry_of(document, "", "", "", "http://own.org/b/"), "http://own.org/b/a");
        assert_eq!(entry_of(document, "", "", "", ""), "");
        assert_eq!(entry_of(document, "file:///srv/", "", "", ""), "");
    }
}

/// Which of the links of an entry is its page.
fn check_page(raw: RawEntry, expected: &str) {
    let (entry, _) = read_entry(RawEntry { title: Some(RawText::default()), ..raw });
    assert_eq!(entry.link.as_deref().unwrap_or_default(), expected);
}

#[test]
fn which_link_is_the_page() {
    let links = |links: Vec<RawLink>| RawEntry { links, ..entry() };
    let iana = "http://www.iana.org/assignments/relation/alternate";
    check_page(links(vec![link("/self", "self", ""), link("/a", "alternate", "")]), "https://example.org/a");
    check_page(
        links(vec![link("/a.pdf", "alternate", "application/pdf"), link("/a", "alternate", "text/html")]),
        "https://example.org/a",
    );
    check_page(
        links(vec![
            link("/c.atom", "alternate", "application/atom+xml"),
            link("/a.txt", "alternate", "text/plain"),
        ]),
        "https://example.org/a.txt",
    );
    check_page(links(vec![link("/c.json", "alternate", "application/json")]), "https://example.org/c.json");
    check_page(
        links(vec![link("/first", "", ""), link("/second", "alternate", "")]),
        "https://example.org/first",
    );
    check_page(links(vec![link("/a", iana, "")]), "https://example.org/a");
    check_page(
        links(vec![link("javascript:x", "alternate", ""), link("/a", "alternate", "")]),
        "https://example.org/a",
    );
    check_page(links(vec![link("/r", "related", ""), link("/v", "via", "")]), "https://example.org/r");
    check_page(links(vec![link("/x.mp3", "enclosure", "audio/mpeg"), link("/e", "edit", "")]), "");

    let guid = |id: &str, is_permalink| RawEntry { id: some(id), id_is_permalink: is_permalink, ..entry() };
    check_page(guid("https://e.org/1", Some(true)), "https://e.org/1");
    check_page(guid("https://e.org/1", None), "https://e.org/1");
    check_page(guid("https://e.org/1", Some(false)), "");
    check_page(guid("tag:e.org,2026:1", None), "");
    check_page(guid("/1", Some(true)), "");
    check_page(
        RawEntry { links: vec![alternate("/a")], ..guid("https://e.org/1", Some(true)) },
        "https://example.org/a",
    );
    check_page(
        RawEntry { links: vec![alternate("")], ..guid("https://e.org/1", Some(true)) },
        "https://e.org/1",
    );
    check_page(RawEntry { original_link: some("https://o.org/1"), ..entry() }, "https://o.org/1");
}

#[test]
fn the_original_link_stands_beside_the_link() {
    let raw = RawEntry {
        links: vec![alternate("https://feeds.feedburner.com/~r/x/1")],
        original_link: some(" /story "),
        comments: some("/story#comments"),
        ..entry()
    };
    let (entry, _) = read_entry(raw);
    assert_eq!(entry.link.as_deref(), Some("https://feeds.feedburner.com/~r/x/1"));
    assert_eq!(entry.original_link.as_deref(), Some("https://example.org/story"));
    assert_eq!(entry.comments.as_deref(), Some("https://example.org/story#comments"));
}

#[test]
fn the_links_of_a_feed() {
    let feed = read(RawFeed {
        links: vec![
            link("/feed.xml", "self", "application/rss+xml"),
            link("https://hub.e.org/", "hub", ""),
            link("/blog/", "alternate", ""),
        ],
        images: vec![String::new(), "data:image/png;base64,xx".to_owned(), "logo.png".to_owned()],
        ..RawFeed::default()
    });
    assert_eq!(feed.link.as_deref(), Some("https://example.org/blog/"));
    assert_eq!(feed.self_url.as_deref(), Some("https://example.org/feed.xml"));
    assert_eq!(feed.hubs, ["https://hub.e.org/"]);
    assert_eq!(feed.image.as_deref(), Some("https://example.org/blog/logo.png"));
}

#[test]
fn pages_that_an_entry_names_beside_its_own_are_kept() {
    let check = |links: Vec<RawLink>, expected: &[(&str, bool)]| {
        let (entry, _) = read_entry(RawEntry { links, ..entry() });
        let found = entry.references.iter().map(|one| (one.url.as_str(), one.is_origin));
        assert_eq!(found.collect::<Vec<_>>(), expected);
    };
    let (own, via) = (|| alternate("https://e.org/a"), |href: &str| link(href, "via", ""));
    check(
        vec![own(), via("https://wire.example/1"), link("b", "related", "")],
        &[("https://wire.example/1", true), ("https://example.org/blog/b", false)],
    );
    // Twice the same, its own page, and what leads nowhere.
    check(
        vec![own(), via("/x"), via("/x"), via("https://e.org/a"), via("javascript:a()")],
        &[("https://example.org/x", true)],
    );
    // Where it has no page, the related one stands for it.
    check(vec![link("/r", "related", ""), via("/v")], &[("https://example.org/v", true)]);
    let many = (0..100).map(|n| link(&format!("/{n}"), "related", "")).collect();
    let (entry, _) = read_entry(RawEntry { links: many, ..entry() });
    assert_eq!(entry.references.len(), 8);
}
