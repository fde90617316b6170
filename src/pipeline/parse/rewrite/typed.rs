//! What a text is: characters, HTML, or base64 of either (RFC 4287 §3.1 and §4.1.3, Atom 0.3 `mode`).

use std::borrow::Cow;

use super::super::names::Lower;
use super::super::notes::shown;
use super::capture::Captured;
use super::fields::attribute;
use super::{Rewriter, Tag};
use crate::model::TextKind;

impl Rewriter<'_> {
    /// The text and its kind by `type` and `mode`. `Unknown` where a text has no type and shows nothing.
    pub(super) fn typed<'v>(
        &mut self,
        tag: Tag<'_>,
        captured: &Captured<'_>,
        value: &'v str,
    ) -> (Cow<'v, str>, TextKind) {
        let given = attribute(tag.attrs, "type").unwrap_or_default().trim().to_ascii_lowercase();
        let mime = given.split(';').next().unwrap_or_default().trim();
        let encoded = attribute(tag.attrs, "mode").is_some_and(|mode| mode.eq_ignore_ascii_case("base64"));
        let binary = !mime.is_empty() && !is_text(mime);
        if captured.markup {
            return (Cow::Borrowed(unwrapped(value)), TextKind::Html);
        }
        let value = if encoded || binary {
            Cow::Owned(base64(value).unwrap_or_else(|| {
                self.notes.add("binary-content", || format!("content of type {} was left out", shown(mime)));
                String::new()
            }))
        } else {
            Cow::Borrowed(value)
        };
        if mime.contains("html") || mime.ends_with("xml") {
            return (value, TextKind::Html);
        }
        // Many write HTML and do not say so; whoever says that it is text is believed.
        let undeclared = given.is_empty() && looks_like_html(&value);
        self.notes.add_if(undeclared, "undeclared-markup", "a text without a type holds markup");
        let kind = match (undeclared, given.is_empty()) {
            (true, _) => TextKind::Html,
            (false, true) => TextKind::Unknown,
            (false, false) => TextKind::Plain,
        };
        (value, kind)
    }
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
