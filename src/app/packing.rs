//! Compresses what readers are shown, beside the loop that shows it: a commit waits for no encoder.
//!
//! Until a document is compressed, it is sent as it is; its entity tags are known all the while and do not change.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};

use super::writer::Front;
use crate::model::{Coding, Document, Published};

/// What nearly every reader takes is made at once, for it costs little.
const AT_ONCE: &[Coding] = &[Coding::Gzip];
/// What makes documents smaller still, once it is calm.
const IN_TIME: &[Coding] = &[Coding::Br, Coding::Zstd];
/// Documents that are about to be replaced are not worth more: so long after an edition the next one is waited for.
const QUIET: Duration = Duration::from_millis(300);
/// But when editions follow one another for so long, the last of them is done all the same.
const HURRY: Duration = Duration::from_millis(600);

/// At a start the store is opened first: that takes less, or so long that readers are better off with both.
const STORE_FIRST: Duration = Duration::from_secs(5);

/// Compresses every edition, until nobody makes any more.
pub(super) async fn keep_packed(front: Front, mut editions: watch::Receiver<()>) {
    if let Ok(Err(_)) = timeout(STORE_FIRST, editions.changed()).await {
        return;
    }
    let mut since = Instant::now();
    loop {
        editions.mark_unchanged();
        let published = front.load_full();
        pack(&published, AT_ONCE, &editions).await;
        match timeout_at((since + HURRY).min(Instant::now() + QUIET), editions.changed()).await {
            Ok(Ok(())) => continue,
            Ok(Err(_)) => return,
            Err(_) => pack(&published, IN_TIME, &editions).await,
        }
        if editions.changed().await.is_err() {
            return;
        }
        since = Instant::now();
    }
}

/// Every document in one coding, then in the next: as far as there is no newer edition.
async fn pack(published: &Published, codings: &[Coding], editions: &watch::Receiver<()>) {
    for coding in codings.iter().copied() {
        let is_wanting =
            |document: &&Arc<Document>| document.is_worth_packing() && !document.is_ready(coding);
        for document in published.documents.values().filter(is_wanting).map(Arc::clone) {
            if editions.has_changed().unwrap_or(true) {
                return;
            }
            let packed = spawn_blocking(move || document.body(coding).is_some()).await;
            if !packed.unwrap_or_default() {
                tracing::error!(
                    coding = coding.name(),
                    "a document cannot be compressed: it is sent as it is"
                );
            }
        }
    }
}
