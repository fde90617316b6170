//! The element that a feed begins with: where it is, and which dialect it says.

use super::super::entities;
use super::super::grammar::{Family, Place};
use super::super::names::{Lower, Ns, split};
use super::super::notes::Notes;
use super::super::tokens::{Token, Tokens, attributes};
use super::{ATTRIBUTES_MAX, Frame, Inherited, Rewriter, emit};
use crate::model::Format;

/// The element that a feed begins with.
pub(super) struct Root<'a> {
    pub(super) name: &'a str,
    attributes: &'a str,
    pub(super) empty: bool,
    pub(super) family: Family,
    /// Names that the document declares for plain texts.
    pub(super) declared: Vec<(&'a str, &'a str)>,
}

/// Skips what stands before the feed: blank lines, warnings of scripts, a whole page.
pub(super) fn find<'a>(tokens: &mut Tokens<'a>, notes: &mut Notes) -> Option<Root<'a>> {
    let (mut junk, mut skipping) = (false, None::<&str>);
    let mut declared = Vec::new();
    loop {
        let at = tokens.position();
        match tokens.next()? {
            Token::Start { name, attributes, empty } => {
                let (_, local) = split(name);
                let local = Lower::of(local);
                let family = match local.as_str() {
                    "rss" | "rdf" | "channel" => Some(Family::Rss),
                    "feed" => Some(Family::Atom),
                    _ => None,
                };
                if let Some(family) = family.filter(|_| skipping.is_none()) {
                    notes.add_if(junk, "junk-before", "something stands before the feed; it was skipped");
                    return Some(Root { name, attributes, empty, family, declared });
                }
                junk = true;
                // What looks like a tag within a script is none.
                if !empty && skipping.is_none() && matches!(local.as_str(), "script" | "style") {
                    skipping = Some(name);
                }
            }
            Token::End { name } => {
                junk = true;
                skipping = skipping.filter(|open| !open.eq_ignore_ascii_case(name));
            }
            Token::Text(text) => junk |= !text.trim().is_empty(),
            Token::Instruction => {
                let late = at > 0 && !junk;
                notes.add_if(late, "blank-before", "blank lines stand before the XML declaration");
            }
            Token::Doctype(text) => declared = entities::declared(text),
            Token::Cdata(_) | Token::Ignored => {}
        }
    }
}

impl<'a> Rewriter<'a> {
    /// Opens the document for the crates.
    pub(super) fn open_root(&mut self, root: &Root<'a>) -> Format {
        let mut version = String::new();
        let mut inherited = Inherited::default();
        for (name, value) in attributes(root.attributes).take(ATTRIBUTES_MAX) {
            if name.eq_ignore_ascii_case("version") {
                self.attribute(value).trim().clone_into(&mut version);
            }
            self.declare(name, value, &mut inherited);
        }
        let (prefix, local) = split(root.name);
        let is_rdf = local.eq_ignore_ascii_case("rdf");
        let default = uri_of(root.attributes, if is_rdf { "" } else { prefix });
        if self.family == Family::Rss && self.scopes.of("") != Ns::Core {
            // A wrong default namespace must not hide the plain elements of RSS.
            self.scopes.declare("", "");
        }
        self.out.push_str(match self.family {
            Family::Rss => emit::RSS_HEAD,
            Family::Atom => emit::ATOM_HEAD,
        });
        self.frames.push(Frame {
            name: root.name,
            emitted: "",
            place: Place::Feed,
            mark: 0,
            inherited,
            seen: 0,
            elements: 0,
        });
        self.keep_scope();
        match (self.family, is_rdf) {
            (Family::Rss, true) if default.contains("netscape.com") => Format::Rss09,
            (Family::Rss, true) => Format::Rss10,
            (Family::Rss, false) if version.starts_with("0.9") => Format::Rss09,
            (Family::Rss, false) if version.starts_with("1.") => Format::Rss10,
            (Family::Rss, false) => Format::Rss20,
            (Family::Atom, _) if version.starts_with("0.") || default.contains("purl.org/atom") => {
                Format::Atom03
            }
            (Family::Atom, _) => Format::Atom10,
        }
    }
}

/// The address that a prefix is declared with in a tag, in lower case.
fn uri_of(attrs: &str, prefix: &str) -> String {
    let wanted = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
    let uri = attributes(attrs).find(|(name, _)| *name == wanted).map_or("", |(_, uri)| uri);
    uri.to_ascii_lowercase()
}
