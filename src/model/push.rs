//! A source that pushes: the hubs that it names, and our subscription there (W3C WebSub).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Timestamp;

/// What is known of a source's hub, as stored with its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Push {
    /// The hubs that it named last, in its order, at most [`Push::HUBS_MAX`].
    pub hubs: Vec<String>,
    /// The address that it calls its own, byte for byte: what is subscribed to.
    pub topic: Option<String>,
    /// The address that answered, the base of relative links in what is pushed.
    pub base: Option<Url>,
    /// The subscription, asked for or in force.
    pub subscription: Option<Subscription>,
    /// Those that are given up and that their hubs have not been heard of yet, at most [`Push::LEAVING_MAX`].
    pub leaving: Vec<Subscription>,
    /// How many hubs were given up so far: the next in turn is asked.
    pub turn: u32,
    /// Requests that came to nothing, one after the other.
    pub failures: u32,
    /// Subscriptions, one after the other, that brought nothing though there was news.
    pub barren: u32,
    /// Before when no hub is asked again.
    pub retry_at: Option<Timestamp>,
    /// That a hub will not have us.
    pub denied: Option<Denied>,
    /// What the admin is told of.
    pub trouble: Option<Trouble>,
    /// When something was last pushed and taken in.
    pub delivered_at: Option<Timestamp>,
    /// How often that was.
    pub deliveries: u64,
    /// Deliveries that were thrown away.
    pub refused: u64,
    /// Why the last of them was.
    pub refused_why: Option<String>,
    /// Polls in a row that found news which nobody had pushed.
    pub missed: u32,
}

impl Push {
    /// Hubs of one source that are remembered.
    pub const HUBS_MAX: usize = 4;
    /// Subscriptions of one source that are being given up.
    pub const LEAVING_MAX: usize = 4;
    /// Bytes of an address of a hub or of a topic; longer ones count as none.
    pub const URL_BYTES_MAX: usize = 2000;
}

/// One subscription at one hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where it was asked for.
    pub hub: String,
    /// What is subscribed to.
    pub topic: String,
    /// `site.url` when it was asked for; the callback begins with it.
    pub site: String,
    /// The last part of the callback. Who knows it can speak in the name of the hub.
    pub token: Secret,
    /// What deliveries are signed with.
    pub secret: Secret,
    /// What the hub is to verify.
    pub pending: Option<Awaited>,
    /// When the hub first verified it; `None` until then.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// When it last did.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
    /// When its lease ends.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A request to a hub that it has not verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// What was asked for.
    pub wish: Wish,
    /// When.
    pub since: Timestamp,
}

/// What a hub is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// To push, or to go on with it.
    Subscribe,
    /// To push no more.
    Unsubscribe,
}

impl Wish {
    /// The word of the protocol.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A hub's no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// When it came.
    pub at: Timestamp,
    /// Whose it is.
    pub hub: String,
    /// Why, as the hub says.
    pub reason: Option<String>,
}

/// A time in which a source that could push does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// Why, one sentence.
    pub why: String,
    /// When it was over.
    #[serde(default)]
    pub over: Option<Timestamp>,
}

/// What a hub says on a callback (WebSub §5.2, §5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It asks whether we want this.
    Verify {
        /// What.
        wish: Wish,
        /// The topic.
        topic: String,
        /// How long a subscription lasts, in seconds from now; `None` where it does not say.
        lease_seconds: Option<u64>,
    },
    /// It will not push.
    Denied {
        /// The topic.
        topic: String,
        /// Why, cleaned of what is no text, and bounded.
        reason: Option<String>,
    },
}

/// What nobody is to see: it is stored, but never printed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Secret("abc".to_owned())), "Secret(…)");
    }
}
