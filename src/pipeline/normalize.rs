//! [`RawFeed`] to [`Feed`]: decides what counts. Every fallback exists once, here.

use url::Url;

use crate::model::{Clean, Feed, FeedEntry, RawFeed, Schedules};

/// Turns markup into safe HTML with absolute URLs; `mod.rs` passes `sanitize::clean`.
pub type Cleaner<'a> = &'a dyn Fn(&str, Option<&Url>) -> Clean;

/// Decides what a raw feed says. `base` is the address of the document.
pub fn normalize(raw: RawFeed, base: Option<&Url>, clean: Cleaner<'_>) -> Feed {
    let entries =
        raw.entries.iter().map(|_| FeedEntry { content: Some(clean("", base).html), ..FeedEntry::default() });
    Feed {
        format: raw.format,
        id: None,
        title: None,
        link: None,
        description: None,
        language: None,
        updated: None,
        authors: vec![],
        image: None,
        schedules: Schedules::default(),
        hub: None,
        self_url: None,
        rights: None,
        entries: entries.collect(),
        problems: raw.problems,
    }
}
