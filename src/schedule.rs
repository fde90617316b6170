//! When to ask which source. Pure: `now` is an argument.
//!
//! `parse` reads what an admin wrote, `first_at` and `next_at` give one source its next moment, `due` picks
//! from all of them. `told` lists what a source says about when to come again; `settle` completes the state of
//! a source after a poll, `judge` says how it is, `watch_health` writes that down. `push` decides on subscriptions at
//! hubs, `shift` keeps waits as they are when the clock jumps. The crate `cron` lives in `crontab.rs`.
#![deny(clippy::disallowed_methods)]

mod crontab;
mod due;
mod field;
mod health;
mod hints;
mod moments;
mod parse;
mod plan;
pub mod push;
mod rhythm;
mod settle;
mod shift;

pub use due::{Due, Lull, due};
pub use health::judge;
pub use hints::{Told, told};
pub use parse::parse;
pub use plan::{earliest_ask, first_at, next_at};
pub use settle::{settle, watch_health};
pub use shift::shift;
