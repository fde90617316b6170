//! The archives of the sections: what is new goes in with its commit; what a changed feeds.toml brings in, or an
//! older version of nashra left, is looked up in the store step by step, beside all else that the loop does.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Writer, card};
use crate::edge::store::{Store, StoreError};
use crate::model::{Entry, EntryKey, Filing, Known, SectionId, Source, SourceId, Update};
use crate::pipeline::ledger::{self, Leads};
use crate::pipeline::section::Cards;

/// Stored entries that one step looks at.
const READ_AT_ONCE: usize = 500;
/// Entries that one step files.
const FILED_AT_ONCE: usize = 5_000;
/// Steps that are done at once: small stores need no more.
const STEPS_AT_ONCE: usize = 4;

/// How far the archives are.
#[derive(Default)]
pub(super) enum Filer {
    /// They have all that is stored.
    #[default]
    Done,
    /// What they lack is being looked up.
    Reading(Reading),
    /// It is being filed: by section, the newest first.
    Writing(BTreeMap<SectionId, Vec<EntryKey>>),
}

#[derive(Default)]
pub(super) struct Reading {
    /// Everything from this entry on is read.
    before: Option<EntryKey>,
    /// What the archives have already.
    filed: BTreeMap<SectionId, HashSet<EntryKey>>,
    /// What they lack, the newest first.
    found: BTreeMap<SectionId, Vec<EntryKey>>,
    /// What came meanwhile, which goes behind it.
    late: Vec<(SectionId, EntryKey)>,
}

impl Filer {
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self, Self::Done)
    }
}

impl Writer {
    /// Whether there is more to do for the archives.
    pub(in crate::app) fn is_filing(&self) -> bool {
        self.filer.is_busy()
    }

    /// What the archives get with this poll, in the same commit.
    pub(super) fn filings(
        &mut self,
        source: &Source,
        update: &Update,
        known: &Known,
    ) -> Result<Vec<Filing>, StoreError> {
        if !self.shows && self.moves_entries(source, update) && self.store.ledgers_complete_by().is_some() {
            self.store.complete_ledgers(None)?;
        }
        if update.new.is_empty() && update.changed.is_empty() {
            return Ok(vec![]);
        }
        let leads = self.led_by(source, update, known)?;
        match &mut self.filer {
            Filer::Done if self.store.ledgers_complete_by() == Some(self.ledger_rules) => {
                Ok(leads.filings(&self.edition.sections))
            }
            // Nobody is shown anything: the next start looks it up.
            Filer::Done => {
                if self.store.ledgers_complete_by().is_some() {
                    self.store.complete_ledgers(None)?;
                }
                Ok(vec![])
            }
            Filer::Reading(reading) => {
                for (section, keys) in leads.keys() {
                    reading.late.extend(keys.map(|key| (section.clone(), key)));
                }
                Ok(vec![])
            }
            Filer::Writing(waiting) => {
                for (section, keys) in leads.keys() {
                    let list = waiting.entry(section.clone()).or_default();
                    keys.for_each(|key| list.insert(0, key));
                }
                Ok(vec![])
            }
        }
    }

    /// Whether older entries may belong elsewhere, because their feed names another language.
    fn moves_entries(&self, source: &Source, update: &Update) -> bool {
        let before = self.states.get(&source.id).and_then(|state| state.language.as_ref());
        self.edition.sorter.asks_language() && before != update.state.language.as_ref()
    }

    /// What sections lead with for the first time by this poll.
    fn led_by(&self, source: &Source, update: &Update, known: &Known) -> Result<Leads, StoreError> {
        let (edition, mut leads) = (&self.edition, Leads::default());
        let asks_language = edition.sorter.asks_language();
        let mut cards = Cards::new();
        if asks_language {
            cards.insert(source.id.clone(), Arc::new(card(source, Some(&update.state))));
        }
        let new: Vec<Arc<Entry>> = update.new.iter().map(|entry| Arc::new(entry.clone())).collect();
        for entry in &new {
            let mut members = vec![];
            if entry.story != entry.key {
                members = self.members(entry.story)?;
                members.extend(new.iter().filter(|other| other.story == entry.story).cloned());
                self.add_cards(&mut cards, &members, asks_language);
            }
            leads.add(edition, &cards, entry, &members);
        }
        for entry in &update.changed {
            let sections_of = |entry| edition.sorter.sections_of(entry, &cards);
            if known.entries.get(&entry.key).is_some_and(|old| sections_of(old) == sections_of(entry)) {
                continue;
            }
            // It may lead where it comes, and another one where it leaves.
            let mut moved = self.members(entry.story)?;
            moved.retain(|other| other.key != entry.key);
            moved.push(Arc::new(entry.clone()));
            self.add_cards(&mut cards, &moved, asks_language);
            let mut joined = Leads::default();
            moved.iter().for_each(|member| joined.add(edition, &cards, member, &moved));
            self.store.leave_out_filed(&mut joined)?;
            leads.append(joined);
        }
        Ok(leads)
    }

    /// The stored entries of a story, from the window where it has them all.
    fn members(&self, story: EntryKey) -> Result<Vec<Arc<Entry>>, StoreError> {
        let keys = self.store.story_keys(story)?;
        let at_hand = || keys.iter().map(|key| self.window.entries.get(key).cloned());
        if let Some(members) = at_hand().collect() {
            return Ok(members);
        }
        Ok(self.store.story(story)?.into_iter().map(Arc::new).collect())
    }

