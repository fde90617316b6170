//! What the writer does when readers are to see something new, and with what it hears of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Writer;
use super::shelf::Stacks;
use crate::edge::editions::{Editions, Imprint};
use crate::edge::fault;
use crate::edge::store::StoreError;
use crate::model::{Entry, EntryKey, Hour, Published, SectionFeed, Timestamp, hour_of};
use crate::pipeline::{self, story};

/// Hours for which a click counts.
const CLICKS_KEEP_HOURS: Hour = 14 * 24;
/// Clicks change the order of documents at most so often.
const CLICKS_SHOWN_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How far the clicks have come.
#[derive(Default)]
pub(super) struct ClicksSeen {
    /// Some are kept that no document knows yet.
    unshown: bool,
    shown_at: Timestamp,
    /// The hour in which old ones were last dropped.
    swept: Hour,
}

impl Writer {
    /// Derives the documents anew and swaps them in as a whole.
    pub(in crate::app) fn publish(&mut self) {
        self.publish_and(Editions::keep, false);
    }

    /// The same where news can wait: whatever readers see is on disk before, so that no kill takes it back, and where
    /// the disk does not take it, it stays stale.
    pub(in crate::app) fn publish_news(&mut self) {
        let is_shown = !self.front.load().documents.is_empty();
        self.publish_and(Editions::keep, is_shown);
    }

    /// The same where something was taken out: nothing that was kept before shows it again.
    pub(super) fn publish_alone(&mut self) {
        self.publish_and(Editions::keep_alone, false);
    }

    /// `may_wait`: readers see something already, and nothing that is to be shown at all costs.
    fn publish_and(&mut self, keep: fn(&Editions, &Published, &Imprint) -> io::Result<()>, may_wait: bool) {
        (self.stale, self.held_back) = (false, false);
        if !self.filer.is_busy() {
            match self.store.archive_ends(&self.window.archives) {
                Ok(ends) => self.window.archives = ends,
                Err(error) => {
                    tracing::error!(%error, "archives cannot be read: feeds name what they named before");
                }
            }
        }
        let feeds = pipeline::lay_out(&self.edition, &self.window);
        match self.relate(&feeds) {
            Ok(related) => self.window.related = related,
            Err(error) => {
                tracing::error!(%error, "related stories cannot be decided: those known before stay");
            }
        }
        let published = pipeline::print(&self.edition, feeds, &self.window, &self.front.load());
        self.cards.store(Arc::new((Arc::clone(&self.edition), self.window.sources.clone())));
        if let Some((editions, imprint)) = &self.kept {
            let refused =
                keep(editions, &published, imprint).err().filter(|error| error.raw_os_error().is_some());
            if let Some(error) = refused {
                self.store.note_refused(&error);
                if may_wait {
                    (self.stale, self.held_back) = (true, true);
                    return;
                }
            }
        }
        fault::point("publish.swap");
        self.front.store(Arc::new(published));
        fault::point("publish.swap.after");
        // Nobody need be listening.
        self.editions.send_replace(());
    }

    /// Whether a commit has changed what documents should show since they were last derived.
    pub(in crate::app) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether that waits for a disk which takes documents.
    pub(in crate::app) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// Waits until what is shown is durable on disk.
    pub(in crate::app) fn sync_shown(&self) {
        self.kept.iter().for_each(|(editions, _)| editions.sync());
    }

    /// The stories related to what is shown, decided where nobody has asked yet.
    fn relate(&mut self, feeds: &[SectionFeed]) -> Result<BTreeMap<EntryKey, Vec<Arc<Entry>>>, StoreError> {
        let Self { store, stories, edition, window, shelf, .. } = self;
        let stacks = Stacks { store, edition, window };
        // While it is still being read, readers are served without it.
        let index = stories.at_hand();
        let wanting = shelf.take_up(feeds, store, index.map(story::Index::len))?;
        if let Some(index) = index.filter(|_| !wanting.is_empty()) {
            shelf.decide(&wanting, index, stacks)?;
        }
        shelf.related(stacks)
    }

    /// The entries that are nearest to one that was never shown.
    pub(in crate::app) fn nearest(&mut self, entry: &Entry) -> Vec<EntryKey> {
        self.stories.at_hand().map(|index| story::nearest(index, entry)).unwrap_or_default()
    }

    /// Whether readers are counted.
    pub(in crate::app) fn counts_clicks(&self) -> bool {
        self.edition.count_clicks
    }

    /// Keeps what readers have opened since the last time, and drops what was counted long ago. Now and then it makes
    /// the documents stale.
    pub(in crate::app) fn take_clicks(&mut self, now: Timestamp) {
        let hour = hour_of(now);
        let gone = match self.clicks_seen.swept {
            swept if swept == hour => vec![],
            _ => self.window.clicks.forget_before(hour.saturating_sub(CLICKS_KEEP_HOURS)),
        };
        self.clicks_seen.swept = hour;
        let new = self.counter.take();
        let counts: Vec<_> = new.into_iter().filter_map(|click| self.window.clicks.add(click)).collect();
        if !(counts.is_empty() && gone.is_empty()) {
            let kept = self.store.note_clicks(&counts, &gone).and_then(|()| self.store.flush());
            if let Err(error) = kept {
                tracing::error!(%error, clicks = counts.len(), "the store cannot be written: clicks are lost");
                // Documents show what the store holds.
                self.window.clicks = self.store.clicks().unwrap_or_default();
            }
            self.clicks_seen.unshown = true;
        }
        if self.clicks_seen.unshown && now - self.clicks_seen.shown_at >= CLICKS_SHOWN_EVERY {
            (self.clicks_seen.unshown, self.clicks_seen.shown_at) = (false, now);
            self.stale |= self.shows;
        }
    }
}
