//! When to ask which source. Pure: `now` is an argument.
#![deny(clippy::disallowed_methods)]
