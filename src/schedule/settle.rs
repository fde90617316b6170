//! What follows for a source from the poll that was just taken in.

use chrono_tz::Tz;

use super::plan::next_at;
use crate::model::{Manners, Source, SourceState, Timestamp};

/// Completes `state`, which holds the outcome of a poll, with what follows from it: when to ask next. `old` is
/// the state before the poll, `manners` what the exchange said and cost.
pub fn settle(
    source: &Source,
    _old: &SourceState,
    state: &mut SourceState,
    _manners: &Manners,
    zone: Tz,
    now: Timestamp,
) {
    state.next_at = Some(next_at(source, state, zone, now));
}
