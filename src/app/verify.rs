//! The store, the journal and the snapshots against each other.

use std::path::PathBuf;
use std::sync::Arc;

use super::AppError;
use super::Options;
use crate::edge::admin::AdminResponse;
use crate::edge::store::{Holes, Lock, Store, StoreError, Verified, verify_without};

/// Looks everything through where no daemon runs. Nothing is mended: a store that cannot be opened is a finding.
pub fn stored_verify(options: &Options) -> Result<Verified, AppError> {
    let folder = &options.state_folder;
    if !Store::exists(folder) {
        return Err(AppError::Usage(format!("{}: there is no store to look through", folder.display())));
    }
    let lock = Lock::take(folder)?;
    match Store::open_locked(lock, Holes::Refused) {
        Ok(store) => Ok(store.verify(folder)?),
        Err(error @ StoreError::InUse(_)) => Err(error.into()),
        Err(error) => Ok(verify_without(folder, &error)),
    }
}

/// The same beside a running daemon, which goes on meanwhile.
pub(super) async fn answer(store: Arc<Store>, state_folder: PathBuf) -> AdminResponse {
    let verified = tokio::task::spawn_blocking(move || store.verify(&state_folder)).await;
    match verified {
        Ok(Ok(verified)) => AdminResponse::json(200, &serde_json::json!(verified)),
        Ok(Err(error)) => AdminResponse::text(500, &error.to_string()),
        Err(error) => AdminResponse::text(500, &error.to_string()),
    }
}
