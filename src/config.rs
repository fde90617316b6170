//! `feeds.toml`: text in, [`Config`] or every mistake at once out. Pure: reading the file is `edge`'s.
#![deny(clippy::disallowed_methods)]

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::model::{FetchLimits, Section, Site, Source};

/// A whole feeds.toml, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[site]`.
    pub site: Site,
    /// `[server]`.
    pub server: Server,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[fetch] concurrency` and `per_host`.
    pub fetch: FetchLimits,
    /// The built-in `latest` and every `[sections.ID]`, in the order of the file; `latest` comes first
    /// unless the file places it.
    pub sections: Vec<Section>,
    /// Every `[sources.ID]`, in the order of the file, disabled ones too.
    pub sources: Vec<Source>,
    /// What works but deserves a word, each with its place.
    pub warnings: Vec<Mistake>,
}

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where readers connect.
    pub listen: SocketAddr,
    /// Where admins connect, beside the unix socket in the state folder.
    pub admin: Option<SocketAddr>,
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// `None`: `$STATE_DIRECTORY`, else `./data`.
    pub path: Option<PathBuf>,
    /// Days that an entry is kept after its source last listed it.
    pub keep_days: u32,
}

/// A mistake at its place; `Display` writes `feeds.toml:LINE:COL: sources.x.schedule: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the admin named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The dotted key, or empty for the file as a whole.
    pub key: String,
    /// What is wrong and what to write instead.
    pub message: String,
}
