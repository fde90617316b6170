//! What the crate `atom_syndication` has no place for, put into the document that it wrote.
//!
//! Every `<` of a text is escaped there, so the n-th `<entry>` is the start of the n-th entry; and so is every `"`.

use std::fmt::Write as _;

use super::super::values::{escape, rfc3339};
use crate::model::Removed;

const ENTRY: &str = "<entry>";
const END: &str = "</feed>";
/// The title comes first in feeds and entries.
const TITLE: &str = "<title>";
/// Other coverage and related stories are both `related`: this attribute marks the links to related stories.
const RELATED_STORY: &str = "nashra:story=\"related\"";

/// What an entry is given.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Its `xml:base`, as it stands in the document.
    pub(super) base: Option<String>,
    /// Its `xml:lang`: letters, digits and dashes.
    pub(super) language: Option<String>,
    /// How many of its `related` links, which come first, are no related stories; `None` where all are none.
    pub(super) coverage: Option<usize>,
}

/// Marks the entries, and says before the first of them what stands in `before`.
pub(super) fn splice(document: &str, before: &str, marks: &[Marks]) -> String {
    let mut parts = document.split(ENTRY);
    let mut out = String::with_capacity(document.len() + before.len() + marks.len() * 128);
    let head = parts.next().unwrap_or_default();
    // Without any entry the head is the whole document.
    let (head, end) = head.strip_suffix(END).map_or((head, ""), |head| (head, END));
    let title = head.find(TITLE).unwrap_or(head.len());
    out.push_str(&head[..title]);
    let rest = declared(&mut out, &head[title..]);
    out.extend([rest, before, end]);
    for (index, part) in parts.enumerate() {
        let nothing = Marks::default();
        let mark = marks.get(index).unwrap_or(&nothing);
        out.push_str("<entry");
        for (name, value) in [(" xml:base=\"", &mark.base), (" xml:lang=\"", &mark.language)] {
            if let Some(value) = value {
                out.extend([name, value, "\""]);
            }
        }
        out.push('>');
        let part = declared(&mut out, part);
        match mark.coverage {
            Some(coverage) => mark_related(&mut out, part, coverage),
            None => out.push_str(part),
        }
    }
    out
}

/// Writes the start of a title, and returns what follows. Many publishers write HTML there and do not say so, so
/// readers take for it what looks like it; whoever says that it is text is believed.
fn declared<'p>(out: &mut String, part: &'p str) -> &'p str {
    let Some(rest) = part.strip_prefix(TITLE) else { return part };
    let title = rest.find("</title>").and_then(|end| rest.get(..end)).unwrap_or_default();
    // A reference that is meant literally begins with an ampersand that is escaped.
    let is_like_html = title.contains("&lt;") || title.contains("&amp;");
    out.push_str(if is_like_html { "<title type=\"text\">" } else { TITLE });
    rest
}

/// Copies an entry; the links to other coverage, which come first, stay as they are.
fn mark_related(out: &mut String, entry: &str, coverage: usize) {
    const RELATION: &str = " rel=\"related\"";
    for (index, part) in entry.split_inclusive(RELATION).enumerate() {
        out.push_str(part);
        if part.ends_with(RELATION) && index >= coverage {
            out.extend([" ", RELATED_STORY]);
        }
    }
}

/// RFC 6721 §3: that there is no such entry any more, and since when.
pub(super) fn deleted(removed: &[Removed]) -> String {
    let mut out = String::new();
    for one in removed {
        let (id, at) = (super::id(&one.id), rfc3339(one.at));
        // A String takes everything.
        let _ = write!(out, "<at:deleted-entry ref=\"{}\" when=\"{at}\"></at:deleted-entry>", escape(&id));
    }
    out
}
