//! Atom 1.0 (RFC 4287), its archives (RFC 5005) and its deleted entries (RFC 6721).

use std::collections::HashSet;

use super::values::*;
use super::{Node, Report};

/// What holds of a value.
type Rule = fn(&str) -> bool;

const SOURCE: &[&str] = &[
    "author",
    "category",
    "contributor",
    "generator",
    "icon",
    "id",
    "link",
    "logo",
    "rights",
    "subtitle",
    "title",
    "updated",
];
const ENTRY: &[&str] = &[
    "author",
    "category",
    "content",
    "contributor",
    "id",
    "link",
    "published",
    "rights",
    "source",
    "summary",
    "title",
    "updated",
];
const MANY: &[&str] = &["author", "category", "contributor", "link", "entry"];

pub fn check(feed: &Node, report: &mut Report) {
    report.need(feed.name == "atom:feed", "document", "is no feed");
    let known: Vec<&str> = SOURCE.iter().copied().chain(["entry"]).collect();
    check_common(feed, &known, "feed", true, report);
    let rels = |rel: &str| feed.all("atom:link").filter(|link| link.get("rel") == Some(rel)).count();
    report.need(rels("self") == 1, "feed", "has not exactly one link to itself");
    for rel in ["current", "prev-archive", "next-archive"] {
        report.need(rels(rel) <= 1, "feed", &format!("has two links {rel}"));
    }
    let is_archive = feed.one("fh:archive").is_some();
    report.need(
        !is_archive || rels("current") == 1,
        "feed",
        "a page of an archive must lead to the live feed",
    );
    let mut ids = HashSet::new();
    for (index, entry) in feed.all("atom:entry").enumerate() {
        let place = format!("entry {}", index + 1);
        check_entry(entry, feed, &place, report);
        report.need(ids.insert(entry.text_of("atom:id")), &place, "its id is that of another one");
    }
    for gone in feed.all("at:deleted-entry") {
        report.need(gone.get("ref").is_some_and(is_iri), "deleted-entry", "has no ref");
        report.need(gone.get("when").is_some_and(is_rfc3339), "deleted-entry", "has no when");
        let id = gone.get("ref").unwrap_or_default();
        report.need(!ids.contains(id), "deleted-entry", "is there all the same");
    }
}

fn check_common(node: &Node, known: &[&str], place: &str, is_whole: bool, report: &mut Report) {
    let mut seen = HashSet::new();
    for child in &node.children {
        let Some(name) = child.name.strip_prefix("atom:") else {
            report.need(child.name.contains(':'), place, &format!("{} is in no namespace", child.name));
            continue;
        };
        report.need(known.contains(&name), place, &format!("{name} does not belong here"));
        report.need(seen.insert(name) || MANY.contains(&name), place, &format!("{name} stands twice"));
    }
    report.need(node.get("xml:lang").is_none_or(is_language), place, "xml:lang is no language");
    report.need(node.get("xml:base").is_none_or(is_web), place, "xml:base is nowhere");
    for name in ["id", "title", "updated"].into_iter().filter(|_| is_whole) {
        report.need(seen.contains(name), place, &format!("has no {name}"));
    }
    let values: [(&str, Rule); 5] = [
        ("id", is_iri),
        ("updated", is_rfc3339),
        ("published", is_rfc3339),
        ("icon", is_iri),
        ("logo", is_iri),
    ];
    for (name, rule) in values {
        for child in node.all(&format!("atom:{name}")) {
            report.need(rule(&child.text), place, &format!("{name} {:?} is none", child.text));
        }
    }
    for name in ["title", "subtitle", "rights", "summary"] {
        node.all(&format!("atom:{name}")).for_each(|text| check_text(text, place, report));
    }
    for person in node.all("atom:author").chain(node.all("atom:contributor")) {
        check_person(person, place, report);
    }
    for category in node.all("atom:category") {
        report.need(
            category.get("term").is_some_and(|term| !term.is_empty()),
            place,
            "a category has no term",
        );
        report.need(category.get("scheme").is_none_or(is_iri), place, "the scheme of a category is no IRI");
    }
    check_links(node, place, report);
}

fn check_text(text: &Node, place: &str, report: &mut Report) {
    let kind = text.get("type").unwrap_or("text");
    report.need(matches!(kind, "text" | "html"), place, &format!("{} is neither text nor html", text.name));
    report.need(text.children.is_empty(), place, &format!("{} must not have children", text.name));
    report.need(!text.text.trim().is_empty(), place, &format!("{} is empty", text.name));
    if kind == "html" {
        check_markup(&text.text, place, report);
    }
}

