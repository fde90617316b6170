//! What stands above the entries of an Atom document: a section's own, a page of its archive, or any other list.

use super::head::Head;
use crate::model::{Section, SectionFeed, Site, Timestamp};

/// How an Atom document introduces itself, whatever it lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// The Atom id: an absolute address or a `urn:`, which never changes.
    pub id: String,
    /// The name, in plain text.
    pub title: String,
    /// A sentence, in plain text.
    pub subtitle: Option<String>,
    /// The page in HTML that shows the same.
    pub page: String,
    /// The document's own address.
    pub address: String,
    /// Further links, each a relation and an address: `hub`, `prev-archive`, `next`, `search` and the like.
    pub links: Vec<(&'static str, String)>,
    /// Whether it is a page of an archive, of which readers need never ask again (RFC 5005 §4).
    pub is_archive: bool,
    /// The newest change; the epoch where there is none. Never the clock.
    pub updated: Timestamp,
}

impl Heading {
    /// Above the live feed of a section.
    pub fn of_section(feed: &SectionFeed, site: &Site) -> Self {
        let head = Head::new(&feed.section, site);
        let hubs = site.hubs.iter().map(|hub| ("hub", hub.clone()));
        let archive = feed.archive.map(|number| ("prev-archive", archive_url(&feed.section, site, number)));
        Self { links: hubs.chain(archive).collect(), updated: feed.updated, ..Self::above(head) }
    }

    /// Above page `number` of a section's archive, between the pages `older` and `newer` where there are such.
    /// Archive and live feed are one feed, so they have one id (RFC 5005 §4).
    pub fn of_archive(
        section: &Section,
        site: &Site,
        number: u64,
        older: Option<u64>,
        newer: Option<u64>,
        updated: Timestamp,
    ) -> Self {
        let head = Head::new(section, site);
        let page = |relation, number: Option<u64>| Some((relation, archive_url(section, site, number?)));
        let current = Some(("current", head.in_format("atom")));
        let links = [current, page("prev-archive", older), page("next-archive", newer)];
        Self {
            links: links.into_iter().flatten().collect(),
            address: archive_url(section, site, number),
            is_archive: true,
            updated,
            ..Self::above(head)
        }
    }

    fn above(head: Head) -> Self {
        Self {
            address: head.in_format("atom"),
            id: head.page.clone(),
            title: head.title,
            subtitle: Some(head.description),
            page: head.page,
            ..Self::default()
        }
    }
}

/// The address of a page of a section's archive.
pub fn archive_url(section: &Section, site: &Site, number: u64) -> String {
    format!("{}/{}/archive/{number}.atom", site.url, section.id)
}
