//! What the desk does with each edition: it writes down what is new before anybody is told.

use std::sync::Arc;

use tokio::time::Instant;

use super::parts::{End, Line, write};
use super::{Desk, STORE_PAUSE};
use crate::edge::clock;
use crate::edge::hub::{feeds, news};
use crate::edge::store::Ledger;
use crate::model::{Announcement, Digest, Document, Published, Subscriber, SubscriberKind, Timestamp, Topic};

/// Bytes of announcements that wait on the disk, for one topic and in all. Who has missed more is sent the whole feed.
const KEPT_BYTES_MAX: usize = 8 << 20;
const KEPT_BYTES_ALL_MAX: usize = 64 << 20;

/// What an edition makes of one topic.
struct Change {
    topic: String,
    state: Topic,
    document: Arc<Document>,
    announcement: Option<Announcement>,
    /// Whether the announcement is kept: somebody is to be sent it.
    is_kept: bool,
}

impl Desk {
    /// Puts the configuration in force that was given last.
    pub(super) async fn reconfigure(&mut self) {
        self.settings = Arc::clone(&self.configured.borrow_and_update());
        let unwanted = self.members.iter().filter_map(|(id, member)| Some((*id, self.unwanted(&member.it)?)));
        for (id, reason) in unwanted.collect::<Vec<_>>() {
            self.end(id, End::Told(reason));
        }
        self.enrol_hubs();
        self.edition().await;
    }

