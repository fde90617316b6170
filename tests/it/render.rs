//! The documents that readers get: what each format carries, its rules, and that it is always well-formed.

mod around;
mod atom;
mod json;
mod ours;
mod pages;
mod pieces;
mod podcast;
mod property;
mod real;
mod related;
mod rss;
mod strict;

use std::sync::Arc;

use nashra::model::*;
use nashra::pipeline::render;

use crate::kit::entries::*;

/// When everything here was published.
const DAY: &str = "2026-11-22T21:40:00Z";

/// A source with a page and a feed.
fn card(id: &str) -> SourceCard {
    SourceCard {
        id: SourceId(id.to_owned()),
        title: format!("Source {id}"),
        link: Some(format!("https://{id}.example/")),
        feed_url: Some(format!("https://{id}.example/feed")),
        feed_id: format!("tag:{id}.example,2026:feed"),
        language: Some("ar".to_owned()),
        image: None,
        rights: None,
    }
}

/// A source that is a file on this machine and says nothing of itself.
fn local_card(id: &str) -> SourceCard {
    SourceCard { link: None, feed_url: None, feed_id: "not an IRI".to_owned(), language: None, ..card(id) }
}

/// What was decided about something that source `a` said.
fn entry(id: &str, said: FeedEntry) -> Entry {
    let key = EntryKey::new(at(DAY), Digest::of([id.as_bytes()]));
    Entry {
        key,
        id: id.to_owned(),
        source: SourceId("a".to_owned()),
        identity: Identity { kind: IdentityKind::Guid, value: id.to_owned() },
        said,
        published: at(DAY),
        dated: DateOrigin::Source,
        first_seen: at("2026-11-23T08:00:00Z"),
        first_seen_millis: 0,
        updated: None,
        backfill: false,
        story: key,
        story_reason: StoryReason::First,
        matched: None,
        digest: Digest::of([id.as_bytes()]),
        former: vec![],
        revision: 0,
        life: vec![],
    }
}

fn placed(entry: Entry) -> Placed {
    Placed { entry: Arc::new(entry), source: Arc::new(card("a")), also: vec![], related: vec![] }
}

/// A section that shows these.
fn feed(placed: Vec<Placed>) -> SectionFeed {
    let updated = if placed.is_empty() { Timestamp::default() } else { at("2026-11-23T08:00:00Z") };
    SectionFeed {
        section: section("sport", 50, 50),
        placed,
        removed: vec![],
        archive: None,
        updated,
        fingerprint: Digest([1; 16]),
    }
}

/// A section that shows one entry of which the source said this.
fn feed_of(said: FeedEntry) -> SectionFeed {
    feed(vec![placed(entry("https://a.example/id/1", said))])
}

/// The other coverage of a story, by a source with this id.
fn also(id: &str, title: &str) -> Also {
    let said = said(id, title, &format!("https://{id}.example/a?b=1&c=2"), DAY);
    Also { entry: Arc::new(entry(&format!("https://{id}.example/other"), said)), source: Arc::new(card(id)) }
}

fn side_file(
    url: &str,
    media_type: Option<&str>,
    language: Option<&str>,
    relation: Option<&str>,
) -> SideFile {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let (media_type, language, relation) = (owned(media_type), owned(language), owned(relation));
    SideFile { url: url.to_owned(), media_type, language, relation }
}

/// Plain text that an RSS reader makes of what stands in an element of text.
fn shown(text: &str) -> String {
    nashra::pipeline::text::decode(text).into_owned()
}

