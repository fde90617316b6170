//! What the admin takes out of every output, and lets back: at once, and never by itself.

use std::sync::Arc;

use super::Writer;
use crate::app::hide::{Desk, Done, Order};
use crate::edge::store::StoreError;
use crate::model::{EntryKey, Hiding, Timestamp};
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
        self.store.flush()?;
        self.unshown = false;
        self.hide_what_is_hidden()?;
        if self.filer.is_busy() {
            // What has taken its place is looked up once more.
            self.file_anew()?;
        }
        // Whoever stood beside it must not name it any more, and whoever it hid comes up.
        self.fill_window()?;
        self.publish();
        Ok(Ok(done))
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
            hidden.entries.iter().filter(|(_, hiding)| hiding.at < before && !hiding.sections.is_empty());
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
