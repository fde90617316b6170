//! What the loop does when the time of the house jumps: whoever waits goes on waiting as long as before.

use super::Daemon;
use crate::edge::{clock, systemd};
use crate::model::SourceId;
use crate::schedule;

impl Daemon {
    /// Moves what is waited for with the clock, where that has jumped since the last time.
    pub(super) fn keep_waits(&mut self) {
        let stepped = clock::stepped();
        let by = stepped - self.stepped;
        if by.is_zero() {
            return;
        }
        self.stepped = stepped;
        self.lull = None;
        self.writer.states.values_mut().for_each(|state| schedule::shift(state, by));
        self.pushes.iter_mut().for_each(|pushes| pushes.shift(by));
        let ids: Vec<&SourceId> = self.writer.states.keys().collect();
        if let Err(error) = systemd::patiently(|| self.writer.keep_states(&ids)) {
            tracing::error!(%error, "the store cannot hold when sources are due: a restart asks them anew");
        }
    }
}
