//! The sentences: what was decided on an entry, and why, in plain English.

use std::sync::Arc;

use chrono::SecondsFormat;

use super::search::own_id;
use super::{Case, Dates, Identified, PublishedId, Relative};
use crate::model::{
    DateOrigin, DroppedReason, Entry, Event, IdentityKind, KeyKind, StoryReason, Stub, Timestamp, What,
};
use crate::pipeline::{decide, story};

/// A moment as RFC 3339 writes it, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An entry in a sentence: by its title, else by its id.
pub(super) fn quoted(title: Option<&str>, id: &str, source: &str) -> String {
    title.map_or_else(|| format!("{id} of {source}"), |title| format!("“{title}” of {source}"))
}

fn named(relative: &Relative) -> String {
    quoted(relative.title.as_deref(), &relative.id, &relative.source)
}

pub(super) fn identity(entry: &Entry, keys: &[(KeyKind, usize)]) -> Identified {
    let count = |kind| keys.iter().find(|(one, _)| *one == kind).map_or(0, |(_, count)| *count);
    let (guids, links, titles) = (count(KeyKind::Guid), count(KeyKind::Link), count(KeyKind::Dated));
    let by = match entry.identity.kind {
        IdentityKind::Guid if guids > Event::RENAMES_MAX + 1 => {
            "by the guid that it came with; its source changes it again and again"
        }
        IdentityKind::Guid => "by its guid",
        IdentityKind::Link => "by its link: its source gives no guid, or none that tells its entries apart",
        IdentityKind::Content => {
            "by its title and text: its source gives neither guid nor link that tells its entries apart"
        }
    };
    let some = |count: usize, what: &str| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    let known: Vec<String> =
        [some(guids, "guid"), some(links, "link"), some(titles, "title")].into_iter().flatten().collect();
    let text = match known.as_slice() {
        [] => by.to_owned(),
        known => format!("{by} (it is found by {})", known.join(", ")),
    };
    let value = entry.identity.value.clone();
    Identified { kind: entry.identity.kind, value, guids, links, titles, text }
}

pub(super) fn published_id(entry: &Entry, holder: Option<&Relative>) -> PublishedId {
    let given = own_id(entry);
    let own = given.as_ref() == Some(&entry.id);
    let is_made = decide::made_id(&entry.source, &entry.identity) == entry.id;
    let why = match (&given, entry.identity.kind) {
        _ if own => "the source's own".to_owned(),
        (Some(given), _) => {
            let who = holder.map_or_else(|| "another entry".to_owned(), named);
            format!("made here: the source gives {given}, and {who} had that id first")
        }
        (None, IdentityKind::Guid) => {
            "made here from source and guid: the guid is no URL, tag: or urn: that readers could use"
                .to_owned()
        }
        (None, IdentityKind::Link) => "made here from source and link: there is no guid to use".to_owned(),
        (None, IdentityKind::Content) => "made here from source and text: there is no guid to use".to_owned(),
    };
    let again = if own || is_made { "" } else { "; the id that would be made usually was taken as well" };
    let text = format!("{why}{again}");
    PublishedId { id: entry.id.clone(), own, taken_by: holder.filter(|_| !own).cloned(), text }
}

pub(super) fn dates(entry: &Entry) -> Dates {
    let (published, updated) = (entry.said.published, entry.said.updated);
    let first = moment(entry.first_seen);
    let given = published.or(updated);
    let mut text = match entry.dated {
        DateOrigin::Source => "as the source says".to_owned(),
        DateOrigin::SourceUpdated => {
            "the source gives no date of publication; its date of change counts".to_owned()
        }
        DateOrigin::Missing => {
            format!("the source gave no date, or none that could be read; first seen ({first}) counts")
        }
        DateOrigin::Future => format!("the source gave a date in the future; first seen ({first}) counts"),
        DateOrigin::Absurd => {
            format!("the source gave the beginning of some calendar; first seen ({first}) counts")
        }
    };
    let counted = match entry.dated {
        DateOrigin::Source | DateOrigin::SourceUpdated => Some(entry.published),
        DateOrigin::Missing => None,
        DateOrigin::Absurd => given.filter(|at| DateOrigin::is_absurd(*at)),
        // Which moment it was is not known any more, where the source has changed it.
        DateOrigin::Future => given.filter(|at| *at > entry.first_seen),
    };
    let now = match given {
        Some(at) if entry.dated == DateOrigin::Future && counted == given => {
            text = format!("the source gives {}, the future then; first seen counts", moment(at));
            String::new()
        }
        Some(at) if entry.dated == DateOrigin::Absurd && counted == given => {
            let at = moment(at);
            text = format!("the source gives {at}, which stands for no date at all; first seen counts");
            String::new()
        }
        _ if given == counted => String::new(),
        Some(at) => format!("; now it says {}, which changes nothing", moment(at)),
        None => "; now it gives none, which changes nothing".to_owned(),
    };
    text.push_str(&now);
    Dates {
        published: entry.published,
        origin: entry.dated,
        said_published: published,
        said_updated: updated,
        text,
    }
}

