//! What was repaired on the way, counted, so that a feed with a thousand slips has a few problems.

use std::collections::BTreeMap;

use crate::model::Problem;

/// The examples of one code that a message names.
const EXAMPLE_CHARS_MAX: usize = 80;

/// Repairs by code.
#[derive(Debug, Default)]
pub(super) struct Notes {
    found: BTreeMap<&'static str, (usize, String)>,
}

impl Notes {
    /// Notes a repair; the first one's sentence stands for all of its code.
    pub(super) fn add(&mut self, code: &'static str, sentence: impl FnOnce() -> String) {
        let (count, _) = self.found.entry(code).or_insert_with(|| (0, sentence()));
        *count += 1;
    }

    /// Notes a repair where there was one.
    #[inline]
    pub(super) fn add_if(&mut self, found: bool, code: &'static str, sentence: &str) {
        if found {
            self.add(code, || sentence.to_owned());
        }
    }

    /// The problems, by code.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let problem = |(code, (count, sentence)): (&str, (usize, String))| match count {
            0 | 1 => Problem::new(code, sentence),
            _ => Problem::new(code, format!("{sentence} ({count} times)")),
        };
        self.found.into_iter().map(problem).collect()
    }
}

/// A name from the document, short enough for a message.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(EXAMPLE_CHARS_MAX).collect()
}
