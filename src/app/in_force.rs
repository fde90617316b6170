//! The configuration in force, kept in the state folder for a program that takes the place of this one: what feeds.toml
//! says at that moment may be half written, and is no reason to end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::reload;
use crate::config::{self, Config, Mistake};
use crate::edge::files;

/// What it is called in the state folder.
const NAME: &str = "feeds.toml.in-force";
/// Holds where it is, for the program that takes the place of this one.
const VARIABLE: &str = "NASHRA_IN_FORCE";

/// What a program begins with.
#[derive(Debug)]
pub struct Beginning {
    /// What is to be in force.
    pub config: Config,
    /// Whether feeds.toml says something that cannot be: then this is what was in force before.
    pub is_older: bool,
}

/// Reads feeds.toml. Where it is not usable, and this program takes the place of one that ran on another one, that one
/// stays in force.
pub fn begin(path: &Path) -> Result<Beginning, Vec<Mistake>> {
    let kept = std::env::var_os(VARIABLE).map(PathBuf::from);
    let loaded = if kept.is_some() { reload::load_again(path) } else { reload::load(path) };
    let mistakes = match loaded {
        Ok(config) => return Ok(Beginning { config, is_older: false }),
        Err(mistakes) => mistakes,
    };
    let before = kept.and_then(|kept| read(&kept, path));
    before.map(|config| Beginning { config, is_older: true }).ok_or(mistakes)
}

fn read(kept: &Path, path: &Path) -> Option<Config> {
    let text = files::read_text(kept, config::FILE_BYTES_MAX as u64).ok()?;
    usable(&text, path)
}

fn usable(text: &str, path: &Path) -> Option<Config> {
    config::read(text, &path.display().to_string(), reload::folder(path)).ok()
}

/// Keeps what feeds.toml says, where that is usable; else what was kept before stays.
pub(super) fn keep(path: &Path, state_folder: &Path) {
    let Ok(text) = reload::read_text(path) else { return };
    let kept = state_folder.join(NAME);
    let is_known = || files::read_text(&kept, config::FILE_BYTES_MAX as u64).is_ok_and(|known| known == text);
    if is_known() || usable(&text, path).is_none() {
        return;
    }
    let written = files::write_whole(&kept, |out| out.write_all(text.as_bytes()), |_| Ok(()));
    if let Err(error) = written {
        tracing::warn!(%error, "the configuration in force cannot be kept: should feeds.toml be damaged, a restart in place ends");
    }
}

/// Tells the program that takes the place of this one.
pub(super) fn hand_over(command: &mut Command, state_folder: &Path) {
    command.env(VARIABLE, state_folder.join(NAME));
}
