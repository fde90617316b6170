//! Titles, ids, labels, numbers: the short texts of a feed.

use std::collections::HashSet;

use super::notes::Notes;
use crate::model::{Category, RawCategory, RawText, TextKind};
use crate::pipeline::text;

/// The longest title, in characters; a longer one is cut after a word.
const TITLE_CHARS_MAX: usize = 2000;
/// The longest description or copyright notice, in characters.
const PARAGRAPH_CHARS_MAX: usize = 4000;
/// The longest name of a person, category or vocabulary, in characters.
const NAME_CHARS_MAX: usize = 300;
/// The longest id; two longer ones might be one when they are cut, so they are dropped. In bytes.
const ID_BYTES_MAX: usize = 8 * 1024;
/// Of a longer text only the beginning is read, in bytes.
const READ_BYTES_MAX: usize = 64 * 1024;
/// Categories of one entry.
const CATEGORIES_MAX: usize = 100;

/// A plain title; `None` where nothing is left.
pub(super) fn title(raw: Option<RawText>) -> Option<String> {
    limited(raw, TITLE_CHARS_MAX)
}

/// A longer plain text; `None` where nothing is left.
pub(super) fn paragraph(raw: Option<RawText>) -> Option<String> {
    limited(raw, PARAGRAPH_CHARS_MAX)
}

/// A name of which the format says nothing.
pub(super) fn name(value: &str) -> Option<String> {
    some(text::shorten(text::title(text::start(value, READ_BYTES_MAX), TextKind::Unknown), NAME_CHARS_MAX))
}

/// An id as written, surrounding space removed.
pub(super) fn id(raw: Option<String>, notes: &mut Notes) -> Option<String> {
    let raw = raw?;
    if raw.len() > ID_BYTES_MAX {
        notes.add_about("long-id", "this id is longer than 8 KiB and is left out", &raw);
        return None;
    }
    let trimmed = raw.trim();
    if trimmed.len() == raw.len() { some(raw) } else { some(trimmed.to_owned()) }
}

/// Categories without doubles: of those that differ in case or accents only, the first stays.
pub(super) fn categories(raw: Vec<RawCategory>) -> Vec<Category> {
    let mut seen = HashSet::new();
    let mut categories = Vec::new();
    for raw in raw.into_iter().take(CATEGORIES_MAX) {
        let label = raw.label.as_deref().and_then(name);
        let Some(term) = name(&raw.term).or_else(|| label.clone()) else { continue };
        let scheme =
            raw.scheme.and_then(|scheme| some(text::shorten(scheme.trim().to_owned(), NAME_CHARS_MAX)));
        let label = label.filter(|label| *label != term);
        // Symbols have no folded form, and "C" is not "C++".
        let is_word = term.chars().all(|c| c.is_alphanumeric() || c.is_whitespace());
        let form = if is_word { text::fold(&term) } else { term.to_lowercase() };
        if seen.insert((form, scheme.clone())) {
            categories.push(Category { term, scheme, label });
        }
    }
    categories
}

/// The number at the start of `text`.
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

/// `Some` of what is not empty.
pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn limited(raw: Option<RawText>, chars_max: usize) -> Option<String> {
    let raw = raw?;
    some(text::shorten(text::title(text::start(&raw.value, READ_BYTES_MAX), raw.kind), chars_max))
}
