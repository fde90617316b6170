//! Whose turn it is: some at once, a few of them at each host, hosts one after the other. No I/O, no clock.

use std::collections::{HashMap, VecDeque};

/// A line before each host.
#[derive(Debug)]
pub(super) struct Lane<T> {
    lines: HashMap<String, Line<T>>,
    /// Hosts at which somebody waits and there is room.
    turns: VecDeque<String>,
    busy: usize,
    busy_max: usize,
    per_host_max: usize,
}

#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<T>,
    busy: usize,
    has_turn: bool,
}

impl<T> Lane<T> {
    pub(super) fn new(busy_max: usize, per_host_max: usize) -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), busy: 0, busy_max, per_host_max }
    }

    /// Waits for a turn at a host.
    pub(super) fn join(&mut self, host: &str, who: T) {
        let line = self.lines.entry(host.to_owned()).or_insert_with(|| Line {
            waiting: VecDeque::new(),
            busy: 0,
            has_turn: false,
        });
        line.waiting.push_back(who);
        self.offer(host);
    }

    /// Who may begin now, and at which host.
    pub(super) fn next(&mut self) -> Option<(String, T)> {
        if self.busy >= self.busy_max {
            return None;
        }
        let host = self.turns.pop_front()?;
        let line = self.lines.get_mut(&host)?;
        line.has_turn = false;
        let who = line.waiting.pop_front()?;
        line.busy += 1;
        self.busy += 1;
        self.offer(&host);
        Some((host, who))
    }

    /// One that had begun at a host makes room.
    pub(super) fn leave(&mut self, host: &str) {
        let Some(line) = self.lines.get_mut(host) else { return };
        line.busy = line.busy.saturating_sub(1);
        self.busy = self.busy.saturating_sub(1);
        if line.busy == 0 && line.waiting.is_empty() {
            self.lines.remove(host);
        }
        self.offer(host);
    }

    fn offer(&mut self, host: &str) {
        let Some(line) = self.lines.get_mut(host) else { return };
        if !line.has_turn && !line.waiting.is_empty() && line.busy < self.per_host_max {
            line.has_turn = true;
            self.turns.push_back(host.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lane: &mut Lane<&'static str>) -> String {
        std::iter::from_fn(|| lane.next()).map(|(_, who)| who).collect()
    }

    #[test]
    fn hosts_take_turns_and_nobody_takes_all_places() {
        let mut lane = Lane::new(4, 2);
        for who in ["a1", "a2", "a3", "a4"] {
            lane.join("a", who);
        }
        lane.join("b", "b1");
        assert_eq!(all(&mut lane), "a1b1a2");
        lane.leave("b");
        assert_eq!(all(&mut lane), "");
        lane.leave("a");
        assert_eq!(all(&mut lane), "a3");
        for who in ["b2", "b3", "b4"] {
            lane.join("b", who);
        }
        assert_eq!(all(&mut lane), "b2b3");
        lane.leave("a");
        lane.leave("a");
        assert_eq!(all(&mut lane), "a4");
        for host in ["a", "b", "b"] {
            lane.leave(host);
        }
        assert_eq!(all(&mut lane), "b4");
        lane.leave("b");
        assert_eq!((lane.lines.len(), lane.busy, lane.turns.len()), (0, 0, 0));
    }

    #[test]
    fn there_are_so_many_places_in_all() {
        let mut lane = Lane::new(2, 2);
        for (host, who) in [("a", "a"), ("b", "b"), ("c", "c")] {
            lane.join(host, who);
        }
        assert_eq!(all(&mut lane), "ab");
        lane.leave("b");
        assert_eq!(all(&mut lane), "c");
    }
}
