//! Under which names what is hidden could come back from its source, and what is there under them already.

use std::collections::{BTreeSet, HashSet};

use crate::edge::store::{Store, StoreError};
use crate::model::{
    Entry, EntryKey, Hidden, Hiding, Identity, IdentityKey, IdentityKind, KeyKind, SectionFeed, SourceId,
};
use crate::pipeline::section;

/// What a source calls an entry.
pub(in crate::app) struct Named {
    pub(in crate::app) source: SourceId,
    /// All that it may be called.
    pub(in crate::app) names: Vec<Identity>,
    /// Those of them that name nothing else.
    pub(in crate::app) own: Vec<Identity>,
}

impl Named {
    /// What is known of an entry, also where retention has removed it.
    pub(in crate::app) fn find(
        store: &Store,
        key: EntryKey,
        entry: Option<&Entry>,
        hidden: &Hidden,
        feeds: &[SectionFeed],
    ) -> Result<Option<Self>, StoreError> {
        let (source, names) = if let Some(entry) = entry {
            (entry.source.clone(), section::names_of(entry))
        } else if let Some(Hiding { source: Some(source), names, .. }) = hidden.entries().get(&key) {
            return Ok(Some(Self { source: source.clone(), names: names.clone(), own: names.clone() }));
        } else if let Some(stub) = store.stubs(&key.to_string())?.pop() {
            let guid = stub.dropped.id.map(|value| Identity { kind: IdentityKind::Guid, value });
            (stub.source, section::names(guid.as_ref(), stub.dropped.link.as_deref()))
        } else {
            return Ok(None);
        };
        let listed = store.state(&source)?.map(|state| state.listed).unwrap_or_default();
        let is_listed = |key: &EntryKey| listed.binary_search(key).is_ok();
        let mut own = vec![];
        for (place, name) in names.iter().enumerate() {
            if hidden.has_name(&source, name) {
                own.push(name.clone());
                continue;
            }
            let lead = lead(store, &source, name)?;
            // What is recognised by something else has the link in common with others, or has none that holds.
            let is_page = names.iter().position(|other| other.kind == IdentityKind::Link) == Some(place);
            let holds = match name.kind {
                IdentityKind::Link => lead.is_some_and(|lead| lead == key || is_page),
                _ => entry.is_some() || lead == Some(key),
            };
            // Of a page with many entries that are listed side by side one is meant and not all.
            let beside =
                shown(feeds, &source, name).chain(lead).any(|other| other != key && is_listed(&other));
            if holds && !(beside && is_listed(&key)) {
                own.push(name.clone());
            }
        }
        Ok(Some(Self { source, names, own }))
    }

    /// The other entries that are there under a name that is its own, and those that are hidden with it.
    pub(in crate::app) fn others(
        &self,
        store: &Store,
        hidden: &Hidden,
        feeds: &[SectionFeed],
    ) -> Result<BTreeSet<EntryKey>, StoreError> {
        let mut others = hidden.of_names(&self.source, &self.names);
        for name in &self.own {
            others.extend(shown(feeds, &self.source, name));
            others.extend(lead(store, &self.source, name)?);
        }
        Ok(others)
    }

    /// Says in a record which names its entry has; says whether that is more than it said.
    pub(in crate::app) fn write(self, hiding: &mut Hiding) -> bool {
        let before = hiding.names.len();
        let known: HashSet<(u8, String)> = hiding.names.iter().map(text).collect();
        hiding.source = Some(self.source);
        hiding.names.extend(self.own.into_iter().filter(|name| !known.contains(&text(name))));
        hiding.names.truncate(Hiding::NAMES_MAX);
        hiding.names.len() > before
    }
}

fn text(name: &Identity) -> (u8, String) {
    (name.kind as u8, name.value.clone())
}

/// Entries of a source that readers see and that may have this name.
fn shown<'a>(
    feeds: &'a [SectionFeed],
    source: &'a SourceId,
    name: &'a Identity,
) -> impl Iterator<Item = EntryKey> + 'a {
    let placed = feeds.iter().flat_map(|feed| &feed.placed).map(|placed| &placed.entry);
    let of_source = placed.filter(move |entry| entry.source == *source);
    of_source.filter(move |entry| section::names_of(entry).contains(name)).map(|entry| entry.key)
}

/// The entry that its source recognises by a name.
fn lead(store: &Store, source: &SourceId, name: &Identity) -> Result<Option<EntryKey>, StoreError> {
    let kind = match name.kind {
        IdentityKind::Guid => KeyKind::Guid,
        IdentityKind::Link => KeyKind::Link,
        IdentityKind::Content => KeyKind::Content,
    };
    // Of a link without its query the mark is ours.
    let value = name.value.strip_suffix(section::WITHOUT_QUERY).filter(|_| name.kind == IdentityKind::Link);
    let value = value.unwrap_or(&name.value);
    let key = IdentityKey::new(kind, [source.0.as_bytes(), value.as_bytes()]);
    Ok(store.leads(&[key])?.remove(&key))
}
