//! The labelled pairs of `tests/data/stories`, and what nashra makes of them.

use std::fmt::Write as _;
use std::path::Path;

use nashra::model::FeedEntry;

use super::entries::*;

/// Languages that have a list.
pub const LANGUAGES: [&str; 3] = ["arabic", "french", "english"];

/// Two entries, and what is true of them.
pub struct Pair {
    pub one: (String, String),
    pub other: (String, String),
    pub same: bool,
    pub why: String,
    /// Where it stands.
    pub line: usize,
}

/// The pairs of one language.
pub fn pairs(language: &str) -> Vec<Pair> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/stories/{language}.txt"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut base = (String::new(), String::new());
    let mut pairs = vec![];
    for (line, row) in text.lines().enumerate().filter(|(_, row)| !row.is_empty() && !row.starts_with('#')) {
        let (kind, rest) = row.split_once(' ').unwrap();
        // A title may have a bar of its own, a text and a reason have none.
        let mut fields: Vec<&str> =
            rest.rsplitn(if kind == "*" { 2 } else { 3 }, " |").map(str::trim).collect();
        fields.reverse();
        match (kind, &fields[..]) {
            ("*", [title, text]) => base = ((*title).to_owned(), (*text).to_owned()),
            ("=" | "!", [title, text, why]) => {
                let text = if *text == "~" { base.1.as_str() } else { text };
                let other = ((*title).to_owned(), text.to_owned());
                let why = (*why).to_owned();
                pairs.push(Pair { one: base.clone(), other, same: kind == "=", why, line: line + 1 });
            }
            _ => panic!("{}:{}: {row}", path.display(), line + 1),
        }
    }
    pairs
}

/// An entry as a feed with titles and descriptions has it.
pub fn entry(id: &str, (title, text): &(String, String)) -> FeedEntry {
    let link = format!("https://{id}.example/1");
    let summary = (!text.is_empty()).then(|| format!("<p>{text}</p>"));
    FeedEntry { content: None, summary, ..said(id, title, &link, "2026-11-24T08:00:00Z") }
}

/// Whether two sources that carry the two have one story.
pub fn are_joined(one: &(String, String), other: &(String, String)) -> bool {
    let mut memory = Memory::default();
    let [a, b] = ["a", "b"].map(|id| source(id, &[]));
    let first = memory.poll(&a, &brought(vec![entry("a", one)], "2026-11-24T09:00:00Z"));
    let second = memory.poll(&b, &brought(vec![entry("b", other)], "2026-11-24T09:05:00Z"));
    second.new[0].story == first.new[0].key
}

/// How well the pairs are told apart.
#[derive(Default)]
pub struct Figures {
    pub right: usize,
    pub missed: usize,
    pub wrong: usize,
    pub apart: usize,
    /// Each error, for a reader.
    pub errors: String,
}

impl Figures {
    pub fn of(pairs: &[Pair]) -> Self {
        let mut figures = Self::default();
        for pair in pairs {
            let joined = are_joined(&pair.one, &pair.other);
            *match (pair.same, joined) {
                (true, true) => &mut figures.right,
                (true, false) => &mut figures.missed,
                (false, true) => &mut figures.wrong,
                (false, false) => &mut figures.apart,
            } += 1;
            if joined != pair.same {
                let what = if joined { "JOINED" } else { "missed" };
                writeln!(
                    figures.errors,
                    "  {what} {}: {}\n    {}\n    {}",
                    pair.line, pair.why, pair.one.0, pair.other.0
                )
                .unwrap();
            }
        }
        figures
    }

    /// Of the pairs that were joined, how many tell one event.
    pub fn precision_percent(&self) -> f64 {
        percent(self.right, self.right + self.wrong)
    }

    /// Of the pairs that tell one event, how many were joined.
    pub fn recall_percent(&self) -> f64 {
        percent(self.right, self.right + self.missed)
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    let count = |count: usize| f64::from(u32::try_from(count).unwrap());
    count(part) * 100.0 / count(whole.max(1))
}
