//! Subscriptions at hubs (W3C WebSub): what to do next, and what follows from what a hub says. Pure: tokens, secrets
//! and `now` are arguments.
//!
//! A subscription is asked for, verified by the hub, renewed before its lease ends, and given up where the source
//! names another hub or topic, the admin does not want it any more, or polling finds what nobody pushed. One hub
//! after the other is tried; when none is left, the first is tried again later and later. Polling is the truth
//! meanwhile: see [`is_relied_on`].

mod heard;

use std::time::Duration;

use chrono::TimeDelta;

use super::moments::{later, spread_of};
use crate::model::{Awaited, Push, Secret, SourceId, Subscription, Timestamp, Trouble, Wish};

pub use heard::{Heard, delivered, heard, missed, refused, reply};

/// How long a subscription is asked for, in seconds; the hub decides.
pub const LEASE_SECONDS: u64 = 10 * 24 * 3600;
/// A lease is believed within these bounds, in seconds: no hub makes us ask it every few moments.
const LEASE_SECONDS_MIN: u64 = 10;
const LEASE_SECONDS_MAX: u64 = 30 * 24 * 3600;
/// A lease is renewed when so much of it is over, in percent, or up to so much earlier.
const RENEW_PERCENT: u32 = 80;
const RENEW_SPREAD_PERCENT: u32 = 10;
/// How long a hub has to verify, in seconds.
const VERIFY_SECONDS_MAX: i64 = 15 * 60;
/// The first wait after all hubs have failed, in seconds; it doubles up to a day.
const RETRY_SECONDS_MIN: u64 = 5 * 60;
const RETRY_SECONDS_MAX: u64 = 24 * 3600;
/// A renewal that failed is not tried again sooner, in seconds.
const RENEWAL_PAUSE_SECONDS_MIN: u64 = 3;
/// How long a hub that will not have us is left alone, in seconds.
const DENIED_SECONDS: u64 = 24 * 3600;
/// After so many polls in a row that found what nobody pushed, the hub counts as dead.
const MISSED_MAX: u32 = 2;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this moment, or nothing at all until something happens.
    Rest(Option<Timestamp>),
    /// Subscribe to this topic at this hub.
    Subscribe {
        /// The hub.
        hub: String,
        /// The topic.
        topic: String,
    },
    /// Ask for the same subscription once more: its lease is ending.
    Renew,
    /// Unsubscribe.
    Leave,
    /// The subscription has come to nothing.
    Fail(String),
}

/// Decides what to do next. `site` is `site.url` where the source's pushes are wanted, `None` where they are not.
pub fn step(id: &SourceId, push: &Push, site: Option<&str>, now: Timestamp) -> Step {
    let wanted = site.zip(push.topic.as_deref()).filter(|_| !push.hubs.is_empty());
    let Some(subscription) = &push.subscription else {
        let Some((_, topic)) = wanted else { return Step::Rest(None) };
        if let Some(at) = push.retry_at.filter(|at| *at > now) {
            return Step::Rest(Some(at));
        }
        let turn = push.turn as usize % push.hubs.len();
        let hub = push.hubs.get(turn).cloned().unwrap_or_default();
        return Step::Subscribe { hub, topic: topic.to_owned() };
    };
    let Subscription { hub, topic, .. } = subscription;
    let fits = wanted.is_some_and(|(site, wished)| site == subscription.site && wished == topic);
    if !fits || !push.hubs.contains(hub) {
        return Step::Leave;
    }
    let host = host(hub);
    if push.missed >= MISSED_MAX {
        return Step::Fail(format!(
            "polling found news {} times in a row that {host} had not pushed",
            push.missed
        ));
    }
    let lapses = subscription.until;
    if lapses.is_some_and(|until| until <= now) {
        return Step::Fail(format!("the lease at {host} ended and was not renewed"));
    }
    let next = if let Some(Awaited { since, .. }) = subscription.pending {
        let end = since + TimeDelta::seconds(VERIFY_SECONDS_MAX);
        if end <= now {
            return Step::Fail(format!("{host} did not verify the subscription"));
        }
        Some(end)
    } else {
        let renew = renew_at(id, subscription).max(push.retry_at);
        if renew.is_none_or(|at| at <= now) {
            return Step::Renew;
        }
        renew
    };
    Step::Rest(next.into_iter().chain(lapses).min())
}

/// Notes a new subscription that is about to be asked for.
pub fn begin(push: &mut Push, step: (String, String), site: &str, names: (Secret, Secret), now: Timestamp) {
    let ((hub, topic), (token, secret)) = (step, names);
    let pending = Some(Awaited { wish: Wish::Subscribe, since: now });
    let site = site.to_owned();
    (push.missed, push.denied) = (0, None);
    let (since, verified_at, until) = (None, None, None);
    push.subscription =
        Some(Subscription { hub, topic, site, token, secret, pending, since, verified_at, until });
}

/// Notes that the subscription is about to be renewed.
pub fn renew(push: &mut Push, now: Timestamp) {
    if let Some(subscription) = &mut push.subscription {
        subscription.pending = Some(Awaited { wish: Wish::Subscribe, since: now });
    }
}

/// Notes that the subscription is about to be given up. Whoever is on the way out longest is forgotten where too many
/// are.
pub fn leave(push: &mut Push, now: Timestamp) {
    if let Some(subscription) = push.subscription.take() {
        show_out(push, subscription, now);
    }
    (push.turn, push.failures, push.barren, push.missed) = (0, 0, 0, 0);
    (push.retry_at, push.denied) = (None, None);
    over(push, now);
}

