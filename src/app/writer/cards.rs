//! How readers see the sources, and what it means for entries when that changes.

use std::sync::Arc;

use super::Writer;
use crate::model::{Location, Source, SourceCard, SourceState, Update};
use crate::pipeline;

/// What a poll has changed about how readers see its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CardChange {
    None,
    /// Documents show it.
    Shown,
    /// Older entries may belong to other sections now: the window is to be filled anew.
    MovesEntries,
}

impl Writer {
    /// Brings what a poll says of its source into the window.
    pub(super) fn show_source(&mut self, update: &Update) -> CardChange {
        let Some(source) = self.sources.get(&update.source) else { return CardChange::None };
        let card = Arc::new(card(source, Some(&update.state)));
        let Some(old) = self.window.sources.insert(source.id.clone(), Arc::clone(&card)) else {
            return CardChange::Shown;
        };
        if *old == *card {
            return CardChange::None;
        }
        // What comes with the first answer is all that there is, and is sorted by what the answer says.
        let is_first = !update.new.is_empty() && update.new.iter().all(|entry| entry.backfill);
        if old.language != card.language && !is_first && self.edition.sorter.asks_language() {
            return CardChange::MovesEntries;
        }
        CardChange::Shown
    }
}

/// How readers see a source: the admin's words first, then the feed's own.
pub(super) fn card(source: &Source, state: Option<&SourceState>) -> SourceCard {
    let feed_url = match &source.location {
        Location::Web(url) => Some(url.to_string()),
        Location::File(_) => None,
    };
    let own = |field: fn(&SourceState) -> &Option<String>| state.and_then(|state| field(state).clone());
    let feed_id = own(|state| &state.feed_id).or_else(|| feed_url.clone());
    SourceCard {
        id: source.id.clone(),
        title: source
            .title
            .clone()
            .or_else(|| own(|state| &state.title))
            .unwrap_or_else(|| source.id.0.clone()),
        link: own(|state| &state.link),
        feed_id: feed_id.unwrap_or_else(|| pipeline::source_id(&source.id)),
        feed_url,
        language: own(|state| &state.language),
        image: own(|state| &state.image),
        rights: own(|state| &state.rights),
    }
}
