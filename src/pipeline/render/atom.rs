//! Entries as Atom 1.0 (RFC 4287): a section, a page of its archive (RFC 5005), or any other list.

mod splice;

use std::collections::BTreeMap;

use atom_syndication::extension::ExtensionMap;
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Text, TextType,
};

use self::splice::Marks;
use super::head::{GENERATOR, ICON_PATH, site_title};
use super::heading::Heading;
use super::item::{Item, Mention, Source};
use super::podcast::Podcast;
use super::values::{self, email, escape, in_range, line, uri, web};
use super::{element, media};
use crate::model::{self, FeedEntry, Placed, Reference, Removed, Site, Timestamp};

/// The namespace of what the formats have no place for.
const OWN: &str = "urn:x-nashra:atom";
/// RFC 6721 §2.
const DELETED: &str = "http://purl.org/atompub/tombstones/1.0";
/// RFC 5005 §1.2.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// Renders any list of entries as Atom 1.0, and says of those in `removed` that they are no more (RFC 6721).
pub fn atom_of(heading: &Heading, placed: &[Placed], removed: &[Removed], site: &Site) -> Vec<u8> {
    let items: Vec<Item<'_>> = placed.iter().map(|placed| Item::placed(site, placed)).collect();
    written(heading, (placed, &items), removed, site)
}

