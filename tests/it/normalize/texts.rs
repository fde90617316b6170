//! Titles, bodies, persons, categories, files, languages, hints.

use nashra::model::*;

use super::{entry, read, read_entry, some, text};

#[test]
fn titles_are_plain_and_never_invented() {
    let title = |raw: Option<RawText>| read_entry(RawEntry { title: raw, ..entry() }).0.title;
    assert_eq!(title(None), None);
    assert_eq!(title(Some(text(" \n ", TextKind::Unknown))), None);
    assert_eq!(title(Some(text("<img src='x'>", TextKind::Html))), None);
    assert_eq!(title(Some(text("  Tom &amp;\n Jerry ", TextKind::Html))).as_deref(), Some("Tom & Jerry"));
    assert_eq!(title(Some(text("Tom &amp; Jerry", TextKind::Plain))).as_deref(), Some("Tom &amp; Jerry"));
    assert_eq!(title(Some(text("<b>عاجل</b> &#8217;", TextKind::Unknown))).as_deref(), Some("عاجل ’"));
}

#[test]
fn bodies_are_cleaned_with_their_base() {
    let body = |value: &str, kind| {
        let raw = RawText { base: some("img/"), ..text(value, kind) };
        read_entry(RawEntry { content: Some(raw), ..entry() }).0.content
    };
    assert_eq!(body("<p>BASE</p>", TextKind::Html).as_deref(), Some("<p>https://example.org/blog/img/</p>"));
    assert_eq!(body("a < b", TextKind::Plain).as_deref(), Some("a &lt; b"));
    assert_eq!(body("a < b", TextKind::Unknown).as_deref(), Some("a &lt; b"));
    assert_eq!(body("<i>a</i>", TextKind::Unknown).as_deref(), Some("<i>a</i>"));
    assert_eq!(body(" \n ", TextKind::Html), None);
}

#[test]
fn summary_and_content_both_stay() {
    let html = |value: &str| Some(text(value, TextKind::Html));
    for (summary, content) in
        [(html("<p>x</p>"), html("<p>x</p>")), (html("s"), None), (None, html("c")), (None, None)]
    {
        let value = |raw: &Option<RawText>| raw.as_ref().map(|raw| raw.value.clone());
        let expected = (value(&summary), value(&content));
        let (entry, _) = read_entry(RawEntry { summary, content, ..entry() });
        assert_eq!((entry.summary, entry.content), expected);
    }
}

#[test]
fn persons_in_every_form() {
    let check = |written: &[(&str, &str, &str)], expected: &[(&str, &str, &str)]| {
        let person = |(name, email, uri): &(&str, &str, &str)| RawPerson {
            name: some(name),
            email: some(email),
            uri: some(uri),
        };
        let (entry, _) = read_entry(RawEntry { authors: written.iter().map(person).collect(), ..entry() });
        let found: Vec<(&str, &str, &str)> = entry
            .authors
            .iter()
            .map(|one| {
                (one.name.as_str(), one.email.as_deref().unwrap_or(""), one.url.as_deref().unwrap_or(""))
            })
            .collect();
        assert_eq!(found, expected, "{written:?}");
    };
    for name in [
        "a@b.c (Ann Lee)",
        "Ann Lee <a@b.c>",
        "Ann Lee (a@b.c)",
        "Ann Lee, a@b.c",
        "\"Ann Lee\" <mailto:a@b.c>",
        "a@b.c - Ann Lee",
        "Ann Lee [a@b.c]",
        "Ann Lee &lt;a@b.c&gt;",
    ] {
        check(&[(name, "", "")], &[("Ann Lee", "a@b.c", "")]);
    }
    check(&[("a@b.c", "", "")], &[("a@b.c", "a@b.c", "")]);
    check(&[("", "a@b.c", "")], &[("a@b.c", "a@b.c", "")]);
    check(&[("a@b.c (noreply)", "", "")], &[("a@b.c", "a@b.c", "")]);
    check(&[("Ann &amp; Bob", "", "/ann")], &[("Ann & Bob", "", "https://example.org/ann")]);
    check(&[("", "", "https://e.org/ann")], &[("https://e.org/ann", "", "https://e.org/ann")]);
    check(&[("Ann", "", "mailto:a@b.c")], &[("Ann", "a@b.c", "")]);
    check(&[("  أحمد  بن \n علي ", "", "javascript:x")], &[("أحمد بن علي", "", "")]);
    check(&[("", "", ""), (" , ", "", ""), ("unknown", "", "")], &[]);
    check(&[("Ann", "", ""), ("ANN", "a@b.c", ""), ("a@b.c", "", "")], &[("Ann", "a@b.c", "")]);
    check(&[("a@b.c", "", ""), ("Ann <a@b.c>", "", "")], &[("Ann", "a@b.c", "")]);
    check(&[("Ann", "a@b.c", ""), ("Ann", "x@y.z", "")], &[("Ann", "a@b.c", ""), ("Ann", "x@y.z", "")]);
    check(&[("Desk (Rabat)", "", "")], &[("Desk (Rabat)", "", "")]);
    check(&[("@ann", "", "")], &[("@ann", "", "")]);
}

