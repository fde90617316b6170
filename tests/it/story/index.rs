//! The index of stories: what it finds, what it forgets, and that neither grows.

use nashra::model::*;
use nashra::pipeline::story::{Index, features};
use proptest::prelude::*;

use crate::kit::entries::*;

fn sketch(source: &str, n: u64, title: &str, first_seen: &str) -> Sketch {
    let said = said("", title, "", "");
    let key = EntryKey::new(at(first_seen), Digest::of([source.as_bytes(), &n.to_be_bytes()]));
    let first_seen = at(first_seen);
    Sketch { key, story: key, source: SourceId(source.to_owned()), first_seen, features: features(&said) }
}

fn found(index: &Index, source: &str, title: &str, when: &str) -> Vec<EntryKey> {
    let features = features(&said("", title, "", ""));
    let candidates = index.candidates(&features, &SourceId(source.to_owned()), at(when));
    assert!(candidates.is_sorted_by_key(|one| std::cmp::Reverse(one.score_percent)));
    candidates.into_iter().map(|one| one.key).collect()
}

const TITLE: &str = "The council votes on the new harbour";
const DAY: &str = "2026-11-24T08:00:00Z";

#[test]
fn other_sources_within_72_hours_are_found() {
    let mut index = Index::default();
    let one = sketch("a", 1, TITLE, DAY);
    index.insert(one.clone());
    index.insert(one.clone());
    assert_eq!(index.len(), 1);
    assert_eq!(index.features(one.key), Some(&one.features));
    let check =
        |source, title, when, expected: &[EntryKey]| assert_eq!(found(&index, source, title, when), expected);
    check("b", TITLE, "2026-11-27T08:00:00Z", &[one.key]);
    check("b", "New harbour: council votes tonight", DAY, &[one.key]);
    check("a", TITLE, DAY, &[]);
    check("b", TITLE, "2026-11-27T08:00:01Z", &[]);
    check("b", "The council debates pigeons", DAY, &[]);
    check("b", "", DAY, &[]);
}

#[test]
fn another_number_is_no_candidate() {
    let mut index = Index::default();
    let one = sketch("a", 1, "مصرع 5 أشخاص في حادثة سير قرب سطات", DAY);
    index.insert(one.clone());
    assert_eq!(found(&index, "b", "مصرع خمسة أشخاص في حادثة سير قرب سطات", DAY), [one.key]);
    assert!(found(&index, "b", "مصرع 7 أشخاص في حادثة سير قرب سطات", DAY).is_empty());
}

#[test]
fn what_is_old_is_forgotten() {
    let mut index = Index::default();
    for (n, day) in (1..=20).enumerate() {
        index.insert(sketch("a", n as u64, TITLE, &format!("2026-11-{day:02}T08:00:00Z")));
    }
    index.forget(at("2026-12-10T08:00:00Z"));
    assert_eq!(index.len(), 11);
    assert_eq!(found(&index, "b", TITLE, "2026-11-19T08:00:00Z").len(), 5);
    assert!(found(&index, "b", TITLE, "2026-11-05T08:00:00Z").is_empty());
    index.forget(at("2027-12-10T08:00:00Z"));
    assert!(index.is_empty() && found(&index, "b", TITLE, DAY).is_empty());
}

#[test]
fn related_is_what_shares_rare_words() {
    let mut index = Index::default();
    let titles = [
        "Harbour of Tangier opens a third container terminal",
        "Container terminal in Tangier: what the harbour expects",
        "Minister visits the harbour of Tangier and its container terminal",
        "Prices of tomatoes rise again in the markets",
        "National team wins its friendly match",
        "The minister says the country is ready",
    ];
    let sketches: Vec<Sketch> = (0..).zip(titles).map(|(n, title)| sketch("a", n, title, DAY)).collect();
    sketches.iter().for_each(|one| index.insert(one.clone()));
    let own = &sketches[0];
    let mut related = index.related(&own.features, own.story, 5);
    related.sort_unstable();
    let mut expected = vec![sketches[1].key, sketches[2].key];
    expected.sort_unstable();
    assert_eq!(related, expected);
    assert_eq!(index.related(&own.features, own.story, 1).len(), 1);
    // Of a story only one.
    index.insert(Sketch { story: sketches[1].story, ..sketch("b", 9, titles[1], DAY) });
    assert_eq!(index.related(&own.features, own.story, 5).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever else is there, the entry is found; and answers stay short.
    #[test]
    fn strangers_hide_nothing(titles in prop::collection::vec("[a-z]{3,9}( [a-z]{3,9}){3,8}", 0..200), same in 0_u64..40) {
        let mut index = Index::default();
        let one = sketch("a", 1, TITLE, DAY);
        index.insert(one.clone());
        (0..).zip(&titles).for_each(|(n, title)| index.insert(sketch("c", n, title, DAY)));
        (0..same).for_each(|n| index.insert(sketch(&format!("d{n}"), n, TITLE, DAY)));
        let keys = found(&index, "b", TITLE, DAY);
        prop_assert!(keys.len() <= 8 && (same > 8 || keys.contains(&one.key)));
        prop_assert!(index.related(&one.features, one.story, 5).len() <= 5);
    }

    /// A text of any kind has features, which survive the store, and matches itself.
    #[test]
    fn features_of_anything(title in "\\PC{0,80}", text in "\\PC{0,400}") {
        let said = FeedEntry { summary: Some(text), ..said("", &title, "", "") };
        let features = features(&said);
        let mut bytes = vec![];
        features.to_bytes(&mut bytes);
        prop_assert_eq!(Features::from_bytes(&bytes), Some((features, &b""[..])));
        let likeness = nashra::pipeline::story::likeness(&said, &said);
        prop_assert!(likeness.is_none_or(|percent| percent <= 100));
    }
}
