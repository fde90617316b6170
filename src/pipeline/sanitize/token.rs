//! Tokens of HTML as a browser's tokenizer (WHATWG HTML §13.2.5) cuts them, in one pass and without copies.
//! Comments, doctypes and processing instructions are skipped.

use memchr::{memchr, memmem};

/// A tag keeps so many attributes; a browser compares each with all others.
const ATTRIBUTES_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text with its references.
    Text(&'a str),
    /// The name in a start tag, as written; its attributes are in [`Tokens::attributes`].
    Open(&'a str),
    /// The name in an end tag, as written.
    Close(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'a> {
    /// As written.
    pub(super) name: &'a str,
    /// With its references.
    pub(super) value: &'a str,
}

#[derive(Debug)]
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// Of the last start tag, doubles included: the first one counts.
    pub(super) attributes: Vec<Attribute<'a>>,
    /// Whether something came that only a real parser should judge.
    pub(super) odd: bool,
    /// Whether an empty element of XML came, such as `<iframe/>`, which in HTML would never end.
    pub(super) is_xml: bool,
    /// Whether the last tag ended in `/>`.
    self_closing: bool,
}

/// What stands at a `<`.
enum Markup<'a> {
    Token(Token<'a>),
    Skipped,
    Text,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self { html, at: 0, attributes: Vec::new(), odd: false, is_xml: false, self_closing: false }
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        while self.byte(0).is_some() {
            let mut text_from = 0;
            if self.byte(0) == Some(b'<') {
                match self.markup() {
                    Markup::Token(token) => return Some(token),
                    Markup::Skipped => continue,
                    Markup::Text => text_from = 1,
                }
            }
            let rest = self.rest();
            let bytes = rest.as_bytes().get(text_from..).unwrap_or_default();
            let end = memchr(b'<', bytes).map_or(rest.len(), |found| found + text_from);
            self.at += end;
            return rest.get(..end).map(Token::Text);
        }
        None
    }

    /// Skips the content and the end tag of an element in which there is no markup.
    pub(super) fn skip_raw(&mut self, name: &str) {
        let rest = self.rest();
        let end = end_tags(rest, name).next();
        if end.is_none() && self.self_closing {
            self.odd = true;
            self.is_xml = true;
            return;
        }
        let content = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        // In scripts a comment can hide the end tag.
        self.odd |= end.is_none() || content.contains("<!--");
        self.at += content.len();
        if end.is_some() {
            self.at += 2;
            self.tag();
        }
    }

    /// Skips everything up to the end of the element that was opened last, and counts elements of that
    /// name within it.
    pub(super) fn skip_nested(&mut self, name: &str) {
        self.odd = true;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next() {
                Some(Token::Open(other)) if other.eq_ignore_ascii_case(name) => depth += 1,
                Some(Token::Close(other)) if other.eq_ignore_ascii_case(name) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.html.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.html.as_bytes().get(self.at + ahead).copied()
    }

    fn markup(&mut self) -> Markup<'a> {
        match (self.byte(1), self.byte(2)) {
            (Some(b'!'), _) if self.rest().starts_with("<!--") => self.comment(),
            (Some(b'/'), Some(letter)) if letter.is_ascii_alphabetic() => {
                self.at += 2;
                self.tag().map_or(Markup::Skipped, |name| Markup::Token(Token::Close(name)))
            }
            (Some(b'!' | b'?'), _) | (Some(b'/'), Some(_)) => self.skip_to_bracket(),
            (Some(letter), _) if letter.is_ascii_alphabetic() => {
                self.at += 1;
                self.tag().map_or(Markup::Skipped, |name| Markup::Token(Token::Open(name)))
            }
            _ => Markup::Text,
        }
    }

    fn skip_to_bracket(&mut self) -> Markup<'a> {
        self.odd = true;
        let rest = self.rest();
        self.at += memchr(b'>', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        Markup::Skipped
    }

    fn comment(&mut self) -> Markup<'a> {
        let body = self.rest().get(4..).unwrap_or_default();
        let end = memmem::find(body.as_bytes(), b"-->");
        let inside = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
        let (length, odd) = if body.starts_with('>') {
            (1, true)
        } else if body.starts_with("->") {
            (2, true)
        } else if let Some(other) = memmem::find(inside.as_bytes(), b"--!>") {
            (other + 4, true)
        } else {
            (inside.len() + 3, end.is_none())
        };
        self.odd |= odd;
        self.at = (self.at + 4 + length).min(self.html.len());
        Markup::Skipped
    }

    /// The name at the cursor, which then stands behind the tag; `None` where the tag has no end, so that
    /// there is no tag.
    fn tag(&mut self) -> Option<&'a str> {
        self.attributes.clear();
        let name = self.run(|byte| !is_space(byte) && byte != b'/' && byte != b'>');
        loop {
            let between = self.run(|byte| is_space(byte) || byte == b'/');
            match self.byte(0) {
                None => {
                    self.odd = true;
                    return None;
                }
                Some(b'>') => {
                    self.at += 1;
                    self.self_closing = between.ends_with('/');
                    return Some(name);
                }
                Some(_) => self.attribute(),
            }
        }
    }

    fn attribute(&mut self) {
        let from = self.at;
        // A name may begin with an equals sign.
        self.at += 1;
        while !self.html.is_char_boundary(self.at) {
            self.at += 1;
        }
        self.run(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        let name = self.html.get(from..self.at).unwrap_or_default();
        self.run(is_space);
        let mut value = "";
        if self.byte(0) == Some(b'=') {
            self.at += 1;
            self.run(is_space);
            value = self.value();
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
        self.odd |= !name.bytes().all(plain) || value.contains('\0');
        if self.attributes.len() < ATTRIBUTES_MAX {
            self.attributes.push(Attribute { name, value });
        } else {
            self.odd = true;
        }
    }

    fn value(&mut self) -> &'a str {
        let Some(quote @ (b'"' | b'\'')) = self.byte(0) else {
            let value = self.run(|byte| !is_space(byte) && byte != b'>');
            self.odd |= value.contains(['"', '\'', '<', '=', '`']) || value.ends_with('/');
            return value;
        };
        self.at += 1;
        let value = self.run(|byte| byte != quote);
        self.odd |= self.byte(0).is_none();
        self.at = (self.at + 1).min(self.html.len());
        // What follows a value at once is another attribute, but nobody means that.
        self.odd |= self.byte(0).is_some_and(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>'));
        value
    }

    /// Moves over the bytes of a kind. The kinds are told by ASCII, so this ends between characters.
    fn run(&mut self, kind: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !kind(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

/// What separates attributes.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0C' | b'\r' | b' ')
}

/// Where the end tags of an element begin.
fn end_tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    memchr::memchr_iter(b'<', html.as_bytes()).filter(move |at| {
        let tag = html.as_bytes().get(at + 1..).unwrap_or_default();
        let Some(tag) = tag.strip_prefix(b"/") else { return false };
        let (Some(found), Some(after)) = (tag.get(..name.len()), tag.get(name.len())) else { return false };
        found.eq_ignore_ascii_case(name.as_bytes()) && (is_space(*after) || matches!(after, b'/' | b'>'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str, odd: bool) {
        let mut tokens = Tokens::new(html);
        let mut seen = Vec::new();
        while let Some(token) = tokens.next() {
            seen.push(match token {
                Token::Text(text) => format!("{text:?}"),
                Token::Close(name) => format!("/{name}"),
                Token::Open(name) => {
                    let pairs = tokens.attributes.iter().map(|pair| format!(" {}={}", pair.name, pair.value));
                    format!("{name}{}", pairs.collect::<String>())
                }
            });
        }
        assert_eq!(seen.join(" | "), expected, "{html}");
        assert_eq!(tokens.odd, odd, "{html}");
    }

    #[test]
    fn tags_are_cut_as_browsers_cut_them() {
        check("a<b>c</b >", r#""a" | b | "c" | /b"#, false);
        check("<a href='1 2' B=\"x>y\" c d = e/>", "a href=1 2 B=x>y c= d=e/", true);
        check("<br/><img/src=x>", "br | img src=x", false);
        check("1 < 2 <3 <", r#""1 " | "< 2 " | "<3 " | "<""#, false);
        check("<a =b=c>", "a =b=c", true);
        check("<a x=\"1\"y=2>", "a x=1 y=2", true);
        check("<a é=1>ü", "a é=1 | \"ü\"", true);
        check("x<a href=\"", r#""x""#, true);
        check("x<a", r#""x""#, true);
        check("</ a>b</>", r#""b""#, true);
    }

    #[test]
    fn comments_are_skipped() {
        check("a<!-- <b> -->c", r#""a" | "c""#, false);
        check("a<!--->b<!-->c", r#""a" | "b" | "c""#, true);
        check("a<!-- --!>b", r#""a" | "b""#, true);
        check("a<!-- b", r#""a""#, true);
        check("a<!--", r#""a""#, true);
        check("<?php x ?>b<!DOCTYPE html><![CDATA[c]]>", r#""b""#, true);
    }

    #[test]
    fn raw_content_is_skipped() {
        let mut tokens = Tokens::new("if (a<b) '</scriptx>' </SCRIPT x>after");
        tokens.skip_raw("script");
        assert_eq!((tokens.next(), tokens.odd), (Some(Token::Text("after")), false));
        let mut tokens = Tokens::new("<b>open");
        tokens.skip_raw("style");
        assert_eq!((tokens.next(), tokens.odd), (None, true));
        let mut tokens = Tokens::new("<svg></svg><p></svg>after");
        tokens.skip_nested("svg");
        assert_eq!(tokens.next(), Some(Token::Text("after")));
    }
}
