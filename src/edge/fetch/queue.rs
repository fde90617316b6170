//! Turns: so many requests in all, so many at one host, each in the order of asking and in the host's pace.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::complaint::Complaint;
use super::guard::Guard;
use super::host::{self, host_of};
use super::pace::Pace;
use super::paces::Paces;
use super::places::{Place, Places, acquire};
use super::quota;
use super::resolve::Resolver;
use crate::edge::clock;
use crate::model::{FetchErrorKind, FetchLimits, FetchPolicy, Network};

/// Requests to one host in a second, for each of those that may be there at once: a host that takes 100 ms
/// for an answer is never asked faster.
const PER_SECOND: usize = 10;
/// What a host that has not answered yet may take of all slots, an eighth, but at least so many.
const SHARE_AT_FIRST: usize = 8;
const PLACES_AT_FIRST: usize = 8;
/// Requests whose slot somebody else has, for each slot. With the slots, and the connections that wait for
/// another request, they stay below the 1024 files that a process may open by default.
const LENT_PER_SLOT: usize = 8;
const LENT_MAX: usize = 512;
/// A host that is not to be asked for longer than this is not waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// 429 Too Many Requests (RFC 6585 §4).
const TOO_MANY: u16 = 429;

/// Who waits for what: first for the host's name, then for its pace, then for its address, and only then for a
/// slot, so that those who wait for a busy host keep nobody else from a slot. Always in this order, so that
/// nobody waits in a circle.
#[derive(Clone)]
pub(super) struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    slots: Arc<Semaphore>,
    /// Held by whoever is the next to get a slot for the first time: those who take theirs back stand in line for
    /// the slots themselves, behind one of ten thousand and not behind all of them.
    newcomers: tokio::sync::Mutex<()>,
    lent: Arc<Semaphore>,
    names: Arc<Places<String>>,
    addresses: Arc<Places<AddressKey>>,
    paces: Paces,
    resolver: Resolver,
}

type AddressKey = (IpAddr, Option<u16>);

/// Holds one of the slots until what was fetched has been taken; dropping it lets the next fetch start.
#[derive(Debug)]
pub struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// For an exchange that never began.
    pub(super) fn none() -> Self {
        Self { _permit: None }
    }
}

/// The right to exchange with one host now.
pub(super) struct Turn {
    queue: Queue,
    guard: Guard,
    network: Network,
    host: Option<Place<String>>,
    address: Option<Place<AddressKey>>,
    slot: Option<OwnedSemaphorePermit>,
    /// Held while somebody else has the slot.
    lent: Option<OwnedSemaphorePermit>,
}

impl Queue {
    pub(super) fn new(limits: FetchLimits, resolver: Resolver) -> Self {
        let at_least_one = |limit: usize| limit.clamp(1, Semaphore::MAX_PERMITS);
        let per_host = at_least_one(limits.per_host);
        let per_second = u32::try_from(per_host.saturating_mul(PER_SECOND)).unwrap_or(u32::MAX);
        let inner = Inner {
            slots: Arc::new(Semaphore::new(at_least_one(limits.concurrency))),
            newcomers: tokio::sync::Mutex::default(),
            lent: Arc::new(Semaphore::new(limits.concurrency.saturating_mul(LENT_PER_SLOT).min(LENT_MAX))),
            names: Places::new((limits.concurrency / SHARE_AT_FIRST).max(PLACES_AT_FIRST), per_host),
            addresses: Places::new(per_host, per_host),
            paces: Paces::new(per_second),
            resolver,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Waits for a slot alone.
    pub(super) async fn slot(&self) -> Slot {
        Slot { _permit: self.inner.slot().await }
    }

    /// Waits for the host of `url`, then for a slot. The space that the host wants between requests counts
    /// where `heed_spacing` says so. Fails where the host is to be left alone for longer than one waits.
    pub(super) async fn turn(
        &self,
        policy: &FetchPolicy,
        url: &Url,
        heed_spacing: bool,
    ) -> Result<Turn, Complaint> {
        let guard = Guard::new(&policy.allow_private);
        let space_max = if heed_spacing { Duration::MAX } else { Duration::ZERO };
        self.turn_within(guard, policy.network, url, space_max).await
    }

    async fn turn_within(
        &self,
        guard: Guard,
        network: Network,
        url: &Url,
        space_max: Duration,
    ) -> Result<Turn, Complaint> {
        let mut turn =
            Turn { queue: self.clone(), guard, network, host: None, address: None, slot: None, lent: None };
        turn.enter(url, space_max).await?;
        Ok(turn)
    }

    /// From now on requests to the host of `url` are at least so far apart; the larger one counts.
    pub(super) fn space(&self, url: &Url, delay: Duration) {
        self.with(url, |pace, now| pace.set_space(now, delay));
    }

    /// Learns from an answer how fast its host wants to be asked.
    pub(super) fn note(&self, url: &Url, status: u16, headers: &HeaderMap) {
        self.inner.names.answered(&host_of(url));
        let quiet = quota::used_up(headers, SystemTime::from(clock::now()));
        self.with(url, |pace, now| {
            if status == TOO_MANY {
                pace.slow_down(now);
            } else {
                pace.speed_up();
            }
            if let Some(quiet) = quiet {
                pace.hush(now, quiet);
            }
        });
    }

    fn with(&self, url: &Url, change: impl FnOnce(&mut Pace, tokio::time::Instant)) {
        self.inner.paces.with(&host_of(url), !host::is_local(url), change);
    }

    #[cfg(test)]
    fn hosts_known(&self) -> (usize, usize) {
        (self.inner.names.known(), self.inner.addresses.known())
    }
}

impl Inner {
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let _first = self.newcomers.lock().await;
        acquire(&self.slots).await
    }
}

impl Turn {
    /// Goes over to the host of `url`, perhaps the same one. Whoever has to wait gives everything back
    /// meanwhile. A host's wish for space is not waited for longer than a minute here: a source that redirects
    /// within its host would otherwise never arrive.
    pub(super) async fn go_to(&mut self, url: &Url, heed_spacing: bool) -> Result<(), Complaint> {
        self.enter(url, if heed_spacing { WAIT_MAX } else { Duration::ZERO }).await
    }

