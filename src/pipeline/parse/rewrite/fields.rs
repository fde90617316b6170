//! Elements that are handed on as one: texts, and tags of which only the attributes count.

use std::borrow::Cow;

use super::super::grammar::{Family, Place};
use super::super::names::Lower;
use super::super::notes::shown;
use super::super::tokens::attributes;
use super::capture::Captured;
use super::{Inherited, Rewriter, Tag};
use crate::model::{RawText, TextKind};

/// Texts that identify or date an entry: half of one is worse than none.
const WHOLE_ONLY: &[&str] =
    &["title", "link", "guid", "id", "pubDate", "+published", "+updated", "+date", "+id"];
/// A longer text goes past the crates, which would copy it four times over.
const TEXT_BYTES_MAX: usize = 128;
/// Texts that Atom gives a type.
const TYPED: &[&str] = &["title", "subtitle", "summary", "content", "rights"];

impl<'a> Rewriter<'a> {
    /// A text element; `own` is set where it has a language or a base of its own.
    pub(super) fn text(&mut self, tag: Tag<'a>, name: &'static str, markup: bool, own: Option<&Inherited>) {
        // A title may hold a few tags of HTML's, but nothing that stands beside it.
        let mut captured = self.capture(tag, markup && !name.ends_with("title"));
        if !captured.complete && WHOLE_ONLY.contains(&name) {
            self.notes.add("truncated", || format!("the document ends within <{}>", shown(tag.name)));
            return;
        }
        captured.base = captured.base.or_else(|| own.and_then(|own| own.base.as_deref().map(str::to_owned)));
        let value = std::mem::take(&mut captured.value);
        let value = if markup { value.as_ref() } else { value.trim() };
        if value.trim().is_empty() {
            return self.attributes_alone(tag, name, own);
        }
        match (self.top().place, self.top().emitted) {
            (Place::Person, role) if role.starts_with('+') => {
                return self.extras().set_person(name, value.trim());
            }
            (Place::Image, "+image") if name == "url" => return self.extras().set_file_url(value.trim()),
            (Place::Image, "+image") => return,
            _ => {}
        }
        // A second one of what there is only one of goes where it can still be of use.
        let name = match (self.first(name), name) {
            (true, name) => name,
            (false, "link") => "+link",
            (false, "description") => "+summary",
            (false, _) => return,
        };
        let name = if value.len() > TEXT_BYTES_MAX { self.past_the_crates(name) } else { name };
        let lang = own.and_then(|own| own.lang.as_deref().map(str::to_owned));
        if let Some(extra) = name.strip_prefix('+') {
            self.extra_text(tag, extra, &captured, value, lang);
        } else if self.family == Family::Atom && TYPED.contains(&name) {
            let (value, kind) = self.typed(tag, &captured, value);
            self.typed_element(tag, name, (&value, kind), captured.base, lang);
        } else {
            self.element(name, tag.attrs, value);
            if captured.base.is_some() || lang.is_some() {
                self.extras().set_scope_of(name, lang, captured.base);
            }
        }
    }

