//! A section as RSS 2.0, to the rules of the W3C feed validator and the RSS Profile.

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::itunes::{ITunesCategory, ITunesChannelExtension, ITunesItemExtension};
use rss::extension::{Extension, ExtensionMap};
use rss::{Channel, Cloud, Enclosure, Guid, Image, Source};
use url::Url;

use super::head::{GENERATOR, Head};
use super::heading::archive_url;
use super::item::{File, Item};
use super::rhythm::ttl_minutes;
use super::values::{direction, escape, line, rfc822};
use super::words::Words;
use crate::model::{Placed, SectionFeed, Site};

/// The size at which readers show the picture; the specification allows no wider one.
const IMAGE_PIXELS: u32 = 144;
const DOCS: &str = "https://www.rssboard.org/rss-specification";
/// Below the site's address.
const CLOUD_PATH: &str = "/rsscloud/pleaseNotify";
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// Renders a section as RSS 2.0.
pub fn rss(feed: &SectionFeed, site: &Site) -> Vec<u8> {
    let head = Head::new(&feed.section, site);
    let links = links(feed, site, head.in_format("rss"));
    let channel = Channel {
        namespaces: BTreeMap::from([("media".to_owned(), MEDIA.to_owned())]),
        // The validator wants the picture to carry the channel's own title and link.
        image: Some(Image {
            url: head.icon.clone(),
            title: head.title.clone(),
            link: head.page.clone(),
            width: Some(IMAGE_PIXELS.to_string()),
            height: Some(IMAGE_PIXELS.to_string()),
            description: None,
        }),
        title: head.title,
        link: head.page,
        description: head.description,
        language: head.language,
        // An empty section has not been built from anything yet.
        last_build_date: (!feed.placed.is_empty()).then(|| rfc822(feed.updated)),
        generator: Some(GENERATOR.to_owned()),
        docs: Some(DOCS.to_owned()),
        cloud: cloud(site),
        ttl: Some(ttl_minutes(feed).to_string()),
        atom_ext: Some(AtomExtension { links }),
        itunes_ext: podcast(feed),
        items: feed.placed.iter().map(|placed| item(placed, site)).collect(),
        ..Channel::default()
    };
    // A vector takes every byte, and nothing else can fail.
    channel.write_to(Vec::new()).unwrap_or_default()
}

/// What RSS borrows from Atom: its own address, who tells of news, and where the older entries are.
fn links(feed: &SectionFeed, site: &Site, own: String) -> Vec<Link> {
    let link = |rel: &str, href: String, media_type: Option<&str>| Link {
        href,
        rel: rel.to_owned(),
        mime_type: media_type.map(str::to_owned),
        ..Link::default()
    };
    let own = link("self", own, Some("application/rss+xml"));
    let hubs = site.hubs.iter().map(|hub| link("hub", hub.clone(), None));
    let archive = feed.archive.map(|number| archive_url(&feed.section, site, number));
    let archive = archive.map(|href| link("prev-archive", href, Some("application/atom+xml")));
    std::iter::once(own).chain(hubs).chain(archive).collect()
}

/// Where rssCloud readers ask to be told of news: at this very site.
fn cloud(site: &Site) -> Option<Cloud> {
    let url = Url::parse(&site.url).ok().filter(|_| site.has_cloud)?;
    Some(Cloud {
        domain: url.host_str()?.to_owned(),
        port: url.port_or_known_default()?.to_string(),
        path: format!("{}{CLOUD_PATH}", url.path().trim_end_matches('/')),
        // For http-post there is no procedure to name.
        register_procedure: String::new(),
        protocol: "http-post".to_owned(),
    })
}

/// What podcast directories ask of a channel, once it carries an episode.
fn podcast(feed: &SectionFeed) -> Option<ITunesChannelExtension> {
    let mut episodes = feed.placed.iter().filter_map(|placed| placed.entry.said.episode.as_ref()).peekable();
    episodes.peek()?;
    Some(ITunesChannelExtension {
        explicit: Some(episodes.any(|episode| episode.explicit == Some(true)).to_string()),
        categories: vec![ITunesCategory { text: "News".to_owned(), subcategory: None }],
        ..ITunesChannelExtension::default()
    })
}