fn check_person(person: &Node, place: &str, report: &mut Report) {
    let named = person.all("atom:name").count() == 1 && !person.text_of("atom:name").trim().is_empty();
    report.need(named, place, "a person must have exactly one name");
    for email in person.all("atom:email") {
        let parts = email.text.split_once('@');
        let is_good =
            parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
        report.need(is_good, place, "the address of a person is none");
    }
    person
        .all("atom:uri")
        .for_each(|uri| report.need(is_iri(&uri.text), place, "the page of a person is none"));
}

fn check_links(node: &Node, place: &str, report: &mut Report) {
    let mut alternates = HashSet::new();
    for link in node.all("atom:link") {
        report.need(link.get("href").is_some_and(is_uri), place, "a link leads nowhere");
        let rel = link.get("rel").unwrap_or("alternate");
        let is_name = rel.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        report.need(is_name && !rel.is_empty(), place, &format!("there is no relation {rel:?}"));
        let media_type = link.get("type");
        report.need(media_type.is_none_or(is_media_type), place, "the type of a link is none");
        report.need(
            link.get("length").is_none_or(|length| length.parse::<u64>().is_ok()),
            place,
            "a link has no length",
        );
        report.need(link.get("hreflang").is_none_or(is_language), place, "hreflang is no language");
        if rel == "alternate" {
            let kind = (media_type, link.get("hreflang"));
            report.need(alternates.insert(kind), place, "two alternates have one type and hreflang");
        }
    }
}

fn check_entry(entry: &Node, feed: &Node, place: &str, report: &mut Report) {
    check_common(entry, ENTRY, place, true, report);
    let source = entry.one("atom:source");
    if let Some(source) = source {
        check_common(source, SOURCE, &format!("{place} source"), true, report);
    }
    let has_author = |node: &Node| node.one("atom:author").is_some();
    let is_signed = has_author(entry) || source.is_some_and(has_author) || has_author(feed);
    report.need(is_signed, place, "has no author, nor has its source or the feed");
    let rel = |link: &Node| link.get("rel").unwrap_or("alternate") == "alternate";
    let is_somewhere = entry.one("atom:content").is_some() || entry.all("atom:link").any(rel);
    report.need(is_somewhere, place, "has neither content nor a page");
    if let Some(content) = entry.one("atom:content") {
        check_text(content, place, report);
        report.need(content.get("src").is_none(), place, "its content is elsewhere");
    }
    super::rss::check_modules(entry, place, report);
}

/// What to write instead of what, and a part of the sentence that must come.
pub const BROKEN: &[(&str, &str, &str)] = &[
    ("<entry ", "<entry xml:lang=\"ar_MA\" ", "not well-formed"),
    ("xml:lang=\"fr-MA\"", "xml:lang=\"fr_MA\"", "xml:lang"),
    ("xml:base=\"https://a.example/%D8", "xml:base=\"/%D8", "xml:base"),
    ("<author><name>Source a</name><uri>https://a.example/</uri></author>", "", "no author"),
    ("<name>Source a</name>", "", "exactly one name"),
    ("<email>amal@", "<email>", "address of a person"),
    ("<id>https://a.example/permalink</id>", "<id>permalink</id>", "is none"),
    ("<id>https://a.example/permalink</id>", "<id>tag:a.example,2026:updated</id>", "that of another one"),
    ("<updated>2026-11-22T21:40:00+00:00</updated>", "<updated>2026-11-22</updated>", "updated"),
    ("<updated>2026-11-22T21:40:00+00:00</updated>", "", "no updated"),
    ("rel=\"self\"", "rel=\"other\"", "to itself"),
    ("rel=\"related\"", "rel=\"alternate\"", "one type and hreflang"),
    ("<content type=\"html\">", "<content type=\"html\"><p/>", "children"),
    ("<content type=\"html\">", "<content type=\"htm\">", "neither text nor html"),
    ("<content type=\"html\">", "<content type=\"html\">&lt;script>", "holds <script"),
    ("<summary type=\"html\">", "<summary>x</summary><summary type=\"html\">", "stands twice"),
    ("scheme=\"https://a.example/topics\"", "scheme=\"topics\"", "scheme"),
    (
        "<entry ",
        "<at:deleted-entry xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" ref=\"urn:x:y\"/><entry ",
        "no when",
    ),
    (
        "<entry ",
        "<fh:archive xmlns:fh=\"http://purl.org/syndication/history/1.0\"/><entry ",
        "lead to the live feed",
    ),
    ("length=\"12\"", "length=\"big\"", "no length"),
    ("<podcast:transcript ", "<podcast:transcript xmlns:podcast=\"x\" ", "means nothing"),
];
