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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn whatever_a_server_said_is_well_formed() {
        let notice = Notice {
            id: "urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11".to_owned(),
            title: "a: ok → failing".to_owned(),
            why: "says <b>&nbsp;\u{8}]]>\r\nno".to_owned(),
            text: "\u{fffe}خبر".to_owned(),
            word: "failing".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let feed = Notices { id: "urn:x:y".to_owned(), title: "S".to_owned(), list: vec![notice] };
        let bytes = notices(&feed);
        let read = feed_rs::parser::parse(bytes.as_slice()).expect("well-formed");
        let summary = read.entries[0].summary.as_ref().map(|text| text.content.as_str());
        assert_eq!(summary, Some("says <b>&nbsp;]]> no"));
        let content = read.entries[0].content.as_ref().and_then(|content| content.body.as_deref());
        assert_eq!(content, Some("خبر"));
        assert_eq!(bytes, notices(&feed));
    }
}
