//! `read` and `ingest`: what one fetch of one source changes. Composes parse, normalize, sanitize, then
//! dedupe, decide and story; and what it says of the source itself: moves, owner, oddity, rhythm.

mod desk;
mod document;
mod dropped;
mod life;
mod listed;
mod near;
mod past;
mod pushed;
mod read;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use self::document::Document;
use self::listed::Listed;
pub(super) use self::listed::published_key;
pub use self::read::{read, understand};
use super::{dedupe, moves, story};
use crate::model::{
    Candidate, Digest, EntryKey, Feed, FeedEntry, FetchError, FetchErrorKind, FetchPolicy, Fetched, Habits,
    IdentityKey, Known, Location, Problem, Reading, Rhythm, Schedules, Source, SourceState, Timestamp, Trust,
    Update, Validators,
};

/// Entries of one document that are taken in; the rest is reported and left.
const ENTRIES_PER_FETCH_MAX: usize = super::normalize::ENTRIES_MAX;

/// The part of a source's configuration that its stored validators and document hash belong to: when
/// it changes, the document is fetched and read anew.
pub fn configuration(source: &Source) -> Digest {
    let place = address(source);
    let fetch = &source.fetch;
    let FetchPolicy { headers, auth, user_agent, encoding, cookies, client_cert, .. } = fetch;
    let how = format!(
        "{:?} {headers:?} {auth:?} {user_agent:?} {encoding:?} {cookies} {client_cert:?}",
        source.strip
    );
    // What is listed already gets the keys by which mirrors find it.
    let is_of_mirrors = source.mirror_of.is_some() || source.is_mirrored;
    let mirrors = is_of_mirrors.then(|| format!(" {:?} {}", source.mirror_of, source.is_mirrored));
    let how = how + &mirrors.unwrap_or_default();
    // A new version may read the same bytes better.
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    Digest::of([place.as_bytes(), how.as_bytes(), version, &[dedupe::DIGEST_RULES]])
}

/// The hash of the configured address, which is all that a source's moves and owner depend on: a new version or
/// another password changes neither.
fn place(source: &Source) -> Digest {
    Digest::of([address(source).as_bytes()])
}

/// Takes out of a state what belongs to another address than the configured one: whose feed it was, where it went
/// and when it wanted to be asked is over. A state that names no address yet belongs to this one.
pub fn forget_other_place(source: &Source, state: &mut SourceState) {
    let place = place(source);
    if state.place.replace(place).is_none_or(|before| before == place) {
        return;
    }
    (state.schedules, state.rhythm) = (Schedules::default(), Rhythm::default());
    (state.moving, state.adopted, state.gone_at) = (None, None, None);
    (state.owner, state.quarantine, state.oddity) = (None, None, None);
    (state.fresh_until, state.habits, state.is_new_place) = (None, Habits::default(), true);
    if let Some(push) = &mut state.push {
        (push.hubs, push.topic, push.base) = (vec![], None, None);
    }
}

/// What a fetch brought, with the keys of its entries: made once, for the look-up in the store and for the
/// decisions after it.
#[derive(Debug)]
pub struct Prepared<'a> {
    source: &'a Source,
    fetched: &'a Fetched,
    listed: Listed<'a>,
}

impl<'a> Prepared<'a> {
    /// Works the keys out, which costs more than all the decisions.
    pub fn new(source: &'a Source, state: &SourceState, fetched: &'a Fetched) -> Self {
        let is_of_place = state.place.is_none_or(|known| known == place(source));
        let trust = if is_of_place { state.habits.trust() } else { Trust::default() };
        let listed = match &fetched.reading {
            Reading::Feed { feed, .. } => Listed::of(source, feed, trust),
            _ => Listed::default(),
        };
        Self { source, fetched, listed }
    }

    /// The keys that [`Prepared::ingest`] will ask `known` for.
    pub fn wanted_keys(&self) -> Vec<IdentityKey> {
        self.listed.keys().collect()
    }

    /// Whether any listed entry is one that nobody knows, so that [`Prepared::near`] has something to look for.
    pub fn has_unknown(&self, known: &Known) -> bool {
        self.listed.unknown(known).next().is_some()
    }

    /// The entries that it will ask `known` for beside those that the keys lead to: what the source listed before,
    /// where it seems to have moved.
    pub fn wanted_entries(&self, state: &SourceState, known: &Known) -> HashSet<EntryKey> {
        if !self.listed.may_have_moved(known, state.habits.named_by) {
            return HashSet::new();
        }
        state.listed.iter().filter(|key| !known.entries.contains_key(key)).copied().collect()
    }