    /// Where a long text of an entry goes.
    fn past_the_crates(&self, name: &'static str) -> &'static str {
        match name {
            _ if self.top().place != Place::Entry => name,
            "description" | "summary" => "+longsummary",
            "content:encoded" | "content" => "+longcontent",
            other => other,
        }
    }

    /// A text element without text: some say with attributes what they mean.
    fn attributes_alone(&mut self, tag: Tag<'a>, name: &'static str, own: Option<&Inherited>) {
        match name {
            "link" if self.family == Family::Rss && attribute(tag.attrs, "href").is_some() => {
                let found = self.known_attributes(tag.attrs, own);
                self.extras().add_element("link", &found);
            }
            "source" if self.first(name) => self.element(name, tag.attrs, ""),
            "content"
                if self.family == Family::Atom
                    && attribute(tag.attrs, "src").is_some()
                    && self.first(name) =>
            {
                self.typed_element(tag, name, ("", TextKind::Plain), None, None);
            }
            _ => {}
        }
    }

    fn extra_text(
        &mut self,
        tag: Tag<'a>,
        name: &'static str,
        captured: &Captured<'_>,
        value: &str,
        lang: Option<String>,
    ) {
        if self.top().place == Place::Media && self.top().emitted == "+content" {
            self.extras().set_file_words(name, value.trim());
        }
        let is_atom = self.family == Family::Atom && name.starts_with("long");
        let has_type = is_atom || captured.markup || attribute(tag.attrs, "type").is_some();
        let (value, kind) = if has_type {
            self.typed(tag, captured, value)
        } else {
            (Cow::Borrowed(value), TextKind::Unknown)
        };
        // Atom's own texts are plain unless they say otherwise (RFC 4287 §3.1.1).
        let kind = if is_atom && kind == TextKind::Unknown { TextKind::Plain } else { kind };
        let text = RawText { value: value.trim().to_owned(), kind, base: captured.base.clone(), lang };
        self.extras().add_text(name, text);
    }

    fn element(&mut self, name: &str, attrs: &str, value: &str) {
        if name == "guid" {
            // The crate takes anything but "false" for true.
            let denied = attribute(attrs, "ispermalink").is_some_and(|value| {
                matches!(value.trim().to_ascii_lowercase().as_str(), "false" | "no" | "0")
            });
            self.out.push_str(if denied { "<guid isPermaLink=\"false\">" } else { "<guid>" });
        } else {
            self.open_tag(name, attrs);
        }
        self.emit_text(value);
        self.close_tag(name);
    }

    /// A text of Atom's, with the types that the crate knows.
    fn typed_element(
        &mut self,
        tag: Tag<'a>,
        name: &str,
        (value, kind): (&str, TextKind),
        base: Option<String>,
        lang: Option<String>,
    ) {
        self.out.push('<');
        self.out.push_str(name);
        self.emit_attribute("type", if kind == TextKind::Html { "html" } else { "text" });
        let src = attribute(tag.attrs, "src").map(|src| self.attribute(src).into_owned());
        for (name, value) in [("src", src), ("xml:base", base), ("xml:lang", lang)] {
            if let Some(value) = value {
                self.emit_attribute(name, &value);
            }
        }
        self.out.push('>');
        self.emit_text(value);
        self.close_tag(name);
    }

    /// An element of which only the attributes count. Some publishers write its value as text instead.
    pub(super) fn empty(&mut self, tag: Tag<'a>, name: &'static str, own: Option<&Inherited>) {
        let captured = self.capture(tag, false);
        let text = captured.value.trim();
        let mut found = self.known_attributes(tag.attrs, own);
        let from_text = match name {
            "category" | "+category" => "term",
            "link" | "+link" | "+castimage" => "href",
            _ => "url",
        };
        if !text.is_empty() && !found.iter().any(|(known, _)| *known == from_text) {
            found.push((from_text, Cow::Borrowed(text)));
        }
        // The crate `rss` has a place for one enclosure.
        let name = if name == "enclosure" && !self.first(name) { "+enclosure" } else { name };
        let last = self.frames.len() - 1;
        self.frames[last].elements += 1;
        if let Some(extra) = name.strip_prefix('+') {
            return self.extras().add_element(extra, &found);
        }
        self.out.push('<');
        self.out.push_str(name);
        found.iter().for_each(|(name, value)| self.emit_attribute(name, value));
        self.out.push_str("/>");
    }

    /// Text between elements: the name of a person, the address of an image; elsewhere nothing.
    pub(super) fn loose_text(&mut self, text: &'a str, is_cdata: bool) {
        if text.trim().is_empty() || self.ended {
            let junk = self.ended && !text.trim().is_empty();
            return self.notes.add_if(junk, "junk-behind", "something stands behind the feed; it was left");
        }
        let value = if is_cdata { Cow::Borrowed(text) } else { self.attribute(text) };
        let value = value.trim();
        match (self.top().place, self.top().emitted) {
            (Place::Person, role) if role.starts_with('+') => self.extras().set_person("name", value),
            (Place::Person, _) if self.first("name") => self.element("name", "", value),
            (Place::Image, "image") if self.first("url") => self.element("url", "", value),
            (Place::Image, "+image") => self.extras().set_file_url(value),
            (Place::Entry | Place::Feed, _) => {
                self.notes.add("loose-text", || "text stands between the elements; it was left".to_owned());
            }
            _ => {}
        }
    }
}

/// The value of an attribute as written; names are compared in lower case.
pub(super) fn attribute<'v>(attrs: &'v str, wanted: &str) -> Option<&'v str> {
    attributes(attrs).find(|(name, _)| Lower::of(name).as_str() == wanted).map(|(_, value)| value)
}
