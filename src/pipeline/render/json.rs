//! A section as JSON Feed 1.1, with `_nashra` for what the format has no place for.

use serde::Serialize;

use super::head::Head;
use super::item::{Item, Mention, Source};
use super::podcast::Podcast;
use super::values::{plain, rfc3339, web};
use crate::model::{Placed, SectionFeed, Site};

const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// Writes a section with its prepared entries.
pub(super) fn written(feed: &SectionFeed, items: &[Item<'_>], site: &Site) -> Vec<u8> {
    let head = Head::new(&feed.section, site);
    let document = Document {
        version: VERSION,
        feed_url: head.in_format("json"),
        title: head.title,
        home_page_url: head.page,
        description: head.description,
        icon: head.icon,
        language: head.language,
        hubs: site.hubs.iter().map(|url| Hub { kind: "WebSub", url: url.clone() }).collect(),
        authors: authors(items),
        items: feed.placed.iter().zip(items).map(|(placed, one)| item(one, placed, site)).collect(),
    };
    // Strings and numbers always serialise, and a vector takes every byte.
    serde_json::to_vec(&document).unwrap_or_default()
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: String,
    home_page_url: String,
    feed_url: String,
    description: String,
    icon: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub>,
    /// Last, so that its objects can be found in the bytes.
    items: Vec<JsonItem<'a>>,
}

/// Where readers are told of news instead of asking.
#[derive(Serialize)]
struct Hub {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct JsonItem<'a> {
    id: String,
    url: String,
    /// Absent where the source gave none: the format stands for titleless posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _podcast: Option<Podcast>,
    _nashra: Nashra,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u32>,
}

/// Who carries the entry, its story, who else tells it, and which stories are near to it.
#[derive(Serialize)]
struct Nashra {
    source: JsonSource,
    story: String,
    also: Vec<JsonAlso>,
    related: Vec<Related>,
}

#[derive(Serialize)]
struct JsonSource {
    id: String,
    title: String,
    url: String,
}

#[derive(Serialize)]
struct JsonAlso {
    title: String,
    url: String,
    source: String,
}

/// A story that is near to this one.
#[derive(Serialize)]
struct Related {
    title: String,
    url: String,
}

/// Whose feed it is, where a single source fills it. Items without authors of their own are theirs, too: where there
/// are several sources, nobody can be named here.
fn authors(items: &[Item<'_>]) -> Vec<Author> {
    let alone = Source::alone(items);
    alone.map(|source| Author { name: source.title.clone(), url: source.link.clone() }).into_iter().collect()
}

fn item<'a>(item: &'a Item<'_>, placed: &Placed, site: &Site) -> JsonItem<'a> {
    let episode_seconds = item.entry.said.episode.as_ref().and_then(|episode| episode.duration_seconds);
    let attachments = item.files.iter().map(|file| Attachment {
        url: file.url.clone(),
        mime_type: file.media_type.clone(),
        title: file.title.clone(),
        size_in_bytes: file.bytes,
        duration_in_seconds: file.seconds.or_else(|| episode_seconds.filter(|_| file.is_played())),
    });
    let content_html = item.content.as_deref().or(item.summary.as_deref());
    // A summary that stands for the content need not be there twice in full.
    let summary = if item.content.is_some() { item.summary.as_deref().and_then(plain) } else { None };
    let summary = summary.or_else(|| item.summary.as_ref().and_then(|_| item.teaser()));
    JsonItem {
        id: item.id.to_string(),
        url: item.link.clone(),
        title: item.title.clone(),
        // One of the two must be there, so an entry without any text has its headline for content.
        content_text: content_html.is_none().then(|| item.headline()),
        content_html,
        summary,
        image: item.image.clone(),
        date_published: rfc3339(item.entry.published),
        date_modified: item.entry.updated.map(|_| rfc3339(item.updated())),
        authors: item
            .authors()
            .map(|(name, person)| Author { name, url: person.url.as_deref().and_then(web) })
            .collect(),
        tags: item.categories.iter().map(|category| category.word().to_owned()).collect(),
        language: item.language.clone(),
        attachments: attachments.collect(),
        _podcast: Podcast::of(item),
        _nashra: nashra(item, placed, site),
    }
}

fn nashra(item: &Item<'_>, placed: &Placed, site: &Site) -> Nashra {
    let also = placed.also.iter().map(|also| {
        let Mention { source, headline, link } = Mention::of(site, also);
        JsonAlso { title: headline, url: link, source }
    });
    let related = placed.related.iter().map(|related| {
        let Mention { headline, link, .. } = Mention::of(site, related);
        Related { title: headline, url: link }
    });
    Nashra {
        source: JsonSource {
            id: item.source.card.id.0.clone(),
            title: item.source.title.clone(),
            url: item.source.home(site),
        },
        story: item.entry.story.to_string(),
        also: also.collect(),
        related: related.collect(),
    }
}
