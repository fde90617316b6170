//! HTTP/1.1 and HTTP/2 clients with pools of connections, one for each set of addresses that is allowed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::connect::{Connector, Timely};
use super::guard::Guard;
use super::resolve::Resolver;
use super::wire::Line;
use super::{FetchSetupError, Patience};
use crate::model::FetchLimits;

/// How long a connection waits for another request.
const POOL_IDLE_SECONDS_MAX: u64 = 20;
/// Connections that wait for another request, beside those in use.
const POOL_IDLE_MAX: usize = 128;
/// How often an HTTP/2 server that owes us an answer is asked for a sign of life, and how soon it comes.
const PING_SECONDS: u64 = 10;
const PING_ANSWER_SECONDS_MAX: u64 = 5;
/// Sets of allowed addresses whose pools are kept.
const POOLS_MAX: usize = 64;
/// The head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 200;
/// What an HTTP/2 server may send ahead, for one answer and for one connection.
const WINDOW_BYTES_MAX: u32 = 512 << 10;
const WINDOW_CONNECTION_BYTES_MAX: u32 = 1 << 20;

type Http = legacy::Client<Timely<HttpsConnector<Connector>>, Empty<Bytes>>;

/// The clients of all guards. They share TLS and the look-up, but never a connection: what one source may
/// connect to, another may not be allowed to.
pub(super) struct Clients {
    tls: ClientConfig,
    resolver: Resolver,
    patience: Patience,
    per_host: usize,
    open: Arc<AtomicUsize>,
    open_max: usize,
    by_guard: Mutex<HashMap<Guard, Client>>,
}

/// The client of one guard.
#[derive(Clone)]
pub(super) struct Client {
    pooled: Http,
    /// Opens a connection for each request.
    fresh: Http,
    open: Arc<AtomicUsize>,
    open_max: usize,
}

impl Clients {
    pub(super) fn new(
        limits: FetchLimits,
        roots: Vec<CertificateDer<'static>>,
        resolver: Resolver,
        patience: Patience,
    ) -> Result<Self, FetchSetupError> {
        Ok(Self {
            tls: tls(roots)?,
            resolver,
            patience,
            per_host: limits.per_host,
            open: Arc::default(),
            open_max: limits.concurrency.saturating_add(POOL_IDLE_MAX),
            by_guard: Mutex::default(),
        })
    }

    /// The client of this guard.
    pub(super) fn of(&self, guard: &Guard) -> Client {
        let mut by_guard = self.by_guard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = by_guard.get(guard) {
            return client.clone();
        }
        if by_guard.len() >= POOLS_MAX {
            // Only connections are lost; exchanges that run have their own hold on the client.
            by_guard.clear();
        }
        let client = self.build(guard);
        by_guard.insert(guard.clone(), client.clone());
        client
    }

    fn build(&self, guard: &Guard) -> Client {
        let tcp = Connector::new(self.resolver.clone(), guard.clone(), &self.patience, self.open.clone());
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(tcp);
        let connector = Timely { inner: https, time_max: self.patience.connect };
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(POOL_IDLE_SECONDS_MAX))
            .pool_max_idle_per_host(self.per_host)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .http1_max_headers(HEADERS_MAX)
            // What browsers forgive, feeds on old servers need.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            // A connection whose other end has vanished is found out before the next request waits for it.
            .http2_keep_alive_interval(Some(Duration::from_secs(PING_SECONDS)))
            .http2_keep_alive_timeout(Duration::from_secs(PING_ANSWER_SECONDS_MAX))
            .http2_initial_stream_window_size(WINDOW_BYTES_MAX)
            .http2_initial_connection_window_size(WINDOW_CONNECTION_BYTES_MAX);
        let pooled = builder.build(connector.clone());
        let fresh = builder.pool_max_idle_per_host(0).build(connector);
        Client { pooled, fresh, open: self.open.clone(), open_max: self.open_max }
    }
}

impl Client {
    /// Sends a request; `InUse` is kept until the body has been read. Where a connection that has already
    /// brought an answer fails before it brings this one, the server has most likely closed it meanwhile: the
    /// request is sent once more, on a new one.
    pub(super) async fn send(
        &self,
        mut request: Request<Empty<Bytes>>,
        on_connection: impl FnOnce(CaptureConnection),
    ) -> Result<(Response<Incoming>, InUse), legacy::Error> {
        let again = request.clone();
        let captured = capture_connection(&mut request);
        on_connection(captured.clone());
        let response = match self.pooled.request(request).await {
            Err(error) if !error.is_connect() && line(&captured).is_some_and(|line| line.is_proven()) => {
                self.fresh.request(again).await?
            }
            sent => sent?,
        };
        let line = response.extensions().get::<Line>().cloned().unwrap_or_default();
        line.begin();
        Ok((response, InUse { line, open: self.open.clone(), open_max: self.open_max }))
    }
}

/// Says that an answer is being read.
pub(super) struct InUse {
    line: Line,
    open: Arc<AtomicUsize>,
    open_max: usize,
}

impl Drop for InUse {
    fn drop(&mut self) {
        // A pool bounds what waits for one host; this bounds what waits for all of them.
        if self.line.end() && self.open.load(Ordering::Relaxed) > self.open_max {
            self.line.close();
        }
    }
}

fn line(captured: &CaptureConnection) -> Option<Line> {
    let mut extras = http::Extensions::new();
    captured.connection_metadata().as_ref()?.get_extras(&mut extras);
    extras.remove()
}

/// Trusts the system's roots where there are any, the bundled ones of webpki, and `more`.
fn tls(more: Vec<CertificateDer<'static>>) -> Result<ClientConfig, FetchSetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // What the system has and cannot be read is none of our troubles: the bundled ones remain.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(more);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.map_err(|error| FetchSetupError::Tls(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
