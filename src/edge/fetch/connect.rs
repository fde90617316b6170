//! Connections, guarded: names are looked up and addresses checked here, so nothing gets around it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::timeout;
use tower_service::Service;

use super::Patience;
use super::complaint::duration;
use super::guard::{Guard, Refusal};
use super::resolve::{Resolver, literal};
use super::wire::Wire;
use crate::model::Network;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Pending<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconnected {
    #[error("may not be fetched: {0}")]
    Refused(Refusal),
    #[error("does not resolve ({0}): check the host in its url")]
    Unresolved(String),
    #[error("has no {} address, and network allows no other", family(*.0))]
    NoAddress(Network),
    #[error("may not be connected to: {address} is no {} address, and network allows no other", family(*.network))]
    OtherNetwork { address: IpAddr, network: Network },
    #[error("did not resolve within {}: check the name servers", duration(*.0))]
    LookupTimeout(Duration),
    #[error("accepted no connection within {}", duration(*.0))]
    Timeout(Duration),
}

/// A resolver that keeps only what a guard lets pass.
#[derive(Clone)]
pub(super) struct Guarded {
    resolver: Resolver,
    guard: Arc<Guard>,
}

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pending<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { resolver, guard } = self.clone();
        Box::pin(async move {
            let passed = resolver.addresses(name.as_str(), &guard, Network::Any).await?;
            let addresses: Vec<_> = passed.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}

/// Opens TCP connections for the sources of one guard.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector<Guarded>,
    guard: Arc<Guard>,
    open: Arc<AtomicUsize>,
}

impl Connector {
    /// `open` counts the connections that are open.
    pub(super) fn new(resolver: Resolver, guard: Guard, patience: &Patience, open: Arc<AtomicUsize>) -> Self {
        let guard = Arc::new(guard);
        let mut tcp = HttpConnector::new_with_resolver(Guarded { resolver, guard: guard.clone() });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared among the addresses of a name; below the limit of the whole, so that each has its turn.
        tcp.set_connect_timeout(Some(patience.connect * 4 / 5));
        Self { tcp, guard, open }
    }
}

impl Service<Uri> for Connector {
    type Response = Wire;
    type Error = BoxError;
    type Future = Pending<Wire>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An address in place of a name never reaches the resolver.
        let literal = uri.host().and_then(literal);
        if let Some(Err(refusal)) = literal.map(|address| self.guard.check(address)) {
            return Box::pin(async { Err(Unconnected::Refused(refusal).into()) });
        }
        let (guard, open) = (self.guard.clone(), self.open.clone());
        let connecting = self.tcp.call(uri);
        Box::pin(async move {
            let stream = connecting.await?;
            // The address that is connected now, whatever was said before.
            guard.check(stream.inner().peer_addr()?.ip()).map_err(Unconnected::Refused)?;
            Ok(Wire::new(stream, open))
        })
    }
}

/// A connector whose connections, TLS included, are there in time or not at all.
#[derive(Clone)]
pub(super) struct Timely<C> {
    pub(super) inner: C,
    pub(super) time_max: Duration,
}

impl<C> Service<Uri> for Timely<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
    C::Response: 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pending<C::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, time_max) = (self.inner.call(uri), self.time_max);
        Box::pin(async move {
            timeout(time_max, connecting).await.unwrap_or_else(|_| Err(Unconnected::Timeout(time_max).into()))
        })
    }
}

fn family(network: Network) -> &'static str {
    match network {
        Network::Any => "IP",
        Network::V4 => "IPv4",
        Network::V6 => "IPv6",
    }
}
