//! The one integration binary: `cargo test --test it`.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod admin;
mod backup;
mod cli;
mod clock;
mod config;
mod daemon;
mod entries;
mod fault;
mod fetch;
mod hub;
mod identity;
mod ingest;
mod kit;
mod lives;
mod moves;
mod normalize;
mod opening;
mod parse;
mod plan;
mod publish;
mod pushes;
mod render;
mod sanitize;
mod schedule;
mod search;
mod section;
mod serve;
mod service;
mod sources;
mod store;
mod story;
mod tidy;
mod watch;
mod why;
mod window;
