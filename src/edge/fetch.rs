//! The polite client: asks a source, over HTTP or in a file, and brings back a document or one clear reason.
//!
//! Bounded in time, bytes, connections and addresses; what a foreign server does can end its own exchange
//! only.

mod answer;
mod body;
mod client;
mod codings;
mod complaint;
mod connect;
mod cookies;
mod decode;
mod exchange;
mod file;
mod freshness;
mod guard;
mod host;
mod journey;
mod links;
mod pace;
mod paces;
mod parcel;
mod places;
mod proxy;
mod queue;
mod quota;
mod redirect;
mod request;
mod resolve;
pub mod robots;
mod tls;
mod wall;
mod way;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use rustls::pki_types::CertificateDer;
use tokio::sync::Semaphore;
use url::Url;

use self::client::Clients;
use self::cookies::Cookies;
use self::journey::Report;
pub use self::parcel::{Parcel, Receipt};
use self::queue::Queue;
pub use self::queue::Slot;
use self::request::Identity;
pub use self::resolve::Lookup;
use self::resolve::Resolver;
use self::robots::book::Book;
use super::clock;
use crate::model::{Answer, FetchLimits, Location, Retrieved, Source, Validators};

/// Asks sources. Clones share their connections and their limits.
#[derive(Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

/// Why there is no fetcher.
#[derive(Debug, thiserror::Error)]
pub enum FetchSetupError {
    /// The User-Agent or From fits no header.
    #[error("{0} cannot be sent in a header: use letters, digits and signs of one line")]
    Header(&'static str),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// What a fetcher finds around it. The program takes what the system has; tests bring their own.
pub struct Surroundings {
    /// Certificate authorities to trust beside the system's and the bundled ones.
    pub roots: Vec<CertificateDer<'static>>,
    /// How names are looked up.
    pub lookup: Lookup,
    /// How long to wait for what.
    pub patience: Patience,
}

/// How long to wait for parts of an exchange; `timeout` of a source bounds the whole.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The look-up of a name.
    pub lookup: Duration,
    /// A connection, from the look-up to the end of the TLS handshake.
    pub connect: Duration,
    /// How long a slot is held for an answer that does not begin; then somebody else has it meanwhile.
    pub slot: Duration,
    /// Between two pieces of a document.
    pub silence: Duration,
    /// How long a document may come arbitrarily slowly, in small pieces.
    pub slow_start: Duration,
    /// The body of a redirect or of a failure.
    pub aside: Duration,
}

struct Inner {
    clients: Clients,
    queue: Queue,
    identity: Identity,
    patience: Patience,
    file_reads: Arc<Semaphore>,
    book: Book,
    cookies: Cookies,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { roots: vec![], lookup: resolve::system_lookup(), patience: Patience::default() }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lookup: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            slot: Duration::from_secs(3),
            silence: Duration::from_secs(20),
            slow_start: Duration::from_secs(20),
            aside: Duration::from_secs(3),
        }
    }
}

impl Fetcher {
    /// A client with these limits over all sources. `user_agent` and `from` say who we are to every server
    /// (RFC 9110 §10.1.2, §10.1.5). Reads the system's certificate authorities.
    pub fn new(limits: FetchLimits, user_agent: &str, from: Option<&str>) -> Result<Self, FetchSetupError> {
        Self::within(Surroundings::default(), limits, user_agent, from)
    }

    /// The same with other surroundings than the system's.
    pub fn within(
        surroundings: Surroundings,
        limits: FetchLimits,
        user_agent: &str,
        from: Option<&str>,
    ) -> Result<Self, FetchSetupError> {
        let header = |name, text: &str| {
            HeaderValue::from_bytes(text.as_bytes()).map_err(|_| FetchSetupError::Header(name))
        };
        let identity = Identity {
            agent: header("the User-Agent", user_agent)?,
            from: from.map(|from| header("the contact", from)).transpose()?,
        };
        let Surroundings { roots, lookup, patience } = surroundings;
        let resolver = Resolver::new(lookup, patience.lookup);
        let clients = Clients::new(limits, roots, resolver.clone(), patience)?;
        let file_reads = Arc::new(Semaphore::new(file::READS_MAX));
        let inner = Inner {
            clients,
            queue: Queue::new(limits, resolver),
            identity,
            patience,
            file_reads,
            book: Book::default(),
            cookies: Cookies::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asks a source, when its turn has come. `validators` are those of its last answer.
    ///
    /// The slot counts against `concurrency` until it is dropped: whoever holds it until the result has been
    /// taken bounds the documents in memory.
    pub async fn fetch(&self, source: &Source, validators: &Validators) -> (Retrieved, Slot) {
        self.fetch_at(source, None, validators).await
    }

    /// The same at the address that the source has moved to, where it has. What is meant for the configured
    /// address alone, credentials and headers, is not sent to another origin.
    pub async fn fetch_at(
        &self,
        source: &Source,
        moved_to: Option<&Url>,
        validators: &Validators,
    ) -> (Retrieved, Slot) {
        let policy = &source.fetch;
        let (report, outcome, slot) = match &source.location {
            Location::Web(url) => {
                exchange::run(&self.inner, source, url, moved_to.unwrap_or(url), validators).await
            }
            Location::File(path) => {
                let slot = self.inner.queue.slot().await;
                let began = Instant::now();
                let reads = &self.inner.file_reads;
                let read = file::read(path, validators, policy.body_bytes_max, policy.timeout, reads).await;
                let outcome = read.map_err(|complaint| complaint.about(&path.display().to_string()));
                let wire_bytes = match &outcome {
                    Ok(Answer::Body(body)) => body.bytes.len() as u64,
                    _ => 0,
                };
                (Report { elapsed: began.elapsed(), wire_bytes, ..Report::default() }, outcome, slot)
            }
        };
        let retrieved = Retrieved {
            at: clock::now(),
            elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            wire_bytes: report.wire_bytes,
            status: report.status,
            manners: report.manners,
            outcome,
        };
        (retrieved, slot)
    }
}
