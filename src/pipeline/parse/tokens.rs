//! A tokenizer for XML as publishers write it. Never fails, never looks back further than one tag, and
//! takes time in proportion to the text.

use memchr::memmem::Finder;
use memchr::{memchr, memchr2, memmem};

/// A piece of the document. The slices are as written: nothing is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name attributes>`; `empty` where it ends in `/>`.
    Start { name: &'a str, attributes: &'a str, empty: bool },
    /// `</name>`.
    End { name: &'a str },
    /// Characters and references up to the next tag.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
    /// The inside of an XML declaration or a processing instruction.
    Instruction,
    /// A document type declaration.
    Doctype(&'a str),
    /// A comment, or something that begins like a declaration.
    Ignored,
}

/// What had to be tolerated, as flags that the reader turns into problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tolerated {
    /// A `<` that begins no tag.
    pub(super) stray_less_than: bool,
    /// A tag, comment or CDATA section that never ends.
    pub(super) unterminated: bool,
    /// A CDATA section within a CDATA section.
    pub(super) nested_cdata: bool,
}

/// The tokens of a document, one after the other.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// From where on each of [`ENDS`] was looked for in vain: it is not looked for again, so that a
    /// million comments without an end cost one search.
    missing: [usize; ENDS.len()],
    /// Whether the end of a document type declaration was looked for in vain.
    doctype_failed: bool,
    finders: [Finder<'static>; ENDS.len()],
    cdata: Finder<'static>,
    pub(super) tolerated: Tolerated,
}

