//! When nothing can be written: how long that lasts, and what the log and the admin hear of it. Once each, however often
//! it is tried.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::edge::store::{Obstacle, ObstacleKind};
use crate::model::Timestamp;

/// The disk is looked at so often while all is well, and how often it is tried again while it is not.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
const RETRY_INTERVAL: Duration = Duration::from_secs(3);
/// What comes back so soon has not been over.
const CALM: Duration = Duration::from_secs(60);
/// Troubles that the admin is told of.
const TOLD_MAX: usize = 10;

/// A time in which nothing could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) since: Timestamp,
    pub(super) over: Option<Timestamp>,
    pub(super) obstacle: Obstacle,
}

/// What is known of it.
#[derive(Debug)]
pub(super) struct Troubles {
    is_in: bool,
    look_at: Instant,
    /// When the last one was over.
    over_at: Option<Instant>,
    /// The last ones, the newest at the end.
    told: VecDeque<Told>,
}

impl Troubles {
    /// None as yet.
    pub(super) fn new() -> Self {
        Self { is_in: false, look_at: Instant::now(), over_at: None, told: VecDeque::new() }
    }

    /// What stands in the way now.
    pub(super) fn current(&self) -> Option<&Told> {
        self.told.back().filter(|_| self.is_in)
    }

    /// All that the admin is told of, the oldest first.
    pub(super) fn told(&self) -> impl Iterator<Item = &Told> {
        self.told.iter()
    }

    /// When to look again.
    pub(super) fn look_at(&self) -> Instant {
        self.look_at
    }

    /// What is wanted of the disk has changed.
    pub(super) fn look_now(&mut self) {
        self.look_at = Instant::now();
    }

    /// Something stands in the way. Says whether that is news.
    pub(super) fn begin(&mut self, obstacle: Obstacle, now: Timestamp) -> bool {
        let is_back = self.over_at.is_some_and(|at| at.elapsed() < CALM);
        self.look_at = Instant::now() + RETRY_INTERVAL;
        let was_in = std::mem::replace(&mut self.is_in, true);
        match self.told.back_mut() {
            Some(last) if (was_in || is_back) && last.obstacle.kind == obstacle.kind => {
                last.over = None;
                return false;
            }
            Some(last) if was_in => last.over = Some(now),
            _ => {}
        }
        self.told.push_back(Told { since: now, over: None, obstacle });
        self.told.drain(..self.told.len().saturating_sub(TOLD_MAX));
        true
    }

    /// It still does.
    pub(super) fn go_on(&mut self) {
        self.look_at = Instant::now() + RETRY_INTERVAL;
    }

    /// All is well. Returns what is over now.
    pub(super) fn end(&mut self, now: Timestamp) -> Option<&Told> {
        self.look_at = Instant::now() + LOOK_INTERVAL;
        if !std::mem::take(&mut self.is_in) {
            return None;
        }
        self.over_at = Some(Instant::now());
        let last = self.told.back_mut()?;
        last.over = Some(now);
        Some(last)
    }
}

impl Told {
    /// What it takes from readers and sources.
    pub(super) fn means(&self) -> &'static str {
        match self.obstacle.kind {
            ObstacleKind::NoRoom => "no source is asked until there is room; readers are served on",
            ObstacleKind::ReadOnly | ObstacleKind::Failing | ObstacleKind::Broken => {
                "no source is asked until it can be written again; readers are served on"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn obstacle(kind: ObstacleKind) -> Obstacle {
        Obstacle { kind, why: "for a test".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trouble_that_comes_back_at_once_is_told_once() {
        use ObstacleKind::{Failing, NoRoom};
        let at = |seconds| Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let mut troubles = Troubles::new();
        assert!(troubles.end(at(0)).is_none());
        assert!(troubles.begin(obstacle(NoRoom), at(1)));
        assert!(!troubles.begin(obstacle(NoRoom), at(2)));
        assert!(troubles.current().is_some());
        assert_eq!(troubles.end(at(3)).unwrap().since, at(1));
        assert!(troubles.current().is_none());
        assert!(!troubles.begin(obstacle(NoRoom), at(4)), "it has not been over");
        assert!(troubles.begin(obstacle(Failing), at(5)), "it is another one");
        troubles.end(at(6));
        tokio::time::advance(CALM).await;
        assert!(troubles.begin(obstacle(Failing), at(70)));
        let told: Vec<_> = troubles.told().map(|told| (told.since, told.over)).collect();
        assert_eq!(told, [(at(1), Some(at(5))), (at(5), Some(at(6))), (at(70), None)]);
        for second in 100..150 {
            tokio::time::advance(CALM).await;
            troubles.begin(obstacle(NoRoom), at(second));
            troubles.end(at(second));
        }
        assert_eq!(troubles.told().count(), TOLD_MAX);
    }
}
