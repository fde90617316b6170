//! Sources that move: which permanent redirects are believed, and when.
//!
//! A redirect is followed at once, but believed late: an address is adopted in place of the configured one only
//! when every answer of a week has named it. feeds.toml is never rewritten.

use chrono::TimeDelta;
use url::Url;

use super::text;
use crate::model::{
    Adopted, Fetched, Location, Moving, Problem, Reading, Source, SourceState, Timestamp, Validators,
};

/// How long a source must say the same before it is believed that it has moved.
const BELIEF: TimeDelta = TimeDelta::days(7);
/// An adopted address that fails so often in a row is given up.
const FAILURES_MAX: u32 = 3;

/// The address to ask in place of the configured one, where the source has moved for good.
pub fn moved_to<'a>(source: &Source, state: &'a SourceState) -> Option<&'a Url> {
    let Location::Web(configured) = &source.location else { return None };
    state.adopted.as_ref().filter(|adopted| adopted.from == *configured).map(|adopted| &adopted.to)
}

/// The address that is asked: the adopted one, else the configured one. `None` for files.
pub fn asked<'a>(source: &'a Source, state: &'a SourceState) -> Option<&'a Url> {
    let Location::Web(configured) = &source.location else { return None };
    Some(moved_to(source, state).unwrap_or(configured))
}

/// What a good answer says about where the source is.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// When it came.
    pub at: Timestamp,
    /// Where an unbroken chain of permanent redirects led.
    pub permanent: Option<&'a Url>,
    /// Whether what was found there is the feed that was known before.
    pub same_feed: bool,
    /// Whether it was taken in; a stranger's answer shows where the source leads, but adopts nothing.
    pub is_believed: bool,
}

/// Whether a document that says this of itself is the feed that `state` holds: its id or title is the same, or it
/// `shares_entries` with it. A source of which no document was read at this address is whatever it is.
pub fn is_same_feed(
    state: &SourceState,
    id: Option<&str>,
    title: Option<&str>,
    shares_entries: bool,
) -> bool {
    let folded = |title: Option<&str>| title.map(text::fold).filter(|title| !title.is_empty());
    let same_id = id.is_some() && id == state.feed_id.as_deref();
    let title = folded(title);
    let same_title = title.is_some() && title == folded(state.title.as_deref());
    state.owner.is_none() || same_id || same_title || shares_entries
}

/// Writes into `state` what `answer` says of the source's moving; `old` is the state before it. The problem tells
/// of an adoption.
pub fn follow(
    source: &Source,
    old: &SourceState,
    state: &mut SourceState,
    answer: Answer<'_>,
) -> Option<Problem> {
    let Location::Web(configured) = &source.location else { return None };
    let asked = asked(source, old)?;
    let Some(to) = answer.permanent.filter(|to| *to != asked) else {
        state.moving = None;
        return None;
    };
    let said_before = old.moving.as_ref().filter(|moving| moving.to == *to);
    // A clock that was set back must not put the week off to when it was ahead.
    let since = said_before.map_or(answer.at, |moving| moving.since.min(answer.at));
    // What a stranger showed there decides nothing about the owner who is back.
    let decided = said_before.filter(|_| old.quarantine.is_none() || !answer.is_believed);
    // After the first document of another feed, the second one is the same: one doubt is enough.
    let same_feed = answer.same_feed && decided.is_none_or(|moving| moving.same_feed);
    let is_old = answer.at - since >= BELIEF;
    if !(answer.is_believed && same_feed && (is_old || only_gets_safe(asked, to))) {
        state.moving = Some(Moving { to: to.clone(), since, same_feed });
        return None;
    }
    state.moving = None;
    let adopted = Adopted { from: configured.clone(), to: to.clone(), at: answer.at };
    // One that has moved back needs no other address.
    state.adopted = Some(adopted).filter(|adopted| adopted.to != *configured);
    let how = if is_old { "has redirected for 7 days" } else { "redirects" };
    let message = format!(
        "{asked} {how} to {to} for good, and it is the same feed there: that one is asked from now on; write it as url"
    );
    Some(Problem::new("moved-for-good", message))
}

/// Whether the same address is only asked by https from now on.
fn only_gets_safe(from: &Url, to: &Url) -> bool {
    (from.scheme(), to.scheme()) == ("http", "https")
        && from.host() == to.host()
        && (from.port(), to.port()) == (None, None)
        && (from.path(), from.query()) == (to.path(), to.query())
}

/// After a failure that `state` already counts: gives up an adopted address that has failed too often, or that
/// itself says that nothing is there. The problem tells of it.
pub fn give_up(source: &Source, state: &mut SourceState, fetched: &Fetched) -> Option<Problem> {
    let adopted = moved_to(source, state)?;
    let says_so = matches!(fetched.reading, Reading::Failed(_)) && matches!(fetched.status, Some(404 | 410));
    if state.failures < FAILURES_MAX && !(says_so && is_from(fetched, adopted)) {
        return None;
    }
    let message =
        format!("{adopted}, which it had moved to, answers no more: the configured url is asked again");
    (state.adopted, state.moving) = (None, None);
    // They are another server's.
    state.validators = Validators::default();
    // The configured address has not failed yet, and is asked soon.
    state.failures = 1;
    Some(Problem::new("moved-back", message))
}

/// Whether `url` itself gave the answer, rather than somebody to whom it sent us.
pub fn is_from(fetched: &Fetched, url: &Url) -> bool {
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_fragment(None);
        url
    };
    fetched.manners.url.as_ref().is_none_or(|answered| bare(answered) == bare(url))
}
