//! The one writer: takes what fetches brought, decides, commits, flushes, and only then publishes.

mod cards;
mod commit;
mod filing;
mod held;
mod hiding;
mod outdated;
mod publication;
mod pushed;
mod reading;
mod retention;
mod settings;
mod shelf;
mod stories;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use chrono_tz::Tz;
use tokio::sync::watch;

use self::cards::{CardChange, card};
use self::filing::Filer;
use self::held::as_far_as_possible;
use self::outdated::forget_outdated;
use self::publication::ClicksSeen;
pub(super) use self::reading::{empty_window, read_window};
use self::settings::{order, rules};
use self::shelf::Shelf;
use self::stories::Stories;
use super::clicks::Counter;
use super::finder::Finder;
use super::poller::Brought;
use super::row::Row;
use super::shown::{Shown, imprint};
use crate::config::Config;
use crate::edge::editions::{Editions, Imprint};
use crate::edge::store::{Memory, Store, StoreError, Surplus};
use crate::model::{
    Digest, EntryKey, Fetched, Hidden, Location, Published, SectionId, Site, Source, SourceCard, SourceId,
    SourceState, Timestamp, Update, Window,
};
use crate::pipeline::{self, Edition, ledger, window};
use crate::schedule::{self, Due};

/// What readers see, swapped as a whole after each commit.
pub(super) type Front = Arc<ArcSwap<Published>>;
/// What single entry pages need beside the store.
pub(super) type Cards = Arc<ArcSwap<(Arc<Edition>, BTreeMap<SourceId, Arc<SourceCard>>)>>;

/// A commit that failed (a full disk, say) is not tried again at once.
const RETRY_AFTER_STORE_ERROR: TimeDelta = TimeDelta::seconds(60);

/// Everything that changes, in one pair of hands.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(super) struct Writer {
    pub(super) store: Arc<Store>,
    pub(super) sources: BTreeMap<SourceId, Arc<Source>>,
    /// Their order in feeds.toml.
    pub(super) order: Vec<SourceId>,
    pub(super) states: BTreeMap<SourceId, SourceState>,
    pub(super) front: Front,
    pub(super) cards: Cards,
    /// Where what is in `front` is kept for the next start, and what it is to fit there; `None` where nobody is served.
    kept: Option<(Editions, Imprint)>,
    /// Tells of each new snapshot in `front`, once it is there.
    pub(super) editions: watch::Sender<()>,
    /// What readers open.
    pub(super) counter: Arc<Counter>,
    /// What readers search in.
    pub(super) finder: Arc<Finder>,
    pub(super) edition: Arc<Edition>,
    pub(super) window: Window,
    /// How many entries the last trimming left.
    trimmed_to: usize,
    stale: bool,
    /// Documents that the disk did not take: they are not shown before it does.
    held_back: bool,
    /// Whether anybody is shown anything; a round by itself fills no window.
    shows: bool,
    /// Commits that could not be flushed, and so are not in the window yet.
    unshown: bool,
    /// What could not be written, and is as soon as it can be.
    held: Vec<Brought>,
    /// Entries that are not durable yet; then they are searched for.
    unfound: Vec<EntryKey>,
    /// Entries of the window that retention has removed from the store; they leave it together.
    removed: Vec<EntryKey>,
    /// How many it has removed in this run, those beyond the window too.
    removed_count: usize,
    /// Where the walk over what is more than `keep_entries` goes on, and when the last one began.
    surplus: Option<Surplus>,
    surplus_at: Option<Timestamp>,
    /// The same of what is remembered of removed entries.
    memory: Option<Memory>,
    memory_at: Option<Timestamp>,
    /// The related stories of what is shown.
    shelf: Shelf,
    clicks_seen: ClicksSeen,
    /// Brings the archives up to the rules in force.
    filer: Filer,
    /// The rules by which they are complete then.
    ledger_rules: Digest,
    /// Where the search for archive pages that are gone goes on, while there is one.
    sweep: Option<(SectionId, u64)>,
    /// The entries of the last days by their words.
    stories: Stories,
    timezone: Tz,
    pub(super) keep_days: u32,
}

