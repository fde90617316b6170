//! Search: every form of a word finds it, and what is asked for stands in order.

mod pages;

use nashra::model::*;
use nashra::pipeline::search::{Index, Order, Query, Texts};
use proptest::prelude::*;

use crate::kit::entries::at;

/// An entry of source `s` that says this; the later its number, the newer.
pub fn entry(number: u32, title: &str, html: &str) -> Entry {
    let published = at("2026-11-01T00:00:00Z") + chrono::TimeDelta::minutes(number.into());
    let key = EntryKey::new(published, Digest::of([&number.to_be_bytes()[..]]));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Entry {
        key,
        id: format!("urn:x:{number:08}"),
        source: SourceId("s".to_owned()),
        identity: Identity { kind: IdentityKind::Guid, value: number.to_string() },
        said: FeedEntry { title: some(title), content: some(html), ..FeedEntry::default() },
        published,
        dated: DateOrigin::Source,
        first_seen: published,
        first_seen_millis: 0,
        updated: None,
        backfill: false,
        story: key,
        story_reason: StoryReason::First,
        matched: None,
        digest: Digest([0; 16]),
        former: vec![],
        revision: 0,
        life: vec![],
    }
}

fn index(entries: &[Entry]) -> Index {
    let mut index = Index::default();
    entries.iter().for_each(|entry| index.insert(entry, &Texts::of(entry)));
    index
}

/// The keys of the entries that stand for what is found, in order.
fn found(index: &Index, query: &str, order: Order) -> Vec<EntryKey> {
    let hits = index.find(&Query::parse(query).unwrap(), order, 50, |_| true);
    hits.into_iter().map(|hit| hit.entries[0]).collect()
}

/// Titles of one entry each, and whether a question finds which: by their numbers, newest first.
fn check(titles: &[&str], query: &str, expected: &[u32]) {
    let entries: Vec<Entry> = (0..).zip(titles).map(|(number, title)| entry(number, title, "")).collect();
    let numbers: Vec<u32> = found(&index(&entries), query, Order::Newest)
        .iter()
        .map(|key| (0..).zip(&entries).find(|(_, entry)| entry.key == *key).unwrap().0)
        .collect();
    assert_eq!(numbers, expected, "{query} in {titles:?}");
}

#[test]
fn every_form_of_an_arabic_word_finds_the_others() {
    for forms in [
        "رئيس الرئيس للرئيس والرئيس بالرئيس لرئيس ورئيس رَئيس رئيـــس الرئيسي",
        "مراكش بمراكش ومراكش لمراكش وبمراكش",
        "حكومة الحكومة للحكومة حكومات الحكومه حكومتها",
        "مباراة المباراة للمباراة مباراه",
        "أخبار اخبار الأخبار إخبار آخبار",
        "مستشفى المستشفى مستشفي للمستشفى",
        "مغربي المغربي المغربية المغرب",
        "٣ 3 ۳",
        "٢٠٢٦ 2026",
        "سيعلن يعلن وسيعلن",
        "مسؤول مسوول المسؤول",
        "ﻣﺤﻤﺪ محمد مُحَمَّد",
    ] {
        let forms: Vec<&str> = forms.split(' ').collect();
        for query in &forms {
            for title in &forms {
                check(&[title, "شيء آخر تماما"], query, &[0]);
            }
        }
    }
}

#[test]
fn what_is_another_word_is_not_found() {
    check(&["وزير الصحة", "زيت الزيتون"], "زيت", &[1]);
    check(&["مدينة فاس", "فارس المسرح"], "فاس", &[0]);
    check(&["A minister resigns", "A ministry opens"], "minister", &[0]);
    check(&["rating", "art", "party"], "art", &[1]);
    // One that is frequent is a word of its own, and not another one with a particle.
    let mut titles = vec!["وزير المالية"; 30];
    titles.push("زير الماء في المتحف");
    check(&titles, "زير", &[30]);
    assert_eq!(
        found(&index(&[entry(1, "وزير المالية", ""), entry(2, "زير الماء", "")]), "وزير", Order::Newest)
            .len(),
        1
    );
}

