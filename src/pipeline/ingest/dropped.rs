//! What of a document is not taken in: remembered, so that whoever asks for it is told why.

use super::bounded;
use crate::model::{Dropped, DroppedReason, EntryKey, Feed, FeedEntry};
use crate::pipeline::dedupe::{Keyed, Repetition};
use crate::pipeline::link;

/// The entries of `feed` that nobody gets to see by themselves. `keys` are those of `entries`, in their order.
pub(super) fn of(
    feed: &Feed,
    entries: &[Keyed<'_>],
    repeated: &[Repetition<'_>],
    keys: &[EntryKey],
) -> Vec<Dropped> {
    let empty = feed.empty.iter().map(|said| dropped(said, DroppedReason::Empty));
    let beyond = feed.entries.iter().skip(bounded(feed).len());
    let beyond = beyond.map(|said| dropped(said, DroppedReason::TooMany));
    let repeated = repeated.iter().filter_map(|Repetition { said, of }| {
        let first = entries.get(*of)?.said;
        // Whoever asks for one that is called the same finds the entry itself.
        let is_called_otherwise = said.id != first.id || said.link != first.link;
        let reason = DroppedReason::Repeats { entry: *keys.get(*of)? };
        is_called_otherwise.then(|| dropped(said, reason))
    });
    empty.chain(repeated).chain(beyond).take(Dropped::OF_ONE_DOCUMENT_MAX).collect()
}

fn dropped(said: &FeedEntry, reason: DroppedReason) -> Dropped {
    let link = said.link.clone();
    let page = link.as_deref().and_then(link::canonical).filter(|page| Some(page) != link.as_ref());
    Dropped { id: said.id.clone(), title: said.title.clone(), link, page, reason }
}
