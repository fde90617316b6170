//! Each listed entry against the known ones: a table of rules, the surest first.
//!
//! A rule says whether an entry that one of the listed entry's keys leads to is the same. A known entry is
//! found once in a document; whoever comes later with one of its keys is another entry.

mod evidence;
mod pair;
mod residue;

use std::collections::{HashMap, HashSet};

use self::evidence::Shifts;
use self::pair::Pair;
use super::{Keyed, canonical_page, is_relocated};
use crate::model::{Entry, EntryKey, IdentityKey, IdentityKind, KeyKind, Known, Renamed, Timestamp};

/// In a document of so few entries one new id is not yet a source that moved.
const SMALL_DOCUMENT: usize = 2;

/// A listed entry that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The known entry.
    pub key: EntryKey,
    /// Whether its id at the source changed, and it was recognised by link or title.
    pub moved: bool,
}

/// Which keys a rule follows.
type Keys = fn(&Keyed<'_>) -> Vec<IdentityKey>;
type Rule = fn(&Pair<'_>) -> bool;

const GUID: Keys = |listed| listed.guid.into_iter().collect();
const REPETITION: Keys =
    |listed| listed.aliases.iter().copied().filter(|key| key.kind == KeyKind::Guid).collect();
const CONTENT: Keys = |listed| vec![listed.content];
const LINK: Keys = |listed| listed.anchor.into_iter().chain(listed.link_key).collect();
const DATED: Keys = |listed| listed.dated.into_iter().collect();
const TITLE: Keys = |listed| listed.title.into_iter().collect();

/// What always holds.
const RULES: [(Keys, Rule); 7] = [
    (GUID, |pair| pair.is_owner() && pair.agrees_with_guid()),
    (GUID, |pair| pair.agrees_with_guid()),
    (CONTENT, |pair| pair.has_the_content()),
    (LINK, |pair| pair.has_the_link()),
    (REPETITION, |pair| pair.agrees_with_guid()),
    // The publisher says that it is the same, however much has changed.
    (GUID, |pair| pair.is_owner()),
    (DATED, |pair| pair.has_title_and_date()),
];
/// What holds of a single entry, too, though its guid is another one.
const RENAMED: (Keys, Rule) = (LINK, |pair| pair.has_link_title_and_date());
/// What holds where a part of a source moved, though it is less than half of it.
const RULE_OF_A_PART: (Keys, Rule) = (DATED, |pair| pair.has_a_rare_title_and_date());
/// What holds where more than half of a known source would be new.
const RULES_OF_A_MOVE: [(Keys, Rule); 4] = [
    (LINK, |pair| pair.has_the_link_elsewhere()),
    (DATED, |_| true),
    (CONTENT, |pair| pair.has_the_content_elsewhere()),
    (TITLE, |pair| pair.has_the_title_elsewhere()),
];

/// What holds in the time after a move, when entries come back that were not listed while it happened.
const RULES_AFTER_A_MOVE: [(Keys, Rule); 4] = [
    (LINK, |pair| pair.old.is_some_and(|old| pair.dates_agree(old))),
    (DATED, |pair| pair.listed.said.published.is_some()),
    (TITLE, |pair| pair.has_title_and_date_elsewhere()),
    (TITLE, |pair| pair.search.moved_at.is_some_and(|at| pair.has_title_and_text_after(at))),
];

/// What a source listed before the document that is matched.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Its entries.
    pub listed: &'a [EntryKey],
    /// When most of its entries last came under other ids, if they ever did.
    pub renamed: Option<&'a Renamed>,
}

/// The listed entries, each with the known one that it is.
#[derive(Debug, Default)]
pub struct Matched {
    /// In the order of the document.
    pub found: Vec<Option<Match>>,
    /// What a move did to the dates.
    pub shifts: Shifts,
}

/// Finds each listed entry among the known ones: by guid, content and link, and where more than half of a
/// known source would be new (another guid scheme, another CMS) also by link, by title with date, and by what is
/// left of those that it listed `before`, so that nothing old is shown as new. A part of a document shows no move.
pub fn matched(entries: &[Keyed<'_>], known: &Known, before: Before<'_>, is_part: bool) -> Matched {
    let mut search = Search {
        entries,
        known,
        found: vec![None; entries.len()],
        taken: HashSet::new(),
        named: entries.iter().enumerate().map(|(index, entry)| (entry.primary, index)).collect(),
        is_small: entries.len() <= SMALL_DOCUMENT,
        is_move: false,
        shifts: Shifts::default(),
        titles: HashMap::new(),
        dates: HashMap::new(),
        moved_at: before.renamed.map(|renamed| renamed.at),
    };
    for (keys, rule) in RULES {
        search.pass(keys, rule, false);
    }
    let unknown = search.unknown().count();
    if unknown > 0 {
        search.count();
    }
    search.pass(RENAMED.0, RENAMED.1, false);
    let may_have_moved = unknown * 2 > entries.len() || unknown > 0 && search.is_changed();
    if !is_part && !before.listed.is_empty() {
        if may_have_moved {
            search.pass_as_moved(before.listed, unknown);
        }
        residue::pass(&mut search, before.listed, may_have_moved);
    }
    let (keys, rule) = RULE_OF_A_PART;
    search.pass(keys, rule, true);
    let shifts = search.shifts.clone();
    if let Some(renamed) = before.renamed {
        search.shifts.minutes.extend(&renamed.minutes);
        search.shifts.midnights.extend(&renamed.midnights);
        for (keys, rule) in RULES_AFTER_A_MOVE {
            search.pass(keys, rule, true);
        }
    }
    Matched { found: search.found, shifts }
}

struct Search<'a> {
    entries: &'a [Keyed<'a>],
    known: &'a Known,
    found: Vec<Option<Match>>,
    taken: HashSet<EntryKey>,
    named: HashMap<IdentityKey, usize>,
    is_small: bool,
    /// Whether most of what is unknown leads to something known by another key.
    is_move: bool,
    /// By how much the dates of a source that moved are off.
    shifts: Shifts,
    /// How many entries of the document have each title,
    titles: HashMap<IdentityKey, usize>,
    /// and each date; counted only where an entry is not found by what always holds.
    dates: HashMap<Timestamp, usize>,
    /// When most of its entries last came under other ids.
    moved_at: Option<Timestamp>,
}

