//! Searches and stories: asked of the index, read from the store, and only shown if some section shows them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use url::form_urlencoded;

use super::{Items, SourceCards, found, is_shown};
use crate::edge::store::StoreError;
use crate::model::{Document, Entry, EntryKey, SourceId};
use crate::pipeline::render::SearchPage;
use crate::pipeline::search::{Hit, Order, Query};
use crate::pipeline::{self, Edition, FoundStory};

/// Stories on one page.
const PAGE_STORIES: usize = 20;
/// Pages of one search.
const PAGES_MAX: usize = 25;
/// Entries of the feed of a search.
const FEED_ENTRIES_MAX: usize = 50;
/// Stored stories that are looked at for one answer.
const LOOKED_AT_MAX: usize = 1_500;
/// Stories that are read at once.
const READ_AT_ONCE: usize = 25;
/// Entries of one story that are looked at.
const OF_STORY_MAX: usize = 21;
/// How long a page waits for an index that is still being read.
const PAGE_PATIENCE: Duration = Duration::from_millis(500);
/// The same of a feed, whose readers do not wait themselves.
const FEED_PATIENCE: Duration = Duration::from_secs(4);

/// What is asked for.
struct Asked {
    query: String,
    /// From 1.
    page: usize,
    is_feed: bool,
}

impl Asked {
    /// Beside `/search.atom?q=…` the addresses that people make up: `/search?q=….atom`, `/search?q=…&format=atom`.
    fn of(path: &str, query: &str) -> Option<Self> {
        let mut asked = Self { query: String::new(), page: 1, is_feed: false };
        match path.trim_end_matches('/') {
            "/search" => {}
            "/search.atom" | "/search/atom" => asked.is_feed = true,
            _ => return None,
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("q", typed) => typed.clone_into(&mut asked.query),
                ("page", number) => asked.page = number.parse().unwrap_or(1).max(1),
                ("format", "atom") => asked.is_feed = true,
                _ => {}
            }
        }
        if let Some(bare) = asked.query.strip_suffix(".atom") {
            (asked.query, asked.is_feed) = (bare.to_owned(), true);
        }
        Some(asked)
    }
}

impl Items {
    /// All that is stored of a story; `key` is that of any of its entries.
    pub(super) fn story(&self, key: &str) -> Option<Arc<Document>> {
        let front = self.cards.load();
        let (edition, cards) = front.as_ref();
        let key: EntryKey = key.parse().ok()?;
        // The first entry may be gone, and the story still bears its name.
        let story = found(self.store.entry(key))?.map_or(key, |entry| entry.story);
        let members = found(self.store.story(story))?;
        let shown = members.into_iter().filter(|entry| is_shown(entry, edition, cards));
        pipeline::story_document(edition, story, shown.map(Arc::new).collect(), cards).map(Arc::new)
    }

    /// The page of a search, or its feed.
    pub(super) fn search(&self, path: &str, query: &str) -> Option<Arc<Document>> {
        let front = self.cards.load();
        let (edition, cards) = front.as_ref();
        if !edition.site.has_search {
            return None;
        }
        let Asked { query: typed, page, is_feed } = Asked::of(path, query)?;
        let page = page.min(PAGES_MAX);
        let is_complete = self.finder.wait(if is_feed { FEED_PATIENCE } else { PAGE_PATIENCE });
        let (query, is_too_long) = match Query::parse(&typed) {
            Ok(query) => (query, false),
            Err(_) => (Query::default(), true),
        };
        if is_feed {
            // What is asked wrongly, and nothing, has no feed.
            if query.is_empty() {
                return None;
            }
            let (found, _) = self.found(&query, Order::Newest, 0, FEED_ENTRIES_MAX, edition, cards)?;
            return Some(Arc::new(pipeline::search_feed_document(edition, &query.text, &found, cards)));
        }
        let (found, has_more) = if query.is_empty() {
            (vec![], false)
        } else {
            self.found(&query, Order::Best, (page - 1) * PAGE_STORIES, PAGE_STORIES, edition, cards)?
        };
        let search = SearchPage {
            query: &query.text,
            placed: &[],
            number: page,
            has_next: has_more && page < PAGES_MAX,
            is_too_long,
            is_incomplete: !is_complete,
        };
        Some(Arc::new(pipeline::search_document(edition, &search, &found, cards)))
    }

    /// `count` stories after the first `skipped`, and whether there are more.
    fn found(
        &self,
        query: &Query,
        order: Order,
        skipped: usize,
        count: usize,
        edition: &Edition,
        cards: &SourceCards,
    ) -> Option<(Vec<FoundStory>, bool)> {
        let may_show = |source: &SourceId| {
            cards.contains_key(source)
                && (query.sources.is_empty() || query.sources.contains(source))
                && !query.unwanted_sources.contains(source)
                && (query.sections.is_empty()
                    || query.sections.iter().any(|section| edition.sorter.may_show(section, source)))
        };
        let hits = self.finder.index().find(query, order, LOOKED_AT_MAX, may_show);
        let mut stories = vec![];
        for some in hits.chunks(READ_AT_ONCE) {
            stories.extend(found(self.read(some, query, edition, cards))?);
            // One more tells that there is another page.
            if stories.len() > skipped + count {
                break;
            }
        }
        let has_more = stories.len() > skipped + count;
        Some((stories.into_iter().skip(skipped).take(count).collect(), has_more))
    }

    /// Those of the stories that readers may see, with those of their entries.
    fn read(
        &self,
        hits: &[Hit],
        query: &Query,
        edition: &Edition,
        cards: &SourceCards,
    ) -> Result<Vec<FoundStory>, StoreError> {
        let keys = |hit: &Hit| hit.entries.iter().copied().take(OF_STORY_MAX).collect::<Vec<_>>();
        let mut entries = self.store.entries(&hits.iter().flat_map(keys).collect::<HashSet<_>>())?;
        let is_wanted = |entry: &Entry| {
            if query.sections.is_empty() && query.unwanted_sections.is_empty() {
                return is_shown(entry, edition, cards);
            }
            let sections = edition.sorter.sections_of(entry, cards);
            let is_in = |named: &[_]| sections.iter().any(|section| named.contains(*section));
            is_shown(entry, edition, cards)
                && (query.sections.is_empty() || is_in(&query.sections))
                && !is_in(&query.unwanted_sections)
        };
        let story = |hit: &Hit| {
            let found = keys(hit).into_iter().filter_map(|key| entries.remove(&key));
            let mut shown = found.filter(|entry| is_wanted(entry)).map(Arc::new);
            shown.next().map(|lead| (lead, shown.collect()))
        };
        Ok(hits.iter().filter_map(story).collect())
    }
}
