//! Markup to plain text, in one pass and in time that grows with the length alone.

use super::entity;
use super::scanner::{Piece, Scanner, Strictness, is_inline};

/// The text of sanitised HTML: tags, comments, scripts and styles away, references resolved once, runs
/// of white space as one space, or as one line feed where a block begins or ends.
pub fn plain(html: &str) -> String {
    let mut out = String::new();
    plain_into(&mut out, html);
    out
}

/// The same, in place of what is in `out`.
pub fn plain_into(out: &mut String, html: &str) {
    out.clear();
    out.reserve(html.len());
    let mut out = Text(out, Gap::None);
    Scanner::new(html, Strictness::Any).for_each(|piece| out.push(piece));
}

/// The same as [`plain_into`], but only until there are `bytes_enough`, or a few more; says whether that is all.
pub fn plain_start_into(out: &mut String, html: &str, bytes_enough: usize) -> bool {
    out.clear();
    let mut out = Text(out, Gap::None);
    for piece in Scanner::new(html, Strictness::Any) {
        if out.0.len() >= bytes_enough {
            return false;
        }
        out.push(piece);
    }
    true
}

/// Whether `text`, of which the format says nothing, is HTML: it has a comment, a tag of HTML or a complete
/// character reference. `a < b`, `AT&T` and `List<String>` are text.
pub fn is_markup(text: &str) -> bool {
    has_tags(text)
        || memchr::memchr_iter(b'&', text.as_bytes())
            .any(|at| text.get(at..).is_some_and(entity::is_reference))
}

/// Whether `text` has a comment or a tag of HTML.
pub fn has_tags(text: &str) -> bool {
    Scanner::new(text, Strictness::Known).any(|piece| !matches!(piece, Piece::Text(_)))
}

/// Text whose white space is collapsed while it grows.
struct Text<'a>(&'a mut String, Gap);

/// The white space that goes before the next word.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Gap {
    None,
    Space,
    Line,
}

impl Text<'_> {
    fn push(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Text(text) | Piece::Cdata(text) => self.push_decoded(text),
            Piece::Tag { name, .. } if is_inline(name) => {}
            Piece::Tag { .. } => self.gap(true),
            Piece::Nothing => {}
        }
    }

    fn gap(&mut self, line: bool) {
        let gap = if line { Gap::Line } else { Gap::Space };
        if gap > self.1 {
            self.1 = gap;
        }
    }

    fn push_decoded(&mut self, text: &str) {
        let text = entity::decode(text);
        let bytes = text.as_bytes();
        let (mut word, mut at) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            // Words with a single space between them are taken as they stand.
            let is_single =
                || at > word && bytes.get(at + 1).is_some_and(|next| !MAY_BEGIN_SPACE[usize::from(*next)]);
            if !MAY_BEGIN_SPACE[usize::from(*byte)] || *byte == b' ' && is_single() {
                at += 1;
                continue;
            }
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            if c.is_whitespace() {
                self.push_word(text.get(word..at).unwrap_or_default());
                self.gap(false);
                word = at + c.len_utf8();
            }
            at += c.len_utf8();
        }
        self.push_word(text.get(word..).unwrap_or_default());
    }

    fn push_word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        match self.1 {
            _ if self.0.is_empty() => {}
            Gap::None => {}
            Gap::Space => self.0.push(' '),
            Gap::Line => self.0.push('\n'),
        }
        self.1 = Gap::None;
        self.0.push_str(word);
    }
}

/// Whether a character that begins with this byte may be white space: everything else, Arabic among it, is known
/// by its first byte to be none.
static MAY_BEGIN_SPACE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte <= b' ' as usize || matches!(byte, 0xC2 | 0xE1 | 0xE2 | 0xE3);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_is_known_by_its_first_byte() {
        for c in ('\0'..=char::MAX).filter(|c| c.is_whitespace()) {
            let mut bytes = [0; 4];
            assert!(
                MAY_BEGIN_SPACE[usize::from(c.encode_utf8(&mut bytes).as_bytes()[0])],
                "U+{:04X}",
                u32::from(c)
            );
        }
    }

    fn check(html: &str, expected: &str) {
        assert_eq!(plain(html), expected, "{html}");
    }

    #[test]
    fn markup_goes_and_words_stay_apart() {
        check("<p>One <b>b</b>old</p><p>Two<br>three</p>", "One bold\nTwo\nthree");
        check("  a \n\t b&nbsp;&nbsp;c  ", "a b c");
        check("Tom &amp;amp; <i>Jerry</i> &#8217;", "Tom &amp; Jerry ’");
        check("<ul><li>x</li><li>y</li></ul>z", "x\ny\nz");
        check("<script>var a = '<p>';</script>a<style>b{}</style>c<!-- d > e -->f", "acf");
        check("<SCRIPT src=x>1</script >2", "2");
        check("a<script>never ends", "a");
        check("a<!-- never ends", "a");
        check("<a href=\"x>y\" title='>'>link</a>", "link");
        check("<p data-x=\">\">مرحبا</p>", "مرحبا");
        check("a < b and c <", "a < b and c <");
        check("x<y", "x<y");
        check("<img src=\"a.png\" alt=\"words\">", "");
        check("é<b>é</b>é", "ééé");
        check("", "");
    }

    #[test]
    fn what_is_markup() {
        for text in
            ["a<br>b", "<p>x", "x</p>", "a &amp; b", "&#8217;", "<!-- c -->x", "<a href='x'>y</a>", "<BR/>"]
        {
            assert!(is_markup(text), "{text}");
        }
        for text in
            ["", "a < b", "AT&T", "if x<y and y>z", "List<String>", "<3", "a & b; c", "i <b and c", "<p"]
        {
            assert!(!is_markup(text), "{text}");
        }
    }

    #[test]
    fn long_nonsense_takes_little_time() {
        for piece in ["<", "<a ", "<!--", "<a x=\"", "<a x='<b y=\"", "&", "&#", "</", "<script>", "&amp"] {
            let text = piece.repeat(300_000 / piece.len());
            assert!(plain(&text).len() <= text.len());
            is_markup(&text);
        }
    }

    proptest! {
        /// Nothing that looks like a tag survives twice, and any input is survived.
        #[test]
        fn any_text_is_survived(text in "\\PC{0,60}|[<>/ab&;#x!=\"' é-]{0,60}") {
            let once = plain(&text);
            prop_assert!(once.trim() == once);
            is_markup(&text);
        }
    }
}