    /// Why a subscription cannot go on under the settings in force.
    fn unwanted(&self, it: &Subscriber) -> Option<&'static str> {
        let is_open = match it.kind {
            SubscriberKind::WebSub => self.settings.is_hub,
            SubscriberKind::Cloud => self.settings.is_cloud,
            SubscriberKind::Hub => self.settings.hubs.contains(&it.callback),
        };
        if !is_open {
            return Some("this hub is closed");
        }
        self.settings.path_of(&it.topic).is_none().then_some("this feed has moved")
    }

    /// Subscribes the hubs of others to every feed.
    fn enrol_hubs(&mut self) {
        let (settings, front, now) = (Arc::clone(&self.settings), self.front.load_full(), clock::now());
        for path in feeds(&front) {
            let topic = format!("{}{path}", settings.site_url);
            for hub in &settings.hubs {
                let id = Subscriber::id_of(SubscriberKind::Hub, hub, &topic);
                if !self.members.contains_key(&id) && self.open_topic(&topic, &front, now) {
                    let last = self.last(&topic);
                    let new = Subscriber::new(SubscriberKind::Hub, hub.clone(), topic.clone(), now, last);
                    self.take_in(new);
                    self.note(id);
                }
            }
        }
    }

    /// Whether there is such a topic; from now on it is followed.
    pub(super) fn open_topic(&mut self, topic: &str, front: &Published, now: Timestamp) -> bool {
        let document = self.settings.path_of(topic).and_then(|path| front.documents.get(path));
        let Some(document) = document else { return false };
        if !self.topics.contains_key(topic) {
            let mut line = Line::new(news::begin(topic, document, now));
            line.seen = Some(Arc::clone(document));
            self.ledger.topics.push((topic.to_owned(), Some(line.state.clone())));
            self.topics.insert(topic.to_owned(), line);
        }
        true
    }

    /// Takes in what readers see now. What is new is durable before the first of those who wait for it is told.
    pub(super) async fn edition(&mut self) {
        let (front, now) = (self.front.load_full(), clock::now());
        self.again_at = None;
        self.end_missing(&front);
        let changes = self.changes(&front, now);
        let mut ledger = std::mem::take(&mut self.ledger);
        for change in &changes {
            ledger.topics.push((change.topic.clone(), Some(change.state.clone())));
            let kept = change.announcement.iter().filter(|_| change.is_kept);
            ledger.announcements.extend(kept.map(|one| (change.topic.clone(), one.clone())));
        }
        if ledger.is_empty() {
            return;
        }
        match write(&self.store, ledger).await {
            Ok(sizes) => {
                self.note_saved();
                self.announce(changes, sizes, now);
            }
            Err(failed) => {
                let (error, Ledger { subscriptions, forgotten, .. }) = *failed;
                if self.is_news(&error) {
                    tracing::error!(%error, "the store cannot hold what is to be delivered: nobody is told until it can");
                }
                // The topics are as they were, so the next try finds the same.
                self.ledger = Ledger { subscriptions, forgotten, ..Ledger::default() };
                self.again_at = Some(Instant::now() + STORE_PAUSE);
            }
        }
        self.trim();
    }

    /// Ends the subscriptions to feeds that are no more.
    fn end_missing(&mut self, front: &Published) {
        let is_there = |topic: &String| {
            self.settings.path_of(topic).is_some_and(|path| front.documents.contains_key(path))
        };
        let missing = self.topics.iter().filter(|(topic, _)| !is_there(topic));
        let ended: Vec<Digest> = missing.flat_map(|(_, line)| line.members.iter().copied()).collect();
        for id in ended {
            self.end(id, End::Told("this feed is no more"));
        }
    }

    fn changes(&mut self, front: &Published, now: Timestamp) -> Vec<Change> {
        let mut changes = vec![];
        for (topic, line) in &mut self.topics {
            let document = self.settings.path_of(topic).and_then(|path| front.documents.get(path));
            let Some(document) = document else { continue };
            if line.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, document)) {
                line.state.until = line.state.until.max(now);
                continue;
            }
            let mut state = line.state.clone();
            // A topic of which nothing is known: its record was damaged.
            let announcement = if state.until == Timestamp::default() {
                let last = state.last;
                state = Topic { last, ..news::begin(topic, document, now) };
                None
            } else {
                news::take(&mut state, document, now)
            };
            if announcement.is_none() && state.known == line.state.known {
                (line.state, line.seen) = (state, Some(Arc::clone(document)));
                continue;
            }
            let is_reader = |id: &Digest| {
                self.members.get(id).is_some_and(|member| member.it.kind == SubscriberKind::WebSub)
            };
            let is_kept = line.members.iter().any(is_reader);
            let document = Arc::clone(document);
            changes.push(Change { topic: topic.clone(), state, document, announcement, is_kept });
        }
        changes
    }

    /// Tells everybody, now that it is written down.
    fn announce(&mut self, changes: Vec<Change>, sizes: Vec<usize>, now: Timestamp) {
        let mut sizes = sizes.into_iter();
        for Change { topic, state, document, announcement, is_kept } in changes {
            let Some(line) = self.topics.get_mut(&topic) else { continue };
            (line.noted_until, line.state, line.seen) = (state.until, state, Some(document));
            let Some(announcement) = announcement else { continue };
            line.body = None;
            if is_kept {
                line.kept.push_back((announcement.number, sizes.next().unwrap_or_default()));
                line.newest = Some(Arc::new(announcement));
            }
            for id in line.members.iter().copied().collect::<Vec<_>>() {
                self.enqueue(id, now);
            }
        }
    }

    /// Drops what everybody has, and what is too much.
    pub(super) fn trim(&mut self) {
        let mut all = 0;
        for (topic, line) in &mut self.topics {
            let members = line.members.iter().filter_map(|id| self.members.get(id));
            let readers = members.filter(|member| member.it.kind == SubscriberKind::WebSub);
            let had = readers.map(|member| member.it.acknowledged).min().unwrap_or(u64::MAX);
            let mut bytes: usize = line.kept.iter().map(|(_, bytes)| bytes).sum();
            while let Some((number, size)) = line.kept.front().copied() {
                // The newest one stays, however long it is.
                let is_surplus = bytes > KEPT_BYTES_MAX && line.kept.len() > 1;
                if number > had && !is_surplus {
                    break;
                }
                bytes -= size;
                line.kept.pop_front();
                self.ledger.forgotten.push((topic.clone(), number));
            }
            all += bytes;
        }
        while all > KEPT_BYTES_ALL_MAX {
            let bytes = |line: &Line| line.kept.iter().map(|(_, bytes)| *bytes).sum::<usize>();
            let Some((topic, line)) = self.topics.iter_mut().max_by_key(|(_, line)| bytes(line)) else {
                return;
            };
            let Some((number, size)) = line.kept.pop_front() else { return };
            all -= size;
            self.ledger.forgotten.push((topic.clone(), number));
        }
    }
}
