//! Why an entry is as it is and where it is, told from what is stored and from the configuration in force.
//!
//! What was decided on an entry once stands in its record. Sections and places follow from the configuration, so
//! they are worked out when somebody asks: they change with every edit of feeds.toml and every new entry.

mod account;
mod places;
mod search;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

pub use self::account::{
    Account, Apart, Came, Change, Dates, Gone, Identified, Life, Listing, Place, PublishedId, Relative,
    SourceAccount, StoryAccount,
};
pub use self::search::{Search, is_at, own_id_key, story_keys};
use super::publish::Edition;
use crate::model::{
    Entry, EntryKey, KeyKind, SectionFeed, Source, SourceCard, SourceId, SourceState, StoryReason, Stub,
    Timestamp, What,
};

/// Other entries of a story that are named.
const OTHERS_MAX: usize = 50;

/// What is known beside an entry itself.
#[derive(Debug)]
pub struct Case<'a> {
    /// The configuration in force.
    pub edition: &'a Edition,
    /// The sources as readers see them.
    pub cards: &'a BTreeMap<SourceId, Arc<SourceCard>>,
    /// What every section shows now.
    pub feeds: &'a [SectionFeed],
    /// Days that an entry is kept after its source last listed it.
    pub keep_days: u32,
    /// Its source, where it is in feeds.toml.
    pub source: Option<&'a Source>,
    /// How its source is doing, where it was ever asked.
    pub state: Option<&'a SourceState>,
    /// How many keys of which kind lead to it.
    pub keys: Vec<(KeyKind, usize)>,
    /// Who has the id that its source gives it, where that is another entry.
    pub id_holder: Option<Relative>,
    /// The entry that it was matched with, where it is stored.
    pub matched: Option<Relative>,
    /// Every stored entry of its story, itself among them.
    pub members: &'a [Arc<Entry>],
    /// Stored entries with the same link or title that are of other stories.
    pub apart: &'a [(Entry, StoryReason)],
    /// Since when its source does not list it.
    pub delisted_at: Option<Timestamp>,
    /// The same of the other entries of its story: it goes when the last of them does.
    pub others_delisted_at: Vec<(EntryKey, Option<Timestamp>)>,
}

/// Tells the life of a stored entry.
pub fn tell(entry: &Entry, case: &Case<'_>) -> Life {
    let said = &entry.said;
    Life {
        key: entry.key.to_string(),
        id: entry.id.clone(),
        title: said.title.clone(),
        link: said.link.clone(),
        page: format!("{}/item/{}", case.edition.site.url, entry.key),
        source: source(&entry.source, case.source, case.state),
        came: came(entry),
        identity: words::identity(entry, &case.keys),
        published_id: words::published_id(entry, case.id_holder.as_ref()),
        dates: words::dates(entry),
        language: said.language.clone().or_else(|| case.cards.get(&entry.source)?.language.clone()),
        story: story(entry, case),
        updated: entry.updated,
        revision: entry.revision,
        changes: changes(entry),
        listing: listing(entry, case),
        hidden: case.edition.sorter.hides(entry),
        sections: places::places(entry, case),
    }
}

/// Tells what is remembered of an entry that is not stored.
pub fn tell_stub(stub: &Stub, keep_days: u32, of: Option<Relative>) -> Gone {
    let was = stub.was.as_ref();
    Gone {
        source: Some(stub.source.0.clone()),
        source_id: stub.dropped.id.clone(),
        id: was.map(|was| was.published_id.clone()),
        title: stub.dropped.title.clone(),
        link: stub.dropped.link.clone(),
        at: Some(stub.at),
        published: was.map(|was| was.published),
        first_seen: was.map(|was| was.first_seen),
        text: words::dropped(stub, keep_days, of.as_ref()),
        reason: Some(stub.dropped.reason),
        of,
    }
}

/// Tells of an entry that keys still lead to, and of which nothing else is left.
pub fn tell_tombstone(key: EntryKey) -> Gone {
    Gone {
        published: Some(key.published()),
        text: "removed by retention, so long ago that only its keys are remembered; should it be listed again, it \
               does not come back as new"
            .to_owned(),
        ..Gone::default()
    }
}

