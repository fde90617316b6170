//! The only I/O of the house: clock, fetch, store, serve, hub and what the system offers beside them.

pub mod admin;
pub mod clock;
pub mod editions;
pub mod fault;
pub mod fetch;
pub mod files;
pub mod folder;
pub mod hub;
pub mod journal;
pub mod listeners;
pub mod log;
pub mod room;
pub mod serve;
pub mod snapshot;
pub mod stop;
pub mod store;
pub mod systemd;
pub mod watch;
pub mod websub;
