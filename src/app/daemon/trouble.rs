//! What the loop does when nothing can be written: it asks nobody, keeps what has come, and tries again.

use std::ops::ControlFlow;

use tokio::time::Instant;

use super::{Daemon, Over};
use crate::app::row::Row;
use crate::edge::store::ObstacleKind;
use crate::edge::{clock, systemd};

impl Daemon {
    /// Looks after the disk where it is time to. Breaks where only a new beginning can help.
    pub(super) fn tend_disk(&mut self) -> ControlFlow<Over> {
        let failed = self.writer.store.obstacle();
        let is_in = self.troubles.current().is_some();
        if !is_in && let Some(obstacle) = failed {
            let is_broken = obstacle.kind == ObstacleKind::Broken;
            self.pause(obstacle);
            return if is_broken { self.try_again() } else { ControlFlow::Continue(()) };
        }
        if Instant::now() < self.troubles.look_at() {
            return ControlFlow::Continue(());
        }
        if is_in {
            return self.try_again();
        }
        match systemd::patiently(|| self.writer.store.admit(0)).err().and_then(|error| error.obstacle()) {
            Some(obstacle) => self.pause(obstacle),
            None => drop(self.troubles.end(clock::now())),
        }
        ControlFlow::Continue(())
    }

    /// Whether anything can be written, as far as is known.
    pub(super) fn can_write(&self) -> bool {
        self.troubles.current().is_none()
    }

    /// Begins to wait.
    fn pause(&mut self, obstacle: crate::edge::store::Obstacle) {
        let is_news = self.troubles.begin(obstacle, clock::now());
        let Some(told) = self.troubles.current() else { return };
        let (why, what) = (told.obstacle.to_string(), told.means());
        if is_news {
            tracing::error!(why, "the store cannot be written: {what}");
            systemd::status(&format!("{why}: {what}"));
        }
        // Whoever waits for a round is told; what is on its way is taken in later.
        self.jobs.iter_mut().for_each(|job| job.hold_up(&why));
        self.finish_jobs();
    }

    fn try_again(&mut self) -> ControlFlow<Over> {
        let was_broken =
            self.troubles.current().is_some_and(|told| told.obstacle.kind == ObstacleKind::Broken);
        match systemd::patiently(|| self.writer.store.try_again()) {
            Ok(()) if was_broken => {
                let why = self.troubles.current().map(|told| told.obstacle.why.clone()).unwrap_or_default();
                return ControlFlow::Break(Over::Broken(why));
            }
            Ok(()) => {
                if self.writer.is_held_back() {
                    // The disk may take the few words of a trial, and no documents.
                    self.writer.publish_news();
                }
                match self.writer.store.obstacle() {
                    Some(obstacle) => self.pause(obstacle),
                    None => self.resume(),
                }
            }
            Err(error) => match error.obstacle().filter(|_| !was_broken) {
                Some(obstacle) => self.pause(obstacle),
                None => self.troubles.go_on(),
            },
        }
        ControlFlow::Continue(())
    }

    /// Goes on where it was.
    fn resume(&mut self) {
        let Some(told) = self.troubles.end(clock::now()) else { return };
        let (kind, since) = (told.obstacle.kind.word(), told.since);
        tracing::info!(kind, %since, "the store can be written again: sources are asked again");
        systemd::status("");
        // What has come meanwhile goes first, and what could not be made durable is by now.
        self.take(vec![]);
        self.lull = None;
        if self.refused.is_some() {
            // Perhaps only because nothing could be written.
            self.reload();
        }
        if let Err(error) = systemd::patiently(|| self.writer.begin_filing()) {
            tracing::error!(%error, "archives cannot be brought up to date: the next start tries again");
        }
        let changed: Vec<_> = self.again.drain().collect();
        self.start(&changed);
    }

    /// What a source comes to that cannot be asked now.
    pub(super) fn held_up(&self, id: &crate::model::SourceId) -> Option<Row> {
        Some(Row::held_up(id, &self.troubles.current()?.obstacle.to_string()))
    }
}
