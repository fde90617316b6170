//! The feeds of searches and stories, where they are, and how programs learn that one can search here (`OpenSearch`).

use url::form_urlencoded::byte_serialize;

use super::atom::atom_of;
use super::head::{Head, ICON_PATH, site_title};
use super::heading::Heading;
use super::item::Item;
use super::values::{escape, language, line};
use super::words::Seek;
use crate::model::{EntryKey, Placed, SectionFeed, Site, Timestamp};

/// Characters of the name of a search engine (`OpenSearch` 1.1, "`ShortName`").
const SHORT_NAME_CHARS_MAX: usize = 16;
/// The same of its description.
const DESCRIPTION_CHARS_MAX: usize = 1024;

/// The page of a search.
pub(super) fn search_url(site: &Site, query: &str) -> String {
    format!("{}/search?q={}", site.url, encoded(query))
}

/// The feed of a search.
pub(super) fn search_feed_url(site: &Site, query: &str) -> String {
    format!("{}/search.atom?q={}", site.url, encoded(query))
}

/// The feed of a story.
pub(super) fn story_feed_url(site: &Site, story: EntryKey) -> String {
    format!("{}/story/{story}.atom", site.url)
}

/// `/search.atom?q=`: what matches, newest first. Its id is the address of its page.
pub fn search_atom(site: &Site, query: &str, placed: &[Placed], updated: Timestamp) -> Vec<u8> {
    let seek = Seek::of(&site.language);
    let page = search_url(site, query);
    let heading = Heading {
        id: page.clone(),
        title: format!("{} – {}", (seek.titled)(query), site_title(site)),
        subtitle: Some((seek.describes)(&site_title(site))),
        page,
        address: search_feed_url(site, query),
        updated,
        ..Heading::default()
    };
    atom_of(&heading, placed, &[], site)
}

/// `/story/ID.atom`: all that sources say of one event, newest first; `lead` is the entry that it is named after, or
/// the next one.
pub fn story_atom(
    site: &Site,
    story: EntryKey,
    lead: &Placed,
    placed: &[Placed],
    updated: Timestamp,
) -> Vec<u8> {
    let lead = Item::placed(site, lead);
    let heading = Heading {
        id: format!("{}/story/{story}", site.url),
        title: format!("{} – {}", lead.headline(), site_title(site)),
        subtitle: Some(Seek::of(&site.language).coverage.to_owned()),
        page: lead.page.clone(),
        address: story_feed_url(site, story),
        updated,
        ..Heading::default()
    };
    atom_of(&heading, placed, &[], site)
}

/// `/opensearch.xml` (`OpenSearch` 1.1): how a browser or a reader asks.
pub fn opensearch_xml(site: &Site) -> Vec<u8> {
    let (url, title) = (escape(&site.url), site_title(site));
    let cut = |text: &str, chars: usize| escape(text.chars().take(chars).collect::<String>().trim());
    let describes = (Seek::of(&site.language).describes)(&title);
    let languages = language(&site.language).map(|tag| format!("\n  <Language>{}</Language>", escape(&tag)));
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n  \
         <ShortName>{}</ShortName>\n  \
         <Description>{}</Description>\n  \
         <Url type=\"text/html\" rel=\"results\" template=\"{url}/search?q={{searchTerms}}&amp;page={{startPage?}}\"/>\n  \
         <Url type=\"application/atom+xml\" rel=\"results\" template=\"{url}/search.atom?q={{searchTerms}}\"/>\n  \
         <Url type=\"application/opensearchdescription+xml\" rel=\"self\" template=\"{url}/opensearch.xml\"/>\n  \
         <Image type=\"image/png\">{url}{ICON_PATH}</Image>{}\n  \
         <InputEncoding>UTF-8</InputEncoding>\n  \
         <OutputEncoding>UTF-8</OutputEncoding>\n\
         </OpenSearchDescription>\n",
        cut(&title, SHORT_NAME_CHARS_MAX),
        cut(&describes, DESCRIPTION_CHARS_MAX),
        languages.unwrap_or_default(),
    )
    .into_bytes()
}

/// `/feeds.opml` (OPML 2.0): every section once, in the format that all readers take. The others are named on its
/// page.
pub fn feeds_opml(site: &Site, feeds: &[SectionFeed]) -> Vec<u8> {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n");
    out.extend(["    <title>", &escape(&site_title(site)), "</title>\n"]);
    if let Some(contact) = site.contact.as_deref().and_then(line) {
        let (mail, page) = match contact.strip_prefix("mailto:") {
            Some(mail) => (mail, ""),
            None => ("", contact.as_str()),
        };
        for (name, value) in [("ownerEmail", mail), ("ownerId", page)] {
            if !value.is_empty() {
                out.extend(["    <", name, ">", &escape(value), "</", name, ">\n"]);
            }
        }
    }
    out.push_str("    <docs>http://opml.org/spec2.opml</docs>\n  </head>\n  <body>\n");
    for feed in feeds {
        let head = Head::new(&feed.section, site);
        let section = line(&feed.section.title).unwrap_or_else(|| feed.section.id.0.clone());
        let attributes = [
            ("type", Some("rss".to_owned())),
            ("text", Some(section)),
            ("title", Some(head.title.clone())),
            ("description", Some(head.description.clone())),
            ("xmlUrl", Some(head.in_format("rss"))),
            ("htmlUrl", Some(head.page.clone())),
            ("language", head.language.clone()),
        ];
        out.push_str("    <outline");
        for (name, value) in attributes {
            if let Some(value) = value {
                out.extend([" ", name, "=\"", &escape(&value), "\""]);
            }
        }
        out.push_str("/>\n");
    }
    out.push_str("  </body>\n</opml>\n");
    out.into_bytes()
}

/// A question as the value in a query (RFC 3986): nothing but letters, digits and `*-._` stays as it is.
fn encoded(query: &str) -> String {
    byte_serialize(query.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
}
