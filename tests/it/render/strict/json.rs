//! JSON Feed 1.1.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Report;
use super::values::*;

const FEED: &[&str] = &[
    "version",
    "title",
    "home_page_url",
    "feed_url",
    "description",
    "user_comment",
    "next_url",
    "icon",
    "favicon",
    "authors",
    "language",
    "expired",
    "hubs",
    "items",
];
const ITEM: &[&str] = &[
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "image",
    "banner_image",
    "date_published",
    "date_modified",
    "authors",
    "tags",
    "language",
    "attachments",
];

pub fn check(text: &str, report: &mut Report) {
    let read: Result<Map<String, Value>, _> = serde_json::from_str(text);
    let feed = match read {
        Ok(feed) => feed,
        Err(error) => return report.need(false, "document", &format!("no strict JSON: {error}")),
    };
    keys(&feed, FEED, "feed", report);
    report.need(
        feed.get("version").is_some_and(|one| one == "https://jsonfeed.org/version/1.1"),
        "feed",
        "version",
    );
    report.need(string(&feed, "title").is_some_and(|title| !title.is_empty()), "feed", "has no title");
    for name in ["home_page_url", "feed_url", "icon"] {
        report.need(string(&feed, name).is_some_and(is_web), "feed", &format!("{name} is nowhere"));
    }
    report.need(
        feed.get("language").is_none_or(|one| one.as_str().is_some_and(is_language)),
        "feed",
        "language",
    );
    authors(&feed, "feed", report);
    for hub in objects(&feed, "hubs") {
        let is_good = string(hub, "type").is_some() && string(hub, "url").is_some_and(is_web);
        report.need(is_good, "feed", "a hub has no type or is nowhere");
    }
    report.need(feed.get("items").is_some_and(Value::is_array), "feed", "has no items");
    let mut ids = HashSet::new();
    for (index, item) in objects(&feed, "items").into_iter().enumerate() {
        let place = format!("item {}", index + 1);
        check_item(item, &place, report);
        report.need(ids.insert(string(item, "id")), &place, "its id is that of another one");
    }
}

fn check_item(item: &Map<String, Value>, place: &str, report: &mut Report) {
    keys(item, ITEM, place, report);
    report.need(string(item, "id").is_some_and(|id| !id.is_empty()), place, "its id is no string");
    let has_content = string(item, "content_html").or_else(|| string(item, "content_text")).is_some();
    report.need(has_content, place, "has no content");
    check_markup(string(item, "content_html").unwrap_or_default(), place, report);
    for name in ["url", "external_url", "image", "banner_image"] {
        report.need(
            item.get(name).is_none_or(|one| one.as_str().is_some_and(is_web)),
            place,
            &format!("{name} is nowhere"),
        );
    }
    for name in ["date_published", "date_modified"] {
        let is_good = |one: &Value| one.as_str().is_some_and(is_rfc3339);
        report.need(item.get(name).is_none_or(is_good), place, &format!("{name} is no date"));
    }
    let tags = item.get("tags").and_then(Value::as_array);
    let is_tag = |tag: &Value| tag.as_str().is_some_and(|tag| !tag.is_empty());
    report.need(tags.is_none_or(|tags| tags.iter().all(is_tag)), place, "a tag is no word");
    report.need(
        item.get("language").is_none_or(|one| one.as_str().is_some_and(is_language)),
        place,
        "language",
    );
    authors(item, place, report);
    for file in objects(item, "attachments") {
        report.need(string(file, "url").is_some_and(is_web), place, "an attachment is nowhere");
        report.need(string(file, "mime_type").is_some_and(is_media_type), place, "an attachment has no type");
        for name in ["size_in_bytes", "duration_in_seconds"] {
            report.need(file.get(name).is_none_or(Value::is_u64), place, &format!("{name} is no number"));
        }
    }
    let own = item.get("_nashra").and_then(Value::as_object);
    let names: Vec<&str> = own.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    report.need(names == ["also", "related", "source", "story"], place, "_nashra is not as it was promised");
}

fn keys(object: &Map<String, Value>, known: &[&str], place: &str, report: &mut Report) {
    for (name, value) in object {
        let is_known = known.contains(&name.as_str()) || name.starts_with('_');
        report.need(is_known, place, &format!("{name} does not belong here"));
        report.need(!value.is_null(), place, &format!("{name} is null"));
    }
}

fn authors(holder: &Map<String, Value>, place: &str, report: &mut Report) {
    for author in objects(holder, "authors") {
        let is_named = string(author, "name").is_some_and(|name| !name.is_empty());
        report.need(is_named, place, "an author has no name");
        report.need(
            author.get("url").is_none_or(|one| one.as_str().is_some_and(is_web)),
            place,
            "an author is nowhere",
        );
    }
}

fn string<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

fn objects<'a>(object: &'a Map<String, Value>, name: &str) -> Vec<&'a Map<String, Value>> {
    let list = object.get(name).and_then(Value::as_array).into_iter().flatten();
    list.map(|one| one.as_object().unwrap_or_else(|| panic!("{name} holds {one}"))).collect()
}

/// What to write instead of what, and a part of the sentence that must come.
pub const BROKEN: &[(&str, &str, &str)] = &[
    ("version/1.1", "version/2", "version"),
    ("\"title\":\"Section sport – نشرة\"", "\"title\":\"\"", "no title"),
    ("\"id\":\"https", "\"id\":1,\"x\":\"https", "no string"),
    ("\"id\":\"https", "\"keywords\":[],\"id\":\"https", "does not belong"),
    (
        "\"id\":\"https://a.example/permalink\"",
        "\"id\":\"tag:a.example,2026:updated\"",
        "that of another one",
    ),
    ("\"content_text\":\"", "\"_text\":\"", "no content"),
    ("2026-11-22T21:40:00Z", "2026-11-22", "no date"),
    ("\"mime_type\":\"image/jpeg\"", "\"mime_type\":\"jpeg\"", "no type"),
    ("\"size_in_bytes\":12", "\"size_in_bytes\":\"12\"", "no number"),
    ("\"tags\":[", "\"tags\":[\"\",", "no word"),
    ("\"language\":\"fr-MA\"", "\"language\":\"fr_MA\"", "language"),
    ("\"story\":", "\"tale\":", "promised"),
    ("\"authors\":[{\"name\":\"أمل & Co\"", "\"authors\":[{\"name\":\"\"", "no name"),
    ("\"summary\":\"Summary & more ]]>\"", "\"summary\":null", "is null"),
];
