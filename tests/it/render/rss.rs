//! RSS 2.0: parsed again by the crate that wrote it and by feed-rs.

use super::*;

fn channel(feed: &SectionFeed) -> ::rss::Channel {
    let bytes = render::rss(feed, &site());
    check_well_formed(std::str::from_utf8(&bytes).unwrap());
    ::rss::Channel::read_from(&bytes[..]).unwrap()
}

fn item(said: FeedEntry) -> ::rss::Item {
    channel(&feed_of(said)).items.remove(0)
}

#[test]
fn the_channel_says_what_it_is() {
    let channel = channel(&unusual());
    assert_eq!(channel.title, "Section sport – نشرة");
    assert_eq!(channel.link, "http://127.0.0.1:8080/sport");
    assert_eq!(channel.description, "جديد «Section sport» من نشرة، مجموعا من مصادره.");
    assert_eq!(channel.language.as_deref(), Some("ar"));
    assert_eq!(channel.last_build_date.as_deref(), Some("Mon, 23 Nov 2026 08:00:00 GMT"));
    assert_eq!(channel.generator.as_deref(), Some("nashra"));
    assert_eq!(channel.ttl.as_deref(), Some("5"));
    let own = &channel.atom_ext.as_ref().unwrap().links;
    assert_eq!(
        own.iter().map(|link| (link.rel.as_str(), link.href.as_str())).collect::<Vec<_>>(),
        [("self", "http://127.0.0.1:8080/sport.rss")]
    );
    let image = channel.image.as_ref().unwrap();
    assert_eq!((&image.title, &image.link), (&channel.title, &channel.link));
    assert_eq!(image.url, "http://127.0.0.1:8080/icon.png");
    let itunes = channel.itunes_ext.as_ref().unwrap();
    assert_eq!(itunes.explicit.as_deref(), Some("false"));
}

#[test]
fn a_channel_without_episodes_is_no_podcast() {
    let channel = channel(&feed_of(said("1", "t", "https://a.example/1", DAY)));
    assert_eq!(channel.itunes_ext, None);
    assert!(!channel.namespaces.contains_key("itunes"));
}

#[test]
fn an_item_carries_all_that_was_said() {
    let item = item(rich());
    let title = item.title.clone().unwrap();
    assert_eq!(Some(shown(&title)), rich().title);
    assert!(!title.contains("<i>"), "no reader takes a part of the title for markup: {title}");
    let link = "https://a.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/%D8%AE%D8%A8%D8%B1?a=1&b=%5B2%5D";
    assert_eq!(item.link.as_deref(), Some(link));
    assert_eq!(item.description, rich().summary);
    let content = "<p>Content with a\nline &lt;entry&gt; ]]> <a href=\"https://e.org/?a&amp;b\">x</a></p>";
    assert_eq!(item.content.as_deref(), Some(content));
    assert_eq!(item.author, None);
    assert_eq!(item.pub_date.as_deref(), Some("Sun, 22 Nov 2026 21:40:00 GMT"));
    let categories: Vec<_> =
        item.categories.iter().map(|one| (one.name.as_str(), one.domain.as_deref())).collect();
    assert_eq!(categories, [("رياضة", Some("https://a.example/topics")), ("plain", Some("not an IRI"))]);
    let dublin_core = item.dublin_core_ext.as_ref().unwrap();
    assert_eq!(dublin_core.creators, ["أمل & Co", "Zoë"]);
    assert_eq!(dublin_core.contributors, ["Sami"]);
    assert_eq!(dublin_core.languages, ["fr-MA"]);
    assert_eq!(dublin_core.rights, ["© أمل & Co"]);
    assert_eq!(item.comments.as_deref(), Some("https://a.example/%D8%AE%D8%A8%D8%B1#comments"));
    let source = item.source.as_ref().unwrap();
    assert_eq!((source.title.as_deref(), source.url.as_str()), (Some("Source a"), "https://a.example/feed"));
    let episode = item.itunes_ext.as_ref().unwrap();
    assert_eq!(episode.duration.as_deref(), Some("61"));
    assert_eq!((episode.episode.as_deref(), episode.season.as_deref()), (Some("3"), None));
    assert_eq!(episode.explicit.as_deref(), Some("false"));
    assert_eq!(episode.image.as_deref(), Some("https://a.example/%D8%BA%D9%84%D8%A7%D9%81.jpg?a&b"));
}

