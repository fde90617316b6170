//! One document: whose it is, what it changes, and what is odd about it.

use std::collections::HashMap;

use super::desk::{Listing, take_in};
use super::listed::Listed;
use super::{answered, configuration, follow, succeeded};
use crate::model::{
    Digest, Entry, EntryKey, Feed, Fetched, Known, Problem, Quarantine, Schedules, Source, SourceState,
    Update, Validators,
};
use crate::pipeline::{moves, oddity, owner, rhythm};

/// A document, to be judged and taken in.
pub(super) struct Document<'a> {
    pub(super) feed: &'a Feed,
    /// Its entries.
    pub(super) listed: &'a Listed<'a>,
    pub(super) hash: Digest,
    pub(super) is_delta: bool,
    pub(super) validators: &'a Validators,
}

impl Document<'_> {
    /// Writes into `update` what the document changes, unless it seems to be a stranger's.
    pub(super) fn judge(
        &self,
        source: &Source,
        old: &SourceState,
        known: &Known,
        fetched: &Fetched,
        update: &mut Update,
    ) {
        let Self { feed, listed, is_delta, .. } = *self;
        let listing = Listing::of(listed, old, known, is_delta);
        let answered_at = fetched.manners.url.as_ref().or(moves::asked(source, old));
        let showing = owner::Showing::of(feed, answered_at);
        // A part shows too little of whose it is.
        let stranger = (!source.trust && !is_delta)
            .then(|| owner::stranger(old, &showing, listing.is_known(known)))
            .flatten();
        if let Some(why) = stranger {
            update.tally.seen = feed.entries.len();
            quarantine(source, old, fetched, why, update);
            return;
        }
        let same_feed =
            moves::is_same_feed(old, feed.id.as_deref(), feed.title.as_deref(), listing.shares_entries());
        self.describe(source, &mut update.state);
        take_in(source, old, known, feed, listing, update.at, update);
        succeeded(&mut update.state, fetched);
        rhythm::learn(&mut update.state.rhythm, &update.new, update.at);
        update.state.quarantine = None;
        if !is_delta {
            let expected = old.owner.as_ref().map(|owner| owner.entries);
            update.state.oddity = odd(old, known, &showing, update);
            let expected = oddity::expected(expected, update.state.listed.len());
            update.state.owner = Some(showing.remembered(old.owner.as_ref(), expected));
        }
        follow(source, old, fetched, same_feed, update);
    }

    fn describe(&self, source: &Source, state: &mut SourceState) {
        let Self { feed, hash, is_delta, validators, .. } = *self;
        let facts = [
            (&mut state.title, &feed.title),
            (&mut state.link, &feed.link),
            (&mut state.feed_id, &feed.id),
            (&mut state.language, &feed.language),
            (&mut state.rights, &feed.rights),
        ];
        for (known, said) in facts {
            // What a part does not say has not changed.
            if said.is_some() || !is_delta {
                known.clone_from(said);
            }
        }
        // Some sources write another token behind the same picture each time.
        let path = |image: &Option<String>| Some(image.as_deref()?.split('?').next()?.to_owned());
        if path(&state.image) != path(&feed.image) && (feed.image.is_some() || !is_delta) {
            state.image.clone_from(&feed.image);
        }
        if !is_delta || feed.schedules != Schedules::default() {
            state.schedules = feed.schedules.clone();
        }
        let configuration = Some(configuration(source));
        state.document = (!is_delta).then_some(hash);
        // Under another configuration the rest, which a part leaves out, was not read.
        let is_whole = !is_delta || state.config == configuration;
        state.validators = if is_whole { validators.clone() } else { Validators::default() };
        // Only a reading says under which configuration hash and validators are good.
        state.config = configuration;
    }
}

/// Leaves the last good answer as it is, and says why.
fn quarantine(source: &Source, old: &SourceState, fetched: &Fetched, why: String, update: &mut Update) {
    answered(&mut update.state, fetched);
    let since = old.quarantine.as_ref().map_or(update.at, |quarantine| quarantine.since);
    let remedy = format!("{why}; nothing is taken in until `nashra sources accept {}`", source.id);
    update.problems.push(Problem::new("quarantined", remedy));
    update.state.quarantine = Some(Quarantine { since, why });
    follow(source, old, fetched, false, update);
}

fn odd(old: &SourceState, known: &Known, showing: &owner::Showing, update: &Update) -> Option<String> {
    let new: HashMap<EntryKey, &Entry> = update.new.iter().map(|entry| (entry.key, entry)).collect();
    let stored = |key: &EntryKey| new.get(key).copied().or_else(|| known.entries.get(key));
    oddity::oddity(&oddity::Reading {
        listed: update.state.listed.len(),
        entries: update.state.listed.iter().filter_map(stored).collect(),
        expected: old.owner.as_ref().map(|owner| owner.entries),
        other_language: old.owner.as_ref().and_then(|owner| showing.other_language(owner)),
    })
}