#[test]
fn feed_authors_stay_with_the_feed() {
    let raw = RawFeed {
        authors: vec![RawPerson { name: some("Ann"), ..RawPerson::default() }],
        entries: vec![entry()],
        ..RawFeed::default()
    };
    let feed = read(raw);
    assert_eq!(feed.authors[0].name, "Ann");
    assert!(feed.entries[0].authors.is_empty());
}

#[test]
fn categories_without_doubles() {
    let category = |term: &str, scheme: &str, label: &str| RawCategory {
        term: term.to_owned(),
        scheme: some(scheme),
        label: some(label),
    };
    let raw = vec![
        category(" رياضة ", "", ""),
        category("رياضه", "", ""),
        category("R&amp;D", "", "R&D"),
        category("Été", "", ""),
        category("ete", "", ""),
        category("C", "", ""),
        category("C++", "", ""),
        category("x", "http://s.org/", "The X"),
        category("x", "", ""),
        category("", "", "Only a label"),
        category(" ", "", ""),
    ];
    let (entry, _) = read_entry(RawEntry { categories: raw, ..entry() });
    let terms: Vec<&str> = entry.categories.iter().map(|one| one.term.as_str()).collect();
    assert_eq!(terms, ["رياضة", "R&D", "Été", "C", "C++", "x", "x", "Only a label"]);
    assert_eq!(entry.categories[1].label, None, "a label that says the same is none");
    assert_eq!(entry.categories[5].label.as_deref(), Some("The X"));
    assert_eq!(entry.categories[5].scheme.as_deref(), Some("http://s.org/"));
}

fn media(kind: RawMediaKind, url: &str, media_type: &str) -> RawMedia {
    RawMedia { kind, url: url.to_owned(), media_type: some(media_type), ..RawMedia::default() }
}

