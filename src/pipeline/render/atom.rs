//! A section as Atom 1.0 (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text, TextType,
};

use super::head::{GENERATOR, Head};
use super::item::Item;
use super::values::{email, escape, in_range, line, uri, web};
use crate::model::{self, Placed, SectionFeed, Site, SourceId, Timestamp};

const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// The namespace of what the formats have no place for.
const OWN: &str = "urn:x-nashra:atom";
/// Other coverage and related stories are both `related`: this attribute marks the links to related stories.
const RELATED_STORY: &str = "nashra:story=\"related\"";

/// Renders a section as Atom 1.0.
pub fn atom(feed: &SectionFeed, site: &Site) -> Vec<u8> {
    let head = Head::new(feed, site);
    let items: Vec<Item<'_>> = feed.placed.iter().map(|placed| Item::placed(site, placed)).collect();
    let ages = newest_by_source(&items);
    let entries = feed.placed.iter().zip(&items).map(|(placed, item)| entry(item, placed, site, &ages));
    let document = Feed {
        links: vec![
            link("self", head.in_format("atom"), Some("application/atom+xml")),
            link("alternate", head.page.clone(), Some("text/html")),
        ],
        title: text(head.title),
        id: head.page,
        // The epoch for an empty section: never the clock.
        updated: date(feed.updated),
        subtitle: Some(text(head.description)),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: None }),
        icon: Some(head.icon),
        lang: head.language,
        namespaces: namespaces(feed),
        entries: entries.collect(),
        ..Feed::default()
    };
    // A vector takes every byte, and nothing else can fail.
    let bytes = document.write_to(Vec::new()).unwrap_or_default();
    with_attributes(&bytes, feed, |index| items.get(index)?.foreign_language(site))
}

fn namespaces(feed: &SectionFeed) -> BTreeMap<String, String> {
    let own = feed.placed.iter().any(|placed| !placed.related.is_empty()).then_some(("nashra", OWN));
    let names = own.into_iter().chain([("media", MEDIA)]);
    names.map(|(name, uri)| (name.to_owned(), uri.to_owned())).collect()
}

/// The crate has no place for the `xml:lang` of an entry, nor for attributes of others in a link. Every `<` of a
/// text is escaped, so the n-th `<entry>` in the document is the start of the n-th entry; and so is every `"`.
fn with_attributes<'a>(
    document: &[u8],
    feed: &SectionFeed,
    language: impl Fn(usize) -> Option<&'a str>,
) -> Vec<u8> {
    const START: &str = "<entry>";
    let document = String::from_utf8_lossy(document);
    let mut parts = document.split(START);
    let mut out = String::with_capacity(document.len() + feed.placed.len() * 16);
    out.push_str(parts.next().unwrap_or_default());
    for (index, part) in parts.enumerate() {
        match language(index) {
            // A checked tag is letters, digits and dashes.
            Some(tag) => out.extend(["<entry xml:lang=\"", tag, "\">"]),
            None => out.push_str(START),
        }
        match feed.placed.get(index) {
            Some(placed) if !placed.related.is_empty() => mark_related(&mut out, part, placed.also.len()),
            _ => out.push_str(part),
        }
    }
    out.into_bytes()
}

/// Copies an entry; the links to other coverage, which come first, stay as they are.
fn mark_related(out: &mut String, entry: &str, coverage: usize) {
    const RELATION: &str = " rel=\"related\"";
    for (index, part) in entry.split_inclusive(RELATION).enumerate() {
        out.push_str(part);
        if part.ends_with(RELATION) && index >= coverage {
            out.extend([" ", RELATED_STORY]);
        }
    }
}

/// When each source last changed, as far as this feed knows.
fn newest_by_source<'a>(items: &[Item<'a>]) -> BTreeMap<&'a SourceId, Timestamp> {
    let mut newest = BTreeMap::new();
    for item in items {
        let known = newest.entry(&item.source.card.id).or_insert_with(|| item.updated());
        *known = item.updated().max(*known);
    }
    newest
}

