//! A section prepared once for all of its documents.

use super::item::Item;
use super::pages;
use crate::model::{SectionFeed, Site};

/// What a section shows, ready to be put into the words of each format.
pub struct Sheet<'a> {
    feed: &'a SectionFeed,
    site: &'a Site,
    items: Vec<Item<'a>>,
}

impl<'a> Sheet<'a> {
    /// Prepares the entries.
    pub fn new(feed: &'a SectionFeed, site: &'a Site) -> Self {
        Self { items: feed.placed.iter().map(|placed| Item::placed(site, placed)).collect(), feed, site }
    }

    /// `/SECTION.rss`: RSS 2.0.
    pub fn rss(&self) -> Vec<u8> {
        super::rss::written(self.feed, &self.items, self.site)
    }

    /// `/SECTION.atom`: Atom 1.0.
    pub fn atom(&self) -> Vec<u8> {
        let heading = super::Heading::of_section(self.feed, self.site);
        super::atom::written(&heading, (&self.feed.placed, &self.items), &self.feed.removed, self.site)
    }

    /// `/SECTION.json`: JSON Feed 1.1.
    pub fn json(&self) -> Vec<u8> {
        super::json::written(self.feed, &self.items, self.site)
    }

    /// `/SECTION`: all that its feeds carry.
    pub fn page(&self) -> Vec<u8> {
        pages::section(self.feed, &self.items, self.site)
    }
}

/// Renders a section as RSS 2.0.
pub fn rss(feed: &SectionFeed, site: &Site) -> Vec<u8> {
    Sheet::new(feed, site).rss()
}

/// Renders the live feed of a section as Atom 1.0.
pub fn atom(feed: &SectionFeed, site: &Site) -> Vec<u8> {
    Sheet::new(feed, site).atom()
}

/// Renders a section as JSON Feed 1.1.
pub fn json(feed: &SectionFeed, site: &Site) -> Vec<u8> {
    Sheet::new(feed, site).json()
}

/// Renders a section as HTML.
pub fn section_page(site: &Site, feed: &SectionFeed) -> Vec<u8> {
    Sheet::new(feed, site).page()
}
