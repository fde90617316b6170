//! Writing for the crates: tags, attributes, text.

use std::borrow::Cow;

use memchr::{memchr3, memmem};

use super::super::entities;
use super::super::extras::{Attributes, Extras};
use super::super::grammar::{ATTRIBUTES, Family, Place, holds_address};
use super::super::names::Lower;
use super::super::tokens::attributes;
use super::{ATTRIBUTES_MAX, Inherited, Rewriter, joined};
use crate::model::RawText;

pub(super) const RSS_HEAD: &str =
    "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>";
pub(super) const RSS_TAIL: &str = "</channel></rss>";
pub(super) const ATOM_HEAD: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\">";
pub(super) const ATOM_TAIL: &str = "</feed>";

/// Bytes of an attribute's value; longer ones are left out.
const ATTRIBUTE_BYTES_MAX: usize = 16 * 1024;
/// A bit for each element of which an entry, or the feed, has one; 0 for the others.
fn single(name: &str) -> u32 {
    let place = match name {
        "title" => 0,
        "link" => 1,
        "description" | "subtitle" => 2,
        "content:encoded" | "content" => 3,
        "guid" | "id" => 4,
        "pubDate" => 5,
        "comments" => 6,
        "source" => 7,
        "enclosure" => 8,
        "summary" => 9,
        "rights" | "copyright" => 10,
        "language" => 11,
        "managingEditor" => 12,
        "lastBuildDate" => 13,
        "generator" => 14,
        "ttl" => 15,
        "icon" => 16,
        "logo" => 17,
        "image" => 18,
        "name" => 19,
        "email" => 20,
        "uri" => 21,
        "url" => 22,
        _ => return 0,
    };
    1 << place
}

impl Rewriter<'_> {
    /// Whether an element may be handed on: the first of its kind, or one of many.
    pub(super) fn first(&mut self, emitted: &'static str) -> bool {
        let last = self.frames.len() - 1;
        let frame = &mut self.frames[last];
        frame.elements += 1;
        let bit = single(emitted);
        let is_first = frame.seen & bit == 0;
        frame.seen |= bit;
        is_first
    }

    /// An attribute's value with its references resolved.
    pub(super) fn attribute<'v>(&mut self, raw: &'v str) -> Cow<'v, str> {
        entities::resolve(raw, &mut self.references)
    }

    pub(super) fn open_tag(&mut self, name: &str, attrs: &str) {
        self.out.push('<');
        self.out.push_str(name);
        if !attrs.is_empty() {
            let found = self.known_attributes(attrs, None);
            found.iter().for_each(|(name, value)| self.emit_attribute(name, value));
        }
        self.out.push('>');
    }

    pub(super) fn close_tag(&mut self, emitted: &str) {
        if !emitted.is_empty() && !emitted.starts_with('+') {
            self.out.push_str("</");
            self.out.push_str(emitted);
            self.out.push('>');
        }
    }

    /// The attributes that are handed on, with their references resolved. Addresses in a tag with a base of
    /// its own are joined here, since nobody has a place for that base.
    pub(super) fn known_attributes<'v>(&mut self, attrs: &'v str, own: Option<&Inherited>) -> Attributes<'v> {
        let base = own.and_then(|own| own.base.as_deref());
        let mut found = Attributes::new();
        for (name, value) in attributes(attrs).take(ATTRIBUTES_MAX) {
            let lower = Lower::of(name);
            let Some((_, known)) = ATTRIBUTES.iter().find(|(known, _)| *known == lower.as_str()) else {
                continue;
            };
            // Of two attributes with one name the first counts.
            let again = found.iter().any(|(name, _)| name == known);
            self.notes.add_if(again, "repeated-attribute", "a tag has two attributes of one name");
            if again || value.len() > ATTRIBUTE_BYTES_MAX {
                continue;
            }
            let value = match self.attribute(value) {
                Cow::Borrowed(value) => Cow::Borrowed(value.trim()),
                Cow::Owned(value) => Cow::Owned(value.trim().to_owned()),
            };
            let value = match base.filter(|_| holds_address(known)) {
                Some(base) => Cow::Owned(joined(Some(base), &value).unwrap_or_default()),
                None => value,
            };
            found.push((*known, value));
        }
        found
    }

    /// Writes one attribute.
    pub(super) fn emit_attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for piece in value.split_inclusive(['&', '<', '"', '\n', '\r', '\t']) {
            let plain = piece.trim_end_matches(['&', '<', '"', '\n', '\r', '\t']);
            self.out.push_str(plain);
            self.out.push_str(match piece.as_bytes().get(plain.len()) {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'"') => "&quot;",
                Some(_) => " ",
                None => "",
            });
        }
        self.out.push('"');
    }

    /// Writes text so that the crates copy it without looking for references.
    pub(super) fn emit_text(&mut self, text: &str) {
        if memchr3(b'<', b'&', b']', text.as_bytes()).is_none() {
            self.out.push_str(text);
            return;
        }
        self.out.push_str("<![CDATA[");
        let mut rest = text;
        // `]]>` would end the section early: it is divided between two of them.
        while let Some(at) = memmem::find(rest.as_bytes(), b"]]>") {
            self.out.push_str(&rest[..at + 2]);
            self.out.push_str("]]><![CDATA[");
            rest = &rest[at + 2..];
        }
        self.out.push_str(rest);
        self.out.push_str("]]>");
    }

    /// Where the front end puts what the crates have no place for: with the entry that is open, else with
    /// the feed.
    pub(super) fn extras(&mut self) -> &mut Extras {
        let in_entry = self.frames.iter().any(|frame| frame.place == Place::Entry);
        match self.entry_extras.last_mut().filter(|_| in_entry) {
            Some(extras) => extras,
            None => &mut self.feed_extras,
        }
    }

    /// Hands on the language and the base of the innermost element, which the crates do not keep.
    pub(super) fn keep_scope(&mut self) {
        let Inherited { lang, base } = self.top().inherited.clone();
        self.extras().set_scope(lang.as_deref(), base.as_deref());
    }

    /// `rdf:about` is what an item of RSS 1.0 has for an id.
    pub(super) fn keep_about(&mut self, attrs: &str) {
        if self.family != Family::Rss || attrs.is_empty() {
            return;
        }
        let is_about = |name: &str| name == "about" || name.ends_with(":about");
        let Some((_, about)) = attributes(attrs).find(|(name, _)| is_about(name)) else { return };
        let value = self.attribute(about).trim().to_owned();
        if value.len() <= ATTRIBUTE_BYTES_MAX && !value.is_empty() {
            self.extras().add_text("about", RawText { value, ..RawText::default() });
        }
    }
}
