//! `nashra check`: every mistake at once; with `--probe`, what each source is.

use std::path::Path;

use super::{CliError, answer, block_on, table};
use crate::app::{self, Probe};
use crate::config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ask each source once, and show what it is. Nothing is stored.
    #[arg(long)]
    probe: bool,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = app::load_config(config_path).map_err(|mistakes| {
        // The mistakes are this command's answer, so they go to stdout.
        mistakes.iter().for_each(|mistake| answer(&mistake.to_string()));
        CliError::Config(vec![])
    })?;
    config.warnings.iter().for_each(|warning| answer(&format!("warning: {warning}")));
    answer(&format!(
        "{}: ok ({} sources, {} sections)",
        config_path.display(),
        config.sources.len(),
        config.sections.len()
    ));
    if args.probe { probe(config) } else { Ok(()) }
}

fn probe(config: Config) -> Result<(), CliError> {
    let probes = block_on(async { app::probe(config).await.map_err(CliError::from) })?;
    let row = |probe: &Probe| match &probe.feed {
        Ok(feed) => {
            let newest = feed.entries.iter().filter_map(|entry| entry.published.or(entry.updated)).max();
            vec![
                probe.source.0.clone(),
                feed.format.name().to_owned(),
                feed.entries.len().to_string(),
                newest.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string()),
                feed.problems.len().to_string(),
                feed.title.clone().unwrap_or_default(),
            ]
        }
        Err(why) => {
            let dash = || "-".to_owned();
            vec![probe.source.0.clone(), "failed".to_owned(), dash(), dash(), dash(), why.clone()]
        }
    };
    table::print(
        &["SOURCE", "FORMAT", "ENTRIES", "NEWEST (UTC)", "PROBLEMS", "TITLE"],
        &probes.iter().map(row).collect::<Vec<_>>(),
    );
    match probes.iter().filter(|probe| probe.feed.is_err()).count() {
        0 => Ok(()),
        failed => Err(CliError::Failed(format!("{failed} of {} sources cannot be read", probes.len()))),
    }
}
