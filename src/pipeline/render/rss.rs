//! A section as RSS 2.0, to the rules of the W3C feed validator and the RSS Profile.

use std::borrow::Cow;

use rss::extension::ExtensionMap;
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::itunes::{ITunesCategory, ITunesChannelExtension};
use rss::{Channel, Cloud, Enclosure, Guid, Image, Source};
use url::Url;

use super::head::{GENERATOR, Head, site_title};
use super::heading::archive_url;
use super::item::{File, Item, Mention};
use super::podcast::Podcast;
use super::rhythm::ttl_minutes;
use super::values::{direction, escape, line, rfc822, rss_text};
use super::words::Words;
use super::{element, item, media};
use crate::model::{Placed, SectionFeed, Site};

/// The size at which readers show the picture; the specification allows no wider one.
const IMAGE_PIXELS: u32 = 144;
const DOCS: &str = "https://www.rssboard.org/rss-specification";
/// Below the site's address.
const CLOUD_PATH: &str = "/rsscloud/pleaseNotify";

/// Writes a section with its prepared entries.
pub(super) fn written(feed: &SectionFeed, items: &[Item<'_>], site: &Site) -> Vec<u8> {
    let head = Head::new(&feed.section, site);
    let itunes_ext = podcast(feed, items, site);
    let title = rss_text(&head.title).into_owned();
    let items: Vec<rss::Item> =
        feed.placed.iter().zip(items).map(|(placed, one)| written_item(one, placed, site)).collect();
    let links = links(feed, site, head.in_format("rss"));
    let channel = Channel {
        namespaces: element::namespaces(items.iter().map(|item| &item.extensions)),
        // The validator wants the picture to carry the channel's own title and link.
        image: Some(Image {
            url: head.icon.clone(),
            title: title.clone(),
            link: head.page.clone(),
            width: Some(IMAGE_PIXELS.to_string()),
            height: Some(IMAGE_PIXELS.to_string()),
            description: None,
        }),
        title,
        link: head.page,
        description: rss_text(&head.description).into_owned(),
        language: head.language,
        // An empty section has not been built from anything yet.
        last_build_date: (!feed.placed.is_empty()).then(|| rfc822(feed.updated)),
        generator: Some(GENERATOR.to_owned()),
        docs: Some(DOCS.to_owned()),
        cloud: cloud(site),
        ttl: Some(ttl_minutes(feed).to_string()),
        atom_ext: Some(AtomExtension { links }),
        itunes_ext,
        items,
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
fn podcast(feed: &SectionFeed, items: &[Item<'_>], site: &Site) -> Option<ITunesChannelExtension> {
    let mut episodes = feed.placed.iter().filter_map(|placed| placed.entry.said.episode.as_ref()).peekable();
    episodes.peek()?;
    Some(ITunesChannelExtension {
        author: Some(site_title(site)),
        // Where it is one podcast, its cover; that of one of many would say something wrong.
        image: item::Source::alone(items).and_then(|source| source.image.clone()),
        explicit: Some(episodes.any(|episode| episode.explicit == Some(true)).to_string()),
        categories: vec![ITunesCategory { text: "News".to_owned(), subcategory: None }],
        ..ITunesChannelExtension::default()
    })
}

fn written_item(item: &Item<'_>, placed: &Placed, site: &Site) -> rss::Item {
    let (file, further) = enclosed(&item.files);
    let named = |category: &item::Category| rss::Category {
        name: category.word().to_owned(),
        domain: category.scheme.clone(),
    };
    rss::Item {
        title: Some(rss_text(&item.headline()).into_owned()),
        link: Some(item.link.clone()),
        description: Some(item.description()),
        // `author` must be an e-mail address, so the names are in dc:creator.
        author: None,
        categories: item.categories.iter().map(named).collect(),
        comments: item.comments.clone(),
        enclosure: file.map(|file| Enclosure {
            url: file.url.clone(),
            // The format demands a number; 0 is what the RSS Profile names for a size that nobody knows.
            length: file.bytes.unwrap_or_default().to_string(),
            mime_type: file.media_type.clone(),
        }),
        guid: Some(Guid { permalink: item.id == item.link, value: item.id.to_string() }),
        pub_date: Some(rfc822(item.entry.published)),
        source: Some(Source {
            url: item.source.feed.clone().unwrap_or_else(|| item.source.home(site)),
            title: Some(item.source.title.clone()),
        }),
        content: content(item, placed, site),
        extensions: extensions(item, file, &further),
        // Among the extensions, for the crate knows only a part of it.
        itunes_ext: None,
        dublin_core_ext: dublin_core(item, site),
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
        return item.content.clone().map(Cow::into_owned);
    }
    let words = Words::of(&site.language);
    let coverage = placed.also.iter().map(|also| {
        let other = Mention::of(site, also);
        let (link, title) = (escape(&other.link), escape(&other.headline));
        format!("<li dir=\"auto\"><a href=\"{link}\">{title}</a> ({})</li>", escape(&other.source))
    });
    let body = item.content.clone().unwrap_or_else(|| item.description().into());
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

/// The lead image, the files that are no enclosure, what an enclosure cannot say of its file, and the episode.
fn extensions(item: &Item<'_>, enclosed: Option<&File>, further: &[&File]) -> ExtensionMap {
    let mut elements = media::image(item);
    let said = enclosed.filter(|file| file.seconds.is_some() || file.title.is_some());
    let is_shown = |file: &&File| Some(&file.url) != item.image.as_ref();
    elements.extend(said.into_iter().chain(further.iter().copied()).filter(is_shown).map(media::file));
    elements.extend(Podcast::of(item).into_iter().flat_map(Podcast::elements));
    element::in_rss(elements)
}
