//! The window as it is read back from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Writer, card};
use crate::app::plan::InForce;
use crate::edge::store::{Store, StoreError};
use crate::model::{Entry, Source, SourceId, SourceState, Window};
use crate::pipeline::{Edition, window};

/// Stored entries that a start or a reload looks at to fill the window, newest first.
const SCAN_ENTRIES_MAX: usize = 1_000_000;

/// Reads the newest entries back until nothing older can appear anywhere.
pub(in crate::app) fn read_window(
    store: &Store,
    states: &BTreeMap<SourceId, SourceState>,
    edition: &Edition,
    sources: &BTreeMap<SourceId, Arc<Source>>,
) -> Result<Window, StoreError> {
    let mut window = empty_window(states, sources);
    window.clicks = store.clicks()?;
    window.removed = edition.sorter.hidden().notices();
    window.archives = store.archive_ends(&BTreeMap::new())?;
    // Entries of a source that has left the file are shown nowhere.
    let configured = |entry: &Result<Entry, StoreError>| {
        entry.as_ref().map_or(true, |entry| sources.contains_key(&entry.source))
    };
    let newest_first = store.newest_first().take(SCAN_ENTRIES_MAX).filter(configured);
    let members = |story| store.story(story);
    window::fill(&mut window, edition, window::SCAN_STEP, newest_first, members)?;
    Ok(window)
}

/// One with the sources alone.
pub(in crate::app) fn empty_window(
    states: &BTreeMap<SourceId, SourceState>,
    sources: &BTreeMap<SourceId, Arc<Source>>,
) -> Window {
    let cards = sources.values().map(|source| {
        let card = card(source, states.get(&source.id));
        (source.id.clone(), Arc::new(card))
    });
    Window { sources: cards.collect(), ..Window::default() }
}

impl Writer {
    /// What readers are shown now, and from what: for somebody who thinks about it elsewhere.
    pub(in crate::app) fn in_force(&self) -> InForce {
        InForce {
            store: Some(Arc::clone(&self.store)),
            states: self.states.clone(),
            sources: self.order.iter().filter_map(|id| self.sources.get(id)).cloned().collect(),
            keep_days: self.keep_days,
            edition: Arc::clone(&self.edition),
            window: self.window.clone(),
        }
    }
}
