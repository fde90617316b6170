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
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::Patience;
use super::complaint::{Complaint, duration};
use super::guard::{Guard, Refusal};
use super::proxy::{self, Failure, Target};
use super::resolve::{Resolver, check_literal};
use super::way::{Via, Way};
use super::wire::Wire;
use crate::model::{FetchErrorKind, Network};

/// Addresses of one name that a proxy is asked to connect to, one after the other.
const PROXIED_ADDRESSES_MAX: usize = 4;

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
    #[error("was not asked: its proxy {place} {says}")]
    Proxy { place: String, says: String },
    #[error("accepted no connection within {}", duration(*.0))]
    Timeout(Duration),
}

/// A resolver that keeps only what a guard lets pass.
#[derive(Clone)]
pub(super) struct Guarded {
    resolver: Resolver,
    guard: Arc<Guard>,
    network: Network,
}

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pending<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { resolver, guard, network } = self.clone();
        Box::pin(async move {
            let passed = resolver.addresses(name.as_str(), &guard, network).await?;
            let addresses: Vec<_> = passed.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}

type Tcp = HttpConnector<Guarded>;

/// Opens TCP connections on one way.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: Tcp,
    resolver: Resolver,
    way: Arc<Way>,
    open: Arc<AtomicUsize>,
    time_max: Duration,
}

impl Connector {
    /// `open` counts the connections that are open.
    pub(super) fn new(
        resolver: Resolver,
        way: Arc<Way>,
        patience: &Patience,
        open: Arc<AtomicUsize>,
    ) -> Self {
        let guarded = match &way.proxy {
            None => Guarded {
                resolver: resolver.clone(),
                guard: Arc::new(way.guard.clone()),
                network: way.network,
            },
            // Where a proxy lives is the admin's word; what it connects to is checked before it is asked.
            Some(_) => Guarded {
                resolver: resolver.clone(),
                guard: Arc::new(Guard::everything()),
                network: Network::Any,
            },
        };
        // Shared among the addresses of a name; below the limit of the whole, so that each has its turn and
        // whoever fails can be named.
        let time_max = patience.connect * 4 / 5;
        let mut tcp = HttpConnector::new_with_resolver(guarded);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(time_max));
        Self { tcp, resolver, way, open, time_max }
    }

    async fn direct(mut self, uri: Uri) -> Result<Wire, BoxError> {
        let stream = self.tcp.call(uri).await?;
        // The address that is connected now, whatever was said before.
        self.way.guard.check(stream.inner().peer_addr()?.ip()).map_err(Unconnected::Refused)?;
        Ok(Wire::new(stream, false, self.open))
    }

    async fn through(mut self, via: &Via, uri: Uri) -> Result<Wire, BoxError> {
        let host = uri.host().unwrap_or_default();
        let targets = self.targets(host).await?;
        if self.way.asked_instead(uri.scheme_str()).is_some() {
            // The proxy looks the name up once more and has the last word: it must be told the name, which
            // belongs to the request. What leads astray here is refused all the same.
            return self
                .reach(via)
                .await
                .map(|stream| Wire::new(stream, true, self.open))
                .map_err(|words| Unconnected::proxy(via, words).into());
        }
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        // Each has its share of the time.
        let time_max = self.time_max / u32::try_from(targets.len()).unwrap_or(1).max(1);
        let mut failed = "is not asked for anything".to_owned();
        for target in targets {
            match timeout(time_max, self.tunnel(via, &target, port)).await {
                Ok(Ok(stream)) => return Ok(Wire::new(stream, false, self.open)),
                Ok(Err(Failure::Itself(words))) => return Err(Unconnected::proxy(via, words).into()),
                Ok(Err(Failure::Target(words))) => failed = words,
                Err(_) => failed = format!("did not connect within {}", duration(time_max)),
            }
        }
        Err(Unconnected::proxy(via, failed).into())
    }

    async fn tunnel(&mut self, via: &Via, target: &Target, port: u16) -> Result<TokioIo<TcpStream>, Failure> {
        let mut stream = self.reach(via).await.map_err(Failure::Itself)?.into_inner();
        proxy::tunnel(&mut stream, via, target, port).await?;
        Ok(TokioIo::new(stream))
    }

    /// What a proxy may be asked to connect to: checked addresses of both kinds in turn.
    async fn targets(&self, host: &str) -> Result<Vec<Target>, Unconnected> {
        let Way { guard, network, .. } = &*self.way;
        match self.resolver.addresses(host, guard, *network).await {
            Ok(found) => {
                let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) =
                    found.into_iter().partition(|address| address.to_canonical().is_ipv4());
                let longer = v4.len().max(v6.len());
                let in_turn = (0..longer).flat_map(|at| [v4.get(at), v6.get(at)]).flatten();
                Ok(in_turn.take(PROXIED_ADDRESSES_MAX).map(|address| Target::Address(*address)).collect())
            }
            // Some networks know outside names at their proxy only. Whoever may go everywhere may go there.
            Err(Unconnected::Unresolved(_) | Unconnected::LookupTimeout(_))
                if guard.allows_everything() && *network == Network::Any =>
            {
                Ok(vec![Target::Name(host.to_owned())])
            }
            Err(refused) => Err(refused),
        }
    }

    /// A connection to the proxy itself, or what is wrong with it.
    async fn reach(&mut self, via: &Via) -> Result<TokioIo<TcpStream>, String> {
        let uri = format!("http://{}", via.place()).parse::<Uri>();
        let uri = uri.map_err(|error| format!("has no valid address ({error})"))?;
        self.tcp.call(uri).await.map_err(|error| {
            let complaint = Complaint::of_causes(&error, FetchErrorKind::Connect);
            complaint.says.replace("check the host in its url", "check proxy")
        })
    }
}

impl Unconnected {
    fn proxy(via: &Via, says: impl Into<String>) -> Self {
        Self::Proxy { place: via.place(), says: says.into() }
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
        let Way { guard, network, .. } = &*self.way;
        // An address in place of a name never reaches the resolver.
        if let Some(Err(refused)) = check_literal(uri.host().unwrap_or_default(), guard, *network) {
            return Box::pin(async { Err(refused.into()) });
        }
        let this = self.clone();
        match self.way.proxy.clone() {
            None => Box::pin(this.direct(uri)),
            Some(via) => Box::pin(async move { this.through(&via, uri).await }),
        }
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