/// An entry as it is named beside another one.
pub fn relative(entry: &Entry) -> Relative {
    Relative {
        key: entry.key.to_string(),
        id: entry.id.clone(),
        source: entry.source.0.clone(),
        title: entry.said.title.clone(),
    }
}

fn source(id: &SourceId, source: Option<&Source>, state: Option<&SourceState>) -> SourceAccount {
    let own_title = || state.and_then(|state| state.title.clone());
    let adopted = source.zip(state).and_then(|(source, state)| super::moves::moved_to(source, state));
    SourceAccount {
        id: id.0.clone(),
        title: source.and_then(|source| source.title.clone()).or_else(own_title),
        url: source.map(|source| source.location.to_string()),
        asked_at_url: adopted.map(ToString::to_string),
        configured: source.is_some(),
        enabled: source.is_some_and(|source| source.enabled),
        error: state.and_then(|state| state.error.clone()),
        quarantine: state.and_then(|state| state.quarantine.as_ref()).map(|held| held.why.clone()),
        renamed: state.and_then(|state| state.renamed.clone()),
        guids_useless_since: state.and_then(|state| state.habits.guids.volatile_since),
        links_useless_since: state.and_then(|state| state.habits.links.volatile_since),
    }
}

fn came(entry: &Entry) -> Came {
    let text = if entry.backfill {
        "with the first fetch of its source: shown in order of date, never announced as new"
    } else {
        "with a later fetch of its source, as news"
    };
    Came { first_seen: entry.first_seen, backfill: entry.backfill, text: text.to_owned() }
}

fn story(entry: &Entry, case: &Case<'_>) -> StoryAccount {
    let others = case.members.iter().filter(|other| other.key != entry.key);
    StoryAccount {
        key: entry.story.to_string(),
        reason: entry.story_reason,
        matched: case.matched.clone(),
        score_percent: entry.matched.map(|matched| matched.score_percent),
        text: words::story(entry, case.matched.as_ref(), case.members),
        apart: case.apart.iter().map(|(other, alike)| apart(entry, other, *alike, case.members)).collect(),
        others: others.take(OTHERS_MAX).map(|other| relative(other)).collect(),
    }
}

fn apart(entry: &Entry, other: &Entry, alike: StoryReason, members: &[Arc<Entry>]) -> Apart {
    let told_before = members.iter().find(|member| member.source == other.source);
    Apart {
        other: relative(other),
        alike,
        text: words::apart(entry, other, alike, told_before.map(AsRef::as_ref)),
    }
}

fn changes(entry: &Entry) -> Vec<Change> {
    let mut befores = vec![];
    let mut told = Vec::with_capacity(entry.life.len());
    let later = entry.life.iter().filter_map(|event| match &event.what {
        What::Changed { before, .. } => *before,
        _ => None,
    });
    // The digest after a change is the one that the next change found.
    let mut after = later.skip(1).chain([entry.digest]);
    for event in &entry.life {
        let returned = match &event.what {
            What::Changed { before: Some(before), .. } => {
                befores.push(*before);
                after.next().is_some_and(|digest| befores.contains(&digest))
            }
            _ => false,
        };
        told.push(Change {
            at: event.at,
            what: event.what.clone(),
            returned,
            text: words::event(&event.what, returned),
        });
    }
    told
}

fn listing(entry: &Entry, case: &Case<'_>) -> Listing {
    let listed_now = case.state.is_some_and(|state| state.listed.binary_search(&entry.key).is_ok());
    let since = case.delisted_at.filter(|_| !listed_now);
    let holder = case.others_delisted_at.iter().find(|(_, delisted_at)| delisted_at.is_none());
    let holder = holder.and_then(|(key, _)| case.members.iter().find(|member| member.key == *key));
    let last = case.others_delisted_at.iter().filter_map(|(_, at)| *at).chain(since).max();
    let removed_at = since
        .and(last)
        .filter(|_| holder.is_none())
        .and_then(|at| at.checked_add_signed(TimeDelta::days(i64::from(case.keep_days))));
    let text = words::listing(listed_now, since, removed_at, holder.map(AsRef::as_ref), case);
    Listing { listed: listed_now, not_since: since, removed_at, text }
}
