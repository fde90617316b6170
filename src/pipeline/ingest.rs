//! `read` and `ingest`: what one fetch of one source changes. Composes parse, normalize, sanitize, then
//! dedupe, decide and story.

mod desk;

use chrono::TimeDelta;
use url::Url;

use self::desk::{Listed, take_in};
use super::{decide, normalize, parse, sanitize};
use crate::model::{
    Answer, Body, Digest, Feed, FeedEntry, FetchError, FetchPolicy, Fetched, IdentityKey, Known, Location,
    Problem, Reading, Retrieved, Source, SourceState, Tally, Timestamp, Update, Validators,
};

/// Entries of one document that are taken in; the rest is reported and left.
const ENTRIES_PER_FETCH_MAX: usize = 10_000;

/// Reads what a fetch brought back. Needs nothing that the store knows, so it runs beside the fetches,
/// off the writer: it is the dearest step of all.
///
/// `known` is the hash of the document that was last read under this configuration: the same bytes say nothing
/// new.
pub fn read(source: &Source, known: Option<Digest>, retrieved: Retrieved) -> Fetched {
    let Retrieved { at, elapsed_ms, wire_bytes, status, manners, outcome } = retrieved;
    let reading = match outcome {
        Err(error) => Reading::Failed(error),
        Ok(Answer::NotModified { validators }) => Reading::Unchanged { validators },
        Ok(Answer::Body(body)) => read_body(source, known, body),
    };
    Fetched { at, elapsed_ms, wire_bytes, status, manners, reading }
}

fn read_body(source: &Source, known: Option<Digest>, body: Body) -> Reading {
    let document = Digest::of([body.bytes.as_ref()]);
    if known == Some(document) {
        return Reading::Unchanged { validators: body.validators };
    }
    match understand(&body.bytes, body.content_type.as_deref(), &body.url, &source.strip) {
        Ok(mut feed) => {
            leave_out_empty(&mut feed);
            Reading::Feed {
                feed: Box::new(feed),
                document,
                is_delta: body.is_delta,
                validators: body.validators,
            }
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
    let FetchPolicy { headers, auth, user_agent, encoding, cookies, client_cert, .. } = fetch;
    let how = format!(
        "{:?} {headers:?} {auth:?} {user_agent:?} {encoding:?} {cookies} {client_cert:?}",
        source.strip
    );
    // A new version may read the same bytes better.
    Digest::of([place.as_bytes(), how.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()])
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
    pub fn new(source: &'a Source, fetched: &'a Fetched) -> Self {
        let listed = match &fetched.reading {
            Reading::Feed { feed, .. } => Listed::of(&source.id, feed),
            _ => Listed::default(),
        };
        Self { source, fetched, listed }
    }

    /// The keys that [`Prepared::ingest`] will ask `known` for.
    pub fn wanted_keys(&self) -> Vec<IdentityKey> {
        self.listed.keys().collect()
    }

    /// Decides what the fetch changes. Pure: `known` holds what the store has under [`Prepared::wanted_keys`].
    pub fn ingest(&self, state: &SourceState, known: &Known, now: Timestamp) -> Update {
        decide_on(self, state, known, now)
    }
}

/// The keys that `ingest` will ask `known` for.
pub fn wanted_keys(source: &Source, fetched: &Fetched) -> Vec<IdentityKey> {
    Prepared::new(source, fetched).wanted_keys()
}

/// Decides what one fetch changes. Pure: `known` holds what the store has under [`wanted_keys`].
pub fn ingest(
    source: &Source,
    state: &SourceState,
    known: &Known,
    fetched: &Fetched,
    now: Timestamp,
) -> Update {
    Prepared::new(source, fetched).ingest(state, known, now)
}

fn decide_on(prepared: &Prepared<'_>, state: &SourceState, known: &Known, now: Timestamp) -> Update {
    let Prepared { source, fetched, listed } = prepared;
    let mut update = Update {
        source: source.id.clone(),
        at: now,
        state: SourceState {
            asked_at: Some(fetched.at),
            asked_as: Some(configuration(source)),
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
    let wait = fetched.manners.retry_after_seconds;
    update.state.retry_after = wait.and_then(|seconds| after(now, seconds));
    match &fetched.reading {
        Reading::Unchanged { validators } => {
            succeeded(&mut update.state, fetched.at);
            // Whatever is unchanged under another configuration is not what was read under this one.
            if state.config == Some(configuration(source)) {
                refresh(&mut update.state.validators, validators);
            }
        }
        Reading::Failed(error) => failed(&mut update.state, error),
        Reading::NotAFeed(reason) => {
            update.state.failures = state.failures.saturating_add(1);
            update.state.error = Some(reason.clone());
        }
        Reading::Feed { feed, document, validators, .. } => {
            describe(&mut update.state, feed);
            // Only a reading says under which configuration hash and validators are good.
            update.state.config = Some(configuration(source));
            update.state.validators = validators.clone();
            update.state.document = Some(*document);
            take_in(source, state, known, (feed, listed), now, &mut update);
            succeeded(&mut update.state, fetched.at);
        }
    }
    update
}

fn succeeded(state: &mut SourceState, at: Timestamp) {
    state.ok_at = Some(at);
    state.failures = 0;
    state.error = None;
}

fn failed(state: &mut SourceState, error: &FetchError) {
    state.failures = state.failures.saturating_add(1);
    state.error = Some(error.message.clone());
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