/// The ends that are searched for through the whole document.
const ENDS: [&str; 4] = ["-->", "]]>", "?>", ">"];
/// A document type declaration is looked through this far, in bytes.
const DOCTYPE_BYTES_MAX: usize = 64 * 1024;

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            missing: [usize::MAX; ENDS.len()],
            doctype_failed: false,
            finders: ENDS.map(Finder::new),
            cdata: Finder::new("<![CDATA["),
            tolerated: Tolerated::default(),
        }
    }

    /// Where the next token begins, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a position that `position` has returned.
    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        if !rest.starts_with('<') {
            return Some(self.take_text(rest, 0));
        }
        match rest.as_bytes().get(1) {
            Some(b'!') => Some(self.declaration(rest)),
            Some(b'?') => Some(self.until(rest, "?>", Token::Instruction)),
            Some(b'/') if name_end(&rest[2..]) > 0 => Some(self.end_tag(rest)),
            Some(_) if name_end(&rest[1..]) > 0 => Some(self.start_tag(rest)),
            // `</>` and `</ >` end nothing.
            Some(b'/') if memchr(b'>', rest.as_bytes()).is_some_and(|end| end < 4) => {
                Some(self.until(rest, ">", Token::Ignored))
            }
            _ => {
                self.tolerated.stray_less_than = true;
                Some(self.take_text(rest, 1))
            }
        }
    }

    /// Text up to the next `<` from `from` on.
    fn take_text(&mut self, rest: &'a str, from: usize) -> Token<'a> {
        let end = memchr(b'<', &rest.as_bytes()[from..]).map_or(rest.len(), |found| from + found);
        self.at += end;
        Token::Text(&rest[..end])
    }

    fn declaration(&mut self, rest: &'a str) -> Token<'a> {
        if rest.starts_with("<!--") {
            return self.until(rest, "-->", Token::Ignored);
        }
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            return self.cdata(inside, rest.len() - inside.len());
        }
        let begins = |word: &str| rest.get(2..2 + word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word));
        if begins("[CDATA[") {
            return self.cdata(&rest[9..], 9);
        }
        if !begins("doctype") && !rest[2..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') {
            self.tolerated.stray_less_than = true;
            return self.take_text(rest, 1);
        }
        // A second look through 64 KiB for each of a million declarations would take hours.
        if begins("doctype") && !self.doctype_failed {
            return self.doctype(rest);
        }
        self.until(rest, ">", Token::Ignored)
    }

    /// A document type declaration ends at the `>` outside its brackets and quotes.
    fn doctype(&mut self, rest: &'a str) -> Token<'a> {
        let (mut depth, mut quote) = (0_usize, None);
        for (at, byte) in rest.bytes().take(DOCTYPE_BYTES_MAX).enumerate() {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                // A quote that is never closed must not swallow the feed.
                (Some(_), b'<') if depth == 0 => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'[') => depth += 1,
                (None, b']') => depth = depth.saturating_sub(1),
                (None, b'>') if depth == 0 => {
                    self.at += at + 1;
                    return Token::Doctype(&rest[..=at]);
                }
                _ => {}
            }
        }
        // Brackets that do not match: the first `>` must do, for this one and all that follow.
        self.doctype_failed = true;
        self.until(rest, ">", Token::Ignored)
    }

    /// Everything up to and with `end`; what never ends, ends at its first `>`, else with the document.
    fn until(&mut self, rest: &'a str, end: &str, token: Token<'a>) -> Token<'a> {
        let found = self.find(rest, end).map(|at| at + end.len());
        if found.is_none() {
            self.tolerated.unterminated = true;
        }
        let found = found.or_else(|| self.find(rest, ">").map(|at| at + 1));
        self.at += found.unwrap_or(rest.len());
        token
    }

    /// Where one of [`ENDS`] is in what follows.
    fn find(&mut self, rest: &str, end: &str) -> Option<usize> {
        let place = ENDS.iter().position(|known| *known == end)?;
        if self.at >= self.missing[place] {
            return None;
        }
        let found = self.finders[place].find(rest.as_bytes());
        if found.is_none() {
            self.missing[place] = self.at;
        }
        found
    }

    fn cdata(&mut self, inside: &'a str, opening: usize) -> Token<'a> {
        let Some(end) = self.find(inside, "]]>") else {
            self.tolerated.unterminated = true;
            // Whatever closes the item ends it; without that it runs to the end of the document.
            let ends_item = |at: &usize| {
                let name = &inside[at + 2..];
                ["item>", "entry>", "channel>", "feed>"]
                    .iter()
                    .any(|tag| name.get(..tag.len()).is_some_and(|name| name.eq_ignore_ascii_case(tag)))
            };
            let end = memmem::find_iter(inside.as_bytes(), b"</").find(ends_item).unwrap_or(inside.len());
            self.at += opening + end;
            return Token::Cdata(&inside[..end]);
        };
        self.tolerated.nested_cdata |= self.cdata.find(&inside.as_bytes()[..end]).is_some();
        self.at += opening + end + 3;
        Token::Cdata(&inside[..end])
    }

    fn end_tag(&mut self, rest: &'a str) -> Token<'a> {
        let name = &rest[2..2 + name_end(&rest[2..])];
        let after = 2 + name.len();
        // `</title<link>` lacks its `>`.
        let end = rest.as_bytes()[after..].iter().position(|byte| matches!(byte, b'>' | b'<'));
        self.at += match end.map(|end| after + end) {
            Some(end) if rest.as_bytes()[end] == b'>' => end + 1,
            Some(end) => {
                self.tolerated.unterminated = true;
                end
            }
            None => {
                self.tolerated.unterminated = true;
                rest.len()
            }
        };
        Token::End { name }
    }

    fn start_tag(&mut self, rest: &'a str) -> Token<'a> {
        let name = &rest[1..=name_end(&rest[1..])];
        let after = 1 + name.len();
        let Some(end) = tag_end(rest.as_bytes(), after) else {
            // `a <b and c` is text, and so is a tag that the end of the document cuts off.
            let next = memchr(b'<', &rest.as_bytes()[1..]);
            self.tolerated.stray_less_than |= next.is_some();
            self.tolerated.unterminated |= next.is_none();
            return self.take_text(rest, 1);
        };
        self.at += end + 1;
        let inside = &rest[after..end];
        let (attributes, empty) = match inside.strip_suffix('/') {
            Some(attributes) => (attributes, true),
            None => (inside, false),
        };
        Token::Start { name, attributes, empty }
    }
}

/// Where a tag's `>` is. Quoted values may hold one, but no `<` (XML 1.0 §3.1): a quote that is not closed
/// before the next `<` is taken for a slip, and the tag ends at its first `>`.
fn tag_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return Some(at),
            b'<' => return None,
            b'"' | b'\'' if bytes[..at].iter().rev().find(|b| !b.is_ascii_whitespace()) == Some(&b'=') => {
                let inside = &bytes[at + 1..];
                match memchr2(*byte, b'<', inside) {
                    Some(close) if inside[close] == *byte => at += 1 + close,
                    slip => {
                        let inside = &inside[..slip.unwrap_or(inside.len())];
                        return memchr(b'>', inside).map(|found| at + 1 + found);
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// How many bytes of `text` are a name; 0 where none begins here.
fn name_end(text: &str) -> usize {
    let first = text.as_bytes().first().copied().unwrap_or_default();
    if !(first.is_ascii_alphabetic() || first == b'_' || first == b':' || first >= 0x80) {
        return 0;
    }
    text.bytes().position(|byte| !IN_NAME[usize::from(byte)]).unwrap_or(text.len())
}

/// Which bytes a name may have after its first; a table, because every byte of every name is looked up.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        let is_sign = matches!(byte, b'_' | b':' | b'-' | b'.');
        table[byte as usize] = byte.is_ascii_alphanumeric() || is_sign || byte >= 0x80;
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The attributes of a tag: name and value as written, without the quotes. Values may lack their quotes
/// or stand alone.
pub(super) fn attributes(inside: &str) -> impl Iterator<Item = (&str, &str)> {
    quoted_attributes(inside).map(|(name, value, _)| (name, value))
}

/// The same, with whether the value stood in quotes.
pub(super) fn quoted_attributes(inside: &str) -> impl Iterator<Item = (&str, &str, bool)> {
    let mut rest = inside;
    // All ends are at ASCII characters, so slices never fall within a character.
    let skip = |text: &str, wanted: fn(u8) -> bool| {
        text.bytes().position(|byte| !wanted(byte)).unwrap_or(text.len())
    };
    std::iter::from_fn(move || {
        let is_separator =
            |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'' | b'=' | b',');
        rest = &rest[skip(rest, is_separator)..];
        if rest.is_empty() {
            return None;
        }
        let end = skip(rest, |byte| !byte.is_ascii_whitespace() && byte != b'=' && byte != b'"');
        let name = &rest[..end];
        rest = &rest[end..];
        rest = &rest[skip(rest, |byte| byte.is_ascii_whitespace())..];
        let Some(after) = rest.strip_prefix('=') else { return Some((name, "", false)) };
        let after = &after[skip(after, |byte| byte.is_ascii_whitespace())..];
        let quote = after.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''));
        let value = if let Some(quote) = quote {
            let inner = &after[1..];
            // Curly quotes and the like are part of an unquoted value.
            let end = memchr(quote, inner.as_bytes()).unwrap_or(inner.len());
            rest = inner.get(end + 1..).unwrap_or_default();
            &inner[..end]
        } else {
            let end = skip(after, |byte| !byte.is_ascii_whitespace());
            rest = &after[end..];
            &after[..end]
        };
        Some((name, value, quote.is_some()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[Token<'_>]) {
        let mut tokens = Tokens::new(text);
        let found: Vec<_> = std::iter::from_fn(|| tokens.next()).collect();
        assert_eq!(found, expected, "{text}");
    }

    fn start<'a>(name: &'a str, attributes: &'a str) -> Token<'a> {
        Token::Start { name, attributes, empty: false }
    }

    #[test]
    fn what_is_a_tag() {
        check("<a>x</a>", &[start("a", ""), Token::Text("x"), Token::End { name: "a" }]);
        check("<a b='>'/>", &[Token::Start { name: "a", attributes: " b='>'", empty: true }]);
        check("1 < 2", &[Token::Text("1 "), Token::Text("< 2")]);
        check("x <y and</b>", &[Token::Text("x "), Token::Text("<y and"), Token::End { name: "b" }]);
        check("<a b=\"1>2<c>", &[start("a", " b=\"1"), Token::Text("2"), start("c", "")]);
        check("</a<b>", &[Token::End { name: "a" }, start("b", "")]);
        check("<![CDATA[<b>]]>]", &[Token::Cdata("<b>"), Token::Text("]")]);
        check("<!-- <a> --><?php x ?>", &[Token::Ignored, Token::Instruction]);
        check(
            "<!DOCTYPE a [<!ENTITY b \">\">]><a>",
            &[Token::Doctype("<!DOCTYPE a [<!ENTITY b \">\">]>"), start("a", "")],
        );
        check("<a", &[Token::Text("<a")]);
    }

    #[test]
    fn what_is_an_attribute() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            assert_eq!(attributes(text).collect::<Vec<_>>(), expected, "{text}");
        };
        check(" a=\"1\" b = '2' c=3 d", &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "")]);
        check("a=\"1\"b=\"2\"", &[("a", "1"), ("b", "2")]);
        check("href=http://e.org/?a=b&c", &[("href", "http://e.org/?a=b&c")]);
        check("a=\"open", &[("a", "open")]);
    }
}