fn item(placed: &Placed, site: &Site) -> rss::Item {
    let item = Item::placed(site, placed);
    let (file, further) = enclosed(&item.files);
    let named = |category: &super::item::Category| rss::Category {
        name: category.word().to_owned(),
        domain: category.scheme.clone(),
    };
    rss::Item {
        title: Some(item.headline()),
        link: Some(item.link.clone()),
        description: Some(item.description()),
        // `author` must be an e-mail address, so the names are in dc:creator.
        author: None,
        categories: item.categories.iter().map(named).collect(),
        comments: item.comments.clone(),
        enclosure: file.map(|file| Enclosure {
            url: file.url.clone(),
            length: file.bytes.unwrap_or_default().to_string(),
            mime_type: file.media_type.clone(),
        }),
        guid: Some(Guid { permalink: item.id == item.link, value: item.id.to_string() }),
        pub_date: Some(rfc822(item.entry.published)),
        source: Some(Source {
            url: item.source.feed.clone().unwrap_or_else(|| item.source.home(site)),
            title: Some(item.source.title.clone()),
        }),
        content: content(&item, placed, site),
        extensions: media(&item, &further),
        itunes_ext: episode(&item),
        dublin_core_ext: dublin_core(&item, site),
        atom_ext: None,
    }
}

/// RSS has one enclosure an item. Podcast clients look for something to play, so that goes first; the
/// further files are `media:content`.
fn enclosed(files: &[File]) -> (Option<&File>, Vec<&File>) {
    let first = files.iter().position(File::is_played).unwrap_or(0);
    let further = files.iter().enumerate().filter(|(index, _)| *index != first).map(|(_, file)| file);
    (files.get(first), further.collect())
}

/// The content, and below it who else covers the story. RSS has no element for that which readers show:
/// `dc:relation` and `atom:link rel=related` stay invisible, a list in the text does not.
fn content(item: &Item<'_>, placed: &Placed, site: &Site) -> Option<String> {
    if placed.also.is_empty() {
        return item.content.clone();
    }
    let words = Words::of(&site.language);
    let coverage = placed.also.iter().map(|also| {
        let other = Item::also(site, also);
        let (link, title) = (escape(&other.link), escape(&other.headline()));
        format!("<li dir=\"auto\"><a href=\"{link}\">{title}</a> ({})</li>", escape(&other.source.title))
    });
    let body = item.content.clone().unwrap_or_else(|| item.description());
    let list: String = coverage.collect();
    let direction = direction(&site.language);
    Some(format!("{body}\n<hr><div dir=\"{direction}\"><p>{}</p><ul>{list}</ul></div>", words.also))
}

fn dublin_core(item: &Item<'_>, site: &Site) -> Option<DublinCoreExtension> {
    let contributors = item.entry.said.contributors.iter().filter_map(|person| line(&person.name));
    let extension = DublinCoreExtension {
        creators: item.authors().map(|(name, _)| name).collect(),
        contributors: contributors.collect(),
        languages: item.foreign_language(site).map(str::to_owned).into_iter().collect(),
        rights: item.entry.said.rights.as_deref().and_then(line).into_iter().collect(),
        ..DublinCoreExtension::default()
    };
    (extension != DublinCoreExtension::default()).then_some(extension)
}

/// The lead image and the files that are no enclosure. Some readers look for an image in
/// `media:content`, some in `media:thumbnail`.
fn media(item: &Item<'_>, further: &[&File]) -> ExtensionMap {
    let mut contents: Vec<Extension> = Vec::new();
    let mut thumbnails: Vec<Extension> = Vec::new();
    if let Some(image) = &item.image {
        contents.push(element("media:content", &[("url", image.clone()), ("medium", "image".to_owned())]));
        thumbnails.push(element("media:thumbnail", &[("url", image.clone())]));
    }
    for file in further.iter().filter(|file| Some(&file.url) != item.image.as_ref()) {
        let mut attributes = vec![("url", file.url.clone()), ("type", file.media_type.clone())];
        attributes.extend(file.bytes.map(|bytes| ("fileSize", bytes.to_string())));
        attributes.extend(file.seconds.map(|seconds| ("duration", seconds.to_string())));
        contents.push(element("media:content", &attributes));
    }
    let named = [("content", contents), ("thumbnail", thumbnails)];
    let elements: BTreeMap<String, Vec<Extension>> = named
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| (name.to_owned(), list))
        .collect();
    if elements.is_empty() {
        ExtensionMap::new()
    } else {
        ExtensionMap::from([("media".to_owned(), elements)])
    }
}

fn element(name: &str, attributes: &[(&str, String)]) -> Extension {
    Extension {
        name: name.to_owned(),
        attrs: attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        ..Extension::default()
    }
}

fn episode(item: &Item<'_>) -> Option<ITunesItemExtension> {
    let episode = item.entry.said.episode.as_ref()?;
    let positive = |number: Option<u32>| number.filter(|number| *number > 0).map(|number| number.to_string());
    Some(ITunesItemExtension {
        image: item.image.clone(),
        duration: positive(episode.duration_seconds),
        explicit: episode.explicit.map(|explicit| explicit.to_string()),
        episode: positive(episode.number),
        season: positive(episode.season),
        ..ITunesItemExtension::default()
    })
}