/// Writes entries that are prepared.
pub(super) fn written(
    heading: &Heading,
    (placed, items): (&[Placed], &[Item<'_>]),
    removed: &[Removed],
    site: &Site,
) -> Vec<u8> {
    let entries = placed.iter().zip(items).map(|(placed, item)| entry(item, placed, site));
    let entries: Vec<Entry> = entries.collect();
    let document = Feed {
        title: text(safe(&heading.title)),
        id: id(&heading.id),
        // The epoch for an empty section: never the clock.
        updated: date(heading.updated),
        subtitle: heading.subtitle.as_deref().and_then(line).map(text),
        generator: Some(Generator { value: GENERATOR.to_owned(), uri: None, version: None }),
        icon: Some(format!("{}{ICON_PATH}", site.url)),
        base: Some(format!("{}/", site.url)),
        lang: values::language(&site.language),
        authors: feed_authors(items, site),
        links: feed_links(heading),
        namespaces: namespaces(heading, placed, removed, &entries),
        entries,
        ..Feed::default()
    };
    // A vector takes every byte, and nothing else can fail.
    let bytes = document.write_to(Vec::new()).unwrap_or_default();
    let archive = if heading.is_archive { "<fh:archive/>" } else { "" };
    let before = format!("{archive}{}", splice::deleted(removed));
    let marks: Vec<Marks> = placed.iter().zip(items).map(|(placed, item)| marks(placed, item)).collect();
    splice::splice(&String::from_utf8_lossy(&bytes), &before, &marks).into_bytes()
}

fn feed_links(heading: &Heading) -> Vec<Link> {
    const ATOM: &str = "application/atom+xml";
    let media_type = |relation: &str| match relation {
        "hub" => None,
        "search" => Some("application/opensearchdescription+xml"),
        _ => Some(ATOM),
    };
    let own = link("self", heading.address.clone(), Some(ATOM));
    let page = link("alternate", heading.page.clone(), Some("text/html"));
    let further = heading.links.iter();
    let further = further.map(|(relation, href)| link(relation, href.clone(), media_type(relation)));
    [own, page].into_iter().chain(further).collect()
}

/// Nothing is declared that is not used.
fn namespaces(
    heading: &Heading,
    placed: &[Placed],
    removed: &[Removed],
    entries: &[Entry],
) -> BTreeMap<String, String> {
    let own = [
        ("at", DELETED, !removed.is_empty()),
        ("fh", HISTORY, heading.is_archive),
        ("nashra", OWN, placed.iter().any(|placed| !placed.related.is_empty())),
    ];
    let used = own.into_iter().filter(|(_, _, is_used)| *is_used);
    let used = used.map(|(name, uri, _)| (name.to_owned(), uri.to_owned()));
    used.chain(element::namespaces(entries.iter().map(|entry| &entry.extensions))).collect()
}

/// What leads nowhere by itself leads from the page at the source, of which the text is a part.
fn marks(placed: &Placed, item: &Item<'_>) -> Marks {
    let given = named(&item.entry.said).filter(|(named, _)| !named.is_origin).count();
    Marks {
        base: (item.link != item.page).then(|| escape(&item.link)),
        language: item.language.clone(),
        coverage: (!placed.related.is_empty()).then_some(given + placed.also.len()),
    }
}

/// An id as an entry has it.
fn id(id: &str) -> String {
    crate::pipeline::text::xml_safe(id).into_owned()
}

fn safe(words: &str) -> String {
    line(words).unwrap_or_default()
}

/// Who the feed itself is from: the source that fills it alone, and this site where there is nothing yet. Where there
/// are several sources, each entry says it.
fn feed_authors(items: &[Item<'_>], site: &Site) -> Vec<Person> {
    if items.is_empty() {
        let uri = Some(format!("{}/", site.url));
        return vec![Person { name: site_title(site), uri, ..Person::default() }];
    }
    Source::alone(items).map(publisher).into_iter().collect()
}

fn publisher(source: &Source<'_>) -> Person {
    Person { name: source.title.clone(), uri: source.link.clone(), ..Person::default() }
}

fn entry(item: &Item<'_>, placed: &Placed, site: &Site) -> Entry {
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
        source: Some(source(item, site)),
        summary: item
            .summary
            .as_ref()
            .map(|value| Text { r#type: TextType::Html, ..text(value.to_string()) }),
        content: item.content.as_ref().map(|value| Content {
            value: Some(value.to_string()),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions: extensions(item),
        ..Entry::default()
    }
}

/// An entry must have an author (RFC 4287 §4.1.2): where nobody signed, the source did.
fn authors(item: &Item<'_>) -> Vec<Person> {
    let named: Vec<Person> = item.entry.said.authors.iter().filter_map(person).collect();
    if !named.is_empty() {
        return named;
    }
    vec![publisher(&item.source)]
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

/// The pages that an entry names beside its own, as far as readers get there.
fn named(said: &FeedEntry) -> impl Iterator<Item = (&Reference, String)> {
    said.references.iter().filter_map(|named| Some((named, web(&named.url)?)))
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
    let said = &item.entry.said;
    // What the publisher relates comes first: `marks` counts on that.
    for (named, url) in named(said) {
        let relation = if named.is_origin { "via" } else { "related" };
        links.push(Link { title: named.title.as_deref().and_then(line), ..link(relation, url, None) });
    }
    for also in placed.also.iter().chain(&placed.related) {
        let other = Mention::of(site, also);
        let title = format!("{}: {}", other.source, other.headline);
        links.push(Link { title: Some(title), ..link("related", other.link, None) });
    }
    if let Some(comments) = &item.comments {
        links.push(link("replies", comments.clone(), Some("text/html")));
    }
    // Where the publisher took it from; who published it is in `source`.
    if let Some(origin) = &said.origin
        && let Some(url) = origin.url.as_deref().and_then(web)
        && links.iter().all(|link| link.href != url)
    {
        links.push(Link { title: origin.title.as_deref().and_then(line), ..link("via", url, None) });
    }
    links
}

/// RFC 4287 §4.2.11: the feed that the entry was copied from, as it was when it said this. Were it as it is now, each
/// entry of a source would be another one whenever the source has news.
fn source(item: &Item<'_>, site: &Site) -> atom_syndication::Source {
    let source = &item.source;
    let page = source.link.clone().map(|page| link("alternate", page, None));
    let feed = source.feed.clone().map(|feed| link("self", feed, None));
    atom_syndication::Source {
        title: text(source.title.clone()),
        id: iri(&source.card.feed_id).unwrap_or_else(|| source.home(site)),
        updated: date(item.updated()),
        links: page.into_iter().chain(feed).collect(),
        logo: source.image.clone(),
        rights: source.card.rights.as_deref().and_then(line).map(text),
        ..atom_syndication::Source::default()
    }
}

/// An id as its owner wrote it, provided that it is an IRI; RSS knows no ids, so anything may be there.
fn iri(id: &str) -> Option<String> {
    // RFC 3987 §2.2: nor what is never a character, two of which no XML may hold.
    let is_never = |c: char| u32::from(c) & 0xFFFE == 0xFFFE || ('\u{FDD0}'..='\u{FDEF}').contains(&c);
    let allowed =
        |c: char| !c.is_whitespace() && !c.is_control() && !is_never(c) && !"<>\"{}|\\^`".contains(c);
    let encoded = uri(id)?;
    Some(if id.chars().all(allowed) { id.to_owned() } else { encoded })
}

/// The lead image, what a link cannot say of its file, and the episode.
fn extensions(item: &Item<'_>) -> ExtensionMap {
    let mut elements = media::image(item);
    elements.extend(item.files.iter().filter(|file| file.seconds.is_some()).map(media::file));
    elements.extend(Podcast::of(item).into_iter().flat_map(Podcast::elements));
    element::in_atom(elements)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_iris_as_they_are_or_encoded() {
        let check = |id: &str, expected: Option<&str>| assert_eq!(iri(id).as_deref(), expected, "{id:?}");
        check("tag:a.example,2026:أخبار", Some("tag:a.example,2026:أخبار"));
        check("a:\u{FFFE}", Some("a:%EF%BF%BE"));
        check("a:\u{FFFF}\u{1FFFF}", Some("a:%EF%BF%BF%F0%9F%BF%BF"));
        check("a:b c", Some("a:b%20c"));
        check("no address", None);
    }
}
