//! `nashra run`: the daemon.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{CliError, block_on, options};
use crate::app::{self, End, Options, Restart};
use crate::config::Config;
use crate::edge::listeners::Listeners;
use crate::edge::log;
use crate::edge::store::THRIFT;

pub(super) fn main(config_path: &Path) -> Result<(), CliError> {
    begin_thriftily();
    let app::Beginning { config, is_older } = app::begin(config_path).map_err(CliError::Config)?;
    // There is one thread as yet.
    let listeners = Listeners::take(config.server.admin.is_some());
    log::detach();
    let ended = run(config_path, config, listeners, is_older);
    log::finish();
    match ended? {
        (_, End::Stopped) => Ok(()),
        (program, End::Restart(restart)) => Err(begin_anew(Command::new(program), &restart)),
    }
}

fn run(
    config_path: &Path,
    config: Config,
    listeners: Listeners,
    is_older: bool,
) -> Result<(PathBuf, End), CliError> {
    // Where it is now: another version may have been put there by the time that it is needed.
    let program = std::env::current_exe().map_err(|error| CliError::Failed(error.to_string()))?;
    let options = Options { is_older, ..options(&config, config_path) };
    let end = block_on(async { Ok(app::run(options, config, listeners).await?) })?;
    Ok((program, end))
}

/// Begins once more where the allocator has not been told yet: it listens to the environment at its start alone. What
/// the admin has set there stays.
fn begin_thriftily() {
    let untold: Vec<_> =
        THRIFT.iter().filter(|(name, _)| std::env::var_os(name).is_none()).copied().collect();
    if cfg!(not(target_env = "gnu")) || untold.is_empty() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // Where it fails, all goes on as it is, with more memory.
        let _ = Command::new(program).args(std::env::args_os().skip(1)).envs(untold).exec();
    }
}

/// Lets the program take the place of this process. What comes back is why it cannot.
fn begin_anew(mut program: Command, restart: &Restart) -> CliError {
    program.args(std::env::args_os().skip(1));
    let failed = restart.prepare(&mut program).err().unwrap_or_else(|| program.exec());
    CliError::Failed(format!("cannot start again in place: {failed}"))
}