impl<'a> Search<'a> {
    /// Counts titles and dates.
    fn count(&mut self) {
        for entry in self.entries {
            entry.title.into_iter().for_each(|title| *self.titles.entry(title).or_default() += 1);
            let at = entry.said.published;
            at.into_iter().for_each(|at| *self.dates.entry(at).or_default() += 1);
        }
    }

    /// Whether several entries of the document have this title.
    fn recurs(&self, title: &IdentityKey) -> bool {
        self.titles.get(title).is_some_and(|count| *count > 1)
    }

    /// How many entries of the document have this date.
    fn dated(&self, at: Timestamp) -> usize {
        self.dates.get(&at).copied().unwrap_or_default()
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Keyed<'a>> + '_ {
        self.entries.iter().zip(&self.found).filter(|(_, found)| found.is_none()).map(|(entry, _)| entry)
    }

    /// Whether most of what was found has another guid, another link or another date than before, so that the rest
    /// may as well.
    fn is_changed(&self) -> bool {
        let (mut all, mut changed) = (0, 0);
        for (entry, old) in self.recognised() {
            let is_new = |key: IdentityKey| !self.known.keys.contains_key(&key);
            let was_by_guid = entry.trust.guids && old.identity.kind == IdentityKind::Guid;
            let has_changed = entry.guid.map_or(was_by_guid, is_new)
                || entry.link_key.is_some_and(is_new)
                || entry.said.published != old.said.published
                || is_relocated(&old.said, entry.said);
            all += 1;
            changed += usize::from(has_changed);
        }
        changed * 2 > all
    }

    /// The entries that were found and are stored.
    fn recognised(&self) -> impl Iterator<Item = (&'a Keyed<'a>, &'a Entry)> + '_ {
        let pairs = self.entries.iter().zip(&self.found);
        pairs.filter_map(|(entry, found)| Some((entry, self.known.entries.get(&found.as_ref()?.key)?)))
    }

    fn pass_as_moved(&mut self, listed: &[EntryKey], unknown: usize) {
        self.pass_same_pages(listed);
        self.shifts = Shifts::of(self);
        let leads_somewhere = |entry: &&Keyed<'_>| {
            let keys = [entry.link_key, entry.dated].into_iter().flatten();
            keys.chain(entry.title).any(|key| self.known.keys.contains_key(&key))
        };
        self.is_move = self.unknown().filter(leads_somewhere).count() * 2 >= unknown;
        for (keys, rule) in RULES_OF_A_MOVE {
            self.pass(keys, rule, true);
        }
    }

    /// Finds entries without guids by their pages, where those that were listed before were keyed by another canonical
    /// form: that of an earlier version.
    fn pass_same_pages(&mut self, listed: &[EntryKey]) {
        let is_unknown = |key: &IdentityKey| !self.known.keys.contains_key(key);
        let link_of = |index: usize, entry: &Keyed<'_>| {
            let link = entry.link_key.filter(is_unknown).filter(|_| entry.guid.is_none());
            link.filter(|_| self.found[index].is_none())
        };
        let links = self.entries.iter().enumerate();
        let links = links.filter_map(|(index, entry)| Some((index, entry, link_of(index, entry)?)));
        let links: Vec<(usize, &Keyed<'_>, IdentityKey)> = links.collect();
        let Some(trust) = links.first().map(|(_, entry, _)| entry.trust) else { return };
        let mut by_page: HashMap<String, Vec<&Entry>> = HashMap::new();
        for old in listed.iter().filter_map(|key| self.known.entries.get(key)) {
            if let Some(page) = canonical_page(&old.said, trust) {
                by_page.entry(page).or_default().push(old);
            }
        }
        for (index, listed, by) in links {
            let page = canonical_page(listed.said, trust);
            // Of several the link tells nothing.
            let Some([old]) = page.and_then(|page| by_page.get(&page)).map(Vec::as_slice) else { continue };
            let pair = Pair { listed, by, key: old.key, old: Some(old), search: self };
            if !self.taken.contains(&old.key) && pair.has_the_link() {
                self.taken.insert(old.key);
                self.found[index] = Some(Match { key: old.key, moved: false });
            }
        }
    }

    /// Applies one rule to every entry that no earlier rule has found.
    fn pass(&mut self, keys: Keys, rule: Rule, moved: bool) {
        for (index, listed) in self.entries.iter().enumerate() {
            if self.found[index].is_some() {
                continue;
            }
            // A key after which another listed entry would be named is left to that one.
            let own = |by: &IdentityKey| self.named.get(by).is_none_or(|owner| *owner == index);
            let candidates = keys(listed).into_iter().filter(own).filter_map(|by| {
                let key = *self.known.keys.get(&by)?;
                Some(Pair { listed, by, key, old: self.known.entries.get(&key), search: self })
            });
            let mut free = candidates.filter(|pair| !self.taken.contains(&pair.key));
            let found = free.find(|pair| rule(pair)).map(|pair| Match { key: pair.key, moved });
            if let Some(found) = found {
                self.taken.insert(found.key);
                self.found[index] = Some(found);
            }
        }
    }
}
