//! What tests share: a scripted local origin, temporary folders, waiting for a condition with a deadline.
pub mod daemon;
pub mod entries;
pub mod origin;
pub mod pairs;
pub mod proxy;
pub mod wire;
