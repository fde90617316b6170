//! Merging the runs into the pages.

use std::ops::Bound;

use sled::{Batch, IVec};

use super::held::Held;
use super::{Fresh, Keys, NOWHERE, Name, RECORD_BYTES, parts, record};
use crate::edge::store::StoreError;
use crate::model::EntryKey;

/// Keys in one page, and in a page that was split.
const PAGE_KEYS_MAX: usize = 120;
const PAGE_KEYS_AFTER_SPLIT: usize = 90;
/// Pages that are written in one batch, or somewhat more.
const PAGES_PER_BATCH: usize = 500;
/// Keys that are merged into one page at once, so that the first time, which has no pages, goes step by step too.
const NAMES_AT_ONCE: usize = 10_000;

impl Keys {
    /// Merges the runs into the pages. It may be broken off at any point: the runs stay until all of it is durable,
    /// and merging them again changes nothing.
    pub(in crate::edge::store) fn settle(&self, fresh: &mut Fresh) -> Result<(), StoreError> {
        let mut learnt: Vec<(Name, EntryKey)> = self.loaded(fresh)?.drain().collect();
        // Until it is done, only the runs on the disk know everything.
        fresh.keys = None;
        learnt.sort_unstable();
        if let Some(settled) = &mut fresh.settled {
            learnt.iter().for_each(|(name, _)| settled.add(name));
        }
        fresh.settled = fresh.settled.take().filter(|settled| !settled.is_full());
        let (mut batch, mut pages, mut left) = (Batch::default(), 0, &learnt[..]);
        while let Some((first, _)) = left.first() {
            let page = self.page_of(first)?;
            let from = page.as_ref().map_or(Bound::Unbounded, |(at, _)| Bound::Excluded(at.as_ref()));
            let next = self.pages.range::<&[u8], _>((from, Bound::Unbounded)).next().transpose()?;
            let end = next.map_or(left.len(), |(at, _)| left.partition_point(|(name, _)| name[..] < at[..]));
            let (here, rest) = left.split_at(end.clamp(1, NAMES_AT_ONCE));
            pages += replace(&mut batch, page, here);
            left = rest;
            // What is left for a page that was filled so far must find it as it is now.
            if pages >= PAGES_PER_BATCH || end > NAMES_AT_ONCE || left.is_empty() {
                self.pages.apply_batch(std::mem::take(&mut batch))?;
                pages = 0;
            }
        }
        let mut settled = Batch::default();
        for (name, _) in learnt.iter().filter(|_| !self.single.is_empty()) {
            settled.remove(&name[..]);
        }
        self.single.apply_batch(settled)?;
        self.pages.flush()?;
        let mut done = Batch::default();
        for number in self.runs.iter().keys() {
            done.remove(number?);
        }
        self.runs.apply_batch(done)?;
        fresh.keys = Some(Held::default());
        Ok(())
    }
}

/// Writes what a page holds together with `here`, whose keys go before, in as many pages as it takes.
fn replace(batch: &mut Batch, page: Option<(IVec, IVec)>, here: &[(Name, EntryKey)]) -> usize {
    let (at, old) = page.unwrap_or_default();
    let mut merged: Vec<[u8; RECORD_BYTES]> = Vec::with_capacity(here.len() + old.len() / RECORD_BYTES);
    let mut new = here.iter().peekable();
    for old in old.as_chunks().0 {
        let (name, _) = parts(old);
        while let Some((name, entry)) = new.next_if(|(new, _)| *new < name) {
            merged.push(record(*name, *entry));
        }
        if new.peek().is_none_or(|(new, _)| *new != name) {
            merged.push(*old);
        }
    }
    merged.extend(new.map(|(name, entry)| record(*name, *entry)));
    merged.retain(|record| parts(record).1 != NOWHERE);
    if !at.is_empty() {
        batch.remove(at);
    }
    let size = if merged.len() > PAGE_KEYS_MAX { PAGE_KEYS_AFTER_SPLIT } else { PAGE_KEYS_MAX };
    let pages = merged.chunks(size);
    let count = pages.len();
    for page in pages {
        let first = page.first().map(|record| parts(record).0).unwrap_or_default();
        batch.insert(&first[..], page.concat());
    }
    count
}
