//! The page of a search, and the links to the feeds of searches and stories.

use askama::Template;

use super::{Card, FeedLink, Page, around, placed_card, written};
use crate::model::{Entry, Placed, Site};
use crate::pipeline::render::finds;
use crate::pipeline::render::head::site_title;

/// What is to be shown of a search.
#[derive(Clone, Copy, Debug)]
pub struct SearchPage<'a> {
    /// What was asked, on one line; empty for nothing.
    pub query: &'a str,
    /// The stories of this page.
    pub placed: &'a [Placed],
    /// Its number, from 1.
    pub number: usize,
    /// Whether there is another one.
    pub has_next: bool,
    /// Whether more was asked than is answered.
    pub is_too_long: bool,
    /// Whether stored entries are still being read.
    pub is_incomplete: bool,
}

#[derive(Template)]
#[template(path = "search.html", config = "src/pipeline/render/askama.toml")]
struct Found {
    page: Page,
    cards: Vec<Card>,
    note: Option<&'static str>,
    is_incomplete: bool,
    previous: Option<String>,
    next: Option<String>,
}

/// `/search?q=`: the box, and what was found.
pub fn search_page(site: &Site, search: &SearchPage<'_>) -> Vec<u8> {
    let around = around(site, String::new());
    let seek = around.seek;
    let address = finds::search_url(site, search.query);
    let asks = !search.query.is_empty() && !search.is_too_long;
    let title = if search.query.is_empty() { seek.search.to_owned() } else { (seek.titled)(search.query) };
    let feed = FeedLink {
        title: format!("{title} – {}", site_title(site)),
        media_type: "application/atom+xml",
        name: "Atom",
        href: finds::search_feed_url(site, search.query),
    };
    let page = Page {
        description: (seek.describes)(&around.site_title),
        canonical: address.clone(),
        feeds: if asks { vec![feed] } else { vec![] },
        title: format!("{title} – {}", around.site_title),
        query: search.query.to_owned(),
        ..around
    };
    let numbered = |number: usize| match number {
        1 => address.clone(),
        number => format!("{address}&page={number}"),
    };
    let note = match search {
        SearchPage { is_too_long: true, .. } => Some(seek.too_long),
        SearchPage { query: "", .. } => Some(seek.how),
        SearchPage { placed: [], .. } => Some(seek.nothing),
        _ => None,
    };
    written(&Found {
        page,
        cards: search.placed.iter().map(|placed| placed_card(placed, site)).collect(),
        note,
        is_incomplete: search.is_incomplete && asks,
        previous: (search.number > 1).then(|| numbered(search.number - 1)),
        next: search.has_next.then(|| numbered(search.number + 1)),
    })
}

/// The feed of all coverage of the story that an entry belongs to.
pub(super) fn coverage_link(entry: &Entry, headline: &str, site: &Site) -> FeedLink {
    FeedLink {
        title: format!("{headline} (Atom)"),
        media_type: "application/atom+xml",
        name: "Atom",
        href: finds::story_feed_url(site, entry.story),
    }
}