impl Writer {
    /// Takes over an open store and publishes what it holds, without polling anything.
    pub(super) fn new(store: Arc<Store>, config: &Config, now: Timestamp) -> Result<Self, StoreError> {
        let mut writer = Self::with_nothing_to_show(store, config, now)?;
        writer.show_stored_first(config, now)?;
        Ok(writer)
    }

    /// The same where readers are shown something already.
    pub(super) fn behind(
        shown: Shown,
        store: Arc<Store>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut writer = Self::with_nothing_to_show(store, config, now)?;
        (writer.front, writer.editions) = (shown.front, shown.news);
        writer.kept = Some((shown.editions, imprint(config)));
        writer.show_stored_first(config, now)?;
        Ok(writer)
    }

    /// Nobody searches any more, so nothing need be read for that.
    pub(super) fn stop_reading(&self) {
        self.finder.switch(false, &self.store);
    }

    fn show_stored_first(&mut self, config: &Config, now: Timestamp) -> Result<(), StoreError> {
        self.shows = true;
        self.configure(config, now)?;
        self.stories.read_ahead(&self.store, now);
        Ok(())
    }

    /// Takes over an open store for polls alone: nobody is served, so nothing is read back or rendered.
    pub(super) fn with_nothing_to_show(
        store: Arc<Store>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let edition = edition(config, None, store.hidden()?);
        let ledger_rules = ledger::rules(&edition);
        if store.entries_stored()? == 0 && store.ledgers_complete_by() != Some(ledger_rules) {
            // What comes is filed as it comes.
            as_far_as_possible(store.complete_ledgers(Some(ledger_rules)))?;
        }
        let mut states = store.states()?;
        as_far_as_possible(store.note_unanswered(&mut states, now))?;
        let mut writer = Self {
            states,
            store,
            sources: sources(config),
            order: order(config),
            front: Arc::new(ArcSwap::from_pointee(Published::default())),
            cards: Arc::new(ArcSwap::from_pointee((Arc::clone(&edition), BTreeMap::new()))),
            kept: None,
            editions: watch::Sender::new(()),
            counter: Arc::default(),
            finder: Arc::default(),
            held: vec![],
            unfound: vec![],
            edition,
            window: Window::default(),
            trimmed_to: 0,
            stale: false,
            held_back: false,
            shows: false,
            unshown: false,
            removed: vec![],
            removed_count: 0,
            surplus: None,
            surplus_at: None,
            memory: None,
            memory_at: None,
            shelf: Shelf::default(),
            clicks_seen: ClicksSeen::default(),
            filer: Filer::default(),
            ledger_rules,
            sweep: None,
            stories: Stories::default(),
            timezone: config.site.timezone,
            keep_days: config.store.keep_days,
        };
        writer.plan(now);
        Ok(writer)
    }

    /// Puts a configuration in force: everything derived is derived again, nothing is fetched for it. Where
    /// the store cannot be read, nothing changes.
    pub(super) fn configure(&mut self, config: &Config, now: Timestamp) -> Result<(), StoreError> {
        // How much room is wanted counts for what is written here already.
        self.store.leave_free(config.store.min_free_bytes);
        // Where it cannot be written down, documents are made as if the rules had always been these.
        let since = as_far_as_possible(self.store.rules_since(rules(config), now))?;
        let (edition, sources) = (edition(config, since, self.store.hidden()?), sources(config));
        if self.unshown {
            // What is read back below is shown, so it must be durable.
            self.store.flush()?;
        }
        let window = read_window(&self.store, &self.states, &edition, &sources)?;
        let archives = std::mem::take(&mut self.window.archives);
        (self.trimmed_to, self.window) = (window.entries.len(), window);
        self.window.archives = archives;
        self.shelf.forget_all();
        (self.edition, self.sources, self.unshown) = (edition, sources, false);
        as_far_as_possible(self.begin_filing())?;
        self.order = order(config);
        self.timezone = config.site.timezone;
        self.keep_days = config.store.keep_days;
        (self.surplus, self.surplus_at) = (None, None);
        self.plan(now);
        self.finder.switch(config.site.has_search, &self.store);
        self.kept.iter_mut().for_each(|(_, kept)| *kept = imprint(config));
        self.publish();
        Ok(())
    }

