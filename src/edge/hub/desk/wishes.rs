//! What the desk does with those who ask for something: it asks them back, and believes what they echo.

use std::sync::Arc;

use tokio::sync::oneshot;
use url::Url;

use super::parts::{End, Member, lease_end};
use super::{Desk, Done, PER_HOST_MAX, SUBSCRIPTIONS_MAX};
use crate::edge::clock;
use crate::edge::hub::answer::Answer;
use crate::edge::hub::asks::{About, Ask};
use crate::edge::hub::form::{CLOUD_LEASE, CloudWish, Intent, Wish};
use crate::edge::hub::send;
use crate::model::{Digest, Subscriber, SubscriberKind, Timestamp};

const TOO_OFTEN: &str = "callbacks at this host have been verified too often: try again in a minute";
const TOO_MANY: &str = "too many requests wait for verification";

/// What came of a question.
pub(super) struct Asked {
    ask: Ask,
    result: Result<(), String>,
}

impl Desk {
    /// Whether a request is taken up. It does nothing before the callback confirms it.
    pub(super) fn wish(&mut self, wish: Wish) -> Answer {
        let Wish { callback, topic, intent } = wish;
        let id = Subscriber::id_of(SubscriberKind::WebSub, &callback, &topic);
        let is_known = self.members.contains_key(&id) || self.asks.is_verifying(&callback, &topic);
        let is_subscribing = matches!(intent, Intent::Subscribe { .. });
        if is_subscribing && !self.is_topic(&topic) {
            return Answer::Missing(
                "hub.topic is no feed of this site, as its self link names it".to_owned(),
            );
        }
        if !is_subscribing && !is_known {
            return Answer::Missing("there is no such subscription".to_owned());
        }
        if let Some(why) = self.settings.refusal(&callback) {
            return Answer::Forbidden(format!("the callback cannot be used: {why}"));
        }
        if is_subscribing && !is_known && self.is_full(&callback) {
            return Answer::TooMany("this hub takes no more subscriptions for this host".to_owned());
        }
        let host = callback.host_str().unwrap_or_default();
        if !self.budget.take(host, clock::now()) {
            return Answer::TooMany(TOO_OFTEN.to_owned());
        }
        match self.asks.admit(Ask { callback, about: About::Verify { topic, intent } }) {
            Ok(()) => Answer::Accepted,
            Err(_) => Answer::Busy(TOO_MANY.to_owned()),
        }
    }

    /// The same for the rssCloud, which answers when it has tried.
    pub(super) fn cloud_wish(&mut self, wish: CloudWish, reply: oneshot::Sender<Answer>) {
        let CloudWish { callback, topics, is_challenged } = wish;
        let refused = |desk: &mut Self| {
            if !topics.iter().all(|topic| desk.is_topic(topic)) {
                return Some("these are not all feeds of this site".to_owned());
            }
            if let Some(why) = desk.settings.refusal(&callback) {
                return Some(format!("the address cannot be used: {why}"));
            }
            let host = callback.host_str().unwrap_or_default();
            (!desk.budget.take(host, clock::now())).then(|| TOO_OFTEN.to_owned())
        };
        if let Some(why) = refused(self) {
            // Who has gone meanwhile needs no answer.
            return drop(reply.send(Answer::Cloud(Err(why))));
        }
        let about = About::Cloud { topics, is_challenged, reply };
        let admitted = self.asks.admit(Ask { callback, about }).map_err(|ask| ask.about);
        if let Err(About::Cloud { reply, .. }) = admitted {
            drop(reply.send(Answer::Cloud(Err(TOO_MANY.to_owned()))));
        }
    }

    fn is_topic(&self, topic: &str) -> bool {
        let front = self.front.load();
        self.settings.path_of(topic).is_some_and(|path| front.documents.contains_key(path))
    }

    fn is_full(&self, callback: &Url) -> bool {
        let of_host = self.hosts.get(callback.host_str().unwrap_or_default()).copied().unwrap_or(0);
        of_host >= PER_HOST_MAX || self.members.len() >= SUBSCRIPTIONS_MAX
    }

    /// Puts the questions whose turn has come.
    pub(super) fn begin_asks(&mut self) {
        while let Some(ask) = self.asks.next() {
            let (settings, done) = (Arc::clone(&self.settings), self.tell_done.clone());
            tokio::spawn(async move {
                let result = match &ask.about {
                    About::Verify { topic, intent } => {
                        send::verify(&settings, &ask.callback, topic, intent).await
                    }
                    About::Denied { topic, reason } => {
                        send::deny(&settings, &ask.callback, topic, reason).await
                    }
                    About::Cloud { topics, is_challenged, .. } => {
                        let topic = topics.first().map(String::as_str).unwrap_or_default();
                        send::try_cloud(&settings, &ask.callback, topic, *is_challenged).await
                    }
                };
                // The desk may have closed meanwhile.
                let _ = done.send(Done::Asked(Asked { ask, result }));
            });
        }
    }

