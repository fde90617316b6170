//! What the loop answers to those who ask how things are, and to the admin's consent.

use std::time::Duration;

use chrono::SecondsFormat;

use super::{Daemon, FILING_PAUSE, PURGE_INTERVAL, Refused};
use crate::app::hide::{Done, Order};
use crate::app::jobs::check_names;
use crate::app::notices::{Ours, notices};
use crate::app::permit::{self, Permit};
use crate::app::sources::{Accepted, accept, is_wanted};
use crate::app::view::{HostView, SourceView, counts, politeness};
use crate::app::writer::Writer;
use crate::edge::store::StoreError;
use crate::edge::{clock, systemd};
use crate::model::{Notices, Source, SourceId, SourceState};

/// Why a wish is not granted.
pub(in crate::app) enum Refusal {
    /// A name that names nothing.
    Unknown(String),
    /// The store.
    Failed(String),
}

impl Refusal {
    /// The store takes nothing, and what the admin can do about it.
    fn of(error: &StoreError) -> Self {
        Self::Failed(match error.obstacle() {
            Some(obstacle) => format!("this cannot be stored now: {obstacle}; {}", obstacle.kind.remedy()),
            None => error.to_string(),
        })
    }
}

impl Daemon {
    pub(super) fn health(&self) -> serde_json::Value {
        let failing = self
            .writer
            .states
            .iter()
            .filter(|(id, state)| state.failures > 0 && self.writer.sources.contains_key(*id));
        let (subscriptions, subscriptions_failing) =
            self.hub.as_ref().map_or((0, 0), |link| link.hub.counts());
        let snapshots = self.snapshots.as_ref().map(|told| told.standing()).unwrap_or_default();
        let is_well = self.refused.is_none() && snapshots.failing.is_none();
        serde_json::json!({
            "status": if is_well && self.can_write() { "ok" } else { "degraded" },
            "trouble": self.troubles.current().map(|told| serde_json::json!({
                "kind": told.obstacle.kind.word(),
                "why": told.obstacle.to_string(),
                "since": told.since.to_rfc3339_opts(SecondsFormat::Secs, true),
            })),
            "version": env!("CARGO_PKG_VERSION"),
            "sources": self.writer.sources.len(),
            "health": counts(self.in_order()),
            "failing": failing.map(|(id, _)| id.0.as_str()).collect::<Vec<_>>(),
            "entries_stored": self.writer.store.entries_stored().ok(),
            "subscriptions": subscriptions,
            "subscriptions_failing": subscriptions_failing,
            "repairs": self.repairs,
            "snapshot_at": snapshots.made_at,
            "snapshot_error": snapshots.failing.map(|(_, why)| why),
            "clock_off_seconds": clock::doubt().map(|by| by.num_seconds()),
            "config_mistakes": self.refused.as_ref().map_or(&[][..], |refused| &refused.mistakes),
        })
    }

    /// The named sources, or all, in the order of feeds.toml.
    pub(super) fn sources(&self, named: &[String]) -> Result<Vec<SourceView>, String> {
        check_names(named, self.writer.sources.keys())?;
        let now = clock::now();
        let wanted = self.in_order().filter(|(source, _)| is_wanted(named, &source.id));
        Ok(wanted.map(|(source, state)| SourceView::of(source, state, now)).collect())
    }

    /// The hosts that the named sources asked, or all, those among them that have left the file.
    pub(super) fn politeness(&self, named: &[String]) -> Result<Vec<HostView>, String> {
        check_names(named, self.writer.sources.keys())?;
        Ok(politeness(self.writer.states.iter().filter(|(id, _)| is_wanted(named, id))))
    }

    pub(super) fn notices(&self) -> Notices {
        let sources = self.in_order().map(|(source, state)| (&source.id, state));
        let snapshots = self.snapshots.as_ref().map(|told| told.standing()).unwrap_or_default();
        let troubles = self.troubles.told();
        let (refused, no_snapshot) = (self.refused.as_ref(), snapshots.failing.as_ref());
        let ours = Ours { refused, repairs: &self.repairs, no_snapshot, tries: &snapshots.tries };
        notices(self.writer.site(), sources, &ours, troubles)
    }

    /// Ends the quarantine of the named sources: the next asking, which is due at once, takes them in.
    pub(super) fn accept(&mut self, named: &[String]) -> Result<Accepted, Refusal> {
        check_names(named, self.writer.sources.keys()).map_err(Refusal::Unknown)?;
        let told = systemd::patiently(|| {
            let Writer { store, states, sources, order, .. } = &mut self.writer;
            let wanted = order.iter().filter(|id| named.contains(&id.0)).filter_map(|id| sources.get(id));
            accept(store, states, wanted.map(AsRef::as_ref), clock::now())
        });
        let told = told.map_err(|error| Refusal::of(&error))?;
        for source in &told.accepted {
            tracing::info!(source, "the admin has accepted it: its quarantine is over");
        }
        Ok(told)
    }

    /// Takes an entry out of every output, or lets it back. Readers see it when this returns.
    pub(super) fn hide(&mut self, order: Order) -> Result<Done, Refusal> {
        let done = systemd::patiently(|| self.writer.carry_out(order, clock::now()));
        let done = done.map_err(|error| Refusal::of(&error))?.map_err(Refusal::Unknown)?;
        for entry in &done.entries {
            let (key, title, hidden) = (&entry.key, entry.title.as_deref(), order.hide);
            tracing::info!(source = entry.source, key, title, hidden, "the admin has decided on an entry");
        }
        Ok(done)
    }

    /// One step of bringing the archives up to date; says when to go on.
    pub(super) fn file_more(&mut self) -> Duration {
        match systemd::patiently(|| self.writer.file_more()) {
            Ok(true) => FILING_PAUSE,
            Ok(false) => Duration::ZERO,
            Err(error) => {
                tracing::error!(%error, "archives cannot be brought up to date: the next start tries again");
                PURGE_INTERVAL
            }
        }
    }

    /// Says which of these sources somebody else may ask now, and keeps the distance from that asking itself. Those
    /// that are not in force are left out.
    pub(super) fn permit(&mut self, named: &[SourceId]) -> Vec<Permit> {
        let Writer { store, states, sources, .. } = &mut self.writer;
        let wanted = named.iter().filter_map(|id| sources.get(id)).map(AsRef::as_ref);
        let permits = permit::permit(wanted, states, |id| self.poller.is_busy(id), clock::now());
        if let Err(error) = systemd::patiently(|| permit::keep(store, states, &permits)) {
            tracing::error!(%error, "the store cannot hold who is being asked: after a restart min_interval may not be kept");
        }
        permits
    }

    /// Keeps in mind why feeds.toml is refused; the same mistakes again are no news.
    pub(super) fn note_refusal(&mut self, mistakes: Vec<String>) {
        let same = self.refused.as_ref().is_some_and(|refused| refused.mistakes == mistakes);
        if mistakes.is_empty() {
            self.refused = None;
        } else if !same {
            self.refused = Some(Refused { since: clock::now(), mistakes });
        }
    }

    fn in_order(&self) -> impl Iterator<Item = (&Source, &SourceState)> {
        let found = self.writer.order.iter().filter_map(|id| self.writer.source(id));
        found.map(|(source, state)| (source.as_ref(), state))
    }
}
