//! HTTP/1.1 and HTTP/2 clients with pools of connections, one for each way to a source.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;

use super::complaint::Complaint;
use super::connect::{Connector, Timely};
use super::resolve::Resolver;
use super::tls::Tls;
use super::way::{Via, Way};
use super::wire::Line;
use super::{FetchSetupError, Patience};
use crate::model::{FetchLimits, FetchPolicy};

/// How long a connection waits for another request.
const POOL_IDLE_SECONDS_MAX: u64 = 20;
/// Connections that wait for another request, beside those in use.
const POOL_IDLE_MAX: usize = 128;
/// How often an HTTP/2 server that owes us an answer is asked for a sign of life, and how soon it comes.
const PING_SECONDS: u64 = 10;
const PING_ANSWER_SECONDS_MAX: u64 = 5;
/// Ways whose pools are kept.
const POOLS_MAX: usize = 64;
/// The head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 200;
/// What an HTTP/2 server may send ahead, for one answer and for one connection.
const WINDOW_BYTES_MAX: u32 = 512 << 10;
const WINDOW_CONNECTION_BYTES_MAX: u32 = 1 << 20;

type Http<B> = legacy::Client<Timely<HttpsConnector<Connector>>, B>;

/// The clients of all ways. They share the look-up, but never a connection: what one source may connect to,
/// another may not be allowed to.
pub(super) struct Clients {
    tls: Tls,
    resolver: Resolver,
    patience: Patience,
    per_host: usize,
    open: Arc<AtomicUsize>,
    open_max: usize,
    by_way: Mutex<HashMap<Way, Arc<Client>>>,
}

/// The client of one way.
#[derive(Clone)]
pub(super) struct Client {
    way: Arc<Way>,
    pooled: Http<Empty<Bytes>>,
    /// Opens a connection for each request.
    fresh: Http<Empty<Bytes>>,
    /// Sends what has a body.
    posting: Http<Full<Bytes>>,
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
            tls: Tls::new(roots)?,
            resolver,
            patience,
            per_host: limits.per_host,
            open: Arc::default(),
            open_max: limits.concurrency.saturating_add(POOL_IDLE_MAX),
            by_way: Mutex::default(),
        })
    }

    /// The client of the way that a source is asked on. Fails where a file or a secret for it is missing.
    pub(super) async fn of(&self, policy: &FetchPolicy) -> Result<Arc<Client>, Complaint> {
        let way = Way::of(policy).await?;
        let mut by_way = self.by_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = by_way.get(&way) {
            return Ok(client.clone());
        }
        if by_way.len() >= POOLS_MAX {
            // Only connections are lost; exchanges that run have their own hold on the client.
            by_way.clear();
        }
        let client = Arc::new(self.build(&way)?);
        by_way.insert(way, client.clone());
        Ok(client)
    }

    fn build(&self, way: &Way) -> Result<Client, Complaint> {
        let way = Arc::new(way.clone());
        let tcp = Connector::new(self.resolver.clone(), way.clone(), &self.patience, self.open.clone());
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.config(&way.tls)?)
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
        let (pooled, posting) = (builder.build(connector.clone()), builder.build(connector.clone()));
        let fresh = builder.pool_max_idle_per_host(0).build(connector);
        Ok(Client { way, pooled, fresh, posting, open: self.open.clone(), open_max: self.open_max })
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
        let proxy = self.way.asked_instead(request.uri().scheme_str());
        if let Some(value) = proxy.and_then(Via::authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        // Where a name leads is checked with each connection. A proxy that is asked in our place looks it up
        // with each request, so each has a connection of its own there.
        let client = if proxy.is_some() { &self.fresh } else { &self.pooled };
        let again = request.clone();
        let captured = capture_connection(&mut request);
        on_connection(captured.clone());
        let response = match client.request(request).await {
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

impl Client {
    /// Sends a request with a body, once.
    pub(super) async fn post(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let proxy = self.way.asked_instead(request.uri().scheme_str());
        if let Some(value) = proxy.and_then(Via::authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        self.posting.request(request).await
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
