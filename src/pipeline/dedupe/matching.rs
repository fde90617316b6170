//! Each listed entry against the known ones: a table of rules, the surest first.
//!
//! A rule says whether an entry that one of the listed entry's keys leads to is the same. A known entry is
//! found once in a document; whoever comes later with one of its keys is another entry.

mod evidence;
mod residue;

use std::collections::{HashMap, HashSet};

use self::evidence::{Shifts, near_enough, same_text};
use super::{Keyed, canonical_page, is_relocated};
use crate::model::{Entry, EntryKey, IdentityKey, IdentityKind, KeyKind, Known, Renamed, Timestamp};
use crate::pipeline::{link, text};

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
/// What holds where more than half of a known source would be new.
const RULES_OF_A_MOVE: [(Keys, Rule); 4] = [
    (LINK, |pair| pair.has_the_link_elsewhere()),
    (DATED, |_| true),
    (CONTENT, |pair| pair.has_the_content_elsewhere()),
    (TITLE, |pair| pair.has_the_title_elsewhere()),
];

/// What holds in the time after a move, when entries come back that were not listed while it happened.
const RULES_AFTER_A_MOVE: [(Keys, Rule); 3] = [
    (LINK, |pair| pair.old.is_some_and(|old| pair.dates_agree(old))),
    (DATED, |pair| pair.listed.said.published.is_some()),
    (TITLE, |pair| pair.has_title_and_date_elsewhere()),
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
    /// By how many minutes the dates of those that moved are off.
    pub shifts: Vec<i64>,
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
    };
    for (keys, rule) in RULES {
        search.pass(keys, rule, false);
    }
    let unknown = search.unknown().count();
    search.pass(RENAMED.0, RENAMED.1, false);
    let may_have_moved = unknown * 2 > entries.len() || unknown > 0 && search.is_changed();
    if !is_part && !before.listed.is_empty() && may_have_moved {
        search.pass_as_moved(before.listed, unknown);
    }
    if let Some(renamed) = before.renamed {
        search.shifts.0.extend(&renamed.minutes);
        for (keys, rule) in RULES_AFTER_A_MOVE {
            search.pass(keys, rule, true);
        }
        search.shifts.0.truncate(search.shifts.0.len() - renamed.minutes.len());
    }
    Matched { found: search.found, shifts: search.shifts.0 }
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
}

impl<'a> Search<'a> {
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
        residue::pass(self, listed);
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

/// A listed entry, and a known one that one of its keys leads to.
struct Pair<'a> {
    listed: &'a Keyed<'a>,
    /// The key that leads there.
    by: IdentityKey,
    key: EntryKey,
    /// `None` where retention removed it, so that nothing can be compared.
    old: Option<&'a Entry>,
    search: &'a Search<'a>,
}

