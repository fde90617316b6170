//! Renders what changed and takes over what did not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Edition;
use super::lifetime::{CONSTANT, of_all, of_section};
use crate::model::{
    Digest, Document, Lifetime, Pieces, Published, SectionFeed, SectionOrder, Site, Timestamp,
};
use crate::pipeline::render;

pub(super) const HTML: &str = "text/html; charset=utf-8";
const RSS: &str = "application/rss+xml; charset=utf-8";
pub(super) const ATOM: &str = "application/atom+xml; charset=utf-8";
const JSON: &str = "application/feed+json; charset=utf-8";
const OPENSEARCH: &str = "application/opensearchdescription+xml; charset=utf-8";
const OPML: &str = "text/x-opml; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const PNG: &str = "image/png";
/// All that there are.
pub(super) const CONTENT_TYPES: &[&str] = &[HTML, RSS, ATOM, JSON, OPENSEARCH, OPML, PLAIN, CSS, PNG];

/// Threads that render at once.
const THREADS_MAX: usize = 4;
/// Fewer documents than this are rendered before another thread has begun.
const JOBS_PER_THREAD: usize = 4;

/// Where the entries of a document stand in its bytes, and what they are.
type FindPieces<'f> = (fn(&[u8]) -> Option<Pieces>, &'f SectionFeed);

/// The documents of one edition.
pub(super) struct Press<'a> {
    edition: &'a Edition,
    site: &'a Site,
    site_digest: Digest,
    previous: &'a Published,
    /// Whether the order of what is read most comes from counting: no entry of it tells when that changed.
    is_counted: bool,
    documents: HashMap<String, Arc<Document>>,
    jobs: Vec<Job<'a>>,
}

/// A document that is to be rendered.
struct Job<'a> {
    path: String,
    render: Box<dyn FnOnce() -> Document + Send + 'a>,
}

/// What is known of a document before it is rendered.
#[derive(Clone, Copy)]
struct Facts {
    /// All that it is made from.
    digest: Digest,
    updated: Option<Timestamp>,
    lifetime: Lifetime,
}

impl<'a> Press<'a> {
    pub(super) fn new(edition: &'a Edition, previous: &'a Published, is_counted: bool) -> Self {
        let site = &edition.site;
        let site_digest = Digest::of([format!("{site:?}").as_bytes()]);
        let documents = HashMap::with_capacity(previous.documents.len());
        Self { edition, site, site_digest, previous, is_counted, documents, jobs: vec![] }
    }