    /// Which stored entries may tell the event of a listed entry that nobody knows yet, by the key that it is named
    /// after, as the index of stories has them. `known` holds what the store has under [`Prepared::wanted_keys`].
    pub fn near(&self, known: &Known, index: &story::Index) -> HashMap<IdentityKey, Vec<Candidate>> {
        near::near(&self.listed, &self.source.id, known, index, self.fetched.at)
    }

    /// Decides what the fetch changes. Pure: `known` holds what the store has under [`Prepared::wanted_keys`], and
    /// what [`Prepared::near`] found.
    pub fn ingest(&self, state: &SourceState, known: &Known, now: Timestamp) -> Update {
        decide_on(self, state, known, now)
    }
}

/// The keys that `ingest` will ask `known` for.
pub fn wanted_keys(source: &Source, state: &SourceState, fetched: &Fetched) -> Vec<IdentityKey> {
    Prepared::new(source, state, fetched).wanted_keys()
}

/// Decides what one fetch changes. Pure: `known` holds what the store has under [`wanted_keys`].
pub fn ingest(
    source: &Source,
    state: &SourceState,
    known: &Known,
    fetched: &Fetched,
    now: Timestamp,
) -> Update {
    Prepared::new(source, state, fetched).ingest(state, known, now)
}

fn decide_on(prepared: &Prepared<'_>, state: &SourceState, known: &Known, now: Timestamp) -> Update {
    let Prepared { source, fetched, listed } = prepared;
    let mut old = Cow::Borrowed(state);
    if old.place != Some(place(source)) {
        forget_other_place(source, old.to_mut());
    }
    let mut update = Update::about(source.id.clone(), old.clone().into_owned(), now);
    let wait = fetched.manners.retry_after_seconds.and_then(|seconds| after(now, seconds));
    if is_held(fetched) {
        // Nothing was sent, so nothing is known but that we shall wait.
        update.state.retry_after = wait.or(state.retry_after);
        return update;
    }
    (update.state.asked_at, update.state.unanswered_at) = (Some(fetched.at), None);
    update.state.asked_as = Some(configuration(source));
    update.state.retry_after = wait;
    match &fetched.reading {
        // Only what came whole shows that a stranger has gone: a 304 and a part are anybody's to send.
        Reading::Unchanged { .. } | Reading::Feed { .. }
            if old.quarantine.is_some() && !source.trust && !is_whole(fetched) =>
        {
            answered(&mut update.state, fetched);
        }
        Reading::Unchanged { validators } => {
            succeeded(&mut update.state, fetched);
            update.state.quarantine = None;
            // Whatever is unchanged under another configuration is not what was read under this one.
            if old.config == Some(configuration(source)) {
                refresh(&mut update.state.validators, validators);
            }
            follow(source, &old, fetched, true, &mut update);
            pushed::name_hubs(&mut update.state, None, fetched);
        }
        Reading::Failed(error) => failed(source, error, fetched, &mut update),
        Reading::NotAFeed(reason) => {
            update.state.failures = state.failures.saturating_add(1);
            update.state.error = Some(reason.clone());
            update.problems.extend(moves::give_up(source, &mut update.state, fetched));
        }
        Reading::Feed { feed, document, is_delta, validators } => {
            let document = Document { feed, listed, hash: *document, is_delta: *is_delta, validators };
            document.judge(source, &old, known, fetched, &mut update);
            // A part need not repeat them, and a stranger's are not ours.
            if !is_delta && update.state.quarantine.is_none() {
                pushed::name_hubs(&mut update.state, Some(feed), fetched);
            }
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

/// Whether a document came whole, be it the very one that was read last.
fn is_whole(fetched: &Fetched) -> bool {
    !matches!(fetched.reading, Reading::Feed { is_delta: true, .. })
        && !matches!(fetched.status, Some(304 | 226))
}

fn is_held(fetched: &Fetched) -> bool {
    matches!(&fetched.reading, Reading::Failed(error) if error.kind == FetchErrorKind::Held)
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

/// A good answer, whether it is taken in or not.
fn answered(state: &mut SourceState, fetched: &Fetched) {
    (state.failures, state.error, state.gone_at) = (0, None, None);
    let said = fetched.manners.fresh_seconds;
    // What a 304 leaves out is as the document said it (RFC 9111 §4.3.4).
    if said.is_some() || fetched.status != Some(304) {
        state.fresh_seconds = said;
    }
    state.fresh_until = state.fresh_seconds.and_then(|seconds| after(fetched.at, seconds));
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
    if fetched.status == Some(226) {
        // A part that is of no use to us: who asks for the whole gets it.
        state.validators = Validators::default();
    }
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
fn address(source: &Source) -> String {
    match &source.location {
        Location::Web(url) => url.as_str().to_owned(),
        Location::File(path) => path.display().to_string(),
    }
}
