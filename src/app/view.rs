//! How an admin sees the sources, as values: one a source, one a host. Every moment is in whole seconds.

mod push;

use std::collections::{BTreeMap, BTreeSet};

use chrono::SubsecRound as _;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::{
    Habit, Habits, Health, HealthKind, Ledger, Quarantine, Renamed, Source, SourceId, SourceState, Timestamp,
};
use crate::pipeline;
use crate::schedule::{self, Told};

pub use push::PushView;

/// The health of a source that was never asked.
const NEW: &str = "new";
/// What tables and counts say in place of the health of a source that is not asked.
const DISABLED: &str = "disabled";
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// A source with all that is known of it, as `sources --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceView {
    /// Its key in feeds.toml.
    pub id: String,
    /// The admin's title, else the feed's own.
    pub title: Option<String>,
    /// The configured address.
    pub url: String,
    /// Whether it is polled.
    pub enabled: bool,
    /// As it is written in feeds.toml.
    pub schedule: String,
    /// A word of [`HealthKind`], or "new" for a source that was never asked.
    pub health: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why, one sentence.
    pub why: Option<String>,
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// When it last answered well.
    pub ok_at: Option<Timestamp>,
    /// When it is asked next; `None` for those that are not.
    pub next_at: Option<Timestamp>,
    /// Failures since it last answered well.
    pub failures: u32,
    /// The last of them.
    pub error: Option<String>,
    /// Until when its server asked us to stay away.
    pub retry_after: Option<Timestamp>,
    /// Until when its last good answer is fresh.
    pub fresh_until: Option<Timestamp>,
    /// What it says on when to come again.
    pub hints: Vec<HintView>,
    /// Where it has moved to, or says that it has.
    pub moved_to: Option<Url>,
    /// Whether that address is asked in place of the configured one.
    pub adopted: bool,
    /// When it answered 410.
    pub gone_at: Option<Timestamp>,
    /// Why its answers are not taken in.
    pub quarantine: Option<Quarantine>,
    /// What was strange about its last good answer.
    pub oddity: Option<String>,
    /// How many entries its last good answer listed.
    pub listed: usize,
    /// The feed's language.
    pub language: Option<String>,
    /// When most of its entries last came under other ids or links; they keep their old ones.
    pub renamed: Option<RenamedView>,
    /// What its entries are recognised without, because it changes with every fetch or is the same for all.
    #[serde(default)]
    pub volatile: Vec<VolatileView>,
    /// What its hub does.
    #[serde(default)]
    pub push: PushView,
    /// How it was before, the latest last.
    pub past: Vec<PastView>,
}

/// A source whose entries came under other ids or links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenamedView {
    /// When nashra saw it.
    pub at: Timestamp,
    /// How many entries.
    pub count: usize,
    /// What happened, one sentence.
    pub how: String,
}

/// A kind of key that is none in this source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolatileView {
    /// `guids`, `links` (without their queries they may still be keys) or `paths`.
    pub keys: String,
    /// Since when.
    pub since: Timestamp,
}

/// A hint on when to come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintView {
    /// Its key in feeds.toml's `hints`, with dashes.
    pub hint: String,
    /// Before when it does not want to be asked; the end of the year 9999 where it never wants to.
    pub until: Timestamp,
    /// Whether it is heeded: feeds.toml may switch a hint off, and files are not spared.
    pub obeyed: bool,
}

/// How a source was once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastView {
    /// The word.
    pub health: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub why: String,
}

/// What a host was asked, and how its hints were heeded, as `sources --politeness --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostView {
    /// The registrable domain or the address, with the port where it is no usual one.
    pub host: String,
    /// Sources that asked it.
    pub sources: usize,
    /// The sums over them.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Answers 304 and 226, in percent of the requests, rounded down; `None` where there was none.
    pub not_modified_percent: Option<u64>,
    /// Hints that were honoured, in percent of those received, rounded down; `None` where there was none.
    pub hints_honoured_percent: Option<u64>,
}

impl SourceView {
    pub(super) fn of(source: &Source, state: &SourceState, now: Timestamp) -> Self {
        let health = health(state);
        let adopted = pipeline::moved_to(source, state);
        let moving = || state.moving.as_ref().map(|moving| &moving.to);
        Self {
            id: source.id.0.clone(),
            title: source.title.clone().or_else(|| state.title.clone()),
            url: source.location.to_string(),
            enabled: source.enabled,
            schedule: source.schedule.to_string(),
            health: word(state).to_owned(),
            since: health.as_ref().map(|health| seconds(health.since)),
            why: health.map(|health| health.why).filter(|why| !why.is_empty()),
            asked_at: state.asked_at.map(seconds),
            ok_at: state.ok_at.map(seconds),
            next_at: next_at(source, state, now).map(seconds),
            failures: state.failures,
            error: state.error.clone(),
            retry_after: state.retry_after.map(seconds),
            fresh_until: state.fresh_until.map(seconds),
            hints: schedule::told(source, state, now).into_iter().map(hint).collect(),
            moved_to: adopted.or_else(moving).cloned(),
            adopted: adopted.is_some(),
            gone_at: state.gone_at.map(seconds),
            quarantine: state
                .quarantine
                .as_ref()
                .map(|held| Quarantine { since: seconds(held.since), why: held.why.clone() }),
            oddity: state.oddity.clone(),
            listed: state.listed.len(),
            language: state.language.clone(),
            renamed: state.renamed.as_ref().map(renamed),
            volatile: volatile(&state.habits),
            push: PushView::of(source, state, now),
            past: state.past.iter().map(past).collect(),
        }
    }