#[test]
fn latin_letters() {
    let titles = ["L’Élysée réagit", "Elections in the north", "L'OM bat Lyon 3-0", "ŒUVRE d’art"];
    check(&titles, "elysee", &[0]);
    check(&titles, "ÉLYSÉE", &[0]);
    check(&titles, "élection", &[1]);
    check(&titles, "\"om bat\"", &[2]);
    check(&titles, "3-0", &[2]);
    check(&titles, "oeuvres", &[3]);
    check(&titles, "東京", &[]);
    check(&["東京大学が発表", "大阪の大学"], "大学", &[1, 0]);
    check(&["東京大学が発表", "京の東"], "東京", &[0]);
}

#[test]
fn words_phrases_and_what_is_not_wanted() {
    let titles = [
        "رئيس الحكومة يزور فاس",
        "الحكومة تلتقي رئيس البرلمان",
        "Prime minister visits Fez",
        "Minister: prime time for Fez",
    ];
    check(&titles, "رئيس الحكومة", &[1, 0]);
    check(&titles, "\"رئيس الحكومة\"", &[0]);
    check(&titles, "«رئيس الحكومة»", &[0]);
    check(&titles, "رئيس -فاس", &[1]);
    check(&titles, "-رئيس", &[3, 2]);
    check(&titles, "fez minister", &[3, 2]);
    check(&titles, "\"prime minister\"", &[2]);
    check(&titles, "fez -\"prime minister\"", &[3]);
    check(&titles, "minister فاس", &[]);
    check(&titles, "minis*", &[3, 2]);
    // The last word may be one that is not whole yet.
    check(&titles, "fez minist", &[3, 2]);
    check(&titles, "minist fez", &[]);
    check(&titles, "البرلما", &[1]);
    check(&titles, "x*", &[]);
}

#[test]
fn texts_are_found_as_titles_are() {
    let long = format!("<p>first</p>{}<p>needle in a haystack</p>", "<b>hay</b> ".repeat(200));
    let mut said = entry(1, "A title", &long);
    said.said.summary = Some("<p>Summary words</p>".to_owned());
    said.said.categories = vec![Category { term: "عدالة".to_owned(), ..Category::default() }];
    said.said.authors = vec![Person { name: "Mona Zaki".to_owned(), ..Person::default() }];
    let index = index(&[said.clone(), entry(2, "Another", "<script>needle()</script>")]);
    for query in ["needle", "\"needle in a haystack\"", "summary", "عدالة", "\"mona zaki\"", "title needle"]
    {
        assert_eq!(found(&index, query, Order::Best), [said.key], "{query}");
    }
    // No phrase goes from one text into the next.
    assert!(found(&index, "\"title summary\"", Order::Best).is_empty());
}

#[test]
fn the_best_comes_first_and_the_order_is_fixed() {
    let filler = "<p>some other words of no interest at all</p>";
    let entries = [
        entry(1, "Parliament", &format!("{filler} harvest")),
        entry(2, "Harvest begins", filler),
        entry(3, "Weather", &format!("{filler} {filler} harvest")),
        entry(4, "Harvest begins", filler),
    ];
    let best = found(&index(&entries), "harvest", Order::Best);
    assert_eq!(best, [entries[3].key, entries[1].key, entries[0].key, entries[2].key]);
    // However the entries came in.
    let mut other: Vec<Entry> = entries.to_vec();
    other.reverse();
    assert_eq!(found(&index(&other), "harvest", Order::Best), best);
    let newest = found(&index(&other), "harvest", Order::Newest);
    assert_eq!(newest, [3, 2, 1, 0].map(|at: usize| entries[at].key));
    // What is two months older must match better.
    let old =
        Entry { key: EntryKey::new(at("2026-08-01T00:00:00Z"), Digest([7; 16])), ..entry(9, "Harvest", "") };
    let old = Entry { story: old.key, ..old };
    let mut with_old = entries.to_vec();
    with_old.push(old.clone());
    assert_eq!(found(&index(&with_old), "harvest", Order::Best).last(), Some(&old.key));
}

#[test]
fn a_story_is_one_hit() {
    let first = entry(1, "Floods in the valley", "");
    let second = Entry { story: first.key, ..entry(2, "Valley floods: a report", "") };
    let third = entry(3, "Floods elsewhere", "");
    let index = index(&[first.clone(), second.clone(), third.clone()]);
    let hits = |query: &str| index.find(&Query::parse(query).unwrap(), Order::Newest, 9, |_| true);
    let hits: Vec<Vec<EntryKey>> = hits("floods").into_iter().map(|hit| hit.entries).collect();
    assert_eq!(hits, [vec![third.key], vec![first.key, second.key]]);
    assert_eq!(found(&index, "report", Order::Newest), [second.key]);
}

