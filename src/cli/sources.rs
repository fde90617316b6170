//! `nashra sources`: how each source is doing, what it costs its hosts, and the end of a quarantine.

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::moment::relative;
use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app::{self, Accepted, HostView, Options, SourceView};
use crate::config::Config;
use crate::edge::clock;
use crate::model::Timestamp;

/// The loop of a busy daemon answers long before this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only these sources; all otherwise.
    sources: Vec<String>,
    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// Show instead what it has cost their hosts, and how the hosts' hints were heeded.
    #[arg(long)]
    politeness: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// End the quarantine of sources that seem to belong to somebody else now: take in what they say.
    Accept {
        /// The sources.
        #[arg(required = true, value_name = "SOURCE")]
        sources: Vec<String>,
    },
}

/// What the daemon answers.
#[derive(Deserialize)]
struct Sources {
    sources: Vec<SourceView>,
}

#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<HostView>,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    if let Some(Action::Accept { sources }) = &args.action {
        return accept(&options, &config, sources);
    }
    let now = clock::now();
    if args.politeness {
        let hosts = match asked(&options, "GET", "/api/politeness", &args.sources)? {
            Some(Hosts { hosts }) => hosts,
            None => app::stored_politeness(&options, &config, &args.sources)?,
        };
        return show(args.json, &hosts, HOST_COLUMNS, host_cells);
    }
    let sources = match asked(&options, "GET", "/api/sources", &args.sources)? {
        Some(Sources { sources }) => sources,
        None => app::stored_sources(&options, &config, &args.sources)?,
    };
    show(args.json, &sources, SOURCE_COLUMNS, |source| source_cells(source, now))
}

/// What the daemon says; `None` where none runs.
fn asked<T: DeserializeOwned>(
    options: &Options,
    method: &str,
    path: &str,
    sources: &[String],
) -> Result<Option<T>, CliError> {
    block_on(async { socket::ask(options, method, path, sources, ANSWER_TIMEOUT).await })
}

fn accept(options: &Options, config: &Config, named: &[String]) -> Result<(), CliError> {
    let Accepted { accepted, others } = match asked(options, "POST", "/api/sources/accept", named)? {
        Some(told) => told,
        None => app::accept_stored(options, config, named)?,
    };
    for source in &accepted {
        answer(&format!("{source}: accepted; the next poll takes in what it says"));
    }
    if others.is_empty() {
        return Ok(());
    }
    Err(CliError::Failed(format!("not in quarantine, so there is nothing to accept: {}", others.join(", "))))
}

fn show<T: Serialize>(
    json: bool,
    rows: &[T],
    head: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> Result<(), CliError> {
    if !json {
        table::print(head, &rows.iter().map(cells).collect::<Vec<_>>());
        return Ok(());
    }
    for row in rows {
        let line = serde_json::to_string(row).map_err(|error| CliError::Failed(error.to_string()))?;
        answer(&line);
    }
    Ok(())
}

const SOURCE_COLUMNS: &[&str] = &["SOURCE", "HEALTH", "SINCE", "LAST OK", "NEXT", "PUSH", "ENTRIES", "WHY"];

fn source_cells(source: &SourceView, now: Timestamp) -> Vec<String> {
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| relative(at, now));
    // What is due is asked as soon as there is a slot for it.
    let next = source.next_at.map(|at| at.max(now));
    vec![
        source.id.clone(),
        source.word().to_owned(),
        moment(source.since),
        moment(source.ok_at),
        moment(next),
        source.pushes(),
        source.listed.to_string(),
        source.note(),
    ]
}

const HOST_COLUMNS: &[&str] = &["HOST", "SOURCES", "REQUESTS", "304", "429", "BYTES", "HINTS", "HONOURED"];

fn host_cells(host: &HostView) -> Vec<String> {
    let share = |percent: Option<u64>| percent.map_or_else(|| "-".to_owned(), |share| format!("{share}%"));
    let ledger = &host.ledger;
    vec![
        host.host.clone(),
        host.sources.to_string(),
        ledger.requests.to_string(),
        share(host.not_modified_percent),
        ledger.refused.to_string(),
        ledger.wire_bytes.to_string(),
        ledger.hints_received.to_string(),
        share(host.hints_honoured_percent),
    ]
}
