//! Text: the form in which words are compared, plain text out of markup, what XML can carry.
//! (No stage but a vocabulary, as `link` is.)

mod entity;
mod fold;
mod folded;
mod markup;
mod scanner;
mod stem;
mod title;

use std::borrow::Cow;

pub use entity::{decode, entity};
pub use fold::{composed, fold, fold_into, unmarked};
pub use folded::{fold_markup, fold_markup_into};
pub use markup::{has_tags, is_markup, plain, plain_into, plain_start_into};
pub use stem::{bare, is_arabic, is_joined, root, stem, unjoined, unjoined_digits};
pub use title::title;

/// Of a text no more than this belongs to its start, in bytes of markup.
pub const START_BYTES_MAX: usize = 1024;
/// Bytes of folded text that are enough of a start: forty words, nearly always.
pub const START_BYTES_ENOUGH: usize = 560;

/// How a text begins, folded.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Whole words of it.
    pub folded: String,
    /// Whether that is all that there is in its first [`START_BYTES_MAX`] bytes of markup.
    pub is_all: bool,
}

/// `text` without the characters that XML 1.0 §2.2 forbids: C0 controls other than tab, line feed and
/// carriage return, U+FFFE and U+FFFF. Bidi controls stay, for right-to-left text needs them.
pub fn xml_safe(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    // Every forbidden character is below the space or begins with the byte 0xEF.
    let suspect = |byte: u8| byte == 0xEF || byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // In pieces that are looked through without a branch: this runs over every text of every document.
    let is_suspect = |piece: &[u8]| piece.iter().fold(false, |found, byte| found | suspect(*byte));
    if text.as_bytes().chunks(64).any(is_suspect) && text.contains(forbidden) {
        Cow::Owned(text.chars().filter(|c| !forbidden(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// `text` as HTML that shows exactly these characters, in an attribute too.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `text` without controls, and every run of white space (no-break spaces too) as one space.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if !is_dropped(c) {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        }
    }
    out
}

/// At most `chars_max` characters of `text`: cut after a word where there is one, with "…" at the end.
pub fn shorten(text: String, chars_max: usize) -> String {
    if text.len() <= chars_max {
        return text;
    }
    let Some((limit, _)) = text.char_indices().nth(chars_max) else { return text };
    let Some((last, _)) = text.char_indices().nth(chars_max.saturating_sub(1)) else { return text };
    let kept = text.get(..last).unwrap_or_default();
    let ends_at_word = text.get(last..limit).is_some_and(|next| next.trim().is_empty());
    // A script without spaces, or one endless word, is cut where it stands.
    let word_end = kept.rfind(char::is_whitespace).filter(|at| at * 2 > last && !ends_at_word);
    format!("{}…", kept.get(..word_end.unwrap_or(last)).unwrap_or(kept).trim_end())
}

/// The first `bytes_max` bytes of `text`, or a few less where a character would be cut.
pub fn start(text: &str, bytes_max: usize) -> &str {
    let fits = (0..=bytes_max.min(text.len())).rev().take(4).find_map(|end| text.get(..end));
    fits.unwrap_or_default()
}

/// Controls and the byte order mark, which are never part of a title.
fn is_dropped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_carry_goes() {
        let cases = [
            ("a\u{8}b\u{1F}c\u{0}", "abc"),
            ("tab\tline\nreturn\r", "tab\tline\nreturn\r"),
            ("x\u{FFFE}y\u{FFFF}", "xy"),
            ("\u{202B}عربي\u{202C}\u{200F}", "\u{202B}عربي\u{202C}\u{200F}"),
            ("\u{FEFF}bom\u{7F}", "\u{FEFF}bom\u{7F}"),
        ];
        for (given, expected) in cases {
            assert_eq!(xml_safe(given), expected);
        }
        assert!(matches!(xml_safe("خبر عاجل\u{FF01}"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut_after_a_word() {
        let cases = [
            ("short", 10, "short"),
            ("exactly ten", 11, "exactly ten"),
            ("one two three four", 12, "one two…"),
            ("one two three", 8, "one two…"),
            ("abcdefghij", 5, "abcd…"),
            ("الحكومة تعلن عن برنامج", 13, "الحكومة تعلن…"),
            ("日本語日本語日本語", 4, "日本語…"),
        ];
        for (given, chars_max, expected) in cases {
            let cut = shorten(given.to_owned(), chars_max);
            assert_eq!(cut, expected);
            assert!(cut.chars().count() <= chars_max);
        }
    }

    #[test]
    fn white_space_and_markup_characters() {
        assert_eq!(one_line(" a\u{A0}\n\t b\u{0}c \u{FEFF}"), "a bc");
        assert_eq!(escape("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
        assert!(matches!(escape("it's plain"), Cow::Borrowed(_)));
    }
}
