//! Every element that a reader may use, in each dialect.

use nashra::model::{Format, RawEntry, RawLink, RawMediaKind, TextKind};

use super::{atom, read, rss};

/// One entry in a document of either family, with its namespaces declared.
fn item(inside: &str) -> RawEntry {
    let namespaces = "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
        xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" xmlns:a=\"http://www.w3.org/2005/Atom\" \
        xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
        xmlns:feedburner=\"http://rssnamespace.org/feedburner/ext/1.0\"";
    let document =
        format!("<rss version=\"2.0\" {namespaces}><channel><item>{inside}</item></channel></rss>");
    let mut feed = read(&document);
    assert_eq!(feed.entries.len(), 1, "{document}");
    feed.entries.remove(0)
}

fn entry(inside: &str) -> RawEntry {
    let mut feed = read(&atom(&format!("<entry>{inside}</entry>")));
    assert_eq!(feed.entries.len(), 1, "{inside}");
    feed.entries.remove(0)
}

fn title(entry: &RawEntry) -> &str {
    entry.title.as_ref().map_or("", |text| &text.value)
}

fn content(entry: &RawEntry) -> (&str, TextKind) {
    entry.content.as_ref().map_or(("", TextKind::Unknown), |text| (&text.value, text.kind))
}

fn names(entry: &RawEntry) -> Vec<&str> {
    entry.authors.iter().filter_map(|author| author.name.as_deref()).collect()
}

fn hrefs<'a>(links: &'a [RawLink], rel: &str) -> Vec<&'a str> {
    links.iter().filter(|link| link.rel == rel).map(|link| link.href.as_str()).collect()
}

#[test]
fn dialects() {
    let check = |document: &str, format: Format, entries: usize| {
        let feed = read(document);
        assert_eq!((feed.format, feed.entries.len()), (format, entries), "{document}");
        assert_eq!(feed.title.unwrap().value, "T", "{document}");
        assert!(feed.problems.is_empty(), "{document}\n{:?}", feed.problems);
    };
    check(&rss("<item/><item><title>x</title></item>"), Format::Rss20, 2);
    for version in ["0.91", "0.92", "0.93", "0.94"] {
        check(&rss("<item/>").replace("2.0", version), Format::Rss09, 1);
    }
    check(&atom("<entry/>"), Format::Atom10, 1);
    let prefixed = "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\"><a:title>T</a:title><a:entry/></a:feed>";
    check(prefixed, Format::Atom10, 1);
    let old = "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><title>T</title><entry/></feed>";
    check(old, Format::Atom03, 1);
    let rdf = |ns: &str| {
        format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"{ns}\">\
             <channel rdf:about=\"c\"><title>T</title><items><rdf:Seq/></items></channel>\
             <item rdf:about=\"u\"><title>x</title></item></rdf:RDF>"
        )
    };
    check(&rdf("http://purl.org/rss/1.0/"), Format::Rss10, 1);
    check(&rdf("http://my.netscape.com/rdf/simple/0.9/"), Format::Rss09, 1);
    check(&rdf("http://purl.org/rss/1.0/").replace("rdf:", "r:").replace(":rdf", ":r"), Format::Rss10, 1);
    let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{\"id\":7}]}";
    check(json, Format::Json1, 1);
}

