//! How many questions may be put to a host because somebody else asked us to. No I/O, no clock.

use std::collections::HashMap;

use crate::model::Timestamp;

/// Verifications that one host is asked for in one minute, and all hosts together: who sends us a request must not
/// make us a nuisance to somebody else.
pub(super) const PER_HOST_MINUTE_MAX: u32 = 120;
pub(super) const PER_MINUTE_MAX: u32 = 1_200;

/// Counts by the minute.
#[derive(Debug, Default)]
pub(super) struct Budget {
    minute: i64,
    all: u32,
    by_host: HashMap<String, u32>,
}

impl Budget {
    /// Takes one for a host, if there is one left in this minute.
    pub(super) fn take(&mut self, host: &str, now: Timestamp) -> bool {
        let minute = now.timestamp().div_euclid(60);
        if minute != self.minute {
            *self = Self { minute, ..Self::default() };
        }
        let of_host = self.by_host.get(host).copied().unwrap_or(0);
        if self.all >= PER_MINUTE_MAX || of_host >= PER_HOST_MINUTE_MAX {
            return false;
        }
        self.all += 1;
        self.by_host.insert(host.to_owned(), of_host + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_asked_so_often_in_a_minute() {
        let at = |second: i32| Timestamp::from_timestamp(1_800_000_000 + i64::from(second), 0).unwrap();
        let mut budget = Budget::default();
        let mut taken = |host: &str, second| (0..2_000).filter(|_| budget.take(host, at(second))).count();
        assert_eq!(taken("a", 0), PER_HOST_MINUTE_MAX as usize);
        assert_eq!(taken("a", 59), 0);
        assert_eq!(taken("b", 59), PER_HOST_MINUTE_MAX as usize);
        assert_eq!(taken("a", 60), PER_HOST_MINUTE_MAX as usize);
        let all: usize = (0..20).map(|number| taken(&number.to_string(), 60)).sum();
        assert_eq!(all, (PER_MINUTE_MAX - PER_HOST_MINUTE_MAX) as usize);
    }
}