    /// Renders what is to be rendered, several documents at once where there are many.
    pub(super) fn published(self) -> Published {
        let mut documents = self.documents;
        let threads = self.jobs.len().div_ceil(JOBS_PER_THREAD).clamp(1, THREADS_MAX);
        let jobs = Mutex::new(self.jobs.into_iter());
        let work = || {
            let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let render = |job: Job<'_>| (job.path, Arc::new((job.render)()));
            std::iter::from_fn(next).map(render).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            documents.extend(work());
            for other in others {
                // A renderer that panics in another thread panics here, as it would have done here.
                documents.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        Published { documents, is_starting: false }
    }

    pub(super) fn section(&mut self, feed: &'a SectionFeed) {
        let (id, site) = (&feed.section.id, self.site);
        let is_ranked = feed.section.order == SectionOrder::MostRead;
        let facts = Facts {
            digest: self.with_site(feed.fingerprint),
            updated: self.edition.changed_at(feed).filter(|_| !(is_ranked && self.is_counted)),
            lifetime: of_section(feed),
        };
        // Whoever renders the first of the four prepares the entries for all of them.
        let prepared = Arc::new(OnceLock::new());
        let sheet = || {
            let prepared = Arc::clone(&prepared);
            move |render: fn(&render::Sheet<'a>) -> Vec<u8>| {
                move || render(prepared.get_or_init(|| render::Sheet::new(feed, site)))
            }
        };
        self.feed(format!("/{id}.rss"), RSS, facts, sheet()(render::Sheet::rss), (render::rss_pieces, feed));
        self.feed(
            format!("/{id}.atom"),
            ATOM,
            facts,
            sheet()(render::Sheet::atom),
            (render::atom_pieces, feed),
        );
        self.feed(
            format!("/{id}.json"),
            JSON,
            facts,
            sheet()(render::Sheet::json),
            (render::json_pieces, feed),
        );
        self.page(format!("/{id}"), HTML, facts, sheet()(render::Sheet::page));
    }

    /// The front page, which shows `heads`, and what is always there.
    pub(super) fn portal(&mut self, feeds: &'a [SectionFeed], heads: &'a [SectionFeed]) {
        let site = self.site;
        // Weights decide on the heads as well.
        let shown = heads.iter().flat_map(|feed| &feed.placed).map(|placed| placed.entry.key.0);
        let parts: Vec<[u8; 16]> = feeds.iter().map(|feed| feed.fingerprint.0).chain(shown).collect();
        let updated = feeds.iter().filter_map(|feed| self.edition.changed_at(feed)).max();
        let facts = Facts {
            digest: self.with_site(Digest::of(parts.iter().map(<[u8; 16]>::as_slice))),
            updated: updated.filter(|_| !self.is_counted),
            lifetime: of_all(feeds),
        };
        self.page("/".to_owned(), HTML, facts, || render::front_page(site, heads));
        let constant = Facts { digest: self.with_site(Digest::of([])), updated: None, lifetime: CONSTANT };
        self.page("/bot".to_owned(), HTML, constant, || render::bot_page(site));
        self.page("/robots.txt".to_owned(), PLAIN, constant, || render::robots_txt(site));
        self.page("/style.css".to_owned(), CSS, constant, render::style_css);
        self.page("/icon.png".to_owned(), PNG, constant, render::icon_png);
        let names: Vec<String> = feeds.iter().map(|feed| format!("{:?}", feed.section)).collect();
        let digest = self.with_site(Digest::of(names.iter().map(String::as_bytes)));
        let outlines = Facts { digest, ..constant };
        self.page("/feeds.opml".to_owned(), OPML, outlines, move || render::feeds_opml(site, feeds));
        if site.has_search {
            let describe = move || render::opensearch_xml(site);
            self.page("/opensearch.xml".to_owned(), OPENSEARCH, constant, describe);
        }
    }

    fn with_site(&self, facts: Digest) -> Digest {
        Digest::of([&self.site_digest.0[..], &facts.0])
    }

    fn page(
        &mut self,
        path: String,
        content_type: &'static str,
        facts: Facts,
        render: impl FnOnce() -> Vec<u8> + Send + 'a,
    ) {
        self.put(path, content_type, facts, render, None);
    }

    fn feed(
        &mut self,
        path: String,
        content_type: &'static str,
        facts: Facts,
        render: impl FnOnce() -> Vec<u8> + Send + 'a,
        pieces: FindPieces<'a>,
    ) {
        self.put(path, content_type, facts, render, Some(pieces));
    }

    fn put(
        &mut self,
        path: String,
        content_type: &'static str,
        facts: Facts,
        render: impl FnOnce() -> Vec<u8> + Send + 'a,
        pieces: Option<FindPieces<'a>>,
    ) {
        let before = self.previous.documents.get(&path);
        if let Some(document) = before.filter(|document| document.fingerprint == facts.digest) {
            self.documents.insert(path, Arc::clone(document));
            return;
        }
        let links = pieces.and_then(|_| render::links(self.site, &path));
        let render = move || {
            let new = render::document(content_type, render(), facts.updated, facts.digest);
            let new = Document { lifetime: facts.lifetime, links, ..new };
            follow(new, before.map(Arc::as_ref), pieces)
        };
        self.jobs.push(Job { path, render: Box::new(render) });
    }
}

/// Lets a new document go on where the one before it ended: with its history, and where the bytes are the same, with
/// all that was made of them.
fn follow(new: Document, before: Option<&Document>, pieces: Option<FindPieces<'_>>) -> Document {
    let same = before.filter(|before| before.version == new.version);
    let new = match same {
        Some(before) => {
            let Document { content_type, last_modified, lifetime, fingerprint, links, .. } = new;
            Document { content_type, last_modified, lifetime, fingerprint, links, ..before.clone() }
        }
        None => new,
    };
    // One that was kept on disk comes without its history.
    let knows_nothing = same.is_none() || new.history.as_ref().is_none_or(|history| history.is_empty());
    let Some((find, feed)) = pieces.filter(|_| knows_nothing) else { return new };
    let pieces = find(&new.identity).map(|pieces| render::with_news(pieces, &new.identity, feed));
    let list = pieces.as_ref().map_or(&[][..], |pieces| &pieces.list);
    let history = before.and_then(|before| before.history.as_deref()).cloned().unwrap_or_default();
    let history = Some(Arc::new(history.followed_by(new.version, list)));
    Document { pieces, history, ..new }
}
