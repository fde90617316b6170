//! Connections, guarded: names are looked up and addresses checked here, so nothing gets around it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_service::Service;

use super::Patience;
use super::complaint::duration;
use super::guard::{Guard, Refusal};
use super::wire::Wire;

/// Names that are looked up at the same time. A look-up that hangs keeps its thread for as long as the
/// system likes; the rest of the program must not run out of threads for that.
const LOOKUPS_MAX: usize = 32;
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Pending<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Finds the addresses of a name, in its own time and on a thread of its own.
pub type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The system's look-up (`getaddrinfo`).
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconnected {
    #[error("may not be fetched: {0}")]
    Refused(Refusal),
    #[error("does not resolve ({0}): check the host in its url")]
    Unresolved(String),
    #[error("did not resolve within {}: check the name servers", duration(*.0))]
    LookupTimeout(Duration),
    #[error("accepted no connection within {}", duration(*.0))]
    Timeout(Duration),
}

/// The look-up that every connector shares.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Lookup,
    running: Arc<Semaphore>,
    time_max: Duration,
}

impl Resolver {
    pub(super) fn new(lookup: Lookup, patience: &Patience) -> Self {
        Self { lookup, running: Arc::new(Semaphore::new(LOOKUPS_MAX)), time_max: patience.lookup }
    }

    async fn resolve(self, name: String) -> Result<Vec<IpAddr>, Unconnected> {
        let Self { lookup, running, time_max } = self;
        let found = timeout(time_max, async move {
            let permit = running.acquire_owned().await.map_err(io::Error::other)?;
            // The permit ends with the look-up, not with our patience.
            let task = tokio::task::spawn_blocking(move || {
                let found = lookup(&name);
                drop(permit);
                found
            });
            task.await.map_err(io::Error::other)?
        });
        match found.await {
            Ok(Ok(addresses)) if addresses.is_empty() => {
                Err(Unconnected::Unresolved("it has no address".to_owned()))
            }
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(Unconnected::Unresolved(error.to_string())),
            Err(_) => Err(Unconnected::LookupTimeout(time_max)),
        }
    }
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
            let found = resolver.resolve(name.as_str().to_owned()).await?;
            let (mut passed, mut refused) = (vec![], None);
            for address in found.into_iter().take(ADDRESSES_MAX) {
                match guard.check(address) {
                    Ok(()) => passed.push(SocketAddr::new(address, 0)),
                    Err(refusal) => refused = refused.or(Some(refusal)),
                }
            }
            match refused {
                Some(refusal) if passed.is_empty() => Err(Unconnected::Refused(refusal).into()),
                _ => Ok(passed.into_iter()),
            }
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
        let literal = uri.host().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
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
