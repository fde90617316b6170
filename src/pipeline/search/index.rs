//! The index: segments, the newest of which grows, and where each entry is.

use std::collections::{BTreeMap, HashMap};

use super::aside::Aside;
use super::rank;
use super::segment::{Doc, Segment};
use super::words::Texts;
use crate::model::{Entry, EntryKey, SourceId};

/// Entries that are held; the oldest segment goes when there are more.
pub const ENTRIES_MAX: usize = 200_000;
/// Bytes that the index takes at most, in memory and outside, beside one segment that grows (some 8 MB) and for a moment is sealed.
pub const BYTES_MAX: usize = 128 << 20;
/// Entries of a segment, dead ones included, before it is sealed.
const SEGMENT_ENTRIES_MAX: usize = 8_192;
/// The same in bytes.
const SEGMENT_BYTES_MAX: usize = 8 << 20;
/// What the place of an entry costs, free room included.
const PLACE_BYTES: usize = 48;

/// Which stored entries have which words.
#[derive(Debug, Default)]
pub struct Index {
    /// By number; the last one grows.
    pub(super) segments: BTreeMap<u32, Segment>,
    /// The number of the one that grows.
    growing: u32,
    /// The segment of each entry, and its number in it.
    places: HashMap<EntryKey, (u32, u32)>,
    pub(super) sources: Vec<SourceId>,
    source_numbers: HashMap<SourceId, u32>,
}

impl Index {
    /// Takes an entry in, in place of what was known of it. `texts` are its own.
    pub fn insert(&mut self, entry: &Entry, texts: &Texts) {
        self.remove(entry.key);
        let words = texts.words();
        let doc = Doc {
            key: entry.key,
            story: entry.story,
            source: self.source_number(&entry.source),
            length: rank::length(words.len()),
            is_dead: false,
        };
        let number = self.segments.entry(self.growing).or_default().push(doc, words);
        self.places.insert(entry.key, (self.growing, number));
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: EntryKey) {
        let Some((segment, number)) = self.places.remove(&key) else { return };
        let Some(of_it) = self.segments.get_mut(&segment) else { return };
        of_it.kill(number);
        if of_it.alive == 0 && segment != self.growing {
            self.segments.remove(&segment);
        }
    }

    /// Whether it has an entry.
    pub fn has(&self, key: EntryKey) -> bool {
        self.places.contains_key(&key)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of memory that it takes, nearly.
    pub fn bytes(&self) -> usize {
        self.segments.values().map(Segment::bytes).sum::<usize>() + self.places.len() * PLACE_BYTES
    }

    /// Bytes that it takes outside memory.
    pub fn aside_bytes(&self) -> usize {
        self.segments.values().map(Segment::aside_bytes).sum()
    }

    /// Whether it holds as much as it may: what is older than all of it has no room.
    pub fn is_full(&self) -> bool {
        self.len() >= ENTRIES_MAX || self.bytes() + self.aside_bytes() >= BYTES_MAX
    }

    /// The segment that grows in its lasting form, once it is large enough; for [`Index::seal`]. Takes a while, but
    /// changes nothing.
    pub fn ripe(&self) -> Option<Ripe> {
        let segment = self.segments.get(&self.growing)?;
        let is_ripe = segment.docs.len() >= SEGMENT_ENTRIES_MAX || segment.bytes() >= SEGMENT_BYTES_MAX;
        is_ripe.then(|| Ripe(segment.sealed()))
    }

    /// Puts the lasting form in place and begins the next segment. Nothing may have come in between.
    pub fn seal(&mut self, ripe: Ripe) {
        self.segments.insert(self.growing, ripe.0);
        self.growing += 1;
    }

    /// Makes room where it holds more than it may. The entries of segments that are mostly dead come back: whoever
    /// calls this inserts them anew.
    pub fn tidy(&mut self) -> Vec<EntryKey> {
        while self.is_full() && self.segments.len() > 1 {
            let newest = |segment: &Segment| segment.docs.iter().map(|doc| doc.key).max();
            let sealed = self.segments.iter().filter(|(number, _)| **number != self.growing);
            let Some((oldest, _)) = sealed.min_by_key(|(_, segment)| newest(segment)) else { break };
            self.drop_segment(*oldest);
        }
        let is_sparse = |segment: &Segment| segment.alive * 2 < segment.docs.len();
        let sparse = self.segments.iter().find(|(number, one)| **number != self.growing && is_sparse(one));
        sparse
            .map(|(_, one)| one.docs.iter().filter(|doc| !doc.is_dead).map(|doc| doc.key).collect())
            .unwrap_or_default()
    }

    fn drop_segment(&mut self, number: u32) {
        let Some(segment) = self.segments.remove(&number) else { return };
        for doc in segment.docs.iter().filter(|doc| !doc.is_dead) {
            self.places.remove(&doc.key);
        }
    }

    fn source_number(&mut self, source: &SourceId) -> u32 {
        if let Some(number) = self.source_numbers.get(source) {
            return *number;
        }
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(source.clone());
        self.source_numbers.insert(source.clone(), number);
        number
    }
}

/// A segment on its way into its lasting form.
#[derive(Debug)]
pub struct Ripe(Segment);

impl Ripe {
    /// Hands the larger part of it to whoever keeps that outside memory; where that is nobody, it stays.
    pub fn set_aside(&mut self, keep: impl FnOnce(&[u8]) -> Option<Box<dyn Aside>>) {
        self.0.set_aside(keep);
    }
}
