//! Hubs: which ones a source names, and what they bring. A pushed document is a part, as an answer 226 is: what it does
//! not list is still there. Nothing that polling goes by is touched by it: validators, the hash of the document, health,
//! waits.

use super::desk::{Listing, take_in};
use super::{Prepared, place};
use crate::model::{Feed, Fetched, Known, Push, Reading, SourceState, Timestamp, Update};
use crate::pipeline::{moves, owner, rhythm};

/// Notes which hubs a whole answer names, and what it calls itself. Headers go before the document (WebSub §4).
/// `feed` is what the document says; `None` where it was not read again, and so only what is new in headers counts.
pub(super) fn name_hubs(state: &mut SourceState, feed: Option<&Feed>, fetched: &Fetched) {
    let links = &fetched.manners.links;
    let is_said = feed.is_some() || !links.hubs.is_empty() && links.own.is_some();
    if !is_said {
        return;
    }
    let hubs =
        if links.hubs.is_empty() { feed.map(|feed| &feed.hubs[..]).unwrap_or_default() } else { &links.hubs };
    let is_good = |url: &&String| {
        url.len() <= Push::URL_BYTES_MAX
            && url.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"))
    };
    let hubs: Vec<String> = hubs.iter().filter(is_good).take(Push::HUBS_MAX).cloned().collect();
    let own = links.own.as_ref().or_else(|| feed?.self_url.as_ref());
    let topic = own.filter(is_good).filter(|_| !hubs.is_empty()).cloned();
    if topic.is_none() && state.push.is_none() {
        return;
    }
    let push = state.push.get_or_insert_default();
    push.hubs = if topic.is_some() { hubs } else { vec![] };
    (push.topic, push.base) = (topic, fetched.manners.url.clone());
}

impl Prepared<'_> {
    /// Decides what a pushed document changes; why it is thrown away where it is. Pure, as
    /// [`Prepared::ingest`], which it is to no more than what a poll could be.
    pub fn take_pushed(&self, state: &SourceState, known: &Known, now: Timestamp) -> Result<Update, String> {
        let Self { source, fetched, listed } = self;
        let feed = match &fetched.reading {
            Reading::Feed { feed, .. } => feed,
            Reading::Unchanged { .. } => return Err("it is empty".to_owned()),
            Reading::NotAFeed(why) => return Err(why.clone()),
            Reading::Failed(error) => return Err(error.message.clone()),
        };
        if state.place != Some(place(source)) || state.ok_at.is_none() {
            return Err("nothing was polled at this address yet".to_owned());
        }
        if let Some(quarantine) = state.quarantine.as_ref().filter(|_| !source.trust) {
            return Err(format!("the source is quarantined: {}", quarantine.why));
        }
        let listing = Listing::of(listed, state, known, true);
        let base = state.push.as_ref().and_then(|push| push.base.as_ref());
        let showing = owner::Showing::of(feed, base.or(moves::asked(source, state)));
        if !source.trust {
            if let Some(why) = owner::stranger(state, &showing, listing.is_known(known)) {
                return Err(why);
            }
            // Titles say less: a well-known hub gives all its feeds one of its own.
            let ids = feed.id.as_ref().zip(state.feed_id.as_ref());
            if ids.is_some_and(|(id, known)| id != known) && !listing.shares_entries() {
                return Err("it is another feed than the one that is polled".to_owned());
            }
        }
        let mut update = Update::about(source.id.clone(), state.clone(), now);
        take_in(source, state, known, feed, listing, now, &mut update);
        rhythm::learn(&mut update.state.rhythm, &update.new, now);
        Ok(update)
    }
}
