//! The one task that knows who is subscribed to what, and what each of them is still to be told.

mod deliveries;
mod editions;
mod parts;
mod wishes;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use self::deliveries::{Delivered, Flights};
use self::parts::{End, Line, Member, write};
use self::wishes::Asked;
use super::asks::{About, Ask, Asks};
use super::budget::Budget;
use super::lane::Lane;
use super::stock::Stock;
use super::view::SubscriptionView;
use super::{Command, Counts, Hub, Settings};
use crate::edge::clock;
use crate::edge::store::{Ledger, Store, StoreError};
use crate::model::{Digest, Published, Subscriber, SubscriberKind, Timestamp, Topic};

/// Subscriptions in all, and of one host.
pub(super) const SUBSCRIPTIONS_MAX: usize = 10_000;
pub(super) const PER_HOST_MAX: usize = 500;
/// What has come back is taken in together, with one flush.
const DONE_MAX: usize = 256;
/// Leases are looked at, and what nobody needs is dropped, this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// What could not be written is tried again after that.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// How long a stop waits for deliveries that are on their way.
const GOODBYE: Duration = Duration::from_secs(2);
/// Editions in which a feed has no news are written down as often: after a kill, what a new rule has let in meanwhile
/// could look like news.
const QUIET_MAX: TimeDelta = TimeDelta::minutes(10);

/// What a task has done for the desk.
enum Done {
    Asked(Asked),
    Delivered(Delivered),
}

/// Holds everything of the hub.
pub struct Desk {
    store: Arc<Store>,
    front: Arc<ArcSwap<Published>>,
    stock: Arc<Stock>,
    editions: watch::Receiver<()>,
    commands: mpsc::Receiver<Command>,
    configured: watch::Receiver<Arc<Settings>>,
    settings: Arc<Settings>,
    tell_done: mpsc::UnboundedSender<Done>,
    done: mpsc::UnboundedReceiver<Done>,
    members: HashMap<Digest, Member>,
    topics: HashMap<String, Line>,
    hosts: HashMap<String, usize>,
    asks: Asks,
    budget: Budget,
    healthy: Lane<Digest>,
    suspects: Lane<Digest>,
    flights: Flights,
    retries: BTreeSet<(Timestamp, Digest)>,
    /// How far the clock had jumped when they were last moved with it.
    stepped: TimeDelta,
    /// What is still to be written.
    ledger: Ledger,
    sweep_at: Instant,
    /// When an edition that could not be written down is taken in again.
    again_at: Option<Instant>,
    /// Why the store takes nothing, as long as it does not.
    refused: Option<String>,
    counts: Arc<Counts>,
}

impl Hub {
    /// A hub over what the store holds. `editions` fires after each swap of `front`.
    pub fn open(
        store: Arc<Store>,
        front: Arc<ArcSwap<Published>>,
        editions: watch::Receiver<()>,
        settings: Settings,
    ) -> Result<(Self, Desk), StoreError> {
        let (send_commands, commands) = mpsc::channel(super::COMMANDS_MAX);
        let (settings_in, configured) = watch::channel(Arc::new(settings));
        // As many as there are tasks on their way, each of which says one thing.
        let (tell_done, done) = mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let settings = Arc::clone(&configured.borrow());
        let mut desk = Desk {
            stock: Arc::new(Stock::new(Arc::clone(&store), Arc::clone(&front))),
            store,
            front,
            editions,
            commands,
            configured,
            settings,
            tell_done,
            done,
            members: HashMap::new(),
            topics: HashMap::new(),
            hosts: HashMap::new(),
            asks: Asks::default(),
            budget: Budget::default(),
            healthy: deliveries::healthy_lane(),
            suspects: deliveries::suspects_lane(),
            flights: Flights::default(),
            retries: BTreeSet::new(),
            stepped: clock::stepped(),
            ledger: Ledger::default(),
            sweep_at: Instant::now() + SWEEP_INTERVAL,
            again_at: None,
            refused: None,
            counts: Arc::clone(&counts),
        };
        desk.remember()?;
        Ok((Self { commands: send_commands, settings: settings_in, counts }, desk))
    }
}

