//! What a source calls an entry: whatever it lists under a name of what the admin has hidden is hidden, too.

use super::Sorter;
use crate::model::{Entry, Identity, IdentityKind};
use crate::pipeline::link;

/// The end of a link without its query: what names all that differs in the query alone.
pub const WITHOUT_QUERY: &str = "?*";

impl Sorter {
    /// Whether the admin has taken an entry out of every output, or something with a name of it from the same source.
    pub fn hides(&self, entry: &Entry) -> bool {
        let hidden = &self.hidden;
        if hidden.is_empty() {
            return false;
        }
        hidden.entries().contains_key(&entry.key)
            || hidden.stories.contains_key(&entry.story)
            || hidden.has_names_of(&entry.source)
                && names(Some(&entry.identity), link_of(entry))
                    .iter()
                    .any(|name| hidden.has_name(&entry.source, name))
    }
}

/// The names of a stored entry, as [`names`] has them.
pub fn names_of(entry: &Entry) -> Vec<Identity> {
    names(Some(&entry.identity), link_of(entry))
}

/// What an entry may be called: by what it is recognised in its source, the canonical link, and this with the fragment
/// that names a place and without the query. Which of them name it alone only its source shows.
pub fn names(identity: Option<&Identity>, given: Option<&str>) -> Vec<Identity> {
    let of_link = |value: String| Identity { kind: IdentityKind::Link, value };
    let mut names: Vec<Identity> = identity.into_iter().cloned().collect();
    let page = given.and_then(link::canonical).filter(|page| link::names_a_page(page));
    if let (Some(given), Some(page)) = (given, page) {
        let place = link::fragment(given).map(|fragment| format!("{page}#{fragment}"));
        let path = page.split_once('?').map(|(path, _)| format!("{path}{WITHOUT_QUERY}"));
        names.extend([Some(page), place, path].into_iter().flatten().map(of_link));
    }
    names
}

fn link_of(entry: &Entry) -> Option<&str> {
    entry.said.original_link.as_deref().or(entry.said.link.as_deref())
}
