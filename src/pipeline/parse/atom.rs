//! Atom 0.3 and 1.0 as the crate `atom_syndication` has read it → the inner shape.

use atom_syndication::{Category, Entry, Feed, Link, Person, Text, TextType};

use super::extras::{Extras, alternate, enclosure};
use crate::model::{RawCategory, RawEntry, RawFeed, RawLink, RawPerson, RawSource, RawText, TextKind};

/// Translates a feed and merges what it has beside the elements of Atom. Its format is set by whoever knows
/// the original document.
pub(super) fn feed(atom: Feed, extras: Extras, entries: Vec<Extras>) -> RawFeed {
    let mut feed = RawFeed {
        id: some(atom.id),
        title: text(atom.title),
        description: atom.subtitle.and_then(text),
        links: atom.links.into_iter().map(link).collect(),
        authors: atom.authors.into_iter().map(person).collect(),
        images: [atom.logo, atom.icon].into_iter().flatten().collect(),
        rights: atom.rights.and_then(text),
        generator: atom.generator.and_then(|generator| some(generator.value)),
        categories: atom.categories.into_iter().filter_map(category).collect(),
        ..RawFeed::default()
    };
    extras.enrich_feed(&mut feed);
    let base = feed.base.clone();
    feed.entries = atom
        .entries
        .into_iter()
        .zip(entries)
        .map(|(atom, extras)| entry(atom, extras, base.as_deref()))
        .collect();
    feed
}

fn entry(atom: Entry, extras: Extras, feed_base: Option<&str>) -> RawEntry {
    let mut entry = RawEntry {
        id: some(atom.id),
        title: text(atom.title),
        summary: atom.summary.and_then(text),
        authors: atom.authors.into_iter().map(person).collect(),
        contributors: atom.contributors.into_iter().map(person).collect(),
        categories: atom.categories.into_iter().filter_map(category).collect(),
        rights: atom.rights.and_then(text),
        source: atom.source.map(|source| RawSource {
            title: text(source.title).map(|title| title.value),
            url: page_of(source.links).or_else(|| some(source.id)),
        }),
        ..RawEntry::default()
    };
    for found in atom.links.into_iter().map(link) {
        if found.rel == "enclosure" { entry.media.push(enclosure(found)) } else { entry.links.push(found) }
    }
    if let Some(content) = atom.content {
        let kind =
            if content.content_type.as_deref() == Some("html") { TextKind::Html } else { TextKind::Plain };
        // Content that lies elsewhere is a page of the entry (RFC 4287 §4.1.3.2).
        let elsewhere = content.src.filter(|_| !entry.links.iter().any(|link| link.rel == "alternate"));
        entry.links.extend(elsewhere.map(alternate));
        entry.content = content.value.and_then(some).map(|value| RawText {
            value,
            kind,
            base: content.base,
            lang: content.lang,
        });
    }
    extras.enrich_entry(&mut entry, feed_base);
    entry
}

/// The page of the feed that an entry was taken from, else the feed itself.
fn page_of(links: Vec<Link>) -> Option<String> {
    let rank = |link: &Link| match link.rel.as_str() {
        "alternate" => 0,
        "self" => 1,
        _ => 2,
    };
    links.into_iter().min_by_key(rank).map(|link| link.href)
}

fn link(link: Link) -> RawLink {
    RawLink {
        href: link.href,
        rel: link.rel,
        media_type: link.mime_type,
        hreflang: link.hreflang,
        title: link.title,
        length: link.length,
        base: None,
    }
}

fn person(person: Person) -> RawPerson {
    RawPerson { name: some(person.name), email: person.email, uri: person.uri }
}

fn category(category: Category) -> Option<RawCategory> {
    let label = category.label.and_then(some);
    Some(RawCategory { term: some(category.term).or_else(|| label.clone())?, scheme: category.scheme, label })
}

fn text(text: Text) -> Option<RawText> {
    let kind = if text.r#type == TextType::Html { TextKind::Html } else { TextKind::Plain };
    some(text.value).map(|value| RawText { value, kind, base: text.base, lang: text.lang })
}

/// The crate writes "not there" as an empty text.
fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !value.trim().is_empty())
}
