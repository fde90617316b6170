//! A source: how it is configured, and how it is doing.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Digest, EntryKey, Rules, Schedules, SectionId, SourceId, Timestamp, Validators};

/// `[sources.ID]` with the defaults of `[fetch]` filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its key.
    pub id: SourceId,
    /// The name that readers see; the feed's own title where absent.
    pub title: Option<String>,
    /// Where it is.
    pub location: Location,
    /// The sections that it sends its entries to, in the order of the file.
    pub sections: Vec<SectionId>,
    /// Whether it is polled; its stored entries stay in the feeds either way.
    pub enabled: bool,
    /// When it is polled.
    pub schedule: Schedule,
    /// Multiplies `per_source_max`, in percent: 100 is an ordinary source.
    pub weight_percent: u32,
    /// Which of its entries to show.
    pub rules: Rules,
    /// Texts to cut out of titles, summaries and contents.
    pub strip: Vec<String>,
    /// How it is fetched.
    pub fetch: FetchPolicy,
}

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// http or https.
    Web(Url),
    /// `file:`, resolved against the folder of feeds.toml.
    File(PathBuf),
}

/// When a source is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so often, at a steady offset of the source's own.
    Every(Duration),
    /// At the minutes of a crontab expression, in the site's zone.
    Crontab(Crontab),
    /// As often as the feed's own hints say, every 30 minutes without any; between `min_interval` and
    /// `max_interval`.
    Auto,
}

/// A crontab(5) expression that `schedule::parse` has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crontab(pub String);

/// How a source is fetched: `[fetch]` with what the source says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPolicy {
    /// The whole exchange, redirects included.
    pub timeout: Duration,
    /// Decoded bytes of one answer.
    pub body_bytes_max: u64,
    /// Never ask more often than this.
    pub min_interval: Duration,
    /// Failures, `Retry-After` and the hints of an `auto` source keep us away no longer than this. A longer
    /// schedule of the admin's own is not cut to it.
    pub max_interval: Duration,
    /// Non-public networks in which this source may live.
    pub allow_private: Vec<IpNet>,
    /// Ports that may be connected to.
    pub ports: Ports,
    /// Headers to send beside our own; never to another origin.
    pub headers: Vec<(String, String)>,
    /// Credentials; never sent to another origin.
    pub auth: Option<Auth>,
    /// Replaces our User-Agent.
    pub user_agent: Option<String>,
    /// Whether `Retry-After` is obeyed and, for `auto`, `ttl` and `sy:updatePeriod`.
    pub hints: bool,
}

/// Ports that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// `"any"`.
    Any,
    /// Inclusive ranges.
    Only(Vec<(u16, u16)>),
}

/// Credentials by the name of the environment variable that holds the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user's name.
        user: String,
        /// The environment variable (or systemd credential) that holds the password.
        password_env: String,
    },
    /// A bearer token (RFC 6750).
    Bearer {
        /// The environment variable (or systemd credential) that holds the token.
        token_env: String,
    },
}

/// How a source is doing, as stored with every poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// The hash of the configuration that `validators` belong to; they are dropped when it changes.
    pub config: Option<Digest>,
    /// What to send back next time.
    pub validators: Validators,
    /// When to ask next.
    pub next_at: Option<Timestamp>,
    /// The hash of the configuration under which it was last asked: failures and waits belong to it.
    pub asked_as: Option<Digest>,
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// When it last answered well; `None` until the first time, whose entries are backfill.
    pub ok_at: Option<Timestamp>,
    /// Failures since then.
    pub failures: u32,
    /// The last failure, one sentence; `None` after a success.
    pub error: Option<String>,
    /// Until when the server asked us to stay away.
    pub retry_after: Option<Timestamp>,
    /// The feed's own hints.
    pub schedules: Schedules,
    /// The feed's own title.
    pub title: Option<String>,
    /// The page that the feed belongs to.
    pub link: Option<String>,
    /// The feed's own id.
    pub feed_id: Option<String>,
    /// The feed's language.
    pub language: Option<String>,
    /// The hash of the last good document's bytes: the same bytes need no second reading.
    pub document: Option<Digest>,
    /// The entries that the last good answer listed.
    pub listed: Vec<EntryKey>,
}

/// Bounds that hold over all sources together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Requests in flight.
    pub concurrency: usize,
    /// Requests in flight to one host.
    pub per_host: usize,
}
