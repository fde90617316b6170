//! The index of stories and how it comes into memory: when the first new entry needs it, or ahead of that.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use chrono::TimeDelta;

use crate::edge::store::{Store, StoreError};
use crate::model::{Entry, Sketch, Timestamp};
use crate::pipeline::story;

/// Days for which sketches are kept: as long as entries are related to one another.
const KEPT_DAYS: i64 = 30;
/// Where a store has no sketches, they are made for entries of so many hours, as far apart as those of one story
/// can be.
const MADE_HOURS: i64 = 72;
/// Stored entries that are looked at for that, the newest first.
const LOOKED_AT_MAX: usize = 50_000;

type Reader = JoinHandle<Result<story::Index, StoreError>>;

/// The index, which is there when somebody has needed it.
#[derive(Default)]
pub(super) struct Stories {
    index: Option<story::Index>,
    /// Whoever reads it beside the writer, which commits no new entry before it is there.
    reader: Option<Reader>,
}

impl Stories {
    /// The index with all that was committed, as if this process had never been another one.
    pub(super) fn read(&mut self, store: &Store, now: Timestamp) -> Result<&mut story::Index, StoreError> {
        let index = match (self.index.take(), self.reader.take()) {
            (Some(index), _) => index,
            (None, Some(reader)) => reader.join().unwrap_or_else(|_| read(store, now))?,
            (None, None) => read(store, now)?,
        };
        let index = self.index.insert(index);
        // At every decision, so that one that was just read and one that grew hold the same.
        index.forget(now);
        Ok(index)
    }

    /// The index, where it need not be waited for.
    pub(super) fn at_hand(&mut self) -> Option<&story::Index> {
        if let Some(reader) = self.reader.take_if(|reader| reader.is_finished()) {
            // Where that failed, it is read anew when it is needed.
            self.index = reader.join().ok().and_then(Result::ok);
        }
        self.index.as_ref()
    }

    /// Begins to read it beside whatever else is done.
    pub(super) fn read_ahead(&mut self, store: &Arc<Store>, now: Timestamp) {
        if self.index.is_none() && self.reader.is_none() {
            let store = Arc::clone(store);
            let reading = move || read(&store, now);
            // Where there is no thread to be had, it is read when it is needed.
            self.reader = thread::Builder::new().name("stories".to_owned()).spawn(reading).ok();
        }
    }

    /// Drops what is too old, from the store and from what is at hand; says whether there may be more.
    pub(super) fn forget(&mut self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        self.index.iter_mut().for_each(|index| index.forget(now));
        store.forget_sketches(now - TimeDelta::days(KEPT_DAYS))
    }
}

fn read(store: &Store, now: Timestamp) -> Result<story::Index, StoreError> {
    let began = Instant::now();
    if store.has_no_sketches() && store.entries_stored()? > 0 {
        store.note_sketches(&made(store, now)?)?;
    }
    let mut index = story::Index::default();
    for sketch in store.sketches(story::ENTRIES_MAX) {
        index.insert(sketch?);
    }
    // Nothing is related to what retention has not removed yet.
    index.forget(now);
    let (entries, millis) = (index.len(), began.elapsed().as_millis());
    tracing::debug!(entries, millis, "the index of stories is read");
    Ok(index)
}

/// Sketches of what was stored before any were made, in the order in which the entries came.
fn made(store: &Store, now: Timestamp) -> Result<Vec<Sketch>, StoreError> {
    let (since, until) = (now - TimeDelta::hours(MADE_HOURS), now + TimeDelta::hours(MADE_HOURS));
    let mut found = vec![];
    for entry in store.newest_first().take(LOOKED_AT_MAX) {
        let entry = entry?;
        if entry.published < since {
            break;
        }
        // What a clock that was ahead has dated is no neighbour of anything.
        if entry.published <= until {
            found.push((entry.first_seen, entry.first_seen_millis, sketch(&entry)));
        }
    }
    found.sort_by_key(|(second, millis, sketch)| (*second, *millis, sketch.key));
    Ok(found.into_iter().map(|(_, _, sketch)| sketch).collect())
}

fn sketch(entry: &Entry) -> Sketch {
    Sketch {
        key: entry.key,
        story: entry.story,
        source: entry.source.clone(),
        first_seen: entry.first_seen,
        features: story::features(&entry.said),
    }
}
