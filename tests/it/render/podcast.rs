//! Podcasts survive the merge: what a source says of an episode is in every format, and read again it is the same.

use nashra::pipeline;

use super::*;

const SHOW: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>بودكاست الأطلس</title><link>https://cast.example/</link><description>د</description>
<language>ar-MA</language><copyright>© 2026 الأطلس</copyright><itunes:image href="https://cast.example/cover.jpg"/>
<item><title>12: الماء &amp; الجبل</title><link>https://cast.example/12</link><guid isPermaLink="false">cast-12</guid>
<pubDate>Sun, 22 Nov 2026 21:40:00 GMT</pubDate><description>وصف قصير</description>
<content:encoded><![CDATA[<p>وصف <b>طويل</b></p>]]></content:encoded>
<enclosure url="https://cast.example/12.mp3?a=1&amp;b=2" length="123456789" type="audio/mpeg"/>
<itunes:title>الماء &amp; الجبل</itunes:title><itunes:author>أمل &amp; Co</itunes:author>
<itunes:subtitle>سطر</itunes:subtitle><itunes:summary>ملخص</itunes:summary><itunes:duration>1:02:03</itunes:duration>
<itunes:image href="https://cast.example/12.jpg"/><itunes:explicit>yes</itunes:explicit>
<itunes:episode>12</itunes:episode><itunes:season>3</itunes:season><itunes:episodeType>Trailer</itunes:episodeType>
<itunes:block>Yes</itunes:block>
<podcast:transcript url="/12.vtt" type="text/vtt" language="ar" rel="captions"/>
<podcast:transcript url="https://cast.example/12.html" type="text/html"/>
<podcast:chapters url="https://cast.example/12.json" type="application/json+chapters"/>
<media:thumbnail url="https://cast.example/small.jpg"/></item>
<item><title>11</title><guid isPermaLink="false">cast-11</guid><pubDate>Sat, 21 Nov 2026 21:40:00 GMT</pubDate>
<enclosure url="https://cast.example/11.m4a" length="0" type="audio/x-m4a"/>
<media:group><media:content url="https://cast.example/11.mp4" type="video/mp4" fileSize="9" duration="60">
<media:title>الفيديو</media:title></media:content></media:group>
<media:content url="https://cast.example/11.jpg" medium="image" width="640" height="480">
<media:title>صورة</media:title><media:description>تعليق &amp; شرح</media:description><media:credit>وكالة</media:credit>
</media:content><itunes:duration>61</itunes:duration><itunes:explicit>clean</itunes:explicit></item>
</channel></rss>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0"><id>tag:cast.example,2026:1</id><title>T</title>
<updated>2026-11-22T21:40:00Z</updated><entry><id>tag:cast.example,2026:2</id><title>E</title>
<updated>2026-11-22T21:40:00Z</updated><link href="https://cast.example/2"/>
<link rel="enclosure" href="https://cast.example/2.ogg" type="audio/ogg" length="7" title="Sound"/>
<itunes:duration>5</itunes:duration><itunes:episode>2</itunes:episode><itunes:episodeType>full</itunes:episodeType>
<podcast:transcript url="https://cast.example/2.srt" type="application/x-subrip" language="fr"/></entry></feed>"#;

fn read(document: &[u8]) -> Feed {
    let read = pipeline::understand(document, None, None, "https://cast.example/feed", &[]).unwrap();
    assert!(read.problems.is_empty(), "{:?}\n{}", read.problems, String::from_utf8_lossy(document));
    read
}

/// A section that shows what a document says.
fn republished(document: &str) -> SectionFeed {
    let read = read(document.as_bytes());
    let ids = read.entries.iter().enumerate().map(|(index, _)| format!("urn:x-test:{index}"));
    feed(ids.zip(read.entries.clone()).map(|(id, said)| placed(entry(&id, said))).collect())
}

#[test]
fn a_source_is_understood() {
    let show = read(SHOW.as_bytes());
    assert_eq!(show.image.as_deref(), Some("https://cast.example/cover.jpg"));
    let file = |url: &str, kind: &str, language: Option<&str>, relation| {
        side_file(url, Some(kind), language, relation)
    };
    let expected = Episode {
        duration_seconds: Some(3723),
        number: Some(12),
        season: Some(3),
        explicit: Some(true),
        kind: Some(EpisodeKind::Trailer),
        title: Some("الماء & الجبل".to_owned()),
        author: Some("أمل & Co".to_owned()),
        subtitle: Some("سطر".to_owned()),
        summary: Some("ملخص".to_owned()),
        image: Some("https://cast.example/12.jpg".to_owned()),
        is_blocked: true,
        transcripts: vec![
            file("https://cast.example/12.vtt", "text/vtt", Some("ar"), Some("captions")),
            file("https://cast.example/12.html", "text/html", None, None),
        ],
        chapters: Some(file("https://cast.example/12.json", "application/json+chapters", None, None)),
    };
    assert_eq!(show.entries[0].episode.as_ref(), Some(&expected));
    let caption = Caption {
        title: Some("صورة".to_owned()),
        text: Some("تعليق & شرح".to_owned()),
        credit: Some("وكالة".to_owned()),
        width: Some(640),
        height: Some(480),
    };
    assert_eq!(show.entries[1].caption.as_ref(), Some(&caption));
    assert_eq!(show.entries[1].image.as_deref(), Some("https://cast.example/11.jpg"));
}

