//! Mistakes and warnings while they are being collected, and their way to lines and columns.

use std::collections::BTreeSet;

use super::Mistake;

/// Suggestions cost time; beyond this many mistakes none are sought.
const SUGGESTIONS_MAX: usize = 1000;

/// Names longer than this, in bytes, get no suggestion.
const SUGGESTION_BYTES_MAX: usize = 64;

/// What was found so far.
#[derive(Default)]
pub(super) struct Notes {
    mistakes: Vec<Note>,
    warnings: Vec<Note>,
    /// Whether the file is not TOML in places: then what seems to be missing may only be unreadable.
    pub(super) broken: bool,
}

struct Note {
    offset: usize,
    key: String,
    message: String,
}

impl Notes {
    /// A mistake at this byte of the text.
    pub(super) fn mistake(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>) {
        self.mistakes.push(Note { offset, key: key.into(), message: message.into() });
    }

    /// Something that works but deserves a word.
    pub(super) fn warning(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Note { offset, key: key.into(), message: message.into() });
    }

    /// How many mistakes there are so far.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.len()
    }

    /// `; did you mean …?` or nothing.
    pub(super) fn suggest<'a>(&self, written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
        if self.mistakes.len() > SUGGESTIONS_MAX {
            return String::new();
        }
        nearest(written, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
    }

    /// Both lists with their places, in the order of the text.
    pub(super) fn finish(mut self, text: &str, file: &str) -> (Vec<Mistake>, Vec<Mistake>) {
        let lines = Lines::new(text);
        // What a syntax error left behind on its line is no second mistake of the admin's.
        let syntax: BTreeSet<usize> = self
            .mistakes
            .iter()
            .filter(|note| note.key.is_empty())
            .map(|note| lines.line(note.offset))
            .collect();
        if self.broken {
            self.mistakes.retain(|note| note.key.is_empty() || !syntax.contains(&lines.line(note.offset)));
        }
        (place(self.mistakes, &lines, file), place(self.warnings, &lines, file))
    }
}

fn place(mut notes: Vec<Note>, lines: &Lines<'_>, file: &str) -> Vec<Mistake> {
    notes.sort_by(|a, b| (a.offset, &a.key).cmp(&(b.offset, &b.key)));
    let placed = notes.into_iter().map(|note| {
        let (line, column) = lines.place(note.offset);
        Mistake { file: file.to_owned(), line, column, key: note.key, message: note.message }
    });
    placed.collect()
}

/// The name that was most likely meant.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > SUGGESTION_BYTES_MAX {
        return None;
    }
    let written = written.to_lowercase();
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&written, &name.to_lowercase()), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        // A byte order mark is no character of the first line.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let starts = std::iter::once(first).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line from 0.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Line and column in characters, both from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or("");
        (line + 1, before.chars().count() + 1)
    }
}
