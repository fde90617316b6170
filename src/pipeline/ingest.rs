//! `read` and `ingest`: what one fetch of one source changes. Composes parse, normalize, sanitize, then
//! dedupe, decide and story.

use std::collections::HashSet;

use chrono::{SubsecRound as _, TimeDelta};
use url::Url;

use super::dedupe::{self, Keyed, Match};
use super::{decide, normalize, parse, sanitize, story, text};
use crate::model::{
    Answer, Body, Digest, Entry, EntryKey, Feed, FeedEntry, FetchError, Fetched, IdentityKey, KeyKind, Known,
    Location, Problem, Reading, Retrieved, Source, SourceState, StoryReason, Tally, Timestamp, Update,
    Validators,
};

/// Entries of one document that are taken in; the rest is reported and left.
const ENTRIES_PER_FETCH_MAX: usize = 10_000;
/// Problems of one document that are passed on.
const PROBLEMS_MAX: usize = 50;

/// Reads what a fetch brought back. Needs nothing that the store knows, so it runs beside the fetches,
/// off the writer: it is the dearest step of all.
pub fn read(source: &Source, state: &SourceState, retrieved: Retrieved) -> Fetched {
    let Retrieved { at, elapsed_ms, wire_bytes, status, outcome, .. } = retrieved;
    let reading = match outcome {
        Err(error) => Reading::Failed(error),
        Ok(Answer::NotModified { validators }) => Reading::Unchanged { validators },
        Ok(Answer::Body(body)) => read_body(source, state, body),
    };
    Fetched { at, elapsed_ms, wire_bytes, status, reading }
}

fn read_body(source: &Source, state: &SourceState, body: Body) -> Reading {
    let document = Digest::of([body.bytes.as_ref()]);
    if state.document == Some(document) && state.config == Some(configuration(source)) {
        return Reading::Unchanged { validators: body.validators };
    }
    match understand(&body.bytes, body.content_type.as_deref(), &body.url, &source.strip) {
        Ok(mut feed) => {
            leave_out_empty(&mut feed);
            Reading::Feed { feed: Box::new(feed), document, validators: body.validators }
        }
        Err(reason) => Reading::NotAFeed(reason.0),
    }
}

fn leave_out_empty(feed: &mut Feed) {
    let listed = feed.entries.len();
    feed.entries.retain(|entry| !decide::says_nothing(entry));
    let left = listed - feed.entries.len();
    if left > 0 {
        let message = format!("{left} entries have neither title nor text nor link and are left out");
        feed.problems.push(Problem::new("empty-entry", message));
    }
}

/// Bytes to a normalised feed. `url` is the address that they came from, the base of relative links;
/// every text in `strip` is cut out of titles, summaries and contents.
pub fn understand(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &str,
    strip: &[String],
) -> Result<Feed, parse::NotAFeed> {
    let raw = parse::parse(bytes, content_type)?;
    let base = Url::parse(url).ok();
    let clean = |html: &str, base: Option<&Url>| {
        if strip.iter().any(|cut| html.contains(cut.as_str())) {
            sanitize::clean(&cut_out(html, strip), base)
        } else {
            sanitize::clean(html, base)
        }
    };
    let mut feed = normalize::normalize(raw, base.as_ref(), &clean);
    for entry in &mut feed.entries {
        let cut = entry.title.take().map(|title| cut_out(&title, strip).trim().to_owned());
        entry.title = cut.filter(|title| !title.is_empty());
    }
    Ok(feed)
}

fn cut_out(text: &str, strip: &[String]) -> String {
    strip
        .iter()
        .filter(|cut| !cut.is_empty())
        .fold(text.to_owned(), |text, cut| text.replace(cut.as_str(), ""))
}

/// The part of a source's configuration that its stored validators and document hash belong to: when
/// it changes, the document is fetched and read anew.
pub fn configuration(source: &Source) -> Digest {
    let place = match &source.location {
        Location::Web(url) => url.as_str().to_owned(),
        Location::File(path) => path.display().to_string(),
    };
    let fetch = &source.fetch;
    let how = format!("{:?} {:?} {:?} {:?}", source.strip, fetch.headers, fetch.auth, fetch.user_agent);
    // A new version may read the same bytes better.
    Digest::of([place.as_bytes(), how.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()])
}

