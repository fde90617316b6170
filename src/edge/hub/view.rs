//! How an admin sees a subscription. Its callback and its secret are the subscriber's: only the host is shown.

use serde::{Deserialize, Serialize};

use crate::model::{Subscriber, Timestamp};

/// A subscription, as `subscriptions --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionView {
    /// `websub`, `cloud`, or `hub` for a hub that feeds.toml names.
    pub kind: String,
    /// The feed.
    pub topic: String,
    /// The host that hears of it.
    pub host: String,
    /// When it began.
    pub since: Timestamp,
    /// When it ends unless it is renewed.
    pub expires: Option<Timestamp>,
    /// When something was last delivered.
    pub delivered_at: Option<Timestamp>,
    /// Announcements that are still to be delivered.
    pub pending: u64,
    /// Failures since then.
    pub failures: u32,
    /// The last of them.
    pub error: Option<String>,
    /// When the next delivery is tried; `None` while it answers well.
    pub next_at: Option<Timestamp>,
    /// Whether deliveries are signed, and how.
    pub signed: Option<String>,
}

impl SubscriptionView {
    /// A subscription to a topic of which `last` is the newest announcement.
    pub fn of(it: &Subscriber, last: u64) -> Self {
        Self {
            kind: it.kind.name().to_owned(),
            topic: it.topic.clone(),
            host: it.host().to_owned(),
            since: it.since,
            expires: it.expires,
            delivered_at: it.delivered_at,
            pending: last.saturating_sub(it.acknowledged),
            failures: it.failures,
            error: it.error.clone(),
            next_at: it.next_at,
            signed: it.secret.as_ref().map(|_| it.signature.name().to_owned()),
        }
    }
}
