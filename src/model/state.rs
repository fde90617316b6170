//! How a source is doing: the facts that are stored with every poll.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Digest, EntryKey, Habits, Health, Ledger, Push, Renamed, Schedules, Timestamp, Validators};

/// How a source is doing, as stored with every poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// When it was asked for an answer that was never taken in: by `check --probe`, or, where nashra stopped in the
    /// middle of an asking, when it began anew. It counts for `min_interval`, and for nothing else. `None` after
    /// the next answer.
    pub unanswered_at: Option<Timestamp>,
    /// When it last answered well; `None` until the first time, whose entries are backfill.
    pub ok_at: Option<Timestamp>,
    /// Failures since then.
    pub failures: u32,
    /// The last failure, one sentence; `None` after a success.
    pub error: Option<String>,
    /// Until when the server asked us to stay away.
    pub retry_after: Option<Timestamp>,
    /// Until when the last good answer is fresh (RFC 9111 §4.2), so that asking is of no use.
    pub fresh_until: Option<Timestamp>,
    /// How long it is fresh each time that it is confirmed, in seconds, as the last answer that said so.
    pub fresh_seconds: Option<u64>,
    /// When it answered 410; it is not asked any more unless the admin asks.
    pub gone_at: Option<Timestamp>,
    /// The feed's own hints.
    pub schedules: Schedules,
    /// When it had news.
    pub rhythm: Rhythm,
    /// The hash of the configured address that all that is known of its place and owner belongs to: rhythm,
    /// moving, adopted, gone, owner, quarantine, oddity.
    pub place: Option<Digest>,
    /// Where it says that it has moved for good, and since when.
    pub moving: Option<Moving>,
    /// The address that is asked in place of the configured one.
    pub adopted: Option<Adopted>,
    /// Whose feed the last good answer was.
    pub owner: Option<Owner>,
    /// Why its answers are not taken in, until the admin agrees.
    pub quarantine: Option<Quarantine>,
    /// What was strange about the last good answer, one sentence.
    pub oddity: Option<String>,
    /// The feed's own title.
    pub title: Option<String>,
    /// The page that the feed belongs to.
    pub link: Option<String>,
    /// The feed's own id.
    pub feed_id: Option<String>,
    /// The feed's language.
    pub language: Option<String>,
    /// The feed's own picture.
    pub image: Option<String>,
    /// The feed's copyright notice.
    pub rights: Option<String>,
    /// The hash of the last good document's bytes: the same bytes need no second reading.
    pub document: Option<Digest>,
    /// The entries that the last good answer listed.
    pub listed: Vec<EntryKey>,
    /// The most entries that one of its good answers has ever listed: so many may be listed again.
    pub listed_max: u32,
    /// When it first listed entries; until then, whatever it lists is backfill.
    pub first_at: Option<Timestamp>,
    /// Whether feeds.toml has given it another address of which no entry was read yet: what shares nothing with
    /// what is known is backfill.
    pub is_new_place: bool,
    /// Which of its ids and links tell its entries apart.
    pub habits: Habits,
    /// When most of its entries last came under other ids or links; `None` if they never did.
    pub renamed: Option<Renamed>,
    /// How it is, since when and why; `None` until it was asked.
    pub health: Option<Health>,
    /// How it was before, the latest last, at most [`Health::PAST_MAX`].
    pub past: Vec<Health>,
    /// What asking it has cost its hosts, by host, at most [`Ledger::HOSTS_MAX`].
    pub ledger: BTreeMap<String, Ledger>,
    /// Who pushes what it has; `None` for a source that names no hub.
    pub push: Option<Box<Push>>,
}

/// When a source had news: what `schedule = "auto"` learns from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// When it published, as far as that is believed, ascending; at most [`Rhythm::NEWS_MAX`].
    pub news: Vec<Timestamp>,
}

impl Rhythm {
    /// The latest moments of news that are kept.
    pub const NEWS_MAX: usize = 32;
}

/// A source that redirects for good (301, 308).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Where to.
    pub to: Url,
    /// When it first said so.
    pub since: Timestamp,
    /// Whether what was found there the first time was the feed that we knew.
    pub same_feed: bool,
}

/// An address that replaced the configured one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The configured address that it stands for; another one in feeds.toml ends it.
    pub from: Url,
    /// What is asked instead.
    pub to: Url,
    /// Since when.
    pub at: Timestamp,
}

/// What tells whose feed it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    /// The site that answered: its host as far as owners differ by it.
    pub host: Option<String>,
    /// The language of the feed, else of most of its entries: the primary subtag, or `und-Arab` and the like where
    /// only the script of its titles tells.
    pub language: Option<String>,
    /// The sites that its entries linked to, ascending, at most [`Owner::SITES_MAX`].
    pub sites: Vec<String>,
    /// How many entries it is expected to list: as many as last time; after a fall a tenth less with each reading.
    pub entries: usize,
}

impl Owner {
    /// Sites that are remembered.
    pub const SITES_MAX: usize = 32;
}

/// A feed that seems to belong to somebody else now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Since when.
    pub since: Timestamp,
    /// What changed, one sentence.
    pub why: String,
}
