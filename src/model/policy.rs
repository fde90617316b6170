//! How sources are fetched: what feeds.toml says about manners, secrets and bounds.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// How a source is fetched: `[fetch]` with what the source says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of feeds.toml")]
pub struct FetchPolicy {
    /// The whole exchange, redirects included.
    pub timeout: Duration,
    /// Decoded bytes of one answer.
    pub body_bytes_max: u64,
    /// Never ask more often than this.
    pub min_interval: Duration,
    /// Failures and hints keep us away no longer than this. A longer schedule of the admin's own is not cut to
    /// it.
    pub max_interval: Duration,
    /// Non-public networks in which this source may live.
    pub allow_private: Vec<IpNet>,
    /// Ports that may be connected to.
    pub ports: Ports,
    /// Headers to send beside our own; never to another origin.
    pub headers: Vec<(String, String)>,
    /// Credentials; never sent to another origin.
    pub auth: Option<Auth>,
    /// Replaces our User-Agent.
    pub user_agent: Option<String>,
    /// Which of the source's hints on when to come again are obeyed.
    pub hints: Hints,
    /// Whether robots.txt may forbid the feed. Its `Crawl-delay` is a hint, and obeyed either way.
    pub robots: bool,
    /// Whether cookies are kept and sent back.
    pub cookies: bool,
    /// Whether any certificate is believed.
    pub insecure_tls: bool,
    /// Through whom it is asked.
    pub proxy: Option<Proxy>,
    /// The certificate that we show to servers that want one.
    pub client_cert: Option<ClientCert>,
    /// Which addresses of a name are connected to.
    pub network: Network,
    /// The encoding of its documents, whatever they say themselves: a label of the Encoding Standard.
    pub encoding: Option<String>,
    /// Whether its hub is asked to push, where it names one.
    pub push: bool,
}

/// Ports that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// `"any"`.
    Any,
    /// Inclusive ranges.
    Only(Vec<(u16, u16)>),
}

/// Credentials by the name of the environment variable that holds the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user's name.
        user: String,
        /// The environment variable (or systemd credential) that holds the password.
        password_env: String,
    },
    /// A bearer token (RFC 6750).
    Bearer {
        /// The environment variable (or systemd credential) that holds the token.
        token_env: String,
    },
}

impl Default for FetchPolicy {
    /// What holds where feeds.toml says nothing.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            body_bytes_max: 16 << 20,
            min_interval: Duration::from_secs(60),
            max_interval: Duration::from_secs(24 * 3600),
            allow_private: vec![],
            ports: Ports::Only(vec![(80, 80), (443, 443), (8000, 8999)]),
            headers: vec![],
            auth: None,
            user_agent: None,
            hints: Hints::all(true),
            robots: false,
            cookies: false,
            insecure_tls: false,
            proxy: None,
            client_cert: None,
            network: Network::Any,
            encoding: None,
            push: false,
        }
    }
}

/// Which hints on when to come again are obeyed; all of them unless the admin says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of feeds.toml")]
pub struct Hints {
    /// `Cache-Control: max-age` and `Expires` (RFC 9111 §4.2.1).
    pub cache_control: bool,
    /// RSS `ttl`.
    pub ttl: bool,
    /// `sy:updatePeriod`, `sy:updateFrequency` and `sy:updateBase`.
    pub update_period: bool,
    /// RSS `skipHours`.
    pub skip_hours: bool,
    /// RSS `skipDays`.
    pub skip_days: bool,
    /// `Retry-After` (RFC 9110 §10.2.3) of the source itself.
    pub retry_after: bool,
    /// `Crawl-delay` of robots.txt.
    pub crawl_delay: bool,
}

impl Hints {
    /// All of them, or none.
    pub const fn all(obeyed: bool) -> Self {
        Self {
            cache_control: obeyed,
            ttl: obeyed,
            update_period: obeyed,
            skip_hours: obeyed,
            skip_days: obeyed,
            retry_after: obeyed,
            crawl_delay: obeyed,
        }
    }
}

/// A proxy. Secrets are named, never held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its name or address, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user's name, and the environment variable (or systemd credential) that holds the password.
    pub auth: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP: whole addresses for http, CONNECT for https (RFC 9110 §9.3.6).
    Http,
    /// SOCKS 5 (RFC 1928).
    Socks5,
}

/// A client certificate: PEM files, relative ones resolved against the folder of feeds.toml.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCert {
    /// The certificate and those that lead to its authority.
    pub cert: PathBuf,
    /// Its key; may be the same file.
    pub key: PathBuf,
}

/// Which addresses of a name are connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Network {
    /// All of them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Bounds that hold over all sources together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Requests in flight; one whose answer has not begun for some seconds lends its place to another.
    pub concurrency: usize,
    /// Requests in flight to one host.
    pub per_host: usize,
}
