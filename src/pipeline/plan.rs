//! What a changed configuration would change for readers: two editions of the same facts, compared.

mod settings;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{EntryKey, Placed, SectionFeed, SectionId, Site, Source, SourceId};

/// One configuration and what it makes of the facts.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// `[site]`.
    pub site: &'a Site,
    /// `[store] keep_days`.
    pub keep_days: u32,
    /// `[publish] count_clicks`.
    pub count_clicks: bool,
    /// The sources, in the order of the file.
    pub sources: &'a [Arc<Source>],
    /// What each section shows, in the order of the file.
    pub feeds: &'a [SectionFeed],
}

/// What would change. Everything is empty where nothing would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Keys of `[site]`, `[store]` and `[publish]` that say something else.
    pub settings: Vec<Setting>,
    /// The order of the sections on the front page, where it changes.
    pub front: Option<FrontPlan>,
    /// The sources that come, go or change.
    pub sources: Vec<SourcePlan>,
    /// The sections that come, go or change, each with its feeds in all formats: in the new order, and behind
    /// them those that go.
    pub sections: Vec<SectionPlan>,
}

/// A key that says something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The key: `title`, `site.title`.
    pub key: String,
    /// What it says now; `None` where it says nothing.
    pub before: Option<String>,
    /// What it would say.
    pub after: Option<String>,
}

/// The front page's sections from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontPlan {
    /// Now.
    pub before: Vec<SectionId>,
    /// Then.
    pub after: Vec<SectionId>,
}

/// What would become of a source or a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is not there yet.
    Added,
    /// It would not be there any more.
    Removed,
    /// It stays, and something about it changes.
    Changed,
}

/// What would change about a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlan {
    /// Its key.
    pub source: SourceId,
    /// Whether it comes, goes or stays.
    pub change: Change,
    /// Where it is, under the new file if it stands there.
    pub url: String,
    /// Its keys that say something else. What is done with entries as they come (`strip`, say) shows from its
    /// next poll on.
    pub settings: Vec<Setting>,
}

/// What would change about a section and its feeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionPlan {
    /// Its key and address.
    pub section: SectionId,
    /// Its title, under the new file if it stands there.
    pub title: String,
    /// Whether it comes, goes or stays.
    pub change: Change,
    /// Its keys that say something else.
    pub settings: Vec<Setting>,
    /// Entries that would come, at their new positions.
    pub appear: Vec<Line>,
    /// Entries that would go, at their present positions.
    pub vanish: Vec<Line>,
    /// Entries that stay at another position.
    #[serde(rename = "move")]
    pub moves: Vec<Move>,
    /// Entries that stay but are shown otherwise: with another name of their source, or other coverage beside
    /// them.
    pub differ: Vec<Line>,
}

/// An entry at its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its place in the section, from 1: under the new file unless it goes.
    pub position: usize,
    /// Its `/item/` address.
    pub key: EntryKey,
    /// The id that readers see.
    pub id: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// Who carries it.
    pub source: SourceId,
    /// The name of its source.
    pub source_title: String,
    /// The other sources whose coverage is listed with it.
    pub also: Vec<SourceId>,
}

/// An entry that stays at another position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Its place now, from 1.
    pub from: usize,
    /// The entry at its new place.
    #[serde(flatten)]
    pub to: Line,
}

