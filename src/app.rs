//! The only room that sees both sides: it asks the deciding functions and opens the doors.
//!
//! `run` opens and closes the doors, `ending` says how a run ends, `daemon` is the loop of events, `poller` starts fetches, `writer` is the one
//! place that calls `ingest` and `store.apply`, `jobs` are polls that somebody waits for, `row` is what each came
//! to, `items` serves single entries, `packing` compresses documents, `clicks` counts what readers open, `admin`
//! answers the command line, `view` and `notices` are how an admin sees the sources, `entries` and `why` the stored
//! entries, read from the `archive`, `sources` the same where no daemon runs, `probe` asks without storing, as far
//! as a `permit` lets it, `pushes` are the subscriptions at hubs, `hub` ties our own hub to the rest, `mail` is
//! what comes from both, `plan` works out what another feeds.toml would change, `binder` has the pages of archives,
//! `hide` takes entries out of every output, `catalogue` has every document for a host without a daemon, `trouble` says for how
//! long nothing can be written, `reclaim` whether the store takes too much of the disk, `shown` is what readers see before the store is open, `start` what is done until it is, `ports` are
//! where it listens.

mod admin;
mod archive;
mod backup;
mod binder;
mod catalogue;
mod clicks;
mod daemon;
mod ending;
mod entries;
mod finder;
mod hide;
mod hub;
mod in_force;
mod items;
mod jobs;
mod lines;
mod mail;
mod notices;
mod opening;
mod packing;
mod permit;
mod plan;
mod poller;
mod ports;
mod probe;
mod pushes;
mod reclaim;
mod reload;
mod restore;
mod row;
mod run;
mod shown;
mod snapshots;
mod sources;
mod start;
mod trouble;
mod verify;
mod view;
mod why;
mod writer;

pub use backup::stored_backup;
pub use catalogue::{Catalogue, Delivered, DeliveredHead, Listed, is_page, unpacked};
pub use ending::{End, Restart};
pub use entries::{EntryView, Page, Wanted, stored_entries};
pub use hide::{Done, stored_hide};
pub use hub::stored_subscriptions;
pub use in_force::{Beginning, begin};
pub use jobs::Summary;
pub use permit::{Permit, needs_permits, stored_permits};
pub use plan::plan_stored;
pub use probe::{Found, Probe, fetch_document, probe};
pub use reload::{
    find as find_config, folder as config_folder, load as load_config, read_text as config_text,
};
pub use restore::{Restored, stored_restore};
pub use row::{Row, RowStatus, Turn};
pub use run::{Options, poll_once, run};
pub use sources::{Accepted, accept_stored, stored_politeness, stored_sources};
pub use verify::stored_verify;
pub use view::{HintView, HostView, PastView, PushView, RenamedView, SourceView, VolatileView};
pub use why::{Told, stored_why};

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::edge::fetch::FetchSetupError;
use crate::edge::store::StoreError;

/// Why nashra cannot run, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A door that cannot be opened.
    #[error("{what}: {source}")]
    Io {
        /// The place, and what was tried.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The client that asks the sources cannot be set up.
    #[error(transparent)]
    Fetch(#[from] FetchSetupError),
    /// A word on the command line that names nothing.
    #[error("{0}")]
    Usage(String),
}

/// The state folder: `store.path`, else `$STATE_DIRECTORY` as systemd sets it, else `./data`.
pub fn state_folder(config: &Config, state_directory: Option<&Path>) -> PathBuf {
    let configured = config.store.path.clone();
    configured.or_else(|| state_directory.map(Path::to_path_buf)).unwrap_or_else(|| PathBuf::from("data"))
}

/// The socket in the state folder through which the command line speaks to the daemon.
pub fn socket(state_folder: &Path) -> PathBuf {
    state_folder.join("nashra.sock")
}
