//! Which sections an entry belongs to, and why: rules as an admin writes them, on entries as sources write them.

mod fairness;
mod stories;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nashra::config::{self, Config};
use nashra::model::*;
use nashra::pipeline::section::{Because, Cards, RuleHit, Sorter};

use crate::kit::entries::*;

const NOW: &str = "2026-11-20T12:00:00Z";

/// A feeds.toml with these sections and the source `a`.
fn configured(sections: &str, source: &str) -> Config {
    let text = format!("{sections}\n[sources.a]\nurl = \"https://a.example/feed\"\n{source}\n");
    config::read(&text, "feeds.toml", Path::new("")).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

/// What the source `a` lists, stored, as its first entry.
fn stored(entry: FeedEntry) -> Entry {
    let mut memory = Memory::default();
    memory.poll(&source("a", &[]), &brought(vec![entry], NOW));
    memory.entries.into_values().next().unwrap()
}

/// The card of `a`, whose feed names this language.
fn cards(language: Option<&str>) -> Cards {
    let card = SourceCard {
        id: SourceId("a".to_owned()),
        title: "A".to_owned(),
        link: None,
        feed_url: None,
        feed_id: "a".to_owned(),
        language: language.map(str::to_owned),
        image: None,
        rights: None,
    };
    BTreeMap::from([(card.id.clone(), Arc::new(card))])
}

fn holds(rule: &str, entry: &Entry, cards: &Cards) -> bool {
    let config = configured(&format!("[sections.s]\ninclude = [{rule}]"), "");
    let sorter = Sorter::new(&config.sections, &config.sources);
    sorter.sections_of(entry, cards).iter().any(|id| id.0 == "s")
}

fn full() -> FeedEntry {
    FeedEntry {
        categories: vec![Category {
            term: "Sport".to_owned(),
            label: Some("رياضة".to_owned()),
            scheme: None,
        }],
        authors: vec![Person { name: "Amal Z.".to_owned(), ..Person::default() }],
        language: Some("ar-MA".to_owned()),
        content: Some("<p>The <b>final</b> was moved to Fes.</p>".to_owned()),
        ..said(
            "g",
            "نهائي كأس العـــرش: الرَّجَاء يُواجه الوداد",
            "https://a.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/Cup-1",
            "2026-11-19T11:00:00Z",
        )
    }
}

#[test]
fn rules_find_what_they_say() {
    let (entry, cards) = (stored(full()), cards(None));
    for (rule, expected) in [
        (r#"{ title = "كاس العرش" }"#, true),
        (r#"{ title = "العر" }"#, false),
        (r#"{ title = ["x", "الوداد"] }"#, true),
        (r#"{ title = ["x", "y"] }"#, false),
        // A glob on folded text, a regex on the text as it is and without harakat and tatweel.
        (r#"{ title = "نهائى*" }"#, true),
        (r#"{ title = "*الرجاء*" }"#, true),
        (r"{ title = '/كأس العرش/' }", true),
        (r"{ title = '/كأس العـــرش/' }", true),
        (r"{ title = '/الر.جاء/' }", false),
        (r"{ title = '/الرجاء\s+يواجه/' }", true),
        (r"{ title = '/^نهائي .*الوداد$/' }", true),
        (r"{ title = '/كاس/' }", false),
        (r#"{ text = "final was moved" }"#, true),
        (r"{ text = '/f[ei]s\b/' }", false),
        (r"{ text = '/f[ei]s\b/i' }", true),
        (r#"{ link = "*/رياضة/*" }"#, true),
        (r"{ url = '/رياضة/Cup-\d/' }", true),
        (r"{ url = '/%D8%B1/' }", true),
        (r"{ url = '/cup/' }", false),
        (r"{ url = '/cup/i' }", true),
        (r#"{ category = "رياضه" }"#, true),
        (r#"{ category = "spo" }"#, false),
        (r#"{ category = "spo*" }"#, true),
        (r#"{ author = "amal z" }"#, true),
        (r"{ author = '/^amal/i' }", true),
        (r#"{ language = "ar" }"#, true),
        (r#"{ language = "AR-ma" }"#, true),
        (r#"{ language = "a*" }"#, true),
        (r#"{ language = ["en", "fr"] }"#, false),
        (r#"{ age = ">1d" }"#, true),
        (r#"{ age = ">25h" }"#, false),
        (r#"{ age = "<26h" }"#, true),
        (r#"{ title = "الوداد", author = "x" }"#, false),
        (r#"{ any = [{ title = "x" }, { category = "sport" }] }"#, true),
        (r#"{ all = [{ title = "الوداد" }, { title = "الرجاء" }] }"#, true),
        (r#"{ category = "sport", not = { any = [{ title = "x" }, { title = "y" }] } }"#, true),
        (r#"{ category = "sport", not = { title = "الوداد" } }"#, false),
        (r#"{ not = { not = { title = "الوداد" } } }"#, true),
    ] {
        assert_eq!(holds(rule, &entry, &cards), expected, "{rule}");
    }
}

/// A condition on what an entry lacks does not hold, so its opposite does.
#[test]
fn what_is_not_there_is_not_found() {
    let bare = stored(FeedEntry {
        content: Some("<img src=\"https://a.example/1.png\">".to_owned()),
        ..said("g", "", "", "")
    });
    for condition in [
        "title = \"*\"",
        "title = '/.?/'",
        "url = \"*\"",
        "category = \"*\"",
        "author = \"*\"",
        "language = \"*\"",
        "age = \"<1000d\"",
        "age = \">0s\"",
    ] {
        let cards = cards(None);
        assert!(!holds(&format!("{{ {condition} }}"), &bare, &cards), "{condition}");
        assert!(holds(&format!("{{ not = {{ {condition} }} }}"), &bare, &cards), "{condition}");
    }
}

/// A date in the future is no date of publication, but it is one: the entry is as new as can be.
#[test]
fn ages_are_those_at_first_sight() {
    let age = |published: &str, rule: &str| {
        let entry = stored(FeedEntry { updated: None, ..said("g", "Title", "", published) });
        holds(&format!("{{ age = \"{rule}\" }}"), &entry, &cards(None))
    };
    assert!(age("2026-11-21T00:00:00Z", "<1s") && !age("2026-11-21T00:00:00Z", ">0s"));
    assert!(age(NOW, "<1s") && !age(NOW, ">0s"));
    assert!(age("2026-11-20T10:00:00Z", ">1h59m") && !age("2026-11-20T10:00:00Z", ">2h"));
    assert!(age("2026-11-20T10:00:00Z", "<2h1s") && !age("2026-11-20T10:00:00Z", "<2h"));
    // What stands for no date is none.
    for none in ["", "1970-01-01T00:00:00Z"] {
        assert!(!age(none, "<2h") && !age(none, ">0s"), "{none}");
    }
}

#[test]
fn the_language_is_the_entrys_else_its_feeds_else_what_the_letters_say() {
    let check = |own: Option<&str>, feed: Option<&str>, title: &str, rule: &str, expected: bool| {
        let said = said("g", title, "", NOW);
        let entry = stored(FeedEntry { language: own.map(str::to_owned), ..said });
        let rule = format!("{{ language = \"{rule}\" }}");
        assert_eq!(holds(&rule, &entry, &cards(feed)), expected, "{own:?} {feed:?} {title} {rule}");
    };
    check(Some("fr"), Some("en"), "Le titre", "fr", true);
    check(Some("fr"), Some("en"), "Le titre", "en", false);
    check(None, Some("fr-FR"), "Le titre", "fr", true);
    check(None, Some("fr-FR"), "Le titre", "fr-CA", false);
    check(None, None, "Le titre", "fr", false);
    check(None, None, "الحكومة تعلن عن برنامج 2026", "ar", true);
    // Many a publishing system says so of every feed.
    check(None, Some("en-US"), "الحكومة تعلن عن برنامج", "ar", true);
    check(None, Some("en-US"), "الحكومة تعلن عن برنامج", "en", false);
    check(None, Some("fa"), "دولت برنامه ای را اعلام کرد", "ar", false);
    check(None, Some("en"), "Al Jazeera (الجزيرة) in talks", "en", true);
}

#[test]
fn every_decision_can_be_told() {
    let sections = "[sections.sent]\nexclude = [{ author = \"nobody\" }]\n\
                    [sections.taken]\ninclude = [{ title = \"x\" }, { category = \"sport\", link = \"a.example\" }]\n\
                    [sections.left]\nexclude = [{ title = \"x\" }, { title = [\"الوداد\", \"y\"] }]\n\
                    [sections.other]\nexclude = [{ title = \"الوداد\" }]\n";
    let because = |source: &str, entry: &Entry| -> Vec<(String, Because)> {
        let config = configured(sections, source);
        let (sorter, cards) = (Sorter::new(&config.sections, &config.sources), cards(None));
        let explained = sorter.explain(entry, &cards);
        let belongs: Vec<&SectionId> =
            explained.iter().filter(|one| one.belongs).map(|one| &one.section).collect();
        assert_eq!(belongs, sorter.sections_of(entry, &cards));
        explained.into_iter().map(|one| (one.section.0, one.because)).collect()
    };
    let hit = |number, rule: &str| RuleHit { number, rule: rule.to_owned() };
    let everywhere = |because: &Because| {
        ["latest", "sent", "taken", "left", "other"].map(|id| (id.to_owned(), because.clone())).to_vec()
    };
    let entry = stored(full());
    let to_both = "sections = [\"sent\", \"left\"]";
    let taken = hit(2, "{ category = \"sport\", url = \"a.example\" }");
    assert_eq!(
        because(to_both, &entry),
        [
            ("latest".to_owned(), Because::TakesAll),
            ("sent".to_owned(), Because::Sent),
            ("taken".to_owned(), Because::Included(taken)),
            ("left".to_owned(), Because::Excluded(hit(2, "{ title = [\"الوداد\", \"y\"] }"))),
            ("other".to_owned(), Because::NotAddressed),
        ]
    );
    let dropped = format!("{to_both}\nexclude = [{{ title = \"الوداد\" }}]");
    assert_eq!(
        because(&dropped, &entry),
        everywhere(&Because::ExcludedBySource(hit(1, "{ title = \"الوداد\" }")))
    );
    let unwanted = format!("{to_both}\ninclude = [{{ language = \"fr\" }}]");
    assert_eq!(because(&unwanted, &entry), everywhere(&Because::NotIncludedBySource));
    let gone = Entry { source: SourceId("b".to_owned()), ..entry };
    assert_eq!(because(to_both, &gone), everywhere(&Because::SourceGone));
}
