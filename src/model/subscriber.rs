//! Who is told of news of our feeds, and what is kept so that nobody misses any.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Digest, Named, Timestamp};

/// One who is told of the news of one feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// What is said to it, and how.
    pub kind: SubscriberKind,
    /// Where it hears.
    pub callback: Url,
    /// The address of the feed, as readers know it.
    pub topic: String,
    /// What deliveries are signed with; never printed.
    #[serde(default)]
    pub secret: Option<String>,
    /// How they are signed.
    #[serde(default)]
    pub signature: SignatureMethod,
    /// When it was first confirmed.
    pub since: Timestamp,
    /// When it ends unless it is renewed; `None` for one that feeds.toml names.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// The number of the last announcement that it has acknowledged.
    #[serde(default)]
    pub acknowledged: u64,
    /// When it last acknowledged one.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    /// Failures since then.
    #[serde(default)]
    pub failures: u32,
    /// When the first of them was.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// The last of them, one line.
    #[serde(default)]
    pub error: Option<String>,
    /// Not tried before; `None` while it answers well.
    #[serde(default)]
    pub next_at: Option<Timestamp>,
}

impl Subscriber {
    /// One that has begun just now and knows everything up to the announcement `acknowledged`.
    pub fn new(
        kind: SubscriberKind,
        callback: Url,
        topic: String,
        since: Timestamp,
        acknowledged: u64,
    ) -> Self {
        Self {
            kind,
            callback,
            topic,
            secret: None,
            signature: SignatureMethod::default(),
            since,
            expires: None,
            acknowledged,
            delivered_at: None,
            failures: 0,
            failing_since: None,
            error: None,
            next_at: None,
        }
    }

    /// Its name in the store: there is one of a kind for each callback and topic.
    pub fn id(&self) -> Digest {
        Self::id_of(self.kind, &self.callback, &self.topic)
    }

    /// The name of the one with these.
    pub fn id_of(kind: SubscriberKind, callback: &Url, topic: &str) -> Digest {
        Digest::of([&[kind as u8], callback.as_str().as_bytes(), topic.as_bytes()])
    }

    /// Whether it has ended by `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The host that it hears at.
    pub fn host(&self) -> &str {
        self.callback.host_str().unwrap_or_default()
    }
}

/// What a subscription asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum SubscriberKind {
    /// The news themselves (W3C WebSub).
    WebSub = b'w',
    /// A word that there are news (rssCloud).
    Cloud = b'c',
    /// The same to a hub that tells its own subscribers; named in feeds.toml.
    Hub = b'h',
}

impl SubscriberKind {
    /// The word for it in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSub => "websub",
            Self::Cloud => "cloud",
            Self::Hub => "hub",
        }
    }
}

/// How a delivery is signed (WebSub §7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureMethod {
    /// HMAC with SHA-256.
    #[default]
    Sha256,
    /// HMAC with SHA-384.
    Sha384,
    /// HMAC with SHA-512.
    Sha512,
}

impl SignatureMethod {
    /// Its name in `X-Hub-Signature`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// How far the announcements of one feed have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its address, as readers know it.
    pub topic: String,
    /// The number of the last announcement.
    pub last: u64,
    /// What was announced or is not to be any more, and when each became news, in order of time.
    pub known: Vec<(Digest, Option<Timestamp>)>,
    /// What became news long before this is old, whoever shows it now.
    pub until: Timestamp,
}

/// What is new in one edition of a feed, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Counted from 1 in each feed.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Of the feed.
    pub content_type: String,
    /// What stands before the first entry.
    pub head: String,
    /// What stands between two entries.
    pub separator: String,
    /// Each entry by a name that stays the same when it changes, in the order of the feed.
    pub entries: Vec<(Digest, String)>,
    /// For each of them the entries that its text names, its own first; empty where it was made before that was noted.
    #[serde(default)]
    pub names: Vec<Vec<Named>>,
    /// What stands behind the last entry.
    pub tail: String,
}

impl Announcement {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        let entries: usize = self.entries.iter().map(|(_, text)| text.len()).sum();
        self.head.len() + self.tail.len() + entries
    }
}
