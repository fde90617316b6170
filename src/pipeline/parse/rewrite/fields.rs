//! Elements that are handed on as one: texts, and tags of which only the attributes count.

use std::borrow::Cow;

use super::super::grammar::{Family, Place};
use super::super::names::Lower;
use super::super::notes::shown;
use super::super::tokens::attributes;
use super::capture::Captured;
use super::{Inherited, Rewriter, Tag};

/// Texts that identify or date an entry: half of one is worse than none.
const WHOLE_ONLY: &[&str] =
    &["title", "link", "guid", "id", "pubDate", "n:published", "n:updated", "n:date", "n:id"];
/// Texts that Atom gives a type.
const TYPED: &[&str] = &["title", "subtitle", "summary", "content", "rights"];

impl<'a> Rewriter<'a> {
    /// A text element; `own` is set where it has a language or a base of its own.
    pub(super) fn text(
        &mut self,
        tag: Tag<'a>,
        emitted: &'static str,
        markup: bool,
        own: Option<&Inherited>,
    ) {
        // A title may hold a few tags of HTML's, but nothing that stands beside it.
        let captured = self.capture(tag, markup && !emitted.ends_with("title"));
        if !captured.complete && WHOLE_ONLY.contains(&emitted) {
            self.notes.add("truncated", || format!("the document ends within <{}>", shown(tag.name)));
            return;
        }
        let value = if markup { captured.value.clone() } else { Cow::Borrowed(captured.value.trim()) };
        if value.trim().is_empty() {
            let is_link =
                self.family == Family::Rss && emitted == "link" && attribute(tag.attrs, "href").is_some();
            if is_link {
                self.element("atom:link", tag.attrs, own, "");
            } else if !tag.attrs.is_empty() && (emitted == "source" || emitted.starts_with("n:"))
                || emitted == "content"
            {
                self.element_once(emitted, tag, own, &captured, "");
            }
            return;
        }
        self.element_once(emitted, tag, own, &captured, &value);
    }

    fn element_once(
        &mut self,
        emitted: &'static str,
        tag: Tag<'a>,
        own: Option<&Inherited>,
        captured: &Captured<'_>,
        value: &str,
    ) {
        // A second one of what there is only one of goes where it can still be of use.
        let emitted = match (self.first(emitted), emitted) {
            (true, emitted) => emitted,
            (false, "link") => "n:link",
            (false, "description") => "n:summary",
            (false, _) => return,
        };
        let is_typed = self.family == Family::Atom && TYPED.contains(&emitted);
        if is_typed {
            return self.typed(emitted, tag, own, captured, value);
        }
        if emitted.starts_with("n:") && (captured.markup || attribute(tag.attrs, "type").is_some()) {
            return self.typed(emitted, tag, own, captured, value);
        }
        self.element(emitted, tag.attrs, None, value);
        let base = captured.base.as_deref().or(own.and_then(|own| own.base.as_deref()));
        let lang = own.and_then(|own| own.lang.as_deref());
        if base.is_some() || lang.is_some() {
            let (base, lang) = (base.map(str::to_owned), lang.map(str::to_owned));
            self.emit_scope_as("n:textscope", Some(emitted), lang.as_deref(), base.as_deref());
        }
    }

    fn element(&mut self, emitted: &str, attrs: &str, own: Option<&Inherited>, value: &str) {
        if emitted == "guid" {
            self.guid_tag(attrs);
        } else {
            self.open_tag(emitted, attrs, own);
        }
        self.emit_text(value);
        self.close_tag(emitted);
    }

    /// The crate takes anything but "false" for true.
    fn guid_tag(&mut self, attrs: &str) {
        let denied = attribute(attrs, "ispermalink")
            .is_some_and(|value| matches!(value.trim().to_ascii_lowercase().as_str(), "false" | "no" | "0"));
        self.out.push_str(if denied { "<guid isPermaLink=\"false\">" } else { "<guid>" });
    }

