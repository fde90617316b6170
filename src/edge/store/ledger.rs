//! Which entries each section has ever led with: what the pages of its archive are made of. Numbers are given once,
//! in the order in which entries come.
//!
//! In the tree `archive` a section has runs: its id, a zero byte and the number of the first entry → the keys of
//! that entry and those behind it. No run goes over the edge of a page, so a page is a range of rows. Under a zero
//! byte alone stand the sizes of pages, which never change, and by which rules all ledgers are complete.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::commit::Commit;
use super::guard::Tree;
use super::{Store, StoreError, codec};
use crate::model::{ArchiveEnd, ArchivePage, Digest, EntryKey, Filing, SectionId};

/// Entries of one archive page, at least.
pub const PAGE_ENTRIES_MIN: usize = 10;
/// Entries of one archive page, at most: each can be as long as a text can be.
pub const PAGE_ENTRIES_MAX: usize = 200;
/// Pages that one call of [`Store::sweep_archive`] looks at.
const SWEEP_PAGES_MAX: usize = 500;
const KEY_BYTES: usize = 16;
const RECORD: &[u8] = b"\0";

/// The ledgers of all sections, as far as they are needed to go on with them.
#[derive(Debug, Default)]
pub(super) struct Ledgers(Mutex<Books>);

/// What is known of all ledgers without reading them.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    complete_by: Option<Digest>,
    of: BTreeMap<SectionId, Book>,
}

/// One ledger.
#[derive(Clone, Copy, Debug)]
struct Book {
    page_entries: u64,
    /// The number of the oldest entry that it still has.
    first: u64,
    /// The number after the newest one that it still has.
    end: u64,
    /// The number that is given next.
    next: u64,
    /// Up to where it is durable: nobody is shown more.
    durable: u64,
}

/// The row under [`RECORD`].
#[derive(Default, Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    complete_by: Option<Digest>,
    #[serde(default)]
    sections: BTreeMap<SectionId, Size>,
}

#[derive(Serialize, Deserialize)]
struct Size {
    page_entries: u64,
    /// Numbers below it were given, whether their rows are still there or not.
    #[serde(default)]
    begun: u64,
}

impl Ledgers {
    /// One row for each section is looked at, however long its archive is.
    pub(super) fn read(archive: &Tree) -> Result<Self, StoreError> {
        let Some(row) = archive.get(RECORD)? else { return Ok(Self::default()) };
        let record: Record = codec::decode(&row)?;
        let mut books = Books { complete_by: record.complete_by, of: BTreeMap::new() };
        for (id, Size { page_entries, begun }) in record.sections {
            let runs = || archive.range(rows(&id, 0..u64::MAX));
            let first = runs().next().transpose()?.and_then(|(name, _)| number(&name));
            let last = runs().next_back().transpose()?;
            let end = last.and_then(|(name, run)| Some(number(&name)? + (run.len() / KEY_BYTES) as u64));
            let (end, page_entries) = (end.unwrap_or(begun), page_entries.max(1));
            let next = end.max(begun);
            books.of.insert(id, Book { page_entries, first: first.unwrap_or(end), end, next, durable: next });
        }
        Ok(Self(Mutex::new(books)))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written goes before what was known.
    pub(super) fn take(&self, filed: Option<Books>) {
        if let Some(filed) = filed {
            *self.books() = filed;
        }
    }

    /// How far each ledger is written.
    pub(super) fn filed(&self) -> Vec<(SectionId, u64)> {
        let books = self.books();
        let open = books.of.iter().filter(|(_, book)| book.durable < book.next);
        open.map(|(id, book)| (id.clone(), book.next)).collect()
    }

    /// So far they are durable now.
    pub(super) fn note_durable(&self, filed: &[(SectionId, u64)]) {
        let mut books = self.books();
        for (id, next) in filed {
            if let Some(book) = books.of.get_mut(id) {
                book.durable = book.durable.max(*next);
            }
        }
    }
}

impl Book {
    /// The number of the page that an entry is on, from 1.
    fn page_of(&self, number: u64) -> u64 {
        number / self.page_entries + 1
    }

    /// The numbers of the entries of a page.
    fn numbers(&self, page: u64) -> Option<Range<u64>> {
        let start = page.checked_sub(1)?.checked_mul(self.page_entries)?;
        Some(start..start.checked_add(self.page_entries)?)
    }

