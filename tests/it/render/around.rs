//! What stands around the entries: hubs, clouds, the rhythm, pages of the archive, entries that are no more.

use super::*;

/// A site that pushes, at an address with a path.
fn pushing() -> Site {
    Site {
        url: "https://news.example/portal".to_owned(),
        hubs: vec!["https://news.example/portal/hub".to_owned(), "https://hub.example/?a&b".to_owned()],
        has_cloud: true,
        ..site()
    }
}

/// A section with an archive, of which two entries were taken out.
fn torn() -> SectionFeed {
    let removed = |id: &str| Removed { id: id.to_owned(), at: at("2026-11-24T09:00:00Z") };
    SectionFeed {
        removed: vec![removed("https://a.example/?a&\"b\""), removed("urn:x-test:gone")],
        archive: Some(7),
        ..unusual()
    }
}

/// The links of the feed itself: relation, address, type.
fn atom_links(document: &[u8]) -> Vec<(String, String, Option<String>)> {
    let feed = atom_syndication::Feed::read_from(document).unwrap();
    feed.links.into_iter().map(|link| (link.rel, link.href, link.mime_type)).collect()
}

fn owned(links: &[(&str, &str, Option<&str>)]) -> Vec<(String, String, Option<String>)> {
    links.iter().map(|(rel, href, kind)| ((*rel).into(), (*href).into(), kind.map(Into::into))).collect()
}

const ATOM: Option<&str> = Some("application/atom+xml");

#[test]
fn every_format_names_the_hubs() {
    let (feed, site) = (torn(), pushing());
    let expected = owned(&[
        ("self", "https://news.example/portal/sport.atom", ATOM),
        ("alternate", "https://news.example/portal/sport", Some("text/html")),
        ("hub", "https://news.example/portal/hub", None),
        ("hub", "https://hub.example/?a&b", None),
        ("prev-archive", "https://news.example/portal/sport/archive/7.atom", ATOM),
    ]);
    assert_eq!(atom_links(&render::atom(&feed, &site)), expected);
    let channel = ::rss::Channel::read_from(&render::rss(&feed, &site)[..]).unwrap();
    let links: Vec<_> = channel.atom_ext.unwrap().links;
    let links: Vec<_> = links.into_iter().map(|link| (link.rel, link.href, link.mime_type)).collect();
    let own = owned(&[("self", "https://news.example/portal/sport.rss", Some("application/rss+xml"))]);
    assert_eq!(links, [&own[..], &expected[2..]].concat());
    let json: serde_json::Value = serde_json::from_slice(&render::json(&feed, &site)).unwrap();
    let hub = |url: &str| serde_json::json!({"type": "WebSub", "url": url});
    assert_eq!(
        json["hubs"],
        serde_json::json!([hub("https://news.example/portal/hub"), hub("https://hub.example/?a&b")])
    );
}

fn check_cloud(url: &str, expected: Option<[&str; 3]>) {
    let site = Site { url: url.to_owned(), has_cloud: expected.is_some(), ..site() };
    let channel = ::rss::Channel::read_from(&render::rss(&feed(vec![]), &site)[..]).unwrap();
    let found = channel.cloud.map(|cloud| {
        assert_eq!((cloud.protocol.as_str(), cloud.register_procedure.as_str()), ("http-post", ""));
        [cloud.domain, cloud.port, cloud.path]
    });
    assert_eq!(found, expected.map(|parts| parts.map(str::to_owned)));
}

#[test]
fn the_cloud_is_where_the_site_is() {
    check_cloud("https://news.example", Some(["news.example", "443", "/rsscloud/pleaseNotify"]));
    check_cloud("http://127.0.0.1:8080/a", Some(["127.0.0.1", "8080", "/a/rsscloud/pleaseNotify"]));
    check_cloud("http://127.0.0.1:8080", None);
}

#[test]
fn what_was_taken_out_is_said_in_atom() {
    let (feed, site) = (torn(), site());
    let atom = text(render::atom(&feed, &site));
    check_well_formed(&atom);
    assert!(atom.contains(" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\""), "{atom}");
    for id in ["https://a.example/?a&amp;&quot;b&quot;", "urn:x-test:gone"] {
        let expected = format!("<at:deleted-entry ref=\"{id}\" when=\"2026-11-24T09:00:00Z\">");
        assert!(atom.contains(&expected), "{expected} in {atom}");
    }
    let pieces = render::atom_pieces(atom.as_bytes()).unwrap();
    assert_eq!(pieces.list.len(), feed.placed.len() + 2);
    // Nothing is between them that would stay behind when one is left out.
    assert!(pieces.list.windows(2).all(|pair| pair[0].range.end == pair[1].range.start));
    let alone = SectionFeed { placed: vec![], ..torn() };
    let alone = text(render::atom(&alone, &site));
    check_well_formed(&alone);
    assert_eq!(render::atom_pieces(alone.as_bytes()).unwrap().list.len(), 2);
    assert!(
        !text(render::atom(&unusual(), &site)).contains("xmlns:at"),
        "nothing is declared that is not used"
    );
}

