//! Starts fetches and hands over what they bring, read, to the writer's queue.
//!
//! However much comes at once, as at the first start with thousands of sources, memory is bounded: whoever is asked for
//! has a slot of the fetcher (`fetch.concurrency`), of which each brings one document (`max_body`) and holds it until
//! there is room for it. Documents that are read or were read take [`LOADED_KIB_MAX`] together, up to the commit. So
//! the writer, which is one, holds up the reading, that the fetching, and that the sources, which wait as a few bytes.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::spawn_blocking;
use url::Url;

use super::lines::Lines;
use crate::config::Config;
use crate::edge::clock;
use crate::edge::fetch::{FetchSetupError, Fetcher};
use crate::model::{
    Answer, Digest, FetchError, FetchErrorKind, FetchLimits, Fetched, Location, Manners, Reading, Retrieved,
    Source, SourceId, SourceState, Validators,
};
use crate::pipeline;

/// Results that wait for the writer; a full queue holds the fetchers back.
const RESULTS_MAX: usize = 64;
/// Kibibytes of documents that are being read, wait for the writer, or are being committed. What is read of them takes
/// some times as much. One that is larger goes alone.
const LOADED_KIB_MAX: u32 = 16 << 10;
/// Local files that are fetched at a time: a disk is no faster for more.
const FILES_MAX: usize = 4;
/// Documents that are read at a time where there is one core: a slow one keeps not all others waiting.
const READERS_MIN: usize = 2;

/// Sources that are let into the queue of the fetcher, for each that may be at one host, and at least so many.
const PLACES_PER_TURN: usize = 4;
const PLACES_MIN: usize = 64;

/// What a finished fetch puts into the queue.
pub(super) struct Brought {
    /// Who was asked.
    pub(super) source: SourceId,
    /// The [`pipeline::configuration`] that it was asked with and read under: a reload may have come since.
    pub(super) asked_as: Digest,
    /// What came of it.
    pub(super) fetched: Fetched,
    /// The room that it takes, until it is committed.
    pub(super) load: Load,
}

/// The part of [`LOADED_KIB_MAX`] that a document takes; nothing where there is none.
pub(super) type Load = Option<OwnedSemaphorePermit>;

/// What one asking takes from the state of its source.
struct Asking {
    asked_as: Digest,
    moved_to: Option<Url>,
    /// They and the document belong to the configuration that they were received under (DESIGN §6).
    validators: Validators,
    document: Option<Digest>,
}

impl Asking {
    fn of(source: &Source, state: &SourceState) -> Self {
        let asked_as = pipeline::configuration(source);
        let moved_to = pipeline::moved_to(source, state).cloned();
        let is_current = state.config == Some(asked_as);
        // A stranger is to show a whole document each time, and so is the owner who is back.
        let validators = state.validators.clone();
        let validators = Some(validators).filter(|_| is_current && state.quarantine.is_none());
        let (validators, document) = (validators.unwrap_or_default(), state.document.filter(|_| is_current));
        Self { asked_as, moved_to, validators, document }
    }
}

/// A source that is to be asked, in the line before its host or on its way.
struct Errand {
    source: Arc<Source>,
    asking: Asking,
}

/// Limits, User-Agent and From.
type Identity = (FetchLimits, String, Option<String>);

/// A fetcher that waits to be put in force.
pub(super) struct Prepared(Fetcher, Identity, Arc<str>);

/// Starts at most one fetch a source at a time.
pub(super) struct Poller {
    fetcher: Fetcher,
    /// What the fetcher was made from, to see whether a reload needs another one.
    made_from: Identity,
    /// Our own public address, whose outputs are no sources.
    site: Arc<str>,
    /// Those that are being asked or stand in line for it, each with its host.
    busy: HashMap<SourceId, String>,
    lines: Lines<Errand>,
    /// Reading is work alone: more documents at a time than there are cores would only take more memory.
    readers: Arc<Semaphore>,
    /// Of [`LOADED_KIB_MAX`].
    loaded: Arc<Semaphore>,
    files: Arc<Semaphore>,
    results: mpsc::Sender<Brought>,
}