    /// Gives every source its first moment under the configuration in force.
    fn plan(&mut self, now: Timestamp) {
        let enabled = self.sources.values().filter(|source| source.enabled).count();
        for (id, source) in &self.sources {
            let state = self.states.entry(id.clone()).or_default();
            forget_outdated(source, state);
            state.next_at = schedule::first_at(source, state, self.timezone, now, enabled);
        }
    }

    /// Which sources to ask now, and when to look again.
    pub(super) fn due(&self, now: Timestamp) -> Due {
        schedule::due(self.sources.values().map(AsRef::as_ref), &self.states, now)
    }

    /// A source and its state, for a fetch.
    pub(super) fn source(&self, id: &SourceId) -> Option<(&Arc<Source>, &SourceState)> {
        Some((self.sources.get(id)?, self.states.get(id)?))
    }

    /// Those that have failed last go behind the others, whom they would hold up: each in the order of the file.
    pub(super) fn in_order_of_hope(&self, mut ids: Vec<SourceId>) -> Vec<SourceId> {
        let places: BTreeMap<&SourceId, usize> = self.order.iter().zip(0..).collect();
        ids.sort_by_cached_key(|id| {
            let failures = self.states.get(id).map_or(0, |state| state.failures);
            (failures > 0, places.get(id).copied())
        });
        ids
    }

    /// Writes down who is going to be asked. A store that cannot be written stops nobody: what comes of the
    /// asking is told as not stored.
    pub(super) fn note_asking(&self, ids: &[&SourceId], now: Timestamp) {
        let is_web = |id: &&SourceId| {
            let source = self.sources.get(*id);
            source.is_some_and(|source| matches!(source.location, Location::Web(_)))
        };
        if let Err(error) = self.store.note_asking(ids.iter().copied().filter(is_web), now) {
            tracing::error!(%error, "the store cannot hold who is being asked: after a crash min_interval may not be kept");
        }
    }

    /// The portal whose configuration is in force.
    pub(super) fn site(&self) -> &Site {
        &self.edition.site
    }

    /// Decides and commits each fetch, makes all of them durable at once, and then lets the window have
    /// them; `publish` shows them.
    pub(super) fn take(&mut self, batch: Vec<Brought>, now: Timestamp) -> Vec<Row> {
        let mut rows = Vec::with_capacity(batch.len());
        let mut updates = Vec::with_capacity(batch.len());
        // What updates hold is no less.
        let mut loads = Vec::with_capacity(batch.len());
        for Brought { source: id, asked_as, fetched, load } in batch {
            let Some(source) = self.sources.get(&id).cloned() else {
                // It has left the file while it was being asked; it may come back soon.
                self.states.entry(id).or_default().asked_at = Some(fetched.at);
                continue;
            };
            if asked_as != pipeline::configuration(&source) {
                rows.push(self.ask_again(&id, &fetched, now));
                continue;
            }
            let before = self.states.get(&id).and_then(|state| state.health.as_ref()).map(|health| health.is);
            match self.commit(&source, &fetched, now) {
                Ok(update) => {
                    rows.push(Row::of(&update, &fetched, before));
                    updates.push(update);
                    loads.push(load);
                }
                Err(error) if error.obstacle().is_some() => {
                    rows.push(Row::store_failed(&id, &fetched, &error));
                    self.held.push(Brought { source: id, asked_as, fetched, load });
                }
                Err(error) => rows.push(self.put_off(&id, &fetched, &error, now)),
            }
        }
        if let Err(error) = self.store.flush() {
            tracing::error!(%error, "the store cannot be flushed: nothing new is shown until it can");
            for update in &updates {
                self.states.entry(update.source.clone()).or_default().next_at =
                    Some(now + RETRY_AFTER_STORE_ERROR);
            }
            self.unshown = true;
            return rows.into_iter().map(|row| row.not_stored(&error)).collect();
        }
        self.let_in(updates);
        rows
    }

