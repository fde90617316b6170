//! Writing what is held into a volume, and several volumes into one.
//!
//! What settles is written as it is, so a commit never waits long. How many volumes there are is what a look-up
//! depends on: so beside the writer the newest of them are merged as soon as the next older one is no larger than all
//! of them together. Each key is written as often as the index doubles, and that is seldom. Where much was dropped all of
//! them are merged: only then nothing is left of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sled::Batch;

use super::hold::Holds;
use super::volume::{Merged, Scribe, Volume, leads};
use super::{Fresh, Keys, NOWHERE, Name, has_room, number};
use crate::edge::fault;
use crate::edge::store::StoreError;
use crate::edge::store::damage::Damage;
use crate::edge::store::guard::Tree;
use crate::edge::store::room::Room;
use crate::model::EntryKey;

/// So many volumes of like size are merged.
const MERGED_AT_ONCE: usize = 4;
/// How often it is looked whether anybody still reads a volume that was merged into another.
const READ_LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// The longest rest.
const REST_MAX: Duration = Duration::from_millis(50);
/// Runs that are removed in one batch.
const RUNS_PER_BATCH: usize = 100;
/// A volume that is read for longer than so many looks stays; the next start merges it again.
const READ_LOOKS_MAX: usize = 3_000;

impl Keys {
    /// Writes what is held into a volume. It may be broken off at any point: the runs stay until the volume is
    /// durable, and writing it again changes nothing. Whoever merges sees to that, for a flush may take long.
    pub(in crate::edge::store) fn settle(&self, fresh: &mut Fresh) -> Result<(), StoreError> {
        fault::point("keys.settle");
        self.loaded(fresh)?;
        // Until it is done, only the runs on the disk know everything.
        let mut held = fresh.keys.take().unwrap_or_default();
        let mut learnt: Vec<(Name, EntryKey)> = held.drain().collect();
        learnt.sort_unstable_by_key(|(name, _)| number(name));
        let is_oldest = fresh.volumes.is_empty();
        let mut scribe = Scribe::new(&self.volumes, fresh.next_volume, &self.damage, learnt.len());
        for (name, entry) in learnt.iter().filter(|(_, entry)| !is_oldest || *entry != NOWHERE) {
            scribe.write(*name, *entry)?;
        }
        fresh.next_volume += 1;
        let volume = scribe.finish()?;
        fault::point("keys.settle.written");
        if let Some(volume) = volume {
            fresh.volumes.insert(0, Arc::new(volume));
        }
        if self.has_single.load(Ordering::Relaxed) {
            let mut settled = Batch::default();
            learnt.iter().for_each(|(name, _)| settled.remove(&name[..]));
            self.holds.when_free(|| self.single.apply_batch(settled))?;
            self.has_single.store(!self.single.is_empty(), Ordering::Relaxed);
        }
        fresh.settled_before = Some(fresh.next);
        // Its room is used again.
        fresh.keys = Some(held);
        self.merge(fresh);
        Ok(())
    }

    /// Merges volumes beside the writer, where there are too many and nobody does it already.
    pub(super) fn merge(&self, fresh: &Fresh) {
        let mut merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        if choose(fresh).is_none() && fresh.settled_before.is_none() {
            return;
        }
        // Where there is no thread to be had, it is tried again after the next settling.
        merging.start("merge", || {
            let merger = self.merger();
            move || {
                if let Err(error) = merger.merge_all() {
                    tracing::error!(%error, "the index of keys cannot be merged: it is tried again");
                }
            }
        });
    }

    /// Waits until nothing is merged any more.
    pub(in crate::edge::store) fn wait(&self) {
        self.hurry.store(true, Ordering::Relaxed);
        // One that panics leaves everything readable.
        let busy = self.merging.lock().unwrap_or_else(PoisonError::into_inner).busy();
        busy.wait();
        self.hurry.store(false, Ordering::Relaxed);
    }

    /// Removes the runs that are in a volume, where nobody has done it yet.
    pub(in crate::edge::store) fn tidy(&self) -> Result<(), StoreError> {
        self.merger().tidy()
    }

