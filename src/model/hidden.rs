//! What the admin took out of every output.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Entry, EntryKey, Identity, IdentityKey, IdentityKind, KeyKind, Removed, SectionId, SourceId, Timestamp,
};

/// What the admin took out of every output. It does not come back by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Single entries, also those that retention has removed since.
    entries: BTreeMap<EntryKey, Hiding>,
    /// Stories with all that joins them, by their first entries.
    pub stories: BTreeMap<EntryKey, Timestamp>,
    /// The names of all entries, each within its source.
    names: HashSet<IdentityKey>,
    /// The sources that have any of these names.
    sources: BTreeSet<SourceId>,
}

/// How an entry was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hiding {
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The id that readers know; empty where nobody knows it any more.
    #[serde(default)]
    pub id: String,
    /// The sections that had shown it and say that it is gone.
    #[serde(default)]
    pub sections: Vec<SectionId>,
    /// Who carries it; `None` where that is not known any more, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    /// What its source calls it: whatever comes from there under one of these names is hidden with it. At most
    /// [`Hiding::NAMES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Identity>,
}

/// An entry that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The entry.
    pub entry: EntryKey,
    /// Its story.
    pub story: EntryKey,
}

impl Named {
    /// This entry.
    pub fn of(entry: &Entry) -> Self {
        Self { entry: entry.key, story: entry.story }
    }
}

impl Hiding {
    /// Names of one entry that are kept: its guid and its link, and the links that it has had since.
    pub const NAMES_MAX: usize = 16;

    fn keys(&self) -> impl Iterator<Item = IdentityKey> + '_ {
        let named = self.source.iter().flat_map(|source| self.names.iter().map(move |name| (source, name)));
        named.map(|(source, name)| key(source, name))
    }
}

impl Hidden {
    /// Notices of one section that there is an entry no more; beyond that the oldest go.
    pub const NOTICES_MAX: usize = 100;

    /// The single entries.
    pub fn entries(&self) -> &BTreeMap<EntryKey, Hiding> {
        &self.entries
    }

    /// Adds entries, or says something else of them.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = (EntryKey, Hiding)>) {
        for (key, hiding) in entries {
            self.names.extend(hiding.keys());
            self.sources.extend(hiding.source.clone().filter(|_| !hiding.names.is_empty()));
            self.entries.insert(key, hiding);
        }
    }

    /// Takes single entries out.
    pub fn remove(&mut self, keys: &HashSet<EntryKey>) {
        let entries = std::mem::take(&mut self.entries);
        (self.names, self.sources) = Default::default();
        self.extend(entries.into_iter().filter(|(key, _)| !keys.contains(key)));
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.stories.is_empty()
    }

    /// Whether anything of this source is hidden under whatever name.
    pub fn has_names_of(&self, source: &SourceId) -> bool {
        self.sources.contains(source)
    }

    /// Whether something of this source is hidden under this name.
    pub fn has_name(&self, source: &SourceId, name: &Identity) -> bool {
        self.names.contains(&key(source, name))
    }

    /// Whether nobody is to be shown what has this key: an entry, or the story that it began.
    pub fn has_key(&self, key: EntryKey) -> bool {
        self.entries.contains_key(&key) || self.stories.contains_key(&key)
    }

    /// Whether nobody is to be shown this entry, which a text names.
    pub fn covers_named(&self, named: Named) -> bool {
        !self.is_empty()
            && (self.entries.contains_key(&named.entry) || self.stories.contains_key(&named.story))
    }

    /// The entries of a source that are hidden under these names, and those that share a name with one of them, and so
    /// on: they are one thing that came more than once.
    pub fn of_names(&self, source: &SourceId, names: &[Identity]) -> BTreeSet<EntryKey> {
        let mut found = BTreeSet::new();
        if !self.has_names_of(source) {
            return found;
        }
        let mut known: HashSet<IdentityKey> = names.iter().map(|name| key(source, name)).collect();
        loop {
            let is_new = |(key, hiding): &(&EntryKey, &Hiding)| {
                !found.contains(*key)
                    && hiding.source.as_ref() == Some(source)
                    && hiding.keys().any(|name| known.contains(&name))
            };
            let more: Vec<(EntryKey, Vec<IdentityKey>)> = self
                .entries
                .iter()
                .filter(is_new)
                .map(|(key, hiding)| (*key, hiding.keys().collect()))
                .collect();
            if more.is_empty() {
                return found;
            }
            for (key, names) in more {
                found.insert(key);
                known.extend(names);
            }
        }
    }

    /// What each section says of it (RFC 6721), the newest first.
    pub fn notices(&self) -> BTreeMap<SectionId, Vec<Removed>> {
        let mut notices: BTreeMap<SectionId, Vec<Removed>> = BTreeMap::new();
        for hiding in self.entries.values().filter(|hiding| !hiding.id.is_empty()) {
            for section in &hiding.sections {
                let removed = Removed { id: hiding.id.clone(), at: hiding.at };
                notices.entry(section.clone()).or_default().push(removed);
            }
        }
        for list in notices.values_mut() {
            list.sort_by(|a, b| (b.at, &a.id).cmp(&(a.at, &b.id)));
            list.truncate(Self::NOTICES_MAX);
        }
        notices
    }
}

