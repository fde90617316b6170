//! Whose feed it is, and whether a feed seems to belong to somebody else now.
//!
//! A domain that expires is bought by somebody; its feed then shows what readers never subscribed to. Everything
//! must speak for a stranger: nothing listed is known, every link leads to sites that the feed never linked to, and
//! another server answers or another language is spoken. A burst of news, a new CMS, an aggregator never does all.

mod language;
mod site;

use std::collections::BTreeMap;

use url::Url;

use self::language::differ;
use self::site::site_of;
use crate::model::{Feed, FeedEntry, Owner, SourceState};

/// Fewer entries with links than this prove nothing.
const LINKED_MIN: usize = 2;
/// Sites that a sentence names.
const NAMED_MAX: usize = 3;

/// What one document shows of its owner.
#[derive(Debug)]
pub struct Showing {
    /// The site that answered.
    host: Option<String>,
    /// As in [`Owner::language`].
    language: Option<String>,
    /// How many entries link to each site.
    sites: BTreeMap<String, usize>,
    /// Entries with a link to the web.
    linked: usize,
    entries: usize,
}

impl Showing {
    /// Reads a document; `answered` is the address that it came from.
    pub fn of(feed: &Feed, answered: Option<&Url>) -> Self {
        let mut sites: BTreeMap<String, usize> = BTreeMap::new();
        let links = feed.entries.iter().filter_map(link);
        // Most feeds link to one site only: a look-up with the borrowed text is all that they cost.
        let linked = links.filter_map(site_of).map(|site| match sites.get_mut(&*site) {
            Some(count) => *count += 1,
            None => _ = sites.insert(site.into_owned(), 1),
        });
        let linked = linked.count();
        Self {
            host: answered.and_then(|url| site_of(url.as_str())).map(std::borrow::Cow::into_owned),
            language: language::of(feed),
            sites,
            linked,
            entries: feed.entries.len(),
        }
    }

    /// What is remembered of it. A document without links or language says nothing against what was known.
    pub fn remembered(&self, old: Option<&Owner>, expected_entries: usize) -> Owner {
        let old = old.cloned().unwrap_or_default();
        let mut sites: Vec<(&String, &usize)> = self.sites.iter().collect();
        sites.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut sites: Vec<String> =
            sites.into_iter().take(Owner::SITES_MAX).map(|(site, _)| site.clone()).collect();
        sites.sort_unstable();
        Owner {
            host: self.host.clone().or(old.host),
            language: self.language.clone().or(old.language),
            sites: if sites.is_empty() { old.sites } else { sites },
            entries: expected_entries,
        }
    }

    /// The language before and now, where it is another one.
    pub fn other_language<'a>(&'a self, old: &'a Owner) -> Option<(&'a str, &'a str)> {
        let (old, new) = (old.language.as_deref()?, self.language.as_deref()?);
        differ(old, new).then_some((old, new))
    }

    fn other_host<'a>(&'a self, old: &'a Owner) -> Option<(&'a str, &'a str)> {
        let (old, new) = (old.host.as_deref()?, self.host.as_deref()?);
        (old != new).then_some((old, new))
    }
}

/// Why a document seems to be a stranger's, in one sentence; `None` where it does not. `state` holds the last good
/// answer, `is_known` says whether anything that the document lists is known of the source.
///
/// Once a stranger was there, a document that proves nothing (an empty one, say) is not yet the owner's return. In
/// another language none is, whatever entry or link of the owner's it may hold.
pub fn stranger(state: &SourceState, showing: &Showing, is_known: bool) -> Option<String> {
    let old = state.owner.as_ref()?;
    if let Some(quarantine) = &state.quarantine
        && showing.other_language(old).is_some()
    {
        return Some(quarantine.why.clone());
    }
    let page = state.link.as_deref().and_then(site_of);
    let is_ours = |site: &str| {
        let known = old.sites.binary_search_by(|known| known.as_str().cmp(site)).is_ok();
        known || old.host.as_deref() == Some(site) || page.as_deref() == Some(site)
    };
    if is_known || old.sites.is_empty() || showing.sites.keys().any(|site| is_ours(site)) {
        return None;
    }
    let (host, language) = (showing.other_host(old), showing.other_language(old));
    if showing.linked < LINKED_MIN {
        let proves_nothing = host.is_some() || language.is_some() || showing.entries == 0;
        return state.quarantine.as_ref().filter(|_| proves_nothing).map(|quarantine| quarantine.why.clone());
    }
    let mut what = vec![format!("none of its {} entries is known", showing.entries)];
    what.push(format!(
        "their links lead to {} instead of {}",
        named(showing.sites.keys()),
        named(&old.sites)
    ));
    if let Some((old, new)) = host {
        what.push(format!("{new} answers instead of {old}"));
    }
    if let Some((old, new)) = language {
        what.push(format!("its language is {} instead of {}", language::shown(new), language::shown(old)));
    }
    (what.len() > 2).then(|| format!("it seems to belong to somebody else now: {}", what.join(", ")))
}

fn link(entry: &FeedEntry) -> Option<&str> {
    entry.original_link.as_deref().or(entry.link.as_deref())
}

fn named<'a>(sites: impl IntoIterator<Item = &'a String>) -> String {
    let mut sites = sites.into_iter();
    let named: Vec<&str> = sites.by_ref().take(NAMED_MAX).map(String::as_str).collect();
    let more = sites.count();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", named.join(", "))
}
