//! `read` and `ingest`: what one fetch of one source changes. Composes parse, normalize, sanitize, then
//! dedupe, decide and story; and what it says of the source itself: moves, owner, oddity, rhythm.

mod desk;
mod read;

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::TimeDelta;

use self::desk::{Listing, keys_of, take_in};
pub use self::read::{read, understand};
use super::{dedupe, moves, oddity, owner, rhythm};
use crate::model::{
    Digest, Entry, EntryKey, Feed, FeedEntry, FetchError, FetchErrorKind, FetchPolicy, Fetched, IdentityKey,
    Known, Location, Problem, Quarantine, Reading, Rhythm, Source, SourceState, Tally, Timestamp, Update,
    Validators,
};

/// Entries of one document that are taken in; the rest is reported and left.
const ENTRIES_PER_FETCH_MAX: usize = 10_000;

/// The part of a source's configuration that its stored validators and document hash belong to: when
/// it changes, the document is fetched and read anew.
pub fn configuration(source: &Source) -> Digest {
    let place = place(source);
    let fetch = &source.fetch;
    let FetchPolicy { headers, auth, user_agent, encoding, cookies, client_cert, .. } = fetch;
    let how = format!(
        "{:?} {headers:?} {auth:?} {user_agent:?} {encoding:?} {cookies} {client_cert:?}",
        source.strip
    );
    // A new version may read the same bytes better.
    Digest::of([place.as_bytes(), how.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()])
}

/// The keys that `ingest` will ask `known` for.
pub fn wanted_keys(source: &Source, fetched: &Fetched) -> Vec<IdentityKey> {
    let Reading::Feed { feed, .. } = &fetched.reading else { return vec![] };
    let (entries, _) = dedupe::keyed(&source.id, bounded(feed));
    entries.iter().flat_map(|entry| keys_of(&source.id, entry)).collect()
}

/// Decides what one fetch changes. Pure: `known` holds what the store has under [`wanted_keys`].
pub fn ingest(
    source: &Source,
    state: &SourceState,
    known: &Known,
    fetched: &Fetched,
    now: Timestamp,
) -> Update {
    let old = at_this_place(source, state);
    let mut update = Update {
        source: source.id.clone(),
        at: now,
        state: old.clone().into_owned(),
        new: vec![],
        changed: vec![],
        keys: vec![],
        delisted: vec![],
        relisted: vec![],
        tally: Tally::default(),
        problems: vec![],
    };
    let wait = fetched.manners.retry_after_seconds.and_then(|seconds| after(now, seconds));
    if is_held(fetched) {
        // Nothing was sent, so nothing is known but that we shall wait.
        update.state.retry_after = wait.or(state.retry_after);
        return update;
    }
    update.state.asked_at = Some(fetched.at);
    update.state.asked_as = Some(configuration(source));
    update.state.retry_after = wait;
    match &fetched.reading {
        // What is as it was before a stranger came is no news of the owner: only a document is.
        Reading::Unchanged { .. } if old.quarantine.is_some() => answered(&mut update.state, fetched),
        Reading::Unchanged { validators } => {
            succeeded(&mut update.state, fetched);
            // Whatever is unchanged under another configuration is not what was read under this one.
            if old.config == Some(configuration(source)) {
                refresh(&mut update.state.validators, validators);
            }
            follow(source, &old, fetched, true, &mut update);
        }
        Reading::Failed(error) => failed(source, error, fetched, &mut update),
        Reading::NotAFeed(reason) => {
            update.state.failures = state.failures.saturating_add(1);
            update.state.error = Some(reason.clone());
            update.problems.extend(moves::give_up(source, &mut update.state, fetched));
        }
        Reading::Feed { feed, document, is_delta, validators } => {
            let document = Document { feed, hash: *document, is_delta: *is_delta, validators };
            document.judge(source, &old, known, fetched, &mut update);
        }
    }
    update
}

/// The admin agrees with the owner that a source has now: the next answer is taken in as that of any known source,
/// and the source is due.
pub fn accept(state: &mut SourceState, now: Timestamp) {
    (state.quarantine, state.owner, state.oddity) = (None, None, None);
    // What they belong to is not to be had any more.
    (state.validators, state.document, state.fresh_until) = (Validators::default(), None, None);
    if let Some(moving) = &mut state.moving {
        moving.same_feed = true;
    }
    state.next_at = Some(now);
}

