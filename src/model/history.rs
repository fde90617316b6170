//! Which entries the former versions of a feed held, so that readers can be sent what is new to them (RFC 3229).

use std::collections::HashSet;

use super::{Digest, Piece};

/// Versions of one document that are remembered: a day of a section that changes every quarter of an hour.
const VERSIONS_MAX: usize = 100;
/// Entries of one document that are remembered, each with its time: 24 bytes each.
const STAYS_MAX: usize = 2_000;
/// The end of a stay that lasts.
const STAYS: u32 = u32::MAX;

/// The versions of one document up to the one that it belongs to, which is the last.
///
/// Neighbours have nearly the same entries, so it is kept from when to when each entry was there, and not which
/// entries each version had. It lives in memory alone: after a restart readers get one whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The oldest first.
    versions: Vec<Digest>,
    /// The number of the first of them. They are counted from 0, and more than 2³² are never made.
    first: u32,
    stays: Vec<Stay>,
}

/// An entry was there in the versions `from..to`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stay {
    piece: Digest,
    from: u32,
    to: u32,
}

impl History {
    /// The history with one version more, which has these entries.
    #[must_use]
    pub fn followed_by(&self, version: Digest, pieces: &[Piece]) -> Self {
        let mut next = self.clone();
        next.versions.push(version);
        let number = next.last();
        let mut new: HashSet<Digest> = pieces.iter().map(|piece| piece.digest).collect();
        for stay in next.stays.iter_mut().filter(|stay| stay.to == STAYS) {
            if !new.remove(&stay.piece) {
                stay.to = number;
            }
        }
        let comes = |piece: &&Piece| new.remove(&piece.digest);
        let stays =
            pieces.iter().filter(comes).map(|piece| Stay { piece: piece.digest, from: number, to: STAYS });
        next.stays.extend(stays);
        while next.versions.len() > VERSIONS_MAX || next.stays.len() > STAYS_MAX && next.versions.len() > 1 {
            next.versions.remove(0);
            next.first += 1;
            let first = next.first;
            next.stays.retain(|stay| stay.to > first);
        }
        next
    }

    /// Whether it remembers no version at all: the process that did is gone.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The entries of a version; `None` where it is not remembered.
    pub fn entries_of(&self, version: Digest) -> Option<HashSet<Digest>> {
        let place = self.versions.iter().rposition(|known| *known == version)?;
        let number = self.first.saturating_add(u32::try_from(place).ok()?);
        let there = self.stays.iter().filter(|stay| stay.from <= number && number < stay.to);
        Some(there.map(|stay| stay.piece).collect())
    }

    /// The place of a version among those that are remembered, the oldest first.
    pub fn place_of(&self, version: Digest) -> Option<usize> {
        self.versions.iter().rposition(|known| *known == version)
    }

    fn last(&self) -> u32 {
        let count = u32::try_from(self.versions.len()).unwrap_or(u32::MAX);
        self.first.saturating_add(count).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn digest(n: usize) -> Digest {
        Digest::of([&n.to_le_bytes()[..]])
    }

    fn pieces(list: impl IntoIterator<Item = usize>) -> Vec<Piece> {
        list.into_iter()
            .map(|n| Piece { digest: digest(n), range: 0..0, news: None, names: Arc::default() })
            .collect()
    }

    fn check(versions: &[&[usize]]) {
        let mut history = History::default();
        for (number, list) in versions.iter().enumerate() {
            history = history.followed_by(digest(1000 + number), &pieces(list.iter().copied()));
        }
        for (number, list) in versions.iter().enumerate() {
            let expected: HashSet<Digest> = list.iter().map(|n| digest(*n)).collect();
            assert_eq!(history.entries_of(digest(1000 + number)), Some(expected), "{versions:?}: {number}");
        }
        assert_eq!(history.entries_of(digest(9999)), None);
    }

    #[test]
    fn every_version_has_its_entries() {
        check(&[&[]]);
        check(&[&[1, 2], &[2, 3], &[3, 4]]);
        // Gone and back again, twice, and the same twice in one document.
        check(&[&[1], &[2], &[1], &[], &[1, 1]]);
        check(&[&[1, 2, 3], &[1, 2, 3], &[3, 2, 1]]);
    }

    #[test]
    fn a_state_that_came_back_is_known_by_its_last_stay() {
        let states = [(1, vec![1]), (2, vec![2]), (1, vec![1])];
        let history = states.into_iter().fold(History::default(), |history, (version, list)| {
            history.followed_by(digest(version), &pieces(list))
        });
        assert_eq!(history.entries_of(digest(1)), Some(HashSet::from([digest(1)])));
        assert_eq!(history.place_of(digest(1)), Some(2));
    }

    #[test]
    fn old_versions_are_forgotten() {
        let mut slow = History::default();
        for number in 0..VERSIONS_MAX + 5 {
            slow = slow.followed_by(digest(1000 + number), &pieces(number..number + 50));
        }
        assert_eq!(slow.entries_of(digest(1004)), None);
        assert_eq!(slow.entries_of(digest(1005)), Some((5..55).map(digest).collect()));
        assert_eq!(slow.stays.len(), VERSIONS_MAX + 49);
        // A document that is new each time, and longer than all that is remembered.
        let mut hasty = History::default();
        for number in 0..10 {
            hasty = hasty.followed_by(digest(number), &pieces((0..900).map(|n| 10_000 + number * 900 + n)));
        }
        assert!(hasty.entries_of(digest(9)).is_some() && hasty.entries_of(digest(8)).is_some());
        assert_eq!(hasty.entries_of(digest(7)), None);
        let long = hasty.followed_by(digest(77), &pieces(0..3_000));
        assert_eq!(long.entries_of(digest(77)).map(|entries| entries.len()), Some(3_000));
        assert_eq!(long.entries_of(digest(9)), None);
    }
}