#[test]
fn ids_links_and_dates() {
    let one = item(
        "<title>a &amp;amp; b</title><link> https://e.org/1 </link><guid isPermaLink=\"false\">x-1</guid>\
         <pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><comments>https://e.org/1#c</comments>\
         <feedburner:origLink>https://o.org/1</feedburner:origLink><a:link rel=\"related\" href=\"/r\"/>\
         <a:updated>2026-11-24</a:updated>",
    );
    assert_eq!(
        (title(&one), one.id.as_deref(), one.id_is_permalink),
        ("a &amp; b", Some("x-1"), Some(false))
    );
    assert_eq!(hrefs(&one.links, "alternate"), ["https://e.org/1"]);
    assert_eq!(hrefs(&one.links, "related"), ["/r"]);
    assert_eq!(one.published.as_deref(), Some("Mon, 23 Nov 2026 10:00:00 GMT"));
    assert_eq!(one.updated.as_deref(), Some("2026-11-24"));
    assert_eq!(one.original_link.as_deref(), Some("https://o.org/1"));
    assert_eq!(one.comments.as_deref(), Some("https://e.org/1#c"));
    let linked =
        item("<link href=\"https://e.org/2\"/><guid>https://e.org/2</guid><dc:date>2026-11-24</dc:date>");
    assert_eq!(hrefs(&linked.links, "alternate"), ["https://e.org/2"]);
    assert_eq!((linked.id_is_permalink, linked.published.as_deref()), (Some(true), Some("2026-11-24")));
    let dated = entry(
        "<id>urn:1</id><published>not a date</published><updated>2026-11-24T10:00:00Z</updated>\
         <link href=\"/p\"/><link rel=\"enclosure\" href=\"/f.mp3\" type=\"audio/mpeg\" length=\"12\"/>",
    );
    assert_eq!(dated.published.as_deref(), Some("not a date"));
    assert_eq!((dated.id.as_deref(), hrefs(&dated.links, "alternate")), (Some("urn:1"), vec!["/p"]));
    assert_eq!((dated.media[0].url.as_str(), dated.media[0].length.as_deref()), ("/f.mp3", Some("12")));
}

#[test]
fn texts_and_their_kinds() {
    let check = |inside: &str, expected: &str, kind: TextKind| {
        assert_eq!(content(&entry(inside)), (expected, kind), "{inside}");
    };
    check(
        "<content type=\"html\">&lt;p&gt;Hi &amp;amp; ho&lt;/p&gt;</content>",
        "<p>Hi &amp; ho</p>",
        TextKind::Html,
    );
    check("<content type=\"html\"><![CDATA[<p>Hi</p>]]></content>", "<p>Hi</p>", TextKind::Html);
    check("<content type=\"text\">1 &lt; 2 <![CDATA[& 3]]></content>", "1 < 2 & 3", TextKind::Plain);
    check("<content>1 &lt; 2</content>", "1 < 2", TextKind::Plain);
    check("<content>&lt;p&gt;Hi&lt;/p&gt;</content>", "<p>Hi</p>", TextKind::Html);
    let xhtml = "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>A&amp;B<br/>c</p><i/></div></content>";
    check(xhtml, "<p>A&amp;B<br>c</p><i></i>", TextKind::Html);
    let prefixed = "<content type=\"xhtml\"><x:div xmlns:x=\"http://www.w3.org/1999/xhtml\"><x:p>A</x:p></x:div></content>";
    check(prefixed, "<p>A</p>", TextKind::Html);
    check("<content type=\"text/html\" mode=\"base64\">PGI+SGk8L2I+</content>", "<b>Hi</b>", TextKind::Html);
    check(
        "<content type=\"xhtml\"><div dir=\"rtl\">ب</div></content>",
        "<div dir=\"rtl\">ب</div>",
        TextKind::Html,
    );
    let two =
        item("<description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded>");
    assert_eq!(two.summary.as_ref().unwrap().value, "short");
    assert_eq!(content(&two), ("<p>long</p>", TextKind::Unknown));
    let elsewhere = entry("<content src=\"https://e.org/page\" type=\"text/html\"/>");
    assert_eq!(hrefs(&elsewhere.links, "alternate"), ["https://e.org/page"]);
}