#[test]
fn the_enclosure_is_what_can_be_played_and_the_rest_is_media() {
    let item = item(rich());
    let enclosure = item.enclosure.as_ref().unwrap();
    assert_eq!(enclosure.url, "https://a.example/a%20b.mp3?x=1&y=2");
    assert_eq!((enclosure.mime_type.as_str(), enclosure.length.as_str()), ("audio/mpeg", "0"));
    let media = &item.extensions["media"];
    let of = |name: &str, attribute: &str| -> Vec<Option<String>> {
        media[name].iter().map(|element| element.attrs.get(attribute).cloned()).collect()
    };
    let image = "https://a.example/i/1.jpg?w=1&h=%222%22".to_owned();
    assert_eq!(of("thumbnail", "url"), [Some(image.clone())]);
    let expected = [
        image,
        // What an enclosure cannot say of its file.
        "https://a.example/a%20b.mp3?x=1&y=2".to_owned(),
        "https://a.example/%D8%B5%D9%88%D8%B1%D8%A9.jpg".to_owned(),
        "https://a.example/unknown".to_owned(),
    ];
    assert_eq!(of("content", "url"), expected.map(Some));
    let inside = |name: &str| media["content"][0].children[name][0].value.as_deref().unwrap();
    assert_eq!(["title", "description", "credit"].map(inside), ["صورة & <b>", "Below it", "R&D"]);
    assert_eq!(media["content"][0].attrs["width"], "640");
    assert!(!media["content"][0].attrs.contains_key("height"), "nothing has no height");
    assert_eq!(of("content", "fileSize"), [None, None, Some("12".to_owned()), None]);
    let types = [
        None,
        Some("audio/mpeg".to_owned()),
        Some("image/jpeg".to_owned()),
        Some("application/octet-stream".to_owned()),
    ];
    assert_eq!(of("content", "type"), types);
}

fn check_guid(id: &str, link: &str, permalink: bool) {
    let mut feed = feed(vec![placed(entry(id, said("x", "t", link, DAY)))]);
    let guid = channel(&feed).items.remove(0).guid.unwrap();
    assert_eq!((guid.value.as_str(), guid.permalink), (id, permalink), "{id} {link}");
    feed.placed.clear();
    assert!(channel(&feed).items.is_empty());
}

#[test]
fn only_the_address_of_the_page_is_a_permalink() {
    check_guid("https://a.example/1", "https://a.example/1", true);
    check_guid("https://a.example/?p=1", "https://a.example/1", false);
    check_guid("https://a.example/خبر", "https://a.example/خبر", false);
    check_guid("tag:a.example,2026:1", "https://a.example/1", false);
    check_guid("urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11", "", false);
}

#[test]
fn what_is_missing_is_made_from_what_is_there() {
    let check = |said: FeedEntry, title: &str, description: &str| {
        let item = item(said);
        assert_eq!(item.title.as_deref(), Some(title));
        assert_eq!(item.description.as_deref(), Some(description));
    };
    let nothing = FeedEntry::default();
    check(nothing.clone(), "Source a", "Source a");
    let titled = FeedEntry { title: Some("1 < 2".to_owned()), ..nothing.clone() };
    check(titled, "1 < 2", "1 &lt; 2");
    let tagged = FeedEntry { title: Some("<b> & a &amp; b".to_owned()), ..nothing.clone() };
    check(tagged, "&lt;b&gt; &amp; a &amp;amp; b", "&lt;b&gt; &amp; a &amp;amp; b");
    let content = FeedEntry { content: Some("<p>1 &lt; 2</p>".to_owned()), ..nothing.clone() };
    check(content, "1 < 2", "1 &lt; 2");
    let pictures = FeedEntry { content: Some("<img>".to_owned()), title: Some("t".to_owned()), ..nothing };
    check(pictures, "t", "t");
}

#[test]
fn an_entry_without_a_link_leads_to_our_page_of_it() {
    let feed = feed_of(FeedEntry { link: Some("javascript:alert(1)".to_owned()), ..FeedEntry::default() });
    let expected = format!("http://127.0.0.1:8080/item/{}", feed.placed[0].entry.key);
    assert_eq!(channel(&feed).items[0].link.as_deref(), Some(expected.as_str()));
}

#[test]
fn other_coverage_stands_below_the_text() {
    let channel = channel(&unusual());
    let content = channel.items[0].content.as_deref().unwrap();
    let list = "<hr><div dir=\"rtl\"><p>نقلته أيضا</p><ul>\
        <li dir=\"auto\"><a href=\"https://b.example/a?b=1&amp;c=2\">Other &lt;b&gt; &amp; title</a> (Source b)</li>\
        <li dir=\"auto\"><a href=\"https://c.example/a?b=1&amp;c=2\">ثالث</a> (Source c)</li></ul></div>";
    assert!(content.ends_with(list), "{content}");
    assert_eq!(channel.items[1].content.as_deref(), Some("<p>Permalink</p>"));
}

#[test]
fn a_source_that_is_a_local_file_is_published_by_this_site() {
    let channel = channel(&unusual());
    let source = channel.items[3].source.as_ref().unwrap();
    assert_eq!(
        (source.title.as_deref(), source.url.as_str()),
        (Some("Source local"), "http://127.0.0.1:8080/")
    );
}

#[test]
fn feed_rs_reads_the_same() {
    let feed = unusual();
    let parsed = feed_rs::parser::parse(&render::rss(&feed, &site())[..]).unwrap();
    assert_eq!(parsed.entries.len(), feed.placed.len());
    let first = &parsed.entries[0];
    assert_eq!(first.id, feed.placed[0].entry.id);
    assert_eq!(Some(shown(&first.title.as_ref().unwrap().content)), feed.placed[0].entry.said.title);
    assert_eq!(first.published, Some(at(DAY)));
    assert_eq!(
        first.authors.iter().map(|person| person.name.as_deref().unwrap_or_default()).collect::<Vec<_>>(),
        ["أمل & Co", "Zoë"]
    );
}
