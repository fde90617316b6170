//! The HTML pages, in the language and direction of the site.

mod found;

use askama::Template;

use super::head::{GENERATOR, Head, ICON_PATH, site_title};
use super::item::{File, Item};
use super::values::{self, direction, plain, rfc3339};
use super::words::{self, Seek, Words};
use crate::model::{Also, Placed, Section, SectionFeed, SectionOrder, Site};

pub use found::{SearchPage, search_page};

/// Entries of the block at the top of the front page.
const FRONT_FIRST_ENTRIES_MAX: usize = 11;
/// Entries of each further block.
const FRONT_ENTRIES_MAX: usize = 6;

/// What stands around every page.
struct Page {
    language: String,
    direction: &'static str,
    words: &'static Words,
    site_title: String,
    home: String,
    style: String,
    icon: String,
    bot: String,
    title: String,
    description: String,
    canonical: String,
    feeds: Vec<FeedLink>,
    seek: &'static Seek,
    /// Where one searches, if one can.
    search: Option<SearchLinks>,
    /// What is searched for.
    query: String,
}

/// Where one searches.
struct SearchLinks {
    /// The page of results.
    page: String,
    /// The OpenSearch description.
    description: String,
}

/// A link to a feed.
struct FeedLink {
    title: String,
    media_type: &'static str,
    name: &'static str,
    href: String,
}

/// An entry on a page of many.
struct Card {
    headline: String,
    page: String,
    teaser: Option<String>,
    image: Option<String>,
    source: String,
    datetime: String,
    date: String,
    language: Option<String>,
    direction: &'static str,
    also: Option<String>,
}

/// A section on the front page.
struct Block {
    id: String,
    title: String,
    /// Whether the places of its entries mean something by themselves.
    is_ranked: bool,
    page: String,
    cards: Vec<Card>,
    feeds: Vec<FeedLink>,
}

/// A file below an entry.
struct FileLink {
    title: String,
    href: String,
    /// `audio` or `video` where the browser can play it on the page.
    player: &'static str,
}

#[derive(Template)]
#[template(path = "front.html", config = "src/pipeline/render/askama.toml")]
struct Front {
    page: Page,
    blocks: Vec<Block>,
}

#[derive(Template)]
#[template(path = "section.html", config = "src/pipeline/render/askama.toml")]
struct SectionPage {
    page: Page,
    heading: String,
    is_ranked: bool,
    cards: Vec<Card>,
}

#[derive(Template)]
#[template(path = "item.html", config = "src/pipeline/render/askama.toml")]
struct ItemPage {
    page: Page,
    card: Card,
    link: Onward,
    source_link: String,
    authors: Vec<String>,
    body: String,
    /// The lead image, unless the text shows it itself.
    image: Option<String>,
    files: Vec<FileLink>,
    comments: Option<String>,
    categories: Vec<String>,
    others: Vec<(Card, Onward)>,
    related: Vec<Card>,
}

/// A link to a page at a source.
struct Onward {
    href: String,
    /// Whether it leads through `/go/`, where search engines have nothing to follow.
    is_counted: bool,
}

#[derive(Template)]
#[template(path = "bot.html", config = "src/pipeline/render/askama.toml")]
struct BotPage {
    page: Page,
    contact: Option<(String, String)>,
    agent: String,
}

/// How many entries of a section the front page has room for.
pub fn front_entries_max(section: &Section) -> usize {
    if section.takes_all { FRONT_FIRST_ENTRIES_MAX } else { FRONT_ENTRIES_MAX }
}

/// `/`: every section as a block, the one that takes all sources first. Of each, as much is shown as is given, up to
/// [`front_entries_max`].
pub fn front_page(site: &Site, feeds: &[SectionFeed]) -> Vec<u8> {
    let (first, rest): (Vec<&SectionFeed>, Vec<&SectionFeed>) =
        feeds.iter().partition(|feed| feed.section.takes_all);
    let ordered: Vec<&SectionFeed> = first.into_iter().chain(rest).collect();
    let blocks = ordered.iter().map(|feed| {
        let most = front_entries_max(&feed.section);
        let head = Head::new(&feed.section, site);
        Block {
            id: feed.section.id.0.clone(),
            title: section_title(feed),
            is_ranked: is_ranked(feed),
            cards: feed.placed.iter().take(most).map(|placed| placed_card(placed, site)).collect(),
            feeds: feed_links(&head),
            page: head.page,
        }
    });
    let title = site_title(site);
    let page = Page {
        description: (Words::of(&site.language).portal)(&title),
        canonical: format!("{}/", site.url),
        feeds: ordered.iter().flat_map(|feed| feed_links(&Head::new(&feed.section, site))).collect(),
        ..around(site, title)
    };
    written(&Front { blocks: blocks.collect(), page })
}

