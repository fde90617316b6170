//! Problems on the way, bounded in number and length: a feed of 1,000 bad dates has one trouble, not 1,000.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::Problem;
use crate::pipeline::text;

/// Problems kept of one document.
const PROBLEMS_MAX: usize = 60;
/// Problems of one kind that are told in full; the rest are counted.
const SAME_CODE_MAX: usize = 5;
/// The longest quotation, in characters.
const QUOTE_CHARS_MAX: usize = 120;
/// The longest message that is kept of an earlier stage, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// The problems of one document.
pub(super) struct Notes {
    told: Vec<Problem>,
    counts: BTreeMap<String, usize>,
}

impl Notes {
    /// Begins with what an earlier stage found.
    pub(super) fn new(earlier: Vec<Problem>) -> Self {
        let mut notes = Self { told: Vec::new(), counts: BTreeMap::new() };
        for problem in earlier {
            notes.push(problem.code, || text::shorten(problem.message, MESSAGE_CHARS_MAX));
        }
        notes
    }

    pub(super) fn add(&mut self, code: &str, message: fmt::Arguments<'_>) {
        self.push(code.to_owned(), || message.to_string());
    }

    /// A problem that quotes what the document says.
    pub(super) fn add_about(&mut self, code: &str, what: &str, quoted: &str) {
        self.push(code.to_owned(), || {
            // Of a text of megabytes only the beginning is looked at.
            let start: String = quoted.chars().take(QUOTE_CHARS_MAX * 4).collect();
            format!("{what}: \"{}\"", text::shorten(text::one_line(&start), QUOTE_CHARS_MAX))
        });
    }

    fn push(&mut self, code: String, message: impl FnOnce() -> String) {
        if self.counts.len() >= PROBLEMS_MAX && !self.counts.contains_key(&code) {
            return;
        }
        let count = self.counts.entry(code.clone()).or_insert(0);
        *count += 1;
        if *count <= SAME_CODE_MAX && self.told.len() < PROBLEMS_MAX {
            self.told.push(Problem { code, message: message() });
        }
    }

    /// All of them, with the number of those that were not told.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (code, count) in self.counts {
            let told = self.told.iter().filter(|problem| problem.code == code).count();
            if count > told && told > 0 {
                self.told.push(Problem { code, message: format!("and {} more of this kind", count - told) });
            }
        }
        self.told
    }
}