    /// A text of Atom's: `type` and `mode` become `text` or `html`, base64 is decoded.
    fn typed(
        &mut self,
        emitted: &'static str,
        tag: Tag<'a>,
        own: Option<&Inherited>,
        captured: &Captured<'_>,
        value: &str,
    ) {
        let given = attribute(tag.attrs, "type").unwrap_or_default().trim().to_ascii_lowercase();
        let mime = given.split(';').next().unwrap_or_default().trim();
        let encoded = attribute(tag.attrs, "mode").is_some_and(|mode| mode.eq_ignore_ascii_case("base64"));
        let binary = !mime.is_empty() && !is_text(mime);
        let value = match captured.markup {
            true => Cow::Borrowed(if emitted.starts_with("n:") { value } else { unwrapped(value) }),
            false if encoded || binary => Cow::Owned(base64(value).unwrap_or_else(|| {
                self.notes.add("binary-content", || format!("content of type {} was left out", shown(mime)));
                String::new()
            })),
            false => Cow::Borrowed(value),
        };
        // Many write HTML and do not say so; whoever says that it is text is believed.
        let undeclared = given.is_empty() && looks_like_html(&value);
        self.notes.add_if(undeclared, "undeclared-markup", "a text without a type holds markup");
        let is_html = captured.markup || mime.contains("html") || mime.ends_with("xml") || undeclared;
        self.out.push('<');
        self.out.push_str(emitted);
        self.emit_attribute("type", if is_html { "html" } else { "text" });
        if let Some(src) = attribute(tag.attrs, "src") {
            let src = self.attribute(src).into_owned();
            self.emit_attribute("src", &src);
        }
        let base = captured.base.as_deref().or(own.and_then(|own| own.base.as_deref()));
        let lang = own.and_then(|own| own.lang.as_deref());
        let (base, lang) = (base.map(str::to_owned), lang.map(str::to_owned));
        for (name, value) in [("xml:base", base), ("xml:lang", lang)] {
            if let Some(value) = value {
                self.emit_attribute(name, &value);
            }
        }
        self.out.push('>');
        self.emit_text(&value);
        self.close_tag(emitted);
    }

    /// An element of which only the attributes count. Some publishers write its value as text instead.
    pub(super) fn empty(&mut self, tag: Tag<'a>, emitted: &'static str, own: Option<&Inherited>) {
        let captured = self.capture(tag, false);
        let text = captured.value.trim();
        let from_text = match emitted {
            "category" | "n:category" => "term",
            "link" | "atom:link" | "n:castimage" => "href",
            _ => "url",
        };
        // The crate `rss` has a place for one enclosure; the others go with what it has no place for.
        let emitted = if emitted == "enclosure" && !self.first(emitted) { "n:enclosure" } else { emitted };
        self.out.push('<');
        self.out.push_str(emitted);
        let written = self.emit_attributes(tag.attrs, own);
        if !text.is_empty() && !written.contains(&from_text) {
            self.emit_attribute(from_text, text);
        }
        self.out.push_str("/>");
        let last = self.frames.len() - 1;
        self.frames[last].elements += 1;
    }

    /// Text between elements: the name of a person, the address of an image; elsewhere nothing.
    pub(super) fn loose_text(&mut self, text: &'a str, is_cdata: bool) {
        if text.trim().is_empty() || self.ended {
            let junk = self.ended && !text.trim().is_empty();
            return self.notes.add_if(junk, "junk-behind", "something stands behind the feed; it was left");
        }
        let value = if is_cdata { Cow::Borrowed(text) } else { self.attribute(text) };
        let value = value.trim().to_owned();
        match (self.top().place, self.top().emitted) {
            (Place::Person, _) if self.first("name") => self.element("name", "", None, &value),
            (Place::Image, "image") if self.first("url") => self.element("url", "", None, &value),
            (Place::Image, _) => self.emit_text(&value),
            (Place::Entry | Place::Feed, _) => {
                self.notes.add("loose-text", || "text stands between the elements; it was left".to_owned());
            }
            _ => {}
        }
    }
}

/// The value of an attribute as written; names are compared in lower case.
fn attribute<'v>(attrs: &'v str, wanted: &str) -> Option<&'v str> {
    attributes(attrs).find(|(name, _)| Lower::of(name).as_str() == wanted).map(|(_, value)| value)
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text") || mime.contains("html") || mime.ends_with("xml") || !mime.contains('/')
}

/// Whether a text holds a tag of HTML's.
fn looks_like_html(text: &str) -> bool {
    const TAGS: &[&str] = &[
        "a",
        "b",
        "blockquote",
        "br",
        "div",
        "em",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "table",
        "ul",
    ];
    text.match_indices('<').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('/');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = Lower::of(&rest[..end]);
        TAGS.contains(&name.as_str()) && rest[end..].contains('>')
    })
}

/// XHTML comes in a `div` that is not part of it (RFC 4287 §3.1.1.3).
fn unwrapped(value: &str) -> &str {
    let inside = || {
        let rest = value.trim().strip_prefix("<div")?;
        let (attributes, rest) = rest.split_once('>')?;
        let is_div = attributes.is_empty() || attributes.starts_with(char::is_whitespace);
        // `dir` and `lang` would be lost with it.
        let matters = attributes.contains("dir=") || attributes.contains("lang=");
        let inner = rest.strip_suffix("</div>").filter(|_| is_div && !matters)?;
        // `<div>a</div><div>b</div>` has no wrapper.
        let mut depth = 1_i32;
        for (at, _) in inner.match_indices("div") {
            let before = &inner[..at];
            depth += i32::from(before.ends_with('<')) - i32::from(before.ends_with("</"));
            if depth == 0 {
                return None;
            }
        }
        Some(inner)
    };
    inside().unwrap_or(value)
}

/// Base64 (RFC 4648 §4) that holds text; `None` where it holds something else.
fn base64(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in value.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}