    fn merger(&self) -> Merger {
        Merger {
            runs: self.runs.clone(),
            tree: self.volumes.clone(),
            damage: Arc::clone(&self.damage),
            fresh: Arc::clone(&self.fresh),
            holds: Arc::clone(&self.holds),
            room: self.room.clone(),
            pace: Pace { hurry: Arc::clone(&self.hurry) },
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // It holds the store open.
        self.wait();
    }
}

/// How many of the newest volumes are to become one: all of them, where what was dropped may make up half of them.
fn choose(fresh: &Fresh) -> Option<usize> {
    // One that was never finished has no filter, and makes every look-up slow.
    let unfinished = fresh.volumes.iter().rposition(|volume| volume.keys.is_none()).map(|at| at + 1);
    let mut sum = 0;
    let alike = fresh.volumes.iter().take_while(|volume| {
        let keys = volume.keys.unwrap_or_default();
        let is_alike = sum == 0 || keys <= sum;
        sum += keys;
        is_alike
    });
    let alike = Some(alike.count()).filter(|count| *count >= MERGED_AT_ONCE);
    let of_all =
        |count: fn(&Volume) -> usize| fresh.volumes.iter().map(|volume| count(volume)).sum::<usize>();
    // A key that leads nowhere is of no use itself, and takes the place of another one.
    let is_half_dropped =
        4 * of_all(|volume| volume.drops) > of_all(|volume| volume.keys.unwrap_or_default());
    let all = Some(fresh.volumes.len()).filter(|count| is_half_dropped && *count > 1);
    unfinished.max(alike).max(all)
}

/// Leaves the disk to others half of the time.
struct Pace {
    hurry: Arc<AtomicBool>,
}

impl Pace {
    /// Rests as long as the work since `began` took, and begins anew.
    fn rest(&self, began: &mut Instant) {
        if !self.hurry.load(Ordering::Relaxed) {
            thread::sleep(began.elapsed().min(REST_MAX));
        }
        *began = Instant::now();
    }
}

/// Who merges.
struct Merger {
    runs: Tree,
    tree: Tree,
    damage: Arc<Damage>,
    fresh: Arc<Mutex<Fresh>>,
    holds: Arc<Holds>,
    room: Option<Arc<Room>>,
    pace: Pace,
}

impl Merger {
    /// Makes what has settled durable, and removes the runs that it was made from, the oldest first: one that is left
    /// over must not go before what a later one said.
    fn tidy(&self) -> Result<(), StoreError> {
        if !has_room(self.room.as_deref(), RUNS_PER_BATCH) {
            // The next one who has settled something tidies up for both.
            return Ok(());
        }
        let settled = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).settled_before.take();
        let Some(before) = settled else { return Ok(()) };
        self.tree.flush()?;
        fault::point("keys.tidy");
        loop {
            let mut done = Batch::default();
            let mut rows = self.runs.range(..before.to_be_bytes()).keys().take(RUNS_PER_BATCH).peekable();
            if rows.peek().is_none() {
                return Ok(());
            }
            for number in rows {
                done.remove(number?);
            }
            self.holds.when_free(|| self.runs.apply_batch(done))?;
            fault::point("keys.tidy.removed");
        }
    }

    fn merge_all(&self) -> Result<(), StoreError> {
        loop {
            self.tidy()?;
            let (inputs, number, is_oldest) = {
                let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(count) = choose(&fresh) else { return Ok(()) };
                fresh.next_volume += 1;
                let inputs: Vec<Arc<Volume>> = fresh.volumes.iter().take(count).cloned().collect();
                (inputs, fresh.next_volume - 1, count == fresh.volumes.len())
            };
            if !has_room(self.room.as_deref(), inputs.iter().map(|input| input.keys_about()).sum()) {
                return Ok(());
            }
            fault::point("keys.merge");
            let output = self.merged(&inputs, number, is_oldest)?;
            {
                let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
                let is_input = |one: &Arc<Volume>| inputs.iter().any(|input| Arc::ptr_eq(input, one));
                let place = fresh.volumes.iter().position(is_input).unwrap_or_default();
                fresh.volumes.retain(|one| !is_input(one));
                if let Some(output) = output {
                    fresh.volumes.insert(place, Arc::new(output));
                }
            }
            fault::point("keys.merge.written");
            // The oldest first: what a newer one dropped must not come back should this be broken off.
            for input in inputs.into_iter().rev() {
                if !is_free(&input) {
                    return Ok(());
                }
                let mut began = Instant::now();
                input.remove(&self.holds, || self.pace.rest(&mut began))?;
                fault::point("keys.merge.removed");
            }
        }
    }

    fn merged(
        &self,
        inputs: &[Arc<Volume>],
        number: u32,
        is_oldest: bool,
    ) -> Result<Option<Volume>, StoreError> {
        let keys = inputs.iter().map(|input| input.keys_about()).sum();
        let mut scribe = Scribe::new(&self.tree, number, &self.damage, keys);
        let all = Merged::new(inputs.iter().map(Volume::forwards), false);
        let mut began = Instant::now();
        for said in all.filter(|said| !is_oldest || leads(said)) {
            let (name, entry) = said?;
            if scribe.write(name, entry)? {
                self.tidy()?;
                self.pace.rest(&mut began);
            }
        }
        let volume = scribe.finish()?;
        // What it was made from goes next.
        self.tree.flush()?;
        Ok(volume)
    }
}

/// Waits until nobody reads a volume any more; not for ever.
fn is_free(volume: &Arc<Volume>) -> bool {
    (0..READ_LOOKS_MAX).any(|_| {
        let is_free = Arc::strong_count(volume) == 1;
        if !is_free {
            thread::sleep(READ_LOOK_INTERVAL);
        }
        is_free
    })
}
