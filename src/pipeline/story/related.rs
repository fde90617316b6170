//! Which stories are related to one. A list is made when its entry is first shown and then only grows until it is
//! full, so that a document does not change with every neighbour that comes or goes.

use std::collections::{BTreeMap, BTreeSet};

use super::Index;
use super::features::features;
use crate::model::{Entry, EntryKey};

/// Related stories that an entry names.
pub const RELATED_MAX: usize = 5;
/// How many are looked for: some of them no section shows.
const NEAREST_MAX: usize = 2 * RELATED_MAX;

/// The lists of related entries, by the entry that names them.
pub type Lists = BTreeMap<EntryKey, Vec<EntryKey>>;

/// What was found to be near to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// The entry.
    pub of: EntryKey,
    /// The entry that lists name for its story.
    pub lead: EntryKey,
    /// The leads of the stories near to it, the nearest first.
    pub near: Vec<EntryKey>,
}

/// The entries of other stories that are nearest to `entry`, the nearest first.
pub fn nearest(index: &Index, entry: &Entry) -> Vec<EntryKey> {
    match index.features(entry.key) {
        Some(features) => index.related(features, entry.story, NEAREST_MAX),
        // One that was published long ago is not in the index.
        None => index.related(&features(&entry.said), entry.story, NEAREST_MAX),
    }
}

/// Adds what was `found` to the lists, and each of the found to the lists of its neighbours, where there is room. No
/// list names a story twice, or its own. Says which lists are new or have grown.
pub fn grow(
    lists: &mut Lists,
    found: &[Neighbours],
    story: impl Fn(EntryKey) -> EntryKey,
) -> BTreeSet<EntryKey> {
    let add = |list: &mut Vec<EntryKey>, of: EntryKey, key: EntryKey| {
        let is_told = story(of) == story(key) || list.iter().any(|one| story(*one) == story(key));
        let adds = !is_told && list.len() < RELATED_MAX;
        if adds {
            list.push(key);
        }
        adds
    };
    let mut changed = BTreeSet::new();
    for Neighbours { of, near, .. } in found {
        let is_new = !lists.contains_key(of);
        let list = lists.entry(*of).or_default();
        let mut grows = is_new;
        near.iter().for_each(|key| grows |= add(list, *of, *key));
        changed.extend(grows.then_some(*of));
    }
    for Neighbours { lead, near, .. } in found {
        for other in near {
            if lists.get_mut(other).is_some_and(|list| add(list, *other, *lead)) {
                changed.insert(*other);
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> EntryKey {
        EntryKey([n; 16])
    }

    fn found(of: u8, near: &[u8]) -> Neighbours {
        Neighbours { of: key(of), lead: key(of), near: near.iter().map(|n| key(*n)).collect() }
    }

    /// Entries 10 to 19 are all of story 10, and so on.
    fn check(lists: &mut Lists, more: &[Neighbours], changed: &[u8], expected: &[(u8, &[u8])]) {
        let story = |EntryKey([n, ..]): EntryKey| key(n / 10 * 10);
        let grown = grow(lists, more, story);
        assert_eq!(
            grown.into_iter().collect::<Vec<_>>(),
            changed.iter().map(|n| key(*n)).collect::<Vec<_>>()
        );
        let expected: Lists =
            expected.iter().map(|(of, list)| (key(*of), list.iter().map(|n| key(*n)).collect())).collect();
        assert_eq!(*lists, expected);
    }

    #[test]
    fn lists_grow_until_they_are_full_and_keep_their_order() {
        let mut lists = Lists::new();
        check(&mut lists, &[found(10, &[])], &[10], &[(10, &[])]);
        check(&mut lists, &[found(20, &[10])], &[10, 20], &[(10, &[20]), (20, &[10])]);
        // Its own story, and one that is named already, are not named.
        check(&mut lists, &[found(10, &[11, 21, 20])], &[], &[(10, &[20]), (20, &[10])]);
        let more = [found(10, &[30, 40, 50, 60, 70])];
        check(&mut lists, &more, &[10], &[(10, &[20, 30, 40, 50, 60]), (20, &[10])]);
        let more = [found(80, &[10, 20])];
        let expected: [(u8, &[u8]); 3] = [(10, &[20, 30, 40, 50, 60]), (20, &[10, 80]), (80, &[10, 20])];
        check(&mut lists, &more, &[20, 80], &expected);
    }

    #[test]
    fn two_that_come_together_name_each_other() {
        let mut lists = Lists::new();
        let both = [found(10, &[20]), found(20, &[10])];
        check(&mut lists, &both, &[10, 20], &[(10, &[20]), (20, &[10])]);
    }
}
