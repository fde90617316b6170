//! The lists of related stories of what is shown: read back from the store, or decided and kept there before any
//! document names them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::edge::store::{Store, StoreError};
use crate::model::{Entry, EntryKey, SectionFeed, Window};
use crate::pipeline::Edition;
use crate::pipeline::story::{Index, Lists, Neighbours, RELATED_MAX, grow, nearest};

/// A list that is not full is looked at again when the index has grown by one part in this many.
const GROWTH: usize = 4;

/// What is remembered between two editions.
#[derive(Default)]
pub(super) struct Shelf {
    /// The lists of the entries that are shown now.
    lists: Lists,
    /// The entries in them; `None` for those that are gone or that no section shows.
    named: HashMap<EntryKey, Option<Arc<Entry>>>,
    /// How large the index was when a list was last looked at.
    asked: HashMap<EntryKey, usize>,
}

/// What it takes to look something up.
#[derive(Clone, Copy)]
pub(super) struct Stacks<'a> {
    pub(super) store: &'a Store,
    pub(super) edition: &'a Edition,
    pub(super) window: &'a Window,
}

impl Shelf {
    /// Takes up what the feeds show. Lists that the store has are read back; the entries that come back are those
    /// whose lists are to be made, or may grow now that the index has so many entries. `None`: it is not at hand.
    pub(super) fn take_up(
        &mut self,
        feeds: &[SectionFeed],
        store: &Store,
        index_entries: Option<usize>,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        let placed = feeds.iter().flat_map(|feed| &feed.placed);
        let shown: BTreeMap<EntryKey, &Arc<Entry>> =
            placed.map(|placed| (placed.entry.key, &placed.entry)).collect();
        self.lists.retain(|key, _| shown.contains_key(key));
        self.asked.retain(|key, _| shown.contains_key(key));
        let mut wanting = vec![];
        for (key, entry) in shown {
            if let Some(list) = self.lists.get(&key) {
                let Some(size) = index_entries.filter(|_| list.len() < RELATED_MAX) else { continue };
                // One that was read back was looked at when the index was not smaller.
                let before = *self.asked.entry(key).or_insert(size);
                if size > before + before / GROWTH {
                    wanting.push(Arc::clone(entry));
                }
            } else if let Some(list) = store.related(key)? {
                self.lists.insert(key, list);
            } else {
                wanting.push(Arc::clone(entry));
            }
        }
        Ok(wanting)
    }

    /// The stories related to each entry that is shown.
    pub(super) fn related(
        &mut self,
        stacks: Stacks<'_>,
    ) -> Result<BTreeMap<EntryKey, Vec<Arc<Entry>>>, StoreError> {
        let named: HashSet<EntryKey> = self.lists.values().flatten().copied().collect();
        self.named.retain(|key, _| named.contains(key));
        self.look_up(named, stacks)?;
        let entries =
            |list: &Vec<EntryKey>| list.iter().filter_map(|key| self.named.get(key).cloned()?).collect();
        Ok(self.lists.iter().map(|(key, list)| (*key, entries(list))).collect())
    }

    /// What was known of these entries may be true no more. Says whether a list names any of them.
    pub(super) fn forget<'a>(&mut self, keys: impl IntoIterator<Item = &'a EntryKey>) -> bool {
        keys.into_iter().filter(|key| self.named.remove(key).is_some()).count() > 0
    }

    /// Other rules are in force, or other sections: what is shown may be hidden, and the other way round.
    pub(super) fn forget_all(&mut self) {
        self.named.clear();
    }

    /// Decides what is related to these entries. That is durable when this returns; where the store fails, the lists
    /// stay as they are.
    pub(super) fn decide(
        &mut self,
        wanting: &[Arc<Entry>],
        index: &Index,
        stacks: Stacks<'_>,
    ) -> Result<(), StoreError> {
        let near: Vec<Vec<EntryKey>> = wanting.iter().map(|entry| nearest(index, entry)).collect();
        // The found, and then the first entries of their stories, which stand for them.
        self.look_up(near.iter().chain(self.lists.values()).flatten().copied().collect(), stacks)?;
        let found = near.iter().flatten().filter_map(|key| self.named.get(key)?.as_ref());
        let stories = found.chain(wanting).map(|entry| entry.story).collect();
        self.look_up(stories, stacks)?;
        let found = wanting.iter().zip(near).map(|(entry, near)| Neighbours {
            of: entry.key,
            lead: self.lead(entry),
            near: near.iter().filter_map(|key| Some(self.lead(self.named.get(key)?.as_ref()?))).collect(),
        });
        let found: Vec<Neighbours> = found.collect();
        let stories: HashMap<EntryKey, EntryKey> = {
            let known = self.named.values().flatten().chain(wanting);
            known.map(|entry| (entry.key, entry.story)).collect()
        };
        let mut lists = self.lists.clone();
        let grown = grow(&mut lists, &found, |key| stories.get(&key).copied().unwrap_or(key));
        let rows: Lists = grown.iter().filter_map(|key| Some((*key, lists.get(key)?.clone()))).collect();
        if !rows.is_empty() {
            stacks.store.relate(&rows)?;
            stacks.store.flush()?;
        }
        self.lists = lists;
        self.asked.extend(wanting.iter().map(|entry| (entry.key, index.len())));
        Ok(())
    }

    /// The entry that stands for the story of another.
    fn lead(&self, entry: &Entry) -> EntryKey {
        let first = self.named.get(&entry.story).and_then(Option::as_ref);
        first.map_or(entry.key, |first| first.key)
    }

    /// Brings entries that are not known yet, with whether any section shows them.
    fn look_up(&mut self, mut keys: HashSet<EntryKey>, stacks: Stacks<'_>) -> Result<(), StoreError> {
        keys.retain(|key| !self.named.contains_key(key));
        let window = stacks.window;
        let is_shown = |entry: &Entry| !stacks.edition.sorter.sections_of(entry, &window.sources).is_empty();
        let (at_hand, stored): (HashSet<EntryKey>, HashSet<EntryKey>) =
            keys.into_iter().partition(|key| window.entries.contains_key(key));
        for key in at_hand {
            let entry = window.entries.get(&key).filter(|entry| match window.places.get(&key) {
                Some(places) => !places.is_empty(),
                None => is_shown(entry),
            });
            self.named.insert(key, entry.cloned());
        }
        let mut entries = if stored.is_empty() { HashMap::new() } else { stacks.store.entries(&stored)? };
        for key in stored {
            self.named.insert(key, entries.remove(&key).filter(is_shown).map(Arc::new));
        }
        Ok(())
    }
}
