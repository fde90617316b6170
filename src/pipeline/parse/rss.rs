//! RSS 0.9x, 1.0 and 2.0 as the crate `rss` has read it → the inner shape.

use rss::{Category, Channel, Enclosure, Item};

use super::extras::{Extras, alternate};
use crate::model::{
    RawCategory, RawEntry, RawFeed, RawLink, RawMedia, RawMediaKind, RawPerson, RawSource, RawText,
};

/// Translates a channel. Its format is set by whoever knows the original document.
pub(super) fn feed(channel: Channel) -> RawFeed {
    let extras = Extras::of(&channel.extensions);
    let mut feed = RawFeed {
        title: text(channel.title),
        description: text(channel.description),
        links: some(channel.link).map(alternate).into_iter().collect(),
        language: channel.language,
        updated: channel.last_build_date,
        published: channel.pub_date,
        authors: channel.managing_editor.into_iter().map(super::extras::named).collect(),
        images: channel.image.and_then(|image| some(image.url)).into_iter().collect(),
        ttl: channel.ttl,
        skip_hours: channel.skip_hours,
        skip_days: channel.skip_days,
        rights: channel.copyright.and_then(text),
        generator: channel.generator,
        categories: channel.categories.into_iter().filter_map(category).collect(),
        ..RawFeed::default()
    };
    feed.links.extend(channel.atom_ext.into_iter().flat_map(|atom| atom.links).map(link));
    extras.enrich_feed(&mut feed);
    extras.scope_of("title", feed.title.as_mut());
    extras.scope_of("description", feed.description.as_mut());
    let base = feed.base.clone();
    feed.entries = channel.items.into_iter().map(|item| entry(item, base.as_deref())).collect();
    feed
}

fn entry(item: Item, feed_base: Option<&str>) -> RawEntry {
    let extras = Extras::of(&item.extensions);
    let guid = item.guid.filter(|guid| !guid.value.trim().is_empty());
    let mut entry = RawEntry {
        id_is_permalink: guid.as_ref().map(|guid| guid.permalink),
        id: guid.map(|guid| guid.value),
        title: item.title.and_then(text),
        links: item.link.into_iter().map(alternate).collect(),
        summary: item.description.and_then(text),
        content: item.content.and_then(text),
        published: item.pub_date,
        categories: item.categories.into_iter().filter_map(category).collect(),
        media: item.enclosure.into_iter().filter_map(enclosure).collect(),
        comments: item.comments,
        source: item.source.map(|source| RawSource { title: source.title, url: some(source.url) }),
        authors: item
            .author
            .into_iter()
            .map(|name| RawPerson { name: Some(name), ..RawPerson::default() })
            .collect(),
        ..RawEntry::default()
    };
    extras.scope_of("title", entry.title.as_mut());
    extras.scope_of("description", entry.summary.as_mut());
    extras.scope_of("content:encoded", entry.content.as_mut());
    for found in item.atom_ext.into_iter().flat_map(|atom| atom.links) {
        if found.rel == "enclosure" {
            entry.media.push(RawMedia {
                kind: RawMediaKind::Enclosure,
                url: found.href,
                media_type: found.mime_type,
                length: found.length,
                title: found.title,
                ..RawMedia::default()
            });
        } else {
            entry.links.push(link(found));
        }
    }
    extras.enrich_entry(&mut entry, feed_base);
    entry
}

fn link(link: rss::extension::atom::Link) -> RawLink {
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

fn category(category: Category) -> Option<RawCategory> {
    Some(RawCategory { term: some(category.name)?, scheme: category.domain, label: None })
}

fn enclosure(file: Enclosure) -> Option<RawMedia> {
    Some(RawMedia {
        kind: RawMediaKind::Enclosure,
        url: some(file.url)?,
        media_type: some(file.mime_type),
        length: some(file.length),
        ..RawMedia::default()
    })
}

fn text(value: String) -> Option<RawText> {
    some(value).map(|value| RawText { value, ..RawText::default() })
}

/// The crate writes "not there" as an empty text.
fn some(value: String) -> Option<String> {
    Some(value).filter(|value| !value.trim().is_empty())
}
