//! What it takes to tell of stored entries: the store and the configuration in force, in the hands of a reader who
//! works beside the loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::writer::{Writer, edition, empty_window, read_window, sources};
use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::store::{Store, StoreError};
use crate::model::{Source, SourceId, Window};
use crate::pipeline::Edition;

/// A reader's view: nothing in it changes the store.
pub(super) struct Archive {
    pub(super) store: Arc<Store>,
    pub(super) edition: Arc<Edition>,
    /// The sources in feeds.toml.
    pub(super) sources: BTreeMap<SourceId, Arc<Source>>,
    /// What sections show, and the sources as readers see them. It has no entries where nobody asked for places.
    pub(super) window: Window,
    pub(super) keep_days: u32,
}

impl Archive {
    /// Where no daemon runs; `None` where there is no store. Looking makes none. `places` says whether somebody asks
    /// for places.
    pub(super) fn open(options: &Options, config: &Config, places: bool) -> Result<Option<Self>, AppError> {
        if !Store::exists(&options.state_folder) {
            return Ok(None);
        }
        let store = Arc::new(opening::open_here(options)?);
        Ok(Some(Self::over(store, config, places)?))
    }

    fn over(store: Arc<Store>, config: &Config, places: bool) -> Result<Self, StoreError> {
        let (edition, sources, states) =
            (edition(config, None, store.hidden()?), sources(config), store.states()?);
        let window = if places {
            read_window(&store, &states, &edition, &sources)?
        } else {
            empty_window(&states, &sources)
        };
        Ok(Self { store, edition, sources, window, keep_days: config.store.keep_days })
    }
}

impl Writer {
    /// For a reader who works beside the loop.
    pub(super) fn archive(&self, places: bool) -> Archive {
        let window = if places {
            self.window.clone()
        } else {
            Window { sources: self.window.sources.clone(), ..Window::default() }
        };
        Archive {
            store: Arc::clone(&self.store),
            edition: Arc::clone(&self.edition),
            sources: self.sources.clone(),
            window,
            keep_days: self.keep_days,
        }
    }
}
