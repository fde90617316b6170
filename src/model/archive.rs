//! What the archive of a section is made of (RFC 5005), and what the admin took out of every output.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Entry, EntryKey, Removed, SectionId, Timestamp};

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

/// What the admin took out of every output. It does not come back by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Single entries, also those that retention has removed since.
    pub entries: BTreeMap<EntryKey, Hiding>,
    /// Stories with all that joins them, by their first entries.
    pub stories: BTreeMap<EntryKey, Timestamp>,
}

/// How an entry was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hiding {
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The id that readers know; empty where nobody knows it any more.
    #[serde(default)]
    pub id: String,
    /// The sections that had shown it and say that it is gone.
    #[serde(default)]
    pub sections: Vec<SectionId>,
}

/// An entry that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The entry.
    pub entry: EntryKey,
    /// Its story.
    pub story: EntryKey,
}

impl Named {
    /// This entry.
    pub fn of(entry: &Entry) -> Self {
        Self { entry: entry.key, story: entry.story }
    }
}

impl Hidden {
    /// Notices of one section that there is an entry no more; beyond that the oldest go.
    pub const NOTICES_MAX: usize = 100;

    /// Whether nobody is to be shown this entry.
    pub fn covers(&self, entry: &Entry) -> bool {
        self.covers_named(Named::of(entry))
    }

    /// The same of one that a text names.
    pub fn covers_named(&self, named: Named) -> bool {
        !self.is_empty()
            && (self.entries.contains_key(&named.entry) || self.stories.contains_key(&named.story))
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.stories.is_empty()
    }

    /// Whether nobody is to be shown what has this key: an entry, or the story that it began.
    pub fn names(&self, key: EntryKey) -> bool {
        self.entries.contains_key(&key) || self.stories.contains_key(&key)
    }

    /// What each section says of it (RFC 6721), the newest first.
    pub fn notices(&self) -> BTreeMap<SectionId, Vec<Removed>> {
        let mut notices: BTreeMap<SectionId, Vec<Removed>> = BTreeMap::new();
        for hiding in self.entries.values().filter(|hiding| !hiding.id.is_empty()) {
            for section in &hiding.sections {
                let removed = Removed { id: hiding.id.clone(), at: hiding.at };
                notices.entry(section.clone()).or_default().push(removed);
            }
        }
        for list in notices.values_mut() {
            list.sort_by(|a, b| (b.at, &a.id).cmp(&(a.at, &b.id)));
            list.truncate(Self::NOTICES_MAX);
        }
        notices
    }
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

    #[test]
    fn the_newest_notices_come_first_and_are_bounded() {
        let sport = SectionId("sport".to_owned());
        let hiding = |n: u8, seconds: i64, sections: Vec<SectionId>| {
            let at = Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds);
            (EntryKey([n; 16]), Hiding { at, id: format!("urn:x:{n}"), sections })
        };
        let mut hidden = Hidden::default();
        hidden.entries.extend((0..120).map(|n| hiding(n, i64::from(n / 2), vec![sport.clone()])));
        hidden.entries.extend([hiding(200, 999, vec![])]);
        let notices = hidden.notices();
        let ids: Vec<&str> = notices[&sport].iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), Hidden::NOTICES_MAX);
        assert_eq!(ids[..3], ["urn:x:118", "urn:x:119", "urn:x:116"]);
        assert_eq!(notices.len(), 1);
    }
}
