//! Whether the store takes too much of the disk, and what becomes of that: looked at behind each snapshot, which says
//! what the store holds.

use std::path::Path;

use crate::edge::fault;
use crate::edge::store::{Bounds, Helper, Reclaimed, Size, Store, StoreError, Verdict, judge};
use crate::model::Timestamp;

/// Makes the store anew from its newest snapshot where it takes far more than `live_bytes`. Says whether it is to be
/// opened anew, to take the new one. `breathe` is called again and again, and may give it up: then, and where it fails, the
/// admin hears of it unless `is_over`.
pub(super) fn make_anew_if_worth_it(
    store: &Store,
    helper: Option<&Helper>,
    snapshot: &Path,
    live_bytes: u64,
    now: Timestamp,
    breathe: impl FnMut() -> Result<(), StoreError>,
    is_over: impl Fn() -> bool,
) -> bool {
    let figures = store.figures(live_bytes, now);
    let Size { disk_bytes, .. } = figures.now;
    let (takes, holds) = (mib(disk_bytes), mib(live_bytes));
    match judge(&figures, &bounds()) {
        Verdict::MakeAnew => {}
        Verdict::NoRoom { wanted_bytes } => {
            let wanted = mib(wanted_bytes);
            tracing::warn!(
                "the store takes {takes} for {holds} of entries: with {wanted} more on the disk it could be made anew"
            );
            return false;
        }
        verdict @ (Verdict::Small | Verdict::Dense | Verdict::TriedJustNow) => {
            tracing::debug!(?verdict, disk_bytes, live_bytes, "the store stays as it is");
            return false;
        }
    }
    tracing::info!(
        "the store takes {takes} for {holds} of entries: it is made anew beside, which takes a while"
    );
    match store.make_anew(helper, snapshot, figures.now, now, breathe) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the store could not be made anew: it is tried again in a day");
            if !is_over()
                && let Err(error) = store.note_not_made(figures.now, &error)
            {
                tracing::warn!(%error, "that cannot be written down");
            }
            false
        }
    }
}

/// What the admin hears when all is done.
pub(super) fn tell(reclaimed: Result<Reclaimed, StoreError>) {
    let Reclaimed { old, disk_bytes } = match reclaimed {
        Ok(reclaimed) => reclaimed,
        Err(error) => {
            tracing::warn!(%error, "the store is made anew, but the old one is still there: the next start removes it");
            return;
        }
    };
    let (took, holds) = (mib(old.disk_bytes), mib(old.live_bytes));
    let given_back_bytes = old.disk_bytes.saturating_sub(disk_bytes);
    tracing::info!(
        given_back_bytes,
        "the store took {took} for {holds} of entries: made anew, {} given back",
        mib(given_back_bytes)
    );
}

fn bounds() -> Bounds {
    let Bounds { floor_bytes, times_max, grown_percent, interval_seconds } = Bounds::default();
    Bounds {
        floor_bytes: fault::limit("reclaim.floor", floor_bytes),
        times_max: fault::limit("reclaim.times", times_max),
        grown_percent: fault::limit("reclaim.grown", grown_percent),
        interval_seconds: fault::limit("reclaim.interval", interval_seconds),
    }
}

/// For people.
pub(super) fn mib(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_mebibytes() {
        for (bytes, expected) in [(0, "0.0 MiB"), (1 << 19, "0.5 MiB"), ((200 << 20) - 1, "199.9 MiB")] {
            assert_eq!(mib(bytes), expected);
        }
    }
}
