//! `nashra run`: the daemon.

use std::path::Path;

use super::{CliError, block_on, load, options};
use crate::app;

pub(super) fn main(config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    block_on(async { Ok(app::run(options, config).await?) })
}
