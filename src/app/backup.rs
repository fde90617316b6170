//! A copy of the whole store in one file, made while everything goes on.

use std::io::Write;
use std::sync::Arc;

use super::opening::open_here;
use super::{AppError, Options};
use crate::edge::admin::{AdminResponse, Source};
use crate::edge::clock;
use crate::edge::snapshot::Summary;
use crate::edge::store::{Store, StoreError};

/// What a snapshot is, for whoever asks for one.
const SNAPSHOT: &str = "application/octet-stream";

/// Writes the store to `out`, where no daemon runs.
pub fn stored_backup(options: &Options, out: impl Write) -> Result<Summary, AppError> {
    if !Store::exists(&options.state_folder) {
        let folder = options.state_folder.display();
        return Err(AppError::Usage(format!("{folder}: there is no store to back up")));
    }
    Ok(open_here(options)?.snapshot(out, clock::now(), || {})?)
}

/// Answers with the store, which is written on a thread of its own.
pub(super) fn answer(store: &Arc<Store>) -> AdminResponse {
    let (answer, source) = AdminResponse::pieces(SNAPSHOT);
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || match write(&store, source) {
        Ok(Summary { sequence, bytes, .. }) => tracing::info!(sequence, bytes, "a backup was taken"),
        Err(error) => tracing::warn!(%error, "a backup was not taken to its end"),
    });
    answer
}

fn write(store: &Store, mut source: Source) -> Result<Summary, StoreError> {
    let summary = store.snapshot(&mut source, clock::now(), || {})?;
    source.end().map_err(|error| StoreError::Snapshot(error.into()))?;
    Ok(summary)
}