/// Everything that a source can say, with every character that needs care.
fn rich() -> FeedEntry {
    let person = |name: &str| Person {
        name: name.to_owned(),
        email: Some("amal@example.org".to_owned()),
        url: Some("https://a.example/people/أمل".to_owned()),
    };
    let file = |url: &str, media_type: Option<&str>, length| Enclosure {
        url: url.to_owned(),
        media_type: media_type.map(str::to_owned),
        length,
        duration_seconds: Some(61),
        title: Some("A <file> & \"more\"".to_owned()),
    };
    FeedEntry {
        id: Some("1".to_owned()),
        title: Some("أيضــــــًا: «A & B» <i> ]]> \u{200f}(2)\u{200e}".to_owned()),
        link: Some("https://a.example/رياضة/خبر?a=1&b=[2]".to_owned()),
        original_link: None,
        summary: Some("<p>Summary &amp; <b>more</b> ]]&gt;</p>".to_owned()),
        content: Some(
            "<p>Content\u{8} with a\r\nline &lt;entry&gt; ]]> <a href=\"https://e.org/?a&amp;b\">x</a></p>"
                .to_owned(),
        ),
        published: Some(at(DAY)),
        updated: None,
        authors: vec![person("أمل & Co"), person("Zoë")],
        contributors: vec![person("Sami")],
        categories: vec![
            Category {
                term: "sport & <x>".to_owned(),
                scheme: Some("https://a.example/topics".to_owned()),
                label: Some("رياضة".to_owned()),
            },
            Category { term: "plain".to_owned(), scheme: Some("not an IRI".to_owned()), label: None },
            Category { term: " ".to_owned(), scheme: None, label: None },
        ],
        enclosures: vec![
            file("https://a.example/صورة.jpg", Some("image/jpeg"), Some(12)),
            file("https://a.example/a b.mp3?x=1&y=2", Some("Audio/MPEG; q=1"), None),
            file("https://a.example/unknown", None, Some(0)),
            file("javascript:alert(1)", Some("text/html"), None),
        ],
        image: Some("https://a.example/i/1.jpg?w=1&h=\"2\"".to_owned()),
        caption: Some(Caption {
            title: Some("صورة & <b>".to_owned()),
            text: Some("Below it".to_owned()),
            credit: Some("R&D".to_owned()),
            width: Some(640),
            height: Some(0),
        }),
        comments: Some("https://a.example/خبر#comments".to_owned()),
        references: vec![
            Reference {
                url: "https://a.example/خلفية".to_owned(),
                title: Some("خلفية".to_owned()),
                is_origin: false,
            },
            Reference { url: "https://wire.example/0".to_owned(), title: None, is_origin: true },
            Reference { url: "javascript:a()".to_owned(), title: None, is_origin: false },
        ],
        origin: Some(Origin {
            title: Some("Wire & Co".to_owned()),
            url: Some("https://wire.example/1?a&b".to_owned()),
        }),
        language: Some("fr-MA".to_owned()),
        rights: Some("© أمل & Co".to_owned()),
        episode: Some(rich_episode()),
    }
}

/// The same of an episode.
fn rich_episode() -> Episode {
    Episode {
        duration_seconds: Some(61),
        number: Some(3),
        season: Some(0),
        explicit: Some(false),
        kind: Some(EpisodeKind::Bonus),
        title: Some("Title & <b>".to_owned()),
        author: Some("أمل & Co".to_owned()),
        subtitle: Some("A line".to_owned()),
        summary: Some("Two lines,\nas one".to_owned()),
        image: Some("https://a.example/غلاف.jpg?a&b".to_owned()),
        is_blocked: true,
        transcripts: vec![
            side_file("https://a.example/نص.vtt?a&b", Some("text/vtt"), Some("ar"), Some("captions")),
            side_file("https://a.example/2", None, None, None),
            side_file("javascript:alert(1)", Some("text/vtt"), None, None),
        ],
        chapters: Some(side_file("https://a.example/chapters.json", None, None, None)),
    }
}