/// The keys that `ingest` will ask `known` for.
pub fn wanted_keys(source: &Source, fetched: &Fetched) -> Vec<IdentityKey> {
    let Reading::Feed { feed, .. } = &fetched.reading else { return vec![] };
    let (entries, _) = dedupe::keyed(&source.id, bounded(feed));
    let mut keys = Vec::with_capacity(entries.len() * 6);
    for entry in &entries {
        keys.extend(entry.keys());
        keys.extend(story_keys(entry).into_iter().map(|(key, _)| key));
        keys.extend(entry.said.id.as_deref().map(published_key));
    }
    keys
}

/// Decides what one fetch changes. Pure: `known` holds what the store has under [`wanted_keys`].
pub fn ingest(
    source: &Source,
    state: &SourceState,
    known: &Known,
    fetched: &Fetched,
    now: Timestamp,
) -> Update {
    let mut update = Update {
        source: source.id.clone(),
        at: now,
        state: SourceState {
            asked_at: Some(fetched.at),
            config: Some(configuration(source)),
            ..state.clone()
        },
        new: vec![],
        changed: vec![],
        keys: vec![],
        delisted: vec![],
        relisted: vec![],
        tally: Tally::default(),
        problems: vec![],
    };
    match &fetched.reading {
        Reading::Unchanged { validators } => {
            succeeded(&mut update.state, fetched.at);
            refresh(&mut update.state.validators, validators);
        }
        Reading::Failed(error) => failed(&mut update.state, error, now),
        Reading::NotAFeed(reason) => {
            update.state.failures = state.failures.saturating_add(1);
            update.state.error = Some(reason.clone());
            update.state.retry_after = None;
        }
        Reading::Feed { feed, document, validators } => {
            describe(&mut update.state, feed);
            update.state.validators = validators.clone();
            update.state.document = Some(*document);
            take_in(source, state, known, feed, now, &mut update);
            succeeded(&mut update.state, fetched.at);
        }
    }
    update
}

fn succeeded(state: &mut SourceState, at: Timestamp) {
    state.ok_at = Some(at);
    state.failures = 0;
    state.error = None;
    state.retry_after = None;
}

fn failed(state: &mut SourceState, error: &FetchError, now: Timestamp) {
    state.failures = state.failures.saturating_add(1);
    state.error = Some(error.message.clone());
    state.retry_after = error
        .retry_after_seconds
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(TimeDelta::try_seconds)
        .and_then(|wait| now.checked_add_signed(wait));
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

fn describe(state: &mut SourceState, feed: &Feed) {
    state.schedules = feed.schedules.clone();
    state.title.clone_from(&feed.title);
    state.link.clone_from(&feed.link);
    state.feed_id.clone_from(&feed.id);
    state.language.clone_from(&feed.language);
}

fn bounded(feed: &Feed) -> &[FeedEntry] {
    &feed.entries[..feed.entries.len().min(ENTRIES_PER_FETCH_MAX)]
}

fn take_in(
    source: &Source,
    old: &SourceState,
    known: &Known,
    feed: &Feed,
    now: Timestamp,
    update: &mut Update,
) {
    update.problems.extend(feed.problems.iter().take(PROBLEMS_MAX).cloned());
    if feed.entries.len() > ENTRIES_PER_FETCH_MAX {
        let message =
            format!("{} entries; the first {ENTRIES_PER_FETCH_MAX} are taken in", feed.entries.len());
        update.problems.push(Problem::new("too-many-entries", message));
    }
    let first_fetch = old.ok_at.is_none();
    let (entries, repeated) = dedupe::keyed(&source.id, bounded(feed));
    let found = dedupe::matched(&entries, known, first_fetch);
    update.tally = Tally { seen: feed.entries.len(), duplicates: repeated, ..Tally::default() };
    if found.iter().flatten().any(|found| found.moved) {
        let message =
            "most entries came under new ids; they were recognised by link or title and keep their old ones";
        update.problems.push(Problem::new("identities-moved", message));
    }
    let mut desk =
        Desk { source, known, now, first_fetch, ids: HashSet::new(), claimed: HashSet::new(), update };
    let mut listed: Vec<EntryKey> = entries
        .iter()
        .zip(found)
        .map(|(entry, found)| match found {
            None => desk.add(entry),
            Some(found) => desk.meet_again(entry, found),
        })
        .collect();
    listed.sort_unstable();
    listed.dedup();
    let before: HashSet<&EntryKey> = old.listed.iter().collect();
    update.delisted = old.listed.iter().filter(|key| listed.binary_search(key).is_err()).copied().collect();
    let added: HashSet<EntryKey> = update.new.iter().map(|entry| entry.key).collect();
    update.relisted =
        listed.iter().filter(|key| !before.contains(key) && !added.contains(key)).copied().collect();
    update.state.listed = listed;
}

/// What is at hand while the entries of one document are decided on, one after the other.
struct Desk<'a> {
    source: &'a Source,
    known: &'a Known,
    now: Timestamp,
    first_fetch: bool,
    /// Published ids given in this update.
    ids: HashSet<String>,
    /// Keys given in this update: the first entry that has one keeps it.
    claimed: HashSet<IdentityKey>,
    update: &'a mut Update,
}

