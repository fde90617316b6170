//! Markup cut into tags and text, in one pass.

use memchr::{memchr, memmem};

/// Elements whose content is not text.
const SILENT: &[&str] = &["script", "style", "template", "noembed", "noframes", "iframe", "object", "svg"];
/// Elements that stand in a line of text; every other element of HTML begins a new line.
#[rustfmt::skip]
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "picture", "source", "svg", "math",
    "label",
];
/// Elements that begin a new line.
#[rustfmt::skip]
const BLOCK: &[&str] = &[
    "address", "article", "aside", "audio", "blockquote", "br", "button", "canvas", "caption", "center",
    "col", "dd", "details", "dir", "div", "dl", "dt", "embed", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "iframe", "input", "li", "main",
    "nav", "noscript", "ol", "object", "option", "p", "param", "pre", "script", "section", "select",
    "style", "summary", "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "tr",
    "track", "ul", "video", "html", "body", "head", "meta", "link", "title",
];
/// The longest name in the lists above.
const NAME_BYTES_MAX: usize = 12;

/// What stands in markup, in document order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece<'a> {
    /// Text with its references.
    Text(&'a str),
    /// The inside of a CDATA section that was escaped into the text.
    Cdata(&'a str),
    /// A start or end tag; the name as written.
    Tag { name: &'a str, closes: bool },
    /// A comment, a declaration, an instruction, or an element whose content is not text.
    Nothing,
}

/// Which `<name …>` are tags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Strictness {
    /// Every name, as in a browser.
    Any,
    /// The elements of HTML only: the text may be no markup.
    Known,
}

/// Cuts markup into pieces. What a search did not find once is not looked for again, so that no input
/// takes quadratic time.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    strictness: Strictness,
    no_tag_end: bool,
    no_comment_end: bool,
    no_cdata_end: bool,
    no_quote: [bool; 2],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, strictness: Strictness) -> Self {
        let no_quote = [false; 2];
        Self {
            text,
            at: 0,
            strictness,
            no_tag_end: false,
            no_comment_end: false,
            no_cdata_end: false,
            no_quote,
        }
    }

    /// How many bytes have been cut so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let text = self.text;
        let start = self.at;
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        if rest.starts_with('<')
            && let Some((piece, len)) = self.tag(rest)
        {
            self.at = start + len;
            return Some(piece);
        }
        let end = memchr(b'<', rest.as_bytes().get(1..)?);
        let len = end.map_or(rest.len(), |at| at + 1);
        self.at = start + len;
        rest.get(..len).map(Piece::Text)
    }
}

impl<'a> Scanner<'a> {
    /// The tag, comment or silent element at the start of `rest`, and its length.
    fn tag(&mut self, rest: &'a str) -> Option<(Piece<'a>, usize)> {
        if rest.starts_with("<!--") {
            let end = (!self.no_comment_end).then(|| memmem::find(rest.as_bytes(), b"-->")).flatten();
            self.no_comment_end = end.is_none();
            // A comment that never ends hides the rest, as in a browser.
            return Some((Piece::Nothing, end.map_or(rest.len(), |end| end + 3)));
        }
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = (!self.no_cdata_end).then(|| memmem::find(inside.as_bytes(), b"]]>")).flatten();
            self.no_cdata_end = end.is_none();
            let end = end?;
            return Some((Piece::Cdata(inside.get(..end)?), rest.len() - inside.len() + end + 3));
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            return Some((Piece::Nothing, self.tag_end(rest, 2)?));
        }
        let closes = rest.starts_with("</");
        let name_at = 1 + usize::from(closes);
        let after = rest.get(name_at..)?;
        let name_len = after
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b':')
            .count();
        let name =
            after.get(..name_len).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        let follows = after.as_bytes().get(name_len)?;
        let ends_name = follows.is_ascii_whitespace() || matches!(follows, b'>' | b'/');
        if self.strictness == Strictness::Known
            && !(ends_name && (is_named(name, BLOCK) || is_named(name, INLINE)))
        {
            return None;
        }
        let len = self.tag_end(rest, name_at + name_len)?;
        if !closes && is_named(name, SILENT) && !rest.get(..len)?.ends_with("/>") {
            return Some((Piece::Nothing, len + silent_len(rest.get(len..)?, name)));
        }
        Some((Piece::Tag { name, closes }, len))
    }

    /// The length of the tag at the start of `rest`, whose attributes begin at `from`. A `>` within quotes
    /// that follow `=` does not end it.
    fn tag_end(&mut self, rest: &str, from: usize) -> Option<usize> {
        if self.no_tag_end {
            return None;
        }
        let bytes = rest.as_bytes();
        let mut at = from;
        let mut after_equals = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'>' => return Some(at + 1),
                b'"' | b'\'' if after_equals => {
                    let which = usize::from(byte == b'\'');
                    let end = (!self.no_quote[which]).then(|| memchr(byte, &bytes[at + 1..])).flatten();
                    self.no_quote[which] = end.is_none();
                    at += end.map_or(0, |end| end + 1);
                }
                // "x <b and y <i>": the first is no tag where the text may be no markup.
                b'<' if self.strictness == Strictness::Known => return None,
                _ => {}
            }
            after_equals = byte == b'=' || after_equals && byte.is_ascii_whitespace();
            at += 1;
        }
        self.no_tag_end = true;
        None
    }
}

/// Bytes up to and including the end tag of a silent element; all of them where it has none.
fn silent_len(rest: &str, name: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_end = |at: &usize| {
        bytes
            .get(at + 2..at + 2 + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    let found = memmem::find_iter(bytes, b"</").find(is_end);
    found.and_then(|at| Some(at + memchr(b'>', bytes.get(at..)?)? + 1)).unwrap_or(bytes.len())
}

/// Whether an element stands in a line of text rather than in a block of its own.
pub(super) fn is_inline(name: &str) -> bool {
    is_named(name, INLINE)
}

fn is_named(name: &str, list: &[&str]) -> bool {
    name.len() <= NAME_BYTES_MAX && list.iter().any(|one| one.eq_ignore_ascii_case(name))
}
