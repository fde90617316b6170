//! Questions to callbacks that wait or are on their way: one at a time for each callback, few for each host.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;
use url::Url;

use super::answer::Answer;
use super::form::Intent;
use super::lane::Lane;

/// Questions on their way, in all and to one host.
const ASKING_MAX: usize = 64;
const ASKING_PER_HOST_MAX: usize = 4;
/// Those that wait, with them.
const ASKS_MAX: usize = 2_000;

/// A question, or something that is to be told.
pub(super) struct Ask {
    pub(super) callback: Url,
    pub(super) about: About,
}

pub(super) enum About {
    /// Whether it wants this.
    Verify { topic: String, intent: Intent },
    /// That a subscription is refused or has ended, and why.
    Denied { topic: String, reason: &'static str },
    /// Whether a reader hears there.
    Cloud { topics: Vec<String>, is_challenged: bool, reply: oneshot::Sender<Answer> },
}

impl Ask {
    pub(super) fn host(&self) -> &str {
        self.callback.host_str().unwrap_or_default()
    }

    fn verifies(&self) -> Option<&str> {
        match &self.about {
            About::Verify { topic, .. } => Some(topic),
            _ => None,
        }
    }
}

/// They, with their order.
pub(super) struct Asks {
    lane: Lane<Ask>,
    /// Callbacks that are being asked, or are next at their hosts, and what waits behind that.
    behind: HashMap<Url, VecDeque<Ask>>,
    /// What the first of each callback verifies.
    ahead: HashMap<Url, Option<String>>,
    count: usize,
}

impl Default for Asks {
    fn default() -> Self {
        let lane = Lane::new(ASKING_MAX, ASKING_PER_HOST_MAX);
        Self { lane, behind: HashMap::new(), ahead: HashMap::new(), count: 0 }
    }
}

impl Asks {
    /// Takes a question in; gives it back where there are too many.
    pub(super) fn admit(&mut self, ask: Ask) -> Result<(), Box<Ask>> {
        if let Some(waiting) = self.behind.get_mut(&ask.callback) {
            // What is asked for later replaces what was asked for before.
            let same = |other: &&mut Ask| ask.verifies().is_some() && other.verifies() == ask.verifies();
            if let Some(other) = waiting.iter_mut().find(same) {
                *other = ask;
                return Ok(());
            }
        }
        if self.count >= ASKS_MAX {
            return Err(Box::new(ask));
        }
        self.count += 1;
        match self.behind.get_mut(&ask.callback) {
            Some(waiting) => waiting.push_back(ask),
            None => self.join(ask),
        }
        Ok(())
    }

    /// Whether a subscription of this callback to this topic is still being verified.
    pub(super) fn is_verifying(&self, callback: &Url, topic: &str) -> bool {
        let is_ahead = self.ahead.get(callback).is_some_and(|ahead| ahead.as_deref() == Some(topic));
        let mut waiting = self.behind.get(callback).into_iter().flatten();
        is_ahead || waiting.any(|ask| ask.verifies() == Some(topic))
    }

    /// The next one that may be put.
    pub(super) fn next(&mut self) -> Option<Ask> {
        self.lane.next().map(|(_, ask)| ask)
    }

    /// One has been put and answered.
    pub(super) fn done(&mut self, callback: &Url) {
        self.count = self.count.saturating_sub(1);
        self.lane.leave(callback.host_str().unwrap_or_default());
        self.ahead.remove(callback);
        let Some(mut waiting) = self.behind.remove(callback) else { return };
        let Some(next) = waiting.pop_front() else { return };
        self.join(next);
        self.behind.insert(callback.clone(), waiting);
    }

    fn join(&mut self, ask: Ask) {
        self.behind.entry(ask.callback.clone()).or_default();
        self.ahead.insert(ask.callback.clone(), ask.verifies().map(str::to_owned));
        let host = ask.host().to_owned();
        self.lane.join(&host, ask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(callback: &str, topic: &str) -> Ask {
        let callback = format!("http://{callback}").parse().unwrap();
        Ask { callback, about: About::Verify { topic: topic.to_owned(), intent: Intent::Unsubscribe } }
    }

    fn next(asks: &mut Asks) -> Option<(String, String)> {
        let ask = asks.next()?;
        Some((ask.callback.to_string(), ask.verifies().unwrap().to_owned()))
    }

    #[test]
    fn a_callback_is_asked_one_thing_at_a_time() {
        let mut asks = Asks::default();
        for (callback, topic) in [("a/1", "x"), ("a/1", "y"), ("a/1", "y"), ("a/2", "x")] {
            assert!(asks.admit(ask(callback, topic)).is_ok());
        }
        assert_eq!(next(&mut asks), Some(("http://a/1".to_owned(), "x".to_owned())));
        assert_eq!(next(&mut asks), Some(("http://a/2".to_owned(), "x".to_owned())));
        assert_eq!(next(&mut asks), None);
        let first: Url = "http://a/1".parse().unwrap();
        assert!(asks.is_verifying(&first, "x") && asks.is_verifying(&first, "y"));
        asks.done(&first);
        assert!(!asks.is_verifying(&first, "x") && asks.is_verifying(&first, "y"));
        assert_eq!(next(&mut asks), Some(("http://a/1".to_owned(), "y".to_owned())));
        asks.done(&first);
        asks.done(&"http://a/2".parse().unwrap());
        assert_eq!((asks.count, asks.behind.len(), asks.ahead.len()), (0, 0, 0));
    }

    #[test]
    fn questions_are_bounded() {
        let mut asks = Asks::default();
        let taken = (0..ASKS_MAX + 10).filter(|n| asks.admit(ask(&format!("h{n}/"), "x")).is_ok()).count();
        assert_eq!(taken, ASKS_MAX);
        assert_eq!(std::iter::from_fn(|| asks.next()).count(), ASKING_MAX);
    }
}
