//! What the admin takes out of every output, and lets back: at once, and never by itself.

use std::sync::Arc;

use chrono::SubsecRound as _;

use super::Writer;
use crate::app::hide::{Desk, Done, Named, Order};
use crate::edge::store::{HIDDEN_MAX, StoreError};
use crate::model::{Entry, EntryKey, Hiding, Timestamp, Update};
use crate::pipeline;

impl Writer {
    /// Does what the admin wants. Readers see it when this returns; `Err` says why it cannot be done.
    pub(in crate::app) fn carry_out(
        &mut self,
        order: Order,
        now: Timestamp,
    ) -> Result<Result<Done, String>, StoreError> {
        let feeds = pipeline::lay_out(&self.edition, &self.window);
        let desk =
            Desk { store: &self.store, edition: &self.edition, cards: &self.window.sources, feeds: &feeds };
        let done = match desk.carry_out(order, now)? {
            Ok(done) if done.already_since.is_none() => done,
            nothing => return Ok(nothing),
        };
        // Should anything fail from here on, the next commit shows what the store says.
        (self.stale, self.unshown) = (true, true);
        self.store.flush()?;
        self.hide_what_is_hidden()?;
        if self.filer.is_busy() {
            // What has taken its place is looked up once more.
            self.file_anew()?;
        }
        // Whoever stood beside it must not name it any more, and whoever it hid comes up.
        self.fill_window()?;
        self.unshown = false;
        if order.hide {
            self.publish_alone();
        } else {
            self.publish();
        }
        Ok(Ok(done))
    }

    /// Writes down what has come under a name of something hidden, or has joined a story that is: from now on it is
    /// hidden under its other names, too, and its source may change one after the other.
    pub(super) fn note_hidden(&mut self, update: &Update, now: Timestamp) -> Result<(), StoreError> {
        let hidden = self.edition.sorter.hidden();
        if hidden.is_empty() {
            return Ok(());
        }
        let (mut rows, mut is_wider) = (vec![], false);
        let came = update.new.iter().chain(&update.changed);
        for entry in came.filter(|entry| self.edition.sorter.hides(entry)) {
            let known = hidden.entries().get(&entry.key);
            if known.is_none() && hidden.entries().len() + rows.len() >= HIDDEN_MAX {
                break;
            }
            let mut hiding = known.cloned().unwrap_or_else(|| hiding(entry, now));
            let named = Named::find(&self.store, entry.key, Some(entry), hidden, &[])?;
            let says_more = named.is_some_and(|named| named.write(&mut hiding));
            if known.is_none() || says_more {
                rows.push((entry.key, hiding));
                is_wider |= known.is_some();
            }
        }
        if !rows.is_empty() {
            self.store.hide(&rows, None, &[], &[])?;
            self.hide_what_is_hidden()?;
            self.stale |= self.shows;
            // Others may have had the new name of something hidden: where they are shown is to be found anew.
            self.unshown |= self.shows && is_wider;
        }
        Ok(())
    }

    /// Puts in force what the store says is hidden.
    fn hide_what_is_hidden(&mut self) -> Result<(), StoreError> {
        let hidden = Arc::new(self.store.hidden()?);
        self.edition = Arc::new(self.edition.as_ref().clone().without(hidden));
        Ok(())
    }

    /// Lets feeds say no more what was hidden before `before`: readers have heard it by then. Says whether any did.
    pub(super) fn forget_notices(&mut self, before: Timestamp) -> Result<bool, StoreError> {
        let hidden = self.edition.sorter.hidden();
        let old =
            hidden.entries().iter().filter(|(_, hiding)| hiding.at < before && !hiding.sections.is_empty());
        let quiet =
            |(key, hiding): (&EntryKey, &Hiding)| (*key, Hiding { sections: vec![], ..hiding.clone() });
        let rows: Vec<(EntryKey, Hiding)> = old.map(quiet).collect();
        if rows.is_empty() {
            return Ok(false);
        }
        self.store.hide(&rows, None, &[], &[])?;
        self.store.flush()?;
        self.hide_what_is_hidden()?;
        self.window.removed = self.edition.sorter.hidden().notices();
        self.stale |= self.shows;
        Ok(true)
    }
}

/// Of what nobody was shown nobody has to be told.
fn hiding(entry: &Entry, now: Timestamp) -> Hiding {
    Hiding { at: now.trunc_subsecs(0), id: entry.id.clone(), ..Hiding::default() }
}
