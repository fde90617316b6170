//! Whatever stands in an entry: documents are well-formed, and ids and titles come back as they went in.

use proptest::prelude::*;

use super::*;

/// Text with what needs care in XML, HTML, JSON and bidirectional text.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "&",
        "<",
        ">",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "-->",
        "<entry>",
        "</item>",
        "&#8;",
        "&bogus;",
        "%",
        "\u{0}",
        "\u{8}",
        "\u{1f}",
        "\u{7f}",
        "\u{85}",
        "\u{fffe}",
        "\u{ffff}",
        "\r\n",
        "\r",
        "\n",
        "\t",
        "\u{2028}",
        "\u{202e}",
        "\u{200f}",
        "\u{feff}",
        "ـ",
        "أيضًا",
        "🇲🇦",
        "{{ x }}",
        "{% if %}",
        "\\u0000",
    ])
    .prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![special, ".{0,8}"], 0..6).prop_map(|parts| parts.concat())
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        any_text().prop_map(Some),
        any_text().prop_map(|text| Some(format!("https://e.org/{text}")))
    ]
}

prop_compose! {
    fn any_said()(
        texts in prop::collection::vec(any_text(), 8),
        maybes in prop::collection::vec(maybe(), 32),
        number in any::<Option<u32>>(),
        long in any::<Option<u64>>(),
        explicit in any::<Option<bool>>(),
    ) -> FeedEntry {
        let (mut texts, mut maybes) = (texts.into_iter(), maybes.into_iter());
        let mut text = || texts.next().unwrap();
        let mut maybe = || maybes.next().unwrap();
        let mut person = || Person { name: text(), email: maybe(), url: maybe() };
        let (authors, contributors) = (vec![person()], vec![person()]);
        FeedEntry {
            id: None,
            title: maybe(),
            link: maybe(),
            original_link: None,
            summary: maybe(),
            content: maybe(),
            published: None,
            updated: None,
            authors,
            contributors,
            categories: vec![Category { term: text(), scheme: maybe(), label: maybe() }],
            enclosures: vec![
                Enclosure { url: text(), media_type: maybe(), length: long, duration_seconds: number, title: maybe() },
                Enclosure { url: format!("https://e.org/{}", text()), media_type: None, length: long, duration_seconds: number, title: None },
            ],
            image: maybe(),
            caption: Some(Caption { title: maybe(), text: maybe(), credit: maybe(), width: number, height: number }),
            comments: maybe(),
            references: maybe()
                .map(|url| Reference { url, title: maybe(), is_origin: number.is_none() })
                .into_iter()
                .collect(),
            origin: Some(Origin { title: maybe(), url: maybe() }),
            language: maybe(),
            rights: None,
            episode: Some(Episode {
                duration_seconds: number,
                number,
                season: number,
                explicit,
                kind: explicit.map(|_| EpisodeKind::Trailer),
                title: maybe(),
                author: maybe(),
                subtitle: maybe(),
                summary: maybe(),
                image: maybe(),
                is_blocked: explicit == Some(true),
                transcripts: maybe().map(|url| SideFile { url, media_type: maybe(), language: maybe(), relation: maybe() }).into_iter().collect(),
                chapters: maybe().map(|url| SideFile { url, ..SideFile::default() }),
            }),
        }
    }
}

/// What may come back of a title: legal characters, space only within and in one form.
fn normal(text: &str) -> String {
    let legal = nashra::pipeline::text::xml_safe(text);
    let legal: String = legal.chars().filter(|c| !('\u{7f}'..='\u{9f}').contains(c)).collect();
    legal.trim().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn check_round_trip(feed: &SectionFeed, site: &Site) {
    let documents: Vec<String> = all(feed, site).into_iter().map(text).collect();
    for document in &documents {
        check_legal(document);
    }
    check_well_formed(&documents[0]);
    check_well_formed(&documents[1]);
    let rss = ::rss::Channel::read_from(documents[0].as_bytes()).unwrap();
    let atom = atom_syndication::Feed::read_from(documents[1].as_bytes()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&documents[2]).unwrap();
    assert_eq!(shown(&rss.title), atom.title.value);
    assert_eq!(json["title"], atom.title.value.as_str());
    strict::check_all(feed, site);
    for (index, placed) in feed.placed.iter().enumerate() {
        let id = nashra::pipeline::text::xml_safe(&placed.entry.id);
        let (item, entry, object) = (&rss.items[index], &atom.entries[index], &json["items"][index]);
        assert_eq!(item.guid.as_ref().unwrap().value, id);
        assert_eq!(entry.id, id);
        assert_eq!(object["id"], *id);
        let title = normal(placed.entry.said.title.as_deref().unwrap_or_default());
        if !title.is_empty() {
            assert_eq!(shown(item.title.as_deref().unwrap()), title);
            assert_eq!(entry.title.value, title);
            assert_eq!(object["title"], title.as_str());
        }
        assert!(!entry.title.value.is_empty() && !item.description.as_ref().unwrap().is_empty());
        let addresses =
            [item.link.clone(), item.comments.clone(), item.enclosure.clone().map(|file| file.url)];
        for address in addresses.into_iter().flatten() {
            assert!(address.is_ascii() && !address.contains([' ', '<', '>', '"']), "{address}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_entry_gives_good_documents(
        first in any_said(),
        second in any_said(),
        // What else there is never is an id of a source's own, see `decide`.
        id in "[!$-;=?-Z_a-z~]{0,12}[\u{620}-\u{64a}\u{200f}]{0,4}",
        titles in prop::collection::vec(any_text(), 3),
        links in prop::collection::vec(maybe(), 3),
        seconds in -80_000_000_000_i64..300_000_000_000,
    ) {
        let mut lead = entry(&format!("https://a.example/{id}"), first);
        lead.published = Timestamp::from_timestamp(seconds, 0).unwrap();
        let source = SourceCard {
            title: titles[0].clone(), link: links[0].clone(), feed_url: links[1].clone(), feed_id: titles[1].clone(), language: links[2].clone(), image: links[0].clone(), rights: Some(titles[2].clone()), ..card("a")
        };
        let other = Also { entry: Arc::new(entry("urn:x-test:2", second)), source: Arc::new(source.clone()) };
        let mut feed = feed(vec![
            Placed { entry: Arc::new(lead), source: Arc::new(source), also: vec![other.clone()], related: vec![] },
            Placed { entry: other.entry, source: other.source, also: vec![], related: vec![] },
        ]);
        feed.section.title.clone_from(&titles[2]);
        check_round_trip(&feed, &Site { title: titles[1].clone(), language: titles[0].clone(), ..site() });
    }
}
