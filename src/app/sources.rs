//! What the command line knows of the sources where no daemon runs: straight from the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::jobs::check_names;
use super::view::{HostView, SourceView, politeness};
use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::clock;
use crate::edge::store::{Store, StoreError};
use crate::model::{Source, SourceId, SourceState, Timestamp, Update};
use crate::{pipeline, schedule};

/// What became of the wish to end some quarantines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Those that were in quarantine and are no more.
    pub accepted: Vec<String>,
    /// The others.
    pub others: Vec<String>,
}

/// The named sources, or all, in the order of the file.
pub fn stored_sources(
    options: &Options,
    config: &Config,
    named: &[String],
) -> Result<Vec<SourceView>, AppError> {
    check_named(config, named)?;
    let states = states(options)?;
    let (now, unknown) = (clock::now(), SourceState::default());
    let wanted = config.sources.iter().filter(|source| is_wanted(named, &source.id));
    let view = |source: &Source| SourceView::of(source, states.get(&source.id).unwrap_or(&unknown), now);
    Ok(wanted.map(view).collect())
}

/// The hosts that the named sources asked, or all, those among them that have left the file.
pub fn stored_politeness(
    options: &Options,
    config: &Config,
    named: &[String],
) -> Result<Vec<HostView>, AppError> {
    check_named(config, named)?;
    let states = states(options)?;
    Ok(politeness(states.iter().filter(|(id, _)| is_wanted(named, id))))
}

/// Ends the quarantine of the named sources.
pub fn accept_stored(options: &Options, config: &Config, named: &[String]) -> Result<Accepted, AppError> {
    check_named(config, named)?;
    if !Store::exists(&options.state_folder) {
        return Ok(Accepted { others: named.to_vec(), ..Accepted::default() });
    }
    let store = opening::open_here(options)?;
    let mut states = store.states()?;
    let wanted = config.sources.iter().filter(|source| is_wanted(named, &source.id));
    Ok(accept(&store, &mut states, wanted, clock::now())?)
}

/// Ends the quarantine of those that are in one, for good once this is over; `states` follows the store.
pub(super) fn accept<'a>(
    store: &Store,
    states: &mut BTreeMap<SourceId, SourceState>,
    sources: impl Iterator<Item = &'a Source>,
    now: Timestamp,
) -> Result<Accepted, StoreError> {
    let mut told = Accepted::default();
    for source in sources {
        let id = &source.id;
        let Some(state) = states.get(id).filter(|state| state.quarantine.is_some()) else {
            told.others.push(id.0.clone());
            continue;
        };
        let mut state = state.clone();
        pipeline::accept(&mut state, now);
        // At once, as far as `min_interval` lets it.
        state.next_at = Some(now);
        schedule::watch_health(source, &mut state, now);
        let update = about(id, state, now);
        store.apply(&update)?;
        states.insert(id.clone(), update.state);
        told.accepted.push(id.0.clone());
    }
    store.flush()?;
    Ok(told)
}

/// An update of nothing but the state.
fn about(source: &SourceId, state: SourceState, at: Timestamp) -> Update {
    Update::about(source.clone(), state, at)
}

pub(super) fn is_wanted(named: &[String], id: &SourceId) -> bool {
    named.is_empty() || named.contains(&id.0)
}

fn check_named(config: &Config, named: &[String]) -> Result<(), AppError> {
    check_names(named, config.sources.iter().map(|source| &source.id)).map_err(AppError::Usage)
}

/// Looking makes no store.
fn states(options: &Options) -> Result<BTreeMap<SourceId, SourceState>, AppError> {
    if !Store::exists(&options.state_folder) {
        return Ok(BTreeMap::new());
    }
    Ok(opening::open_here(options)?.states()?)
}
