//! JSON Feed 1.1.

use serde_json::{Value, json};

use super::*;

fn parsed(feed: &SectionFeed) -> Value {
    let bytes = render::json(feed, &site());
    check_legal(std::str::from_utf8(&bytes).unwrap());
    serde_json::from_slice(&bytes).unwrap()
}

fn one(said: FeedEntry) -> Value {
    parsed(&feed_of(said))["items"][0].take()
}

/// Some keys of an object.
fn keys(value: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), value[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn the_feed_says_what_it_is() {
    let mut feed = parsed(&unusual());
    feed.as_object_mut().unwrap().remove("items");
    assert_eq!(
        feed,
        json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Section sport – نشرة",
            "home_page_url": "http://127.0.0.1:8080/sport",
            "feed_url": "http://127.0.0.1:8080/sport.json",
            "description": "جديد «Section sport» من نشرة، مجموعا من مصادره.",
            "icon": "http://127.0.0.1:8080/icon.png",
            "language": "ar",
        })
    );
}

#[test]
fn an_item_carries_all_that_was_said() {
    let item = one(rich());
    let names =
        ["id", "title", "summary", "content_text", "tags", "language", "date_published", "date_modified"];
    assert_eq!(
        keys(&item, &names),
        json!({
            "id": "https://a.example/id/1",
            "title": rich().title,
            "summary": "Summary & more ]]>",
            "content_text": null,
            "tags": ["رياضة", "plain"],
            "language": "fr-MA",
            "date_published": "2026-11-22T21:40:00Z",
            "date_modified": null,
        })
    );
    assert!(item["content_html"].as_str().unwrap().starts_with("<p>Content with a\nline"));
    assert_eq!(
        item["authors"][0],
        json!({"name": "أمل & Co", "url": "https://a.example/people/%D8%A3%D9%85%D9%84"})
    );
    assert_eq!(item["attachments"].as_array().unwrap().len(), 3);
    assert_eq!(item["attachments"][0]["size_in_bytes"], 12);
    assert_eq!(
        item["attachments"][2],
        json!({
            "url": "https://a.example/unknown",
            "mime_type": "application/octet-stream",
            "title": "A <file> & \"more\"",
            "duration_in_seconds": 61,
        })
    );
}

#[test]
fn there_is_always_content() {
    let check = |said: FeedEntry, html: Value, text: Value| {
        let item = one(said);
        assert_eq!((&item["content_html"], &item["content_text"]), (&html, &text));
    };
    let nothing = FeedEntry::default();
    check(nothing.clone(), Value::Null, json!("Source a"));
    check(FeedEntry { title: Some("1 < 2".to_owned()), ..nothing.clone() }, Value::Null, json!("1 < 2"));
    check(
        FeedEntry { summary: Some("<p>s</p>".to_owned()), ..nothing.clone() },
        json!("<p>s</p>"),
        Value::Null,
    );
    check(FeedEntry { content: Some(" \n".to_owned()), ..nothing.clone() }, Value::Null, json!("Source a"));
    assert_eq!(one(nothing)["title"], Value::Null);
}

#[test]
fn nashra_names_source_story_and_other_coverage() {
    let feed = parsed(&unusual());
    let story = unusual().placed[0].entry.story.to_string();
    assert_eq!(
        feed["items"][0]["_nashra"],
        json!({
            "source": {"id": "a", "title": "Source a", "url": "https://a.example/"},
            "story": story,
            "also": [
                {"title": "Other <b> & title", "url": "https://b.example/a?b=1&c=2", "source": "Source b"},
                {"title": "ثالث", "url": "https://c.example/a?b=1&c=2", "source": "Source c"},
            ],
            "related": [],
        })
    );
    assert_eq!(feed["items"][2]["date_modified"], "2026-11-24T10:00:00Z");
    assert_eq!(feed["items"][3]["_nashra"]["source"]["url"], "http://127.0.0.1:8080/");
    assert_eq!(feed["items"][3]["_nashra"]["also"], json!([]));
}
