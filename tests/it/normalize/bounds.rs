//! Bounds: whatever a document holds, what is kept of it is small.

use nashra::model::*;
use proptest::prelude::*;

use super::{alternate, entry, read, read_entry, text};

#[test]
fn texts_are_cut_and_ids_are_not() {
    let long = "كلمة ".repeat(100_000);
    let raw = RawEntry {
        id: Some(format!(" {} ", "i".repeat(5000))),
        title: Some(text(&long, TextKind::Unknown)),
        categories: vec![RawCategory { term: long.clone(), ..RawCategory::default() }],
        authors: vec![RawPerson { name: Some(long.clone()), ..RawPerson::default() }],
        ..entry()
    };
    let (found, _) = read_entry(raw);
    let title = found.title.unwrap();
    assert!(
        title.ends_with("كلمة…") && title.chars().count() <= 2000,
        "{} characters",
        title.chars().count()
    );
    assert_eq!(found.id.unwrap().len(), 5000);
    assert!(found.categories[0].term.chars().count() <= 300);
    assert!(found.authors[0].name.chars().count() <= 300);

    let raw = RawEntry { id: Some("i".repeat(20_000)), links: vec![alternate("/a")], ..entry() };
    let (found, problems) = read_entry(raw);
    assert_eq!((found.id, problems), (None, vec!["long-id".to_owned()]));
}

#[test]
fn a_long_body_is_cut_and_told() {
    let raw = RawEntry { content: Some(text(&"<p>كلمة</p>".repeat(100_000), TextKind::Html)), ..entry() };
    let (found, problems) = read_entry(raw);
    let content = found.content.unwrap();
    assert!(content.len() <= 512 * 1024 && content.ends_with('>'), "{} bytes", content.len());
    assert_eq!(problems, ["long-text"]);
}

#[test]
fn lists_are_bounded() {
    let raw = RawEntry {
        categories: (0..5000)
            .map(|n| RawCategory { term: n.to_string(), ..RawCategory::default() })
            .collect(),
        authors: (0..5000)
            .map(|n| RawPerson { name: Some(format!("A{n}")), ..RawPerson::default() })
            .collect(),
        media: (0..5000).map(|n| RawMedia { url: format!("/{n}.mp3"), ..RawMedia::default() }).collect(),
        ..entry()
    };
    let (found, _) = read_entry(raw);
    assert_eq!((found.categories.len(), found.authors.len(), found.enclosures.len()), (100, 50, 100));
    let feed = read(RawFeed { entries: vec![entry(); 10_700], ..RawFeed::default() });
    // Those that are taken in, and some of which it can be told that they are not.
    assert_eq!(feed.entries.len(), 10_500);
    assert_eq!(feed.problems[0].code, "too-many-entries");
}

#[test]
fn problems_of_one_kind_are_told_a_few_times_and_counted() {
    let bad = |n: usize| RawEntry { published: Some(format!("someday {n}")), ..entry() };
    let earlier = vec![Problem::new("repaired", "An unclosed element was closed"); 2];
    let feed = read(RawFeed { entries: (0..50).map(bad).collect(), problems: earlier, ..RawFeed::default() });
    let codes: Vec<&str> = feed.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(
        codes,
        ["repaired", "repaired", "bad-date", "bad-date", "bad-date", "bad-date", "bad-date", "bad-date"]
    );
    assert!(feed.problems[2].message.contains("\"someday 0\""), "{}", feed.problems[2].message);
    assert_eq!(feed.problems[7].message, "and 45 more of this kind");
}

#[test]
fn an_empty_document_says_nothing() {
    let feed = read(RawFeed::default());
    let texts = [
        feed.id,
        feed.title,
        feed.link,
        feed.description,
        feed.language,
        feed.image,
        feed.hubs.first().cloned(),
        feed.self_url,
        feed.rights,
    ];
    assert!(texts.iter().all(Option::is_none));
    assert!(
        feed.updated.is_none()
            && feed.entries.is_empty()
            && feed.authors.is_empty()
            && feed.problems.is_empty()
    );
}

proptest! {
    /// One text in every place: nothing breaks, no link leads to a script, no name is empty.
    #[test]
    fn any_text_in_any_place(value in "\\PC{0,30}|(javascript:|data:|<b>|&amp;|http://|@|\\(|/| |é|م|[0-9]){0,8}", n in 0..3_usize) {
        let kind = [TextKind::Plain, TextKind::Html, TextKind::Unknown][n];
        let body = || Some(text(&value, kind));
        let one = || Some(value.clone());
        let person = RawPerson { name: one(), email: one(), uri: one() };
        let file = RawMedia { url: value.clone(), media_type: one(), medium: one(), length: one(), duration: one(), width: one(), title: one(), base: one(), ..RawMedia::default() };
        let raw = RawEntry {
            id: one(), title: body(), links: vec![alternate(&value)], original_link: one(), summary: body(), content: body(),
            published: one(), updated: one(), authors: vec![person.clone(), person], media: vec![file.clone(), file],
            categories: vec![RawCategory { term: value.clone(), scheme: one(), label: one() }], comments: one(),
            source: Some(RawSource { title: one(), url: one() }), language: one(), base: one(), rights: body(),
            duration: one(), episode: one(), season: one(), explicit: one(), ..RawEntry::default()
        };
        let feed = read(RawFeed { entries: vec![raw], base: one(), images: vec![value.clone()], ttl: one(), ..RawFeed::default() });
        for entry in &feed.entries {
            for link in [&entry.link, &entry.original_link, &entry.comments, &entry.image].into_iter().flatten() {
                let scheme = link.split(':').next().unwrap().to_ascii_lowercase();
                prop_assert!(link.contains(':') && scheme != "javascript" && scheme != "data", "{}", link);
            }
            prop_assert!(entry.authors.len() <= 1 && entry.enclosures.len() <= 1);
            prop_assert!(entry.authors.iter().all(|person| !person.name.is_empty()));
            prop_assert!(entry.title.as_deref().is_none_or(|title| !title.is_empty() && title.trim() == title));
        }
    }
}
