//! Waiting for a disk that does not take or give what opening the store needs. In the same process, which holds what
//! readers were shown last: on such a disk no other one might find it again.

use std::thread;
use std::time::Duration;

use crate::edge::store::{Obstacle, ObstacleKind, StoreError};
use crate::edge::systemd;

/// A disk is tried again so often; one that fails more and more seldom, for each time may be hard on it.
const INTERVAL: Duration = Duration::from_secs(3);
const INTERVAL_MAX: Duration = Duration::from_secs(60);

/// What has been waited for.
#[derive(Debug, Default)]
pub(super) struct Patience {
    last: Option<ObstacleKind>,
    /// Times in a row.
    times: u32,
}

impl Patience {
    /// Waits for a while. Who is to know of it is told when it begins, and when it is another obstacle.
    pub(super) fn wait(&mut self, error: &StoreError, waits: &dyn Fn(Obstacle)) {
        let obstacle = obstacle(error);
        if self.last.replace(obstacle.kind) != Some(obstacle.kind) {
            self.times = 0;
            tracing::error!(%error, "the store waits for the disk: it is opened as soon as that is possible");
            systemd::status(&format!("degraded, the store waits: {obstacle}"));
        }
        let kind = obstacle.kind;
        waits(obstacle);
        thread::sleep(self.next(kind));
    }

    fn next(&mut self, kind: ObstacleKind) -> Duration {
        let doubled = INTERVAL.saturating_mul(1_u32.checked_shl(self.times).unwrap_or(u32::MAX));
        self.times = self.times.saturating_add(1);
        match kind {
            ObstacleKind::NoRoom | ObstacleKind::ReadOnly => INTERVAL,
            ObstacleKind::Failing | ObstacleKind::Broken => doubled.min(INTERVAL_MAX),
        }
    }
}

/// What the disk does: an error of sled's while the store is not open yet breaks none.
fn obstacle(error: &StoreError) -> Obstacle {
    match error.obstacle() {
        Some(obstacle) if obstacle.kind != ObstacleKind::Broken => obstacle,
        _ => Obstacle { kind: ObstacleKind::Failing, why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_tried_more_and_more_seldom() {
        let mut patience = Patience::default();
        let mut waits = |kind| [(); 6].map(|()| patience.next(kind).as_secs());
        assert_eq!(waits(ObstacleKind::Failing), [3, 6, 12, 24, 48, 60]);
        assert_eq!(waits(ObstacleKind::NoRoom), [3; 6]);
    }

    #[test]
    fn what_sled_could_not_read_is_a_disk_that_fails() {
        let failed = |kind| StoreError::Journal(std::io::Error::from(kind));
        for (error, expected) in [
            (failed(std::io::ErrorKind::StorageFull), ObstacleKind::NoRoom),
            (failed(std::io::ErrorKind::ReadOnlyFilesystem), ObstacleKind::ReadOnly),
            (failed(std::io::ErrorKind::Other), ObstacleKind::Failing),
            (StoreError::Broken, ObstacleKind::Failing),
        ] {
            assert_eq!(obstacle(&error).kind, expected, "{error}");
        }
    }
}
