//! Why an entry is there, or is not: finds what somebody asks for, and has it told.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::{AppError, Options};
use crate::config::Config;
use crate::edge::store::StoreError;
use crate::model::{
    DroppedReason, Entry, EntryKey, Location, SectionFeed, Source, SourceId, StoryReason, Stub,
};
use crate::pipeline;
use crate::pipeline::why::{self, Account, Case, Gone, Relative, Search};

/// Entries of one answer; of a link that more sources carry, these are told.
const FOUND_MAX: usize = 50;
/// Sources that are named where nothing is found.
const NAMED_MAX: usize = 5;

/// What is known of what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Every entry that may be meant: those that are stored first.
    pub found: Vec<Account>,
    /// Where nothing was found: what was looked for, and what may help.
    pub missing: Vec<String>,
}

/// Explains what is stored where no daemon runs.
pub fn stored_why(options: &Options, config: &Config, asked: &str) -> Result<Told, AppError> {
    match Archive::open(options, config, true)? {
        Some(archive) => Ok(explain(&archive, asked)?),
        None => Ok(Told { found: vec![], missing: vec!["nothing is stored yet".to_owned()] }),
    }
}

/// Explains everything that `asked` may mean.
pub(super) fn explain(archive: &Archive, asked: &str) -> Result<Told, StoreError> {
    let Candidates { search, keys, sources } = candidates(archive, asked)?;
    let mut told = Told::default();
    let feeds = pipeline::lay_out(&archive.edition, &archive.window);
    let mut gone = vec![];
    for key in keys {
        match archive.store.entry(key)? {
            Some(entry) => told.found.push(Account::Stored(Box::new(life(archive, &entry, &feeds)?))),
            None => gone.extend(removed(archive, key, search.key == Some(key))?),
        }
    }
    told.found.extend(gone);
    for stub in stubs(archive, &search)? {
        told.found.push(dropped(archive, &stub)?);
    }
    if told.found.is_empty() {
        told.missing = missing(archive, asked, &search, sources)?;
    }
    Ok(told)
}

/// What somebody may mean.
pub(super) struct Candidates {
    pub(super) search: Search,
    /// The entries, stored or remembered.
    pub(super) keys: Vec<EntryKey>,
    /// At how many sources was looked.
    pub(super) sources: usize,
}

/// Every entry that `asked` may mean.
pub(super) fn candidates(archive: &Archive, asked: &str) -> Result<Candidates, StoreError> {
    let ids: HashSet<SourceId> = archive.sources.keys().cloned().chain(archive.store.source_ids()?).collect();
    let ids: Vec<SourceId> = ids.into_iter().collect();
    let search = Search::of(asked, &archive.edition.site.url, &ids);
    let leads = archive.store.leads(&search.keys)?;
    let shown = archive.window.entries.values().filter(|entry| search.means(entry)).map(|entry| entry.key);
    let mut keys: Vec<EntryKey> = leads.into_values().chain(search.key).chain(shown).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(FOUND_MAX);
    Ok(Candidates { search, keys, sources: ids.len() })
}

fn life(archive: &Archive, entry: &Entry, feeds: &[SectionFeed]) -> Result<why::Life, StoreError> {
    let store = &archive.store;
    let state = store.state(&entry.source)?;
    let members: Vec<Arc<Entry>> = store.story(entry.story)?.into_iter().map(Arc::new).collect();
    let holder = match why::own_id_key(entry) {
        Some(key) => store.leads(&[key])?.remove(&key).filter(|holder| *holder != entry.key),
        None => None,
    };
    let apart = apart(archive, entry)?;
    let others = members.iter().filter(|member| member.key != entry.key);
    let others = others.map(|member| Ok((member.key, store.delisted_at(member.key)?)));
    let case = Case {
        edition: &archive.edition,
        cards: &archive.window.sources,
        feeds,
        keep_days: archive.keep_days,
        source: archive.sources.get(&entry.source).map(AsRef::as_ref),
        state: state.as_ref(),
        keys: store.keys_of(entry.key)?,
        id_holder: named(archive, holder)?,
        matched: named(archive, entry.matched.map(|matched| matched.with))?,
        members: &members,
        apart: &apart,
        delisted_at: store.delisted_at(entry.key)?,
        others_delisted_at: others.collect::<Result<_, StoreError>>()?,
    };
    Ok(why::tell(entry, &case))
}

