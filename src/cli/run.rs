//! `nashra run`: the daemon.

use std::path::Path;

use super::{CliError, block_on, load, state_folder};
use crate::app::{self, Options};

pub(super) fn main(config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = Options { config_path: config_path.to_path_buf(), state_folder: state_folder(&config) };
    block_on(async { Ok(app::run(options, config).await?) })
}
