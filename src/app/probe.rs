//! Asking without storing: `check --probe` and `parse URL`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use url::Url;

use super::AppError;
use super::permit::{Permit, is_limited};
use super::poller::fetcher;
use super::row::{Row, RowStatus};
use crate::config::Config;
use crate::model::{
    Answer, Body, Feed, FetchLimits, FetchPolicy, Fetched, Hints, Location, Ports, Reading, Rules, Schedule,
    Source, SourceId, SourceState, Validators,
};
use crate::pipeline;

/// What a source is, or why it cannot be read.
#[derive(Debug)]
pub struct Probe {
    /// The source.
    pub source: SourceId,
    /// What came of it.
    pub found: Found,
}

/// What came of a probe.
#[derive(Debug)]
pub enum Found {
    /// A feed.
    Feed(Box<Feed>),
    /// Nothing that can be read, in one clear line.
    Failed(String),
    /// It was not asked.
    Left {
        /// In one word.
        word: &'static str,
        /// In one clear line.
        why: String,
    },
}

/// Asks every enabled source once, as far as `permits` lets it; all at a time as far as the limits allow. Rows in
/// the order of the file.
pub async fn probe(config: Config, permits: Vec<Permit>) -> Result<Vec<Probe>, AppError> {
    let fetcher = fetcher(&config)?;
    let mut permits: BTreeMap<SourceId, Permit> =
        permits.into_iter().map(|permit| (permit.source.clone(), permit)).collect();
    let site: Arc<str> = config.site.url.as_str().into();
    let (mut asked, mut probes) = (JoinSet::new(), vec![]);
    for (place, source) in config.sources.into_iter().filter(|source| source.enabled).enumerate() {
        let permit = permits.remove(&source.id);
        if let Some(found) = left(&source, permit.as_ref()) {
            probes.push((place, Probe { source: source.id, found }));
            continue;
        }
        let known =
            SourceState { adopted: permit.and_then(|permit| permit.adopted), ..SourceState::default() };
        let moved_to = pipeline::moved_to(&source, &known).cloned();
        let (fetcher, site) = (fetcher.clone(), Arc::clone(&site));
        asked.spawn(async move {
            let source = Arc::new(source);
            let id = source.id.clone();
            let (retrieved, _slot) =
                fetcher.fetch_at(&source, moved_to.as_ref(), &Validators::default()).await;
            let reading = spawn_blocking(move || pipeline::read(&source, None, &site, retrieved));
            let feed = reading.await.map_err(|error| error.to_string()).and_then(feed_of);
            let found = feed.map_or_else(Found::Failed, |feed| Found::Feed(Box::new(feed)));
            (place, Probe { source: id, found })
        });
    }
    probes.extend(asked.join_all().await);
    probes.sort_by_key(|(place, _)| *place);
    Ok(probes.into_iter().map(|(_, probe)| probe).collect())
}

/// Why a source is not to be asked; `None` where it is.
fn left(source: &Source, permit: Option<&Permit>) -> Option<Found> {
    let Some(permit) = permit else {
        // Only a running daemon gives permits to some: it has another feeds.toml in force.
        return is_limited(source).then(|| Found::Left {
            word: "unknown",
            why: "the running daemon does not know it, so nobody can tell when it was last asked; reload it first"
                .to_owned(),
        });
    };
    if let Some(since) = permit.gone_at {
        let (day, id) = (since.format("%Y-%m-%d"), &source.id);
        let why = format!("it answered 410 (gone) on {day}; `nashra poll {id}` asks it all the same");
        return Some(Found::Left { word: RowStatus::Gone.word(), why });
    }
    let why = Row::too_soon_why(permit.wait_seconds);
    (permit.wait_seconds > 0).then(|| Found::Left { word: RowStatus::TooSoon.word(), why })
}

fn feed_of(fetched: Fetched) -> Result<Feed, String> {
    let links = fetched.manners.links;
    match fetched.reading {
        Reading::Feed { mut feed, .. } => {
            // Headers go before the document (WebSub §4).
            if !links.hubs.is_empty() {
                feed.hubs = links.hubs;
            }
            feed.self_url = links.own.or(feed.self_url);
            Ok(*feed)
        }
        Reading::Unchanged { .. } => Err("it says that nothing changed, though nothing was known".to_owned()),
        Reading::Failed(error) => Err(error.message),
        Reading::NotAFeed(reason) => Err(reason),
    }
}

/// Fetches one document that the admin named on the command line, wherever it is.
pub async fn fetch_document(address: &str) -> Result<Body, String> {
    let url = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
    let limits = FetchLimits { concurrency: 1, per_host: 1 };
    let agent = format!("nashra/{}", env!("CARGO_PKG_VERSION"));
    let fetcher =
        crate::edge::fetch::Fetcher::new(limits, &agent, None).map_err(|error| error.to_string())?;
    let source = named_by_hand(url);
    let (retrieved, _slot) = fetcher.fetch(&source, &Validators::default()).await;
    match retrieved.outcome {
        Ok(Answer::Body(body)) => Ok(body),
        Ok(Answer::NotModified { .. }) => Err(format!("{address}: not modified")),
        Err(error) => Err(error.message),
    }
}

/// A source that the admin typed may live anywhere: there is nobody to trick here.
fn named_by_hand(url: Url) -> Source {
    let everywhere = [IpAddr::from([0_u8; 4]), IpAddr::from([0_u8; 16])];
    Source {
        mirror_of: None,
        is_mirrored: false,
        keep_entries: 50_000,
        id: SourceId("parse".to_owned()),
        title: None,
        location: Location::Web(url),
        sections: vec![],
        enabled: true,
        schedule: Schedule::Auto,
        weight_percent: 100,
        rules: Rules::default(),
        strip: vec![],
        trust: true,
        fetch: FetchPolicy {
            body_bytes_max: 64 << 20,
            min_interval: Duration::ZERO,
            allow_private: everywhere
                .into_iter()
                .filter_map(|zero| ipnet::IpNet::new(zero, 0).ok())
                .collect(),
            ports: Ports::Any,
            hints: Hints::all(false),
            ..FetchPolicy::default()
        },
    }
}
