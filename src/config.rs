//! `feeds.toml`: text in, [`Config`] or every mistake at once out. Pure: reading the file is `edge`'s.
#![deny(clippy::disallowed_methods)]

mod auth;
mod headers;
mod hub;
mod location;
mod manners;
mod mirrors;
mod network;
mod notes;
mod policy;
mod portal;
mod push;
mod rules;
mod sections;
mod sources;
mod table;
mod values;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use url::Url;

use crate::model::{FetchLimits, FetchPolicy, PushOut, Section, Site, Source};
use notes::Notes;
use table::{Keys, Table};

/// The largest feeds.toml that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 16 << 20;

const ROOT_KEYS: Keys = Keys {
    known: &["site", "server", "store", "fetch", "publish", "sections", "sources"],
    planned: &[],
    elsewhere: &[
        (&["url", "schedule"], "in [sources.ID]"),
        (&["title", "language", "timezone", "contact"], "in [site]"),
        (&["section"], "as [sections.ID]"),
        (&["source"], "as [sources.ID]"),
    ],
};

/// Reads feeds.toml, or says everything that is wrong with it, in the order of the text.
///
/// `file` is the name shown in mistakes. `file:` sources and `store.path` are resolved against `folder`,
/// which should be the folder of the file. Nothing is looked up: neither files nor hosts nor variables.
pub fn read(text: &str, file: &str, folder: &Path) -> Result<Config, Vec<Mistake>> {
    let mut notes = Notes::default();
    if text.len() > FILE_BYTES_MAX {
        notes.mistake(0, "", format!("the file is larger than {} MiB: split it", FILE_BYTES_MAX >> 20));
        return Err(notes.finish("", file).0);
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    notes.broken = !errors.is_empty();
    for error in errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        notes.mistake(at, "", syntax_message(error.message()));
    }
    let config = read_root(&Table::root(root.get_ref()), folder, &mut notes);
    let (mistakes, warnings) = notes.finish(text, file);
    if mistakes.is_empty() { Ok(Config { warnings, ..config }) } else { Err(mistakes) }
}

fn read_root(root: &Table<'_>, folder: &Path, notes: &mut Notes) -> Config {
    root.check_keys(&ROOT_KEYS, notes);
    let mut site = portal::read_site(root.get("site"), notes);
    let server = portal::read_server(root.get("server"), notes);
    let store = portal::read_store(root.get("store"), folder, notes);
    let address: Option<Url> = site.url.parse().ok();
    let unreachable = address.as_ref().and_then(push::unreachable);
    let defaults = policy::Defaults::read(root.get("fetch"), folder, unreachable.is_none(), notes);
    let (limits, count_clicks, push_out) = portal::read_publish(root.get("publish"), &mut site, notes);
    hub::name(&push_out, &mut site);
    let sections = sections::read(root.get("sections"), limits, &site.language, notes);
    let section_ids = sections::ids(root.get("sections"));
    let around = sources::Surroundings {
        keep_entries: store.keep_entries,
        folder,
        defaults: &defaults,
        sections: &sections,
        section_ids: &section_ids,
        site: address,
        listen: server.listen,
        admin: server.admin,
    };
    let sources = sources::read(root.get("sources"), &around, notes);
    Config {
        site,
        server,
        store,
        fetch: defaults.limits,
        fetch_policy: defaults.policy,
        count_clicks,
        push_out,
        unreachable,
        sections,
        sources,
        warnings: vec![],
    }
}

/// The parser's words, with a remedy where they need one.
fn syntax_message(message: &str) -> String {
    let message = message.strip_suffix(", expected literal string").unwrap_or(message);
    let remedy = match message {
        "duplicate key" => ": each name may stand only once: rename or remove one",
        _ if message.contains("string values must be quoted") => ": write \"…\" around it",
        _ => "",
    };
    format!("this is not TOML: {message}{remedy}")
}

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
    /// The rest of `[fetch]`, as it holds where a source does not say otherwise.
    pub fetch_policy: FetchPolicy,
    /// `[publish] count_clicks`: whether it is counted which stories readers open.
    pub count_clicks: bool,
    /// `[publish] hub` and `rsscloud`.
    pub push_out: PushOut,
    /// Why no hub can reach `site.url`, in one sentence; then only sources that say `push = true` are pushed.
    pub unreachable: Option<String>,
    /// The built-in `latest` and `most-read` and every `[sections.ID]`, in the order of the file; unless it
    /// places them, `latest` comes first and `most-read` last.
    pub sections: Vec<Section>,
    /// Every `[sources.ID]`, in the order of the file, disabled ones too.
    pub sources: Vec<Source>,
    /// What works but deserves a word, each with its place.
    pub warnings: Vec<Mistake>,
}

impl Config {
    /// What works as it is written, but perhaps not as the admin believes.
    pub fn remarks(&self) -> Vec<String> {
        let is_open = self.push_out.is_hub || self.push_out.is_cloud;
        let why = self.unreachable.as_ref().filter(|_| is_open);
        why.map(|why| format!("{why}: our own hub works for readers nearby only")).into_iter().collect()
    }
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
    /// Bytes of the disk that are left free; `None`: a small part of it.
    pub min_free_bytes: Option<u64>,
    /// Entries of a source that are kept, where it does not say otherwise; what it lists is kept in any case.
    pub keep_entries: u32,
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

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, key, message } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(message)
    }
}

impl std::error::Error for Mistake {}
