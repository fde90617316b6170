//! The entries of one document, decided on one after the other: new, known, changed, gone.

use std::collections::{HashMap, HashSet};

use chrono::SubsecRound as _;

use super::listed::{Listed, Names, published_key};
use super::near::{Titles, told};
use super::{ENTRIES_PER_FETCH_MAX, configuration, dropped, life, past};
use crate::model::{
    Digest, Entry, EntryKey, Feed, FeedEntry, IdentityKey, Known, Sketch, Source, SourceState, StoryReason,
    Tally, Timestamp, Update,
};
use crate::pipeline::dedupe::{self, Before, Judged, Keyed, Match, Matched, Turn};
use crate::pipeline::{decide, story};

/// Problems of one document that are passed on.
const PROBLEMS_MAX: usize = 50;

/// The entries of one document, each with the known one that it is.
pub(super) struct Listing<'a> {
    listed: &'a Listed<'a>,
    matched: Matched,
    /// Whether the document holds only what changed.
    is_delta: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn of(listed: &'a Listed<'a>, old: &SourceState, known: &Known, is_delta: bool) -> Self {
        let before = Before { listed: &old.listed, renamed: old.renamed.as_ref() };
        let matched = dedupe::matched(&listed.entries, known, before, is_delta);
        Self { listed, matched, is_delta }
    }

    /// Whether any entry is one that is known.
    pub(super) fn shares_entries(&self) -> bool {
        self.matched.found.iter().any(Option::is_some)
    }

    /// Whether anything listed is known, be it a title alone.
    pub(super) fn is_known(&self, known: &Known) -> bool {
        let mut titles = self.listed.entries.iter().filter_map(|entry| entry.title);
        self.shares_entries() || titles.any(|title| known.keys.contains_key(&title))
    }
}

/// Writes into `update` what `feed` changes.
pub(super) fn take_in(
    source: &Source,
    old: &SourceState,
    known: &Known,
    feed: &Feed,
    listing: Listing<'_>,
    now: Timestamp,
    update: &mut Update,
) {
    update.problems.extend(feed.problems.iter().take(PROBLEMS_MAX).cloned());
    let is_backfill = past::is_backfill(old, listing.shares_entries(), listing.is_delta);
    let Listing { listed: Listed { entries, names, repeated }, matched, is_delta } = listing;
    update.tally = Tally { seen: feed.entries.len(), duplicates: repeated.len(), ..Tally::default() };
    let judged = if is_delta {
        Judged::part(&old.habits)
    } else {
        dedupe::judge(&old.habits, entries, &matched, known, now)
    };
    past::remember(&judged, !entries.is_empty(), is_delta, update);
    let found = matched.found;
    let met: HashSet<EntryKey> = found.iter().flatten().map(|found| found.key).collect();
    let mut desk = Desk {
        source,
        known,
        now,
        is_backfill,
        judged,
        read_anew: old.config != Some(configuration(source)),
        ids: HashSet::new(),
        keys: HashSet::new(),
        claimed: HashSet::new(),
        titles: Titles::of(entries),
        reader: story::Reader::default(),
        reserved: entries.iter().enumerate().map(|(index, entry)| (entry.primary, index)).collect(),
        told: told(&source.id, known),
        met,
        update,
    };
    let mut listed: Vec<EntryKey> = entries
        .iter()
        .zip(names)
        .zip(found)
        .enumerate()
        .map(|(index, ((entry, names), found))| match found {
            None => desk.add(index, entry, names),
            Some(found) => {
                desk.show_to_mirrors(names, found.key);
                desk.meet_again(index, entry, found)
            }
        })
        .collect();
    update.dropped = dropped::of(feed, entries, repeated, &listed);
    listed.sort_unstable();
    listed.dedup();
    let before: HashSet<&EntryKey> = old.listed.iter().collect();
    let added: HashSet<EntryKey> = update.new.iter().map(|entry| entry.key).collect();
    update.relisted =
        listed.iter().filter(|key| !before.contains(key) && !added.contains(key)).copied().collect();
    if is_delta {
        update.delisted = join(&mut listed, &old.listed);
    } else {
        update.delisted =
            old.listed.iter().filter(|key| listed.binary_search(key).is_err()).copied().collect();
    }
    update.state.listed_max = old.listed_max.max(u32::try_from(listed.len()).unwrap_or(u32::MAX));
    update.state.listed = listed;
}

