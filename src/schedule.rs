//! When to ask which source. Pure: `now` is an argument.
//!
//! `parse` reads what an admin wrote, `first_at` and `next_at` give one source its next moment, `due` picks
//! from all of them. The crate `cron` lives in `crontab.rs`.
#![deny(clippy::disallowed_methods)]

mod crontab;
mod due;
mod field;
mod parse;
mod plan;
mod settle;

pub use due::{Due, due};
pub use parse::parse;
pub use plan::{earliest_ask, first_at, next_at};
pub use settle::settle;
