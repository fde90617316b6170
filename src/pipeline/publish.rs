//! `publish`: every document that is served, derived from the window. Composes section, merge and render.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::section::Sorter;
use super::{merge, render, window};
use crate::model::{
    Clicks, Digest, Document, Entry, EntryKey, Pieces, Placed, Published, Section, SectionFeed, SectionOrder,
    Site, Source, SourceCard, SourceId, Timestamp, Window,
};

const HTML: &str = "text/html; charset=utf-8";
const RSS: &str = "application/rss+xml; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";
const JSON: &str = "application/feed+json; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const PNG: &str = "image/png";

/// What the admin decided about the output: the site, its sections, and who sends what where.
#[derive(Debug)]
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

/// What each section shows, in the order of the file; what is related is not named yet.
pub fn lay_out(edition: &Edition, window: &Window) -> Vec<SectionFeed> {
    let mut candidates = window::candidates(window, edition);
    let all: BTreeMap<EntryKey, Arc<Entry>> =
        candidates.values().flatten().map(|entry| (entry.key, Arc::clone(entry))).collect();
    let (sources, weights) = (&window.sources, &edition.weights);
    let (ranked, others): (Vec<_>, Vec<_>) =
        edition.sections.iter().enumerate().partition(|(_, section)| section.order == SectionOrder::MostRead);
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
        let archive = window.archives.get(id).copied();
        merge::annotate(feed, removed, archive);
    }
    let is_counted = edition.count_clicks && !window.clicks.is_empty();
    let mut press = Press { edition, site: &edition.site, previous, is_counted, documents: HashMap::new() };
    for feed in &feeds {
        press.section(feed);
    }
    press.portal(&feeds);
    Published { documents: press.documents }
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

/// Renders what changed and takes over what did not.
struct Press<'a> {
    edition: &'a Edition,
    site: &'a Site,
    previous: &'a Published,
    /// Whether the order of what is read most comes from counting: no entry of it tells when that changed.
    is_counted: bool,
    documents: HashMap<String, Arc<Document>>,
}

impl Press<'_> {
    fn section(&mut self, feed: &SectionFeed) {
        let (id, site) = (feed.section.id.clone(), self.site);
        let facts = self.with_site(feed.fingerprint);
        let is_ranked = feed.section.order == SectionOrder::MostRead;
        let updated = self.edition.changed_at(feed).filter(|_| !(is_ranked && self.is_counted));
        let sheet = std::cell::LazyCell::new(|| render::Sheet::new(feed, site));
        let told = |body: &[u8], find: fn(&[u8]) -> Option<Pieces>| {
            find(body).map(|pieces| render::with_news(pieces, body, feed))
        };
        let rss = |body: &[u8]| told(body, render::rss_pieces);
        let atom = |body: &[u8]| told(body, render::atom_pieces);
        let json = |body: &[u8]| told(body, render::json_pieces);
        self.feed(format!("/{id}.rss"), RSS, facts, updated, || sheet.rss(), rss);
        self.feed(format!("/{id}.atom"), ATOM, facts, updated, || sheet.atom(), atom);
        self.feed(format!("/{id}.json"), JSON, facts, updated, || sheet.json(), json);
        self.put(format!("/{id}"), HTML, facts, updated, || sheet.page());
    }

    fn portal(&mut self, feeds: &[SectionFeed]) {
        let site = self.site;
        let prints: Vec<[u8; 16]> = feeds.iter().map(|feed| feed.fingerprint.0).collect();
        let heads = heads(self.edition, feeds);
        // Weights decide on the heads as well.
        let shown = heads.iter().flat_map(|feed| &feed.placed).map(|placed| placed.entry.key.0);
        let parts: Vec<[u8; 16]> = prints.into_iter().chain(shown).collect();
        let all = self.with_site(Digest::of(parts.iter().map(<[u8; 16]>::as_slice)));
        let updated = feeds.iter().filter_map(|feed| self.edition.changed_at(feed)).max();
        let updated = updated.filter(|_| !self.is_counted);
        self.put("/".to_owned(), HTML, all, updated, || render::front_page(site, &heads));
        let constant = self.with_site(Digest::of([]));
        self.put("/bot".to_owned(), HTML, constant, None, || render::bot_page(site));
        self.put("/robots.txt".to_owned(), PLAIN, constant, None, || render::robots_txt(site));
        self.put("/style.css".to_owned(), CSS, constant, None, render::style_css);
        self.put("/icon.png".to_owned(), PNG, constant, None, render::icon_png);
    }

    fn with_site(&self, facts: Digest) -> Digest {
        Digest::of([format!("{:?}", self.site).as_bytes(), &facts.0])
    }

    fn put(
        &mut self,
        path: String,
        content_type: &'static str,
        facts: Digest,
        updated: Option<Timestamp>,
        render: impl FnOnce() -> Vec<u8>,
    ) {
        self.feed(path, content_type, facts, updated, render, |_| None);
    }

    /// `pieces` tells where the entries stand in what was rendered.
    fn feed(
        &mut self,
        path: String,
        content_type: &'static str,
        facts: Digest,
        updated: Option<Timestamp>,
        render: impl FnOnce() -> Vec<u8>,
        pieces: impl FnOnce(&[u8]) -> Option<Pieces>,
    ) {
        let kept = self.previous.documents.get(&path).filter(|document| document.fingerprint == facts);
        let document = kept.map_or_else(
            || {
                let body = render();
                let pieces = pieces(&body);
                Arc::new(Document { pieces, ..render::document(content_type, body, updated, facts) })
            },
            Arc::clone,
        );
        self.documents.insert(path, document);
    }
}