impl Desk<'_> {
    fn add(&mut self, keyed: &Keyed<'_>) -> EntryKey {
        let (published, dated) = decide::published(keyed.said, self.now);
        let key = EntryKey::new(published, keyed.primary.digest);
        let story_keys = story_keys(keyed);
        let told = story::find(&story_keys, self.known, &self.source.id, published);
        let (story, story_reason) = told.unwrap_or((key, StoryReason::First));
        let entry = Entry {
            key,
            id: self.published_id(keyed),
            source: self.source.id.clone(),
            identity: keyed.identity.clone(),
            said: keyed.said.clone(),
            published,
            dated,
            first_seen: self.now,
            updated: None,
            backfill: self.first_fetch,
            story,
            story_reason,
            digest: dedupe::digest(keyed.said),
        };
        self.update.tally.new += 1;
        self.update.tally.duplicates += usize::from(story_reason != StoryReason::First);
        self.learn(keyed, key);
        self.claim(published_key(&entry.id), key);
        for story in story::claimed(&story_keys, self.known, &entry) {
            self.claim(story, key);
        }
        self.update.new.push(entry);
        key
    }

    /// An entry that is known: its facts are renewed when the change is a meaningful one. One that
    /// retention removed stays removed.
    fn meet_again(&mut self, keyed: &Keyed<'_>, found: Match) -> EntryKey {
        let key = found.key;
        // Another guid or link of a known entry is learnt, so that it is recognised by it next time.
        self.learn(keyed, key);
        let Some(old) = self.known.entries.get(&key) else { return key };
        let digest = dedupe::digest(keyed.said);
        if digest == old.digest {
            return key;
        }
        let mut changed = Entry { said: keyed.said.clone(), digest, ..old.clone() };
        // A whole source that moved to another host gets its new links, but says nothing new.
        let at_old_place = FeedEntry { link: old.said.link.clone(), ..keyed.said.clone() };
        if !(found.moved && dedupe::digest(&at_old_place) == old.digest) {
            changed.updated = Some(self.now.trunc_subsecs(0));
            self.update.tally.updated += 1;
        }
        self.update.changed.push(changed);
        key
    }

    /// Every key of an entry that nobody has yet leads to it from now on.
    fn learn(&mut self, keyed: &Keyed<'_>, entry: EntryKey) {
        for key in keyed.keys().filter(|key| !self.known.keys.contains_key(key)) {
            self.claim(key, entry);
        }
    }

    fn claim(&mut self, key: IdentityKey, entry: EntryKey) {
        if self.claimed.insert(key) {
            self.update.keys.push((key, entry));
        }
    }

    /// The first entry with an id keeps it; a second one, of whatever source, gets one of ours.
    fn published_id(&mut self, keyed: &Keyed<'_>) -> String {
        let own = decide::own_id(keyed.said, &keyed.identity)
            .filter(|id| !self.known.keys.contains_key(&published_key(id)) && !self.ids.contains(id));
        let id = own.unwrap_or_else(|| decide::made_id(&self.source.id, &keyed.identity));
        self.ids.insert(id.clone());
        id
    }
}

fn story_keys(keyed: &Keyed<'_>) -> Vec<(IdentityKey, StoryReason)> {
    story::keys(keyed.link.as_deref(), keyed.said.title.as_deref())
}

fn published_key(id: &str) -> IdentityKey {
    IdentityKey::new(KeyKind::Published, [text::xml_safe(id).as_bytes()])
}