/// Writes a section with its prepared entries.
pub(super) fn section(feed: &SectionFeed, items: &[Item<'_>], site: &Site) -> Vec<u8> {
    let head = Head::new(&feed.section, site);
    let page = Page {
        feeds: feed_links(&head),
        description: head.description,
        canonical: head.page,
        ..around(site, head.title)
    };
    written(&SectionPage {
        heading: section_title(feed),
        is_ranked: is_ranked(feed),
        cards: feed
            .placed
            .iter()
            .zip(items)
            .map(|(placed, item)| card(item, placed.also.len(), site))
            .collect(),
        page,
    })
}

/// `/item/KEY`: one entry, with its source, whoever else covers the story, and the stories near to it. Links to
/// sources lead through `/go/` where clicks are counted.
pub fn item_page(site: &Site, placed: &Placed, count_clicks: bool) -> Vec<u8> {
    let item = Item::placed(site, placed);
    let card = placed_card(placed, site);
    let words = Words::of(&site.language);
    let body = item.content.clone().or_else(|| item.summary.clone()).unwrap_or_default().into_owned();
    let page = Page {
        description: card.teaser.clone().unwrap_or_default(),
        // Search engines should credit the source.
        canonical: item.link.clone(),
        feeds: vec![found::coverage_link(item.entry, &card.headline, site)],
        ..around(site, format!("{} – {}", card.headline, site_title(site)))
    };
    let other = |also: &Also| {
        let other = Item::also(site, also);
        (self::card(&other, 0, site), onward(&other, site, count_clicks))
    };
    written(&ItemPage {
        link: onward(&item, site, count_clicks),
        source_link: item.source.home(site),
        authors: item.authors().map(|(name, _)| name).collect(),
        image: item.image.clone().filter(|image| !shows(&body, image)),
        files: item.files.iter().map(|file| file_link(file, words)).collect(),
        comments: item.comments.clone(),
        categories: item.categories.iter().map(|category| category.word().to_owned()).collect(),
        others: placed.also.iter().map(other).collect(),
        related: placed.related.iter().map(|one| self::card(&Item::also(site, one), 0, site)).collect(),
        body,
        card,
        page,
    })
}

/// `/bot`: who our client is, for those whose servers it visits.
pub fn bot_page(site: &Site) -> Vec<u8> {
    let words = Words::of(&site.language);
    let contact =
        site.contact.as_deref().map(str::trim).filter(|contact| !contact.is_empty()).and_then(|contact| {
            let bare = contact.trim_start_matches("mailto:");
            let mail = values::email(bare).map(|email| (format!("mailto:{email}"), email));
            mail.or_else(|| values::web(contact).map(|href| (href.clone(), href)))
        });
    let page = Page {
        description: words.about.to_owned(),
        canonical: format!("{}/bot", site.url),
        ..around(site, format!("{} – {}", words.about, site_title(site)))
    };
    written(&BotPage { page, contact, agent: format!("{GENERATOR}/") })
}

fn written(page: &impl Template) -> Vec<u8> {
    // Writing to a String cannot fail, and the templates call nothing else that can.
    page.render().unwrap_or_default().into_bytes()
}

fn around(site: &Site, title: String) -> Page {
    Page {
        language: values::language(&site.language).unwrap_or_else(|| "en".to_owned()),
        direction: direction(&site.language),
        words: Words::of(&site.language),
        site_title: site_title(site),
        home: format!("{}/", site.url),
        style: format!("{}/style.css", site.url),
        icon: format!("{}{ICON_PATH}", site.url),
        bot: format!("{}/bot", site.url),
        title,
        description: String::new(),
        canonical: String::new(),
        feeds: vec![],
        seek: Seek::of(&site.language),
        search: site.has_search.then(|| SearchLinks {
            page: format!("{}/search", site.url),
            description: format!("{}/opensearch.xml", site.url),
        }),
        query: String::new(),
    }
}

/// A link to the page at the source. An entry without one has only our own page, and nothing to count.
fn onward(item: &Item<'_>, site: &Site, count_clicks: bool) -> Onward {
    let is_counted = count_clicks && item.link != item.page;
    let href = if is_counted { format!("{}/go/{}", site.url, item.entry.key) } else { item.link.clone() };
    Onward { href, is_counted }
}

fn is_ranked(feed: &SectionFeed) -> bool {
    feed.section.order == SectionOrder::MostRead
}

fn section_title(feed: &SectionFeed) -> String {
    values::line(&feed.section.title).unwrap_or_else(|| feed.section.id.0.clone())
}

fn feed_links(head: &Head) -> Vec<FeedLink> {
    let kinds = [
        ("rss", "application/rss+xml", "RSS"),
        ("atom", "application/atom+xml", "Atom"),
        ("json", "application/feed+json", "JSON"),
    ];
    let link = |(extension, media_type, name)| FeedLink {
        title: format!("{} ({name})", head.title),
        media_type,
        name,
        href: head.in_format(extension),
    };
    kinds.into_iter().map(link).collect()
}

fn placed_card(placed: &Placed, site: &Site) -> Card {
    card(&Item::placed(site, placed), placed.also.len(), site)
}

fn card(item: &Item<'_>, also: usize, site: &Site) -> Card {
    let published = item.entry.published;
    let headline = item.headline();
    Card {
        // A teaser that repeats the headline says nothing.
        teaser: item.teaser().filter(|teaser| item.title.is_some() && *teaser != headline),
        headline,
        page: item.page.clone(),
        image: item.image.clone(),
        source: item.source.title.clone(),
        datetime: rfc3339(published),
        date: words::date(published, site.timezone, &site.language),
        language: item.foreign_language(site).map(str::to_owned),
        // The browser finds the direction of a language that nobody named.
        direction: item.language.as_deref().map_or("auto", direction),
        also: (also > 0).then(|| (Words::of(&site.language).also_count)(also)),
    }
}

fn file_link(file: &File, words: &Words) -> FileLink {
    FileLink {
        title: file.title.clone().unwrap_or_else(|| format!("{} ({})", words.file, file.media_type)),
        href: file.url.clone(),
        player: match file.media_type.split('/').next() {
            Some("audio") => "audio",
            Some("video") => "video",
            _ => "",
        },
    }
}

/// Whether a text shows an image itself, as far as the name of the file tells: the same picture comes in
/// several sizes, which differ in the query.
fn shows(body: &str, image: &str) -> bool {
    let name = image.split(['?', '#']).next().unwrap_or(image);
    body.contains("<img") && (body.contains(name) || plain(body).is_none())
}