    /// What follows from an answer. Gives back whom to tell so, once that is durable.
    pub(super) fn asked(&mut self, asked: Asked) -> Option<(oneshot::Sender<Answer>, Answer)> {
        let Asked { ask: Ask { callback, about }, result } = asked;
        self.asks.done(&callback);
        let host = callback.host_str().unwrap_or_default().to_owned();
        match (about, result) {
            (About::Verify { topic, .. }, Err(why)) => {
                tracing::info!(topic, host, why, "a subscription was not confirmed: nothing changes");
            }
            (About::Verify { topic, intent }, Ok(())) => self.confirmed(callback, topic, intent),
            (About::Denied { topic, .. }, Err(why)) => {
                tracing::debug!(topic, host, why, "a subscriber could not be told that it is none any more");
            }
            (About::Denied { .. }, Ok(())) => {}
            (About::Cloud { reply, .. }, Err(why)) => {
                return Some((reply, Answer::Cloud(Err(format!("the test of the address failed: {why}")))));
            }
            (About::Cloud { topics, reply, .. }, Ok(())) => {
                return Some((reply, Answer::Cloud(self.enrol_cloud(&callback, topics))));
            }
        }
        None
    }

    fn confirmed(&mut self, callback: Url, topic: String, intent: Intent) {
        let now = clock::now();
        let id = Subscriber::id_of(SubscriberKind::WebSub, &callback, &topic);
        let Intent::Subscribe { lease, secret, signature } = intent else {
            return self.end(id, End::Unsubscribed);
        };
        // Much can have changed while it was asked.
        let is_open = self.settings.is_hub && self.open_topic(&topic, &self.front.load_full(), now);
        let is_full = !self.members.contains_key(&id) && self.is_full(&callback);
        if !is_open || is_full {
            self.close_if_empty(&topic);
            let reason =
                if is_full { "this hub takes no more subscriptions" } else { "this feed is no more" };
            return self.deny(callback, topic, reason);
        }
        let expires = Some(lease_end(now, lease));
        let last = self.last(&topic);
        if !self.members.contains_key(&id) {
            self.take_in(Subscriber::new(SubscriberKind::WebSub, callback, topic, now, last));
        }
        let Some(Member { it, .. }) = self.members.get_mut(&id) else { return };
        (it.secret, it.signature, it.expires) = (secret, signature, expires);
        tracing::info!(topic = it.topic, host = it.host(), "subscribed");
        self.revive(id, now);
    }

    /// Somebody who failed has answered: what waits is tried at once.
    fn revive(&mut self, id: Digest, now: Timestamp) {
        let Some(Member { it, .. }) = self.members.get_mut(&id) else { return };
        if let Some(at) = it.next_at.take() {
            self.retries.remove(&(at, id));
        }
        self.note(id);
        self.enqueue(id, now);
    }

    fn enrol_cloud(&mut self, callback: &Url, topics: Vec<String>) -> Result<String, String> {
        let (now, front) = (clock::now(), self.front.load_full());
        let expires = Some(lease_end(now, CLOUD_LEASE));
        for topic in topics {
            let id = Subscriber::id_of(SubscriberKind::Cloud, callback, &topic);
            let is_new = !self.members.contains_key(&id);
            if is_new && self.is_full(callback) {
                return Err("no more registrations are taken for this host".to_owned());
            }
            if !self.settings.is_cloud || !self.open_topic(&topic, &front, now) {
                return Err("these are not all feeds of this site any more".to_owned());
            }
            if is_new {
                let last = self.last(&topic);
                self.take_in(Subscriber::new(SubscriberKind::Cloud, callback.clone(), topic, now, last));
            }
            if let Some(Member { it, .. }) = self.members.get_mut(&id) {
                it.expires = expires;
                tracing::info!(topic = it.topic, host = it.host(), "registered with the rssCloud");
            }
            self.revive(id, now);
        }
        Ok("It worked: you are told of changes for 25 hours; register again every day.".to_owned())
    }

    /// A topic that was opened for somebody who could not be taken in.
    fn close_if_empty(&mut self, topic: &str) {
        if self.topics.get(topic).is_some_and(|line| line.members.is_empty()) {
            self.topics.remove(topic);
            self.ledger.topics.push((topic.to_owned(), None));
        }
    }
}
