//! Taking entries out of every output, and letting them back: what the admin means, and what the store keeps of it.

mod names;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::SubsecRound as _;
use serde::{Deserialize, Serialize};

pub(super) use self::names::Named;
use super::archive::Archive;
use super::{AppError, Options, why};
use crate::config::Config;
use crate::edge::store::{HIDDEN_MAX, Store, StoreError};
use crate::edge::{clock, editions};
use crate::model::{
    Entry, EntryKey, Event, Hidden, Hiding, SectionFeed, SectionId, SourceCard, SourceId, Timestamp, What,
};
use crate::pipeline::ledger::{self, Leads};
use crate::pipeline::why::Relative;
use crate::pipeline::{self, Edition, why as telling};

/// Entries that are listed where more than one may be meant.
const LISTED_MAX: usize = 20;

/// Entries that are taken out or let back at once.
const OWN_MAX: usize = 1_000;

/// What to do, and about which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The entry.
    pub(super) key: EntryKey,
    /// With its whole story, and all that joins it.
    pub(super) story: bool,
    /// Whether it is taken out, or let back.
    pub(super) hide: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The entries that were taken out or let back.
    pub entries: Vec<Relative>,
    /// The sections that say that they are gone, or show them again.
    pub sections: Vec<String>,
    /// The entries of the same story that stand there in their place.
    pub instead: Vec<Relative>,
    /// Since when it is as it was asked for, where nothing was to be done.
    pub already_since: Option<Timestamp>,
}

/// What it takes to do it.
pub(super) struct Desk<'a> {
    pub(super) store: &'a Store,
    pub(super) edition: &'a Edition,
    pub(super) cards: &'a BTreeMap<SourceId, Arc<SourceCard>>,
    /// What the sections show now.
    pub(super) feeds: &'a [SectionFeed],
}

/// Hides or unhides where no daemon runs.
pub fn stored_hide(
    options: &Options,
    config: &Config,
    asked: &str,
    story: bool,
    hide: bool,
) -> Result<Done, AppError> {
    let Some(archive) = Archive::open(options, config, true)? else {
        return Err(AppError::Usage("nothing is stored yet".to_owned()));
    };
    let key = meant(&archive, asked, story)?.map_err(AppError::Usage)?;
    let feeds = pipeline::lay_out(&archive.edition, &archive.window);
    let Archive { store, edition, window, .. } = &archive;
    let desk = Desk { store, edition, cards: &window.sources, feeds: &feeds };
    let done = desk.carry_out(Order { key, story, hide }, clock::now())?.map_err(AppError::Usage)?;
    if hide {
        // The next start must not show it before the store is open.
        let what = "what was published last cannot be removed".to_owned();
        editions::forget(&options.state_folder).map_err(|source| AppError::Io { what, source })?;
    }
    store.flush()?;
    Ok(done)
}

/// The one entry that somebody names, or why it cannot be told. Of a whole story any entry will do.
pub(super) fn meant(
    archive: &Archive,
    asked: &str,
    story: bool,
) -> Result<Result<EntryKey, String>, StoreError> {
    let candidates = why::candidates(archive, asked)?;
    let (named, keys) = (candidates.search.key, candidates.keys);
    if let Some(key) = named {
        return Ok(Ok(key));
    }
    match keys.as_slice() {
        [] => Ok(Err(why::missing(archive, asked, &candidates.search, candidates.sources)?.join("\n"))),
        [key] => Ok(Ok(*key)),
        many => {
            let mut lines =
                vec![format!("{} entries may be meant by {asked}; name one by its key:", many.len())];
            let entries = archive.store.entries(&many.iter().copied().collect())?;
            let stories: HashSet<EntryKey> = entries.values().map(|entry| entry.story).collect();
            let hidden = archive.edition.sorter.hidden();
            let is_one = many.first().is_some_and(|key| {
                let source = hidden
                    .entries()
                    .get(key)
                    .and_then(|hiding| Some((hiding.source.as_ref()?, &hiding.names)));
                let one = source.map(|(source, names)| hidden.of_names(source, names));
                one.is_some_and(|one| many.iter().all(|key| one.contains(key)))
            });
            let is_meant = is_one || story && stories.len() == 1;
            if let Some(any) = many.iter().min().filter(|_| is_meant) {
                return Ok(Ok(*any));
            }
            for key in many.iter().take(LISTED_MAX) {
                let name = entries.get(key).map_or_else(
                    || "(removed by retention)".to_owned(),
                    |entry| {
                        let title = entry.said.title.as_deref().unwrap_or(&entry.id);
                        format!("{}: {title}", entry.source)
                    },
                );
                lines.push(format!("  {key}  {name}"));
            }
            Ok(Err(lines.join("\n")))
        }
    }
}