fn entry(item: &Item<'_>, placed: &Placed, site: &Site, ages: &BTreeMap<&SourceId, Timestamp>) -> Entry {
    let said = &item.entry.said;
    Entry {
        title: text(item.headline()),
        id: item.id.to_string(),
        updated: date(item.updated()),
        authors: authors(item),
        categories: item.categories.iter().map(category).collect(),
        contributors: said.contributors.iter().filter_map(person).collect(),
        links: links(item, placed, site),
        published: Some(date(item.entry.published)),
        rights: said.rights.as_deref().and_then(line).map(text),
        source: Some(source(item, site, ages)),
        summary: item.summary.clone().map(|value| Text { r#type: TextType::Html, ..text(value) }),
        content: item.content.clone().map(|value| Content {
            value: Some(value),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions: thumbnail(item),
        ..Entry::default()
    }
}

/// An entry must have an author (RFC 4287 §4.1.2): where nobody signed, the source did.
fn authors(item: &Item<'_>) -> Vec<Person> {
    let named: Vec<Person> = item.entry.said.authors.iter().filter_map(person).collect();
    if !named.is_empty() {
        return named;
    }
    vec![Person { name: item.source.title.clone(), uri: item.source.link.clone(), ..Person::default() }]
}

fn person(person: &model::Person) -> Option<Person> {
    Some(Person {
        name: line(&person.name)?,
        email: person.email.as_deref().and_then(email),
        uri: person.url.as_deref().and_then(web),
        ..Person::default()
    })
}

fn category(category: &super::item::Category) -> Category {
    Category {
        term: category.term.clone(),
        scheme: category.scheme.as_deref().and_then(uri),
        label: category.label.clone(),
    }
}

fn links(item: &Item<'_>, placed: &Placed, site: &Site) -> Vec<Link> {
    let mut links = vec![link("alternate", item.link.clone(), None)];
    for file in &item.files {
        links.push(Link {
            title: file.title.clone(),
            length: file.bytes.map(|bytes| bytes.to_string()),
            ..link("enclosure", file.url.clone(), Some(&file.media_type))
        });
    }
    for also in placed.also.iter().chain(&placed.related) {
        let other = Item::also(site, also);
        let title = format!("{}: {}", other.source.title, other.headline());
        links.push(Link { title: Some(title), ..link("related", other.link, None) });
    }
    if let Some(comments) = &item.comments {
        links.push(link("replies", comments.clone(), Some("text/html")));
    }
    // Where the publisher took it from; who published it is in `source`.
    if let Some(origin) = &item.entry.said.origin
        && let Some(url) = origin.url.as_deref().and_then(web)
    {
        links.push(Link { title: origin.title.as_deref().and_then(line), ..link("via", url, None) });
    }
    links
}

/// RFC 4287 §4.2.11: the feed that the entry was copied from.
fn source(item: &Item<'_>, site: &Site, ages: &BTreeMap<&SourceId, Timestamp>) -> Source {
    let source = &item.source;
    let page = source.link.clone().map(|page| link("alternate", page, None));
    let feed = source.feed.clone().map(|feed| link("self", feed, None));
    Source {
        title: text(source.title.clone()),
        id: iri(&source.card.feed_id).unwrap_or_else(|| source.home(site)),
        updated: date(ages.get(&source.card.id).copied().unwrap_or(item.entry.published)),
        links: page.into_iter().chain(feed).collect(),
        ..Source::default()
    }
}

/// An id as its owner wrote it, provided that it is an IRI; RSS knows no ids, so anything may be there.
fn iri(id: &str) -> Option<String> {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"{}|\\^`".contains(c);
    let encoded = uri(id)?;
    Some(if id.chars().all(allowed) { id.to_owned() } else { encoded })
}

/// The crate does not escape the attributes of extensions, so they are escaped here.
fn thumbnail(item: &Item<'_>) -> ExtensionMap {
    let Some(image) = &item.image else { return ExtensionMap::new() };
    let element = Extension {
        name: "media:thumbnail".to_owned(),
        attrs: BTreeMap::from([("url".to_owned(), escape(image))]),
        ..Extension::default()
    };
    ExtensionMap::from([("media".to_owned(), BTreeMap::from([("thumbnail".to_owned(), vec![element])]))])
}

pub(super) fn link(relation: &str, href: String, media_type: Option<&str>) -> Link {
    Link { href, rel: relation.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

pub(super) fn text(value: String) -> Text {
    Text { value, ..Text::default() }
}

pub(super) fn date(at: Timestamp) -> FixedDateTime {
    in_range(at).fixed_offset()
}
