//! The book of repairs: what was mended, when and why, for the admin; and what keeps one repair from following another
//! for ever. It outlives the store, so it is a file of its own.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

const NAME: &str = "repairs.json";
/// Repairs that are remembered.
const REPAIRS_MAX: usize = 20;
/// The admin is told of a repair for so long.
const TOLD_FOR: TimeDelta = TimeDelta::days(14);
/// The least time between two repairs of which the first did not help, by how many of them there were.
const REST: [Duration; 3] = [Duration::from_secs(60), Duration::from_secs(60), Duration::from_secs(600)];
/// Whatever fails so much later has another reason.
const IN_A_ROW: TimeDelta = TimeDelta::minutes(30);

/// A store that was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Repair {
    /// When.
    pub(in crate::app) at: Timestamp,
    /// What was wrong with the old one, one sentence.
    pub(in crate::app) why: String,
    /// What it was made from.
    pub(in crate::app) from: String,
    /// What is lost, one sentence each; empty where nothing is.
    #[serde(default)]
    pub(in crate::app) lost: Vec<String>,
    /// What else the admin should know, one sentence each.
    #[serde(default)]
    pub(in crate::app) notes: Vec<String>,
    /// Where the old one is.
    #[serde(default)]
    pub(in crate::app) aside: Option<String>,
}

/// What is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Book {
    /// The newest first.
    pub(super) repairs: Vec<Repair>,
    /// Repairs that followed one another because none of them helped.
    in_a_row: usize,
    /// When the last one began.
    begun: Option<Timestamp>,
    /// Whether what came of it was used without failing at once.
    stands: bool,
    /// Whether the store was opened without being read through, and was not since.
    pub(super) is_unread: bool,
    /// Why the store that was open could not be used any longer.
    pub(super) fatal: Option<String>,
}

impl Book {
    /// What stands in the folder; one that cannot be read is empty.
    pub(super) fn read(folder: &Path) -> Self {
        let read = fs::read(folder.join(NAME)).ok();
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// A book that cannot be written mends nothing and breaks nothing.
    pub(super) fn write(&self, folder: &Path) {
        let written = || -> io::Result<()> {
            let aside = folder.join(format!("{NAME}.new"));
            let mut file = File::create(&aside)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_data()?;
            fs::rename(aside, folder.join(NAME))
        };
        if let Err(error) = written() {
            tracing::warn!(%error, "the book of repairs cannot be written");
        }
    }

    /// A repair begins. Says how long it has to wait, and how many snapshots it is to leave out: those from which the
    /// ones before it were made.
    pub(super) fn begin(&mut self, now: Timestamp) -> (Duration, usize) {
        let since = self.begun.map(|begun| now - begun).filter(|since| *since >= TimeDelta::zero());
        let helped = self.stands && self.fatal.is_none();
        let is_next = !helped && since.is_some_and(|since| since < IN_A_ROW);
        let before = if is_next { self.in_a_row } else { 0 };
        let rest = before.checked_sub(1).and_then(|before| REST.get(before).or(REST.last()));
        let rested = since.and_then(|since| since.to_std().ok()).unwrap_or_default();
        (self.in_a_row, self.stands) = (before + 1, false);
        (rest.map_or(Duration::ZERO, |rest| rest.saturating_sub(rested)), before)
    }

    /// It has its turn.
    pub(super) fn note_begun(&mut self, now: Timestamp) {
        self.begun = Some(now);
    }

    /// The store is in use, without any repair or behind the last one.
    pub(super) fn note_standing(&mut self) {
        (self.stands, self.fatal) = (true, None);
    }

    /// Writes down what was done.
    pub(super) fn note(&mut self, repair: Repair) {
        self.repairs.insert(0, repair);
        self.repairs.truncate(REPAIRS_MAX);
    }

    /// When something was lost last.
    pub(super) fn lost_at(&self) -> Option<Timestamp> {
        self.repairs.iter().filter(|repair| !repair.lost.is_empty()).map(|repair| repair.at).max()
    }

    /// Those that the admin may not have seen yet.
    pub(super) fn news(&self, now: Timestamp) -> Vec<Repair> {
        self.repairs.iter().filter(|repair| now - repair.at < TOLD_FOR).cloned().collect()
    }
}

/// The store that was opened can be used: what comes now is no consequence of a repair that did not help.
pub(in crate::app) fn note_standing(folder: &Path) {
    change(folder, Book::note_standing);
}

/// The store that was open could not be used any longer: the next opening does not trust it.
pub(in crate::app) fn note_fatal(folder: &Path, why: &str) {
    change(folder, |book| book.fatal = Some(why.to_owned()));
}

/// Whether the store was opened without being read through.
pub(in crate::app) fn is_unread(folder: &Path) -> bool {
    Book::read(folder).is_unread
}

/// It is read through by now.
pub(in crate::app) fn note_read(folder: &Path) {
    change(folder, |book| book.is_unread = false);
}

/// Changes what stands in the folder.
pub(super) fn change(folder: &Path, change: impl FnOnce(&mut Book)) {
    // One at a time: what is noted elsewhere meanwhile would be lost.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = Book::read(folder);
    let mut book = before.clone();
    change(&mut book);
    if book != before {
        book.write(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn begin(book: &mut Book, seconds: i64) -> (u64, usize) {
        let (rest, skipped) = book.begin(at(seconds));
        book.note_begun(at(seconds));
        (rest.as_secs(), skipped)
    }

    #[test]
    fn repairs_that_do_not_help_rest_and_go_further_back() {
        let mut book = Book::default();
        assert_eq!(begin(&mut book, 1000), (0, 0));
        assert_eq!(begin(&mut book, 1010), (50, 1));
        assert_eq!(begin(&mut book, 1070), (0, 2));
        assert_eq!(begin(&mut book, 1075), (595, 3));
        assert_eq!(begin(&mut book, 1675), (0, 4));
        // The clock was set back.
        assert_eq!(begin(&mut book, 100), (0, 0));
        assert_eq!(begin(&mut book, 100 + 3600), (0, 0), "much later");
        book.note_standing();
        assert_eq!(begin(&mut book, 100 + 3601), (0, 0), "it had helped");
        book.note_standing();
        book.fatal = Some("it failed again".to_owned());
        assert_eq!(begin(&mut book, 100 + 3611), (50, 1));
    }

    #[test]
    fn the_book_is_kept_and_does_not_grow() {
        let place = tempfile::tempdir().unwrap();
        let mut book = Book::read(place.path());
        for number in 0..30 {
            let (why, from) = (number.to_string(), "the journal".to_owned());
            book.note(Repair {
                at: at(number * 86_400),
                why,
                from,
                lost: vec![],
                notes: vec![],
                aside: None,
            });
        }
        book.write(place.path());
        assert_eq!(Book::read(place.path()), book);
        assert_eq!((book.repairs.len(), book.repairs[0].why.as_str()), (REPAIRS_MAX, "29"));
        assert_eq!(book.news(at(30 * 86_400)).len(), 13);
        fs::write(place.path().join(NAME), "{").unwrap();
        assert_eq!(Book::read(place.path()), Book::default());
    }
}
