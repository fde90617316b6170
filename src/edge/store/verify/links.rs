//! What rows say of one another: each key leads to an entry or to what is remembered of one, entries are where the index
//! says, members of stories exist, and what is counted is there.

use std::collections::BTreeMap;

use super::Verified;
use crate::edge::journal::{self, Record};
use crate::edge::store::damage::readable;
use crate::edge::store::keys::Name;
use crate::edge::store::sheaf::Number;
use crate::edge::store::write::failed;
use crate::edge::store::{COUNT, STUBS, Stage, Store, StoreError, codec, stubs};
use crate::model::{EntryKey, KeyKind};

const IDENTITIES: [KeyKind; 5] =
    [KeyKind::Guid, KeyKind::Title, KeyKind::Dated, KeyKind::Link, KeyKind::Content];
/// Doubts of one kind that are looked at again.
const DOUBTS_MAX: usize = 10_000;

/// What the rows hold that others refer to.
#[derive(Default)]
pub(super) struct Found {
    /// Entries with a row of their own.
    pub(super) singles: Vec<EntryKey>,
    /// Entries in sheaves.
    pub(super) bound: Vec<(EntryKey, Number)>,
}

/// What the store counts by itself, at some moment.
pub(super) struct State {
    sequence: u64,
    counts: BTreeMap<&'static [u8], u64>,
}

impl Store {
    pub(super) fn counted(&self) -> State {
        loop {
            let sequence = self.sequence();
            let count =
                |name: &'static [u8]| (name, codec::count(self.meta.get(name).ok().flatten().as_deref()));
            let counts = [COUNT, STUBS].into_iter().map(count).collect();
            if self.sequence() == sequence {
                return State { sequence, counts };
            }
        }
    }

    pub(super) fn verify_links(
        &self,
        mut found: Found,
        before: &State,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        found.bound.sort_unstable();
        let mut stored = found.singles;
        self.verify_places(&found.bound, &mut stored, verified)?;
        stored.sort_unstable();
        stored.dedup();
        verified.entries = stored.len() as u64;
        self.verify_keys(&stored, verified)?;
        self.verify_members(&stored, verified)?;
        let stubs = self.trees.tree("stubs")?.scan_prefix([stubs::STUB]).count() as u64;
        self.verify_count(COUNT, "entries", verified.entries, before, verified)?;
        self.verify_count(STUBS, "stubs", stubs, before, verified)
    }

    /// The index says where each entry is that has no row of its own; adds them to `stored`.
    fn verify_places(
        &self,
        bound: &[(EntryKey, Number)],
        stored: &mut Vec<EntryKey>,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let mut doubts = vec![];
        for place in self.bound(None)? {
            let place = place?;
            verified.keys += 1;
            stored.push(place.0);
            if bound.binary_search(&place).is_err() && doubts.len() < DOUBTS_MAX {
                doubts.push(place.0);
            }
        }
        for key in doubts {
            let is_there = || {
                let Some(number) = self.sheaf_of(key)? else { return Ok(true) };
                Ok(self.sheaf(number)?.is_some_and(|sheaf| sheaf.entry(key).is_ok()))
            };
            if !self.settled(is_there)? {
                verified.findings.add(format!("entry {}: it is not where the index says", readable(&key.0)));
            }
        }
        Ok(())
    }

    fn verify_keys(&self, stored: &[EntryKey], verified: &mut Verified) -> Result<(), StoreError> {
        let mut doubts: Vec<Name> = vec![];
        for kind in IDENTITIES {
            let kind = kind as u8;
            for said in self.keys.backwards(kind, &[kind + 1])? {
                let (name, entry) = said?;
                verified.keys += 1;
                if stored.binary_search(&entry).is_err()
                    && doubts.len() < DOUBTS_MAX
                    && !self.names.contains_key(entry.0)?
                {
                    doubts.push(name);
                }
            }
        }
        for name in doubts {
            let leads = || match self.keys.get(name)? {
                None => Ok(true),
                Some(entry) => Ok(self.names.contains_key(entry.0)? || self.is_stored(entry)?),
            };
            if !self.settled(leads)? {
                verified.findings.add(format!("key {}: it leads to nothing", readable(&name)));
            }
        }
        Ok(())
    }

    /// Members of stories, and what retention removes next.
    fn verify_members(&self, stored: &[EntryKey], verified: &mut Verified) -> Result<(), StoreError> {
        let mut doubts = vec![];
        for row in &self.stories {
            let (name, _) = row?;
            let member = codec::entry_key(name.get(16..).unwrap_or_default());
            if member.is_ok_and(|member| stored.binary_search(&member).is_err()) && doubts.len() < DOUBTS_MAX
            {
                doubts.push(name);
            }
        }
        for name in doubts {
            let exists = || {
                let Ok(member) = codec::entry_key(name.get(16..).unwrap_or_default()) else {
                    return Ok(true);
                };
                Ok(!self.stories.contains_key(&name)? || self.is_stored(member)?)
            };
            if !self.settled(exists)? {
                verified.findings.add(format!("stories/{}: its member does not exist", readable(&name)));
            }
        }
        let mut doubts = vec![];
        for row in &self.due {
            let (name, _) = row?;
            let is_known = codec::due_entry(&name).is_none_or(|entry| stored.binary_search(&entry).is_ok());
            if !is_known && name.first() == Some(&(Stage::Stored as u8)) && doubts.len() < DOUBTS_MAX {
                doubts.push(name);
            }
        }
        for name in doubts {
            let Some(entry) = codec::due_entry(&name) else { continue };
            if !self.settled(|| Ok(!self.due.contains_key(&name)? || self.is_stored(entry)?))? {
                verified
                    .findings
                    .add(format!("due/{}: it is of an entry that is not stored", readable(&name)));
            }
        }
        Ok(())
    }

    /// What the store says that it has, and what was seen since `before`: each of it was there at some moment.
    fn verify_count(
        &self,
        name: &'static [u8],
        what: &str,
        seen: u64,
        before: &State,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let said = before.counts.get(name).copied().unwrap_or_default();
        let (mut low, mut high, mut last) = (said, said, said);
        if self.sequence() != before.sequence {
            let follow = |record: Record| {
                let meta = record.changes.0.into_iter().filter(|(tree, _)| tree == "meta");
                for (_, value) in meta.flat_map(|(_, rows)| rows.0).filter(|(row, _)| row == name) {
                    let count = codec::count(value.as_deref());
                    high += count.saturating_sub(last);
                    low = low.saturating_sub(last.saturating_sub(count));
                    last = count;
                }
                Ok(())
            };
            journal::read_after(self.journal.folder(), before.sequence, follow).map_err(failed)?;
        }
        if !(low..=high).contains(&seen) {
            verified.findings.add(format!("{what}: the store says that it has {last}, and has {seen}"));
        }
        Ok(())
    }
}