pub(super) fn story(entry: &Entry, matched: Option<&Relative>, members: &[Arc<Entry>]) -> String {
    let others = members.len().saturating_sub(1);
    let with = match (matched, entry.matched) {
        (Some(matched), _) => named(matched),
        (None, Some(_)) => "an entry that is stored no more".to_owned(),
        // Records of earlier versions.
        (None, None) => "an entry of another source; which one was not recorded".to_owned(),
    };
    let score = entry.matched.map_or(100, |matched| matched.score_percent);
    match entry.story_reason {
        StoryReason::First if others == 0 => "stands alone: no other source tells it".to_owned(),
        StoryReason::First if others == 1 => {
            "the first of its story; one other entry tells it too".to_owned()
        }
        StoryReason::First => format!("the first of its story; {others} other entries tell it too"),
        StoryReason::SameLink => format!("the same link as {with}"),
        StoryReason::SameTitle => format!("the same title as {with}, within 72 hours"),
        StoryReason::Mirror => format!("the same page as {with}, at a mirror (mirror_of)"),
        StoryReason::NearDuplicate => {
            format!("nearly the same title as {with}: {score} % alike, within 72 hours")
        }
        StoryReason::SameText => {
            format!("told by the texts, not by the titles: {score} % alike with {with}, within 72 hours")
        }
    }
}

/// What keeps two entries apart that have the same link or title.
pub(super) fn apart(entry: &Entry, other: &Entry, alike: StoryReason, told_before: Option<&Entry>) -> String {
    let same = if alike == StoryReason::SameLink { "link" } else { "title" };
    let name = quoted(other.said.title.as_deref(), &other.id, &other.source.0);
    let hours = (entry.published - other.published).num_hours().abs();
    let why = if other.source == entry.source {
        "one source's entries are never hidden behind one another".to_owned()
    } else if hours >= story::WINDOW_HOURS {
        format!("they were published {hours} hours apart, and a story lasts {}", story::WINDOW_HOURS)
    } else if let Some(told) = told_before {
        let earlier = quoted(told.said.title.as_deref(), &told.id, &told.source.0);
        format!("its source tells this story already, with {earlier}")
    } else if same == "title" {
        "their texts differ, or one source uses the title again and again".to_owned()
    } else {
        "when they came, their links or dates were others".to_owned()
    };
    format!("not one story with {name}, which has the same {same}: {why}")
}

pub(super) fn event(what: &What, returned: bool) -> String {
    match what {
        What::Changed { parts, meaningful, .. } => {
            let told = if *meaningful { "readers were told" } else { "taken in quietly" };
            let back = if returned { ": back to what it was before" } else { "" };
            format!("changed {} ({told}){back}", parts.join(", "))
        }
        What::Renamed { id: Some(id) } => format!("its source calls it {id} now; it keeps its id here"),
        What::Renamed { id: None } => "its source gives it no id any more; it keeps its id here".to_owned(),
        What::Moved { from: Some(from) } => format!("its page has moved; it was at {from}"),
        What::Moved { from: None } => "it has got a page".to_owned(),
        What::Hidden { story: false } => "the admin took it out of every output".to_owned(),
        What::Hidden { story: true } => {
            "the admin took it out of every output with its whole story".to_owned()
        }
        What::Unhidden => "the admin let it back".to_owned(),
    }
}

pub(super) fn listing(
    listed: bool,
    since: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    holder: Option<&Entry>,
    case: &Case<'_>,
) -> String {
    let answered = case.state.and_then(|state| state.ok_at).map(moment);
    match (listed, since, removed_at) {
        (true, ..) => {
            let when = answered.map(|at| format!(" ({at})")).unwrap_or_default();
            format!("listed by its source's last good answer{when}; kept as long as it is")
        }
        (false, Some(since), Some(removed)) => {
            let with = if case.members.len() > 1 { " with its whole story" } else { "" };
            let (since, removed) = (moment(since), moment(removed));
            let days = case.keep_days;
            format!(
                "not listed by its source since {since}; removed{with} after keep_days = {days}, on {removed}"
            )
        }
        (false, Some(since), None) if holder.is_some() => {
            let name = holder.map(super::places::name).unwrap_or_default();
            let since = moment(since);
            format!(
                "not listed by its source since {since}; kept as long as {name}, of the same story, is listed"
            )
        }
        _ => "not listed by its source now; when it left is not known, so it is kept".to_owned(),
    }
}

pub(super) fn dropped(stub: &Stub, keep_days: u32, of: Option<&Relative>) -> String {
    match stub.dropped.reason {
        DroppedReason::Empty => "not taken in: it has neither title nor text nor link".to_owned(),
        DroppedReason::TooMany => {
            "not taken in: its document lists more entries than are taken in at once".to_owned()
        }
        DroppedReason::Repeats { .. } => {
            let of = of.map_or_else(|| "an entry that is stored no more".to_owned(), named);
            format!("not taken in by itself: it repeats {of}, which its document lists as well")
        }
        DroppedReason::Expired { .. } => format!(
            "removed by retention: its source had not listed it for keep_days = {keep_days}; should it be listed \
             again, it does not come back as new"
        ),
    }
}
