//! Lines before hosts: of thousands of sources at one host only the first are asked for, and the others wait as a
//! few bytes each.

use std::collections::{HashMap, VecDeque};

/// Those that stand before each host; hosts where nobody does are not in the table.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// How many are let in before a host. More than may be at the host at a time, so that it never waits for us.
    places: usize,
    hosts: HashMap<String, Line<T>>,
}

#[derive(Debug)]
struct Line<T> {
    inside: usize,
    waiting: VecDeque<T>,
}

impl<T> Lines<T> {
    pub(super) fn new(places: usize) -> Self {
        Self { places, hosts: HashMap::new() }
    }

    /// Other limits, for those who come or leave from now on.
    pub(super) fn set_places(&mut self, places: usize) {
        self.places = places;
    }

    /// Joins the line before `host`; whoever is let in at once is given back.
    pub(super) fn join(&mut self, host: &str, one: T) -> Option<T> {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), Line { inside: 0, waiting: VecDeque::new() });
        }
        let Some(line) = self.hosts.get_mut(host) else { return Some(one) };
        if line.inside < self.places {
            line.inside += 1;
            return Some(one);
        }
        line.waiting.push_back(one);
        None
    }

    /// One who was let in has left; says who is let in now.
    pub(super) fn leave(&mut self, host: &str) -> Vec<T> {
        let Some(line) = self.hosts.get_mut(host) else { return vec![] };
        line.inside = line.inside.saturating_sub(1);
        let room = self.places.saturating_sub(line.inside).min(line.waiting.len());
        line.inside += room;
        let next = line.waiting.drain(..room).collect();
        if line.inside == 0 {
            self.hosts.remove(host);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_let_in_and_the_others_follow_in_order() {
        let mut lines = Lines::new(2);
        assert_eq!([1, 2, 3, 4].map(|one| lines.join("a", one)), [Some(1), Some(2), None, None]);
        assert_eq!(lines.join("b", 5), Some(5), "another host has its own line");
        assert_eq!(lines.leave("a"), [3]);
        assert!(lines.leave("b").is_empty());
        assert_eq!(lines.leave("a"), [4]);
        lines.leave("a");
        lines.leave("a");
        assert!(lines.hosts.is_empty(), "nobody is left behind");
    }

    #[test]
    fn more_places_let_more_in() {
        let mut lines = Lines::new(1);
        assert_eq!((1..=4).filter_map(|one| lines.join("a", one)).collect::<Vec<_>>(), [1]);
        lines.set_places(3);
        assert_eq!(lines.leave("a"), [2, 3, 4]);
    }
}
