//! What follows from what a hub says: its answer, its question, its no, its deliveries, its silence.

use chrono::TimeDelta;

use super::{DENIED_SECONDS, believed, failed, give_up, host, over};
use crate::model::{
    DateOrigin, Denied, Entry, Intent, Push, Secret, SourceId, Subscription, Timestamp, Wish,
};

/// What is published so shortly before a poll may still be on its way from the hub, in seconds.
const ON_ITS_WAY_SECONDS: i64 = 300;

/// What a request on a callback came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// We want this: the challenge is echoed.
    Wanted,
    /// The hub's no is taken in.
    Noted,
    /// Nobody here knows of it.
    Unknown,
}

/// Takes in what a hub says on the callback with this token. Only a request that waits for exactly this topic and mode
/// is confirmed, and once.
pub fn heard(id: &SourceId, push: &mut Push, token: &Secret, said: &Intent, now: Timestamp) -> Heard {
    let is_it = |one: &Subscription, about: &str| one.token == *token && one.topic == about;
    match said {
        Intent::Denied { topic, reason } => {
            let Some(one) = push.subscription.as_ref().filter(|one| is_it(one, topic)) else {
                return Heard::Unknown;
            };
            let denied = Denied { at: now, hub: one.hub.clone(), reason: reason.clone() };
            turn_away(id, push, denied, now);
            Heard::Noted
        }
        Intent::Verify { wish: Wish::Subscribe, topic, lease_seconds } => {
            let Some(one) = push.subscription.as_mut().filter(|one| is_it(one, topic)) else {
                return Heard::Unknown;
            };
            if one.pending.take_if(|awaited| awaited.wish == Wish::Subscribe).is_none() {
                return Heard::Unknown;
            }
            let lease = i64::try_from(believed(*lease_seconds)).unwrap_or(i64::MAX);
            one.since = one.since.or(Some(now));
            one.verified_at = Some(now);
            one.until = TimeDelta::try_seconds(lease).and_then(|lease| now.checked_add_signed(lease));
            (push.failures, push.retry_at, push.denied) = (0, None, None);
            if push.barren == 0 {
                over(push, now);
            }
            Heard::Wanted
        }
        Intent::Verify { wish: Wish::Unsubscribe, topic, .. } => {
            let before = push.leaving.len();
            push.leaving.retain(|one| !is_it(one, topic));
            if push.leaving.len() < before { Heard::Wanted } else { Heard::Unknown }
        }
    }
}

/// A hub will not have us (any more): the next one is asked at once, this one after a day.
fn turn_away(id: &SourceId, push: &mut Push, denied: Denied, now: Timestamp) {
    let reason = denied.reason.as_deref().unwrap_or("it gives no reason");
    let why = format!("{} denies the subscription: {reason}", host(&denied.hub));
    push.denied = Some(denied);
    give_up(id, push, &why, Some(DENIED_SECONDS), now);
}

/// The hub has answered a request: it will verify it, or why it will not. What was verified meanwhile stays.
pub fn reply(id: &SourceId, push: &mut Push, token: &Secret, answer: Result<(), String>, now: Timestamp) {
    let mut all = push.subscription.iter_mut().chain(&mut push.leaving);
    let Some(awaited) = all.find(|one| one.token == *token).and_then(|one| one.pending.as_mut()) else {
        return;
    };
    match (answer, awaited.wish) {
        (Ok(()), _) => awaited.since = now,
        (Err(why), Wish::Subscribe) => failed(id, push, &why, now),
        // It was worth a try; the lease will end.
        (Err(_), Wish::Unsubscribe) => push.leaving.retain(|one| one.token != *token),
    }
}

/// Something was pushed and taken in. `is_news` says whether anything in it was new.
pub fn delivered(push: &mut Push, is_news: bool, now: Timestamp) {
    push.delivered_at = Some(now);
    push.deliveries = push.deliveries.saturating_add(1);
    if is_news {
        (push.missed, push.barren) = (0, 0);
        over(push, now);
    }
}

/// A delivery was thrown away.
pub fn refused(push: &mut Push, why: &str) {
    push.refused = push.refused.saturating_add(1);
    push.refused_why = Some(why.to_owned());
}

/// Counts a poll that found these entries, where the hub should have brought any of them: such as are no backfill,
/// came while the subscription lasted, and not so lately that they may still be on their way. Whether it did count.
pub fn missed(push: &mut Push, new: &[Entry], now: Timestamp) -> bool {
    let Some(one) = push.subscription.as_ref().filter(|one| one.until.is_some_and(|until| until > now))
    else {
        return false;
    };
    let Some(since) = one.since else { return false };
    let too_late = now - TimeDelta::seconds(ON_ITS_WAY_SECONDS);
    let is_missed = new.iter().any(|entry| {
        let is_dated = matches!(entry.dated, DateOrigin::Source | DateOrigin::SourceUpdated);
        // What bears no date is as old as this poll, as far as anybody knows.
        !entry.backfill && (!is_dated || entry.published > since && entry.published < too_late)
    });
    push.missed = push.missed.saturating_add(u32::from(is_missed));
    is_missed
}
