//! `read` and `ingest`: what one fetch of one source changes. Composes parse, normalize, sanitize, then
//! dedupe, decide and story.

mod desk;

use chrono::TimeDelta;
use url::Url;

use self::desk::{keys_of, take_in};
use super::{decide, dedupe, normalize, parse, sanitize};
use crate::model::{
    Answer, Body, Digest, Feed, FeedEntry, FetchError, Fetched, IdentityKey, Known, Location, Problem,
    Reading, Retrieved, Source, SourceState, Tally, Timestamp, Update, Validators,
};

/// Entries of one document that are taken in; the rest is reported and left.
const ENTRIES_PER_FETCH_MAX: usize = 10_000;

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
    match &fetched.reading {
        Reading::Unchanged { validators } => {
            succeeded(&mut update.state, fetched.at);
            // Whatever is unchanged under another configuration is not what was read under this one.
            if state.config == Some(configuration(source)) {
                refresh(&mut update.state.validators, validators);
            }
        }
        Reading::Failed(error) => failed(&mut update.state, error, now),
        Reading::NotAFeed(reason) => {
            update.state.failures = state.failures.saturating_add(1);
            update.state.error = Some(reason.clone());
            update.state.retry_after = None;
        }
        Reading::Feed { feed, document, validators } => {
            describe(&mut update.state, feed);
            // Only a reading says under which configuration hash and validators are good.
            update.state.config = Some(configuration(source));
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
