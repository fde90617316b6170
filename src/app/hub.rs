//! The hub among the others: what the configuration tells it, and what the command line asks of it.

use std::net::SocketAddr;

use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::fetch::Fetcher;
use crate::edge::hub::{Hub, Settings, SubscriptionView};
use crate::edge::store::Store;

/// The hub, and where the daemon listens: no callback may lead there.
#[derive(Clone)]
pub(super) struct HubLink {
    pub(super) hub: Hub,
    pub(super) listen: Vec<SocketAddr>,
}

impl HubLink {
    /// Puts another configuration in force.
    pub(super) fn configure(&self, config: &Config, fetcher: &Fetcher) {
        self.hub.configure(settings(config, fetcher, &self.listen));
    }
}

/// What a configuration says to the hub.
pub(super) fn settings(config: &Config, fetcher: &Fetcher, listen: &[SocketAddr]) -> Settings {
    let push = &config.push_out;
    Settings {
        site_url: config.site.url.clone(),
        is_hub: push.is_hub,
        is_cloud: push.is_cloud,
        hubs: push.hubs.clone(),
        fetcher: fetcher.clone(),
        policy: config.fetch_policy.clone(),
        listen: listen.to_vec(),
    }
}

/// Every subscription that the store holds, where no daemon runs. Looking makes no store.
pub fn stored_subscriptions(options: &Options) -> Result<Vec<SubscriptionView>, AppError> {
    if !Store::exists(&options.state_folder) {
        return Ok(vec![]);
    }
    let store = opening::open_here(options)?;
    let topics = store.topics()?;
    let newest = |topic: &str| topics.iter().find(|one| one.topic == topic).map_or(0, |one| one.last);
    let stored = store.subscriptions()?;
    let mut list: Vec<SubscriptionView> =
        stored.iter().map(|it| SubscriptionView::of(it, newest(&it.topic))).collect();
    list.sort_by(|a, b| (&a.topic, &a.host, a.since).cmp(&(&b.topic, &b.host, b.since)));
    Ok(list)
}
