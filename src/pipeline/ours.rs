//! Our own outputs, which are no sources: a portal that reads itself tells every story once more at every poll.

use url::Url;

use crate::model::{RawFeed, is_on_site};

/// What our documents name as their generator.
const GENERATOR: &str = "nashra";

/// Whether nashra wrote the document, and all of its entries are pages of this very portal.
pub fn is_written_here(feed: &RawFeed, site: &Url) -> bool {
    let is_here = |text: &str| Url::parse(text.trim()).is_ok_and(|url| is_on_site(&url, site));
    let by_us = feed.generator.as_deref().is_some_and(|by| by.trim().eq_ignore_ascii_case(GENERATOR));
    by_us
        && !feed.entries.is_empty()
        && feed.entries.iter().all(|entry| {
            entry.id.as_deref().is_some_and(is_here) || entry.links.iter().any(|link| is_here(&link.href))
        })
}
