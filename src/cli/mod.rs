//! The command line: one file a command, thin. stdout carries the answer, stderr the log.

mod backup;
mod check;
mod entries;
mod hide;
mod look;
mod make;
mod moment;
mod parse;
mod plan;
mod poll;
mod render;
mod restore;
mod run;
mod socket;
mod sources;
mod subscriptions;
mod table;
mod verify;
mod why;

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::app::{self, AppError, Options};
use crate::config::{Config, Mistake};
use crate::edge::log::Log;
use crate::edge::store::Helper;

/// Exit code for a command that could not do its work.
const FAILED: u8 = 1;
/// Exit code for a feeds.toml that cannot be used (`EX_USAGE` of sysexits.h); systemd does not restart on it.
const BAD_CONFIG: u8 = 64;

/// Blocking work that still runs when a command has ended is left after this time.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Collects RSS, Atom and JSON feeds, shows each story once, and publishes merged feeds.
///
/// Without a command it runs the daemon.
#[derive(Debug, Parser)]
#[command(name = "nashra", version, max_term_width = 100)]
struct Cli {
    /// The configuration [default: feeds.toml, then /etc/nashra/feeds.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the log on stderr is written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: poll, store, publish and serve.
    Run,
    /// Report every mistake in feeds.toml at once.
    Check(check::Args),
    /// Poll sources now: through the daemon where one runs, here otherwise.
    Poll(poll::Args),
    /// Print what nashra understands of a feed document, as JSON.
    Parse(parse::Args),
    /// Show what a changed feeds.toml would add, remove or move in each output. Nothing is changed.
    Plan(plan::Args),
    /// Show how each source is doing; `accept` ends a quarantine.
    Sources(sources::Args),
    /// Show who is told of news, and how that goes.
    Subscriptions(subscriptions::Args),
    /// List what is stored, newest first.
    Entries(entries::Args),
    /// Tell the life of an entry: where it came from, what was decided on it, and where it stands.
    Why(why::Args),
    /// Take an entry out of every output, for a takedown or a mistake. It does not come back by itself.
    Hide(hide::Args),
    /// Write every document as a file, with compressed twins, for a web server, a CDN or a bucket.
    Render(render::Args),
    /// Look at a store for damage, for a nashra that is about to open it.
    #[command(hide = true)]
    Look(look::Args),
    /// Make a store from a snapshot and a journal, for a nashra that takes it.
    #[command(hide = true)]
    Make(make::Args),
    /// Let an entry back that was hidden: to its place, with its id.
    Unhide(hide::Args),
    /// Write the whole store into one file, also while the daemon runs.
    Backup(backup::Args),
    /// Put a backup in the place of the store. What was there before is moved aside.
    Restore(restore::Args),
    /// Read the store, its journal and its snapshots through, and tell what is wrong. Nothing is changed.
    Verify(verify::Args),
}

/// Why a command ended badly.
enum CliError {
    /// The configuration; every mistake.
    Config(Vec<Mistake>),
    /// Anything else, in one line.
    Failed(String),
    /// A word on the command line that names nothing.
    Usage(String),
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Usage(what) => Self::Usage(what),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Run);
    start_log(cli.log_format, matches!(command, Command::Run));
    let config = app::find_config(cli.config.as_deref());
    let result = match command {
        Command::Run => run::main(&config),
        Command::Check(args) => check::main(&args, &config),
        Command::Poll(args) => poll::main(&args, &config),
        Command::Parse(args) => parse::main(&args),
        Command::Plan(args) => plan::main(&args, &config),
        Command::Sources(args) => sources::main(&args, &config),
        Command::Subscriptions(args) => subscriptions::main(&args, &config),
        Command::Entries(args) => entries::main(&args, &config),
        Command::Why(args) => why::main(&args, &config),
        Command::Render(args) => render::main(&args, &config),
        Command::Look(args) => {
            look::main(&args);
            Ok(())
        }
        Command::Make(args) => {
            make::main(&args);
            Ok(())
        }
        Command::Hide(args) => hide::main(&args, true, &config),
        Command::Unhide(args) => hide::main(&args, false, &config),
        Command::Backup(args) => backup::main(&args, &config),
        Command::Restore(args) => restore::main(&args, &config),
        Command::Verify(args) => verify::main(&args, &config),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Config(mistakes)) => {
            mistakes.iter().for_each(|mistake| complain(&mistake.to_string()));
            ExitCode::from(BAD_CONFIG)
        }
        Err(CliError::Failed(why)) => {
            complain(&format!("nashra: {why}"));
            ExitCode::from(FAILED)
        }
        Err(CliError::Usage(why)) => {
            complain(&format!("nashra: {why}"));
            ExitCode::from(2)
        }
    }
}

fn start_log(format: LogFormat, daemon: bool) {
    // RUST_LOG may ask for more; the commands are quiet by themselves, since stdout has their answer.
    let level = if daemon { "info" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        // It would tell standard error that standard error cannot be written, and panic where that fails.
        .log_internal_errors(false)
        .with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

fn load(config: &Path) -> Result<Config, CliError> {
    app::load_config(config).map_err(CliError::Config)
}

fn options(config: &Config, config_path: &Path) -> Options {
    let directory = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let state_folder = app::state_folder(config, directory.as_deref());
    Options {
        config_path: config_path.to_path_buf(),
        state_folder,
        helper: Helper::of_this_program(),
        is_older: false,
    }
}

/// Runs an asynchronous command on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Failed(format!("cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // A name that is still being looked up, say, is nothing to wait for.
    runtime.shutdown_timeout(LAST_WAIT);
    result
}

/// Writes a line of the answer. A reader that went away (`| head`) is no error.
fn answer(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::fetch::FetchSetupError;

    #[test]
    fn only_a_wrong_word_is_wrong_usage() {
        let tls = AppError::Fetch(FetchSetupError::Tls("no certificates".to_owned()));
        assert!(matches!(CliError::from(tls), CliError::Failed(why) if why.contains("TLS")));
        assert!(matches!(CliError::from(AppError::Usage("typo".to_owned())), CliError::Usage(_)));
    }
}
