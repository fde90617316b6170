//! What we publish, read again by ourselves: the same entries, whichever format a reader takes.

use nashra::pipeline;
use proptest::prelude::*;

use super::*;

/// Words of newsrooms, with the signs that need care in XML and none that could be taken for markup.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "أخبار",
        "الرياضة",
        "وغدًا",
        "يُكرِّم",
        "الملحــون",
        "«الميناء»",
        "2026",
        "٣",
        "R&D",
        "AT&T",
        "1 < 2",
        "3 > 2",
        "“so”",
        "it’s",
        "l'eau",
        "été",
        "50%",
        "C++",
        "…",
        "%D8",
        "\u{200f}نعم\u{200f}",
        "—",
        "😀",
    ]);
    prop::collection::vec(word, 1..7).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn any_said()(
        title in words(),
        summary in words(),
        content in prop::collection::vec(words(), 1..4),
        path in "[a-z0-9/]{1,12}(\\?[a-z]=[0-9]&b=[0-9])?",
        author in "[A-Z][a-zé]{2,8} [A-Zأ-ي]{2,6}",
        term in words(),
        length in 1_u64..1_000_000_000,
    ) -> FeedEntry {
        let html = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        FeedEntry {
            id: None,
            title: Some(title),
            link: Some(format!("https://e.example/{path}")),
            summary: Some(html(&summary)),
            content: Some(content.iter().map(|text| format!("<p>{}</p>", html(text))).collect()),
            authors: vec![Person { name: author, email: None, url: None }],
            categories: vec![Category { term, scheme: None, label: None }],
            enclosures: vec![Enclosure {
                url: format!("https://e.example/{length}.mp3"),
                media_type: Some("audio/mpeg".to_owned()),
                length: Some(length),
                duration_seconds: None,
                title: None,
            }],
            language: Some("ar".to_owned()),
            ..FeedEntry::default()
        }
    }
}

fn check(feed: &SectionFeed) {
    for document in all(feed, &site()).into_iter().take(3) {
        let read = pipeline::understand(&document, None, None, "https://other.example/", &[]).unwrap();
        let shown = String::from_utf8_lossy(&document);
        assert!(read.problems.is_empty(), "{:?}\n{shown}", read.problems);
        assert_eq!(read.entries.len(), feed.placed.len());
        for (said, placed) in read.entries.iter().zip(&feed.placed) {
            let entry = &placed.entry;
            assert_eq!(said.id.as_deref(), Some(entry.id.as_str()), "{shown}");
            assert_eq!(said.published, Some(entry.published), "{shown}");
            let texts = |said: &FeedEntry| (said.title.clone(), said.link.clone(), said.content.clone());
            assert_eq!(texts(said), texts(&entry.said), "{shown}");
            let people =
                |people: &[Person]| people.iter().map(|person| person.name.clone()).collect::<Vec<_>>();
            assert_eq!(people(&said.authors), people(&entry.said.authors), "{shown}");
            let term = |said: &FeedEntry| said.categories[0].term.clone();
            assert_eq!(term(said), term(&entry.said), "{shown}");
            let file = |said: &FeedEntry| {
                let file = &said.enclosures[0];
                (file.url.clone(), file.media_type.clone(), file.length)
            };
            assert_eq!(file(said), file(&entry.said), "{shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn our_own_documents_give_the_same_entries(first in any_said(), second in any_said()) {
        check(&feed(vec![
            placed(entry("https://a.example/1", first)),
            placed(entry("urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6", second)),
        ]));
    }
}

/// A title reaches readers as it is, whatever it looks like.
fn check_title(title: &str) {
    let mut shown = feed_of(said("1", title, "https://a.example/1", DAY));
    title.clone_into(&mut shown.section.title);
    for (write, is_rss) in
        [(render::rss as fn(&_, &_) -> _, true), (render::atom, false), (render::json, false)]
    {
        let document = write(&shown, &site());
        let read = feed_rs::parser::parse(&document[..]).unwrap();
        let theirs = read.entries[0].title.as_ref().unwrap().content.clone();
        assert_eq!(if is_rss { super::shown(&theirs) } else { theirs }, title);
        let ours = pipeline::understand(&document, None, None, "https://other.example/", &[]).unwrap();
        // In RSS we take `&amp;amp;` for a mistake, as it nearly always is.
        if !is_rss || !title.contains("&amp;") {
            assert_eq!(
                ours.entries[0].title.as_deref(),
                Some(title),
                "{}",
                String::from_utf8_lossy(&document)
            );
            assert_eq!(ours.title, Some(format!("{title} – نشرة")));
        }
    }
}

#[test]
fn titles_are_what_readers_should_see() {
    check_title("1 < 2 & 3 > 2");
    check_title("AT&T, R&D; C++ & <3");
    check_title("How <em> and <br> differ");
    check_title("What &amp; and &lt; are for");
    check_title("a<b");
    check_title("\u{202b}«نص» (2)\u{202c} – \u{200f}!");
}
