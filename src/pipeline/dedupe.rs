//! Within a source: which listed entry is which known entry. guid, else canonical link, else content.

use std::collections::{HashMap, HashSet};

use super::{link, text};
use crate::model::{
    Digest, Entry, EntryKey, FeedEntry, Identity, IdentityKey, IdentityKind, KeyKind, Known, SourceId,
};

/// A listed entry with the keys under which its source may know it.
#[derive(Debug)]
pub struct Keyed<'a> {
    /// What the source says.
    pub said: &'a FeedEntry,
    /// How it is recognised.
    pub identity: Identity,
    /// The key of `identity`.
    pub primary: IdentityKey,
    /// The guid's key, where the guid tells entries apart in this document.
    pub guid: Option<IdentityKey>,
    /// The canonical link, where it tells entries apart in this document.
    pub link: Option<String>,
    /// The link's key.
    pub link_key: Option<IdentityKey>,
    /// The folded title's key.
    pub title: Option<IdentityKey>,
    /// The keys of its repetitions in the document.
    pub aliases: Vec<IdentityKey>,
}

/// Keys the entries of one document. The second value counts repetitions, which are left out: the
/// first of them stands.
pub fn keyed<'a>(source: &SourceId, entries: &'a [FeedEntry]) -> (Vec<Keyed<'a>>, usize) {
    let pages: Vec<Option<String>> = entries.iter().map(canonical_page).collect();
    let links: Vec<Option<&str>> = pages.iter().map(Option::as_deref).collect();
    let ids: Vec<Option<&str>> = entries.iter().map(|entry| entry.id.as_deref()).collect();
    let guids = Clashes::of(&ids, &links, entries);
    let link_clashes = Clashes::of(&links, &ids, entries);
    let mut seen: HashMap<IdentityKey, usize> = HashMap::new();
    let mut kept: Vec<Keyed<'_>> = Vec::with_capacity(entries.len());
    for (said, canonical) in entries.iter().zip(&links) {
        let guid = said.id.as_deref().filter(|guid| guids.tells_apart(guid));
        let canonical = canonical.filter(|link| link_clashes.tells_apart(link));
        let keyed = key(source, said, guid, canonical);
        if let Some(first) = keyed.strong_keys().find_map(|key| seen.get(&key).copied()) {
            // Its keys lead to the first one, lest it be new when the first one is gone.
            let keys: Vec<IdentityKey> = keyed.keys().collect();
            seen.extend(keyed.strong_keys().map(|key| (key, first)));
            kept[first].aliases.extend(keys);
        } else {
            seen.extend(keyed.strong_keys().map(|key| (key, kept.len())));
            kept.push(keyed);
        }
    }
    let repeated = entries.len() - kept.len();
    (kept, repeated)
}

impl Keyed<'_> {
    /// Every key of this entry within its source, the primary one first.
    pub fn keys(&self) -> impl Iterator<Item = IdentityKey> + '_ {
        let others = [self.guid, self.link_key, self.title].into_iter().flatten();
        std::iter::once(self.primary).chain(others).chain(self.aliases.iter().copied())
    }

    /// The keys of which one alone makes two entries of a document the same.
    fn strong_keys(&self) -> impl Iterator<Item = IdentityKey> + use<> {
        [Some(self.primary), self.guid, self.link_key].into_iter().flatten()
    }
}

/// A listed entry that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The known entry.
    pub key: EntryKey,
    /// Whether its id at the source changed, and it was recognised by link or title.
    pub moved: bool,
}

