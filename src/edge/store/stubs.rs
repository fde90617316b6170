//! What is remembered of entries that were dropped, or that retention has removed.
//!
//! One tree with two kinds of rows: the stubs themselves, under the moment at which they were made, so that the
//! oldest go first; and for everything that somebody may ask for (id, link, key) the hash of it and where the stub is.

use std::collections::HashSet;

use super::commit::Commit;
use super::{STUBS, Store, StoreError, codec};
use crate::model::{Digest, Dropped, DroppedReason, EntryKey, SourceId, Stub, Timestamp};

/// Stubs that are kept; beyond that the oldest go.
pub const STUBS_MAX: u64 = 100_000;
/// Stubs removed by one call of [`Store::forget_stubs`].
const FORGET_BATCH_MAX: usize = 1_000;
/// Stubs under one name that are looked at.
const OF_ONE_NAME_MAX: usize = 50;

/// What the rows of stubs begin with, and those of names.
pub(super) const STUB: u8 = b's';
const NAME: u8 = b'n';
const DIGEST_BYTES: usize = 16;

impl Store {
    /// What is remembered under a name: an id, a link in canonical form, or a key of an entry.
    pub fn stubs(&self, name: &str) -> Result<Vec<Stub>, StoreError> {
        let mut found = vec![];
        for row in self.stubs.scan_prefix(of_name(name)).keys().take(OF_ONE_NAME_MAX) {
            let row = row?;
            let at = row.get(1 + DIGEST_BYTES..).unwrap_or_default();
            if let Some(stub) = self.stubs.get(at)? {
                found.extend(self.damage.pass("stubs", at, codec::decode::<Stub>(&stub)));
            }
        }
        Ok(found)
    }

    /// Drops up to a thousand stubs that were made before `before`; says how many.
    pub fn forget_stubs(&self, before: Timestamp) -> Result<usize, StoreError> {
        let end = [&[STUB], &codec::time(before)[..]].concat();
        let mut commit = Commit::default();
        let gone = self.take_out(&mut commit, &end, FORGET_BATCH_MAX)?;
        if gone > 0 {
            let count = self.stubs_stored()?.saturating_sub(gone as u64);
            commit.meta.insert(STUBS, count.to_be_bytes());
            self.commit(commit)?;
        }
        Ok(gone)
    }

    /// Drops what is remembered of entries that were removed, whose keys are dropped as well.
    pub(super) fn drop_stubs_of(&self, commit: &mut Commit, removed: &[EntryKey]) -> Result<(), StoreError> {
        let mut gone = 0;
        for key in removed {
            for row in self.stubs.scan_prefix(of_name(&key.to_string())).keys().take(OF_ONE_NAME_MAX) {
                let row = row?;
                let at = row.get(1 + DIGEST_BYTES..).unwrap_or_default();
                let Some(stub) = self.stubs.get(at)? else { continue };
                let stub = self.damage.pass("stubs", at, codec::decode::<Stub>(&stub));
                let is_its_own = |stub: &Stub| matches!(stub.dropped.reason, DroppedReason::Expired { entry } if entry == *key);
                let Some(stub) = stub.filter(is_its_own) else { continue };
                for name in names(&stub, hash(&stub)) {
                    commit.stubs.remove([&of_name(&name), at].concat());
                }
                commit.stubs.remove(at);
                gone += 1;
            }
        }
        if gone > 0 {
            let count = self.stubs_stored()?.saturating_sub(gone);
            commit.meta.insert(STUBS, count.to_be_bytes());
        }
        Ok(())
    }

    /// How many stubs there are.
    pub fn stubs_stored(&self) -> Result<u64, StoreError> {
        Ok(codec::count(self.meta.get(STUBS)?.as_deref()))
    }

    /// Writes stubs down, but for those that are there: what is dropped at every poll is dropped once.
    pub(super) fn remember(
        &self,
        commit: &mut Commit,
        stubs: impl Iterator<Item = Stub>,
    ) -> Result<(), StoreError> {
        let (mut added, mut fresh) = (0_u64, HashSet::new());
        for stub in stubs {
            let hash = hash(&stub);
            let same = of_name(&hash.to_string());
            if !fresh.insert(hash) || self.stubs.scan_prefix(&same).next().transpose()?.is_some() {
                continue;
            }
            let row = [&[STUB], &codec::time(stub.at)[..], &hash.0].concat();
            commit.stubs.insert(row.as_slice(), codec::encode(&stub)?);
            for name in names(&stub, hash) {
                commit.stubs.insert([&of_name(&name), &row[..]].concat(), []);
            }
            added += 1;
        }
        if added > 0 {
            let mut count = self.stubs_stored()? + added;
            let surplus = usize::try_from(count.saturating_sub(STUBS_MAX)).unwrap_or(usize::MAX);
            count -= self.take_out(commit, &[STUB + 1], surplus)? as u64;
            commit.meta.insert(STUBS, count.to_be_bytes());
        }
        Ok(())
    }

    /// Takes the oldest stubs out, as far as their rows are before `end`.
    fn take_out(&self, commit: &mut Commit, end: &[u8], stubs_max: usize) -> Result<usize, StoreError> {
        let mut gone = 0;
        for row in self.stubs.range::<&[u8], _>(&[STUB][..]..end).take(stubs_max) {
            let (row, stub) = row?;
            if let Some(stub) = self.damage.pass("stubs", &row, codec::decode::<Stub>(&stub)) {
                for name in names(&stub, hash(&stub)) {
                    commit.stubs.remove([&of_name(&name), &row[..]].concat());
                }
            }
            commit.stubs.remove(&row[..]);
            gone += 1;
        }
        Ok(gone)
    }
}

/// Everything that leads to a stub: what somebody may ask for, and the hash of itself.
fn names(stub: &Stub, hash: Digest) -> Vec<String> {
    let own = hash.to_string();
    // Whoever asks for the id or the link of one that was stored is led to its key by the index of keys.
    if let DroppedReason::Expired { entry } = stub.dropped.reason {
        return vec![entry.to_string(), own];
    }
    let Dropped { id, link, page, .. } = &stub.dropped;
    let asked: HashSet<&String> = [id, link, page].into_iter().flatten().collect();
    asked.into_iter().cloned().chain([own]).collect()
}

fn of_name(name: &str) -> Vec<u8> {
    [&[NAME], &Digest::of([name.as_bytes()]).0[..]].concat()
}

/// What makes two stubs the same: not the moment.
fn hash(stub: &Stub) -> Digest {
    let (SourceId(source), dropped) = (&stub.source, &stub.dropped);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (why, entry) = match dropped.reason {
        DroppedReason::Empty => ("empty", None),
        DroppedReason::TooMany => ("too-many", None),
        DroppedReason::Repeats { entry } => ("repeats", Some(entry)),
        DroppedReason::Expired { entry } => ("expired", Some(entry)),
    };
    let EntryKey(entry) = entry.unwrap_or(EntryKey([0; 16]));
    let (id, link) = (text(&dropped.id), text(&dropped.link));
    Digest::of([source.as_bytes(), id.as_bytes(), link.as_bytes(), why.as_bytes(), &entry])
}

/// Whether a row is a stub, or leads to one.
pub(super) fn verify_row(name: &[u8], row: &[u8]) -> Result<(), StoreError> {
    match name.first() {
        Some(&STUB) => codec::decode::<Stub>(row).map(drop),
        Some(&NAME) if name.get(1 + DIGEST_BYTES) == Some(&STUB) => Ok(()),
        _ => Err(StoreError::Record("it is neither a stub nor a name of one".to_owned())),
    }
}
