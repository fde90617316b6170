//! Tests of normalize: what a raw feed is taken to say.

mod bounds;
mod dates;
mod links;
mod texts;

use nashra::model::*;
use nashra::pipeline::normalize::normalize;
use url::Url;

/// The address of every document here.
const DOCUMENT: &str = "https://example.org/blog/feed.xml";

/// Cleans nothing, but shows the base that it was given where the markup asks for it.
fn clean(html: &str, base: Option<&Url>) -> Clean {
    let lead_image = html.contains("<img").then(|| "https://example.org/lead.jpg".to_owned());
    Clean { html: html.replace("BASE", base.map_or("none", Url::as_str)), lead_image }
}

/// Normalises a document that came from [`DOCUMENT`].
fn read(raw: RawFeed) -> Feed {
    normalize(raw, Some(&Url::parse(DOCUMENT).unwrap()), &clean)
}

/// Normalises a document with one entry, and returns that and the codes of the problems.
fn read_entry(raw: RawEntry) -> (FeedEntry, Vec<String>) {
    let mut feed = read(RawFeed { entries: vec![raw], ..RawFeed::default() });
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.problems);
    (feed.entries.remove(0), feed.problems.into_iter().map(|problem| problem.code).collect())
}

/// An entry that is not empty.
fn entry() -> RawEntry {
    RawEntry { id: Some("1".to_owned()), ..RawEntry::default() }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn text(value: &str, kind: TextKind) -> RawText {
    RawText { value: value.to_owned(), kind, ..RawText::default() }
}

fn alternate(href: &str) -> RawLink {
    link(href, "alternate", "")
}

fn link(href: &str, rel: &str, media_type: &str) -> RawLink {
    RawLink { href: href.to_owned(), rel: rel.to_owned(), media_type: some(media_type), ..RawLink::default() }
}