impl Plan {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What would change for readers when `new` replaced `old`.
pub fn plan(old: Side<'_>, new: Side<'_>) -> Plan {
    Plan {
        settings: settings::of_portal(old, new),
        front: front(old.feeds, new.feeds),
        sources: sources(old.sources, new.sources),
        sections: sections(old.feeds, new.feeds),
    }
}

fn front(old: &[SectionFeed], new: &[SectionFeed]) -> Option<FrontPlan> {
    // The section of all sources stands on top wherever the file has it.
    let order = |feeds: &[SectionFeed]| -> Vec<SectionId> {
        let (first, rest): (Vec<&SectionFeed>, Vec<&SectionFeed>) =
            feeds.iter().partition(|feed| feed.section.takes_all);
        first.iter().chain(&rest).map(|feed| feed.section.id.clone()).collect()
    };
    let (before, after) = (order(old), order(new));
    (before != after).then_some(FrontPlan { before, after })
}

fn sources(old: &[Arc<Source>], new: &[Arc<Source>]) -> Vec<SourcePlan> {
    let known: BTreeMap<&SourceId, &Source> =
        old.iter().map(|source| (&source.id, source.as_ref())).collect();
    let wanted: BTreeMap<&SourceId, &Source> =
        new.iter().map(|source| (&source.id, source.as_ref())).collect();
    let entry = |source: &Source, change, settings| SourcePlan {
        source: source.id.clone(),
        change,
        url: source.location.to_string(),
        settings,
    };
    let coming = new.iter().filter_map(|source| match known.get(&source.id) {
        None => Some(entry(source, Change::Added, vec![])),
        Some(before) => {
            let settings = settings::of_source(before, source);
            (!settings.is_empty()).then(|| entry(source, Change::Changed, settings))
        }
    });
    let going = old.iter().filter(|source| !wanted.contains_key(&source.id));
    coming.chain(going.map(|source| entry(source, Change::Removed, vec![]))).collect()
}

fn sections(old: &[SectionFeed], new: &[SectionFeed]) -> Vec<SectionPlan> {
    let find =
        |feeds: &'_ [SectionFeed], id: &SectionId| feeds.iter().position(|feed| feed.section.id == *id);
    let coming = new.iter().filter_map(|feed| match find(old, &feed.section.id).and_then(|at| old.get(at)) {
        None => Some(section(feed, Change::Added, &[], &feed.placed)),
        Some(before) => {
            let settings = settings::of_section(&before.section, &feed.section);
            let plan =
                SectionPlan { settings, ..section(feed, Change::Changed, &before.placed, &feed.placed) };
            (!is_idle(&plan)).then_some(plan)
        }
    });
    let going = old.iter().filter(|feed| find(new, &feed.section.id).is_none());
    coming.chain(going.map(|feed| section(feed, Change::Removed, &feed.placed, &[]))).collect()
}

fn is_idle(plan: &SectionPlan) -> bool {
    let SectionPlan { settings, appear, vanish, moves, differ, .. } = plan;
    settings.is_empty() && appear.is_empty() && vanish.is_empty() && moves.is_empty() && differ.is_empty()
}

fn section(feed: &SectionFeed, change: Change, old: &[Placed], new: &[Placed]) -> SectionPlan {
    let places = |placed: &[Placed]| -> HashMap<EntryKey, usize> {
        placed.iter().enumerate().map(|(index, one)| (one.entry.key, index)).collect()
    };
    let (before, after) = (places(old), places(new));
    let (mut appear, mut moves, mut differ) = (vec![], vec![], vec![]);
    for (index, one) in new.iter().enumerate() {
        let to = line(index, one);
        let Some((at, was)) = before.get(&one.entry.key).and_then(|at| Some((*at, old.get(*at)?))) else {
            appear.push(to);
            continue;
        };
        let was = line(at, was);
        if (&was.source_title, &was.also) != (&to.source_title, &to.also) {
            differ.push(to.clone());
        }
        if at != index {
            moves.push(Move { from: at + 1, to });
        }
    }
    let gone = old.iter().enumerate().filter(|(_, one)| !after.contains_key(&one.entry.key));
    SectionPlan {
        section: feed.section.id.clone(),
        title: feed.section.title.clone(),
        change,
        settings: vec![],
        appear,
        vanish: gone.map(|(index, one)| line(index, one)).collect(),
        moves,
        differ,
    }
}

fn line(index: usize, placed: &Placed) -> Line {
    let entry = &placed.entry;
    Line {
        position: index + 1,
        key: entry.key,
        id: entry.id.clone(),
        title: entry.said.title.clone().unwrap_or_default(),
        source: entry.source.clone(),
        source_title: placed.source.title.clone(),
        also: placed.also.iter().map(|also| also.entry.source.clone()).collect(),
    }
}
