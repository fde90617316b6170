//! What a listed entry that is known already adds to the record of its life: nothing, nearly always.

use chrono::SubsecRound as _;

use crate::model::{Entry, Event, FeedEntry, Known, Timestamp, What};
use crate::pipeline::dedupe::Keyed;
use crate::pipeline::link;

/// Whether its source has given it an id that nobody knew. When it has done so a few times, that is no news any more.
pub(super) fn renamed(old: &Entry, keyed: &Keyed<'_>, known: &Known) -> Option<What> {
    let is_unknown = keyed.guid.is_some_and(|guid| !known.keys.contains_key(&guid));
    if !is_unknown || keyed.said.id == old.said.id {
        return None;
    }
    let renames = old.life.iter().filter(|event| matches!(event.what, What::Renamed { .. }));
    (renames.count() < Event::RENAMES_MAX).then(|| What::Renamed { id: keyed.said.id.clone() })
}

/// Writes down what makes `changed` another one than `old`.
pub(super) fn note(
    changed: &mut Entry,
    old: &Entry,
    renamed: Option<What>,
    is_meaningful: bool,
    now: Timestamp,
) {
    let parts = parts(&old.said, &changed.said);
    let moved =
        (place(&old.said) != place(&changed.said)).then(|| What::Moved { from: old.said.link.clone() });
    let what = (!parts.is_empty()).then(|| What::Changed {
        parts,
        meaningful: is_meaningful,
        before: (changed.digest != old.digest).then_some(old.digest),
    });
    for what in renamed.into_iter().chain(moved).chain(what) {
        changed.note(Event { at: now.trunc_subsecs(0), what });
    }
}

/// Where it is, as far as readers get to another page by it.
fn place(said: &FeedEntry) -> Option<String> {
    said.link.as_deref().map(|given| link::canonical(given).unwrap_or_else(|| given.to_owned()))
}

/// Which parts differ, as the admin calls them.
fn parts(old: &FeedEntry, new: &FeedEntry) -> Vec<String> {
    let differ = [
        ("title", old.title != new.title),
        ("text", (&old.summary, &old.content) != (&new.summary, &new.content)),
        ("link", (&old.link, &old.original_link) != (&new.link, &new.original_link)),
        ("date", (old.published, old.updated) != (new.published, new.updated)),
        ("files", old.enclosures != new.enclosures),
        ("categories", old.categories != new.categories),
        ("people", (&old.authors, &old.contributors) != (&new.authors, &new.contributors)),
        ("image", old.image != new.image),
        ("language", old.language != new.language),
        ("rest", rest(old) != rest(new)),
    ];
    differ.iter().filter(|(_, differs)| *differs).map(|(part, _)| (*part).to_owned()).collect()
}

fn rest(said: &FeedEntry) -> impl PartialEq + use<'_> {
    (&said.comments, &said.references, &said.origin, &said.rights, &said.episode)
}
