//! `nashra restore`: a backup in the place of the store.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::SecondsFormat;

use super::{CliError, answer, block_on, load, options, socket};
use crate::app::{self, Options, Restored};
use crate::edge::store;

/// The daemon reads it twice before it answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3600);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What `nashra backup` has written, or a snapshot from the state folder. `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let file = &args.file;
    let is_stdin = file == Path::new("-");
    if !is_stdin {
        // Before anything is touched.
        store::check_snapshot(open(file)?).map_err(|error| failed(file, &error))?;
    }
    let from = open(file)?;
    if let Some(restored) = hand_over(&options, from)? {
        say(&restored);
        answer("the daemon has it, and begins anew with it");
        return Ok(());
    }
    // Nobody listens, so nothing was taken of it.
    let restored = app::stored_restore(&options, open(file)?)?;
    say(&restored);
    if let Some(before) = &restored.before {
        answer(&format!("what was there before is in {}", options.state_folder.join(before).display()));
    }
    Ok(())
}

/// Sends it to the daemon; `None` where none runs.
fn hand_over(options: &Options, mut from: Box<dyn Read + Send>) -> Result<Option<Restored>, CliError> {
    let send = move |out: &mut _| io::copy(&mut from, out).map(drop);
    block_on(async { socket::upload(options, "/api/restore", send, ANSWER_TIMEOUT).await })
}

fn open(file: &Path) -> Result<Box<dyn Read + Send>, CliError> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(file).map_err(|error| failed(file, &error))?))
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> CliError {
    CliError::Failed(format!("{}: {error}", file.display()))
}

fn say(restored: &Restored) {
    let Restored { made_at, sequence, rows, .. } = restored;
    let made_at = made_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    answer(&format!("restored as of {made_at}: {rows} rows, up to commit {sequence}"));
}
