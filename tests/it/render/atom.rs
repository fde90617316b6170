//! Atom 1.0: parsed again by the crate that wrote it and by feed-rs.

use super::*;

fn parsed(feed: &SectionFeed) -> atom_syndication::Feed {
    let bytes = render::atom(feed, &site());
    check_well_formed(std::str::from_utf8(&bytes).unwrap());
    atom_syndication::Feed::read_from(&bytes[..]).unwrap()
}

fn one(said: FeedEntry) -> atom_syndication::Entry {
    parsed(&feed_of(said)).entries.remove(0)
}

/// The links of an entry with this relation: address, type, title, length.
fn links<'a>(entry: &'a atom_syndication::Entry, relation: &str) -> Vec<[&'a str; 4]> {
    let or_empty = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    let of = entry.links.iter().filter(|link| link.rel == relation);
    of.map(|link| [&link.href, or_empty(&link.mime_type), or_empty(&link.title), or_empty(&link.length)])
        .collect()
}

#[test]
fn the_feed_says_what_it_is() {
    let feed = parsed(&unusual());
    assert_eq!(feed.id, "http://127.0.0.1:8080/sport");
    assert_eq!(feed.title.value, "Section sport – نشرة");
    assert_eq!(feed.updated, at("2026-11-23T08:00:00Z"));
    assert_eq!(feed.lang.as_deref(), Some("ar"));
    assert_eq!(feed.rights, None);
    let links: Vec<_> = feed.links.iter().map(|link| (link.rel.as_str(), link.href.as_str())).collect();
    assert_eq!(
        links,
        [("self", "http://127.0.0.1:8080/sport.atom"), ("alternate", "http://127.0.0.1:8080/sport")]
    );
}

#[test]
fn an_entry_carries_all_that_was_said() {
    let entry = one(rich());
    assert_eq!(entry.id, "https://a.example/id/1");
    assert_eq!(Some(&entry.title.value), rich().title.as_ref());
    assert_eq!(entry.summary.as_ref().map(|summary| &summary.value), rich().summary.as_ref());
    let content = entry.content.as_ref().unwrap();
    assert_eq!(content.content_type.as_deref(), Some("html"));
    assert!(content.value.as_deref().unwrap().starts_with("<p>Content with a\nline &lt;entry&gt; ]]>"));
    assert_eq!(entry.published.unwrap(), at(DAY));
    let people: Vec<_> = entry.authors.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(people, ["أمل & Co", "Zoë"]);
    assert_eq!(entry.authors[0].email.as_deref(), Some("amal@example.org"));
    assert_eq!(entry.authors[0].uri.as_deref(), Some("https://a.example/people/%D8%A3%D9%85%D9%84"));
    assert_eq!(entry.contributors[0].name, "Sami");
    let categories: Vec<_> = entry
        .categories
        .iter()
        .map(|one| (one.term.as_str(), one.scheme.as_deref(), one.label.as_deref()))
        .collect();
    assert_eq!(
        categories,
        [("sport & <x>", Some("https://a.example/topics"), Some("رياضة")), ("plain", None, None),]
    );
    assert_eq!(entry.rights.as_ref().unwrap().value, "© أمل & Co");
    let thumbnail = &entry.extensions["media"]["thumbnail"][0];
    assert_eq!(thumbnail.attrs["url"], "https://a.example/i/1.jpg?w=1&h=%222%22");
}

#[test]
fn links_have_their_relations() {
    let feed = parsed(&unusual());
    let entry = &feed.entries[0];
    let page = "https://a.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/%D8%AE%D8%A8%D8%B1?a=1&b=%5B2%5D";
    assert_eq!(links(entry, "alternate"), [[page, "", "", ""]]);
    let title = "A <file> & \"more\"";
    assert_eq!(
        links(entry, "enclosure"),
        [
            ["https://a.example/%D8%B5%D9%88%D8%B1%D8%A9.jpg", "image/jpeg", title, "12"],
            ["https://a.example/a%20b.mp3?x=1&y=2", "audio/mpeg", title, ""],
            ["https://a.example/unknown", "application/octet-stream", title, ""],
        ]
    );
    assert_eq!(
        links(entry, "related"),
        [
            // What the publisher relates comes first.
            ["https://a.example/%D8%AE%D9%84%D9%81%D9%8A%D8%A9", "", "خلفية", ""],
            ["https://b.example/a?b=1&c=2", "", "Source b: Other <b> & title", ""],
            ["https://c.example/a?b=1&c=2", "", "Source c: ثالث", ""],
        ]
    );
    assert_eq!(
        links(entry, "via"),
        [["https://wire.example/0", "", "", ""], ["https://wire.example/1?a&b", "", "Wire & Co", ""]]
    );
    let bare = &feed.entries[3];
    assert_eq!(links(bare, "alternate").len(), 1);
    assert!(links(bare, "alternate")[0][0].starts_with("http://127.0.0.1:8080/item/"));
}

