//! The book of the space: when a store was made anew, what came of it, and what waits to be used. It outlives the store,
//! so it is a file of its own.

use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Size;
use crate::edge::files;
use crate::model::Timestamp;

const NAME: &str = "space.json";
const BYTES_MAX: u64 = 64 << 10;
/// Tries that are remembered, and characters of why one failed.
const TRIES_MAX: usize = 10;
const WHY_CHARS_MAX: usize = 500;

/// What is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Book {
    /// When a store was last made anew, or should have been.
    pub(super) tried_at: Option<Timestamp>,
    /// What it took then.
    pub(super) fresh: Option<Size>,
    /// That a whole one waits, or is in its place while the old one is still there.
    pub(super) pending: Option<Pending>,
    /// What came of the last tries, the newest at the end.
    pub(super) tries: Vec<Try>,
}

/// A store that waits to be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Who made it: only the same process, which goes on with the same store, takes it. What another one may have done
    /// to that is anybody's guess.
    pub(super) process: String,
    /// What the old one took.
    pub(super) old: Size,
}

/// What came of making a store anew, for the admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it began.
    pub at: Timestamp,
    /// What the old store took.
    pub old: Size,
    /// What the new one takes, in bytes on the disk; or why there is none, in one sentence without a full stop.
    pub made: Result<u64, String>,
}

impl Book {
    /// What stands in the folder; one that cannot be read is empty.
    pub(super) fn read(folder: &Path) -> Self {
        let read = files::read_bytes(&folder.join(NAME), BYTES_MAX).ok();
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        files::write_whole(&folder.join(NAME), |out| out.write_all(&text), |_| Ok(()))
    }

    /// Notes what came of the last try.
    pub(super) fn note(&mut self, old: Size, made: Result<u64, &str>) {
        let Some(at) = self.tried_at else { return };
        let made = made.map_err(|why| why.chars().take(WHY_CHARS_MAX).collect());
        self.tries.retain(|other| other.at != at);
        self.tries.push(Try { at, old, made });
        self.tries.drain(..self.tries.len().saturating_sub(TRIES_MAX));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_last_tries_are_kept_each_once() {
        let place = tempfile::tempdir().unwrap();
        let mut book = Book::read(place.path());
        book.note(Size::default(), Ok(1));
        assert_eq!(book.tries, [], "nothing was tried");
        for day in 0..15 {
            book.tried_at = Some(Timestamp::UNIX_EPOCH + TimeDelta::days(day));
            book.note(Size::default(), Err("it was broken off"));
            book.note(Size::default(), Ok(1));
        }
        book.note(Size::default(), Err(&"x".repeat(9_000)));
        book.write(place.path()).unwrap();
        assert_eq!(Book::read(place.path()), book);
        let told: Vec<_> = book.tries.iter().map(|tried| tried.made.as_ref().is_ok()).collect();
        assert_eq!(told, [&[true; TRIES_MAX - 1][..], &[false]].concat());
    }
}