/// What a part of a document does not hold is still listed. Returns the oldest, where they become too many.
fn join(listed: &mut Vec<EntryKey>, before: &[EntryKey]) -> Vec<EntryKey> {
    // Keys begin with the date, so the newest are the last.
    let mut others: Vec<EntryKey> =
        before.iter().filter(|key| listed.binary_search(key).is_err()).copied().collect();
    let surplus = (listed.len() + others.len()).saturating_sub(ENTRIES_PER_FETCH_MAX);
    let dropped = others.drain(..surplus.min(others.len())).collect();
    listed.append(&mut others);
    listed.sort_unstable();
    dropped
}

/// What is at hand while the entries of one document are decided on, one after the other.
struct Desk<'a> {
    source: &'a Source,
    known: &'a Known,
    now: Timestamp,
    is_backfill: bool,
    /// What the document shows of its source's keys.
    judged: Judged,
    /// Whether the known entries were read under another configuration, or by another version.
    read_anew: bool,
    /// Published ids given in this update.
    ids: HashSet<String>,
    /// Entry keys given in this update.
    keys: HashSet<EntryKey>,
    /// Keys given in this update: the first entry that has one keeps it.
    claimed: HashSet<IdentityKey>,
    /// Keys after which a listed entry would be named: nobody else gets them.
    reserved: HashMap<IdentityKey, usize>,
    titles: Titles,
    reader: story::Reader,
    /// Stories that this source has an entry in.
    told: HashSet<EntryKey>,
    /// Known entries that the document lists.
    met: HashSet<EntryKey>,
    update: &'a mut Update,
}

