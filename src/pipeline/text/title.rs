//! Titles, names and labels: one line of plain text out of whatever a format allows there.

use std::borrow::Cow;

use super::markup::{has_tags, is_markup};
use super::scanner::{Piece, Scanner, Strictness};
use super::{entity, one_line};
use crate::model::TextKind;

/// Elements that publishers put into titles and that mean nothing there.
const DECORATION: &[&str] =
    &["b", "i", "em", "strong", "span", "u", "font", "small", "sup", "sub", "a", "mark"];

/// An ampersand that was escaped.
const ESCAPED: &str = "&amp;";
/// The longest reference that is looked for behind it.
const INNER_BYTES_MAX: usize = 12;

/// One line of plain text. Characters mean themselves in [`TextKind::Plain`]; tags go and references are
/// resolved once in [`TextKind::Html`]; [`TextKind::Unknown`] is taken as HTML where it has tags of HTML or
/// references, and what was escaped once too often (`&amp;#8217;`, `&lt;b&gt;Hi&lt;/b&gt;`) is read as meant.
pub fn title(value: &str, kind: TextKind) -> String {
    match kind {
        TextKind::Plain => one_line(value),
        TextKind::Html => one_line(&stripped(value, Strictness::Any, false)),
        TextKind::Unknown if !is_markup(value) => one_line(value),
        TextKind::Unknown => {
            let text = stripped(value, Strictness::Known, true);
            if !has_tags(value) && is_decorated(&text) {
                return one_line(&stripped(&text, Strictness::Known, true));
            }
            one_line(&text)
        }
    }
}

/// The text between the tags; block elements leave a space.
fn stripped(value: &str, strictness: Strictness, repair: bool) -> String {
    let mut out = String::with_capacity(value.len());
    for piece in Scanner::new(value, strictness) {
        match piece {
            Piece::Text(text) | Piece::Cdata(text) if repair => {
                out.push_str(&entity::decode(&once_less(text)));
            }
            Piece::Text(text) | Piece::Cdata(text) => out.push_str(&entity::decode(text)),
            Piece::Tag { name, .. } if DECORATION.iter().all(|one| !one.eq_ignore_ascii_case(name)) => {
                out.push(' ');
            }
            Piece::Tag { .. } | Piece::Nothing => {}
        }
    }
    out
}

/// `&amp;#8217;` and `&amp;quot;` as `&#8217;` and `&quot;`: nobody means them literally in a title.
fn once_less(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(ESCAPED) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while let Some(after) = rest.strip_prefix(ESCAPED) {
        let end = after.bytes().take(INNER_BYTES_MAX).position(|byte| byte == b';');
        let inner = end.and_then(|end| after.get(..=end)).map(|name| format!("&{name}"));
        out.push_str(if inner.is_some_and(|inner| entity::is_reference(&inner)) { "&" } else { ESCAPED });
        let next = after.find(ESCAPED).unwrap_or(after.len());
        let (between, following) = after.split_at(next);
        out.push_str(between);
        rest = following;
    }
    Cow::Owned(out)
}

/// Whether an element of [`DECORATION`] is opened and closed in `text`.
fn is_decorated(text: &str) -> bool {
    let mut opened = Vec::new();
    for piece in Scanner::new(text, Strictness::Known) {
        if let Piece::Tag { name, closes } = piece
            && let Some(at) = DECORATION.iter().position(|one| one.eq_ignore_ascii_case(name))
        {
            if closes && opened.contains(&at) {
                return true;
            }
            if !closes && opened.len() < DECORATION.len() {
                opened.push(at);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: TextKind, cases: &[(&str, &str)]) {
        for (value, expected) in cases {
            assert_eq!(title(value, kind), *expected, "{value} as {kind:?}");
        }
    }

    #[test]
    fn characters_mean_themselves() {
        check(
            TextKind::Plain,
            &[
                ("  AT&amp;T <b> \n &#8217;", "AT&amp;T <b> &#8217;"),
                ("a\u{0}b\u{A0}c", "ab c"),
                ("\u{202B}خبر\u{202C}", "\u{202B}خبر\u{202C}"),
            ],
        );
    }

    #[test]
    fn html_is_read_once() {
        check(
            TextKind::Html,
            &[
                ("Tom &amp; <b>Jerry</b>", "Tom & Jerry"),
                ("H<sub>2</sub>O", "H2O"),
                ("one<br/>two<p>three</p>", "one two three"),
                ("&amp;amp; &lt;b&gt;", "&amp; <b>"),
                ("<custom-tag>x</custom-tag>", "x"),
                ("a < b", "a < b"),
                ("<img src=x alt=y>", ""),
                ("x<script>alert(1)</script>y", "xy"),
            ],
        );
    }

    #[test]
    fn rss_is_looked_at() {
        check(
            TextKind::Unknown,
            &[
                ("Plain title", "Plain title"),
                ("AT&T & R&D", "AT&T & R&D"),
                ("a < b > c", "a < b > c"),
                ("if x<y", "if x<y"),
                ("Use List<String> in Java", "Use List<String> in Java"),
                ("Tom &amp; Jerry", "Tom & Jerry"),
                ("Tom &amp;amp; Jerry", "Tom & Jerry"),
                ("It&amp;#8217;s &amp;quot;fine&amp;quot;", "It’s \"fine\""),
                ("It&#8217;s &eacute;t&eacute;", "It’s été"),
                ("<b>Bold</b> news", "Bold news"),
                ("&lt;b&gt;Bold&lt;/b&gt; news", "Bold news"),
                ("How to use &lt;b&gt; in HTML", "How to use <b> in HTML"),
                ("&lt;script&gt; tags &amp; you", "<script> tags & you"),
                ("x <y> &amp; z", "x <y> & z"),
                ("عاجل &quot;المغرب&quot; يفوز&hellip;", "عاجل \"المغرب\" يفوز…"),
                ("<![CDATA[Left over]]>", "Left over"),
            ],
        );
    }
}
