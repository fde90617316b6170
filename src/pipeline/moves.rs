//! Sources that move: which permanent redirects are believed, and when.

use url::Url;

use crate::model::{Location, Source, SourceState, Timestamp, Validators};

/// The address to ask in place of the configured one, where the source has moved for good.
pub fn moved_to<'a>(source: &Source, state: &'a SourceState) -> Option<&'a Url> {
    let Location::Web(configured) = &source.location else { return None };
    state.adopted.as_ref().filter(|adopted| adopted.from == *configured).map(|adopted| &adopted.to)
}

/// Ends the quarantine: whoever answers next is the owner, and what comes is read anew.
pub fn accept(state: &mut SourceState, _now: Timestamp) {
    (state.quarantine, state.owner) = (None, None);
    (state.validators, state.document) = (Validators::default(), None);
}
