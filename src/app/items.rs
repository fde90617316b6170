//! The page of one entry: the only public page that reads the store (DESIGN §2, invariant 4).

use std::sync::Arc;

use super::writer::Cards;
use crate::edge::serve::ItemPages;
use crate::edge::store::Store;
use crate::model::{Document, EntryKey};
use crate::pipeline;

/// Renders entry pages on request.
pub(super) struct Items {
    pub(super) store: Arc<Store>,
    pub(super) cards: Cards,
}

impl ItemPages for Items {
    fn page(&self, key: &str) -> Option<Arc<Document>> {
        let key: EntryKey = key.parse().ok()?;
        let front = self.cards.load();
        let (edition, cards) = front.as_ref();
        let entry = Self::found(self.store.entry(key))??;
        // What no section shows has no page either: a rule or a removed source took it out.
        if edition.sorter.sections_of(&entry, cards).is_empty() {
            return None;
        }
        let members = Self::found(self.store.story(entry.story))?;
        let shown = |other: &crate::model::Entry| {
            other.key != entry.key && !edition.sorter.sections_of(other, cards).is_empty()
        };
        let also: Vec<_> = members.into_iter().filter(shown).map(Arc::new).collect();
        pipeline::item_document(&edition.site, &Arc::new(entry), &also, cards).map(Arc::new)
    }
}

impl Items {
    fn found<T>(read: Result<T, crate::edge::store::StoreError>) -> Option<T> {
        read.inspect_err(|error| tracing::error!(%error, "an entry page cannot be read from the store")).ok()
    }
}
