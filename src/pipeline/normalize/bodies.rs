//! Summaries and contents: whatever was written becomes sanitised HTML.

use std::borrow::Cow;

use super::Cleaner;
use super::links::Bases;
use super::notes::Notes;
use crate::model::{Clean, RawText, TextKind};
use crate::pipeline::text;

/// The longest text that is sanitised, in bytes; the rest of a longer one is left out.
const BODY_BYTES_MAX: usize = 512 * 1024;
/// The cut is made between tags where there is one so many bytes before the end.
const CUT_BYTES_MAX: usize = 4096;
/// A longer reference is none.
const REFERENCE_BYTES_MAX: usize = 34;

/// Sanitised HTML; empty where nothing was left to show.
pub(super) fn read(raw: &RawText, bases: &Bases, clean: Cleaner<'_>, notes: &mut Notes) -> Clean {
    if raw.value.trim().is_empty() {
        return Clean::default();
    }
    let html = html(raw.kind, limited(&raw.value, notes));
    let mut cleaned = clean(&html, bases.within(raw.base.as_deref()).url());
    let trimmed = cleaned.html.trim();
    if trimmed.len() != cleaned.html.len() {
        cleaned.html = trimmed.to_owned();
    }
    cleaned
}

/// The text as HTML that is not safe yet.
fn html(kind: TextKind, value: &str) -> Cow<'_, str> {
    match kind {
        TextKind::Html => Cow::Borrowed(value),
        TextKind::Plain => paragraphs(value, true),
        TextKind::Unknown if text::is_markup(value) => once_more(value),
        TextKind::Unknown => paragraphs(value, false),
    }
}

/// Markup that was escaped once too often has no tag, but begins with one when it is decoded.
fn once_more(value: &str) -> Cow<'_, str> {
    if text::has_tags(value) {
        return Cow::Borrowed(value);
    }
    let decoded = text::decode(value);
    if decoded.trim_start().starts_with('<') && text::has_tags(&decoded) {
        decoded
    } else {
        Cow::Borrowed(value)
    }
}

/// Characters as HTML: empty lines part paragraphs, and where line breaks are meant (`breaks`) one that is
/// not followed by indentation is one. A single line stays bare text.
fn paragraphs(value: &str, breaks: bool) -> Cow<'_, str> {
    let value = value.trim();
    if !value.contains('\n') && !value.contains('\r') {
        return text::escape(value);
    }
    let unix = value.replace("\r\n", "\n").replace('\r', "\n");
    let mut blocks: Vec<String> = vec![String::new()];
    for line in unix.split('\n') {
        let Some(block) = blocks.last_mut() else { break };
        if line.trim().is_empty() {
            if !block.is_empty() {
                blocks.push(String::new());
            }
            continue;
        }
        let is_wrapped = line.starts_with("  ") || line.starts_with('\t');
        if !block.is_empty() {
            block.push_str(if breaks && !is_wrapped { "<br>" } else { "\n" });
        }
        block.push_str(&text::escape(line.trim()));
    }
    if blocks.last().is_some_and(String::is_empty) {
        blocks.pop();
    }
    match blocks.as_slice() {
        [one] => Cow::Owned(one.clone()),
        several => Cow::Owned(format!("<p>{}</p>", several.join("</p><p>"))),
    }
}

/// The beginning of a text that is too long, cut between tags.
fn limited<'a>(value: &'a str, notes: &mut Notes) -> &'a str {
    if value.len() <= BODY_BYTES_MAX {
        return value;
    }
    notes.add(
        "long-text",
        format_args!("a text of {} KiB is cut after {} KiB", value.len() / 1024, BODY_BYTES_MAX / 1024),
    );
    let kept = text::start(value, BODY_BYTES_MAX);
    let tail = kept.len().saturating_sub(CUT_BYTES_MAX);
    let last = |byte: u8| memchr::memrchr(byte, kept.as_bytes()).filter(|at| *at >= tail);
    // Behind the last tag, else before the tag or reference that was cut through.
    let cut_through = || last(b'<').or_else(|| last(b'&').filter(|at| kept.len() - at < REFERENCE_BYTES_MAX));
    let end = last(b'>').map(|at| at + 1).or_else(cut_through).unwrap_or(kept.len());
    kept.get(..end).unwrap_or(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: TextKind, value: &str, expected: &str) {
        assert_eq!(html(kind, value), expected, "{value:?} as {kind:?}");
    }

    #[test]
    fn text_becomes_html() {
        use TextKind::{Html, Plain, Unknown};
        check(Plain, "a < b & c", "a &lt; b &amp; c");
        check(Plain, "<b>no tag</b> &amp;", "&lt;b&gt;no tag&lt;/b&gt; &amp;amp;");
        check(Plain, "one\ntwo\n\nthree\r\n", "<p>one<br>two</p><p>three</p>");
        check(Plain, "\n  wrapped by\n  a printer\n", "wrapped by\na printer");
        check(Html, "<b>x", "<b>x");
        check(Unknown, "a < b & c", "a &lt; b &amp; c");
        check(Unknown, "one\ntwo\n\n\nthree", "<p>one\ntwo</p><p>three</p>");
        check(Unknown, "<p>x</p>\n\ny", "<p>x</p>\n\ny");
        check(Unknown, "AT&amp;T", "AT&amp;T");
        check(Unknown, "&lt;p&gt;twice &amp;amp; escaped&lt;/p&gt;", "<p>twice &amp; escaped</p>");
        check(Unknown, "The tag &lt;b&gt; is bold", "The tag &lt;b&gt; is bold");
    }

    #[test]
    fn a_long_text_is_cut_between_tags() {
        let cases = [("<p>x</p>", "<a href='"), ("é", "&eacut"), ("word ", "word ")];
        for (unit, tail) in cases {
            let fill = unit.repeat((BODY_BYTES_MAX - tail.len()) / unit.len());
            let mut notes = Notes::new(vec![]);
            let text = format!("{fill}{tail}{unit}");
            let long = text.repeat(2);
            let cut = limited(&long, &mut notes);
            assert!(cut.len() <= BODY_BYTES_MAX && cut.len() > BODY_BYTES_MAX - 100);
            assert!(!cut.ends_with('\'') && !cut.ends_with("cut"), "{}", &cut[cut.len() - 20..]);
            assert_eq!(notes.finish()[0].code, "long-text");
        }
    }
}