impl Desk<'_> {
    /// Does it, in one commit that is to be flushed. `Err` says why it cannot be done.
    pub(super) fn carry_out(&self, order: Order, now: Timestamp) -> Result<Result<Done, String>, StoreError> {
        let case = self.look_up(order)?;
        if order.hide { self.hide(case, order, now.trunc_subsecs(0)) } else { self.unhide(&case, order, now) }
    }

    fn look_up(&self, order: Order) -> Result<Case, StoreError> {
        let entry = self.store.entry(order.key)?.map(Arc::new);
        let story = entry.as_ref().map_or(order.key, |entry| entry.story);
        let mut members: Vec<Arc<Entry>> = self.store.story(story)?.into_iter().map(Arc::new).collect();
        if let Some(entry) = entry.as_ref().filter(|entry| members.iter().all(|one| one.key != entry.key)) {
            members.push(Arc::clone(entry));
        }
        let hidden = self.edition.sorter.hidden();
        let is_whole = order.story || !order.hide && hidden.stories.contains_key(&story);
        let mut own: BTreeSet<EntryKey> = [order.key].into();
        own.extend(members.iter().map(|member| member.key).filter(|_| is_whole));
        let calls = self.gather(&mut own, &mut members)?;
        let keys = members.iter().map(|member| member.key).chain(own.iter().copied()).collect();
        let places = Places::find(self.store, self.feeds, &keys)?;
        Ok(Case { entry, story, members, own, calls, places })
    }

    /// Adds whatever came from the same sources under the names of these entries, with its story: it goes the same way.
    /// Gives back what they are called.
    fn gather(
        &self,
        own: &mut BTreeSet<EntryKey>,
        members: &mut Vec<Arc<Entry>>,
    ) -> Result<BTreeMap<EntryKey, Named>, StoreError> {
        let hidden = self.edition.sorter.hidden();
        let mut calls = BTreeMap::new();
        let mut waiting: Vec<EntryKey> = own.iter().copied().collect();
        while let Some(key) = waiting.pop() {
            let entry = members.iter().find(|member| member.key == key).map(AsRef::as_ref);
            let Some(named) = Named::find(self.store, key, entry, hidden, self.feeds)? else { continue };
            for other in named.others(self.store, hidden, self.feeds)? {
                if own.len() >= OWN_MAX || !own.insert(other) {
                    continue;
                }
                waiting.push(other);
                let Some(entry) = self.store.entry(other)? else { continue };
                for one in self.store.story(entry.story)?.into_iter().chain([entry]) {
                    if members.iter().all(|member| member.key != one.key) {
                        members.push(Arc::new(one));
                    }
                }
            }
            calls.insert(key, named);
        }
        Ok(calls)
    }

    fn hide(&self, mut case: Case, order: Order, now: Timestamp) -> Result<Result<Done, String>, StoreError> {
        let is_unknown = case.entry.is_none() && case.places.pages.is_empty();
        if is_unknown && self.store.keys_of(order.key)?.is_empty() {
            return Ok(Err(format!("nothing is known of {}", order.key)));
        }
        let before = self.edition.sorter.hidden();
        if before.entries().len().max(before.stories.len()) >= HIDDEN_MAX {
            let why =
                format!("{HIDDEN_MAX} entries are hidden, which is the most: unhide some of them first");
            return Ok(Err(why));
        }
        let since = before.entries().get(&order.key).map(|hiding| hiding.at);
        let wanted: Vec<EntryKey> =
            case.own.iter().copied().filter(|key| !before.entries().contains_key(key)).collect();
        let is_new_story = order.story && !before.stories.contains_key(&case.story);
        if wanted.is_empty() && !is_new_story {
            return Ok(Ok(Done { already_since: since, ..Done::default() }));
        }
        let mut after = before.as_ref().clone();
        let mut rows = vec![];
        for key in wanted {
            let id = case.id_of(self.store, key)?;
            let sections = case.places.shown.get(&key).into_iter().flatten().cloned().collect();
            let mut hiding = Hiding { at: now, id, sections, ..Hiding::default() };
            if let Some(named) = case.calls.remove(&key) {
                named.write(&mut hiding);
            }
            rows.push((key, hiding));
        }
        after.extend(rows.iter().cloned());
        let story = is_new_story.then_some((case.story, now));
        after.stories.extend(story);
        let what = What::Hidden { story: order.story };
        let keys: HashSet<EntryKey> = rows.iter().map(|(key, _)| *key).collect();
        let changed = case.noted(&keys, &Event { at: now, what });
        let leads = self.leads(&case, &after)?;
        let mut instead = vec![];
        for member in &case.members {
            let leads_now = leads.keys().any(|(_, mut keys)| keys.any(|key| key == member.key));
            instead.extend(leads_now.then(|| telling::relative(member)));
        }
        self.store.hide(&rows, story, &changed, &self.filings(leads))?;
        case.places.unfreeze(self.store)?;
        let sections: BTreeSet<&SectionId> = rows.iter().flat_map(|(_, hiding)| &hiding.sections).collect();
        let sections = sections.into_iter().map(|section| section.0.clone()).collect();
        Ok(Ok(Done { entries: case.named(&keys), sections, instead, already_since: None }))
    }

    fn unhide(&self, case: &Case, order: Order, now: Timestamp) -> Result<Result<Done, String>, StoreError> {
        let before = self.edition.sorter.hidden();
        let is_story = before.stories.contains_key(&case.story);
        let wanted: HashSet<EntryKey> =
            case.own.iter().copied().filter(|key| before.entries().contains_key(key)).collect();
        if wanted.is_empty() && !is_story {
            let who = case.entry.as_ref().and_then(|entry| entry.said.title.clone());
            return Ok(Err(format!("{} is not hidden", who.unwrap_or_else(|| order.key.to_string()))));
        }
        let mut after = before.as_ref().clone();
        after.remove(&wanted);
        if is_story {
            after.stories.remove(&case.story);
        }
        let of_members = case.members.iter().map(|member| member.key).filter(|key| case.own.contains(key));
        let touched: HashSet<EntryKey> = of_members.chain(wanted.iter().copied()).collect();
        let changed = case.noted(&touched, &Event { at: now.trunc_subsecs(0), what: What::Unhidden });
        let keys: Vec<EntryKey> = wanted.iter().copied().collect();
        let leads = self.leads(case, &after)?;
        let sections = |member: &&Arc<Entry>| touched.contains(&member.key);
        let edition = self.edition.clone().without(Arc::new(after));
        let shown = case.members.iter().filter(sections);
        let sections: BTreeSet<String> = shown
            .flat_map(|member| edition.sorter.sections_of(member, self.cards))
            .map(|section| section.0.clone())
            .collect();
        self.store.unhide(&keys, is_story.then_some(case.story), &changed, &self.filings(leads))?;
        case.places.unfreeze(self.store)?;
        let sections = sections.into_iter().collect();
        Ok(Ok(Done { entries: case.named(&touched), sections, ..Done::default() }))
    }

    /// What sections lead with for the first time, once that is hidden.
    fn leads(&self, case: &Case, after: &Hidden) -> Result<Leads, StoreError> {
        let edition = self.edition.clone().without(Arc::new(after.clone()));
        let mut visible: BTreeMap<EntryKey, Vec<Arc<Entry>>> = BTreeMap::new();
        for member in case.members.iter().filter(|member| !edition.sorter.hides(member)) {
            visible.entry(member.story).or_default().push(Arc::clone(member));
        }
        let mut leads = Leads::default();
        for story in visible.values() {
            story.iter().for_each(|member| leads.add(&edition, self.cards, member, story));
        }
        self.store.leave_out_filed(&mut leads)?;
        Ok(leads)
    }

    /// Archives that are being brought up to the rules in force get it with all else.
    fn filings(&self, leads: Leads) -> Vec<crate::model::Filing> {
        let is_complete = self.store.ledgers_complete_by() == Some(ledger::rules(self.edition));
        if is_complete { leads.filings(&self.edition.sections) } else { vec![] }
    }
}

