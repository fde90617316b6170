//! The page of one entry, and where it leads, searches, and the feeds of stories: the only public addresses that read
//! the store (DESIGN §2, invariant 4).

mod search;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::sync::mpsc;

use super::binder::Binder;
use super::clicks::Counter;
use super::daemon::Event;
use super::finder::Finder;
use super::writer::Cards;
use crate::edge::clock;
use crate::edge::serve::Pages;
use crate::edge::store::{Store, StoreError};
use crate::model::{Document, Entry, EntryKey, SourceCard, SourceId};
use crate::pipeline::story::RELATED_MAX;
use crate::pipeline::{self, Edition, render};

/// How long a page waits for what is related to it, while the loop does something else.
const PATIENCE: Duration = Duration::from_millis(500);

type SourceCards = BTreeMap<SourceId, Arc<SourceCard>>;

/// Renders entry pages on request.
pub(super) struct Items {
    pub(super) store: Arc<Store>,
    pub(super) cards: Cards,
    pub(super) counter: Arc<Counter>,
    /// Who knows which entries have which words.
    pub(super) finder: Arc<Finder>,
    /// Whom to ask what is related to an entry that was never shown.
    pub(super) events: mpsc::Sender<Event>,
    /// Pages of archives that were asked for.
    pub(super) binder: Binder,
}

impl Pages for Items {
    fn trouble(&self) -> Option<&'static str> {
        Some(self.store.obstacle()?.kind.words())
    }

    fn page(&self, path: &str, query: Option<&str>) -> Option<Arc<Document>> {
        if let Some(key) = path.strip_prefix("/story/") {
            return self.story(key.strip_suffix(".atom")?);
        }
        if path.starts_with("/search") {
            return self.search(path, query.unwrap_or_default());
        }
        if let Some(key) = path.strip_prefix("/item/") {
            return self.item(key, |_| true);
        }
        found(self.binder.page(&self.store, &self.cards.load_full(), path))?
    }

    fn open(&self, key: &str, is_reader: bool) -> Option<String> {
        let front = self.cards.load();
        let (edition, cards) = front.as_ref();
        let entry = self.entry(key, edition, cards)?;
        if is_reader && edition.count_clicks {
            self.counter.count(entry.key, clock::now());
        }
        Some(render::destination(&edition.site, &entry))
    }

    fn is_gone(&self, path: &str) -> bool {
        let name = ["/item/", "/go/", "/story/"].iter().find_map(|place| path.strip_prefix(place));
        let Some(key) = name.and_then(|name| name.trim_end_matches(".atom").parse().ok()) else {
            return false;
        };
        let front = self.cards.load();
        let sorter = &front.0.sorter;
        // What has just joined a story that is hidden, or come again under another name, has no row of its own.
        sorter.hidden().has_key(key)
            || !sorter.hidden().is_empty()
                && found(self.store.entry(key)).flatten().is_some_and(|entry| sorter.hides(&entry))
    }
}

impl Items {
    /// The page of an entry, which names no related story that has no page.
    pub(super) fn item(&self, key: &str, has_page: impl Fn(EntryKey) -> bool) -> Option<Arc<Document>> {
        let front = self.cards.load();
        let (edition, cards) = front.as_ref();
        let entry = self.entry(key, edition, cards)?;
        let members = found(self.store.story(entry.story))?;
        let is_other = |other: &Entry| other.key != entry.key && is_shown(other, edition, cards);
        let also: Vec<Arc<Entry>> = members.into_iter().filter(is_other).map(Arc::new).collect();
        let mut related = found(self.related(&entry, edition, cards))?;
        related.retain(|other| has_page(other.key));
        pipeline::item_document(edition, &Arc::new(entry), &also, &related, cards).map(Arc::new)
    }

    /// An entry that some section shows. What none shows has no page either: a rule or a removed source took it out.
    fn entry(&self, key: &str, edition: &Edition, cards: &SourceCards) -> Option<Entry> {
        let entry = found(self.store.entry(key.parse().ok()?))??;
        is_shown(&entry, edition, cards).then_some(entry)
    }

    /// The stories that were found to be related to an entry, or to the first one of its story. Where nobody has
    /// looked, those that are near to it now: that is not kept, for such pages are opened by robots above all.
    fn related(
        &self,
        entry: &Entry,
        edition: &Edition,
        cards: &SourceCards,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        let kept = match self.store.related(entry.key)? {
            None => self.store.related(entry.story)?,
            list => list,
        };
        let list = kept.unwrap_or_else(|| self.nearest(entry));
        let keys: HashSet<EntryKey> = list.iter().copied().collect();
        let mut entries = self.store.entries(&keys)?;
        let named = list.iter().filter_map(|key| entries.remove(key));
        let shown = named.filter(|other| is_shown(other, edition, cards));
        Ok(shown.map(Arc::new).take(RELATED_MAX).collect())
    }

    fn nearest(&self, entry: &Entry) -> Vec<EntryKey> {
        let (reply, answer) = sync_channel(1);
        let asked = self.events.try_send(Event::Related(Box::new(entry.clone()), reply));
        let found = asked.ok().and_then(|()| answer.recv_timeout(PATIENCE).ok());
        found.unwrap_or_default()
    }
}

fn is_shown(entry: &Entry, edition: &Edition, cards: &SourceCards) -> bool {
    !edition.sorter.sections_of(entry, cards).is_empty()
}

fn found<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "an entry page cannot be read from the store")).ok()
}