/// A feed with whatever is unusual: everything said, nothing said, a local source, other coverage.
fn unusual() -> SectionFeed {
    let bare = entry("urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11", FeedEntry::default());
    let pictures = FeedEntry {
        content: Some("<img src=\"https://a.example/1.jpg\">".to_owned()),
        ..FeedEntry::default()
    };
    let untitled = FeedEntry {
        summary: Some("<p>".to_owned() + &"كلمة ".repeat(200) + "</p>"),
        ..FeedEntry::default()
    };
    let permalink = said("1", "Permalink", "https://a.example/permalink", DAY);
    let mut updated = entry("tag:a.example,2026:updated", said("2", "Updated", "https://a.example/u", DAY));
    updated.updated = Some(at("2026-11-24T10:00:00Z"));
    feed(vec![
        Placed {
            also: vec![also("b", "Other <b> & title"), also("c", "ثالث")],
            ..placed(entry("https://a.example/id/خبر", rich()))
        },
        placed(entry("https://a.example/permalink", permalink)),
        placed(updated),
        Placed { source: Arc::new(local_card("local")), ..placed(bare) },
        Placed { also: vec![also("b", "Other")], ..placed(entry("urn:x-test:pictures", pictures)) },
        placed(entry("urn:x-test:untitled", untitled)),
    ])
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Parses strictly and fails on the first thing that is not well-formed.
fn check_well_formed(document: &str) {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {document}")) {
            Event::Start(element) => {
                depth += 1;
                element.attributes().for_each(|attribute| {
                    attribute.unwrap().normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                });
            }
            Event::Empty(element) => element.attributes().for_each(|attribute| {
                attribute.unwrap().normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
            }),
            Event::End(_) => depth -= 1,
            Event::GeneralRef(name) => {
                let known = ["amp", "lt", "gt", "quot", "apos"];
                let named = std::str::from_utf8(&name).unwrap().to_owned();
                assert!(named.starts_with('#') || known.contains(&named.as_str()), "&{named};");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    check_legal(document);
}

/// No character that XML 1.0 forbids.
fn check_legal(document: &str) {
    let illegal =
        |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert_eq!(document.chars().find(|c| illegal(*c)), None);
}

/// Every document of a feed.
fn all(feed: &SectionFeed, site: &Site) -> Vec<Vec<u8>> {
    let item = |placed: &Placed| render::item_page(site, placed, false);
    let mut documents = vec![
        render::rss(feed, site),
        render::atom(feed, site),
        render::json(feed, site),
        render::section_page(site, feed),
        render::front_page(site, std::slice::from_ref(feed)),
        render::bot_page(site),
    ];
    documents.extend(feed.placed.iter().map(item));
    documents
}

#[test]
fn same_facts_same_bytes() {
    let (feed, site) = (unusual(), site());
    let first = all(&feed, &site);
    for _ in 0..10 {
        assert_eq!(all(&unusual(), &site), first);
    }
}

#[test]
fn own_addresses_begin_with_the_site() {
    let site = Site { url: "https://news.example/portal".to_owned(), ..site() };
    for document in all(&unusual(), &site).into_iter().map(text) {
        assert!(document.contains("https://news.example/portal/"));
        assert!(!document.contains("127.0.0.1"), "{document}");
        for start in ["href=\"/", "src=\"/", "\"url\":\"/"] {
            assert!(!document.contains(start), "{start} in {document}");
        }
    }
}

#[test]
fn an_empty_section_has_all_its_documents() {
    let (feed, site) = (feed(vec![]), site());
    let (rss, atom) = (text(render::rss(&feed, &site)), text(render::atom(&feed, &site)));
    assert!(!rss.contains("lastBuildDate"), "{rss}");
    assert!(atom.contains("<updated>1970-01-01T00:00:00+00:00</updated>"), "{atom}");
    let json: serde_json::Value = serde_json::from_slice(&render::json(&feed, &site)).unwrap();
    assert_eq!(json["items"], serde_json::json!([]));
    assert!(text(render::section_page(&site, &feed)).contains("لا شيء هنا بعد."));
}

#[test]
fn the_three_formats_name_the_same_entries_in_the_same_order() {
    let (feed, site) = (unusual(), site());
    let expected: Vec<String> = feed.placed.iter().map(|placed| placed.entry.id.clone()).collect();
    let rss = ::rss::Channel::read_from(&render::rss(&feed, &site)[..]).unwrap();
    let atom = atom_syndication::Feed::read_from(&render::atom(&feed, &site)[..]).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&render::json(&feed, &site)).unwrap();
    let guids: Vec<&str> = rss.items.iter().map(|item| item.guid.as_ref().unwrap().value.as_str()).collect();
    let ids: Vec<&str> = atom.entries.iter().map(|entry| entry.id.as_str()).collect();
    let items: Vec<&str> =
        json["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(guids, expected);
    assert_eq!(ids, expected);
    assert_eq!(items, expected);
}

#[test]
fn documents_are_compressed_and_tagged() {
    use std::io::Read as _;
    let make =
        |body: &str| render::document("text/plain", body.as_bytes().to_vec(), Some(at(DAY)), Digest([7; 16]));
    let body = "نشرة ".repeat(1000);
    let document = make(&body);
    assert_eq!(document, make(&body));
    assert_eq!(document.identity, body.as_bytes());
    assert!(Coding::PACKED.iter().all(|coding| !document.is_ready(*coding)), "that takes time");
    let packed = |coding| document.body(coding).unwrap().clone();
    let mut unpacked = [String::new(), String::new()];
    flate2::read::GzDecoder::new(&packed(Coding::Gzip)[..]).read_to_string(&mut unpacked[0]).unwrap();
    brotli::Decompressor::new(&packed(Coding::Br)[..], 4096).read_to_string(&mut unpacked[1]).unwrap();
    assert_eq!(unpacked, [body.clone(), body.clone()]);
    let unpacked = zstd::bulk::decompress(&packed(Coding::Zstd), body.len()).unwrap();
    assert_eq!(unpacked, body.as_bytes());
    assert_eq!(&packed(Coding::Gzip)[4..8], [0; 4], "the time in the gzip header");
    assert!(Coding::PACKED.iter().all(|coding| document.is_ready(*coding)));
    // Nobody is helped by a coding of what is short, or compressed already.
    let image = render::document("image/png", body.clone().into_bytes(), None, Digest([7; 16]));
    let worth = [&document, &make(&"x".repeat(1023)), &make(&"x".repeat(1024)), &image]
        .map(Document::is_worth_packing);
    assert_eq!(worth, [true, false, true, false]);
    let etags = [&document, &make("x")].map(|one| Coding::ALL.map(|coding| coding.etag(one.version)));
    assert_eq!(etags.iter().flatten().collect::<std::collections::BTreeSet<_>>().len(), 8, "{etags:?}");
    assert_eq!(document.last_modified, Some(at(DAY)));
    assert_eq!(document.fingerprint, Digest([7; 16]));
}
