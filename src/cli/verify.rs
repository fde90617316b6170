//! `nashra verify`: whether the store, its journal and its snapshots can be read, and say the same.

use std::path::Path;
use std::time::Duration;

use chrono::SecondsFormat;

use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app;
use crate::edge::store::{Counted, Journaled, Snapshot, Verified};

/// Every row is read: some seconds for a million entries, more on a slow disk.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3600);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print what was seen as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let asked = socket::ask(&options, "POST", "/api/verify", &[], ANSWER_TIMEOUT);
    let verified = match block_on(asked)? {
        Some(verified) => verified,
        None => app::stored_verify(&options)?,
    };
    if args.json {
        let line = serde_json::to_string(&verified).map_err(|error| CliError::Failed(error.to_string()))?;
        answer(&line);
    } else {
        show(&verified);
    }
    match verified.findings.count {
        0 => Ok(()),
        1 => Err(CliError::Failed("1 thing is not as it should be".to_owned())),
        count => Err(CliError::Failed(format!("{count} things are not as they should be"))),
    }
}

fn show(verified: &Verified) {
    let Verified { sequence, trees, entries, keys, journal, snapshots, findings } = verified;
    let Journaled { segments, records, bytes } = journal;
    let row = |what: &str, holds: String, bytes: u64| vec![what.to_owned(), holds, bytes.to_string()];
    let mut rows: Vec<Vec<String>> = vec![];
    for (tree, Counted { rows: count, bytes }) in trees.iter().filter(|(_, counted)| counted.rows > 0) {
        rows.push(row(tree, format!("{count} rows"), *bytes));
    }
    rows.push(row("journal", format!("{records} commits in {segments} files"), *bytes));
    for Snapshot { name, made_at, rows: count, bytes, .. } in snapshots {
        let made_at = made_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let holds = made_at.map_or_else(|| "damaged".to_owned(), |at| format!("{count} rows as of {at}"));
        rows.push(row(name, holds, *bytes));
    }
    table::print(&["WHAT", "HOLDS", "BYTES"], &rows);
    answer(&format!("\n{entries} entries, {keys} keys, up to commit {sequence}"));
    findings.named.iter().for_each(|finding| answer(&table::safe_line(&format!("WRONG: {finding}"))));
    if findings.count == 0 {
        answer("all is well");
    }
}
