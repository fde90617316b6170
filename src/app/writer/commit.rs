//! From what was fetched to one commit: what is known of it, the decision, and what it changes in memory.

use std::collections::HashSet;

use super::Writer;
use super::pushed::note_missed;
use super::stories::Stories;
use crate::edge::store::{Store, StoreError};
use crate::model::{EntryKey, Fetched, Known, Source, SourceState, Timestamp, Update};
use crate::pipeline::Prepared;
use crate::schedule;

impl Writer {
    /// Decides on one fetch and commits that. It is not durable before the next flush.
    pub(super) fn commit(
        &mut self,
        source: &Source,
        fetched: &Fetched,
        now: Timestamp,
    ) -> Result<Update, StoreError> {
        let new = SourceState::default();
        let state = self.states.get(&source.id).unwrap_or(&new);
        let prepared = Prepared::new(source, state, fetched);
        let known = known(&self.store, &mut self.stories, &prepared, state, now)?;
        let mut update = prepared.ingest(state, &known, now);
        if self.shows {
            // A round by itself has no ears for hubs.
            note_missed(&mut update, now);
        }
        schedule::settle(source, state, &mut update.state, &fetched.manners, self.timezone, now);
        self.apply(source, &mut update, &known, now)?;
        Ok(update)
    }

    /// Writes what was decided, and takes it for what is known from now on.
    pub(super) fn apply(
        &mut self,
        source: &Source,
        update: &mut Update,
        known: &Known,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let filings = self.filings(source, update, known)?;
        if update.sketches.is_empty() {
            self.store.apply_and_file(update, &filings)?;
        } else {
            // Before they are in the store, or it would hold them twice.
            let index = self.stories.read(&self.store, now)?;
            self.store.apply_and_file(update, &filings)?;
            update.sketches.drain(..).for_each(|sketch| index.insert(sketch));
        }
        if self.shows {
            self.unfound.extend(update.new.iter().chain(&update.changed).map(|entry| entry.key));
        }
        self.states.insert(update.source.clone(), update.state.clone());
        if let Err(error) = self.note_hidden(update, now) {
            // It is hidden all the same, as long as it has that name.
            tracing::error!(%error, "the other names of what is hidden cannot be written down");
        }
        Ok(())
    }
}

/// What the store has of all that a document lists, and what is near to it.
pub(super) fn known(
    store: &Store,
    stories: &mut Stories,
    prepared: &Prepared<'_>,
    state: &SourceState,
    now: Timestamp,
) -> Result<Known, StoreError> {
    let mut known = store.known(&prepared.wanted_keys())?;
    known.entries.extend(store.entries(&prepared.wanted_entries(state, &known))?);
    if prepared.has_unknown(&known) {
        known.near = prepared.near(&known, stories.read(store, now)?);
        let near: HashSet<EntryKey> = known.near.values().flatten().map(|one| one.key).collect();
        known.entries.extend(store.entries(&near)?);
    }
    Ok(known)
}
