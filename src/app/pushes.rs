//! Subscriptions at the hubs of sources: when to look after which, and what is sent for it. The decisions are
//! [`schedule::push`]'s, the callbacks are answered by the [`board`].

mod board;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::daemon::Event;
use crate::edge::fetch::Fetcher;
use crate::edge::websub;
use crate::model::{
    FetchPolicy, Intent, Push, Secret, Source, SourceId, SourceState, Subscription, Timestamp, Wish,
};
use crate::schedule::push::{self, Heard, Step};

pub(super) use board::{Board, Pushed};

/// Requests to hubs in flight.
const REQUESTS_MAX: usize = 8;
/// Deliveries, read, that wait for the writer; they count as in memory until it has taken them.
const PUSHED_MAX: usize = 64;
/// A hub is asked for one renewal in this time.
const RENEWAL_INTERVAL: TimeDelta = TimeDelta::seconds(3);
/// Decisions on one source in a row: each but the last leads to the next, and there are fewer hubs than this.
const STEPS_MAX: usize = 16;

/// What a hub has said.
pub(super) enum PushEvent {
    /// It asks or tells something on the callback of this source with this token.
    Said { source: SourceId, token: Secret, intent: Intent, reply: oneshot::Sender<Heard> },
    /// It has answered our request.
    Answered { source: SourceId, token: Secret, answer: Result<(), String> },
}

/// A request that is to be sent to a hub.
pub(super) struct Errand {
    subscription: Subscription,
    wish: Wish,
}

/// Who is to be looked after when.
pub(super) struct Pushes {
    pub(super) board: Arc<Board>,
    /// Sources that something has happened to.
    touched: Vec<SourceId>,
    agenda: BTreeSet<(Timestamp, SourceId)>,
    moments: HashMap<SourceId, Timestamp>,
    /// As they last were: their hubs are told of it when they leave the file.
    known: HashMap<SourceId, Arc<Source>>,
    /// Those whose hubs were relied on when they were last looked after.
    relied_on: HashSet<SourceId>,
    /// When each hub was last asked to renew a lease.
    renewed: HashMap<String, Timestamp>,
    requests: Arc<Semaphore>,
    events: mpsc::Sender<Event>,
}

impl Pushes {
    /// The subscriptions that are known, whose callbacks are answered from now on; and the queue of what is pushed.
    pub(super) fn new(
        site: &str,
        states: &BTreeMap<SourceId, SourceState>,
        sources: &BTreeMap<SourceId, Arc<Source>>,
        events: mpsc::Sender<Event>,
    ) -> (Self, mpsc::Receiver<Pushed>) {
        let (sender, queue) = mpsc::channel(PUSHED_MAX);
        let pushes = Self {
            board: Arc::new(Board::new(site, events.clone(), sender)),
            touched: vec![],
            agenda: BTreeSet::new(),
            moments: HashMap::new(),
            known: HashMap::new(),
            relied_on: HashSet::new(),
            renewed: HashMap::new(),
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            events,
        };
        for (id, state) in states {
            state.push.iter().for_each(|push| pushes.board.put(id, push, sources.get(id)));
        }
        (pushes, queue)
    }

    /// Something has happened to these sources: they are looked after at the next occasion.
    pub(super) fn touch(&mut self, ids: impl IntoIterator<Item = SourceId>) {
        self.touched.extend(ids);
    }

    /// Who is to be looked after now.
    pub(super) fn take_due(&mut self, now: Timestamp) -> BTreeSet<SourceId> {
        let mut due: BTreeSet<SourceId> = std::mem::take(&mut self.touched).into_iter().collect();
        while let Some((at, id)) = self.agenda.pop_first() {
            if at > now {
                self.agenda.insert((at, id));
                break;
            }
            self.moments.remove(&id);
            due.insert(id);
        }
        due
    }

    /// Moves the agenda with a clock that has jumped.
    pub(super) fn shift(&mut self, by: TimeDelta) {
        let moved = |at: Timestamp| at.checked_add_signed(by).unwrap_or(at);
        self.agenda = std::mem::take(&mut self.agenda).into_iter().map(|(at, id)| (moved(at), id)).collect();
        self.moments.values_mut().for_each(|at| *at = moved(*at));
    }

