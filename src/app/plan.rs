//! What a changed feeds.toml would change for readers, worked out beside what is in force. Nothing is fetched, and
//! nothing is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::writer::{edition, read_window, sources};
use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::clock;
use crate::edge::store::{Store, StoreError};
use crate::model::{Entry, Location, Source, SourceId, SourceState, Timestamp, Window};
use crate::pipeline::plan::{Plan, Side, plan};
use crate::pipeline::{Edition, lay_out};

/// What readers are shown, and all that it is made from.
pub(super) struct InForce {
    /// `None` where nothing was ever stored.
    pub(super) store: Option<Arc<Store>>,
    pub(super) states: BTreeMap<SourceId, SourceState>,
    /// In the order of feeds.toml.
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) keep_days: u32,
    pub(super) edition: Arc<Edition>,
    pub(super) window: Window,
}

impl InForce {
    /// What `new` would change about the entries that were known at `now`. Reads the store, so it may take a while.
    pub(super) fn plan(&self, new: &Config, now: Timestamp) -> Result<Plan, StoreError> {
        let hidden = self.edition.sorter.hidden().as_ref().clone();
        let (edition, by_id) = (edition(new, None, hidden), sources(new));
        let read = self.store.as_ref().map(|store| read_window(store, &self.states, &edition, &by_id));
        let Window { mut entries, places, sources, .. } = read.transpose()?.unwrap_or_default();
        // A poll may have been committed since.
        entries.retain(|key, entry| self.window.entries.contains_key(key) || !is_later(entry, now));
        // What no configuration decides stays as it is.
        let window = Window { entries, places, sources, ..self.window.clone() };
        let (before, after) = (lay_out(&self.edition, &self.window), lay_out(&edition, &window));
        let known: Vec<Arc<Source>> = self.sources.iter().map(|source| placed(source)).collect();
        let wanted: Vec<Arc<Source>> = new.sources.iter().map(placed).collect();
        let old = Side {
            site: &self.edition.site,
            keep_days: self.keep_days,
            count_clicks: self.edition.count_clicks,
            sources: &known,
            feeds: &before,
        };
        let new = Side {
            site: &new.site,
            keep_days: new.store.keep_days,
            count_clicks: new.count_clicks,
            sources: &wanted,
            feeds: &after,
        };
        Ok(plan(old, new))
    }
}

/// The source with the whole path of its file: the two may have been read in different folders.
fn placed(source: &Source) -> Arc<Source> {
    let mut source = source.clone();
    if let Location::File(path) = &mut source.location
        && let Ok(whole) = std::path::absolute(&*path)
    {
        *path = whole;
    }
    Arc::new(source)
}

fn is_later(entry: &Entry, now: Timestamp) -> bool {
    entry.first_seen + chrono::TimeDelta::milliseconds(i64::from(entry.first_seen_millis)) > now
}

/// What `new` would change where no daemon runs: `old` is what the next start would put in force.
pub fn plan_stored(options: &Options, old: &Config, new: &Config) -> Result<Plan, AppError> {
    let now = clock::now();
    // Looking makes no store.
    let store = Store::exists(&options.state_folder).then(|| opening::open_here(options)).transpose()?;
    let hidden = store.as_ref().map(Store::hidden).transpose()?.unwrap_or_default();
    let (edition, by_id) = (edition(old, None, hidden), sources(old));
    let states = store.as_ref().map(Store::states).transpose()?.unwrap_or_default();
    let read = store.as_ref().map(|store| read_window(store, &states, &edition, &by_id)).transpose()?;
    let in_force = InForce {
        window: read.unwrap_or_default(),
        store: store.map(Arc::new),
        states,
        sources: old.sources.iter().filter_map(|source| by_id.get(&source.id)).cloned().collect(),
        keep_days: old.store.keep_days,
        edition,
    };
    Ok(in_force.plan(new, now)?)
}