#[test]
fn files_without_doubles() {
    use RawMediaKind::{Content, Enclosure, Thumbnail};
    let raw = vec![
        RawMedia { length: some("1,234"), ..media(Enclosure, "/a.mp3", "") },
        RawMedia { duration: some("1:00:01"), length: some("99"), ..media(Content, "/a.mp3", "AUDIO/MPEG") },
        RawMedia { length: some("0"), ..media(Enclosure, "b.pdf", "application/pdf; x=y") },
        RawMedia { length: some("12 MB"), ..media(Enclosure, "c", "mp3") },
        RawMedia { medium: some("video"), ..media(Content, "/v", "") },
        media(Content, "/player.swf", "application/x-shockwave-flash"),
        media(Content, "/pic.jpg", "image/jpeg"),
        media(Thumbnail, "/t.jpg", ""),
        media(Enclosure, "", "audio/mpeg"),
        media(Enclosure, "javascript:x", "audio/mpeg"),
    ];
    let (entry, problems) = read_entry(RawEntry { media: raw, ..entry() });
    let shown: Vec<String> = entry
        .enclosures
        .iter()
        .map(|file| {
            format!(
                "{} {:?} {:?} {:?}",
                file.url,
                file.media_type.as_deref(),
                file.length,
                file.duration_seconds
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "https://example.org/a.mp3 Some(\"audio/mpeg\") Some(1234) Some(3601)",
            "https://example.org/blog/b.pdf Some(\"application/pdf\") None None",
            "https://example.org/blog/c None None None",
            "https://example.org/v None None None",
        ]
    );
    assert_eq!(problems, ["bad-url"]);
}

#[test]
fn the_best_image_leads() {
    use RawMediaKind::{Content, Enclosure, Image, Thumbnail};
    let check = |media: Vec<RawMedia>, expected: &str| {
        let content = Some(text("<img src='x'>", TextKind::Html));
        let (entry, _) = read_entry(RawEntry { media, content, ..entry() });
        assert_eq!(entry.image.as_deref().unwrap_or_default(), format!("https://example.org/{expected}"));
    };
    let wide = |width: &str, raw: RawMedia| RawMedia { width: some(width), ..raw };
    check(vec![], "lead.jpg");
    check(vec![media(Enclosure, "/e.png", "")], "e.png");
    check(vec![media(Enclosure, "/e.mp3", "audio/mpeg")], "lead.jpg");
    check(vec![media(Enclosure, "/e.png", ""), media(Image, "/i", "")], "i");
    check(vec![media(Image, "/i", ""), media(Thumbnail, "/t", "")], "t");
    check(
        vec![
            media(Thumbnail, "/t", ""),
            wide("100", media(Content, "/s.jpg", "")),
            wide("900", media(Content, "/l.jpg", "")),
        ],
        "l.jpg",
    );
    check(vec![media(Content, "/v.mp4", "video/mp4"), media(Thumbnail, "/t", "")], "t");
    check(vec![wide("1", media(Thumbnail, "/pixel.gif", ""))], "lead.jpg");
    check(vec![media(Thumbnail, "data:image/png,x", "")], "lead.jpg");
    check(
        vec![media(Content, "https://secure.gravatar.com/avatar/1.jpg", ""), media(Content, "/a.jpg", "")],
        "a.jpg",
    );
}

#[test]
fn languages_in_one_form() {
    let check = |written: &str, expected: &str| {
        let feed = read(RawFeed { language: some(written), ..RawFeed::default() });
        assert_eq!(feed.language.as_deref().unwrap_or_default(), expected, "{written}");
        let is_unsaid = expected.is_empty() && matches!(written, "" | " " | "und" | "zxx");
        assert_eq!(
            feed.problems.is_empty(),
            !expected.is_empty() || is_unsaid,
            "{written}: {:?}",
            feed.problems
        );
    };
    for (written, expected) in [
        ("ar", "ar"),
        ("AR", "ar"),
        ("ar_MA", "ar-MA"),
        ("ar-ma", "ar-MA"),
        (" en-us ", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("ara", "ar"),
        ("Arabic", "ar"),
        ("العربية", "ar"),
        ("iw", "he"),
        ("en, fr", "en"),
        ("fr_FR.UTF-8", "fr-FR"),
        ("en-x-private", "en-x-private"),
        ("ary", "ary"),
        ("eng-GB", "en-GB"),
        ("utf-8", ""),
        ("x", ""),
        ("12", ""),
        ("a-very-long-text", ""),
        ("english language", ""),
        ("en--us", ""),
        ("", ""),
        (" ", ""),
        ("und", ""),
        ("zxx", ""),
    ] {
        check(written, expected);
    }
}

#[test]
fn the_language_of_an_entry_is_its_own_or_its_texts() {
    let language = |entry_language: &str, content: &str, summary: &str| {
        let body = |lang: &str| {
            (!lang.is_empty()).then(|| RawText { lang: some(lang), ..text("x", TextKind::Html) })
        };
        let raw = RawEntry {
            language: some(entry_language),
            content: body(content),
            summary: body(summary),
            ..entry()
        };
        read_entry(raw).0.language.unwrap_or_default()
    };
    assert_eq!(language("ar_MA", "fr", "en"), "ar-MA");
    assert_eq!(language("", "fr", "en"), "fr");
    assert_eq!(language("", "", "en"), "en");
    assert_eq!(language("", "", ""), "");
}

#[test]
fn hints_on_when_to_come_again() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let feed = read(RawFeed {
        ttl: some(" 60 "),
        update_period: some("Hourly"),
        update_frequency: some("2"),
        skip_hours: words(&["24", "3", "3", "25", "x", "23"]),
        skip_days: words(&["Sunday", "mon", "Someday"]),
        ..RawFeed::default()
    });
    let expected = Schedules {
        ttl_minutes: Some(60),
        period_seconds: Some(1800),
        period_base: None,
        skip_hours: vec![0, 3, 23],
        skip_days: vec![0, 6],
    };
    assert_eq!(feed.schedules, expected);
    let counted_from = |base: &str| {
        let feed = read(RawFeed { update_base: some(base), ..RawFeed::default() });
        assert!(feed.problems.is_empty(), "{:?}", feed.problems);
        feed.schedules.period_base.map(|at| at.timestamp())
    };
    assert_eq!(counted_from("2000-01-01T12:00+00:00"), Some(946_728_000));
    assert_eq!(counted_from("1970-01-01T00:00+00:00"), None);
    let seconds = |period: &str, frequency: &str| {
        read(RawFeed { update_period: some(period), update_frequency: some(frequency), ..RawFeed::default() })
            .schedules
            .period_seconds
    };
    assert_eq!(seconds("daily", ""), Some(86_400));
    assert_eq!(seconds("", "4"), Some(21_600));
    assert_eq!(seconds("weekly", "0"), Some(604_800));
    assert_eq!(seconds("hourly", "99999"), Some(1));
    assert_eq!(seconds("sometimes", "2"), None);
    assert_eq!(seconds("", ""), None);
    for ttl in ["0", "-5", "soon", "99999999999"] {
        assert_eq!(
            read(RawFeed { ttl: some(ttl), ..RawFeed::default() }).schedules.ttl_minutes,
            None,
            "{ttl}"
        );
    }
}

#[test]
fn podcasts_and_origins() {
    let raw = RawEntry {
        duration: some("1:02:03"),
        episode: some("12"),
        season: some("s2"),
        explicit: some(" Clean "),
        source: Some(RawSource { title: some("Tom &amp; Co"), url: some("/s.xml") }),
        rights: Some(text("&copy; 2026 <b>E</b>", TextKind::Html)),
        ..entry()
    };
    let (found, _) = read_entry(raw);
    let episode = Episode {
        duration_seconds: Some(3723),
        number: Some(12),
        explicit: Some(false),
        ..Episode::default()
    };
    assert_eq!(found.episode, Some(episode));
    let origin = Origin { title: some("Tom & Co"), url: some("https://example.org/s.xml") };
    assert_eq!(found.origin, Some(origin));
    assert_eq!(found.rights.as_deref(), Some("© 2026 E"));
    let nothing = RawEntry { explicit: some("maybe"), source: Some(RawSource::default()), ..entry() };
    let (found, _) = read_entry(nothing);
    assert_eq!((found.episode, found.origin), (None, None));
}
