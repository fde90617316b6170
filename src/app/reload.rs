//! feeds.toml as a file: found, read, and every mistake in it reported.

use std::path::{Path, PathBuf};

use crate::config::{self, Config, Mistake};
use crate::edge::files;

/// Where feeds.toml is looked for when the command line does not say.
const DEFAULT_PLACES: &[&str] = &["feeds.toml", "/etc/nashra/feeds.toml"];
/// feeds.toml may have this many bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads and checks a feeds.toml. An unreadable file is a mistake like any other.
pub fn load(path: &Path) -> Result<Config, Vec<Mistake>> {
    let file = path.display().to_string();
    let text = files::read_text(path, FILE_BYTES_MAX).map_err(|error| {
        vec![Mistake {
            file: file.clone(),
            line: 1,
            column: 1,
            key: String::new(),
            message: format!("cannot be read: {error}"),
        }]
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    config::read(&text, &file, folder)
}

/// [`load`] for a daemon that runs: a file that was emptied is taken for an accident.
pub(super) fn load_again(path: &Path, has_sources: bool) -> Result<Config, Vec<Mistake>> {
    let config = load(path)?;
    if has_sources && config.sources.is_empty() {
        return Err(vec![Mistake {
            file: path.display().to_string(),
            line: 1,
            column: 1,
            key: "sources".to_owned(),
            message:
                "all sources are gone from the file: keep one with enabled = false, or restart, if that \
                      is meant"
                    .to_owned(),
        }]);
    }
    Ok(config)
}

/// The feeds.toml to use: the one that was named, else the first default that exists, else the first.
pub fn find(named: Option<&Path>) -> PathBuf {
    let default = || {
        let exists = DEFAULT_PLACES.iter().find(|place| files::exists(Path::new(place)));
        PathBuf::from(exists.unwrap_or(&DEFAULT_PLACES[0]))
    };
    named.map_or_else(default, Path::to_path_buf)
}