    /// The oldest page and the newest one that anybody may see.
    fn pages(&self) -> Option<(u64, u64)> {
        let end = self.end.min(self.durable);
        (self.first < end).then(|| (self.page_of(self.first), self.page_of(end - 1)))
    }
}

impl Store {
    /// Where [`Store::sweep_archive`] begins.
    pub const SWEEP_START: (SectionId, u64) = (SectionId(String::new()), 0);

    /// The rules by which every ledger has all that is stored; `None` where they may lack something.
    pub fn ledgers_complete_by(&self) -> Option<Digest> {
        self.ledgers.books().complete_by
    }

    /// Writes down that the ledgers are complete by these rules, or may not be.
    pub fn complete_ledgers(&self, by: Option<Digest>) -> Result<(), StoreError> {
        let mut books = self.ledgers.books().clone();
        books.complete_by = by;
        let mut commit = Commit::default();
        commit.archive.insert(RECORD, codec::encode(&record(&books))?);
        self.commit(commit)?;
        self.ledgers.take(Some(books));
        Ok(())
    }

    /// Writes entries at the ends of ledgers, in one commit.
    pub fn file(&self, filings: &[Filing]) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        if let Some(books) = self.file_in(&mut commit, filings)? {
            self.commit(commit)?;
            self.ledgers.take(Some(books));
        }
        Ok(())
    }

    /// The same as a part of another commit; what comes back holds once that is done.
    pub(super) fn file_in(
        &self,
        commit: &mut Commit,
        filings: &[Filing],
    ) -> Result<Option<Books>, StoreError> {
        if filings.iter().all(|filing| filing.keys.is_empty()) {
            return Ok(None);
        }
        let mut books = self.ledgers.books().clone();
        let mut has_new = false;
        for Filing { section, page_entries, keys } in filings {
            let size = (*page_entries).clamp(PAGE_ENTRIES_MIN, PAGE_ENTRIES_MAX) as u64;
            let book = books.of.entry(section.clone()).or_insert_with(|| {
                has_new = true;
                Book { page_entries: size, first: 0, end: 0, next: 0, durable: 0 }
            });
            if book.first == book.end {
                (book.first, book.end) = (book.next, book.next);
            }
            let mut rest = keys.as_slice();
            while !rest.is_empty() {
                let room = book.page_entries - book.next % book.page_entries;
                let (run, others) =
                    rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
                let bytes: Vec<u8> = run.iter().flat_map(|key| key.0).collect();
                commit.archive.insert(row(section, book.next), bytes);
                book.next += run.len() as u64;
                rest = others;
            }
            book.end = book.next;
        }
        if has_new {
            commit.archive.insert(RECORD, codec::encode(&record(&books))?);
        }
        Ok(Some(books))
    }

    /// The newest page of each archive. What has not changed since is taken over from `before`.
    pub fn archive_ends(
        &self,
        before: &BTreeMap<SectionId, ArchiveEnd>,
    ) -> Result<BTreeMap<SectionId, ArchiveEnd>, StoreError> {
        let books = self.ledgers.books().of.clone();
        let mut ends = BTreeMap::new();
        for (id, book) in books {
            let Some((oldest, page)) = book.pages() else { continue };
            let previous = (page > oldest).then(|| page - 1);
            let count = book.durable.min(book.end) - (page - 1) * book.page_entries;
            let is_same = |end: &&ArchiveEnd| {
                (end.page, end.keys.len() as u64, end.previous) == (page, count, previous)
            };
            let end = if let Some(end) = before.get(&id).filter(is_same) {
                end.clone()
            } else {
                let keys = self.archive_page(&id, page)?.map(|page| page.keys).unwrap_or_default();
                ArchiveEnd { page, keys, previous }
            };
            ends.insert(id, end);
        }
        Ok(ends)
    }

    /// The numbers of the oldest and the newest archive page of a section.
    pub fn archive_range(&self, section: &SectionId) -> Option<(u64, u64)> {
        self.ledgers.books().of.get(section)?.pages()
    }

    /// One page of a section's archive. One that has lost all of its entries and still lies between others is empty,
    /// so that whoever walks from page to page comes through.
    pub fn archive_page(&self, section: &SectionId, page: u64) -> Result<Option<ArchivePage>, StoreError> {
        let Some(book) = self.ledgers.books().of.get(section).copied() else { return Ok(None) };
        let Some((oldest, newest)) = book.pages() else { return Ok(None) };
        let Some(numbers) = book.numbers(page).filter(|_| (oldest..=newest).contains(&page)) else {
            return Ok(None);
        };
        let mut keys = vec![];
        for run in self.archive.range(rows(section, numbers.start..numbers.end.min(book.durable))) {
            let (name, run) = run?;
            keys.extend(self.damage.pass("archive", &name, split(&run)).into_iter().flatten());
        }
        let previous = (page > oldest).then(|| page - 1);
        let next = (book.durable > numbers.end).then(|| page + 1);
        Ok(Some(ArchivePage { keys, previous, next }))
    }

