//! The way to a source: everything that makes its connections different from those of another one.

use http::HeaderValue;

use super::complaint::Complaint;
use super::guard::Guard;
use super::request;
use super::tls::{Shown, Wishes};
use crate::model::{FetchErrorKind, FetchPolicy, Network, Proxy, ProxyKind};

/// What connections depend on. Sources share connections only where all of it is equal. It holds secrets: it
/// is never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) guard: Guard,
    pub(super) network: Network,
    pub(super) proxy: Option<Via>,
    pub(super) tls: Wishes,
}

/// A proxy and what it wants to know.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Via {
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password.
    pub(super) credentials: Option<(String, String)>,
}

impl Way {
    /// Reads the files and secrets that it needs; what is missing is told before anything is sent.
    pub(super) async fn of(policy: &FetchPolicy) -> Result<Self, Complaint> {
        let proxy = match &policy.proxy {
            Some(proxy) => Some(Via::of(proxy).await?),
            None => None,
        };
        let shown = match &policy.client_cert {
            Some(files) => Some(Shown::read(files).await?),
            None => None,
        };
        Ok(Self {
            guard: Guard::new(&policy.allow_private),
            network: policy.network,
            proxy,
            tls: Wishes { insecure: policy.insecure_tls, shown },
        })
    }

    /// The HTTP proxy that is asked in our place for a source without TLS, which it must be told whole.
    pub(super) fn asked_instead(&self, scheme: Option<&str>) -> Option<&Via> {
        self.proxy.as_ref().filter(|via| via.kind == ProxyKind::Http && scheme == Some("http"))
    }
}

impl Via {
    async fn of(proxy: &Proxy) -> Result<Self, Complaint> {
        let Proxy { kind, host, port, auth } = proxy;
        let credentials = match auth {
            Some((user, env)) => Some((user.clone(), request::secret(env).await?)),
            None => None,
        };
        let via = Self { kind: *kind, host: host.clone(), port: *port, credentials };
        if let Some((user, password)) = &via.credentials {
            // RFC 1929 §2 counts both in one byte, RFC 7617 §2 ends the user's name with a colon.
            let fits = match kind {
                ProxyKind::Socks5 => [user, password].iter().all(|text| (1..=255).contains(&text.len())),
                ProxyKind::Http => !user.contains(':'),
            };
            if !fits {
                let says = format!("was not asked: its proxy {} takes no such name or password", via.place());
                return Err(Complaint::new(FetchErrorKind::Unsendable, says));
            }
        }
        Ok(via)
    }

    /// Host and port, as an admin would write them.
    pub(super) fn place(&self) -> String {
        authority(&self.host, self.port)
    }

    /// The value of `Proxy-Authorization`, in base64 and so in any header.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials.as_ref()?;
        let mut value =
            HeaderValue::try_from(request::basic(format!("{user}:{password}").as_bytes())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Host and port in one word; an IPv6 address wears brackets there.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
