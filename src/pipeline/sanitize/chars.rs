//! Character references (WHATWG HTML §13.2.5.72) and escaping, within a limit of bytes.

use std::borrow::Cow;

use super::HTML_BYTES_MAX;

/// What is written ends here, and leaves room for what must still be closed.
const TEXT_BYTES_MAX: usize = HTML_BYTES_MAX - (128 << 10);

/// Names that newsrooms write. Other references are left to a real parser. In order of name.
const NAMED: &[(&str, char)] = &[
    ("AElig", 'Æ'),
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Agrave", 'À'),
    ("Aring", 'Å'),
    ("Atilde", 'Ã'),
    ("Auml", 'Ä'),
    ("Ccedil", 'Ç'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Egrave", 'È'),
    ("Euml", 'Ë'),
    ("Iacute", 'Í'),
    ("Icirc", 'Î'),
    ("Iuml", 'Ï'),
    ("Ntilde", 'Ñ'),
    ("OElig", 'Œ'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Oslash", 'Ø'),
    ("Otilde", 'Õ'),
    ("Ouml", 'Ö'),
    ("Scaron", 'Š'),
    ("Uacute", 'Ú'),
    ("Ugrave", 'Ù'),
    ("Uuml", 'Ü'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("acute", '´'),
    ("aelig", 'æ'),
    ("agrave", 'à'),
    ("amp", '&'),
    ("apos", '\''),
    ("aring", 'å'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("bdquo", '„'),
    ("bull", '•'),
    ("ccedil", 'ç'),
    ("cent", '¢'),
    ("copy", '©'),
    ("deg", '°'),
    ("divide", '÷'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("egrave", 'è'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("euml", 'ë'),
    ("euro", '€'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("gt", '>'),
    ("hellip", '…'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iexcl", '¡'),
    ("igrave", 'ì'),
    ("iquest", '¿'),
    ("iuml", 'ï'),
    ("laquo", '«'),
    ("ldquo", '“'),
    ("lrm", '\u{200E}'),
    ("lsaquo", '‹'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("minus", '−'),
    ("nbsp", '\u{A0}'),
    ("ndash", '–'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("oelig", 'œ'),
    ("ograve", 'ò'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("oslash", 'ø'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("para", '¶'),
    ("plusmn", '±'),
    ("pound", '£'),
    ("quot", '"'),
    ("raquo", '»'),
    ("rarr", '→'),
    ("rdquo", '”'),
    ("reg", '®'),
    ("rlm", '\u{200F}'),
    ("rsaquo", '›'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("scaron", 'š'),
    ("sect", '§'),
    ("shy", '\u{AD}'),
    ("szlig", 'ß'),
    ("thinsp", '\u{2009}'),
    ("times", '×'),
    ("trade", '™'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("ugrave", 'ù'),
    ("uml", '¨'),
    ("uuml", 'ü'),
    ("yen", '¥'),
    ("yuml", 'ÿ'),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// What follows an ampersand.
enum Reference {
    /// A character, and the length of the reference behind the ampersand.
    Char(char, usize),
    /// The ampersand is one.
    Literal,
    /// Only a real parser can tell.
    Unsure,
}

/// HTML that grows up to a limit.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub(super) html: String,
    /// Whether a reference came that only a real parser should judge.
    pub(super) unsure: bool,
    /// Whether something had to be left out.
    pub(super) full: bool,
}

impl Sink {
    /// Text with its references, which come out in one form.
    pub(super) fn text(&mut self, raw: &str) {
        let mut rest = raw;
        while !rest.is_empty() && !self.full {
            let length = rest.bytes().position(|byte| !IS_PLAIN[usize::from(byte)]).unwrap_or(rest.len());
            let (plain, special) = rest.split_at(length);
            self.push(plain);
            rest = if let Some(after) = special.strip_prefix('&') {
                match reference(after, false) {
                    Reference::Char(decoded, length) => {
                        self.char(decoded, false);
                        after.get(length..).unwrap_or_default()
                    }
                    Reference::Literal => {
                        self.push("&amp;");
                        after
                    }
                    // The parser that is asked next sees it as it was.
                    Reference::Unsure => {
                        self.unsure = true;
                        self.push("&");
                        after
                    }
                }
            } else {
                self.special(special, false)
            };
        }
    }

    /// ` name="value"`, the value without references.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        let mut rest = value;
        while !rest.is_empty() {
            let is_plain = |byte| IS_PLAIN[usize::from(byte)] && byte != b'"';
            let length = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
            let (plain, special) = rest.split_at(length);
            self.html.push_str(plain);
            rest = self.special(special, true);
        }
        self.html.push('"');
    }

    /// Writes the first character of `special`, if any, and returns the rest.
    fn special<'a>(&mut self, special: &'a str, in_value: bool) -> &'a str {
        let mut chars = special.chars();
        match chars.next() {
            Some('\r') if chars.as_str().starts_with('\n') => {}
            Some('\r') => self.char('\n', in_value),
            Some(first) => {
                self.unsure |= first == '\0';
                self.char(first, in_value);
            }
            None => {}
        }
        chars.as_str()
    }

    fn char(&mut self, one: char, in_value: bool) {
        let mut buffer = [0; 4];
        let piece = match one {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' if in_value => "&quot;",
            '\u{A0}' => "&nbsp;",
            // XML allows no such characters, and a byte order mark within text is none.
            '\t' | '\n' => one.encode_utf8(&mut buffer),
            '\0'..='\x1F' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => "",
            _ => one.encode_utf8(&mut buffer),
        };
        if in_value { self.html.push_str(piece) } else { self.push(piece) }
    }

    fn push(&mut self, piece: &str) {
        let room = TEXT_BYTES_MAX.saturating_sub(self.html.len());
        if piece.len() <= room {
            self.html.push_str(piece);
            return;
        }
        self.full = true;
        // Half a reference would be another text.
        if !piece.starts_with('&') {
            self.html.push_str(super::cut(piece, room));
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full || self.html.len() >= TEXT_BYTES_MAX
    }
}

/// Bytes that need no look: all but the markup's own, control characters, and the first bytes of U+00A0
/// and of U+FEFF, U+FFFE and U+FFFF.
static IS_PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = !matches!(byte, 0..=8 | 11..=31 | 0x26 | 0x3C | 0x3E | 0xC2 | 0xEF);
        byte += 1;
    }
    table
};

/// The value of an attribute without its references. Sets `unsure` where only a real parser could tell.
pub(super) fn decode<'a>(raw: &'a str, unsure: &mut bool) -> Cow<'a, str> {
    if !raw.contains(['&', '\r']) {
        return Cow::Borrowed(raw);
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut parts = raw.split('&');
    decoded.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = match reference(part, true) {
            Reference::Char(char, length) => {
                decoded.push(char);
                part.get(length..).unwrap_or_default()
            }
            other => {
                *unsure |= matches!(other, Reference::Unsure);
                decoded.push('&');
                part
            }
        };
        decoded.push_str(rest);
    }
    if decoded.contains('\r') {
        decoded = decoded.replace("\r\n", "\n").replace('\r', "\n");
    }
    Cow::Owned(decoded)
}

/// What `after`, the text behind an ampersand, means.
fn reference(after: &str, in_value: bool) -> Reference {
    let digits = after.strip_prefix('#');
    let body = digits.unwrap_or(after);
    let length = body.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(body.len());
    let (name, behind) = body.split_at(length);
    let closed = behind.starts_with(';');
    if name.is_empty() {
        return Reference::Literal;
    }
    let found = match digits {
        Some(_) if closed => numeric(name),
        Some(_) => None,
        // No reference without a semicolon has one letter, and none counts before an equals sign in a value.
        None if !closed && (name.len() == 1 || (in_value && behind.starts_with('='))) => {
            return Reference::Literal;
        }
        None if closed => NAMED.binary_search_by(|(known, _)| known.cmp(&name)).ok().and_then(|at| {
            let (_, char) = NAMED.get(at)?;
            Some(*char)
        }),
        None => None,
    };
    match found {
        Some(char) => Reference::Char(char, usize::from(digits.is_some()) + length + 1),
        None => Reference::Unsure,
    }
}

fn numeric(name: &str) -> Option<char> {
    let code = match name.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => name.parse().ok()?,
    };
    // Browsers replace some of the others by what Windows meant.
    let is_sure = code >= 0x20 && !(0x7F..=0x9F).contains(&code) && code & 0xFFFE != 0xFFFE;
    char::from_u32(code).filter(|_| is_sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, text: &str, value: &str, unsure: (bool, bool)) {
        let mut sink = Sink::default();
        sink.text(raw);
        assert_eq!((sink.html.as_str(), sink.unsure), (text, unsure.0), "{raw}");
        let mut in_value = false;
        assert_eq!((decode(raw, &mut in_value).as_ref(), in_value), (value, unsure.1), "{raw}");
    }

    #[test]
    fn references_come_out_in_one_form() {
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
        check("a &amp; b & c", "a &amp; b &amp; c", "a & b & c", (false, false));
        check("&#8217;&#x2019;&rsquo;", "’’’", "’’’", (false, false));
        check("&nbsp;\u{A0}&#160;é", "&nbsp;&nbsp;&nbsp;é", "\u{A0}\u{A0}\u{A0}é", (false, false));
        check("&lt;b> \"q\" &quot;", "&lt;b&gt; \"q\" \"", "<b> \"q\" \"", (false, false));
        check("AT&T", "AT&amp;T", "AT&T", (false, false));
        check("?a=1&copy=2", "?a=1&copy=2", "?a=1&copy=2", (true, false));
        check(
            "&NotEqualTilde; &#146; &#0; &#10;",
            "&NotEqualTilde; &#146; &#0; &#10;",
            "&NotEqualTilde; &#146; &#0; &#10;",
            (true, true),
        );
        check("a\r\nb\rc\u{8}\u{FEFF}", "a\nb\nc", "a\nb\nc\u{8}\u{FEFF}", (false, false));
    }

    #[test]
    fn values_are_quoted() {
        let mut sink = Sink::default();
        sink.attribute("alt", "\"<a>\" & \u{A0}\u{1}'x'");
        assert_eq!(sink.html, r#" alt="&quot;&lt;a&gt;&quot; &amp; &nbsp;'x'""#);
    }
}
