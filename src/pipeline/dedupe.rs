//! Within a source: which listed entry is which known entry. guid, else canonical link, else content.

mod clashes;
mod digest;
mod habits;
mod matching;

use std::collections::HashMap;

use self::clashes::Clashes;
pub use self::digest::{DIGEST_RULES, digest, digest_by, is_quiet_change, is_relocated};
pub use self::habits::{Judged, Turn, judge};
pub use self::matching::{Before, Match, Matched, matched};
use super::{link, text};
use crate::model::{
    DateOrigin, Digest, FeedEntry, Hashing, Identity, IdentityKey, IdentityKind, KeyKind, SourceId, Trust,
};

/// Of a text no more than this goes into its content key, in bytes.
const CONTENT_BYTES_MAX: usize = 8 * 1024;

/// A listed entry with the keys under which its source may know it.
#[derive(Debug)]
pub struct Keyed<'a> {
    /// What the source says.
    pub said: &'a FeedEntry,
    /// How it is recognised, if it is new.
    pub identity: Identity,
    /// The key of `identity`.
    pub primary: IdentityKey,
    /// The canonical link, where it tells entries apart in this document; with its fragment where only that does.
    pub link: Option<String>,
    /// The folded title; empty where there is none.
    pub folded_title: String,
    /// How its text begins, where that is at hand.
    pub start: Option<text::Start>,
    /// The key of `folded_title`, whatever else there is: leads to the newest entry with this title.
    pub title: Option<IdentityKey>,
    /// The hash of what counts as a meaningful change, as [`digest`] has it.
    pub digest: Digest,
    /// The guid's key, where the guid tells entries apart in this document.
    pub guid: Option<IdentityKey>,
    /// The key of a guid that is no key of its source now, for when it is one again.
    pub idle_guid: Option<IdentityKey>,
    /// By what it was read.
    trust: Trust,
    /// Whether the whole document has one guid for entries that differ.
    guid_is_useless: bool,
    /// The key of `link`.
    link_key: Option<IdentityKey>,
    /// The key of the canonical link with its fragment, where it has one.
    anchor: Option<IdentityKey>,
    /// The key of title, text, link and files together.
    content: IdentityKey,
    /// The key of the title with the date, or with the path of the page.
    dated: Option<IdentityKey>,
    /// The keys of its repetitions in the document.
    aliases: Vec<IdentityKey>,
}

/// A listed entry that repeats another one of its document.
#[derive(Debug)]
pub struct Repetition<'a> {
    /// What the source says.
    pub said: &'a FeedEntry,
    /// Which of the keyed entries it repeats.
    pub of: usize,
}

/// Keys the entries of one document by what its source is trusted in. The second value has the repetitions, which
/// are left out: the first of them stands.
pub fn keyed<'a>(
    source: &SourceId,
    entries: &'a [FeedEntry],
    trust: Trust,
) -> (Vec<Keyed<'a>>, Vec<Repetition<'a>>) {
    let canonical: Vec<Option<String>> =
        entries.iter().map(|said| canonical(given_link(said)?, trust)).collect();
    let links: Vec<Option<&str>> = canonical.iter().map(|one| one.as_deref().filter(names_a_page)).collect();
    let anchors: Vec<Option<String>> =
        entries.iter().zip(&links).map(|(said, page)| anchored(said, (*page)?)).collect();
    let given: Vec<Option<&str>> =
        entries.iter().map(|entry| entry.id.as_deref().filter(|id| !id.is_empty())).collect();
    let ids: Vec<Option<&str>> = given.iter().map(|id| id.filter(|_| trust.guids)).collect();
    let fragments: Vec<Option<&str>> = anchors.iter().map(Option::as_deref).collect();
    // A link of which only a part is known to hold does not hold two entries together.
    let whole: Vec<Option<&str>> = links.iter().map(|link| link.filter(|_| trust.links)).collect();
    let guid_clashes = Clashes::of(&given, &whole, &[], entries);
    // What is no key holds nothing together either.
    let ids: Vec<Option<&str>> =
        ids.into_iter().map(|id| id.filter(|id| guid_clashes.tells_apart(id))).collect();
    let link_clashes = Clashes::of(&links, &ids, &fragments, entries);
    let anchor_clashes = Clashes::of(&fragments, &ids, &[], entries);
    let all_share_one = given.len() > 1 && given.iter().all(|guid| guid.is_some() && *guid == given[0]);
    let mut seen: HashMap<IdentityKey, usize> = HashMap::new();
    let mut kept: Vec<Keyed<'_>> = Vec::with_capacity(entries.len());
    let mut repeated = vec![];
    let mut folded = Folded::default();
    for (index, said) in entries.iter().enumerate() {
        let anchor = fragments[index].filter(|anchor| anchor_clashes.tells_apart(anchor));
        let place = Place {
            canonical: canonical[index].as_deref(),
            guid: ids[index],
            page: links[index],
            link: links[index].filter(|link| link_clashes.tells_apart(link)).or(anchor),
            anchor,
        };
        folded.take(said);
        let mut keyed = key(source, said, &place, &folded, trust);
        let told_apart = given[index].filter(|guid| guid_clashes.tells_apart(guid));
        keyed.guid_is_useless = all_share_one && told_apart.is_none();
        keyed.idle_guid = told_apart.filter(|_| !trust.guids).map(|guid| within(source, KeyKind::Guid, guid));
        if let Some(first) = keyed.strong_keys().find_map(|key| seen.get(&key).copied()) {
            // Its keys lead to the first one, lest it be new when the first one is gone.
            let keys: Vec<IdentityKey> = keyed.keys().collect();
            seen.extend(keyed.strong_keys().map(|key| (key, first)));
            kept[first].aliases.extend(keys);
            repeated.push(Repetition { said, of: first });
        } else {
            seen.extend(keyed.strong_keys().map(|key| (key, kept.len())));
            kept.push(keyed);
        }
    }
    (kept, repeated)
}

