//! Related stories in the documents of sections, and in their fingerprints.

use super::*;

#[test]
fn an_entry_names_what_is_related_and_its_documents_change_with_it() {
    let (memory, sources) = filled(&[("a", 3), ("b", 2)]);
    let sections = vec![section("latest", 10, 10), section("sport", 10, 10), section("art", 10, 10)];
    let edition = Edition::new(site(), sections, &sources);
    let plain = pipeline::publish(&edition, &memory.window(&sources), &Published::default());
    let entry = |title: &str| {
        let is_it = |entry: &&Entry| entry.said.title.as_deref() == Some(title);
        Arc::new(memory.entries.values().find(is_it).unwrap().clone())
    };
    let with = |others: &[Arc<Entry>]| {
        let related = [(entry("a 0").key, others.to_vec())].into();
        Window { related, ..memory.window(&sources) }
    };
    let both = pipeline::publish(&edition, &with(&[entry("b 1"), entry("a 2")]), &plain);
    let feed: serde_json::Value = serde_json::from_slice(&both.documents["/sport.json"].identity).unwrap();
    let of = |title: &str| {
        let items = feed["items"].as_array().unwrap();
        items.iter().find(|item| item["title"] == title).unwrap()["_nashra"]["related"].clone()
    };
    let named = |title: &str, url: &str| serde_json::json!({"title": title, "url": url});
    let expected = [named("b 1", "https://b.example/1"), named("a 2", "https://a.example/2")];
    assert_eq!(of("a 0"), serde_json::json!(expected));
    assert_eq!(of("a 1"), serde_json::json!([]));
    let same = |one: &Published, other: &Published, path: &str| {
        Arc::ptr_eq(&one.documents[path], &other.documents[path])
    };
    assert!(!same(&plain, &both, "/sport.atom") && same(&plain, &both, "/art.atom"));
    assert!(same(
        &both,
        &pipeline::publish(&edition, &with(&[entry("b 1"), entry("a 2")]), &both),
        "/sport.atom"
    ));
    assert!(!same(
        &both,
        &pipeline::publish(&edition, &with(&[entry("a 2"), entry("b 1")]), &both),
        "/sport.atom"
    ));
    // A change of what is named is a change of who names it.
    let mut changed = (*entry("b 1")).clone();
    changed.updated = Some(at("2026-11-25T00:00:00Z"));
    let after = pipeline::publish(&edition, &with(&[Arc::new(changed)]), &both);
    assert_eq!(after.documents["/sport.atom"].last_modified, Some(at("2026-11-25T00:00:00Z")));
}
