//! `publish`: every document that is served, derived from the window. Composes section, merge and render.

mod found;
mod lifetime;
mod press;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

pub use self::found::{FoundStory, search_document, search_feed_document, story_document};
use self::press::{ATOM, HTML, Press};
use super::section::Sorter;
use super::{merge, render, window};
use crate::model::{
    Clicks, Digest, Document, Entry, EntryKey, Hidden, Placed, Published, Section, SectionFeed, SectionOrder,
    Site, Source, SourceCard, SourceId, Timestamp, Window,
};

/// What the admin decided about the output: the site, its sections, and who sends what where.
#[derive(Clone, Debug)]
pub struct Edition {
    /// `[site]`.
    pub site: Site,
    /// The sections, in the order of the front page.
    pub sections: Vec<Section>,
    /// Their rules, compiled.
    pub sorter: Sorter,
    /// The sources' weights in percent, where they are not ordinary.
    pub weights: BTreeMap<SourceId, u32>,
    /// Since when documents are made by these rules, in whole seconds; `None` where they always were. Nothing
    /// that they make is older: a renamed section is a change, though no entry of it is.
    pub in_force_since: Option<Timestamp>,
    /// Whether links of pages lead through `/go/`, where it is counted which stories readers open.
    pub count_clicks: bool,
}

impl Edition {
    /// Compiles the rules of a checked configuration.
    pub fn new(site: Site, sections: Vec<Section>, sources: &[Source]) -> Self {
        let sorter = Sorter::new(&sections, sources);
        let weighed = sources.iter().filter(|source| source.weight_percent != 100);
        let weights = weighed.map(|source| (source.id.clone(), source.weight_percent)).collect();
        Self { site, sections, sorter, weights, in_force_since: None, count_clicks: false }
    }

    /// The same where the admin has taken these entries out of every output.
    #[must_use]
    pub fn without(self, hidden: Arc<Hidden>) -> Self {
        Self { sorter: self.sorter.without(hidden), ..self }
    }

    /// The newest change of a section, `None` where it shows nothing.
    fn changed_at(&self, feed: &SectionFeed) -> Option<Timestamp> {
        (!feed.placed.is_empty()).then(|| self.in_force_since.map_or(feed.updated, |at| at.max(feed.updated)))
    }
}

/// Derives every document from the window. Documents whose facts did not change are taken over from
/// `previous`, so that a commit costs what it touches.
pub fn publish(edition: &Edition, window: &Window, previous: &Published) -> Published {
    print(edition, lay_out(edition, window), window, previous)
}

/// A document that was published by a process before this one, from its bytes; `None` where none has such a type. It
/// is shown until the first edition is there, which renders it anew and finds the same bytes.
pub fn recalled(content_type: &str, body: Vec<u8>, last_modified: Option<Timestamp>) -> Option<Document> {
    let content_type = press::CONTENT_TYPES.iter().copied().find(|known| *known == content_type)?;
    // No facts have this hash.
    Some(render::document(content_type, body, last_modified, Digest([0; 16])))
}

/// What each section shows, in the order of the file; what is related is not named yet.
pub fn lay_out(edition: &Edition, window: &Window) -> Vec<SectionFeed> {
    let mut candidates = window::candidates(window, edition);
    let (sources, weights) = (&window.sources, &edition.weights);
    let (ranked, others): (Vec<_>, Vec<_>) =
        edition.sections.iter().enumerate().partition(|(_, section)| section.order == SectionOrder::MostRead);
    let all: BTreeMap<EntryKey, Arc<Entry>> = match ranked[..] {
        [] => BTreeMap::new(),
        _ => candidates.values().flatten().map(|entry| (entry.key, Arc::clone(entry))).collect(),
    };
    let others = others.into_iter().map(|(_, section)| {
        let entries = candidates.remove(&section.id).unwrap_or_default();
        merge::merge(section, entries, sources, weights)
    });
    let mut feeds: Vec<SectionFeed> = others.collect();
    let nothing = Clicks::default();
    // What was counted before it was switched off counts no more.
    let clicks = if edition.count_clicks { &window.clicks } else { &nothing };
    for (place, section) in ranked {
        let entries = all.values().cloned().collect();
        let feed = merge::most_read(section, &feeds, entries, clicks, sources, weights);
        feeds.insert(place, feed);
    }
    feeds
}

/// Derives every document from what the sections show and what is related to it.
pub fn print(
    edition: &Edition,
    mut feeds: Vec<SectionFeed>,
    window: &Window,
    previous: &Published,
) -> Published {
    for feed in &mut feeds {
        merge::relate(feed, &window.related, &window.sources);
        let (id, nothing) = (&feed.section.id, vec![]);
        let removed = window.removed.get(id).unwrap_or(&nothing);
        let archive = window.archives.get(id).and_then(|end| {
            let shown: HashSet<EntryKey> = feed.placed.iter().map(|placed| placed.entry.key).collect();
            end.place_behind(|key| shown.contains(&key))
        });
        merge::annotate(feed, removed, archive);
    }
    let is_counted = edition.count_clicks && !window.clicks.is_empty();
    let heads = heads(edition, &feeds);
    let mut press = Press::new(edition, previous, is_counted);
    for feed in &feeds {
        press.section(feed);
    }
    press.portal(&feeds, &heads);
    press.published()
}

/// The page of one entry, which may be older than the window. `also` is the other coverage of its story.
pub fn item_document(
    edition: &Edition,
    entry: &Arc<Entry>,
    also: &[Arc<Entry>],
    related: &[Arc<Entry>],
    sources: &BTreeMap<SourceId, Arc<SourceCard>>,
) -> Option<Document> {
    let source = Arc::clone(sources.get(&entry.source)?);
    let placed = Placed {
        also: merge::also(entry, also, sources),
        related: related.iter().filter_map(|one| merge::card(one, sources)).collect(),
        entry: Arc::clone(entry),
        source,
    };
    let body = render::item_page(&edition.site, &placed, edition.count_clicks);
    let others = placed.also.iter().chain(&placed.related);
    let newest = others.map(|other| other.entry.changed_at()).chain([entry.changed_at()]).max();
    Some(render::document(HTML, body, newest, entry.digest))
}

/// What the front page shows of each section.
fn heads(edition: &Edition, feeds: &[SectionFeed]) -> Vec<SectionFeed> {
    let head = |feed: &SectionFeed| {
        let count_max = render::front_entries_max(&feed.section);
        let placed = merge::head(&feed.placed, count_max, feed.section.limits, &edition.weights);
        SectionFeed { placed, section: feed.section.clone(), removed: vec![], ..*feed }
    };
    feeds.iter().map(head).collect()
}