/// A name within its source.
fn key(source: &SourceId, name: &Identity) -> IdentityKey {
    let kind = match name.kind {
        IdentityKind::Guid => KeyKind::Guid,
        IdentityKind::Link => KeyKind::Link,
        IdentityKind::Content => KeyKind::Content,
    };
    IdentityKey::new(kind, [source.0.as_bytes(), name.value.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_notices_come_first_and_are_bounded() {
        let sport = SectionId("sport".to_owned());
        let hiding = |n: u8, seconds: i64, sections: Vec<SectionId>| {
            let at = Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds);
            (EntryKey([n; 16]), Hiding { at, id: format!("urn:x:{n}"), sections, ..Hiding::default() })
        };
        let mut hidden = Hidden::default();
        hidden.extend((0..120).map(|n| hiding(n, i64::from(n / 2), vec![sport.clone()])));
        hidden.extend([hiding(200, 999, vec![])]);
        let notices = hidden.notices();
        let ids: Vec<&str> = notices[&sport].iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), Hidden::NOTICES_MAX);
        assert_eq!(ids[..3], ["urn:x:118", "urn:x:119", "urn:x:116"]);
        assert_eq!(notices.len(), 1);
    }

    #[test]
    fn what_shares_a_name_is_one_thing() {
        let source = |id: &str| SourceId(id.to_owned());
        let link = |value: &str| Identity { kind: IdentityKind::Link, value: value.to_owned() };
        let hiding = |n: u8, id: &str, names: &[&str]| {
            let names = names.iter().map(|name| link(name)).collect();
            (EntryKey([n; 16]), Hiding { source: Some(source(id)), names, ..Hiding::default() })
        };
        let mut hidden = Hidden::default();
        let rows = [("a", &["x", "y"][..]), ("a", &["y", "z"]), ("b", &["x", "w"]), ("a", &["v"])];
        hidden.extend((1..).zip(rows).map(|(n, (id, names))| hiding(n, id, names)));
        let check = |hidden: &Hidden, id: &str, name: &str, expected: &[u8]| {
            let found = hidden.of_names(&source(id), &[link(name)]);
            assert_eq!(found.iter().map(|key| key.0[0]).collect::<Vec<_>>(), expected, "{id} {name}");
            assert_eq!(hidden.has_name(&source(id), &link(name)), !expected.is_empty(), "{id} {name}");
        };
        check(&hidden, "a", "z", &[1, 2]);
        check(&hidden, "a", "w", &[]);
        check(&hidden, "b", "x", &[3]);
        check(&hidden, "c", "x", &[]);
        hidden.remove(&HashSet::from([EntryKey([1; 16]), EntryKey([3; 16])]));
        check(&hidden, "a", "x", &[]);
        check(&hidden, "a", "y", &[2]);
        assert!(!hidden.has_names_of(&source("b")));
    }
}