impl Desk {
    /// Reads what the store holds.
    fn remember(&mut self) -> Result<(), StoreError> {
        let mut states: HashMap<String, Topic> =
            self.store.topics()?.into_iter().map(|state| (state.topic.clone(), state)).collect();
        for it in self.store.subscriptions()? {
            if !self.topics.contains_key(&it.topic) {
                let kept: VecDeque<_> = self.store.announced(&it.topic)?.into();
                let state = states.remove(&it.topic);
                // Where the record is damaged, nobody knows what was announced: what is shown now counts as known.
                let seen_last = kept.back().map_or(0, |(number, _)| *number);
                let new = || Topic { topic: it.topic.clone(), last: seen_last, ..Topic::default() };
                let mut line = Line::new(state.unwrap_or_else(new));
                line.kept = kept;
                self.topics.insert(it.topic.clone(), line);
            }
            self.take_in(it);
        }
        // Nobody is subscribed to these any more.
        for topic in states.into_keys() {
            let numbers = self.store.announced(&topic)?;
            self.ledger.forgotten.extend(numbers.into_iter().map(|(number, _)| (topic.clone(), number)));
            self.ledger.topics.push((topic, None));
        }
        Ok(())
    }

    /// Lives until `shutdown` ends. What is on its way then has a moment to arrive.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut done = vec![];
        self.reconfigure().await;
        // What the last run has left.
        for id in self.members.keys().copied().collect::<Vec<_>>() {
            self.enqueue(id, clock::now());
        }
        loop {
            self.begin_due();
            self.count();
            let wake = self.wake();
            tokio::select! {
                () = &mut shutdown => break,
                edition = self.editions.changed() => match edition {
                    Ok(()) => self.edition().await,
                    Err(_) => break,
                },
                configured = self.configured.changed() => match configured {
                    Ok(()) => self.reconfigure().await,
                    Err(_) => break,
                },
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => break,
                },
                _ = self.done.recv_many(&mut done, DONE_MAX) => self.take_back(&mut done).await,
                () = sleep_until(wake) => self.tick().await,
            }
        }
        let arrive = async {
            while !self.flights.is_empty() {
                self.done.recv_many(&mut done, DONE_MAX).await;
                self.take_back(&mut done).await;
            }
        };
        // What has not arrived by then is sent again after the next start.
        let _ = timeout(GOODBYE, arrive).await;
        self.note_topics(TimeDelta::zero());
        self.save().await;
        Ok(())
    }

    /// When there is something to do that nobody brings.
    fn wake(&self) -> Instant {
        let now = clock::now();
        let after = |at: Timestamp| Instant::now() + (at - now).to_std().unwrap_or_default();
        let retry = self.retries.first().map(|(at, _)| after(*at));
        [retry, self.flights.next_loan(), self.again_at]
            .into_iter()
            .flatten()
            .fold(self.sweep_at, Instant::min)
    }

    async fn tick(&mut self) {
        self.keep_waits();
        let now = clock::now();
        while let Some((_, id)) = self.retries.first().copied().filter(|(at, _)| *at <= now) {
            self.retries.pop_first();
            self.enqueue(id, now);
        }
        self.lend_places();
        if self.again_at.is_some_and(|at| at <= Instant::now()) {
            self.edition().await;
        }
        if self.sweep_at <= Instant::now() {
            self.sweep_at = Instant::now() + SWEEP_INTERVAL;
            self.sweep(now).await;
        }
    }

    /// Ends what has expired, and drops what everybody has.
    async fn sweep(&mut self, now: Timestamp) {
        let over = self.members.iter().filter(|(_, member)| member.it.is_over(now));
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.end(id, End::Expired);
        }
        self.trim();
        self.note_topics(QUIET_MAX);
        self.save().await;
    }

    fn command(&mut self, command: Command) {
        match command {
            // Who has gone meanwhile needs no answer.
            Command::Wish(wish, reply) => drop(reply.send(self.wish(wish))),
            Command::Cloud(wish, reply) => self.cloud_wish(wish, reply),
            Command::List(reply) => drop(reply.send(self.list())),
        }
    }

    fn list(&self) -> Vec<SubscriptionView> {
        let mut list: Vec<SubscriptionView> = self
            .members
            .values()
            .map(|member| SubscriptionView::of(&member.it, self.last(&member.it.topic)))
            .collect();
        list.sort_by(|a, b| (&a.topic, &a.host, a.since).cmp(&(&b.topic, &b.host, b.since)));
        list
    }

    /// The number of the last announcement of a topic.
    fn last(&self, topic: &str) -> u64 {
        self.topics.get(topic).map_or(0, |line| line.state.last)
    }

    /// Counts somebody who is subscribed to a topic that is known.
    fn take_in(&mut self, it: Subscriber) {
        let id = it.id();
        if let Some(line) = self.topics.get_mut(&it.topic) {
            line.members.insert(id);
        }
        *self.hosts.entry(it.host().to_owned()).or_insert(0) += 1;
        self.members.insert(id, Member { it, is_busy: false });
    }

    /// Ends a subscription.
    fn end(&mut self, id: Digest, why: End) {
        let Some(Member { it, .. }) = self.members.remove(&id) else { return };
        self.ledger.subscriptions.push((id, None));
        if let Some(count) = self.hosts.get_mut(it.host()) {
            *count -= 1;
            if *count == 0 {
                self.hosts.remove(it.host());
            }
        }
        let (topic, host, kind) = (&it.topic, it.host(), it.kind.name());
        tracing::info!(topic, host, kind, why = why.words(), "a subscription has ended");
        self.leave_topic(id, topic);
        if let (End::Told(reason), SubscriberKind::WebSub) = (why, it.kind) {
            self.deny(it.callback, it.topic, reason);
        }
    }

    fn deny(&mut self, callback: url::Url, topic: String, reason: &'static str) {
        // Where too many wait, those who poll will see it by themselves.
        drop(self.asks.admit(Ask { callback, about: About::Denied { topic, reason } }));
    }

    fn leave_topic(&mut self, id: Digest, topic: &str) {
        let Some(line) = self.topics.get_mut(topic) else { return };
        line.members.remove(&id);
        if line.members.is_empty()
            && let Some(line) = self.topics.remove(topic)
        {
            self.ledger.forgotten.extend(line.kept.iter().map(|(number, _)| (topic.to_owned(), *number)));
            self.ledger.topics.push((topic.to_owned(), None));
        }
    }

    /// Writes down how a subscription is.
    fn note(&mut self, id: Digest) {
        if let Some(member) = self.members.get(&id) {
            self.ledger.subscriptions.push((id, Some(member.it.clone())));
        }
    }

    /// Writes down how far the topics have come that have come further than this without a word.
    fn note_topics(&mut self, further: TimeDelta) {
        let moved = self.topics.values_mut().filter(|line| line.state.until - line.noted_until > further);
        let states = moved.map(|line| {
            line.noted_until = line.state.until;
            (line.state.topic.clone(), Some(line.state.clone()))
        });
        self.ledger.topics.extend(states);
    }

    /// Makes durable what has changed. What cannot be written now is written with what changes next.
    async fn save(&mut self) {
        if self.ledger.is_empty() {
            return;
        }
        let ledger = std::mem::take(&mut self.ledger);
        match write(&self.store, ledger).await {
            Ok(_) => self.note_saved(),
            Err(failed) => {
                let (error, ledger) = *failed;
                if self.is_news(&error) {
                    tracing::error!(%error, "the store cannot hold the subscriptions: after a restart some are told again");
                }
                self.ledger = ledger;
            }
        }
    }

    /// Whether nobody has heard yet why the store takes nothing. Figures in it do not make it another reason.
    fn is_news(&mut self, error: &StoreError) -> bool {
        let why = error.obstacle().map_or_else(|| error.to_string(), |one| one.kind.words().to_owned());
        let is_known = self.refused.as_ref() == Some(&why);
        self.refused = Some(why);
        !is_known
    }

    /// The store has taken something.
    fn note_saved(&mut self) {
        if self.refused.take().is_some() {
            tracing::info!("the store holds subscriptions and what is to be delivered again");
        }
    }

    fn count(&self) {
        self.counts.subscriptions.store(self.members.len(), Ordering::Relaxed);
        let failing = self.members.values().filter(|member| member.it.failures > 0).count();
        self.counts.failing.store(failing, Ordering::Relaxed);
    }
}