fn show_out(push: &mut Push, mut given_up: Subscription, now: Timestamp) {
    given_up.pending = Some(Awaited { wish: Wish::Unsubscribe, since: now });
    push.leaving.push(given_up);
    let surplus = push.leaving.len().saturating_sub(Push::LEAVING_MAX);
    push.leaving.drain(..surplus);
}

/// Forgets subscriptions that were given up and whose hubs had time to hear of it. Whether there were any.
pub fn forget_left(push: &mut Push, now: Timestamp) -> bool {
    let before = push.leaving.len();
    push.leaving.retain(|left| {
        left.pending.is_some_and(|awaited| now < awaited.since + TimeDelta::seconds(VERIFY_SECONDS_MAX))
    });
    push.leaving.len() < before
}

/// When there is a subscription to forget.
pub fn forget_at(push: &Push) -> Option<Timestamp> {
    let since = push.leaving.iter().filter_map(|left| left.pending).map(|awaited| awaited.since);
    since.min().map(|since| since + TimeDelta::seconds(VERIFY_SECONDS_MAX))
}

/// Notes that the subscription, or its renewal, has come to nothing. As long as a lease lasts, it is renewed later;
/// else the next hub is the next to ask. A hub that brings nothing is to hear that it is not wanted any more.
pub fn failed(id: &SourceId, push: &mut Push, why: &str, now: Timestamp) {
    push.failures = push.failures.saturating_add(1);
    let is_barren = push.missed >= MISSED_MAX;
    if let Some(subscription) = &mut push.subscription
        && let Some(until) = subscription.until.filter(|until| *until > now && !is_barren)
    {
        subscription.pending = None;
        // More than once before the lease ends, if there is time.
        let wait = wait(id, push.failures).min((until - now).to_std().unwrap_or_default() / 3);
        push.retry_at = Some(later(now, wait.max(Duration::from_secs(RENEWAL_PAUSE_SECONDS_MIN))));
        return;
    }
    push.barren = push.barren.saturating_add(u32::from(is_barren));
    if let Some(given_up) = give_up(id, push, why, None, now).filter(|_| is_barren) {
        show_out(push, given_up, now);
    }
}

/// The next hub, or a wait when there is none.
fn give_up(
    id: &SourceId,
    push: &mut Push,
    why: &str,
    seconds_min: Option<u64>,
    now: Timestamp,
) -> Option<Subscription> {
    let given_up = push.subscription.take();
    (push.turn, push.missed, push.retry_at) = (push.turn.wrapping_add(1), 0, None);
    let hubs = u32::try_from(push.hubs.len()).unwrap_or(u32::MAX).max(1);
    if push.turn.is_multiple_of(hubs) {
        let rounds = (push.failures / hubs).max(1).saturating_add(push.barren);
        let wait = wait(id, rounds).max(Duration::from_secs(seconds_min.unwrap_or(0)));
        push.retry_at = Some(later(now, wait));
        if push.trouble.as_ref().is_none_or(|trouble| trouble.over.is_some()) {
            push.trouble = Some(Trouble { since: now, why: why.to_owned(), over: None });
        }
    }
    given_up
}

fn over(push: &mut Push, now: Timestamp) {
    if let Some(trouble) = push.trouble.as_mut().filter(|trouble| trouble.over.is_none()) {
        trouble.over = Some(now);
    }
}

/// Whether pushes are coming in, as far as can be known, so that polling may take its time: the lease lasts, and
/// nothing was missed since the last delivery.
pub fn is_relied_on(push: Option<&Push>, now: Timestamp) -> bool {
    push.is_some_and(|push| {
        let lasts = push.subscription.as_ref().and_then(|one| one.until).is_some_and(|until| until > now);
        lasts && push.missed == 0 && push.barren == 0
    })
}

/// `None` where it was never verified.
fn renew_at(id: &SourceId, subscription: &Subscription) -> Option<Timestamp> {
    let (from, until) = subscription.verified_at.zip(subscription.until)?;
    let lease = (until - from).to_std().unwrap_or_default();
    let early = spread_of(id, "renewal", lease * RENEW_SPREAD_PERCENT / 100);
    Some(later(from, (lease * RENEW_PERCENT / 100).saturating_sub(early)))
}

fn wait(id: &SourceId, failures: u32) -> Duration {
    let (first, longest) = (Duration::from_secs(RETRY_SECONDS_MIN), Duration::from_secs(RETRY_SECONDS_MAX));
    let times = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let wait = first.saturating_mul(times).min(longest);
    wait.saturating_sub(spread_of(id, &format!("hub {failures}"), wait / 8))
}

/// The lease in seconds that is believed.
fn believed(lease_seconds: Option<u64>) -> u64 {
    lease_seconds.unwrap_or(LEASE_SECONDS).clamp(LEASE_SECONDS_MIN, LEASE_SECONDS_MAX)
}

/// When to look again where nothing else says so.
pub fn later_look(now: Timestamp) -> Timestamp {
    later(now, Duration::from_secs(RETRY_SECONDS_MIN))
}

/// The hub in few words: nobody needs its whole address, which may hold a secret of the source's.
pub fn host(hub: &str) -> String {
    let url = url::Url::parse(hub).ok();
    let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "its hub".to_owned(),
    }
}
