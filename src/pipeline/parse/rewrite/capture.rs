//! The text of one element: characters, CDATA, and markup that should have been escaped.

use std::borrow::Cow;

use memchr::memmem;

use super::super::super::text;
use super::super::entities;
use super::super::grammar::ends_text;
use super::super::mojibake;
use super::super::names::{Lower, split};
use super::super::notes::shown;
use super::super::tokens::{Token, attributes};
use super::{Rewriter, Tag, joined};

/// Bytes of a text that may hold markup; the rest is left out.
const MARKUP_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of a plain text; the rest is left out.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Pieces of one text; the rest is left out.
const PIECES_MAX: usize = 100_000;
const TOO_LONG: &str = "a text is longer than any reader needs; the rest was left";
/// Elements of HTML that have no content.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// What an element held.
#[derive(Debug)]
pub(super) struct Captured<'a> {
    /// Its text, with references resolved; where tags stood in it, HTML.
    pub(super) value: Cow<'a, str>,
    /// Whether tags stood in it.
    pub(super) markup: bool,
    /// Whether it ended before the document did.
    pub(super) complete: bool,
    /// `xml:base` of the first tag in it.
    pub(super) base: Option<String>,
}

impl<'a> Rewriter<'a> {
    /// Reads up to the end tag of `tag`, or to what shows that it was forgotten.
    pub(super) fn capture(&mut self, tag: Tag<'a>, may_hold_markup: bool) -> Captured<'a> {
        if tag.empty {
            return self.assembled(&[], true);
        }
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.clear();
        let begin = self.tokens.position();
        let bytes_max = if may_hold_markup { MARKUP_BYTES_MAX } else { LINE_BYTES_MAX };
        let mut depth = 0_usize;
        let complete = loop {
            let at = self.tokens.position();
            let Some(token) = self.tokens.next() else { break false };
            match token {
                Token::Start { name, empty, .. } => {
                    if ends_text(Lower::of(split(name).1).as_str(), may_hold_markup) && !self.is_foreign(name)
                    {
                        self.notes
                            .add("unclosed-element", || format!("<{}> is never closed", shown(tag.name)));
                        self.tokens.rewind(at);
                        break true;
                    }
                    depth += usize::from(!empty && name.eq_ignore_ascii_case(tag.name));
                }
                Token::End { name } if name.eq_ignore_ascii_case(tag.name) => {
                    if depth == 0 {
                        break true;
                    }
                    depth -= 1;
                }
                Token::End { name }
                    if self.frames.iter().any(|open| open.name.eq_ignore_ascii_case(name)) =>
                {
                    self.notes.add("unclosed-element", || format!("<{}> is never closed", shown(tag.name)));
                    self.tokens.rewind(at);
                    break true;
                }
                Token::End { .. } | Token::Text(_) | Token::Cdata(_) => {}
                Token::Instruction | Token::Doctype(_) | Token::Ignored => continue,
            }
            let too_long = at - begin > bytes_max || pieces.len() >= PIECES_MAX;
            self.notes.add_if(too_long, "text-too-long", TOO_LONG);
            if !too_long {
                pieces.push(token);
            }
        };
        let mut captured = self.assembled(&pieces, complete);
        self.pieces = pieces;
        if captured.value.len() > bytes_max {
            self.notes.add("text-too-long", || TOO_LONG.to_owned());
            captured.value = Cow::Owned(text::start(&captured.value, bytes_max).to_owned());
        }
        captured
    }

    /// Elements of other vocabularies end no text: `<media:title>` may stand in a description.
    fn is_foreign(&self, name: &str) -> bool {
        let (prefix, _) = split(name);
        !prefix.is_empty() && self.dialect(self.scopes.of(prefix)) != super::Ns::Core
    }

    fn assembled(&mut self, pieces: &[Token<'a>], complete: bool) -> Captured<'a> {
        let is_tag = |piece: &Token<'_>| matches!(piece, Token::Start { .. });
        if pieces.iter().any(is_tag) {
            let foreign = self.family == super::Family::Rss;
            self.notes.add_if(foreign, "unescaped-markup", "markup stands in a text unescaped");
            let base = self.base_of(pieces);
            let value = self.meant(Cow::Owned(html(pieces)));
            return Captured { value, markup: true, complete, base };
        }
        // The white space around a CDATA section is no text.
        let has_cdata = pieces.iter().any(|piece| matches!(piece, Token::Cdata(_)));
        let counts = |piece: &&Token<'_>| match piece {
            Token::Text(text) => !has_cdata || !text.trim().is_empty(),
            other => matches!(other, Token::Cdata(_)),
        };
        let mut nested = 0;
        let mut value: Option<Cow<'a, str>> = None;
        for piece in pieces.iter().filter(counts) {
            let piece = match *piece {
                Token::Text(text) if nested > 0 => without_cdata_ends(text, &mut nested),
                Token::Text(text) => entities::resolve(text, &mut self.references),
                Token::Cdata(text) => without_cdata_begins(text, &mut nested),
                _ => continue,
            };
            value = Some(match value {
                None => piece,
                Some(before) => Cow::Owned(before.into_owned() + &piece),
            });
        }
        let value = value.unwrap_or_default();
        // Two slices may have been cut within a pair of bytes that XML normalises (XML 1.0 §2.11).
        let value = if self.has_returns && memchr::memchr(b'\r', value.as_bytes()).is_some() {
            Cow::Owned(value.replace("\r\n", "\n"))
        } else {
            value
        };
        Captured { value: self.meant(value), markup: false, complete, base: None }
    }

    /// The text without a second encoding.
    fn meant(&mut self, value: Cow<'a, str>) -> Cow<'a, str> {
        let Some(meant) = mojibake::undone(&value) else { return value };
        self.notes.add("encoded-twice", || "a text was encoded twice; it was decoded twice".to_owned());
        Cow::Owned(meant)
    }

    fn base_of(&mut self, pieces: &[Token<'a>]) -> Option<String> {
        let first = pieces.iter().find_map(|piece| match piece {
            Token::Start { attributes, .. } => Some(*attributes),
            _ => None,
        })?;
        let (_, base) = attributes(first).find(|(name, _)| *name == "xml:base")?;
        let base = self.attribute(base);
        joined(self.top().inherited.base.as_deref(), base.trim())
    }
}

/// The pieces as HTML: prefixes gone, and elements that HTML does not know to be empty closed.
fn html(pieces: &[Token<'_>]) -> String {
    let mut out = String::new();
    let mut nested = 0;
    for piece in pieces {
        match *piece {
            Token::Text(text) if nested > 0 => out.push_str(&without_cdata_ends(text, &mut nested)),
            Token::Text(text) => out.push_str(text),
            Token::Cdata(text) => out.push_str(&without_cdata_begins(text, &mut nested)),
            Token::Start { name, attributes, empty } => {
                let (_, local) = split(name);
                out.extend(["<", local, attributes, ">"]);
                if empty && !VOID.contains(&Lower::of(local).as_str()) {
                    out.extend(["</", local, ">"]);
                }
            }
            Token::End { name } => out.extend(["</", split(name).1, ">"]),
            Token::Instruction | Token::Doctype(_) | Token::Ignored => {}
        }
    }
    out
}

/// Drops the beginnings of sections within a section, and counts them.
fn without_cdata_begins<'a>(text: &'a str, nested: &mut usize) -> Cow<'a, str> {
    let count = memmem::find_iter(text.as_bytes(), b"<![CDATA[").count();
    if count == 0 {
        return Cow::Borrowed(text);
    }
    *nested += count;
    Cow::Owned(text.replace("<![CDATA[", ""))
}

/// Drops the ends that belong to sections within a section.
fn without_cdata_ends<'a>(text: &'a str, nested: &mut usize) -> Cow<'a, str> {
    let count = memmem::find_iter(text.as_bytes(), b"]]>").count();
    *nested = nested.saturating_sub(count);
    if count == 0 { Cow::Borrowed(text) } else { Cow::Owned(text.replace("]]>", "")) }
}
