//! What deliveries are made of: what was announced, without what the admin has taken out of every output since.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::news::{self, DOCUMENT_BYTES_MAX, compose, together};
use crate::edge::store::{Store, StoreError};
use crate::model::{Announcement, Document, Hidden, Published};

/// What is delivered.
#[derive(Clone)]
pub(super) enum Content {
    /// A word that there are news.
    Word,
    /// The newest announcement, also as a document.
    Newest(Arc<Announcement>, Bytes),
    /// What was announced after the one with this number; the whole document where that is not known any more.
    Stored(u64),
}

/// A document that is ready to be sent.
pub(super) struct Parcelled {
    /// It and its type; `None` where nothing is left to be told.
    pub(super) document: Option<(Bytes, String)>,
    /// Up to which announcement it goes.
    pub(super) upto: u64,
}

/// Where deliveries are taken from.
pub(super) struct Stock {
    store: Arc<Store>,
    front: Arc<ArcSwap<Published>>,
    /// What is hidden, by the count of the store that it was read at.
    hidden: Mutex<Option<(u64, Arc<Hidden>)>>,
}

impl Stock {
    pub(super) fn new(store: Arc<Store>, front: Arc<ArcSwap<Published>>) -> Self {
        Self { store, front, hidden: Mutex::new(None) }
    }

    /// The document of the topic at `path` that is to be sent now. `Err` says why none can be sent yet.
    pub(super) async fn document(
        self: &Arc<Self>,
        topic: &str,
        path: &str,
        content: Content,
        upto: u64,
    ) -> Result<Parcelled, String> {
        if let Content::Newest(one, body) = &content
            && self.hidden_at_hand().is_some_and(|hidden| news::is_clear(one, &hidden))
        {
            return Ok(Parcelled { document: Some((body.clone(), one.content_type.clone())), upto });
        }
        let (stock, topic, path) = (Arc::clone(self), topic.to_owned(), path.to_owned());
        let made = spawn_blocking(move || stock.make(&topic, &path, content, upto)).await;
        made.map_err(|error| error.to_string())?
    }

    fn make(&self, topic: &str, path: &str, content: Content, upto: u64) -> Result<Parcelled, String> {
        let hidden = self.hidden().map_err(|error| format!("the store cannot be read: {error}"))?;
        let current =
            self.front.load().documents.get(path).cloned().ok_or("there is no such feed any more")?;
        let kept = match content {
            Content::Word => vec![],
            Content::Newest(one, _) => vec![one.as_ref().clone()],
            Content::Stored(after) => self.announced(topic, after),
        };
        let Some(read_upto) = kept.last().map(|last| last.number) else {
            tracing::warn!(
                topic,
                "a subscriber is sent the whole feed: what it has missed is not known any more"
            );
            return whole(&current, &hidden, upto);
        };
        if !hidden.is_empty() && !kept.iter().all(news::knows_names) {
            return whole(&current, &hidden, upto);
        }
        if kept.iter().any(|one| !news::is_clear(one, &hidden)) {
            must_be_clear(&current, &hidden)?;
        }
        let told: Vec<_> =
            kept.into_iter().filter_map(|one| news::cleansed(one, &hidden, &current)).collect();
        let count = together(&told);
        // The next one is for another document, and what was left out before it is told by none.
        let upto = told.get(count).map_or(read_upto, |next| next.number - 1);
        let told = told.get(..count).unwrap_or_default();
        let document = told.last().map(|last| (compose(told).into(), last.content_type.clone()));
        Ok(Parcelled { document, upto })
    }

    fn announced(&self, topic: &str, after: u64) -> Vec<Announcement> {
        self.store.announcements(topic, after, DOCUMENT_BYTES_MAX).unwrap_or_else(|error| {
            tracing::error!(%error, topic, "the ledger of deliveries cannot be read");
            vec![]
        })
    }

    /// What is hidden, where it was read since something was.
    fn hidden_at_hand(&self) -> Option<Arc<Hidden>> {
        let count = self.store.hidings();
        let kept = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(read_at, _)| *read_at == count).map(|(_, hidden)| Arc::clone(hidden))
    }

    fn hidden(&self) -> Result<Arc<Hidden>, StoreError> {
        if let Some(hidden) = self.hidden_at_hand() {
            return Ok(hidden);
        }
        // What is hidden meanwhile is read once more by the next one who asks.
        let count = self.store.hidings();
        let hidden = Arc::new(self.store.hidden()?);
        *self.hidden.lock().unwrap_or_else(PoisonError::into_inner) = Some((count, Arc::clone(&hidden)));
        Ok(hidden)
    }
}

fn whole(current: &Document, hidden: &Hidden, upto: u64) -> Result<Parcelled, String> {
    must_be_clear(current, hidden)?;
    let document = (current.identity.clone(), current.content_type.to_owned());
    Ok(Parcelled { document: Some(document), upto })
}

/// Between a commit and the edition that follows from it the edition is not to be told any more.
fn must_be_clear(current: &Document, hidden: &Hidden) -> Result<(), String> {
    let is_clear = news::is_clear_document(current, hidden);
    if is_clear { Ok(()) } else { Err("an entry is just being taken out of the feed".to_owned()) }
}