impl Keyed<'_> {
    /// Every key by which this entry is found again within its source, the strong ones first.
    pub fn keys(&self) -> impl Iterator<Item = IdentityKey> + '_ {
        let own = [self.guid, self.link_key, self.anchor, Some(self.content), self.dated];
        own.into_iter().flatten().chain(self.aliases.iter().copied())
    }

    /// Whether nobody has what it is named after, and whether nobody has its link.
    pub fn is_strange(&self, is_known: impl Fn(&IdentityKey) -> bool) -> (bool, bool) {
        (!is_known(&self.primary), self.link_key.is_some_and(|link| !is_known(&link)))
    }

    /// Whether nothing but its words and its date says which entry it is.
    pub fn is_bare(&self) -> bool {
        self.guid.is_none() && self.link_key.is_none()
    }

    /// The keys of which one alone makes two entries of a document the same.
    fn strong_keys(&self) -> impl Iterator<Item = IdentityKey> + use<> {
        [Some(self.primary), self.guid, self.link_key].into_iter().flatten()
    }
}

/// What a document says of where an entry is.
struct Place<'a> {
    canonical: Option<&'a str>,
    guid: Option<&'a str>,
    page: Option<&'a str>,
    link: Option<&'a str>,
    anchor: Option<&'a str>,
}

/// The key under which a source knows an entry with this guid.
pub fn guid_key(source: &SourceId, guid: &str) -> IdentityKey {
    within(source, KeyKind::Guid, guid)
}

/// The keys under which a source may know an entry with this link: with the fragment, where it names a place, without
/// it, and without the query.
pub fn link_keys(source: &SourceId, link: &str) -> Vec<IdentityKey> {
    let Some(page) = link::canonical(link) else { return vec![] };
    let anchor = link::fragment(link).map(|fragment| format!("{page}#{fragment}"));
    let path = Some(without_query(&page)).filter(|path| *path != page);
    let links = anchor.as_deref().into_iter().chain([page.as_str()]).chain(path);
    links.map(|link| within(source, KeyKind::Link, link)).collect()
}

fn within(source: &SourceId, kind: KeyKind, value: &str) -> IdentityKey {
    IdentityKey::new(kind, [source.0.as_bytes(), value.as_bytes()])
}

