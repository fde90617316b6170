//! How an admin sees what a source pushes. Neither callback nor secret is shown.

use serde::{Deserialize, Serialize};

use super::seconds;
use crate::model::{Push, Source, SourceState, Timestamp};
use crate::schedule::push;

/// A source's hub, as `sources --json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PushView {
    /// `off`, `none` (it names no hub), `waiting` (for another try), `pending` (for the hub's verification), `live`,
    /// `denied` or `failing`.
    pub state: String,
    /// The host of the hub that is or was asked, else of the first that is named.
    pub hub: Option<String>,
    /// What is subscribed to.
    pub topic: Option<String>,
    /// When the lease ends.
    pub until: Option<Timestamp>,
    /// When a hub is asked again.
    pub retry_at: Option<Timestamp>,
    /// Why it does not push.
    pub why: Option<String>,
    /// When something was last pushed and taken in.
    pub delivered_at: Option<Timestamp>,
    /// How often that was.
    pub deliveries: u64,
    /// Deliveries that were thrown away, since the start at least.
    pub refused: u64,
    /// Why the last of them was.
    pub refused_why: Option<String>,
    /// Polls in a row that found what nobody had pushed.
    pub missed: u32,
}

impl PushView {
    pub(super) fn of(source: &Source, state: &SourceState, now: Timestamp) -> Self {
        let unknown = Push::default();
        let known = state.push.as_deref().unwrap_or(&unknown);
        let is_on = source.enabled && source.fetch.push;
        let subscription = known.subscription.as_ref().filter(|_| is_on);
        let hub = subscription.map(|one| &one.hub).or(known.denied.as_ref().map(|denied| &denied.hub));
        let until = subscription.and_then(|one| one.until).filter(|until| *until > now);
        let trouble = known.trouble.as_ref().filter(|trouble| is_on && trouble.over.is_none());
        let word = match subscription {
            _ if !is_on => "off",
            _ if known.topic.is_none() => "none",
            Some(_) if until.is_some() && trouble.is_none() => "live",
            Some(one) if one.pending.is_some() && trouble.is_none() => "pending",
            None if known.denied.is_some() => "denied",
            _ if trouble.is_some() => "failing",
            _ => "waiting",
        };
        Self {
            state: word.to_owned(),
            hub: hub.or(known.hubs.first()).map(|hub| push::host(hub)),
            topic: known.topic.clone(),
            until: until.map(seconds),
            retry_at: known.retry_at.filter(|at| is_on && *at > now).map(seconds),
            why: trouble.map(|trouble| trouble.why.clone()),
            delivered_at: known.delivered_at.map(seconds),
            deliveries: known.deliveries,
            refused: known.refused,
            refused_why: known.refused_why.clone(),
            missed: known.missed,
        }
    }

    /// The cell of a table.
    pub(super) fn cell(&self) -> String {
        match (self.state.as_str(), &self.hub) {
            ("off" | "none" | "", _) | (_, None) => "-".to_owned(),
            (word, Some(_)) if self.refused > 0 => format!("{word}, {} refused", self.refused),
            (word, Some(_)) => word.to_owned(),
        }
    }
}