#[test]
fn nothing_of_an_episode_is_lost() {
    for source in [SHOW, ATOM] {
        let shown = republished(source);
        strict::check_all(&shown, &site());
        let documents = [render::rss, render::atom, render::json].map(|write| write(&shown, &site()));
        for (index, document) in documents.iter().enumerate() {
            let again = read(document);
            assert_eq!(again.entries.len(), shown.placed.len());
            for (found, placed) in again.entries.iter().zip(&shown.placed) {
                check_same(found, &placed.entry.said, index == 2, &String::from_utf8_lossy(document));
            }
        }
    }
}

fn check_same(found: &FeedEntry, said: &FeedEntry, is_json: bool, document: &str) {
    // JSON Feed must have content.
    let otherwise = said.summary.as_ref().or(said.title.as_ref()).filter(|_| is_json);
    let content = said.content.as_ref().or(otherwise);
    assert_eq!((&found.title, found.content.as_ref()), (&said.title, content), "{document}");
    assert_eq!(found.image, said.image, "{document}");
    let (episode, mut expected) = (found.episode.clone().unwrap(), said.episode.clone().unwrap());
    // An episode without a cover shows the lead image.
    expected.image = expected.image.or_else(|| said.image.clone());
    assert_eq!(episode, expected, "{document}");
    let mut files = said.enclosures.clone();
    let seconds = said.episode.as_ref().and_then(|episode| episode.duration_seconds);
    for file in files.iter_mut().filter(|_| is_json) {
        // JSON Feed says of the file how long it plays.
        file.duration_seconds = file.duration_seconds.or(seconds);
    }
    assert_eq!(found.enclosures, files, "{document}");
    assert!(is_json || found.caption == said.caption, "{:?} in {document}", found.caption);
}

#[test]
fn an_episode_without_any_picture_shows_that_of_its_podcast() {
    let said = FeedEntry { episode: Some(Episode::default()), ..said("1", "t", "https://a.example/1", DAY) };
    let source = SourceCard { image: Some("https://a.example/cover.jpg".to_owned()), ..card("a") };
    let shown = feed(vec![Placed { source: Arc::new(source), ..placed(entry("urn:x-test:1", said)) }]);
    let cover = "<itunes:image href=\"https://a.example/cover.jpg\">";
    for document in [render::rss(&shown, &site()), render::atom(&shown, &site())].map(text) {
        assert!(document.contains(cover), "{document}");
    }
    let json: serde_json::Value = serde_json::from_slice(&render::json(&shown, &site())).unwrap();
    assert_eq!(json["items"][0]["_podcast"], serde_json::json!({"image": "https://a.example/cover.jpg"}));
    // The source tells what it looks like, and who may do what with it.
    let atom = atom_syndication::Feed::read_from(&render::atom(&shown, &site())[..]).unwrap();
    let source = atom.entries[0].source.as_ref().unwrap();
    assert_eq!(source.logo.as_deref(), Some("https://a.example/cover.jpg"));
}

#[test]
fn what_is_no_podcast_has_nothing_of_one() {
    let plain = feed_of(said("1", "t", "https://a.example/1", DAY));
    for document in [render::rss, render::atom, render::json].map(|write| text(write(&plain, &site()))) {
        assert!(!document.contains("itunes") && !document.contains("podcast"), "{document}");
    }
}

#[test]
fn a_section_of_one_podcast_has_its_cover() {
    let said = FeedEntry { episode: Some(Episode::default()), ..said("1", "t", "https://a.example/1", DAY) };
    let cover = |id: &str| SourceCard { image: Some(format!("https://{id}.example/cover.jpg")), ..card(id) };
    let of = |id: &str| Placed {
        source: Arc::new(cover(id)),
        ..placed(entry(&format!("urn:x-test:{id}"), said.clone()))
    };
    let image = |placed: Vec<Placed>| {
        let channel = ::rss::Channel::read_from(&render::rss(&feed(placed), &site())[..]).unwrap();
        let itunes = channel.itunes_ext.unwrap();
        assert_eq!(itunes.author.as_deref(), Some("نشرة"));
        itunes.image
    };
    assert_eq!(image(vec![of("a")]).as_deref(), Some("https://a.example/cover.jpg"));
    assert_eq!(image(vec![of("a"), of("b")]), None);
}

#[test]
fn what_directories_read_is_as_long_as_they_read() {
    let long = "كلمة ".repeat(2000);
    let words = Some(long.trim().to_owned());
    let episode =
        Episode { author: words.clone(), subtitle: words.clone(), summary: words, ..Episode::default() };
    let shown = feed_of(FeedEntry { episode: Some(episode), ..said("1", "t", "https://a.example/1", DAY) });
    let channel = ::rss::Channel::read_from(&render::rss(&shown, &site())[..]).unwrap();
    let itunes = channel.items[0].itunes_ext.clone().unwrap();
    for (text, chars_max) in [(itunes.author, 255), (itunes.subtitle, 255), (itunes.summary, 4000)] {
        let text = text.unwrap();
        assert!(text.ends_with("كلمة…") && text.chars().count() <= chars_max, "{text}");
    }
}

#[test]
fn records_of_earlier_versions_are_read() {
    let stored = r#"{"duration_seconds":61,"number":3,"season":null,"explicit":false}"#;
    let read: Episode = serde_json::from_str(stored).unwrap();
    let expected =
        Episode { duration_seconds: Some(61), number: Some(3), explicit: Some(false), ..Episode::default() };
    assert_eq!(read, expected);
    assert_eq!(serde_json::to_string(&read).unwrap(), stored, "what is not said is not stored");
    let again: Episode = serde_json::from_str(&serde_json::to_string(&rich().episode).unwrap()).unwrap();
    assert_eq!(Some(again), rich().episode);
}