#[test]
fn a_page_of_the_archive_knows_its_neighbours() {
    let (feed, site) = (torn(), pushing());
    let section = "https://news.example/portal/sport";
    let check = |older: Option<u64>, newer: Option<u64>, expected: &[(&str, &str)]| {
        let heading = render::Heading::of_archive(&feed.section, &site, 3, older, newer, at(DAY));
        let document = render::atom_of(&heading, &feed.placed, &[], &site);
        let shown = text(document.clone());
        check_well_formed(&shown);
        assert!(
            shown.contains(" xmlns:fh=\"http://purl.org/syndication/history/1.0\"")
                && shown.contains("<fh:archive/>")
        );
        let all: Vec<_> = atom_links(&document).into_iter().map(|(rel, href, _)| (rel, href)).collect();
        let link = |(rel, file): &(&str, &str)| ((*rel).to_owned(), format!("{section}{file}"));
        assert_eq!(all, expected.iter().map(link).collect::<Vec<_>>());
        // One feed, one id.
        assert_eq!(atom_syndication::Feed::read_from(&document[..]).unwrap().id, section);
        assert_eq!(render::atom_pieces(&document).unwrap().list.len(), feed.placed.len());
    };
    let own = [("self", "/archive/3.atom"), ("alternate", ""), ("current", ".atom")];
    let (older, newer) = (("prev-archive", "/archive/2.atom"), ("next-archive", "/archive/4.atom"));
    check(None, None, &own);
    check(Some(2), None, &[&own[..], &[older]].concat());
    check(Some(2), Some(4), &[&own[..], &[older, newer]].concat());
    assert!(!text(render::atom(&feed, &site)).contains("fh:"), "the live feed is no page of the archive");
}

#[test]
fn any_list_can_have_a_heading() {
    let heading = render::Heading {
        id: "urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11".to_owned(),
        title: "«a & <b>»\u{8}".to_owned(),
        page: "https://news.example/search?q=a&b".to_owned(),
        address: "https://news.example/search.atom?q=a&b".to_owned(),
        links: vec![("search", "https://news.example/opensearch.xml".to_owned())],
        updated: at(DAY),
        ..render::Heading::default()
    };
    let document = render::atom_of(&heading, &unusual().placed, &[], &site());
    check_well_formed(std::str::from_utf8(&document).unwrap());
    let feed = atom_syndication::Feed::read_from(&document[..]).unwrap();
    assert_eq!((feed.id, feed.title.value, feed.subtitle), (heading.id, "«a & <b>»".to_owned(), None));
    assert_eq!(feed.updated, at(DAY));
    let expected = owned(&[
        ("self", &heading.address, ATOM),
        ("alternate", &heading.page, Some("text/html")),
        ("search", "https://news.example/opensearch.xml", Some("application/opensearchdescription+xml")),
    ]);
    assert_eq!(atom_links(&document), expected);
}

/// The `ttl` of a section whose entries are `gaps` minutes apart.
fn check_ttl(gaps: &[i64], expected: u32) {
    let mut when = at(DAY);
    let mut items = vec![placed(entry("urn:x-test:0", FeedEntry::default()))];
    for (index, gap) in gaps.iter().enumerate() {
        when -= chrono::TimeDelta::minutes(*gap);
        let mut entry = entry(&format!("urn:x-test:{}", index + 1), FeedEntry::default());
        entry.published = when;
        items.push(placed(entry));
    }
    let shown = feed(items.clone());
    assert_eq!(render::ttl_minutes(&shown), expected, "{gaps:?}");
    items.reverse();
    assert_eq!(render::ttl_minutes(&feed(items)), expected, "whatever the order");
    let channel = ::rss::Channel::read_from(&render::rss(&shown, &site())[..]).unwrap();
    assert_eq!(channel.ttl, Some(expected.to_string()));
}

#[test]
fn readers_come_back_in_the_rhythm_of_the_section() {
    check_ttl(&[], 60);
    check_ttl(&[0, 0, 1], 5);
    check_ttl(&[29; 9], 10);
    check_ttl(&[60; 40], 30);
    check_ttl(&[60, 60, 60, 100_000, 3], 30);
    check_ttl(&[1440; 9], 240);
    check_ttl(&[i64::from(u16::MAX); 3], 240);
    // What was long ago says nothing about now.
    check_ttl(&[[20; 24], [5000; 24]].concat(), 10);
    assert_eq!(render::ttl_minutes(&feed(vec![])), 60);
}
