//! The rules of the formats, each as a sentence: every broken one is found, and our documents break none.

mod atom;
mod json;
mod rss;
mod tree;
mod values;

use super::*;
use tree::{Node, tree};

/// What is wrong with a document, each with its place.
#[derive(Default)]
struct Report(Vec<String>);

impl Report {
    fn need(&mut self, holds: bool, place: &str, sentence: &str) {
        if !holds {
            self.0.push(format!("{place}: {sentence}"));
        }
    }
}

/// Every broken rule of a document.
fn problems(document: &[u8]) -> Vec<String> {
    let mut report = Report::default();
    let Ok(text) = std::str::from_utf8(document) else { return vec!["document: is not UTF-8".to_owned()] };
    let control = |c: char| {
        c < ' ' && !matches!(c, '\t' | '\n' | '\r')
            || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    report.need(!text.contains(control), "document", "holds a character that does not belong into text");
    if text.starts_with('{') {
        json::check(text, &mut report);
        return report.0;
    }
    match tree(text) {
        Err(error) => report.need(false, "document", &format!("not well-formed: {error}")),
        Ok(root) if root.name == "rss" => rss::check(&root, &mut report),
        Ok(root) => atom::check(&root, &mut report),
    }
    report.0
}

/// Our documents of a section break no rule.
pub(super) fn check_all(feed: &SectionFeed, site: &Site) {
    for document in [render::rss, render::atom, render::json].map(|write| write(feed, site)) {
        let found = problems(&document);
        assert!(found.is_empty(), "{found:#?}\n{}", String::from_utf8_lossy(&document));
    }
}

#[test]
fn unusual_entries_break_no_rule() {
    let pushing = Site { hubs: vec!["https://hub.example/".to_owned()], has_cloud: true, ..site() };
    let gone = Removed { id: "urn:x-test:gone".to_owned(), at: at(DAY) };
    let torn = SectionFeed { archive: Some(1), removed: vec![gone.clone()], ..unusual() };
    for feed in [unusual(), torn, feed(vec![])] {
        check_all(&feed, &pushing);
        check_all(&feed, &Site { language: "not a tag".to_owned(), ..site() });
        let heading = render::Heading::of_archive(&feed.section, &pushing, 2, Some(1), None, feed.updated);
        let page = render::atom_of(&heading, &feed.placed, std::slice::from_ref(&gone), &pushing);
        assert_eq!(problems(&page), Vec::<String>::new());
    }
}

#[test]
fn every_broken_rule_is_found() {
    let feed = unusual();
    let [rss, atom, json] =
        [render::rss, render::atom, render::json].map(|write| text(write(&feed, &site())));
    let check = |document: &str, old: &str, new: &str, expected: &str| {
        assert!(document.contains(old), "{old} is not in {document}");
        let found = problems(document.replacen(old, new, 1).as_bytes());
        assert!(found.iter().any(|problem| problem.contains(expected)), "{new} for {old}: {found:?}");
    };
    for (old, new, expected) in rss::BROKEN {
        check(&rss, old, new, expected);
    }
    for (old, new, expected) in atom::BROKEN {
        check(&atom, old, new, expected);
    }
    for (old, new, expected) in json::BROKEN {
        check(&json, old, new, expected);
    }
}
