//! What somebody may mean who asks for an entry: an id, a guid, a link, a key, one of our own pages.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::model::{Entry, EntryKey, FeedEntry, IdentityKey, SourceId, StoryReason};
use crate::pipeline::{decide, dedupe, ingest, link, story, text};

/// Where to look for what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The entry itself, where its key was named.
    pub key: Option<EntryKey>,
    /// The keys that may lead to entries.
    pub keys: Vec<IdentityKey>,
    /// The names under which it may be remembered as dropped.
    pub names: Vec<String>,
    /// The canonical form of the link.
    pub link: Option<String>,
    /// The host of the link, without `www.`.
    pub host: Option<String>,
}

impl Search {
    /// Everything that `asked` may mean at one of these sources. Links are taken raw, percent-encoded and with
    /// tracking parameters alike.
    pub fn of(asked: &str, site_url: &str, sources: &[SourceId]) -> Self {
        let asked = asked.trim();
        let url = Url::parse(asked).ok();
        let canonical = link::canonical(asked);
        let forms = forms(asked, url.as_ref());
        let published = forms.iter().map(|form| ingest::published_key(form));
        let everywhere =
            canonical.iter().flat_map(|link| story::keys(Some(link), None, "")).map(|(key, _)| key);
        let links = |source| dedupe::link_keys(source, asked);
        let guids = |source| forms.iter().map(move |form| dedupe::guid_key(source, form));
        let mut keys: Vec<IdentityKey> = published.chain(everywhere).collect();
        keys.extend(sources.iter().flat_map(|source| guids(source).chain(links(source))));
        let host = url.as_ref().and_then(Url::host_str);
        Self {
            key: asked.parse().ok().or_else(|| own_page(asked, site_url)),
            keys,
            names: forms.into_iter().chain(canonical.clone()).collect(),
            link: canonical,
            host: host.map(|host| host.trim_start_matches("www.").to_owned()),
        }
    }

    /// Whether an entry may be meant, as it is now: of two entries of one source with one link, the keys lead to the
    /// newer one alone.
    pub fn means(&self, entry: &Entry) -> bool {
        let said = &entry.said;
        let links = [&said.original_link, &said.link].into_iter().flatten();
        let is_named = |id: &String| self.names.contains(id);
        is_named(&entry.id)
            || said.id.as_ref().is_some_and(is_named)
            || self.link.is_some() && links.map(|link| link::canonical(link)).any(|link| link == self.link)
    }
}

/// The key under which the id would be found that the source of `entry` gives it: who else has it, has it there.
/// `None` where its id is its own, or cannot be used at all.
pub fn own_id_key(entry: &Entry) -> Option<IdentityKey> {
    let own = own_id(entry).filter(|own| *own != entry.id)?;
    Some(ingest::published_key(&own))
}

/// The keys under which entries with the same link or title are found, whatever story they tell.
pub fn story_keys(entry: &Entry) -> Vec<(IdentityKey, StoryReason)> {
    let said = &entry.said;
    let link = said.original_link.as_deref().or(said.link.as_deref()).and_then(link::canonical);
    let page = link.filter(|page| link::names_a_page(page));
    story::keys(page.as_deref(), None, &text::fold(said.title.as_deref().unwrap_or_default()))
}

/// The id that its source gave it when it came, where readers can use it.
pub(super) fn own_id(entry: &Entry) -> Option<String> {
    let said = FeedEntry { id: Some(entry.identity.value.clone()), ..FeedEntry::default() };
    decide::own_id(&said, &entry.identity)
}

/// Whether a feed at this address may be the one that tells of a page at `host`.
pub fn is_at(url: &Url, host: &str) -> bool {
    let of_source = url.host_str().unwrap_or_default().trim_start_matches("www.");
    !of_source.is_empty()
        && (of_source == host
            || host.ends_with(&format!(".{of_source}"))
            || of_source.ends_with(&format!(".{host}")))
}

/// The letters in which an id may be stored: as asked for, as a browser writes it, and decoded.
fn forms(asked: &str, url: Option<&Url>) -> Vec<String> {
    let mut forms = vec![asked.to_owned()];
    let encoded = url.map(|url| url.as_str().to_owned());
    let decoded = percent_decode_str(asked).decode_utf8().ok().map(Cow::into_owned);
    for form in encoded.into_iter().chain(decoded) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The key in `SITE/item/KEY`, `SITE/go/KEY` and `SITE/story/KEY.atom`, with the site's address or without it.
fn own_page(asked: &str, site_url: &str) -> Option<EntryKey> {
    let path = asked.strip_prefix(site_url.trim_end_matches('/')).unwrap_or(asked);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let rest = ["/item/", "/go/", "/story/"].iter().find_map(|place| path.strip_prefix(place))?;
    rest.trim_end_matches('/').trim_end_matches(".atom").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "8000018f2a3b4c5d0123456789abcdef";

    fn search(asked: &str) -> Search {
        Search::of(asked, "https://news.example/ar", &[SourceId("a".to_owned())])
    }

    #[test]
    fn keys_are_found_in_our_own_addresses() {
        for asked in [
            KEY.to_owned(),
            format!("  {KEY}\n"),
            format!("https://news.example/ar/item/{KEY}"),
            format!("https://news.example/ar/item/{KEY}?utm_source=x"),
            format!("https://news.example/ar/go/{KEY}"),
            format!("/item/{KEY}"),
            format!("https://news.example/ar/story/{KEY}.atom"),
        ] {
            assert_eq!(search(&asked).key.map(|key| key.to_string()).as_deref(), Some(KEY), "{asked}");
        }
        for asked in [&format!("https://other.example/item/{KEY}"), "https://news.example/ar/item/7", "7"] {
            assert_eq!(search(asked).key, None, "{asked}");
        }
    }

    #[test]
    fn one_link_has_many_forms() {
        let raw = search("https://e.example/خبر-عاجل");
        let encoded =
            search("http://e.example/%D8%AE%D8%A8%D8%B1-%D8%B9%D8%A7%D8%AC%D9%84?utm_source=rss#x=1");
        let links = |search: &Search| {
            let is_link = |key: &&IdentityKey| matches!(key.kind, crate::model::KeyKind::Link);
            search.keys.iter().filter(is_link).copied().collect::<Vec<_>>()
        };
        assert_eq!(links(&raw).len(), 1);
        assert_eq!(links(&raw), links(&encoded));
        assert!(raw.names.iter().any(|name| encoded.names.contains(name)));
        assert_eq!(search("https://www.e.example/1").host.as_deref(), Some("e.example"));
    }
}
