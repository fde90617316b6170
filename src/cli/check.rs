//! `nashra check`: every mistake at once; with `--probe`, what each source is.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::{CliError, answer, block_on, options, socket, table};
use crate::app::{self, AppError, Found, Permit, Probe};
use crate::config::Config;
use crate::edge::store::StoreError;
use crate::model::{Location, Source, SourceId};

/// The loop of a busy daemon answers long before this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ask each source once, if it was not asked just now, and show what it is. Nothing of that is stored.
    #[arg(long)]
    probe: bool,
}

/// What the daemon answers.
#[derive(Deserialize)]
struct Permits {
    sources: Vec<Permit>,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = app::load_config(config_path).map_err(|mistakes| {
        // The mistakes are this command's answer, so they go to stdout.
        mistakes.iter().for_each(|mistake| answer(&mistake.to_string()));
        CliError::Config(vec![])
    })?;
    config.warnings.iter().for_each(|warning| answer(&format!("warning: {warning}")));
    config.remarks().iter().for_each(|remark| answer(&format!("note: {remark}")));
    answer(&format!(
        "{}: ok ({} sources, {} sections)",
        config_path.display(),
        config.sources.len(),
        config.sections.len()
    ));
    answer(&push(&config));
    if args.probe { probe(config, config_path) } else { Ok(()) }
}

/// Whether hubs are asked to push, and if not, why.
fn push(config: &Config) -> String {
    let on = config.sources.iter().filter(|source| source.enabled && source.fetch.push).count();
    let why = config.unreachable.as_deref();
    if on > 0 {
        let forced = why.map(|why| format!(" (push = true says so, though {why})")).unwrap_or_default();
        return format!(
            "push: on for {on} of {} sources, as far as they name a hub{forced}",
            config.sources.len()
        );
    }
    match why {
        Some(why) => format!("push: off, {why}; every source is polled"),
        None => "push: off, feeds.toml says so; every source is polled".to_owned(),
    }
}

fn probe(config: Config, config_path: &Path) -> Result<(), CliError> {
    let probes = block_on(async {
        let permits = match permits(&config, config_path).await {
            // Where nothing depends on it, nobody needs to hear of a store that is in use, say.
            Err(_) if !app::needs_permits(&config) => vec![],
            permits => permits?,
        };
        app::probe(config, permits).await.map_err(CliError::from)
    })?;
    let row = |probe: &Probe| match &probe.found {
        Found::Feed(feed) => {
            let newest = feed.entries.iter().filter_map(|entry| entry.published.or(entry.updated)).max();
            vec![
                probe.source.0.clone(),
                feed.format.name().to_owned(),
                feed.entries.len().to_string(),
                newest.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string()),
                feed.problems.len().to_string(),
                feed.hubs.first().cloned().unwrap_or_else(|| "-".to_owned()),
                feed.self_url.clone().filter(|_| !feed.hubs.is_empty()).unwrap_or_else(|| "-".to_owned()),
                feed.title.clone().unwrap_or_default(),
            ]
        }
        Found::Failed(why) => bare(probe, "failed", why),
        Found::Left { word, why } => bare(probe, word, why),
    };
    table::print(
        &["SOURCE", "FORMAT", "ENTRIES", "NEWEST (UTC)", "PROBLEMS", "HUB", "TOPIC", "TITLE"],
        &probes.iter().map(row).collect::<Vec<_>>(),
    );
    match probes.iter().filter(|probe| matches!(probe.found, Found::Failed(_))).count() {
        0 => Ok(()),
        failed => Err(CliError::Failed(format!("{failed} of {} sources cannot be read", probes.len()))),
    }
}

/// Who may be asked now: the daemon knows it where one runs, the store otherwise.
async fn permits(config: &Config, config_path: &Path) -> Result<Vec<Permit>, CliError> {
    let options = options(config, config_path);
    let is_web = |source: &&Source| matches!(source.location, Location::Web(_));
    let wanted = config.sources.iter().filter(|source| source.enabled).filter(is_web);
    let wanted: Vec<&SourceId> = wanted.map(|source| &source.id).collect();
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let body = serde_json::to_vec(&wanted).map_err(|error| CliError::Failed(error.to_string()))?;
    match socket::send(&options, "POST", "/api/sources/asking", &body, ANSWER_TIMEOUT).await? {
        Some(Permits { sources }) => Ok(sources),
        None => app::stored_permits(&options, config).map_err(|error| match error {
            AppError::Store(StoreError::InUse(who)) => CliError::Failed(format!(
                "{who} is using this store, which knows when each source was last asked; \
                 probe again once it has ended"
            )),
            other => other.into(),
        }),
    }
}

/// The row of a source that shows no feed.
fn bare(probe: &Probe, word: &str, why: &str) -> Vec<String> {
    [&probe.source.0, word, "-", "-", "-", "-", "-", why].map(str::to_owned).into()
}