impl Poller {
    /// A poller and the queue of its results.
    pub(super) fn new(config: &Config) -> Result<(Self, mpsc::Receiver<Brought>), FetchSetupError> {
        let (results, queue) = mpsc::channel(RESULTS_MAX);
        let (fetcher, made_from) = (fetcher(config)?, identity(config));
        let site = config.site.url.as_str().into();
        let readers = std::thread::available_parallelism().map_or(READERS_MIN, usize::from).max(READERS_MIN);
        let [readers, loaded, files] =
            [readers, LOADED_KIB_MAX as usize, FILES_MAX].map(Semaphore::new).map(Arc::new);
        let (busy, lines) = (HashMap::new(), Lines::new(places(&made_from)));
        Ok((Self { fetcher, made_from, site, busy, lines, readers, loaded, files, results }, queue))
    }

    /// What a configuration needs of the poller, where that is not what it has. Changes nothing yet.
    pub(super) fn prepare(&self, config: &Config) -> Result<Option<Prepared>, FetchSetupError> {
        let wanted = identity(config);
        // The address of the site is part of our name.
        if wanted == self.made_from {
            return Ok(None);
        }
        Ok(Some(Prepared(fetcher(config)?, wanted, config.site.url.as_str().into())))
    }

    /// Puts new limits and a new User-Agent in force for the fetches that start from now on.
    pub(super) fn configure(&mut self, prepared: Option<Prepared>) {
        if let Some(Prepared(fetcher, made_from, site)) = prepared {
            self.lines.set_places(places(&made_from));
            (self.fetcher, self.made_from, self.site) = (fetcher, made_from, site);
        }
    }

    /// Who speaks to the world.
    pub(super) fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// Whether a source is being asked now.
    pub(super) fn is_busy(&self, id: &SourceId) -> bool {
        self.busy.contains_key(id)
    }

    /// Asks a source, unless it is being asked already.
    pub(super) fn start(&mut self, source: Arc<Source>, state: &SourceState) {
        if self.is_busy(&source.id) {
            return;
        }
        let asking = Asking::of(&source, state);
        let host = host(&source, &asking);
        self.busy.insert(source.id.clone(), host.clone());
        if let Some(errand) = self.lines.join(&host, Errand { source, asking }) {
            self.send(errand);
        }
    }

    fn send(&self, Errand { source, asking }: Errand) {
        let (fetcher, results) = (self.fetcher.clone(), self.results.clone());
        let [readers, loaded, files] = [&self.readers, &self.loaded, &self.files].map(Arc::clone);
        let site = Arc::clone(&self.site);
        tokio::spawn(async move {
            let (id, began) = (source.id.clone(), Instant::now());
            let Asking { asked_as, moved_to, validators, document } = asking;
            // On its own, so that a bug there is one source's only: it fails, and is asked again.
            let asking = Box::pin(async move {
                let is_local = !matches!(source.location, Location::Web(_));
                // No semaphore here is ever closed.
                let turn = if is_local { files.acquire().await.ok() } else { None };
                let (retrieved, slot) = fetcher.fetch_at(&source, moved_to.as_ref(), &validators).await;
                let load = load(loaded, &retrieved).await;
                drop(turn);
                (Box::pin(read(source, document, site, retrieved, &readers)).await, load, slot)
            });
            let (brought, load, slot) = match Caught(asking).await {
                Ok((brought, load, slot)) => (brought, load, Some(slot)),
                Err(panic) => (broken(&panic, began), None, None),
            };
            // The slot is held until the writer's queue has room, so memory is bounded by both.
            let _ = results.send(Brought { source: id, asked_as, fetched: brought, load }).await;
            drop(slot);
        });
    }

    /// The writer has taken a result of this source.
    pub(super) fn finished(&mut self, id: &SourceId) {
        if let Some(host) = self.busy.remove(id) {
            self.lines.leave(&host).into_iter().for_each(|errand| self.send(errand));
        }
    }
}

/// Waits until there is room for what came.
async fn load(loaded: Arc<Semaphore>, retrieved: &Retrieved) -> Load {
    let Ok(Answer::Body(body)) = &retrieved.outcome else { return None };
    let kib = u32::try_from(body.bytes.len() >> 10).unwrap_or(u32::MAX).saturating_add(1);
    loaded.acquire_many_owned(kib.min(LOADED_KIB_MAX)).await.ok()
}