    /// Lets the window have what is durable.
    fn let_in(&mut self, updates: Vec<Update>) {
        if !self.shows {
            return;
        }
        self.finder.note(self.unfound.drain(..));
        self.stale |= self.show(updates);
        if self.unshown {
            self.show_stored();
        }
    }

    /// After a flush that failed: what it held is durable now, and known, so no later poll brings it again.
    fn show_stored(&mut self) {
        match self.fill_window() {
            Ok(()) => (self.stale, self.unshown) = (true, false),
            Err(error) => tracing::error!(%error, "the window cannot be read back from the store"),
        }
    }

    /// A reload has changed what is asked for, or how it is read: what came answers another question.
    fn ask_again(&mut self, id: &SourceId, fetched: &Fetched, now: Timestamp) -> Row {
        let state = self.states.entry(id.clone()).or_default();
        // Due at once, but not within `min_interval` of this asking.
        (state.asked_at, state.next_at) = (Some(fetched.at), Some(now));
        Row::outdated(id, fetched)
    }

    fn put_off(&mut self, id: &SourceId, fetched: &Fetched, error: &StoreError, now: Timestamp) -> Row {
        let state = self.states.entry(id.clone()).or_default();
        state.asked_at = Some(fetched.at);
        state.next_at = Some(now + RETRY_AFTER_STORE_ERROR);
        Row::store_failed(id, fetched, error)
    }

    /// Brings durable updates into the window; says whether any document can have changed.
    fn show(&mut self, updates: Vec<Update>) -> bool {
        let (mut shown, mut refill, mut moves) = (false, false, false);
        for update in updates {
            self.shelf.forget(update.changed.iter().map(|entry| &entry.key));
            // Rules may ask for the language, which is the feed's where an entry names none.
            let others = self.show_source(&update);
            shown |= others != CardChange::None;
            moves |= others == CardChange::MovesEntries;
            for entry in update.new.into_iter().chain(update.changed) {
                let members = |story| self.store.story(story);
                let admitted = window::admit(&mut self.window, &self.edition, entry, members);
                // What could not be read now is read with everything else.
                refill |= admitted.unwrap_or(true);
                shown = true;
            }
            // A first round brings far more than is shown.
            self.trimmed_to = window::trim_grown(&mut self.window, &self.edition, self.trimmed_to);
        }
        if refill || moves {
            self.unshown = true;
            self.show_stored();
        }
        if moves && let Err(error) = self.file_anew() {
            tracing::error!(%error, "archives may lack what has moved: the next start looks it up");
        }
        shown
    }

    fn fill_window(&mut self) -> Result<(), StoreError> {
        let archives = std::mem::take(&mut self.window.archives);
        self.window = read_window(&self.store, &self.states, &self.edition, &self.sources)?;
        self.window.archives = archives;
        self.trimmed_to = self.window.entries.len();
        self.shelf.forget_all();
        Ok(())
    }
}

pub(super) fn edition(config: &Config, in_force_since: Option<Timestamp>, hidden: Hidden) -> Arc<Edition> {
    let edition = Edition::new(config.site.clone(), config.sections.clone(), &config.sources);
    let edition = edition.without(Arc::new(hidden));
    Arc::new(Edition { in_force_since, count_clicks: config.count_clicks, ..edition })
}

pub(super) fn sources(config: &Config) -> BTreeMap<SourceId, Arc<Source>> {
    config.sources.iter().map(|source| (source.id.clone(), Arc::new(source.clone()))).collect()
}