/// Those with the same link or title that are not of its story.
fn apart(archive: &Archive, entry: &Entry) -> Result<Vec<(Entry, StoryReason)>, StoreError> {
    let keys = why::story_keys(entry);
    let leads = archive.store.leads(&keys.iter().map(|(key, _)| *key).collect::<Vec<_>>())?;
    let mut apart: Vec<(Entry, StoryReason)> = vec![];
    for (key, alike) in keys {
        let Some(other) = leads.get(&key).map(|other| archive.store.entry(*other)).transpose()?.flatten()
        else {
            continue;
        };
        if other.story != entry.story && !apart.iter().any(|(known, _)| known.key == other.key) {
            apart.push((other, alike));
        }
    }
    Ok(apart)
}

fn named(archive: &Archive, key: Option<EntryKey>) -> Result<Option<Relative>, StoreError> {
    let entry = key.map(|key| archive.store.entry(key)).transpose()?.flatten();
    Ok(entry.map(|entry| why::relative(&entry)))
}

/// What is remembered of an entry that keys lead to, and that is stored no more.
fn removed(archive: &Archive, key: EntryKey, was_named: bool) -> Result<Option<Account>, StoreError> {
    if let Some(stub) = archive.store.stubs(&key.to_string())?.pop() {
        return Ok(Some(Account::Removed(why::tell_stub(&stub, archive.keep_days, None))));
    }
    // Whoever asks for a key that never was is not told that it is remembered.
    let is_remembered = !archive.store.keys_of(key)?.is_empty();
    Ok((is_remembered || !was_named).then(|| Account::Removed(why::tell_tombstone(key))))
}

/// What was dropped under the names that are asked for, each once.
fn stubs(archive: &Archive, search: &Search) -> Result<Vec<Stub>, StoreError> {
    let mut found: Vec<Stub> = vec![];
    for name in &search.names {
        for stub in archive.store.stubs(name)? {
            let is_dropped = !matches!(stub.dropped.reason, DroppedReason::Expired { .. });
            if is_dropped && found.len() < FOUND_MAX && !found.contains(&stub) {
                found.push(stub);
            }
        }
    }
    Ok(found)
}

fn dropped(archive: &Archive, stub: &Stub) -> Result<Account, StoreError> {
    let of = match stub.dropped.reason {
        DroppedReason::Repeats { entry } => named(archive, Some(entry))?,
        _ => None,
    };
    let gone: Gone = why::tell_stub(stub, archive.keep_days, of);
    Ok(Account::Dropped(gone))
}

/// Where nothing was found: where was looked, and which sources could have told.
pub(super) fn missing(
    archive: &Archive,
    asked: &str,
    search: &Search,
    sources: usize,
) -> Result<Vec<String>, StoreError> {
    let mut lines = vec![format!(
        "nothing is known of {asked}: looked for it as an id, guid, link or key at {sources} sources, and among what was dropped or removed"
    )];
    if archive.sources.keys().any(|id| id.0 == asked) {
        lines.push(format!(
            "{asked} is a source: `nashra sources {asked}`, `nashra entries --source {asked}`"
        ));
    }
    if archive.edition.sections.iter().any(|section| section.id.0 == asked) {
        lines.push(format!("{asked} is a section: `nashra entries --section {asked}`"));
    }
    let is_there = |source: &&Arc<Source>| match (&source.location, &search.host) {
        (Location::Web(url), Some(host)) => why::is_at(url, host),
        _ => false,
    };
    for source in archive.sources.values().filter(is_there).take(NAMED_MAX) {
        let state = archive.store.state(&source.id)?.unwrap_or_default();
        let how = match (&state.ok_at, &state.error, &state.quarantine) {
            _ if !source.enabled => "is switched off (enabled = false)".to_owned(),
            (_, _, Some(held)) => format!("is in quarantine: {}", held.why),
            (_, Some(error), _) => format!("failed the last time: {error}"),
            (Some(at), ..) => format!(
                "listed {} entries in its last good answer ({}), and this was never among them",
                state.listed.len(),
                at.format("%Y-%m-%dT%H:%M:%SZ")
            ),
            (None, ..) => "was never asked so far".to_owned(),
        };
        lines.push(format!("source {} is at that host: it {how}", source.id));
    }
    lines.push("`nashra entries` lists what is stored, `nashra sources` how each source is doing".to_owned());
    Ok(lines)
}
