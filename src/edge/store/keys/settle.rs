//! Writing what is held into a volume, and several volumes into one.
//!
//! What settles is written as it is, so a commit never waits long. How many volumes there are is what a look-up
//! depends on: so beside the writer the newest of them are merged as soon as the next older one is no larger than all
//! of them together. Each key is written as often as the index doubles, and that is seldom.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sled::{Batch, Tree};

use super::held::Held;
use super::volume::{Merged, Scribe, Volume, leads};
use super::{Fresh, Keys, NOWHERE, Name};
use crate::edge::store::StoreError;
use crate::edge::store::damage::Damage;
use crate::model::EntryKey;

/// So many volumes of like size are merged.
const MERGED_AT_ONCE: usize = 4;
/// How often it is looked whether anybody still reads a volume that was merged into another.
const READ_LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// A volume that is read for longer than so many looks stays; the next start merges it again.
const READ_LOOKS_MAX: usize = 3_000;

impl Keys {
    /// Writes what is held into a volume. It may be broken off at any point: the runs stay until the volume is
    /// durable, and writing it again changes nothing.
    pub(in crate::edge::store) fn settle(&self, fresh: &mut Fresh) -> Result<(), StoreError> {
        self.loaded(fresh)?;
        // Until it is done, only the runs on the disk know everything.
        let mut learnt: Vec<(Name, EntryKey)> = fresh.keys.take().unwrap_or_default().into_iter().collect();
        learnt.sort_unstable();
        let is_oldest = fresh.volumes.is_empty();
        let mut scribe = Scribe::new(&self.volumes, fresh.next_volume, &self.damage, learnt.len());
        for (name, entry) in learnt.iter().filter(|(_, entry)| !is_oldest || *entry != NOWHERE) {
            scribe.write(*name, *entry)?;
        }
        fresh.next_volume += 1;
        if let Some(volume) = scribe.finish()? {
            fresh.volumes.insert(0, Arc::new(volume));
        }
        let mut settled = Batch::default();
        for (name, _) in learnt.iter().filter(|_| !self.single.is_empty()) {
            settled.remove(&name[..]);
        }
        self.single.apply_batch(settled)?;
        let mut done = Batch::default();
        for number in self.runs.iter().keys() {
            done.remove(number?);
        }
        self.runs.apply_batch(done)?;
        fresh.keys = Some(Held::default());
        self.merge(fresh);
        Ok(())
    }

    /// Merges volumes beside the writer, where there are too many and nobody does it already.
    pub(super) fn merge(&self, fresh: &Fresh) {
        let mut merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        if choose(fresh).is_none() || merging.as_ref().is_some_and(|merging| !merging.is_finished()) {
            return;
        }
        let merger = Merger {
            tree: self.volumes.clone(),
            damage: Arc::clone(&self.damage),
            fresh: Arc::clone(&self.fresh),
        };
        let merge = move || {
            if let Err(error) = merger.merge_all() {
                tracing::error!(%error, "the index of keys cannot be merged: it is tried again");
            }
        };
        // Where there is no thread to be had, it is tried again after the next settling.
        *merging = thread::Builder::new().name("merge".to_owned()).spawn(merge).ok();
    }

    /// Waits until nothing is merged any more.
    pub(in crate::edge::store) fn wait(&self) {
        let merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner).take();
        // One that panicked has left everything readable.
        drop(merging.map(thread::JoinHandle::join));
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // It holds the store open.
        self.wait();
    }
}

/// How many of the newest volumes are to become one.
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
    unfinished.max(Some(alike.count()).filter(|count| *count >= MERGED_AT_ONCE))
}

/// Who merges.
struct Merger {
    tree: Tree,
    damage: Arc<Damage>,
    fresh: Arc<Mutex<Fresh>>,
}

impl Merger {
    fn merge_all(&self) -> Result<(), StoreError> {
        loop {
            let (inputs, number, is_oldest) = {
                let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(count) = choose(&fresh) else { return Ok(()) };
                fresh.next_volume += 1;
                let inputs: Vec<Arc<Volume>> = fresh.volumes.iter().take(count).cloned().collect();
                (inputs, fresh.next_volume - 1, count == fresh.volumes.len())
            };
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
            // The oldest first: what a newer one dropped must not come back should this be broken off.
            for input in inputs.into_iter().rev() {
                if !is_free(&input) {
                    return Ok(());
                }
                input.remove()?;
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
        for said in all.filter(|said| !is_oldest || leads(said)) {
            let (name, entry) = said?;
            scribe.write(name, entry)?;
        }
        scribe.finish()
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
