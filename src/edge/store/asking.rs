//! Who is being asked: written down before a request is sent, so that a process that is killed meanwhile is not
//! followed by one that asks again at once.

use std::collections::BTreeMap;

use super::commit::Commit;
use super::{ASKING, Store, StoreError, codec};
use crate::edge::journal::Rows;
use crate::model::{SourceId, SourceState, Timestamp, Update, Validators};

/// Sources that are written down in one batch.
const SOURCES_AT_ONCE: usize = 200;

impl Store {
    /// Writes down that these sources are asked from `now` on, and makes that durable. The answer, applied,
    /// takes it back.
    pub fn note_asking<'a>(
        &self,
        sources: impl Iterator<Item = &'a SourceId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let names: Vec<Vec<u8>> = sources.map(name).collect();
        // A batch holds all that it replaces until it ends: the sources of a large round go part by part.
        for names in names.chunks(SOURCES_AT_ONCE) {
            let mut batch = Rows::default();
            names.iter().for_each(|name| batch.insert(&name[..], codec::time(now)));
            self.write_rows("meta", batch)?;
        }
        if names.is_empty() { Ok(()) } else { self.flush() }
    }

    /// Notes in the states of those that were being asked when the process before ended that what was sent by
    /// then will never be answered, and takes it back that they are asked. Durable when it returns.
    pub fn note_unanswered(
        &self,
        states: &mut BTreeMap<SourceId, SourceState>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (mut commit, mut is_empty) = (Commit::default(), true);
        for name in self.meta.scan_prefix(ASKING).keys() {
            let name = name?;
            let id = String::from_utf8_lossy(name.get(ASKING.len()..).unwrap_or_default()).into_owned();
            let state = states.entry(SourceId(id.clone())).or_default();
            state.unanswered_at = Some(now);
            commit.sources.insert(id.as_bytes(), codec::encode(state)?);
            commit.meta.remove(&name[..]);
            is_empty = false;
        }
        if is_empty {
            return Ok(());
        }
        self.commit(commit)?;
        self.flush()
    }

    /// Forgets by what sources that answered before this moment would be told that nothing is new: what was lost since,
    /// and is still listed, comes back with their next answer. Durable when it returns; says how many these are.
    pub fn distrust_answers(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut states = self.states()?;
        states.retain(|_, state| {
            let spares = state.document.is_some()
                || state.fresh_until.is_some()
                || state.validators != Validators::default();
            spares && state.ok_at.is_none_or(|at| at < before)
        });
        for state in states.values_mut() {
            (state.validators, state.document, state.fresh_until) = (Validators::default(), None, None);
        }
        self.note_states(states.iter())?;
        Ok(states.len())
    }

    /// Whether commits were found missing when it was opened.
    pub fn lacks_commits(&self) -> bool {
        !self.found.missing.is_empty()
    }

    /// Keeps these states as they are, all of them or none. Durable when it returns.
    pub fn note_states<'a>(
        &self,
        states: impl Iterator<Item = (&'a SourceId, &'a SourceState)>,
    ) -> Result<(), StoreError> {
        let (mut commit, mut is_empty) = (Commit::default(), true);
        for (source, state) in states {
            commit.sources.insert(source.0.as_bytes(), codec::encode(state)?);
            is_empty = false;
        }
        if is_empty {
            return Ok(());
        }
        self.commit(commit)?;
        self.flush()
    }

    /// What an update takes back: nothing, where it is no answer to this asking.
    pub(super) fn answered(&self, update: &Update) -> Result<Rows, StoreError> {
        let (mut batch, name) = (Rows::default(), name(&update.source));
        if let (Some(since), Some(asked_at)) = (self.meta.get(&name)?, update.state.asked_at)
            && *since <= codec::time(asked_at)[..]
        {
            batch.remove(name);
        }
        Ok(batch)
    }
}

fn name(source: &SourceId) -> Vec<u8> {
    [ASKING, source.0.as_bytes()].concat()
}
