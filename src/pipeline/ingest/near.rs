//! Which stored entries may tell the event of a listed one that is new, as the index of stories has them.

use std::collections::{HashMap, HashSet};

use super::listed::{Listed, Names};
use crate::model::{Candidate, EntryKey, IdentityKey, Known, SourceId, Timestamp};
use crate::pipeline::dedupe::Keyed;
use crate::pipeline::{decide, story};

/// What is found, by the key that an entry is named after.
type Near = HashMap<IdentityKey, Vec<Candidate>>;

/// For every entry that none of its own keys leads to: which entries of other sources may tell its event. Nothing is
/// looked for where its keys of stories decide.
pub(super) fn near(
    listed: &Listed<'_>,
    source: &SourceId,
    known: &Known,
    index: &story::Index,
    now: Timestamp,
) -> Near {
    let (told, titles) = (told(source, known), Titles::of(&listed.entries));
    let mut reader = story::Reader::default();
    let mut look = |near: &mut Near, keyed: &Keyed<'_>, names: &Names, published| {
        let candidates = index.candidates(names.features(keyed, &mut reader), source, published);
        if !candidates.is_empty() {
            near.insert(keyed.primary, candidates);
        }
    };
    let (mut near, mut decided) = (HashMap::new(), vec![]);
    for (keyed, names) in listed.unknown(known) {
        let (published, _) = decide::published(keyed.said, now);
        let recurs = titles.recur(known, keyed);
        let coverage = story::Coverage { source, said: keyed.said, published, told: &told, recurs };
        match story::find_by_key(&names.story, known, &coverage, &names.compared) {
            Some(found) => decided.push((keyed, names, published, found.story)),
            None => look(&mut near, keyed, names, published),
        }
    }
    if decided.is_empty() {
        return near;
    }
    // Two entries of one source never continue one story, and who comes first has it: the other may belong elsewhere.
    let claims = claims(listed, known, &near, index);
    for (keyed, names, published, story) in decided {
        if claims.get(&story).is_some_and(|count| *count > 1) {
            look(&mut near, keyed, names, published);
        }
    }
    near
}

/// The stories that a source has an entry in.
pub(super) fn told(source: &SourceId, known: &Known) -> HashSet<EntryKey> {
    known.entries.values().filter(|entry| entry.source == *source).map(|entry| entry.story).collect()
}

/// How many entries of a document bear each title.
#[derive(Default)]
pub(super) struct Titles(HashMap<IdentityKey, usize>);

impl Titles {
    pub(super) fn of(entries: &[Keyed<'_>]) -> Self {
        let mut titles = HashMap::with_capacity(entries.len());
        for title in entries.iter().filter_map(|entry| entry.title) {
            *titles.entry(title).or_default() += 1;
        }
        Self(titles)
    }

    /// Whether this source gives the title to one entry after the other ("Exchange rates today").
    pub(super) fn recur(&self, known: &Known, keyed: &Keyed<'_>) -> bool {
        keyed.title.is_some_and(|title| {
            known.keys.contains_key(&title) || self.0.get(&title).is_some_and(|count| *count > 1)
        })
    }
}

/// How many listed entries may continue each story.
fn claims(listed: &Listed<'_>, known: &Known, near: &Near, index: &story::Index) -> HashMap<EntryKey, usize> {
    let mut claims = HashMap::new();
    for (keyed, names) in listed.entries.iter().zip(&listed.names) {
        let by_key =
            names.story.iter().filter_map(|(key, _)| Some(known.entries.get(known.keys.get(key)?)?.story));
        let by_words = near.get(&keyed.primary).into_iter().flatten();
        let by_words = by_words.filter_map(|candidate| index.story(candidate.key));
        let stories: HashSet<EntryKey> = by_key.chain(by_words).collect();
        stories.into_iter().for_each(|story| *claims.entry(story).or_default() += 1);
    }
    claims
}