    /// Gives everything back; the next thing to do is to go somewhere.
    pub(super) fn rest(&mut self) {
        (self.address, self.host, self.slot) = (None, None, None);
    }

    /// Lets somebody else have the slot as long as nothing comes from the host, whose place is kept: whoever hangs
    /// costs its host a place and the others nothing. No more than so many hang at once.
    pub(super) fn lend_slot(&mut self) {
        let lent = &self.queue.inner.lent;
        if let (Some(_), Ok(permit)) = (&self.slot, lent.clone().try_acquire_owned()) {
            (self.slot, self.lent) = (None, Some(permit));
        }
    }

    /// Waits for a slot again, where it was lent: what is read takes memory.
    pub(super) async fn take_slot_back(&mut self) {
        if self.lent.is_some() {
            self.slot = acquire(&self.queue.inner.slots).await;
            self.lent = None;
        }
    }

    /// Leaves the host and keeps the slot.
    pub(super) fn end(self) -> Slot {
        Slot { _permit: self.slot }
    }

    async fn enter(&mut self, url: &Url, space_max: Duration) -> Result<(), Complaint> {
        let name = host_of(url);
        let queue = self.queue.inner.clone();
        // What it was lent for is over.
        self.lent = None;
        // Nobody stands in line for what is closed.
        held(queue.paces.wait(&name, space_max))?;
        if self.host.as_ref().is_none_or(|host| *host.key() != name) {
            (self.address, self.host) = (None, None);
            let mut place = queue.names.at(name.clone());
            if !place.enter_at_once() {
                self.slot = None;
                place.enter().await;
            }
            self.host = Some(place);
        }
        let (host, address, slot) = (&self.host, &mut self.address, &mut self.slot);
        let _next = match host {
            Some(host) => host.be_next(|| (*address, *slot) = (None, None)).await,
            None => None,
        };
        loop {
            let wait = queue.paces.wait(&name, space_max);
            if !wait.is_zero() {
                (self.address, self.slot) = (None, None);
                held(wait)?;
                tokio::time::sleep(wait).await;
                continue;
            }
            Box::pin(self.enter_address(url)).await;
            if self.slot.is_none() {
                self.slot = queue.slot().await;
            }
            // While we waited for address and slot, another one may have been faster.
            if queue.paces.take(&name, !host::is_local(url), space_max) {
                return Ok(());
            }
        }
    }

    /// Takes a place at the address that the name leads to. A name that leads nowhere needs none: what is
    /// wrong with it is told when it is asked.
    async fn enter_address(&mut self, url: &Url) {
        let queue = self.queue.inner.clone();
        let host = url.host_str().unwrap_or_default();
        let found = queue.resolver.addresses(host, &self.guard, self.network).await;
        let smallest = found.ok().and_then(|found| found.into_iter().map(|ip| ip.to_canonical()).min());
        let Some(key) = smallest.map(|address| host::host_at(address, url)) else {
            self.address = None;
            return;
        };
        if self.address.as_ref().is_some_and(|place| *place.key() == key) {
            return;
        }
        self.address = None;
        let mut place = queue.addresses.at(key);
        if !place.enter_at_once() {
            self.slot = None;
            place.enter().await;
        }
        self.address = Some(place);
    }
}

/// Complains where the wait is too long to wait.
fn held(wait: Duration) -> Result<(), Complaint> {
    if wait <= WAIT_MAX {
        return Ok(());
    }
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let until = clock::now()
        + chrono::TimeDelta::try_seconds(i64::try_from(seconds).unwrap_or(0)).unwrap_or_default();
    let says = format!(
        "was not asked: its host asked for quiet until {}; nothing was sent",
        until.format("%F %T UTC")
    );
    Err(Complaint { retry_after_seconds: Some(seconds), ..Complaint::new(FetchErrorKind::Held, says) })
}

#[cfg(test)]
mod tests;