/// What an order is about.
struct Case {
    /// `None` where retention has removed it.
    entry: Option<Arc<Entry>>,
    story: EntryKey,
    /// All of its story, and of the stories of those that go the same way.
    members: Vec<Arc<Entry>>,
    /// What is taken out or let back.
    own: BTreeSet<EntryKey>,
    /// What the sources call these.
    calls: BTreeMap<EntryKey, Named>,
    places: Places,
}

impl Case {
    /// The id that readers know.
    fn id_of(&self, store: &Store, key: EntryKey) -> Result<String, StoreError> {
        if let Some(entry) = self.members.iter().find(|member| member.key == key) {
            return Ok(entry.id.clone());
        }
        let stub = store.stubs(&key.to_string())?.pop();
        Ok(stub.and_then(|stub| stub.was).map(|was| was.published_id).unwrap_or_default())
    }

    /// The entries with what happened to them.
    fn noted(&self, keys: &HashSet<EntryKey>, event: &Event) -> Vec<Entry> {
        let wanted = self.members.iter().filter(|member| keys.contains(&member.key));
        let noted = |member: &Arc<Entry>| {
            let mut entry = member.as_ref().clone();
            entry.note(event.clone());
            entry
        };
        wanted.map(noted).collect()
    }

    fn named(&self, keys: &HashSet<EntryKey>) -> Vec<Relative> {
        let found = self.members.iter().filter(|member| keys.contains(&member.key));
        let mut named: Vec<Relative> = found.map(|member| telling::relative(member)).collect();
        let known: HashSet<String> = named.iter().map(|one| one.key.clone()).collect();
        let others = keys.iter().map(ToString::to_string).filter(|key| !known.contains(key));
        named.extend(others.map(|key| Relative {
            key,
            id: String::new(),
            source: String::new(),
            title: None,
        }));
        named
    }
}

/// Where readers may have seen some entries.
struct Places {
    /// The sections that led with each of them.
    shown: BTreeMap<EntryKey, BTreeSet<SectionId>>,
    /// The archive pages that hold any of them.
    pages: BTreeSet<(SectionId, u64)>,
}

impl Places {
    fn find(store: &Store, feeds: &[SectionFeed], keys: &HashSet<EntryKey>) -> Result<Self, StoreError> {
        let mut found = Self { shown: BTreeMap::new(), pages: BTreeSet::new() };
        for section in store.archived_sections() {
            for run in store.filed(&section) {
                let (page, filed) = run?;
                for key in filed.into_iter().filter(|key| keys.contains(key)) {
                    found.shown.entry(key).or_default().insert(section.clone());
                    found.pages.insert((section.clone(), page));
                }
            }
        }
        for feed in feeds {
            for placed in feed.placed.iter().filter(|placed| keys.contains(&placed.entry.key)) {
                found.shown.entry(placed.entry.key).or_default().insert(feed.section.id.clone());
            }
        }
        Ok(found)
    }

    fn unfreeze(&self, store: &Store) -> Result<(), StoreError> {
        self.pages.iter().try_for_each(|(section, page)| store.unfreeze(section, *page))
    }
}