fn key<'a>(
    source: &SourceId,
    said: &'a FeedEntry,
    place: &Place<'_>,
    folded: &Folded,
    trust: Trust,
) -> Keyed<'a> {
    let within = |kind, value: &str| within(source, kind, value);
    let guid = place.guid.map(|value| within(KeyKind::Guid, value));
    let link_key = place.link.map(|value| within(KeyKind::Link, value));
    let begun = Hashing::begun([&folded.title, &folded.body].map(String::as_bytes));
    let hash = content_hash(said, folded, &begun, place.anchor.or(place.page), trust).to_string();
    let content = within(KeyKind::Content, &hash);
    let (kind, value, primary) = match (place.guid, guid, place.link, link_key) {
        (Some(value), Some(key), ..) => (IdentityKind::Guid, value.to_owned(), key),
        (_, _, Some(value), Some(key)) => (IdentityKind::Link, value.to_owned(), key),
        _ => (IdentityKind::Content, hash, content),
    };
    // A title alone comes back every day; with its date or its page it does not.
    let when = said.published.filter(|at| !DateOrigin::is_absurd(*at)).map(|at| at.timestamp().to_string());
    let dated = when.as_deref().or(place.page.map(path_of)).filter(|_| !folded.title.is_empty());
    let dated = dated.map(|beside| within(KeyKind::Dated, &format!("{}\n{beside}", folded.title)));
    // What readers get is compared; where that is what entries are recognised by, it is at hand already.
    let link = match (&said.original_link, &said.link) {
        (None, Some(given)) if trust.links => Some(place.canonical.unwrap_or(given).to_owned()),
        _ => digest::link(said, trust),
    };
    Keyed {
        said,
        identity: Identity { kind, value },
        primary,
        link: place.link.map(str::to_owned),
        title: (!folded.title.is_empty()).then(|| within(KeyKind::Title, &folded.title)),
        digest: digest::of(said, folded, begun, link),
        guid,
        link_key,
        anchor: place.anchor.map(|value| within(KeyKind::Link, value)).filter(|key| Some(*key) != link_key),
        content,
        dated,
        aliases: vec![],
        idle_guid: None,
        trust,
        guid_is_useless: false,
        folded_title: folded.title.clone(),
        start: folded.start(),
    }
}

/// The words of an entry as they are compared. Folding is the dearest step of all, so it is done once.
#[derive(Default)]
struct Folded {
    title: String,
    body: String,
    /// How much of the folded body is of its start, in bytes.
    start_bytes: Option<usize>,
    is_short: bool,
}

impl Folded {
    fn of(said: &FeedEntry) -> Self {
        let mut folded = Self::default();
        folded.take(said);
        folded
    }

    /// Goes over to another entry.
    fn take(&mut self, said: &FeedEntry) {
        text::fold_into(&mut self.title, said.title.as_deref().unwrap_or_default());
        let html = body(said);
        self.is_short = html.len() <= text::START_BYTES_MAX;
        self.start_bytes = text::fold_markup_into(&mut self.body, html, text::START_BYTES_MAX);
    }

    /// The start of the body, cut behind a word that is far enough.
    fn start(&self) -> Option<text::Start> {
        let start = if self.is_short { self.body.as_str() } else { self.body.get(..self.start_bytes?)? };
        let from = self.title.len() + text::START_BYTES_ENOUGH;
        let end = start.as_bytes().get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b' '));
        let folded = end.map_or(start, |end| start.get(..from + end).unwrap_or(start)).to_owned();
        Some(text::Start { folded, is_all: self.is_short && end.is_none() })
    }
}

/// The text that stands for an entry.
fn body(said: &FeedEntry) -> &str {
    said.content.as_deref().or(said.summary.as_deref()).unwrap_or_default()
}

/// `begun` has the folded title and body.
fn content_hash(
    said: &FeedEntry,
    folded: &Folded,
    begun: &Hashing,
    page: Option<&str>,
    trust: Trust,
) -> Digest {
    let body = body(said);
    let start = text::start(body, CONTENT_BYTES_MAX);
    let folded_start = (start.len() < body.len()).then(|| text::fold_markup(start));
    let link = page.or(said.link.as_deref().filter(|_| trust.links)).unwrap_or_default();
    let rest = [link].into_iter().chain(digest::files(said)).map(str::as_bytes);
    match &folded_start {
        None => begun.clone().with(rest),
        Some(start) => Digest::of([&folded.title, start].map(String::as_bytes).into_iter().chain(rest)),
    }
}

/// The link to compare by.
fn given_link(said: &FeedEntry) -> Option<&str> {
    said.original_link.as_deref().or(said.link.as_deref())
}

/// The canonical link as far as it holds in its source.
fn canonical(given: &str, trust: Trust) -> Option<String> {
    let canonical = link::canonical(given)?;
    match trust {
        Trust { links: true, .. } => Some(canonical),
        Trust { paths: true, .. } => Some(without_query(&canonical).to_owned()),
        _ => None,
    }
}

fn canonical_page(said: &FeedEntry, trust: Trust) -> Option<String> {
    canonical(given_link(said)?, trust).filter(|canonical| link::names_a_page(canonical))
}

fn without_query(canonical: &str) -> &str {
    canonical.split('?').next().unwrap_or_default()
}

fn names_a_page(canonical: &&str) -> bool {
    link::names_a_page(canonical)
}

/// The canonical link with the fragment that names a place of the page.
fn anchored(said: &FeedEntry, page: &str) -> Option<String> {
    Some(format!("{page}#{}", link::fragment(given_link(said)?)?))
}

/// A canonical link without its host: what stays when a whole site moves.
fn path_of(page: &str) -> &str {
    page.trim_start_matches("https://").split_once('/').map_or("", |(_, path)| path)
}