    /// Whether its hub pushes, for the table.
    pub fn pushes(&self) -> String {
        self.push.cell()
    }

    /// What the table says beside the word: why it is how it is, else what it does with its ids.
    pub fn note(&self) -> String {
        let renamed = || {
            self.renamed.as_ref().map(|renamed| format!("on {}, {}", renamed.at.date_naive(), renamed.how))
        };
        let keys: Vec<&str> = self.volatile.iter().map(|one| one.keys.as_str()).collect();
        let volatile = (!keys.is_empty()).then(|| format!("no keys: its {}", keys.join(", ")));
        let no_push = || self.push.why.as_ref().map(|why| format!("not pushed: {why}"));
        self.why.clone().or_else(no_push).or(volatile).or_else(renamed).unwrap_or_default()
    }

    /// The word for tables: "disabled" says more of a source than how it once was.
    pub fn word(&self) -> &str {
        if self.enabled { &self.health } else { DISABLED }
    }
}

/// How many sources are how; every word is there.
pub(super) fn counts<'a>(
    sources: impl Iterator<Item = (&'a Source, &'a SourceState)>,
) -> BTreeMap<&'static str, usize> {
    let words = HealthKind::ALL.map(HealthKind::word).into_iter().chain([NEW, DISABLED]);
    let mut counts: BTreeMap<&str, usize> = words.map(|word| (word, 0)).collect();
    for (source, state) in sources {
        *counts.entry(if source.enabled { word(state) } else { DISABLED }).or_default() += 1;
    }
    counts
}

/// The ledgers of these sources by host, the host that was asked most first.
pub(super) fn politeness<'a>(
    sources: impl Iterator<Item = (&'a SourceId, &'a SourceState)>,
) -> Vec<HostView> {
    let mut hosts: BTreeMap<&str, (BTreeSet<&SourceId>, Ledger)> = BTreeMap::new();
    for (id, state) in sources {
        for (host, ledger) in &state.ledger {
            let (sources, sum) = hosts.entry(host).or_default();
            sources.insert(id);
            sum.add(ledger);
        }
    }
    let view = |(host, (sources, ledger)): (&str, (BTreeSet<_>, Ledger))| HostView {
        host: host.to_owned(),
        sources: sources.len(),
        ledger,
        not_modified_percent: percent(ledger.not_modified, ledger.requests),
        hints_honoured_percent: percent(ledger.hints_honoured, ledger.hints_received),
    };
    let mut views: Vec<HostView> = hosts.into_iter().map(view).collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.ledger.requests));
    views
}

fn percent(part: u64, whole: u64) -> Option<u64> {
    part.saturating_mul(100).checked_div(whole)
}

/// How a source is. A store of an older version may know that it was asked and no word for it.
fn health(state: &SourceState) -> Option<Health> {
    let asked = state.asked_at?;
    let guess = || {
        let is = if state.failures > 0 { HealthKind::Failing } else { HealthKind::Ok };
        Health { is, since: state.ok_at.unwrap_or(asked), why: state.error.clone().unwrap_or_default() }
    };
    Some(state.health.clone().unwrap_or_else(guess))
}

fn word(state: &SourceState) -> &'static str {
    health(state).map_or(NEW, |health| health.is.word())
}

fn next_at(source: &Source, state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let next = state.next_at.filter(|_| source.enabled && state.gone_at.is_none())?;
    Some(next.max(schedule::earliest_ask(source, state, now).unwrap_or(next)))
}

fn hint(told: Told) -> HintView {
    HintView { hint: told.hint.to_owned(), until: seconds(told.until), obeyed: told.obeyed }
}

fn renamed(renamed: &Renamed) -> RenamedView {
    RenamedView { at: seconds(renamed.at), count: renamed.count, how: renamed.how.clone() }
}

fn volatile(habits: &Habits) -> Vec<VolatileView> {
    let all = [("guids", &habits.guids), ("links", &habits.links), ("paths", &habits.paths)];
    let since = |(keys, habit): (&str, &Habit)| {
        Some(VolatileView { keys: keys.to_owned(), since: seconds(habit.volatile_since?) })
    };
    all.into_iter().filter_map(since).collect()
}

fn past(health: &Health) -> PastView {
    PastView { health: health.is.word().to_owned(), since: seconds(health.since), why: health.why.clone() }
}

/// In whole seconds; what is further away than RFC 3339 can write is at the end of its time.
fn seconds(at: Timestamp) -> Timestamp {
    let end = Timestamp::from_timestamp(LAST_SECOND, 0).unwrap_or(at);
    at.trunc_subsecs(0).min(end)
}
