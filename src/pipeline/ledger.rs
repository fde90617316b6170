//! Which entries a section leads with for the first time: what goes into its archive, once and for ever.

mod document;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::section::Cards;
use super::{Edition, merge};
use crate::model::{Digest, Entry, EntryKey, Filing, Section, SectionId, SectionOrder};

pub use document::{Printed, bound, document, reprinted};

/// Entries by the sections that lead with them, each list oldest first by (published, id).
#[derive(Debug, Default)]
pub struct Leads(BTreeMap<SectionId, Vec<Arc<Entry>>>);

impl Leads {
    /// Adds the sections that lead with `entry`. `members` are the other entries of its story, as many as are known;
    /// an entry that began its story leads it wherever it is, so nobody need look for them then.
    pub fn add(&mut self, edition: &Edition, cards: &Cards, entry: &Arc<Entry>, members: &[Arc<Entry>]) {
        let sections = edition.sorter.sections_of(entry, cards);
        if sections.is_empty() {
            return;
        }
        if entry.story == entry.key {
            for id in sections {
                self.push(id, entry);
            }
            return;
        }
        let others = members.iter().filter(|other| other.key != entry.key);
        let others: Vec<(&Arc<Entry>, Vec<&SectionId>)> =
            others.map(|other| (other, edition.sorter.sections_of(other, cards))).collect();
        for id in sections {
            let Some(section) = edition.sections.iter().find(|section| section.id == *id) else { continue };
            let here = others.iter().filter(|(_, sections)| sections.contains(&id));
            let told: Vec<Arc<Entry>> =
                here.map(|(other, _)| Arc::clone(other)).chain([Arc::clone(entry)]).collect();
            if merge::leads(&merge::stories(section, told)).iter().any(|lead| lead.key == entry.key) {
                self.push(id, entry);
            }
        }
    }

    fn push(&mut self, section: &SectionId, entry: &Arc<Entry>) {
        match self.0.get_mut(section) {
            Some(entries) => entries.push(Arc::clone(entry)),
            None => drop(self.0.insert(section.clone(), vec![Arc::clone(entry)])),
        }
    }

    /// Adds what others have found.
    pub fn append(&mut self, other: Self) {
        for (section, mut entries) in other.0 {
            self.0.entry(section).or_default().append(&mut entries);
        }
    }

    /// Leaves out what these say is there already.
    pub fn retain(&mut self, mut is_new: impl FnMut(&SectionId, EntryKey) -> bool) {
        for (section, entries) in &mut self.0 {
            entries.retain(|entry| is_new(section, entry.key));
        }
        self.0.retain(|_, entries| !entries.is_empty());
    }

    /// The sections that lead with any of them.
    pub fn sections(&self) -> impl Iterator<Item = &SectionId> {
        self.0.keys()
    }

    /// Whether no section leads with any of them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of the entries, section by section, in the order in which they were added.
    pub fn keys(&self) -> impl Iterator<Item = (&SectionId, impl Iterator<Item = EntryKey>)> {
        self.0.iter().map(|(section, entries)| (section, entries.iter().map(|entry| entry.key)))
    }

    /// The same as what is written at the ends of ledgers, each entry once.
    pub fn filings(mut self, sections: &[Section]) -> Vec<Filing> {
        let of_section = |section: &Section| {
            let mut entries = self.0.remove(&section.id)?;
            entries.sort_by(|a, b| (a.published, &a.id).cmp(&(b.published, &b.id)));
            let mut seen = HashSet::new();
            let keys = entries.iter().map(|entry| entry.key).filter(|key| seen.insert(*key)).collect();
            Some(filing(section, keys))
        };
        sections.iter().filter_map(of_section).collect()
    }
}

/// These entries for the archive of a section, whose pages are as long as its live feed is now.
pub fn filing(section: &Section, keys: Vec<EntryKey>) -> Filing {
    Filing { section: section.id.clone(), page_entries: section.limits.entries_max, keys }
}

/// The sections that have an archive: not those that only rank what others show.
pub fn sections(edition: &Edition) -> impl Iterator<Item = &Section> {
    edition.sections.iter().filter(|section| section.order == SectionOrder::Newest)
}

/// The hash of all that decides which sections lead with which entries.
pub fn rules(edition: &Edition) -> Digest {
    let section = |section: &Section| {
        let Section { id, rules, takes_all, stories, .. } = section;
        format!("{id} {rules:?} {takes_all} {stories}")
    };
    let sections: Vec<String> = sections(edition).map(section).collect();
    let parts = sections.iter().map(String::as_bytes);
    Digest::of(parts.chain([edition.sorter.of_sources().as_bytes()]))
}
