//! Writing for the crates: tags, attributes, text.

use std::borrow::Cow;

use memchr::{memchr3, memmem};

use super::super::entities;
use super::super::grammar::{ATTRIBUTES, Family, holds_address};
use super::super::names::Lower;
use super::super::tokens::attributes;
use super::{ATTRIBUTES_MAX, Inherited, Rewriter, joined};

pub(super) const RSS_HEAD: &str = "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
    xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:n=\"urn:nashra\"><channel>";
pub(super) const RSS_TAIL: &str = "</channel></rss>";
pub(super) const ATOM_HEAD: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:n=\"urn:nashra\">";
pub(super) const ATOM_TAIL: &str = "</feed>";

/// Bytes of an attribute's value; longer ones are left out.
const ATTRIBUTE_BYTES_MAX: usize = 16 * 1024;
/// Elements of which an entry, or the feed, has one; the first that is not empty counts.
const SINGLE: &[&str] = &[
    "title",
    "link",
    "description",
    "content:encoded",
    "guid",
    "pubDate",
    "comments",
    "source",
    "enclosure",
    "summary",
    "content",
    "id",
    "subtitle",
    "rights",
    "copyright",
    "language",
    "managingEditor",
    "lastBuildDate",
    "generator",
    "ttl",
    "icon",
    "logo",
    "image",
    "name",
    "email",
    "uri",
    "url",
];

impl Rewriter<'_> {
    /// Whether an element may be handed on: the first of its kind, or one of many.
    pub(super) fn first(&mut self, emitted: &'static str) -> bool {
        let last = self.frames.len() - 1;
        let frame = &mut self.frames[last];
        frame.elements += 1;
        if !SINGLE.contains(&emitted) {
            return true;
        }
        let is_first = !frame.seen.contains(&emitted);
        if is_first {
            frame.seen.push(emitted);
        }
        is_first
    }

    /// An attribute's value with its references resolved.
    pub(super) fn attribute<'v>(&mut self, raw: &'v str) -> Cow<'v, str> {
        entities::resolve(raw, &mut self.references)
    }

    pub(super) fn open_tag(&mut self, emitted: &str, attrs: &str, own: Option<&Inherited>) {
        self.out.push('<');
        self.out.push_str(emitted);
        if !attrs.is_empty() {
            self.emit_attributes(attrs, own);
        }
        self.out.push('>');
    }

    pub(super) fn close_tag(&mut self, emitted: &str) {
        if !emitted.is_empty() {
            self.out.push_str("</");
            self.out.push_str(emitted);
            self.out.push('>');
        }
    }

    /// Writes the attributes that are handed on; says which they were. Addresses in a tag with a base of
    /// its own are joined here, since the crates have no place for that base.
    pub(super) fn emit_attributes(&mut self, attrs: &str, own: Option<&Inherited>) -> Vec<&'static str> {
        let base = own.and_then(|own| own.base.clone());
        let mut written: Vec<&'static str> = Vec::new();
        for (name, value) in attributes(attrs).take(ATTRIBUTES_MAX) {
            let lower = Lower::of(name);
            let Some((_, known)) = ATTRIBUTES.iter().find(|(known, _)| *known == lower.as_str()) else {
                continue;
            };
            // Of two attributes with one name the first counts.
            if written.contains(known) || value.len() > ATTRIBUTE_BYTES_MAX {
                continue;
            }
            written.push(known);
            let value = self.attribute(value);
            match base.as_deref().filter(|_| holds_address(known)) {
                Some(base) => {
                    let joined = joined(Some(base), value.trim()).unwrap_or_default();
                    self.emit_attribute(known, &joined);
                }
                None => self.emit_attribute(known, value.trim()),
            }
        }
        written
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

    /// Hands on the language and the base of the innermost element, where the crates have no place for them.
    pub(super) fn emit_scope(&mut self) {
        let Inherited { lang, base } = self.top().inherited.clone();
        if lang.is_none() && base.is_none() {
            return;
        }
        self.emit_scope_as("n:scope", None, lang.as_deref(), base.as_deref());
    }

    pub(super) fn emit_scope_as(
        &mut self,
        name: &str,
        of: Option<&str>,
        lang: Option<&str>,
        base: Option<&str>,
    ) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in [("of", of), ("lang", lang), ("base", base)] {
            if let Some(value) = value {
                self.emit_attribute(key, value);
            }
        }
        self.out.push_str("/>");
    }

    /// `rdf:about` is what an item of RSS 1.0 has for an id.
    pub(super) fn emit_about(&mut self, attrs: &str) {
        if self.family != Family::Rss || attrs.is_empty() {
            return;
        }
        let is_about = |name: &str| name == "about" || name.ends_with(":about");
        let Some((_, about)) = attributes(attrs).find(|(name, _)| is_about(name)) else { return };
        let about = self.attribute(about);
        if about.len() <= ATTRIBUTE_BYTES_MAX {
            self.out.push_str("<n:about>");
            self.emit_text(about.trim());
            self.out.push_str("</n:about>");
        }
    }
}