    /// Every entry that a section's archive has, page by page, with the number of its page.
    pub fn filed(
        &self,
        section: &SectionId,
    ) -> impl Iterator<Item = Result<(u64, Vec<EntryKey>), StoreError>> + '_ {
        let size = self.ledgers.books().of.get(section).map_or(1, |book| book.page_entries);
        self.archive.range(rows(section, 0..u64::MAX)).map(move |run| {
            let (name, run) = run?;
            let keys = self.damage.pass("archive", &name, split(&run)).unwrap_or_default();
            Ok((number(&name).unwrap_or_default() / size + 1, keys))
        })
    }

    /// The sections that have an archive, also those that have left feeds.toml.
    pub fn archived_sections(&self) -> Vec<SectionId> {
        self.ledgers.books().of.keys().cloned().collect()
    }

    /// Drops the pages of which retention has removed every entry, some at a time, and goes on behind `after`. Says
    /// where it stopped; `None` at the end. Numbers are not given again.
    pub fn sweep_archive(&self, after: &(SectionId, u64)) -> Result<Option<(SectionId, u64)>, StoreError> {
        let mut looked_at = 0;
        for id in self.archived_sections() {
            let (done, page) = after;
            let begin = match id.cmp(done) {
                Ordering::Less => continue,
                Ordering::Equal => page + 1,
                Ordering::Greater => 1,
            };
            let Some((oldest, newest)) = self.archive_range(&id) else { continue };
            for page in begin.max(oldest)..=newest {
                if looked_at >= SWEEP_PAGES_MAX {
                    return Ok(Some((id, page - 1)));
                }
                looked_at += 1;
                self.drop_page_if_gone(&id, page)?;
            }
        }
        Ok(None)
    }

    fn drop_page_if_gone(&self, section: &SectionId, page: u64) -> Result<(), StoreError> {
        let mut books = self.ledgers.books().clone();
        let Some(numbers) = books.of.get(section).and_then(|book| book.numbers(page)) else { return Ok(()) };
        let mut commit = Commit::default();
        for run in self.archive.range(rows(section, numbers)) {
            let (name, run) = run?;
            for key in split(&run).unwrap_or_default() {
                if self.is_stored(key)? {
                    return Ok(());
                }
            }
            commit.archive.remove(&name[..]);
        }
        // That what was given is not given again stands in the record before the rows go.
        commit.archive.insert(RECORD, codec::encode(&record(&books))?);
        self.commit(commit)?;
        self.unfreeze(section, page)?;
        if let Some(book) = books.of.get_mut(section) {
            let runs = || self.archive.range(rows(section, 0..u64::MAX));
            let first = runs().next().transpose()?.and_then(|(name, _)| number(&name));
            let last = runs().next_back().transpose()?;
            let end = last.and_then(|(name, run)| Some(number(&name)? + (run.len() / KEY_BYTES) as u64));
            book.end = end.unwrap_or(book.next);
            book.first = first.unwrap_or(book.end);
        }
        self.ledgers.take(Some(books));
        Ok(())
    }
}

fn record(books: &Books) -> Record {
    let size = |(id, book): (&SectionId, &Book)| {
        (id.clone(), Size { page_entries: book.page_entries, begun: book.next })
    };
    Record { complete_by: books.complete_by, sections: books.of.iter().map(size).collect() }
}

/// A row of a section: ids are letters, digits and dashes.
pub(super) fn row(section: &SectionId, number: u64) -> Vec<u8> {
    [section.0.as_bytes(), &[0], &number.to_be_bytes()].concat()
}

fn rows(section: &SectionId, numbers: Range<u64>) -> Range<Vec<u8>> {
    row(section, numbers.start)..row(section, numbers.end)
}

fn number(name: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*name.last_chunk()?))
}

fn split(run: &[u8]) -> Result<Vec<EntryKey>, StoreError> {
    run.chunks(KEY_BYTES).map(codec::entry_key).collect()
}