impl Desk<'_> {
    fn add(&mut self, index: usize, keyed: &Keyed<'_>, names: &Names) -> EntryKey {
        let (published, dated) = decide::published(keyed.said, self.now);
        let key = self.entry_key(published, keyed);
        let recurs = self.titles.recur(self.known, keyed);
        let coverage = story::Coverage {
            source: &self.source.id,
            said: keyed.said,
            published,
            told: &self.told,
            recurs,
        };
        let near = self.known.near.get(&keyed.primary).map_or(&[][..], Vec::as_slice);
        let told = story::find(&names.story, near, self.known, &coverage, &names.compared);
        let (story, story_reason, matched) = match told {
            Some(told) => (told.story, told.reason, Some(told.matched)),
            None => (key, StoryReason::First, None),
        };
        let first_seen = self.now.trunc_subsecs(0);
        let entry = Entry {
            key,
            id: self.published_id(names, key),
            source: self.source.id.clone(),
            identity: keyed.identity.clone(),
            said: keyed.said.clone(),
            published,
            dated,
            first_seen,
            first_seen_millis: u16::try_from((self.now - first_seen).num_milliseconds()).unwrap_or_default(),
            updated: None,
            backfill: self.is_backfill,
            story,
            story_reason,
            matched,
            digest: keyed.digest,
            former: vec![],
            revision: 0,
            life: vec![],
        };
        self.update.sketches.push(Sketch {
            key,
            story,
            source: self.source.id.clone(),
            first_seen,
            features: names.features(keyed, &mut self.reader).clone(),
        });
        self.update.tally.new += 1;
        self.update.tally.duplicates += usize::from(story_reason != StoryReason::First);
        self.told.insert(story);
        self.learn(index, keyed, key);
        self.claim(published_key(&entry.id), key);
        keyed.title.into_iter().for_each(|title| self.claim(title, key));
        for story in story::claimed(&names.story, self.known, &entry, recurs) {
            self.claim(story, key);
        }
        self.update.new.push(entry);
        key
    }

    /// An entry that was stored before feeds.toml named mirrors of its source is found by them from now on.
    fn show_to_mirrors(&mut self, names: &Names, entry: EntryKey) {
        for (key, reason) in &names.story {
            if *reason == StoryReason::Mirror && !self.known.keys.contains_key(key) {
                self.claim(*key, entry);
            }
        }
    }

    /// An entry that is known: its facts are renewed when there is something worth showing, and readers are
    /// told where it is a meaningful change. One that retention removed stays removed.
    fn meet_again(&mut self, index: usize, keyed: &Keyed<'_>, found: Match) -> EntryKey {
        let key = found.key;
        // Another guid or link of a known entry is learnt, so that it is recognised by it next time.
        self.learn(index, keyed, key);
        let Some(old) = self.known.entries.get(&key) else { return key };
        let digest = keyed.digest;
        let is_other = digest != old.digest;
        // Read another way, the same document is no news.
        let is_better = self.read_anew && *keyed.said != old.said;
        let has_moved = self.judged.is_relocation && dedupe::is_relocated(&old.said, keyed.said);
        let renamed = life::renamed(old, keyed, self.known);
        let is_same =
            !is_other && !is_better && !has_moved && !dedupe::is_quiet_change(&old.said, keyed.said);
        if is_same && renamed.is_none() {
            return key;
        }
        let said = keyed.said.clone();
        let mut changed = Entry { said, digest, revision: old.revision.saturating_add(1), ..old.clone() };
        // A whole source that moved to another host gets its new links, but says nothing new.
        let at_old_place = || FeedEntry { link: old.said.link.clone(), ..keyed.said.clone() };
        let only_moved = (found.moved || self.judged.is_relocation)
            && dedupe::digest_by(&at_old_place(), self.judged.trust) == old.digest;
        if is_other {
            past::add_former(&mut changed.former, old.digest);
        }
        // Some sources show one title, and the other, at every second fetch.
        let is_former = old.former.contains(&digest);
        // What an earlier version hashed another way says nothing else than before.
        let says_other = || dedupe::digest_by(&old.said, self.judged.trust) != digest;
        let is_meaningful = is_other
            && !self.read_anew
            && !self.judged.is_keyed_anew
            && !only_moved
            && !is_former
            && says_other();
        if is_meaningful {
            changed.updated = Some(self.now.trunc_subsecs(0));
            self.update.tally.updated += 1;
        }
        life::note(&mut changed, old, renamed, is_meaningful, self.now);
        self.update.changed.push(changed);
        key
    }

    /// A key of its own, also where an earlier entry had the same identity and the same date.
    fn entry_key(&mut self, published: Timestamp, keyed: &Keyed<'_>) -> EntryKey {
        let mut identity = keyed.primary.digest;
        if self.known.keys.contains_key(&keyed.primary) {
            // Others were named after it, and not all of them need be at hand here: the moment tells them apart.
            identity = Digest::of([identity.0.as_slice(), &self.now.timestamp_millis().to_be_bytes()]);
        }
        loop {
            let key = EntryKey::new(published, identity);
            if !self.known.entries.contains_key(&key) && self.keys.insert(key) {
                return key;
            }
            identity = Digest::of([identity.0.as_slice()]);
        }
    }

    /// Every key of an entry leads to it from now on, but for those of other entries: such that were named
    /// after the key, and such that the document lists too. The one that it would be named after always does,
    /// so that the same document leads to the same entries again.
    fn learn(&mut self, index: usize, keyed: &Keyed<'_>, entry: EntryKey) {
        for key in keyed.keys().chain(keyed.idle_guid.filter(|_| self.judged.guids == Turn::Back)) {
            let is_free = self.known.keys.get(&key).is_none_or(|holder| {
                let is_theirs = self.met.contains(holder) || holder.is_of(key.digest);
                *holder != entry && (key == keyed.primary || !is_theirs)
            });
            if is_free && self.reserved.get(&key).is_none_or(|owner| *owner == index) {
                self.claim(key, entry);
            }
        }
    }

    fn claim(&mut self, key: IdentityKey, entry: EntryKey) {
        if self.claimed.insert(key) {
            self.update.keys.push((key, entry));
        }
    }

    /// The first entry with an id keeps it; a second one, of whatever source, gets one of ours.
    fn published_id(&mut self, names: &Names, key: EntryKey) -> String {
        let is_free =
            |(id, key): &&(String, IdentityKey)| !self.known.keys.contains_key(key) && !self.ids.contains(id);
        let free = names.ids.iter().find(is_free).map(|(id, _)| id.clone());
        let id = free.unwrap_or_else(|| decide::spare_id(&self.source.id, key));
        self.ids.insert(id.clone());
        id
    }
}
