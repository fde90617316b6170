//! feeds.toml as a file: found, read, and every mistake in it reported.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{self, Config, Mistake, Server};
use crate::edge::files;

/// Where feeds.toml is looked for when the command line does not say.
const DEFAULT_PLACES: &[&str] = &["feeds.toml", "/etc/nashra/feeds.toml"];

/// Reads and checks a feeds.toml. An unreadable file is a mistake like any other.
pub fn load(path: &Path) -> Result<Config, Vec<Mistake>> {
    config::read(&read_text(path)?, &path.display().to_string(), folder(path))
}

/// The same for a daemon that runs on another one: nothing that it could wait for is waited for.
pub(in crate::app) fn load_again(path: &Path) -> Result<Config, Vec<Mistake>> {
    files::expect_ordinary(path).map_err(|error| unreadable(path, &error))?;
    load(path)
}

/// The text of a feeds.toml.
pub fn read_text(path: &Path) -> Result<String, Vec<Mistake>> {
    files::read_text(path, config::FILE_BYTES_MAX as u64).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Vec<Mistake> {
    vec![Mistake {
        file: path.display().to_string(),
        line: 1,
        column: 1,
        key: String::new(),
        message: format!("cannot be read: {error}"),
    }]
}

/// The folder that a feeds.toml stands in, which relative paths in it begin at.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The feeds.toml to use: the one that was named, else the first default that exists, else the first.
pub fn find(named: Option<&Path>) -> PathBuf {
    let default = || {
        let exists = DEFAULT_PLACES.iter().find(|place| files::exists(Path::new(place)));
        PathBuf::from(exists.unwrap_or(&DEFAULT_PLACES[0]))
    };
    named.map_or_else(default, Path::to_path_buf)
}

/// What a running daemon cannot change.
pub(super) struct AtStart {
    server: Server,
    store_path: Option<PathBuf>,
}

impl AtStart {
    pub(super) fn of(config: &Config) -> Self {
        Self { server: config.server.clone(), store_path: config.store.path.clone() }
    }

    /// Says which keys of a configuration have to wait.
    pub(super) fn warn(&self, config: &Config) {
        let AtStart { server, store_path } = self;
        if config.server.listen != server.listen {
            let (now, wanted) = (server.listen, config.server.listen);
            tracing::warn!(%now, %wanted, "server.listen takes effect at the next start");
        }
        if config.server.admin != server.admin {
            let (now, wanted) = (server.admin, config.server.admin);
            tracing::warn!(?now, ?wanted, "server.admin takes effect at the next start");
        }
        if config.store.path != *store_path {
            let (now, wanted) = (store_path, &config.store.path);
            tracing::warn!(?now, ?wanted, "store.path takes effect at the next start");
        }
    }
}
