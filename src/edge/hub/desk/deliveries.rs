//! How the desk delivers: one at a time to each subscription, many to all, and whoever is slow has a place of its own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::parts::{End, Line, Member};
use super::{Desk, Done};
use crate::edge::clock;
use crate::edge::hub::fate::{Fate, Outcome, settle};
use crate::edge::hub::lane::Lane;
use crate::edge::hub::news::compose;
use crate::edge::hub::send;
use crate::edge::hub::stock::Content;
use crate::model::{Digest, Subscriber, SubscriberKind, Timestamp};

/// Deliveries at once to those who answered well last time: in all, and to one host and port.
const HEALTHY_MAX: usize = 256;
const HEALTHY_PER_HOST_MAX: usize = 64;
/// The same for those who did not.
const SUSPECTS_MAX: usize = 64;
const SUSPECTS_PER_HOST_MAX: usize = 4;
/// Whoever has not answered after this time lends its place to somebody else, and waits beside.
const LOAN_AFTER: Duration = Duration::from_millis(200);
/// As many may wait beside.
const LOANS_MAX: usize = 512;

pub(super) fn healthy_lane() -> Lane<Digest> {
    Lane::new(HEALTHY_MAX, HEALTHY_PER_HOST_MAX)
}

pub(super) fn suspects_lane() -> Lane<Digest> {
    Lane::new(SUSPECTS_MAX, SUSPECTS_PER_HOST_MAX)
}

/// A delivery that has come back.
pub(super) struct Delivered {
    id: Digest,
    outcome: Outcome,
    /// The announcement that it went up to.
    upto: u64,
}

/// Deliveries on their way.
#[derive(Default)]
pub(super) struct Flights {
    by_id: HashMap<Digest, Flight>,
    /// Those that still hold the place that they began with, in the order in which they began.
    began: VecDeque<(Instant, Digest)>,
    loans: usize,
}

struct Flight {
    host: String,
    place: Place,
    began: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Healthy,
    Suspect,
    Lent,
}

impl Flights {
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// When the next one lends its place.
    pub(super) fn next_loan(&self) -> Option<Instant> {
        let (began, _) = self.began.front().filter(|_| self.loans < LOANS_MAX)?;
        Some(*began + LOAN_AFTER)
    }
}

impl Desk {
    /// Lets a subscription wait for its turn, if there is anything to tell it and it may be told now.
    pub(super) fn enqueue(&mut self, id: Digest, now: Timestamp) {
        let Some(member) = self.members.get_mut(&id) else { return };
        let last = self.topics.get(&member.it.topic).map_or(0, |line| line.state.last);
        if member.is_busy || member.it.acknowledged >= last {
            return;
        }
        if let Some(at) = member.it.next_at.filter(|at| *at > now) {
            self.retries.insert((at, id));
            return;
        }
        member.is_busy = true;
        let lane = if member.it.failures == 0 { &mut self.healthy } else { &mut self.suspects };
        let port = member.it.callback.port_or_known_default().unwrap_or_default();
        lane.join(&format!("{}:{port}", member.it.host()), id);
    }

    /// Moves leases and what waits for another try with a clock that has jumped: they last as long as before.
    pub(super) fn keep_waits(&mut self) {
        let stepped = clock::stepped();
        let by = stepped - self.stepped;
        if by.is_zero() {
            return;
        }
        self.stepped = stepped;
        let moved = |at: Timestamp| at.checked_add_signed(by).unwrap_or(at);
        self.retries =
            std::mem::take(&mut self.retries).into_iter().map(|(at, id)| (moved(at), id)).collect();
        for Member { it, .. } in self.members.values_mut() {
            let moments = [&mut it.expires, &mut it.failing_since, &mut it.next_at];
            moments.into_iter().flatten().for_each(|at| *at = moved(*at));
        }
        let ids: Vec<Digest> = self.members.keys().copied().collect();
        ids.into_iter().for_each(|id| self.note(id));
    }

    /// Sends what is due, and puts the questions that are.
    pub(super) fn begin_due(&mut self) {
        while let Some((host, id)) = self.healthy.next() {
            self.begin(id, host, Place::Healthy);
        }
        while let Some((host, id)) = self.suspects.next() {
            self.begin(id, host, Place::Suspect);
        }
        self.begin_asks();
    }

