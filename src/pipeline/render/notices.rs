//! The admin's private feed as Atom 1.0 (RFC 4287).

use atom_syndication::{Category, Content, Entry, Feed, Generator, Person, Text};

use super::atom::{date, link, text};
use super::head::GENERATOR;
use super::values::line;
use crate::model::{Notice, Notices};

/// Its address on the listeners that serve it; it has no public one.
const ADDRESS: &str = "/admin.atom";

/// Renders the notices; the same notices give the same bytes.
pub fn notices(feed: &Notices) -> Vec<u8> {
    let newest = feed.list.iter().map(|notice| notice.at).max();
    let document = Feed {
        id: feed.id.clone(),
        title: text(safe(&feed.title)),
        // The epoch where nothing happened yet: never the clock.
        updated: date(newest.unwrap_or_default()),
        authors: vec![Person { name: GENERATOR.to_owned(), ..Person::default() }],
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: None }),
        links: vec![link("self", ADDRESS.to_owned(), Some("application/atom+xml"))],
        entries: feed.list.iter().map(entry).collect(),
        ..Feed::default()
    };
    // A vector takes every byte, and nothing else can fail.
    document.write_to(Vec::new()).unwrap_or_default()
}

fn entry(notice: &Notice) -> Entry {
    Entry {
        id: notice.id.clone(),
        title: text(safe(&notice.title)),
        updated: date(notice.at),
        published: Some(date(notice.at)),
        categories: vec![Category { term: notice.word.clone(), ..Category::default() }],
        summary: line(&notice.why).map(|value| Text { value, ..Text::default() }),
        // An entry without a page to link to must have content (RFC 4287 §4.1.2).
        content: Some(Content {
            value: Some(safe(&notice.text)),
            content_type: Some("text".to_owned()),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn safe(words: &str) -> String {
    line(words).unwrap_or_default()
}
