//! What the loop does when the time of the house jumps: whoever waits goes on waiting as long as before.

use std::time::Duration;

use tokio::time::Instant;

use super::Daemon;
use crate::app::poller::Brought;
use crate::edge::{clock, systemd};
use crate::model::SourceId;
use crate::schedule;

/// What was fetched earlier than this has been taken in.
const RESULTS_AGE_MAX: Duration = Duration::from_secs(600);

impl Daemon {
    /// Moves what is waited for with the clock, where that has jumped since the last time.
    pub(super) fn keep_waits(&mut self) {
        let stepped = clock::stepped();
        let by = stepped - self.stepped;
        if by.is_zero() {
            return;
        }
        self.stepped = stepped;
        self.jumped = Some((by, Instant::now()));
        self.lull = None;
        self.writer.states.values_mut().for_each(|state| schedule::shift(state, by));
        self.pushes.iter_mut().for_each(|pushes| pushes.shift(by));
        let ids: Vec<&SourceId> = self.writer.states.keys().collect();
        if let Err(error) = systemd::patiently(|| self.writer.keep_states(&ids)) {
            tracing::error!(%error, "the store cannot hold when sources are due: a restart asks them anew");
        }
    }

    /// Brings what was fetched before the last jump to the time after it.
    pub(super) fn keep_time(&mut self, batch: &mut [Brought]) {
        self.jumped = self.jumped.filter(|(_, at)| at.elapsed() < RESULTS_AGE_MAX);
        let (Some((by, _)), now) = (self.jumped, clock::now()) else { return };
        for Brought { fetched, .. } in batch {
            let moved = fetched.at + by;
            if (moved - now).abs() < (fetched.at - now).abs() {
                fetched.at = moved;
            }
        }
    }
}
