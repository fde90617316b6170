//! What becomes of what is waited for when the clock itself jumps: it waits as long as before.

use chrono::TimeDelta;

use crate::model::{Push, SourceState, Subscription, Timestamp};

/// Moves every moment that something is waited from or for by as much as the clock has jumped, so that no wait becomes
/// longer or shorter. What is only told (when it failed first, when it had news) stays as it was told.
pub fn shift(state: &mut SourceState, by: TimeDelta) {
    let moments = [
        &mut state.next_at,
        &mut state.asked_at,
        &mut state.unanswered_at,
        &mut state.retry_after,
        &mut state.fresh_until,
    ];
    moments.into_iter().flatten().for_each(|at| move_by(at, by));
    state.moving.iter_mut().for_each(|moving| move_by(&mut moving.since, by));
    state.push.iter_mut().for_each(|push| shift_push(push, by));
}

fn shift_push(push: &mut Push, by: TimeDelta) {
    push.retry_at.iter_mut().for_each(|at| move_by(at, by));
    push.denied.iter_mut().for_each(|denied| move_by(&mut denied.at, by));
    push.subscription.iter_mut().chain(&mut push.leaving).for_each(|it| shift_subscription(it, by));
}

fn shift_subscription(it: &mut Subscription, by: TimeDelta) {
    let moments = [&mut it.since, &mut it.verified_at, &mut it.until];
    moments.into_iter().flatten().for_each(|at| move_by(at, by));
    it.pending.iter_mut().for_each(|pending| move_by(&mut pending.since, by));
}

fn move_by(at: &mut Timestamp, by: TimeDelta) {
    *at = at.checked_add_signed(by).unwrap_or(*at);
}