#[test]
fn bases_and_languages_at_any_depth() {
    let feed = read(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://e.org/\" xml:lang=\"ar\"><title>T</title>\
         <entry xml:base=\"news/\" xml:lang=\"fr\"><title xml:lang=\"en\">x</title>\
         <content type=\"html\" xml:base=\"deep/\">&lt;a href=\"f\"&gt;f&lt;/a&gt;</content>\
         <link xml:base=\"other/\" href=\"g\"/></entry><entry/></feed>",
    );
    assert_eq!((feed.base.as_deref(), feed.language.as_deref()), (Some("https://e.org/"), Some("ar")));
    let [one, two] = &feed.entries[..] else { panic!("{feed:?}") };
    assert_eq!((one.base.as_deref(), one.language.as_deref()), (Some("https://e.org/news/"), Some("fr")));
    assert_eq!(one.title.as_ref().unwrap().lang.as_deref(), Some("en"));
    assert_eq!(one.content.as_ref().unwrap().base.as_deref(), Some("https://e.org/news/deep/"));
    assert_eq!(hrefs(&one.links, "alternate"), ["https://e.org/news/other/g"]);
    assert_eq!(two.base.as_deref(), Some("https://e.org/"));
    let feed =
        read(&rss("<item xml:lang=\"ar\"><description xml:base=\"https://e.org/a/\">x</description></item>"));
    assert_eq!(feed.entries[0].language.as_deref(), Some("ar"));
    assert_eq!(feed.entries[0].summary.as_ref().unwrap().base.as_deref(), Some("https://e.org/a/"));
}

#[test]
fn people_categories_and_files() {
    let one = item(
        "<author>a@e.org (Amal)</author><dc:creator>Badr</dc:creator><dc:creator>Salma</dc:creator>\
         <category domain=\"https://e.org/tags\">رياضة</category><dc:subject>كرة</dc:subject>\
         <enclosure url=\"https://e.org/1.mp3\" length=\"12\" type=\"audio/mpeg\"/>\
         <enclosure url=\"https://e.org/2.mp3\"/><source url=\"https://s.org/feed\">S</source>",
    );
    assert_eq!(names(&one), ["a@e.org (Amal)", "Badr", "Salma"]);
    let terms: Vec<_> = one.categories.iter().map(|category| category.term.as_str()).collect();
    assert_eq!(
        (terms, one.categories[0].scheme.as_deref()),
        (vec!["رياضة", "كرة"], Some("https://e.org/tags"))
    );
    let files: Vec<_> = one.media.iter().map(|file| file.url.as_str()).collect();
    assert_eq!(files, ["https://e.org/1.mp3", "https://e.org/2.mp3"]);
    let source = one.source.unwrap();
    assert_eq!((source.title.as_deref(), source.url.as_deref()), (Some("S"), Some("https://s.org/feed")));
    let two = entry(
        "<author><name>Amal</name><email>a@e.org</email><uri>https://e.org/a</uri></author>\
         <contributor><name>Badr</name></contributor><category term=\"sport\" label=\"رياضة\" scheme=\"s\"/>\
         <source><title>S</title><id>urn:s</id><updated>2026</updated><link href=\"https://s.org/\"/></source>",
    );
    assert_eq!((names(&two), two.authors[0].email.as_deref()), (vec!["Amal"], Some("a@e.org")));
    assert_eq!(two.contributors[0].name.as_deref(), Some("Badr"));
    assert_eq!(two.categories[0].label.as_deref(), Some("رياضة"));
    assert_eq!(two.source.unwrap().url.as_deref(), Some("https://s.org/"));
}

