//! The paces of all hosts that have been asked lately or that want to be asked slowly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;

/// Hosts that are remembered. When there are more, the one that is soonest forgotten anyway goes.
const HOSTS_MAX: usize = 1 << 15;
/// The table is looked through for what may be forgotten when it has grown to this size.
const SWEEP_MIN: usize = 64;

/// What is remembered of hosts.
pub(super) struct Paces {
    /// Requests to one host in a second.
    per_second: u32,
    table: Mutex<Table>,
}

struct Table {
    by_host: HashMap<String, Pace>,
    /// The size at which it is looked through next.
    sweep_at: usize,
}

impl Paces {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, table: Mutex::new(Table { by_host: HashMap::new(), sweep_at: SWEEP_MIN }) }
    }

    /// How long until the next request to this host may go. `space_max` bounds what the host's own wish for
    /// space counts.
    pub(super) fn wait(&self, host: &str, space_max: Duration) -> Duration {
        let now = Instant::now();
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.by_host.get(host).map_or(Duration::ZERO, |pace| pace.due(now, space_max) - now)
    }

    /// Counts a request that is sent now, if it may be. `is_bound` says whether the bound on requests in a
    /// second is meant for this host.
    pub(super) fn take(&self, host: &str, is_bound: bool, space_max: Duration) -> bool {
        self.with(host, is_bound, |pace, now| pace.take(now, space_max))
    }

    /// Changes what is known of a host.
    pub(super) fn with<T>(
        &self,
        host: &str,
        is_bound: bool,
        change: impl FnOnce(&mut Pace, Instant) -> T,
    ) -> T {
        let now = Instant::now();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pace) = table.by_host.get_mut(host) {
            return change(pace, now);
        }
        table.make_room(now, HOSTS_MAX);
        let per_second = if is_bound { self.per_second } else { 0 };
        change(table.by_host.entry(host.to_owned()).or_insert_with(|| Pace::new(per_second)), now)
    }
}

impl Table {
    /// Forgets hosts of whom nothing is known that a stranger would not get as well.
    fn make_room(&mut self, now: Instant, hosts_max: usize) {
        if self.by_host.len() >= self.sweep_at {
            self.by_host.retain(|_, pace| pace.ends(now) > now);
            self.sweep_at = (self.by_host.len() * 2).clamp(SWEEP_MIN, hosts_max);
        }
        if self.by_host.len() >= hosts_max {
            let soonest = self.by_host.iter().min_by_key(|(_, pace)| pace.ends(now));
            if let Some(host) = soonest.map(|(host, _)| host.clone()) {
                self.by_host.remove(&host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_forgotten_and_the_rest_is_bounded() {
        let now = Instant::now();
        let mut table = Table { by_host: HashMap::new(), sweep_at: SWEEP_MIN };
        for n in 0..5000u64 {
            let mut pace = Pace::new(0);
            assert!(pace.take(now, Duration::MAX));
            if n % 10 == 0 {
                pace.hush(now, Duration::from_secs(n + 1));
            }
            table.make_room(now, 100);
            table.by_host.insert(n.to_string(), pace);
            assert!(table.by_host.len() <= 100);
        }
        // The longest pauses are the last ones to go.
        assert!((4200..5000).step_by(10).all(|n: u32| table.by_host.contains_key(&n.to_string())));
        table.sweep_at = 0;
        table.make_room(now + Duration::from_secs(5000), 100);
        assert!(table.by_host.is_empty());
    }
}