/// Finds each listed entry among the known ones: by its primary key, and where more than half of a
/// known source would be new (another guid scheme, another CMS) also by link and by title, so that
/// nothing old is shown as new.
pub fn matched(entries: &[Keyed<'_>], known: &Known, first_fetch: bool) -> Vec<Option<Match>> {
    let by_primary =
        |entry: &Keyed<'_>| known.keys.get(&entry.primary).map(|key| Match { key: *key, moved: false });
    let mut found: Vec<Option<Match>> = entries.iter().map(by_primary).collect();
    let unknown = found.iter().filter(|found| found.is_none()).count();
    if first_fetch || unknown * 2 <= entries.len() {
        return found;
    }
    let mut taken: HashSet<EntryKey> = found.iter().flatten().map(|found| found.key).collect();
    for (entry, slot) in entries.iter().zip(&mut found).filter(|(_, slot)| slot.is_none()) {
        let candidate = [entry.link_key, entry.title]
            .into_iter()
            .flatten()
            .filter_map(|key| known.keys.get(&key).copied())
            .find(|key| !taken.contains(key) && known.entries.get(key).is_none_or(|old| is_same(entry, old)));
        if let Some(key) = candidate {
            taken.insert(key);
            *slot = Some(Match { key, moved: true });
        }
    }
    found
}

/// The hash of what counts as a meaningful change: the title, the words of the text without bare
/// numbers (counters), the link without its tokens, and which files are attached.
pub fn digest(said: &FeedEntry) -> Digest {
    let title = text::fold(said.title.as_deref().unwrap_or_default());
    let body =
        text::fold(&text::plain(said.content.as_deref().or(said.summary.as_deref()).unwrap_or_default()));
    let words: Vec<&str> =
        body.split(' ').filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).collect();
    let link = said.link.as_deref().map(|given| link::canonical(given).unwrap_or_else(|| given.to_owned()));
    let files = said.enclosures.iter().map(|file| file.url.split(['?', '#']).next().unwrap_or_default());
    let parts = [title, words.join(" "), link.unwrap_or_default(), files.collect::<Vec<_>>().join(" ")];
    Digest::of(parts.iter().map(String::as_bytes))
}

fn key<'a>(source: &SourceId, said: &'a FeedEntry, guid: Option<&str>, canonical: Option<&str>) -> Keyed<'a> {
    let within = |kind, value: &str| IdentityKey::new(kind, [source.0.as_bytes(), value.as_bytes()]);
    let folded = text::fold(said.title.as_deref().unwrap_or_default());
    let guid_key = guid.map(|value| within(KeyKind::Guid, value));
    let link_key = canonical.map(|value| within(KeyKind::Link, value));
    let (identity, primary) = if let (Some(value), Some(key)) = (guid, guid_key) {
        (Identity { kind: IdentityKind::Guid, value: value.to_owned() }, key)
    } else if let (Some(value), Some(key)) = (canonical, link_key) {
        (Identity { kind: IdentityKind::Link, value: value.to_owned() }, key)
    } else {
        let hash = content_hash(said, &folded).to_string();
        let key = within(KeyKind::Content, &hash);
        (Identity { kind: IdentityKind::Content, value: hash }, key)
    };
    let title = (!folded.is_empty()).then(|| within(KeyKind::Title, &folded));
    Keyed {
        said,
        identity,
        primary,
        guid: guid_key,
        link: canonical.map(str::to_owned),
        link_key,
        title,
        aliases: vec![],
    }
}

fn content_hash(said: &FeedEntry, folded_title: &str) -> Digest {
    let body = said.content.as_deref().or(said.summary.as_deref()).unwrap_or_default();
    let folded_body = text::fold(&text::plain(body));
    Digest::of([
        folded_title.as_bytes(),
        folded_body.as_bytes(),
        said.link.as_deref().unwrap_or_default().as_bytes(),
    ])
}

fn canonical_page(said: &FeedEntry) -> Option<String> {
    let given = said.original_link.as_deref().or(said.link.as_deref())?;
    link::canonical(given).filter(|canonical| link::names_a_page(canonical))
}

/// A reused page address is not yet the same entry: title or date must agree as well.
fn is_same(listed: &Keyed<'_>, old: &Entry) -> bool {
    let titles = (listed.said.title.as_deref().map(text::fold), old.said.title.as_deref().map(text::fold));
    let dates = (listed.said.published, old.said.published);
    let same_title = matches!(&titles, (Some(a), Some(b)) if a == b);
    let same_date = matches!(dates, (Some(a), Some(b)) if a == b);
    let undated = dates.0.is_none() || dates.1.is_none();
    let same_link = listed.link.is_some() && listed.link == canonical_page(&old.said);
    if same_link { same_title || same_date } else { same_title && (same_date || undated) }
}

/// Which values of a key stand for entries that differ, and so tell nothing apart.
struct Clashes<'a>(HashMap<&'a str, bool>);

impl<'a> Clashes<'a> {
    /// Two entries with one value differ when their titles do and the other key does not hold them together.
    fn of(values: &[Option<&'a str>], others: &[Option<&str>], entries: &[FeedEntry]) -> Self {
        let mut first: HashMap<&str, usize> = HashMap::new();
        let mut clash = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let earlier = *first.entry(value).or_insert(index);
            let held_together = others[index].is_some() && others[earlier] == others[index];
            *clash.entry(*value).or_insert(false) |=
                entries[earlier].title != entries[index].title && !held_together;
        }
        Self(clash)
    }

    fn tells_apart(&self, value: &str) -> bool {
        !value.is_empty() && !self.0.get(value).copied().unwrap_or(false)
    }
}
