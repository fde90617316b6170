//! What hubs bring: decided, committed and shown like a poll, of which it is none.

use super::Writer;
use super::commit::known;
use crate::app::pushes::Pushed;
use crate::edge::store::StoreError;
use crate::model::{Fetched, Push, Source, SourceId, SourceState, Tally, Timestamp, Update};
use crate::pipeline::{self, Prepared};
use crate::schedule::{self, push};

impl Writer {
    /// Decides and commits each delivery, makes all of them durable at once, and then lets the window have them.
    pub(in crate::app) fn take_pushed(&mut self, batch: Vec<Pushed>, now: Timestamp) {
        let mut updates = Vec::with_capacity(batch.len());
        for Pushed { source: id, token, read_as, bytes, brought, pass } in batch {
            let source = id.0.as_str();
            match self.commit_pushed(&id, &token, read_as, brought, now) {
                Ok(update) => {
                    let Tally { seen, new, updated, duplicates } = update.tally;
                    tracing::info!(source, seen, new, updated, duplicates, bytes, "push");
                    updates.push(update);
                }
                Err(why) => {
                    tracing::info!(source, bytes, why, "push thrown away");
                    // Kept with the next thing that is: whoever sends rubbish is not to keep the disk busy.
                    let push = self.states.get_mut(&id).and_then(|state| state.push.as_mut());
                    push.into_iter().for_each(|push| push::refused(push, &why));
                }
            }
            drop(pass);
        }
        if updates.is_empty() {
            return;
        }
        if let Err(error) = self.store.flush() {
            tracing::error!(%error, "the store cannot be flushed: nothing new is shown until it can");
            self.unshown = true;
            return;
        }
        self.let_in(updates);
    }

    fn commit_pushed(
        &mut self,
        id: &SourceId,
        token: &crate::model::Secret,
        read_as: crate::model::Digest,
        brought: Result<Fetched, String>,
        now: Timestamp,
    ) -> Result<Update, String> {
        let fetched = brought?;
        let source = self.sources.get(id).cloned().ok_or("its source has left feeds.toml")?;
        let state = self.states.get(id).ok_or("nothing is known of its source")?;
        let current = state.push.as_ref().and_then(|push| push.subscription.as_ref());
        if current.is_none_or(|current| current.token != *token) {
            return Err("its subscription is over".to_owned());
        }
        if read_as != pipeline::configuration(&source) {
            return Err("feeds.toml changed while it was being read".to_owned());
        }
        self.decide_on_pushed(&source, &fetched, now).map_err(|error| error.to_string())?
    }

    fn decide_on_pushed(
        &mut self,
        source: &Source,
        fetched: &Fetched,
        now: Timestamp,
    ) -> Result<Result<Update, String>, StoreError> {
        let unknown = SourceState::default();
        let state = self.states.get(&source.id).unwrap_or(&unknown);
        let prepared = Prepared::new(source, state, fetched);
        let known = known(&self.store, &mut self.stories, &prepared, state, now)?;
        let mut update = match prepared.take_pushed(state, &known, now) {
            Ok(update) => update,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(push) = &mut update.state.push {
            push::delivered(push, update.tally.new + update.tally.updated > 0, now);
        }
        self.apply(source, &mut update, &known, now)?;
        Ok(Ok(update))
    }

    /// Plans the next poll anew for a source whose hub is not relied on any more; the moment that is planned.
    pub(in crate::app) fn resume_polling(&mut self, id: &SourceId, now: Timestamp) -> Option<Timestamp> {
        let (source, state) = (self.sources.get(id)?, self.states.get_mut(id)?);
        let next = schedule::next_at(source, state, self.timezone, now);
        state.next_at = state.next_at.zip(next).map(|(planned, next)| planned.min(next)).or(state.next_at);
        state.next_at
    }

    /// Keeps the states of these sources as they are.
    pub(in crate::app) fn keep_states(&self, ids: &[&SourceId]) -> Result<(), StoreError> {
        self.store.note_states(ids.iter().filter_map(|id| self.states.get_key_value(*id)))
    }
}

/// Notes in a poll's update that it has found what the source's hub should have brought.
pub(super) fn note_missed(update: &mut Update, now: Timestamp) {
    let push: Option<&mut Box<Push>> = update.state.push.as_mut();
    if let Some(push) = push
        && push::missed(push, &update.new, now)
    {
        tracing::info!(
            source = update.source.0,
            times = push.missed,
            "polling found what its hub had not pushed"
        );
    }
}