#[test]
fn media_and_podcasts() {
    let one = item(
        "<media:group><media:title>G</media:title><media:content url=\"/v.mp4\" type=\"video/mp4\" fileSize=\"9\" \
         duration=\"60\"><media:thumbnail url=\"/t1.jpg\"/></media:content><media:thumbnail url=\"/t2.jpg\"/>\
         <media:credit role=\"author\">Nobody</media:credit></media:group><media:thumbnail url=\"/t3.jpg\" width=\"90\"/>\
         <itunes:image href=\"/i.jpg\"/><itunes:duration>1:02:03</itunes:duration><itunes:episode>4</itunes:episode>\
         <itunes:season>2</itunes:season><itunes:explicit>no</itunes:explicit><itunes:author>Cast</itunes:author>\
         <itunes:summary>About</itunes:summary>",
    );
    let of = |kind| {
        one.media.iter().filter(|file| file.kind == kind).map(|file| file.url.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of(RawMediaKind::Content), ["/v.mp4"]);
    assert_eq!(of(RawMediaKind::Thumbnail), ["/t1.jpg", "/t2.jpg", "/t3.jpg"]);
    assert_eq!(of(RawMediaKind::Image), ["/i.jpg"]);
    assert_eq!((title(&one), one.summary.as_ref().unwrap().value.as_str()), ("G", "About"));
    let facts =
        [&one.duration, &one.episode, &one.season, &one.explicit].map(|fact| fact.as_deref().unwrap());
    assert_eq!((facts, names(&one)), (["1:02:03", "4", "2", "no"], vec!["Cast"]));
}

#[test]
fn what_a_feed_says_of_itself() {
    let feed = read(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel><title>T</title><link>https://e.org/</link>\
         <description>D</description><language>ar-ma</language><ttl>30</ttl><copyright>C</copyright>\
         <atom:link rel=\"self\" href=\"https://e.org/feed\"/><atom:link rel=\"hub\" href=\"https://hub.e.org/\"/>\
         <image><url>/logo.png</url><title>L</title><link>/</link></image><skipHours><hour>1</hour><hour>2</hour></skipHours>\
         <skipDays><day>Friday</day></skipDays><sy:updatePeriod>hourly</sy:updatePeriod>\
         <sy:updateFrequency>2</sy:updateFrequency><managingEditor>a@e.org</managingEditor></channel></rss>",
    );
    assert_eq!(hrefs(&feed.links, "alternate"), ["https://e.org/"]);
    assert_eq!(
        (hrefs(&feed.links, "self"), hrefs(&feed.links, "hub")),
        (vec!["https://e.org/feed"], vec!["https://hub.e.org/"])
    );
    assert_eq!((feed.ttl.as_deref(), feed.skip_hours.len(), feed.skip_days.len()), (Some("30"), 2, 1));
    assert_eq!(
        (feed.update_period.as_deref(), feed.update_frequency.as_deref()),
        (Some("hourly"), Some("2"))
    );
    assert_eq!((feed.images, feed.language.as_deref()), (vec!["/logo.png".to_owned()], Some("ar-ma")));
    assert_eq!(feed.authors[0].name.as_deref(), Some("a@e.org"));
}

#[test]
fn json_feed() {
    let feed = read(
        "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"T\",\"home_page_url\":\"https://e.org/\",\
         \"feed_url\":\"https://e.org/f\",\"author\":{\"name\":\"Amal\"},\"hubs\":[{\"type\":\"WebSub\",\"url\":\"https://h/\"}],\
         \"items\":[{\"id\":1,\"url\":\"/1\",\"external_url\":\"https://x/\",\"content_text\":\"a < b\",\"tags\":[\"x\",3],\
         \"attachments\":[{\"url\":\"/a.mp3\",\"mime_type\":\"audio/mpeg\",\"size_in_bytes\":12,\"duration_in_seconds\":6.5}],\
         \"image\":\"/i.jpg\",\"date_published\":\"2026-11-24T10:00:00Z\",\"title\":7}]}",
    );
    assert_eq!(hrefs(&feed.links, "hub"), ["https://h/"]);
    let one = &feed.entries[0];
    assert_eq!((one.id.as_deref(), hrefs(&one.links, "related")), (Some("1"), vec!["https://x/"]));
    assert_eq!(content(one), ("a < b", TextKind::Plain));
    assert_eq!((one.categories.len(), one.media.len(), one.title.is_none()), (2, 2, true));
    assert_eq!(feed.problems[0].code, "json-type");
}
