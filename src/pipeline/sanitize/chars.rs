//! Writes text and attributes with references in one form, within a limit of bytes.

use super::HTML_BYTES_MAX;
use super::references::{Reference, reference};

/// What is written ends here, and leaves room for what must still be closed.
const TEXT_BYTES_MAX: usize = HTML_BYTES_MAX - (128 << 10);

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
            _ if is_dropped(one) => "",
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

/// Characters that XML does not allow, and byte order marks, which are none within text.
pub(super) fn is_dropped(one: char) -> bool {
    matches!(one, '\0'..='\x08' | '\x0B'..='\x1F' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
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

#[cfg(test)]
mod tests {
    use super::super::references::decode;
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
        check("a &amp; b & c", "a &amp; b &amp; c", "a & b & c", (false, false));
        check("&#8217;&#x2019;&rsquo;&#xA;", "’’’\n", "’’’\n", (false, false));
        check("&nbsp;\u{A0}&#160;é", "&nbsp;&nbsp;&nbsp;é", "\u{A0}\u{A0}\u{A0}é", (false, false));
        check("&lt;b> \"q\" &quot;", "&lt;b&gt; \"q\" \"", "<b> \"q\" \"", (false, false));
        check("AT&T", "AT&amp;T", "AT&T", (false, false));
        check("?a=1&copy=2", "?a=1&copy=2", "?a=1&copy=2", (true, false));
        check(
            "&NotEqualTilde; &#146; &#0; &#13;",
            "&NotEqualTilde; &#146; &#0; &#13;",
            "&NotEqualTilde; &#146; &#0; &#13;",
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