    /// When somebody is to be looked after next, unless something happens; now, where something has.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let first = || self.agenda.first().map(|(at, _)| *at);
        if self.touched.is_empty() { first() } else { Some(now) }
    }

    /// Decides what to do about one source, notes it in `push`, and says what is to be sent. `source` is the source as
    /// it is in force, if it is; it pushes to `site`.
    pub(super) fn tend(
        &mut self,
        id: &SourceId,
        push: &mut Push,
        source: Option<&Arc<Source>>,
        site: &str,
        now: Timestamp,
    ) -> Vec<Errand> {
        let site = source.filter(|source| source.enabled && source.fetch.push).map(|_| site);
        let (errands, held) = self.decide(id, push, site, now);
        if let Some(source) = source.filter(|_| push.subscription.is_some()) {
            self.known.insert(id.clone(), Arc::clone(source));
        }
        let next = match push::step(id, push, site, now) {
            Step::Rest(at) => at,
            // Without a turn at the hub it has come to no end, which a clock that jumps can bring about: later is
            // soon enough.
            _ => Some(held.unwrap_or_else(|| push::later_look(now))),
        };
        self.plan(id, next.into_iter().chain(push::forget_at(push)).min());
        self.board.put(id, push, source);
        errands
    }

    /// Whether the hub of this source was relied on until now: polling takes its time no more.
    pub(super) fn has_ended(&mut self, id: &SourceId, push: &Push, now: Timestamp) -> bool {
        if push::is_relied_on(Some(push), now) {
            self.relied_on.insert(id.clone());
            return false;
        }
        self.relied_on.remove(id)
    }

    fn plan(&mut self, id: &SourceId, at: Option<Timestamp>) {
        if let Some(before) = self.moments.remove(id) {
            self.agenda.remove(&(before, id.clone()));
        }
        if let Some(at) = at {
            self.moments.insert(id.clone(), at);
            self.agenda.insert((at, id.clone()));
        }
    }

    /// Sends once more, after a start, what hubs have not verified: the process before may have ended too early. To a
    /// hub that has heard it, it is the same request.
    pub(super) fn resume(
        &mut self,
        id: &SourceId,
        push: &Push,
        source: Option<&Arc<Source>>,
        fetcher: &Fetcher,
    ) {
        if let Some(source) = source {
            self.known.insert(id.clone(), Arc::clone(source));
        }
        let all = push.subscription.iter().chain(&push.leaving);
        let errand = |one: &Subscription| Some(Errand { subscription: one.clone(), wish: one.pending?.wish });
        self.send(id, all.filter_map(errand).collect(), fetcher);
    }

    /// Sends what is to be sent, each beside the loop. One whose source is unknown goes where anybody may go.
    pub(super) fn send(&self, id: &SourceId, errands: Vec<Errand>, fetcher: &Fetcher) {
        for Errand { subscription, wish } in errands {
            let policy = self.known.get(id).map_or_else(FetchPolicy::default, |source| source.fetch.clone());
            let (fetcher, events, source) = (fetcher.clone(), self.events.clone(), id.clone());
            let requests = Arc::clone(&self.requests);
            tokio::spawn(async move {
                // It is never closed.
                let _turn = requests.acquire_owned().await;
                let asking = websub::ask(&fetcher, &policy, &subscription, wish, push::LEASE_SECONDS);
                let answer = Box::pin(asking).await;
                let (host, what) = (push::host(&subscription.hub), wish.word());
                match &answer {
                    Ok(()) => tracing::info!(source = source.0, hub = host, what, "hub asked"),
                    Err(why) => tracing::info!(source = source.0, hub = host, what, why, "hub refuses"),
                }
                let said = PushEvent::Answered { source, token: subscription.token, answer };
                // Nobody hears it only when the loop has ended.
                let _ = events.send(Event::Push(said)).await;
            });
        }
    }

    /// Goes from step to step until there is nothing to do but to wait; perhaps until a hub has time for this one.
    fn decide(
        &mut self,
        id: &SourceId,
        push: &mut Push,
        site: Option<&str>,
        now: Timestamp,
    ) -> (Vec<Errand>, Option<Timestamp>) {
        let mut errands = vec![];
        push::forget_left(push, now);
        for _ in 0..STEPS_MAX {
            let shown_out = push.leaving.len();
            let wish = match push::step(id, push, site, now) {
                Step::Rest(_) => break,
                Step::Fail(why) => {
                    push::failed(id, push, &why, now);
                    let given_up = push.leaving.get(shown_out..).unwrap_or_default();
                    errands.extend(given_up.iter().map(|subscription| Errand {
                        subscription: subscription.clone(),
                        wish: Wish::Unsubscribe,
                    }));
                    continue;
                }
                Step::Leave => {
                    let given_up = push.subscription.clone();
                    push::leave(push, now);
                    errands.extend(
                        given_up.map(|subscription| Errand { subscription, wish: Wish::Unsubscribe }),
                    );
                    continue;
                }
                Step::Subscribe { hub, topic } => {
                    let (Some(site), Some(names)) = (site, websub::names()) else { break };
                    push::begin(push, (hub, topic), site, names, now);
                    Wish::Subscribe
                }
                Step::Renew => {
                    let hub = push.subscription.as_ref().map(|subscription| subscription.hub.as_str());
                    if let Some(at) = hub.and_then(|hub| self.wait_for(hub, now)) {
                        return (errands, Some(at));
                    }
                    push::renew(push, now);
                    Wish::Subscribe
                }
            };
            errands.extend(push.subscription.clone().map(|subscription| Errand { subscription, wish }));
            break;
        }
        (errands, None)
    }

    /// When a hub may be asked for a renewal; `None` for now, which takes the turn. However short its leases are, and
    /// however many sources it speaks for, it is not asked all the time.
    fn wait_for(&mut self, hub: &str, now: Timestamp) -> Option<Timestamp> {
        // A clock that was ahead for a while lets nobody wait for that time.
        self.renewed.retain(|_, at| *at <= now && now - *at < RENEWAL_INTERVAL);
        if let Some(at) = self.renewed.get(hub) {
            return Some(*at + RENEWAL_INTERVAL);
        }
        self.renewed.insert(hub.to_owned(), now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_asked_for_one_renewal_at_a_time() {
        let (events, _heard) = mpsc::channel(1);
        let (mut pushes, _queue) = Pushes::new("", &BTreeMap::new(), &BTreeMap::new(), events);
        let at = |seconds| Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        for (hub, now, expected) in [
            ("a", 10, None),
            ("a", 10, Some(13)),
            ("b", 11, None),
            ("a", 12, Some(13)),
            ("a", 13, None),
            ("b", 13, Some(14)),
            // The clock was ahead.
            ("a", 5, None),
            ("a", 6, Some(8)),
        ] {
            assert_eq!(pushes.wait_for(hub, at(now)), expected.map(at), "{hub} {now}");
        }
        assert_eq!(pushes.renewed.len(), 1);
    }
}
