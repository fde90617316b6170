//! What the writer does with what cannot be written at the moment.

use std::collections::HashSet;

use super::Writer;
use crate::app::poller::Brought;
use crate::edge::store::{ObstacleKind, StoreError};
use crate::model::SourceId;

impl Writer {
    /// What has come, behind what could not be written before.
    pub(in crate::app) fn with_held(&mut self, batch: Vec<Brought>) -> Vec<Brought> {
        let mut all = std::mem::take(&mut self.held);
        all.extend(batch);
        all
    }

    /// Whose answers could not be written yet.
    pub(in crate::app) fn held(&self) -> HashSet<SourceId> {
        self.held.iter().map(|brought| brought.source.clone()).collect()
    }
}

/// What cannot be written now does not keep anybody from reading: it is told, and done by the next start.
pub(super) fn as_far_as_possible<T: Default>(result: Result<T, StoreError>) -> Result<T, StoreError> {
    match result {
        Err(error) if error.obstacle().is_some_and(|one| one.kind != ObstacleKind::Broken) => {
            tracing::warn!(%error, "something could not be written down: the next start does it");
            Ok(T::default())
        }
        other => other,
    }
}