#[test]
fn every_entry_names_its_source_and_an_author() {
    let feed = parsed(&unusual());
    for entry in &feed.entries {
        assert!(entry.authors.iter().all(|person| !person.name.is_empty()) && !entry.authors.is_empty());
        assert!(entry.source.is_some());
    }
    let source = feed.entries[0].source.as_ref().unwrap();
    assert_eq!((source.title.value.as_str(), source.id.as_str()), ("Source a", "tag:a.example,2026:feed"));
    let found: Vec<_> = source.links.iter().map(|link| (link.rel.as_str(), link.href.as_str())).collect();
    assert_eq!(found, [("alternate", "https://a.example/"), ("self", "https://a.example/feed")]);
    // As it was when it said this: news of the source change nothing here.
    assert_eq!(source.updated, at(DAY));
    assert_eq!(feed.entries[2].source.as_ref().unwrap().updated, at("2026-11-24T10:00:00Z"));
    let local = feed.entries[3].source.as_ref().unwrap();
    assert_eq!(local.id, "http://127.0.0.1:8080/");
    assert_eq!(feed.entries[3].authors[0].name, "Source local");
}

#[test]
fn updated_is_the_last_change_and_never_the_first_sight() {
    let feed = parsed(&unusual());
    assert_eq!(feed.entries[1].updated, at(DAY));
    assert_eq!(feed.entries[2].updated, at("2026-11-24T10:00:00Z"));
    let mut early = entry("urn:x-test:1", said("1", "t", "", DAY));
    early.updated = Some(at("2026-11-20T00:00:00Z"));
    let early = parsed(&super::feed(vec![placed(early)])).entries.remove(0);
    assert_eq!((early.updated, early.published), (at(DAY).fixed_offset(), Some(at(DAY).fixed_offset())));
}

#[test]
fn every_entry_names_its_language_and_its_page_as_the_base() {
    let third = FeedEntry { language: Some("en".to_owned()), ..said("3", "<entry>", "", DAY) };
    let items = ["1", "2"]
        .map(|id| placed(entry(&format!("urn:x-test:{id}"), said(id, "<entry>", "https://e.org/?a&b", DAY))));
    let items = items.into_iter().chain([placed(entry("urn:x-test:3", third))]).collect();
    let document = text(render::atom(&feed(items), &site()));
    check_well_formed(&document);
    let starts: Vec<&str> =
        document.split("<entry").skip(1).map(|part| part.split_once('>').unwrap().0).collect();
    // What has no page at its source is read here, and the feed itself says where that is.
    let linked = " xml:base=\"https://e.org/?a&amp;b\" xml:lang=\"ar\"";
    assert_eq!(starts, [linked, linked, " xml:lang=\"en\""]);
    assert!(document.contains(" xml:base=\"http://127.0.0.1:8080/\" xml:lang=\"ar\">"), "{document}");
}

#[test]
fn feed_rs_reads_the_same() {
    let feed = unusual();
    let parsed = feed_rs::parser::parse(&render::atom(&feed, &site())[..]).unwrap();
    assert_eq!(parsed.entries.len(), feed.placed.len());
    for (read, placed) in parsed.entries.iter().zip(&feed.placed) {
        assert_eq!(read.id, placed.entry.id);
        assert_eq!(read.published, Some(placed.entry.published));
    }
    assert_eq!(parsed.entries[0].title.as_ref().unwrap().content, rich().title.unwrap());
}

#[test]
fn a_feed_that_one_source_fills_is_its_own() {
    let authors = |feed: &SectionFeed| -> Vec<String> {
        parsed(feed).authors.into_iter().map(|person| person.name).collect()
    };
    assert_eq!(authors(&feed_of(rich())), ["Source a"]);
    assert_eq!(authors(&unusual()), Vec::<String>::new());
    // Validators want an author in a feed without entries, though RFC 4287 does not.
    assert_eq!(authors(&feed(vec![])), ["نشرة"]);
}
