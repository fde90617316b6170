//! The entries of one document with everything that only they and their source decide: their keys and hashes.

use std::cell::OnceCell;

use super::bounded;
use crate::model::{Features, Feed, IdentityKey, IdentityKind, KeyKind, Known, Source, StoryReason, Trust};
use crate::pipeline::dedupe::{self, Keyed, Repetition};
use crate::pipeline::{decide, story, text};

/// Made once, for the look-up in the store and for the decisions after it.
#[derive(Debug, Default)]
pub(super) struct Listed<'a> {
    pub(super) entries: Vec<Keyed<'a>>,
    /// What each of them could be called and told by, in the same order.
    pub(super) names: Vec<Names>,
    /// Entries that repeat another one.
    pub(super) repeated: Vec<Repetition<'a>>,
}

/// What is looked for over all sources.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) story: Vec<(IdentityKey, StoryReason)>,
    /// The ids that the entry may be published under, the best first, with their keys.
    pub(super) ids: Vec<(String, IdentityKey)>,
    /// What the index of stories compares it by: only new entries need it.
    features: OnceCell<Features>,
    /// Whether it tells what the entry with its title tells.
    pub(super) compared: story::Compared,
}

impl<'a> Listed<'a> {
    pub(super) fn of(source: &Source, feed: &'a Feed, trust: Trust) -> Self {
        let (entries, repeated) = dedupe::keyed(&source.id, bounded(feed), trust);
        let names = entries.iter().map(|keyed| Names::of(source, keyed)).collect();
        Self { entries, names, repeated }
    }

    /// Every entry that none of its own keys leads to.
    pub(super) fn unknown(&self, known: &Known) -> impl Iterator<Item = (&Keyed<'a>, &Names)> {
        let is_unknown = |keyed: &Keyed<'_>| !keyed.keys().any(|key| known.keys.contains_key(&key));
        self.entries.iter().zip(&self.names).filter(move |(keyed, _)| is_unknown(keyed))
    }

    /// Whether most of them came under guids, or under links, that nobody knows, or without the guids that they
    /// were `named_by`, or that one was corrected of which only the date is left, so that all that the source listed before must be at hand.
    pub(super) fn may_have_moved(&self, known: &Known, named_by: Option<IdentityKind>) -> bool {
        // An answer that lists nothing, as an unchanged one, asks for nothing.
        if self.entries.is_empty() {
            return false;
        }
        if self.unknown(known).any(|(keyed, _)| keyed.is_bare()) {
            return true;
        }
        let (mut unnamed, mut elsewhere, mut unguided) = (0, 0, 0);
        for keyed in &self.entries {
            let (is_unnamed, is_elsewhere) = keyed.is_strange(|key| known.keys.contains_key(key));
            unnamed += usize::from(is_unnamed);
            elsewhere += usize::from(is_elsewhere);
            unguided += usize::from(keyed.guid.is_none() && named_by == Some(IdentityKind::Guid));
        }
        unnamed.max(elsewhere).max(unguided) * 2 >= self.entries.len()
    }

    /// The keys that deciding on them asks for.
    pub(super) fn keys(&self) -> impl Iterator<Item = IdentityKey> {
        self.entries.iter().zip(&self.names).flat_map(|(keyed, names)| {
            let own = keyed.keys().chain(keyed.title);
            let story = names.story.iter().map(|(key, _)| *key);
            own.chain(story).chain(names.ids.iter().map(|(_, key)| *key))
        })
    }
}

impl Names {
    fn of(source: &Source, keyed: &Keyed<'_>) -> Self {
        let mirrored = source.mirror_of.as_ref().or_else(|| source.is_mirrored.then_some(&source.id));
        let own = decide::own_id(keyed.said, &keyed.identity);
        let ids = own.into_iter().chain([decide::made_id(&source.id, &keyed.identity)]);
        Self {
            story: story::keys(keyed.link.as_deref(), mirrored, &keyed.folded_title),
            ids: ids.map(|id| (published_key(&id), id)).map(|(key, id)| (id, key)).collect(),
            features: OnceCell::new(),
            compared: story::Compared::default(),
        }
    }

    pub(super) fn features(&self, keyed: &Keyed<'_>, reader: &mut story::Reader) -> &Features {
        self.features.get_or_init(|| reader.features(keyed.said, &keyed.folded_title, keyed.start.as_ref()))
    }
}

/// The key of a published id, over all sources.
pub(in crate::pipeline) fn published_key(id: &str) -> IdentityKey {
    IdentityKey::new(KeyKind::Published, [text::xml_safe(id).as_bytes()])
}