#[test]
fn what_changes_or_goes_is_found_no_more() {
    let mut index = index(&[entry(1, "Old words", ""), entry(2, "Old times", "")]);
    index.insert(&entry(1, "New words", ""), &Texts::of(&entry(1, "New words", "")));
    assert_eq!(found(&index, "old", Order::Best), [entry(2, "", "").key]);
    assert_eq!(found(&index, "new words", Order::Best), [entry(1, "", "").key]);
    index.remove(entry(1, "", "").key);
    index.remove(entry(1, "", "").key);
    assert!(found(&index, "words", Order::Best).is_empty());
    assert_eq!((index.len(), index.has(entry(2, "", "").key)), (1, true));
}

#[test]
fn sources_are_asked_one_by_one() {
    let other = Entry { source: SourceId("t".to_owned()), ..entry(2, "News", "") };
    let index = index(&[entry(1, "News", ""), other.clone()]);
    let hits = index.find(&Query::parse("news").unwrap(), Order::Best, 9, |source| source.0 == "t");
    assert_eq!(hits.iter().map(|hit| hit.entries[0]).collect::<Vec<_>>(), [other.key]);
    let all = index.find(&Query::parse("source:t").unwrap(), Order::Best, 9, |_| true);
    assert_eq!(all.len(), 2, "whoever asks knows which sources are meant");
}

#[test]
fn many_entries_fill_segments_and_answer_the_same() {
    let mut parts = Index::default();
    let entries: Vec<Entry> =
        (0..17_000).map(|n| entry(n, &format!("Item {n} of batch {}", n % 7), "")).collect();
    for entry in &entries {
        parts.insert(entry, &Texts::of(entry));
        if let Some(ripe) = parts.ripe() {
            parts.seal(ripe);
        }
    }
    for number in [0, 5_000, 8_191, 8_192, 16_383, 16_384, 16_999_usize] {
        assert_eq!(found(&parts, &format!("\"item {number}\""), Order::Best), [entries[number].key]);
    }
    let newest = found(&parts, "batch 3", Order::Newest);
    assert_eq!((newest.len(), newest[0]), (50, entries[16_999].key));
    // A segment that lost most of its entries hands out the rest.
    assert!(parts.tidy().is_empty());
    entries[..14_000].iter().for_each(|entry| parts.remove(entry.key));
    let rest = parts.tidy();
    assert_eq!(rest.len(), 16_384 - 14_000);
    entries[14_000..16_384].iter().for_each(|entry| parts.insert(entry, &Texts::of(entry)));
    assert!(parts.tidy().is_empty());
    assert_eq!(found(&parts, "\"item 15000\"", Order::Best), [entries[15_000].key]);
    assert!(found(&parts, "\"item 11000\"", Order::Best).is_empty());
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي]{1,8}",
        "(ال|وال|لل|بال|و|ب|ل|ف|ك|س)[ابتجحدرسعقكلمنهوي]{2,6}(ات|ون|ين|ها|ية|ي|ة)?",
        "[A-Za-zÀ-ž]{1,10}",
        "[0-9٠-٩]{1,5}",
        "\\PC{1,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every stored entry is found by any word of its title, in any company, and by its title as a phrase.
    #[test]
    fn whatever_is_in_a_title_is_found(
        titles in proptest::collection::vec(proptest::collection::vec(word(), 1..9), 1..12),
    ) {
        let titles: Vec<String> = titles.iter().map(|words| words.join(" ")).collect();
        let entries: Vec<Entry> = (0..).zip(&titles).map(|(n, title)| entry(n, title, "<p>text</p>")).collect();
        let index = index(&entries);
        for (title, entry) in titles.iter().zip(&entries) {
            let has = |query: &str| found(&index, query, Order::Best).contains(&entry.key);
            for word in nashra::pipeline::text::fold(title).split(' ').filter(|word| !word.is_empty()) {
                prop_assert!(has(word), "{word} of {title}");
            }
            let bare: String = title.chars().filter(|c| !"\"«»“”„".contains(*c)).take(190).collect();
            if !nashra::pipeline::text::fold(&bare).is_empty() && bare.len() == title.len() {
                let phrase = format!("\"{title}\"");
                prop_assert!(has(&phrase), "{phrase}");
            }
        }
    }
}