/// The state without what belongs to another address than the configured one.
fn at_this_place<'a>(source: &Source, state: &'a SourceState) -> Cow<'a, SourceState> {
    let place = Some(Digest::of([place(source).as_bytes()]));
    if state.place == place {
        return Cow::Borrowed(state);
    }
    Cow::Owned(SourceState {
        place,
        rhythm: Rhythm::default(),
        moving: None,
        adopted: None,
        gone_at: None,
        fresh_until: None,
        owner: None,
        quarantine: None,
        oddity: None,
        ..state.clone()
    })
}

fn is_held(fetched: &Fetched) -> bool {
    matches!(&fetched.reading, Reading::Failed(error) if error.kind == FetchErrorKind::Held)
}

/// A document, to be judged and taken in.
struct Document<'a> {
    feed: &'a Feed,
    hash: Digest,
    is_delta: bool,
    validators: &'a Validators,
}

impl Document<'_> {
    fn judge(
        &self,
        source: &Source,
        old: &SourceState,
        known: &Known,
        fetched: &Fetched,
        update: &mut Update,
    ) {
        let Self { feed, is_delta, .. } = *self;
        let listing = Listing::of(source, old, known, feed, is_delta);
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
        let Self { feed, hash, is_delta, validators } = *self;
        let facts = [
            (&mut state.title, &feed.title),
            (&mut state.link, &feed.link),
            (&mut state.feed_id, &feed.id),
            (&mut state.language, &feed.language),
        ];
        for (known, said) in facts {
            // What a part does not say has not changed.
            if said.is_some() || !is_delta {
                known.clone_from(said);
            }
        }
        if !is_delta || feed.schedules != Default::default() {
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

/// What the answer says of where the source is.
fn follow(source: &Source, old: &SourceState, fetched: &Fetched, same_feed: bool, update: &mut Update) {
    let answer = moves::Answer {
        at: fetched.at,
        permanent: fetched.manners.permanent.as_ref(),
        same_feed,
        is_believed: update.state.quarantine.is_none(),
    };
    update.problems.extend(moves::follow(source, old, &mut update.state, answer));
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

/// A good answer, whether it is taken in or not.
fn answered(state: &mut SourceState, fetched: &Fetched) {
    (state.failures, state.error, state.gone_at) = (0, None, None);
    state.fresh_until = fetched.manners.fresh_seconds.and_then(|seconds| after(fetched.at, seconds));
}

fn succeeded(state: &mut SourceState, fetched: &Fetched) {
    answered(state, fetched);
    state.ok_at = Some(fetched.at);
}

fn failed(source: &Source, error: &FetchError, fetched: &Fetched, update: &mut Update) {
    let state = &mut update.state;
    state.error = Some(error.message.clone());
    if error.kind == FetchErrorKind::Robots {
        // Nothing has failed: it is asked whether the rules have changed as often as it may be asked at all.
        state.failures = 1;
        return;
    }
    state.failures = state.failures.saturating_add(1);
    let Location::Web(configured) = &source.location else { return };
    if let Some(problem) = moves::give_up(source, state, fetched) {
        update.problems.push(problem);
    } else if error.kind == FetchErrorKind::Gone
        && moves::moved_to(source, state).is_none()
        && moves::is_from(fetched, configured)
    {
        state.gone_at = state.gone_at.or(Some(fetched.at));
        let message = format!("{configured} is gone for good, says its server: it is not asked any more");
        update.problems.push(Problem::new("gone", message));
    }
}

fn after(now: Timestamp, seconds: u64) -> Option<Timestamp> {
    now.checked_add_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// A 304 may carry new validators; what it leaves out keeps its value (RFC 9110 §15.4.5).
fn refresh(kept: &mut Validators, received: &Validators) {
    if received.etag.is_some() {
        kept.etag.clone_from(&received.etag);
    }
    if received.last_modified.is_some() {
        kept.last_modified.clone_from(&received.last_modified);
    }
}

fn bounded(feed: &Feed) -> &[FeedEntry] {
    &feed.entries[..feed.entries.len().min(ENTRIES_PER_FETCH_MAX)]
}

/// What feeds.toml says of where it is.
fn place(source: &Source) -> String {
    match &source.location {
        Location::Web(url) => url.as_str().to_owned(),
        Location::File(path) => path.display().to_string(),
    }
}
