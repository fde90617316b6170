//! `nashra poll`: one round now.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::{CliError, answer, block_on, complain, load, options, socket, table};
use crate::app::{self, Options, Row, Summary};
use crate::config::Config;

/// A round of ten thousand sources, each with its timeout, is over long before this.
const ROUND_TIMEOUT: Duration = Duration::from_secs(3600);
const BAR_WIDTH: usize = 30;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these sources; all enabled ones otherwise.
    sources: Vec<String>,
    /// Do it here, without a daemon and without serving anything.
    #[arg(long)]
    once: bool,
    /// Print the sums as one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What the daemon answers.
#[derive(Deserialize)]
struct Round {
    rows: Vec<Row>,
    summary: Summary,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let Round { mut rows, summary } = block_on(async {
        if !args.once
            && let Some(round) =
                socket::ask(&options, "POST", "/api/poll", &args.sources, ROUND_TIMEOUT).await?
        {
            return Ok(round);
        }
        here(options, config, &args.sources).await
    })?;
    rows.sort_by(|a, b| a.source.cmp(&b.source));
    show(args.json, &rows, &summary);
    if summary.sources > 0 && summary.failed == summary.sources {
        return Err(CliError::Failed("no source could be read".to_owned()));
    }
    Ok(())
}

async fn here(options: Options, config: Config, sources: &[String]) -> Result<Round, CliError> {
    let on_terminal = std::io::stderr().is_terminal();
    let mut rows = Vec::new();
    let summary = app::poll_once(options, config, sources, |row, total| {
        rows.push(row.clone());
        if on_terminal {
            progress(rows.len(), total);
        }
    });
    let summary = summary.await?;
    if on_terminal && !rows.is_empty() {
        complain("");
    }
    Ok(Round { rows, summary })
}

fn progress(done: usize, total: usize) {
    let filled = done * BAR_WIDTH / total.max(1);
    let bar: String = (0..BAR_WIDTH).map(|at| if at < filled { '#' } else { '.' }).collect();
    let mut terminal = std::io::stderr().lock();
    // A terminal that cannot be written to shows no bar.
    let _ = write!(terminal, "\r[{bar}] {done}/{total}");
    let _ = terminal.flush();
}

fn show(json: bool, rows: &[Row], summary: &Summary) {
    if json {
        answer(&serde_json::json!(summary).to_string());
        for row in rows {
            if let Some(error) = &row.error {
                complain(&format!("{}: {error}", row.source));
            }
        }
        return;
    }
    let cells = |row: &Row| {
        let number = |count: usize| count.to_string();
        vec![
            row.source.clone(),
            row.status.word().to_owned(),
            number(row.tally.seen),
            number(row.tally.new),
            number(row.tally.updated),
            number(row.tally.duplicates),
            row.bytes.to_string(),
            row.ms.to_string(),
            row.error.clone().unwrap_or_default(),
        ]
    };
    let head = ["SOURCE", "STATUS", "ENTRIES", "NEW", "UPDATED", "DUPLICATES", "BYTES", "MS", ""];
    table::print(&head, &rows.iter().map(cells).collect::<Vec<_>>());
    let Summary { sources, ok, failed, unchanged, .. } = summary;
    let duplicates: usize = rows.iter().map(|row| row.tally.duplicates).sum();
    answer(&format!(
        "\n{sources} sources: {ok} ok, {failed} failed, {unchanged} unchanged · {} entries seen: {} new, {} updated, \
         {duplicates} duplicate · {} stored · {:.1} s",
        summary.entries_seen,
        summary.entries_new,
        summary.entries_updated,
        summary.entries_stored,
        summary.seconds
    ));
}
