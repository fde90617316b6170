//! What the archive of a section is made of (RFC 5005).

use std::fmt;
use std::str::FromStr;

use super::{EntryKey, SectionId, Timestamp};

/// Entries that a section leads with for the first time: they go to the end of its archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// The section.
    pub section: SectionId,
    /// How many entries a page of its archive has, where it has none yet: it keeps that for ever.
    pub page_entries: usize,
    /// The entries, oldest first.
    pub keys: Vec<EntryKey>,
}

/// One page of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// The entries in the order in which they came. Retention may have removed some of them.
    pub keys: Vec<EntryKey>,
    /// The number of the page before it; `None` for the oldest that there is.
    pub previous: Option<u64>,
    /// The number of the page behind it; `None` where entries still come to this one.
    pub next: Option<u64>,
}

/// Where an archive goes on from the live feed. Nobody is led to a page that entries still come to: whoever has it
/// once need never ask for it again (RFC 5005 §4), so a page that is not whole yet is named with how much of it is
/// meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchivePlace {
    /// The number of the page, from 1.
    pub page: u64,
    /// Only so many of its entries, the first; `None` for the whole page.
    pub first: Option<usize>,
}

impl fmt::Display for ArchivePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            None => write!(f, "{}", self.page),
            Some(first) => write!(f, "{}-{first}", self.page),
        }
    }
}

impl FromStr for ArchivePlace {
    type Err = ();

    /// Reads what `Display` writes, and nothing else: a place has one name.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (page, first) = text.split_once('-').map_or((text, None), |(page, first)| (page, Some(first)));
        let first = first.map(str::parse).transpose().map_err(|_| ())?;
        let place = Self { page: page.parse().map_err(|_| ())?, first };
        if place.to_string() == text && place.page > 0 && place.first != Some(0) {
            Ok(place)
        } else {
            Err(())
        }
    }
}

/// The end of an archive: its newest page, to which entries still come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveEnd {
    /// Its number.
    pub page: u64,
    /// What is on it, in the order in which it came.
    pub keys: Vec<EntryKey>,
    /// The number of the page before it; `None` where there is none.
    pub previous: Option<u64>,
}

impl ArchiveEnd {
    /// Where the archive goes on for readers who have these entries: as much of it as holds every other one.
    pub fn place_behind(&self, is_shown: impl Fn(EntryKey) -> bool) -> Option<ArchivePlace> {
        match self.keys.iter().rposition(|key| !is_shown(*key)) {
            Some(last) => Some(ArchivePlace { page: self.page, first: Some(last + 1) }),
            None => self.previous.map(|page| ArchivePlace { page, first: None }),
        }
    }
}

/// A page of an archive as it was first rendered whole, which it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The newest change in it.
    pub modified: Option<Timestamp>,
    /// Entries of the page that nobody was to show then: it does not have them.
    pub omitted: Vec<EntryKey>,
    /// The `site.url` that its links begin with.
    pub site_url: String,
    /// The document.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_name() {
        for text in ["1", "12", "12-1", "3-50"] {
            assert_eq!(text.parse::<ArchivePlace>().map(|place| place.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "0", "01", "+1", "1-0", "1-", "-1", "1-2-3", "1-+2", "99999999999999999999", "a"] {
            assert_eq!(text.parse::<ArchivePlace>(), Err(()), "{text}");
        }
    }

    #[test]
    fn the_archive_goes_on_behind_what_is_shown() {
        let end = |previous| ArchiveEnd {
            page: 3,
            keys: [1, 2, 3, 4].map(|n| EntryKey([n; 16])).to_vec(),
            previous,
        };
        for (shown, previous, expected) in [
            (&[1, 2, 3, 4][..], None, None),
            (&[1, 2, 3, 4], Some(2), Some("2")),
            (&[3, 4], Some(2), Some("3-2")),
            (&[1, 3, 4], None, Some("3-2")),
            (&[1, 2, 3], Some(2), Some("3-4")),
            (&[], Some(2), Some("3-4")),
        ] {
            let place = end(previous).place_behind(|key| shown.contains(&key.0[0]));
            assert_eq!(place.map(|place| place.to_string()).as_deref(), expected, "{shown:?}");
        }
    }
}
