//! RSS 0.9x, 1.0 and 2.0 as the crate `rss` has read it → the inner shape.

use rss::{Category, Channel, Enclosure, Item};

use super::extras::{Extras, alternate, named};
use crate::model::{RawCategory, RawEntry, RawFeed, RawMedia, RawMediaKind, RawSource, RawText};

/// Translates a channel and merges what it has beside the elements of RSS. Its format is set by whoever
/// knows the original document.
pub(super) fn feed(channel: Channel, extras: Extras, entries: Vec<Extras>) -> RawFeed {
    let mut feed = RawFeed {
        title: text(channel.title),
        description: text(channel.description),
        links: some(channel.link).map(alternate).into_iter().collect(),
        language: channel.language,
        updated: channel.last_build_date,
        published: channel.pub_date,
        authors: channel.managing_editor.into_iter().map(named).collect(),
        images: channel.image.and_then(|image| some(image.url)).into_iter().collect(),
        ttl: channel.ttl,
        skip_hours: channel.skip_hours,
        skip_days: channel.skip_days,
        rights: channel.copyright.and_then(text),
        generator: channel.generator,
        categories: channel.categories.into_iter().filter_map(category).collect(),
        ..RawFeed::default()
    };
    extras.enrich_feed(&mut feed);
    let base = feed.base.clone();
    feed.entries = channel
        .items
        .into_iter()
        .zip(entries)
        .map(|(item, extras)| entry(item, extras, base.as_deref()))
        .collect();
    feed
}

fn entry(item: Item, extras: Extras, feed_base: Option<&str>) -> RawEntry {
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
        ..RawEntry::default()
    };
    extras.enrich_entry(&mut entry, feed_base);
    entry
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