    fn add_cards(&self, cards: &mut Cards, members: &[Arc<Entry>], asks_language: bool) {
        let sources = members.iter().map(|member| &member.source).filter(|_| asks_language);
        for id in sources.collect::<HashSet<&SourceId>>() {
            if let Some(source) = self.sources.get(id).filter(|_| !cards.contains_key(id)) {
                cards.insert(id.clone(), Arc::new(card(source, self.states.get(id))));
            }
        }
    }

    /// Other rules may be in force, or the store may be of an earlier version: begins to bring the archives up to
    /// them. Small stores are done when this returns.
    pub(in crate::app) fn begin_filing(&mut self) -> Result<(), StoreError> {
        self.ledger_rules = ledger::rules(&self.edition);
        self.filer = Filer::Done;
        if self.store.ledgers_complete_by() == Some(self.ledger_rules) {
            return Ok(());
        }
        self.file_anew()
    }

    /// The same where entries may have come into other sections.
    pub(super) fn file_anew(&mut self) -> Result<(), StoreError> {
        if self.store.ledgers_complete_by().is_some() {
            // A process that is killed meanwhile is followed by one that begins anew.
            self.store.complete_ledgers(None)?;
        }
        let mut filed = BTreeMap::new();
        for section in ledger::sections(&self.edition) {
            filed.insert(section.id.clone(), self.store.filed_keys(&section.id)?);
        }
        self.filer = Filer::Reading(Reading { filed, ..Reading::default() });
        for _ in 0..STEPS_AT_ONCE {
            if !self.file_more()? {
                break;
            }
        }
        Ok(())
    }

    /// Does one step of the work; says whether there may be more.
    pub(in crate::app) fn file_more(&mut self) -> Result<bool, StoreError> {
        match std::mem::take(&mut self.filer) {
            Filer::Done => return Ok(false),
            Filer::Reading(reading) => self.filer = self.read_on(reading)?,
            Filer::Writing(waiting) => self.filer = self.write_on(waiting)?,
        }
        Ok(self.filer.is_busy())
    }

    fn read_on(&mut self, mut reading: Reading) -> Result<Filer, StoreError> {
        let (mut leads, mut count) = (Leads::default(), 0);
        for entry in self.store.newest_before(reading.before)?.take(READ_AT_ONCE) {
            let entry = Arc::new(entry?);
            let members = if entry.story == entry.key { vec![] } else { self.members(entry.story)? };
            leads.add(&self.edition, &self.window.sources, &entry, &members);
            (reading.before, count) = (Some(entry.key), count + 1);
        }
        let Reading { filed, found, late, .. } = &mut reading;
        leads.retain(|section, key| filed.get(section).is_none_or(|keys| !keys.contains(&key)));
        for (section, keys) in leads.keys() {
            found.entry(section.clone()).or_default().extend(keys);
        }
        if count == READ_AT_ONCE {
            return Ok(Filer::Reading(reading));
        }
        for (section, key) in late.drain(..) {
            let list = found.entry(section).or_default();
            // What came with an old date has been read by now.
            if !list.contains(&key) {
                list.insert(0, key);
            }
        }
        Ok(Filer::Writing(std::mem::take(found)))
    }

    fn write_on(&mut self, mut waiting: BTreeMap<SectionId, Vec<EntryKey>>) -> Result<Filer, StoreError> {
        let (mut filings, mut room) = (vec![], FILED_AT_ONCE);
        for section in ledger::sections(&self.edition) {
            let Some(list) = waiting.get_mut(&section.id) else { continue };
            let some = list.split_off(list.len().saturating_sub(room));
            room -= some.len();
            filings.push(ledger::filing(section, some.into_iter().rev().collect()));
        }
        self.store.file(&filings)?;
        waiting.retain(|_, list| !list.is_empty());
        if !waiting.is_empty() {
            return Ok(Filer::Writing(waiting));
        }
        self.store.complete_ledgers(Some(self.ledger_rules))?;
        self.store.flush()?;
        self.stale |= self.shows;
        Ok(Filer::Done)
    }
}

impl Store {
    /// Every entry that the archive of a section shows or can show.
    fn filed_keys(&self, section: &SectionId) -> Result<HashSet<EntryKey>, StoreError> {
        let mut keys = HashSet::new();
        for run in self.filed(section) {
            keys.extend(run?.1);
        }
        // Who comes back after a page was frozen without him is filed once more.
        let mut omitted = self.omitted(section)?;
        if !omitted.is_empty() {
            omitted.retain(|key| !self.is_filed_twice(section, *key).unwrap_or(true));
            keys.retain(|key| !omitted.contains(key));
        }
        Ok(keys)
    }

    /// Whether an entry stands in an archive more than once already.
    fn is_filed_twice(&self, section: &SectionId, key: EntryKey) -> Result<bool, StoreError> {
        let mut count = 0;
        for run in self.filed(section) {
            count += run?.1.iter().filter(|filed| **filed == key).count();
        }
        Ok(count > 1)
    }

    /// Leaves out of `leads` what the archives have.
    pub(in crate::app) fn leave_out_filed(&self, leads: &mut Leads) -> Result<(), StoreError> {
        let mut filed = BTreeMap::new();
        for section in leads.sections() {
            filed.insert(section.clone(), self.filed_keys(section)?);
        }
        leads.retain(|section, key| filed.get(section).is_none_or(|keys| !keys.contains(&key)));
        Ok(())
    }
}
