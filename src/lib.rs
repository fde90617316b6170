//! nashra: reads RSS, Atom and JSON feeds, keeps one copy of each story, publishes merged feeds.
//!
//! Four pure functions decide (`schedule::due`, `pipeline::ingest`, `pipeline::publish`,
//! `edge::serve::respond`), three doors act (`edge::fetch`, `edge::store`, `edge::serve`), and `app` is
//! the only room that sees both. ARCHITECTURE.md is the map.

pub mod app;
pub mod cli;
pub mod config;
pub mod edge;
pub mod model;
pub mod pipeline;
pub mod schedule;
