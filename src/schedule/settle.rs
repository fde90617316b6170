//! What follows for a source from the poll that was just taken in: its next moment, what it has cost, how it
//! is.

use std::time::Duration;

use chrono_tz::Tz;

use super::health::judge;
use super::hints::told;
use super::moments::later;
use super::plan::next_at;
use crate::model::{Health, Ledger, Location, Manners, Source, SourceState, Timestamp};

/// Completes `state`, which holds the outcome of a poll, with what follows from it: when to ask next, the
/// ledger of its hosts, and its health. `old` is the state before the poll, `manners` what the exchange said
/// and cost.
pub fn settle(
    source: &Source,
    old: &SourceState,
    state: &mut SourceState,
    manners: &Manners,
    zone: Tz,
    now: Timestamp,
) {
    state.next_at = next_at(source, state, zone, now);
    count_requests(state, manners);
    if state.asked_at == old.asked_at {
        // Its host wants to be left alone by us, whatever the source's own hints and switches say.
        let end = held_until(source, manners, now);
        state.next_at = state.next_at.map(|at| at.max(end.unwrap_or(at)));
    } else {
        count_hints(source, old, state, manners);
    }
    watch_health(source, state, now);
}

/// Until when the host keeps us away, where the source was not asked because of that; not longer than
/// `max_interval` at a time.
fn held_until(source: &Source, manners: &Manners, now: Timestamp) -> Option<Timestamp> {
    let Location::Web(_) = source.location else { return None };
    let wait = Duration::from_secs(manners.retry_after_seconds?);
    Some(later(now, wait.min(source.fetch.max_interval)))
}

/// Counts what this poll has cost each host.
fn count_requests(state: &mut SourceState, manners: &Manners) {
    for hop in &manners.hops {
        account(state, &hop.host).add(&Ledger {
            requests: 1,
            not_modified: u64::from(matches!(hop.status, Some(304 | 226))),
            refused: u64::from(hop.status == Some(429)),
            wire_bytes: hop.wire_bytes,
            ..Ledger::default()
        });
    }
}

/// Counts hints for the host that answered last: as received, all that are in force after this poll (a 304
/// confirms the document with its hints, a failure tells `Retry-After` alone). They count as honoured as well,
/// until a poll comes before the end of one that the poll before received, and before it has kept us away for
/// `max_interval`.
fn count_hints(source: &Source, old: &SourceState, state: &mut SourceState, manners: &Manners) {
    let (Some(last), Some(asked)) = (manners.hops.last(), state.asked_at) else { return };
    let bound = old.asked_at.map_or(asked, |before| later(before, source.fetch.max_interval));
    let ignored = ends(source, old, asked).filter(|until| asked < (*until).min(bound)).count() as u64;
    let received = ends(source, state, asked).count() as u64;
    let account = account(state, &last.host);
    account.hints_received = account.hints_received.saturating_add(received);
    account.hints_honoured = account.hints_honoured.saturating_add(received).saturating_sub(ignored);
}

/// The ends of the hints that the last answer gave or confirmed, whether they are obeyed or not.
fn ends(source: &Source, state: &SourceState, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let failed = state.error.is_some();
    let counted =
        told(source, state, now).into_iter().filter(move |told| !failed || told.hint == "retry-after");
    counted.map(|told| told.until)
}

/// The ledger of a host, the last one where there is no room for another.
fn account<'a>(state: &'a mut SourceState, host: &str) -> &'a mut Ledger {
    let ledger = &mut state.ledger;
    let is_full = ledger.len() >= Ledger::HOSTS_MAX && !ledger.contains_key(host);
    let last = ledger.keys().next_back().filter(|_| is_full).cloned();
    ledger.entry(last.unwrap_or_else(|| host.to_owned())).or_default()
}

/// Judges the source, and remembers how it was before.
pub fn watch_health(source: &Source, state: &mut SourceState, now: Timestamp) {
    if state.asked_at.is_none() {
        return;
    }
    let (is, why) = judge(source, state, now);
    let since = match state.health.take() {
        Some(before) if before.is == is => before.since,
        Some(before) => {
            state.past.push(before);
            let surplus = state.past.len().saturating_sub(Health::PAST_MAX);
            state.past.drain(..surplus);
            now
        }
        None => now,
    };
    state.health = Some(Health { is, since, why });
}