    fn begin(&mut self, id: Digest, host: String, place: Place) {
        let is_over = self.members.get(&id).is_some_and(|member| member.it.is_over(clock::now()));
        if is_over {
            self.end(id, End::Expired);
        }
        // One that has ended, and was perhaps begun anew while an old delivery is still on its way, waits for that.
        let content = if self.flights.by_id.contains_key(&id) { None } else { self.content(id) };
        let Some((to, content, upto)) = content else {
            return self.vacate(place, &host);
        };
        let began = Instant::now();
        self.flights.by_id.insert(id, Flight { host, place, began });
        if place == Place::Healthy {
            self.flights.began.push_back((began, id));
        }
        let (settings, stock) = (Arc::clone(&self.settings), Arc::clone(&self.stock));
        let done = self.tell_done.clone();
        tokio::spawn(async move {
            let (outcome, upto) = send::deliver(&settings, &stock, &to, content, upto).await;
            // The desk may have closed meanwhile.
            let _ = done.send(Done::Delivered(Delivered { id, outcome, upto }));
        });
    }

    /// What a subscription is to be sent now, which is on its way from here on.
    fn content(&mut self, id: Digest) -> Option<(Subscriber, Content, u64)> {
        let member = self.members.get_mut(&id)?;
        let it = member.it.clone();
        let line = self.topics.get_mut(&it.topic)?;
        let last = line.state.last;
        if line.seen.is_none() {
            member.is_busy = false;
            return None;
        }
        member.is_busy = true;
        if it.kind != SubscriberKind::WebSub {
            return Some((it, Content::Word, last));
        }
        let newest = line.newest(last).filter(|_| it.acknowledged + 1 == last);
        let content = newest.unwrap_or_else(|| {
            let first = line.kept.front().map_or(u64::MAX, |(number, _)| *number);
            // From a gap on nothing would fit together.
            Content::Stored(if first > it.acknowledged + 1 { u64::MAX } else { it.acknowledged })
        });
        Some((it, content, last))
    }

    /// Takes in what tasks have done, and makes that durable.
    pub(super) async fn take_back(&mut self, done: &mut Vec<Done>) {
        let (mut replies, now) = (vec![], clock::now());
        for one in done.drain(..) {
            match one {
                Done::Asked(asked) => replies.extend(self.asked(asked)),
                Done::Delivered(delivered) => self.delivered(&delivered, now),
            }
        }
        self.save().await;
        for (reply, answer) in replies {
            // Who has gone meanwhile needs no answer.
            let _ = reply.send(answer);
        }
    }

    fn delivered(&mut self, delivered: &Delivered, now: Timestamp) {
        let Delivered { id, outcome, upto } = delivered;
        let Some(flight) = self.flights.by_id.remove(id) else { return };
        self.vacate(flight.place, &flight.host);
        // It may have ended meanwhile.
        let Some(member) = self.members.get_mut(id) else { return };
        member.is_busy = false;
        let (failed_before, fate) = (member.it.failures > 0, settle(&mut member.it, outcome, *upto, now));
        let it = &member.it;
        match (failed_before, &it.error) {
            (false, Some(why)) => {
                tracing::warn!(
                    topic = it.topic,
                    host = it.host(),
                    why,
                    "a delivery failed and is tried again"
                );
            }
            (true, None) => tracing::info!(topic = it.topic, host = it.host(), "deliveries arrive again"),
            _ => {}
        }
        match fate {
            Fate::Lives => {
                self.note(*id);
                self.enqueue(*id, now);
            }
            Fate::Gone => self.end(*id, End::Gone),
            Fate::Ends(reason) => self.end(*id, End::Told(reason)),
        }
    }

    fn vacate(&mut self, place: Place, host: &str) {
        match place {
            Place::Healthy => self.healthy.leave(host),
            Place::Suspect => self.suspects.leave(host),
            Place::Lent => self.flights.loans -= 1,
        }
    }

    /// Gives the places of those who let us wait to others.
    pub(super) fn lend_places(&mut self) {
        let now = Instant::now();
        while let Some((began, id)) = self.flights.began.front().copied() {
            if began + LOAN_AFTER > now || self.flights.loans >= LOANS_MAX {
                return;
            }
            self.flights.began.pop_front();
            let flight = self.flights.by_id.get_mut(&id).filter(|flight| flight.began == began);
            let Some(flight) = flight.filter(|flight| flight.place == Place::Healthy) else { continue };
            flight.place = Place::Lent;
            self.flights.loans += 1;
            self.healthy.leave(&flight.host);
        }
    }
}

impl Line {
    /// The announcement with this number, if it is the newest one and still at hand.
    fn newest(&mut self, number: u64) -> Option<Content> {
        let newest = self.newest.as_ref().filter(|newest| newest.number == number)?;
        let compose = || Bytes::from(compose(std::slice::from_ref(newest.as_ref())));
        Some(Content::Newest(Arc::clone(newest), self.body.get_or_insert_with(compose).clone()))
    }
}
