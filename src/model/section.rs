//! The portal: its site, its sections and the limits of what it publishes.

use std::net::{IpAddr, SocketAddr};

use chrono_tz::Tz;
use url::{Host, Url};

use super::{Rules, SectionId};

/// `[site]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The portal's name.
    pub title: String,
    /// The public address without a slash at its end: every link and id that readers see begins with it.
    pub url: String,
    /// BCP 47; sets the text direction.
    pub language: String,
    /// The zone in which cron expressions are read and HTML shows dates.
    pub timezone: Tz,
    /// Whom to write to; goes into the User-Agent.
    pub contact: Option<String>,
    /// The WebSub hubs that our feeds name, as URLs; none where nothing is pushed.
    pub hubs: Vec<String>,
    /// Whether our RSS names an rssCloud that readers may ask to be told of news.
    pub has_cloud: bool,
    /// Whether readers can search what is stored.
    pub has_search: bool,
}

/// `[publish] hub` and `rsscloud`: who is told of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushOut {
    /// Whether we are a WebSub hub ourselves.
    pub is_hub: bool,
    /// The hubs of others that are told when a feed changes.
    pub hubs: Vec<Url>,
    /// Whether we are an rssCloud.
    pub is_cloud: bool,
}

impl Default for PushOut {
    fn default() -> Self {
        Self { is_hub: true, hubs: vec![], is_cloud: true }
    }
}

/// Whether an address begins with `site.url`: it is one of our own pages or feeds.
pub fn is_on_site(address: &Url, site_url: &Url) -> bool {
    let base = site_url.path().trim_end_matches('/');
    let rest = address.path().strip_prefix(base);
    // The same host answers http and https alike.
    address.host() == site_url.host()
        && address.port() == site_url.port()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether whoever connects to the address as it is written reaches our own listener at
/// `listen`. Names are not looked up.
pub fn is_answered_by(url: &Url, listen: SocketAddr) -> bool {
    let is_reached = |address: IpAddr| {
        let (address, listening) = (address.to_canonical(), listen.ip().to_canonical());
        // `[::]` hears IPv4 too, and who connects to 0.0.0.0 connects to this very machine.
        let takes_all = listening.is_unspecified() && (listening.is_ipv6() || address.is_ipv4());
        let is_here = address.is_loopback() || address.is_unspecified();
        address == listening || is_here && takes_all || address.is_unspecified() && listening.is_loopback()
    };
    let is_host = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            is_local && (listen.ip().is_loopback() || listen.ip().is_unspecified())
        }
        Some(Host::Ipv4(address)) => is_reached(address.into()),
        Some(Host::Ipv6(address)) => is_reached(address.into()),
        None => false,
    };
    is_host && url.port_or_known_default() == Some(listen.port())
}

/// `[sections.ID]`, or one that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its key and address.
    pub id: SectionId,
    /// Its name for readers.
    pub title: String,
    /// A sentence for readers.
    pub description: Option<String>,
    /// Entries beside what sources send here, and entries to leave out.
    pub rules: Rules,
    /// How much its feeds hold.
    pub limits: PublishLimits,
    /// Whether every source belongs to it, as in `latest`.
    pub takes_all: bool,
    /// Whether a story is shown once, by its first entry; otherwise every entry stands by itself.
    pub stories: bool,
    /// In which order it shows what.
    pub order: SectionOrder,
}

/// What a section shows first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SectionOrder {
    /// What was published last.
    #[default]
    Newest,
    /// What readers opened most, as in `most-read`; what most sources carry as long as nothing was counted.
    MostRead,
}

/// `[publish]`, where a section does not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishLimits {
    /// Entries in each live feed.
    pub entries_max: usize,
    /// Entries of one source in one section's live feed, while others have entries to show.
    pub per_source_max: usize,
}
