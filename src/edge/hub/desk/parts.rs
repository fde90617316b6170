//! What the desk holds of subscriptions and topics, and how that comes to the disk.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::task::spawn_blocking;

use crate::edge::fault;
use crate::edge::hub::form;
use crate::edge::store::{Ledger, Store, StoreError};
use crate::model::{Announcement, Digest, Document, Subscriber, Timestamp, Topic};

/// A subscription, and whether it waits for a turn or is being told.
pub(super) struct Member {
    pub(super) it: Subscriber,
    pub(super) is_busy: bool,
}

/// A topic, and those who are subscribed to it.
pub(super) struct Line {
    pub(super) state: Topic,
    /// The edition that `state` knows.
    pub(super) seen: Option<Arc<Document>>,
    pub(super) members: BTreeSet<Digest>,
    /// How far `state` had come when it was last written down.
    pub(super) noted_until: Timestamp,
    /// The announcements that are kept: number and bytes on the disk.
    pub(super) kept: VecDeque<(u64, usize)>,
    pub(super) newest: Option<Arc<Announcement>>,
    /// The newest announcement as a document.
    pub(super) body: Option<Bytes>,
}

/// Why a subscription ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    Expired,
    Unsubscribed,
    Gone,
    /// Whoever hears there is told why.
    Told(&'static str),
}

impl End {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Expired => "it was not renewed",
            Self::Unsubscribed => "it was unsubscribed",
            Self::Gone => "nobody is there any more (410)",
            Self::Told(reason) => reason,
        }
    }
}

impl Line {
    pub(super) fn new(state: Topic) -> Self {
        let (members, kept, noted_until) = (BTreeSet::new(), VecDeque::new(), state.until);
        Self { state, seen: None, members, noted_until, kept, newest: None, body: None }
    }
}

/// Writes and flushes beside the reactor; gives back what could not be written.
pub(super) async fn write(
    store: &Arc<Store>,
    ledger: Ledger,
) -> Result<Vec<usize>, Box<(StoreError, Ledger)>> {
    let store = Arc::clone(store);
    let written = spawn_blocking(move || {
        fault::point("hub.note");
        let sizes = store.note_deliveries(&ledger);
        let written = sizes.and_then(|sizes| store.flush().map(|()| sizes));
        fault::point("hub.note.after");
        match written {
            Ok(sizes) => Ok(sizes),
            Err(error) => Err(Box::new((error, ledger))),
        }
    });
    let lost =
        |error: tokio::task::JoinError| Box::new((StoreError::Record(error.to_string()), Ledger::default()));
    written.await.unwrap_or_else(|error| Err(lost(error)))
}

/// When a lease that begins now ends.
pub(super) fn lease_end(now: Timestamp, lease: Duration) -> Timestamp {
    let default = TimeDelta::seconds(i64::try_from(form::LEASE_SECONDS_DEFAULT).unwrap_or(0));
    now + TimeDelta::from_std(lease).unwrap_or(default)
}