impl Pair<'_> {
    /// Whether the known entry was named after this very key.
    fn is_owner(&self) -> bool {
        self.key.is_of(self.by.digest)
    }

    /// A guid that was learnt (a repetition, a move) is believed only as long as something else agrees: its
    /// entry may have got a guid of its own by then.
    fn agrees_with_guid(&self) -> bool {
        let same_words = |old: &Entry| self.listed.digest == old.digest;
        self.old.is_none_or(|old| self.same_title(old) || self.same_page(old) || same_words(old))
    }

    /// Title, text, page and files are equal.
    fn has_the_content(&self) -> bool {
        if self.listed.guid.is_none() {
            return true;
        }
        let Some(old) = self.old else { return self.title_and_date_lead_here() };
        // Without its date only a page makes a daily bulletin more than its title.
        (old.identity.kind != IdentityKind::Guid || self.same_page(old)) && !self.dates_differ(old)
    }

    /// The page is the same, and nothing shows that it was used for something else before.
    fn has_the_link(&self) -> bool {
        let (has_guid, by_fragment) = (self.listed.guid.is_some(), Some(self.by) == self.listed.anchor);
        let Some(old) = self.old else {
            let at_one_place = self.listed.anchor.is_none() || by_fragment;
            return !has_guid && (at_one_place || self.title_and_date_lead_here());
        };
        let agrees = self.same_title(old) || self.same_date(old);
        // Where guids are no keys, entries are known by link, whatever they were named after.
        let was_by_guid = self.listed.trust.guids && old.identity.kind == IdentityKind::Guid;
        if has_guid { agrees && !was_by_guid } else { agrees || !was_by_guid && !self.fragments_differ(old) }
    }

    /// An entry without a usable guid whose text changed.
    fn has_title_and_date(&self) -> bool {
        let has_guid = self.listed.guid.is_some();
        let Some(old) = self.old else { return !has_guid };
        let holds = self.listed.trust.links || self.listed.trust.paths;
        let same_place = !holds || self.page() == self.page_of(old);
        same_place && (!has_guid || old.identity.kind != IdentityKind::Guid)
    }

    /// One guid became another, and nothing else is different.
    fn has_link_title_and_date(&self) -> bool {
        self.old.is_some_and(|old| self.same_title(old) && self.same_date(old) && !self.fragments_differ(old))
    }

    /// The guid is another one. A reused page address is not yet the same entry: title or date must agree, and with
    /// another date the text.
    fn has_the_link_elsewhere(&self) -> bool {
        let Some(old) = self.old else {
            return self.title_and_date_lead_here() || !self.search.is_small && self.search.is_move;
        };
        if self.dates_agree(old) {
            return true;
        }
        self.same_title(old) && (!self.dates_differ(old) || same_text(self.listed.said, &old.said))
    }

    /// Where nothing but the guid could differ, in a document that is no single bulletin.
    fn has_the_content_elsewhere(&self) -> bool {
        !self.search.is_small && self.old.is_some_and(|old| !self.dates_differ(old))
    }

    /// Guid and link are others: the date must agree, be it rounded or off by the hours that most are. Where there
    /// is none to compare, the text; and where the date was set anew, text and slug.
    fn has_the_title_elsewhere(&self) -> bool {
        let Some(old) = self.old.filter(|_| !self.has_title_and_date_elsewhere()) else {
            return self.has_title_and_date_elsewhere();
        };
        match (evidence::date(self.listed.said), evidence::date(&old.said)) {
            _ if self.search.is_small => false,
            (Some(_), Some(_)) => {
                evidence::same_slug(self.listed.said, &old.said) && same_text(self.listed.said, &old.said)
            }
            _ => evidence::is_telling(&self.listed.folded_title) && same_text(self.listed.said, &old.said),
        }
    }

    /// The title, and the date as a move may have changed it.
    fn has_title_and_date_elsewhere(&self) -> bool {
        let old = self.old.map_or(Some(self.key.published()), |old| evidence::date(&old.said));
        matches!((evidence::date(self.listed.said), old), (Some(new), Some(old)) if self.agree(new, old))
    }

    fn title_and_date_lead_here(&self) -> bool {
        self.listed.dated.is_some_and(|dated| self.search.known.keys.get(&dated) == Some(&self.key))
    }

    fn same_title(&self, old: &Entry) -> bool {
        let titles = (self.listed.said.title.as_deref(), old.said.title.as_deref());
        matches!(titles, (Some(a), Some(b)) if a == b || text::fold(a) == text::fold(b))
    }

    fn page(&self) -> Option<String> {
        canonical_page(self.listed.said, self.listed.trust)
    }

    fn page_of(&self, old: &Entry) -> Option<String> {
        canonical_page(&old.said, self.listed.trust)
    }

    fn same_page(&self, old: &Entry) -> bool {
        let page = self.page();
        page.is_some() && page == self.page_of(old)
    }

    fn same_date(&self, old: &Entry) -> bool {
        matches!((self.listed.said.published, old.said.published), (Some(a), Some(b)) if a == b)
    }

    fn agree(&self, new: Timestamp, old: Timestamp) -> bool {
        near_enough(new, old) || self.search.shifts.explain(new, old)
    }

    /// The same of dates that a move may have changed.
    fn dates_agree(&self, old: &Entry) -> bool {
        let dates = (self.listed.said.published, old.said.published);
        matches!(dates, (Some(new), Some(old)) if self.agree(new, old))
    }

    fn dates_differ(&self, old: &Entry) -> bool {
        matches!((self.listed.said.published, old.said.published), (Some(a), Some(b)) if a != b)
    }

    fn fragments_differ(&self, old: &Entry) -> bool {
        let fragment = |link: Option<&str>| link.and_then(link::fragment).map(str::to_owned);
        let fragments =
            (fragment(super::given_link(self.listed.said)), fragment(super::given_link(&old.said)));
        matches!(fragments, (Some(a), Some(b)) if a != b)
    }
}