/// Reads what came, off the reactor. A reading that panics is a bug, but one source's only.
async fn read(
    source: Arc<Source>,
    known: Option<Digest>,
    site: Arc<str>,
    retrieved: Retrieved,
    readers: &Semaphore,
) -> Fetched {
    if !matches!(retrieved.outcome, Ok(Answer::Body(_))) {
        // There is nothing to read.
        return pipeline::read(&source, known, &site, retrieved);
    }
    let Retrieved { at, elapsed_ms, wire_bytes, status, ref manners, .. } = retrieved;
    let manners = manners.clone();
    // It is never closed.
    let _turn = readers.acquire().await;
    let reading = spawn_blocking(move || pipeline::read(&source, known, &site, retrieved));
    reading.await.unwrap_or_else(|error| {
        let why = format!("the document made nashra fail; please report it ({error})");
        Fetched { at, elapsed_ms, wire_bytes, status, manners, reading: Reading::NotAFeed(why) }
    })
}

/// What a panic leaves behind.
pub(super) type Panic = Box<dyn Any + Send>;

/// A future whose panic is a value. (A task of its own would do the same, and thousands of them wait.)
pub(super) struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Caught<F> {
    /// Catches what this one does.
    pub(super) fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What panicked is never polled again, so nobody sees it half done.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// The words of a panic.
pub(super) fn said(panic: &Panic) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it says no more")
}

/// What is said of a source whose asking ended in a panic.
fn broken(panic: &Panic, began: Instant) -> Fetched {
    let message = format!("its answer made nashra fail; please report it ({})", said(panic));
    Fetched {
        at: clock::now(),
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        wire_bytes: 0,
        status: None,
        manners: Manners::default(),
        reading: Reading::Failed(FetchError { kind: FetchErrorKind::Broken, message }),
    }
}

/// How many sources of one host are asked for at a time: enough that it never waits for the writer.
fn places((limits, ..): &Identity) -> usize {
    limits.per_host.saturating_mul(PLACES_PER_TURN).max(PLACES_MIN)
}

/// Where a source is asked; all files are one place.
fn host(source: &Source, asking: &Asking) -> String {
    let Location::Web(configured) = &source.location else { return String::new() };
    let url = asking.moved_to.as_ref().unwrap_or(configured);
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// A fetcher with the limits and the name of a configuration.
pub(super) fn fetcher(config: &Config) -> Result<Fetcher, FetchSetupError> {
    let (limits, agent, from) = identity(config);
    Fetcher::new(limits, &agent, from.as_deref())
}

/// What a fetcher is made from. The contact stands in User-Agent and From (DESIGN §3).
fn identity(config: &Config) -> Identity {
    let contact =
        config.site.contact.as_deref().map(|contact| contact.trim_start_matches("mailto:").to_owned());
    let place = format!("+{}/bot", config.site.url);
    let about = [Some(place), contact.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let agent = format!("nashra/{} ({about})", env!("CARGO_PKG_VERSION"));
    (config.fetch, agent, contact.filter(|contact| contact.contains('@')))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{Quarantine, Timestamp};

    #[test]
    fn a_stranger_is_asked_for_whole_documents() {
        let text = "[sources.x]\nurl = \"https://example.org/a\"\n";
        let source = crate::config::read(text, "feeds.toml", Path::new("")).unwrap().sources.remove(0);
        let validators = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None };
        let state = SourceState {
            config: Some(pipeline::configuration(&source)),
            validators: validators.clone(),
            document: Some(Digest([1; 16])),
            ..SourceState::default()
        };
        let asked = |state: &SourceState| {
            let Asking { validators, document, .. } = Asking::of(&source, state);
            (validators, document)
        };
        assert_eq!(asked(&state), (validators, state.document));
        let quarantine = Some(Quarantine { since: Timestamp::UNIX_EPOCH, why: String::new() });
        let held = SourceState { quarantine, ..state.clone() };
        assert_eq!(asked(&held), (Validators::default(), state.document));
        let other = SourceState { config: Some(Digest([2; 16])), ..state };
        assert_eq!(asked(&other), (Validators::default(), None));
    }

    #[tokio::test]
    async fn a_bug_in_asking_is_a_failure_of_one_source() {
        let asking = Caught(Box::pin(async {
            tokio::task::yield_now().await;
            panic!("a bug");
        }));
        let panic = asking.await.map(|()| "no panic").unwrap_err();
        let Fetched { reading, .. } = broken(&panic, Instant::now());
        let Reading::Failed(FetchError { kind, message }) = reading else { panic!("{reading:?}") };
        assert_eq!(kind, FetchErrorKind::Broken);
        assert!(message.contains("please report it") && message.contains("a bug"), "{message}");
    }
}
