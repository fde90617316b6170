//! A volume: keys in their order, in pages, with a filter of them. It is written once and never changed.
//!
//! In the tree `volumes` everything of a volume begins with its number. A higher number is newer and goes before. Its
//! pages come first, each under its first name, then the parts of its filter, and in the end its head, without which
//! it was never finished: then it repeats what older ones hold, and nothing is lost by reading it.

use std::sync::Arc;

use sled::{Batch, IVec};

use super::filter::{Filter, Form};
use super::hold::Holds;
use super::{NOWHERE, Name, RECORD_BYTES, last_name, parts, record, records, search};
use crate::edge::store::codec::NAME_BYTES;
use crate::edge::store::damage::Damage;
use crate::edge::store::guard::Tree;
use crate::edge::store::{StoreError, record as bytes};
use crate::model::EntryKey;

/// Keys in one page.
const PAGE_KEYS_MAX: usize = 100;
/// Pages that are written, or removed, in one batch.
const PAGES_PER_BATCH: usize = 25;
/// Names begin with a letter, so parts of the filter and the head are behind all pages.
const FILTER: u8 = 0xFE;
const HEAD: u8 = 0xFF;
/// Words in one part of a filter.
const WORDS_PER_PART: usize = 1 << 10;
const WORD_BYTES: usize = 8;
/// The form of filters that this version writes.
const LINES: usize = 2;

/// What a name says, or why it cannot be read.
pub(super) type Said = Result<(Name, EntryKey), StoreError>;
/// Names in order.
pub(super) type Records = Box<dyn Iterator<Item = Said> + Send>;

/// One volume.
#[derive(Debug)]
pub(super) struct Volume {
    tree: Tree,
    damage: Arc<Damage>,
    /// What its rows begin with; nothing in the one of stores that had one alone.
    prefix: Vec<u8>,
    /// How many keys it has; of one that was never finished that is not known.
    pub(super) keys: Option<usize>,
    /// How many of them lead nowhere, as far as that is known: each stands for one of an older volume that is of no use.
    pub(super) drops: usize,
    filter: Option<Filter>,
}

impl Volume {
    /// The volumes of a tree, the newest first.
    pub(super) fn all(tree: &Tree, damage: &Arc<Damage>) -> Result<Vec<Arc<Self>>, StoreError> {
        let (mut found, mut last) = (vec![], tree.last()?);
        while let Some((row, _)) = last {
            let number = row.get(..4).unwrap_or_default();
            found.push(Arc::new(Self::open(tree, number, damage)?));
            last = tree.get_lt(number)?;
        }
        Ok(found)
    }

    /// All rows of a tree as one volume, about which nothing is known: the form of an earlier version.
    pub(super) fn of_tree(tree: &Tree, damage: &Arc<Damage>) -> Self {
        Self {
            tree: tree.clone(),
            damage: Arc::clone(damage),
            prefix: vec![],
            keys: None,
            drops: 0,
            filter: None,
        }
    }

    fn open(tree: &Tree, number: &[u8], damage: &Arc<Damage>) -> Result<Self, StoreError> {
        let mut volume = Self { prefix: number.to_vec(), ..Self::of_tree(tree, damage) };
        let at = volume.row(&[HEAD]);
        let head = tree.get(&at)?.and_then(|row| damage.pass("volumes", &at, head(&row)));
        if let Some(Head { keys, words, form, drops }) = head {
            (volume.keys, volume.drops) = (Some(keys), drops);
            volume.filter = Some(volume.read_filter(words, form)?);
        }
        Ok(volume)
    }

    /// A part that is not there denies nothing.
    fn read_filter(&self, words: usize, form: Form) -> Result<Filter, StoreError> {
        let mut filter = Filter::with_words(words, u64::MAX, form);
        for (part, words) in (0_u32..).zip(filter.words_mut().chunks_mut(WORDS_PER_PART)) {
            let at = self.row(&[&[FILTER], &part.to_be_bytes()[..]].concat());
            let row = self.tree.get(&at)?.unwrap_or_default();
            if let Some(row) = self.damage.pass("volumes", &at, filter_part(&row, words.len())) {
                words.iter_mut().zip(row).for_each(|(word, bytes)| *word = u64::from_be_bytes(*bytes));
            }
        }
        Ok(filter)
    }

    /// How many keys it has, or somewhat more.
    pub(super) fn keys_about(&self) -> usize {
        self.keys.unwrap_or_else(|| self.tree.scan_prefix(&self.prefix).count().saturating_mul(PAGE_KEYS_MAX))
    }

    /// Takes out of `names`, which are in order, those that are here, and gives them to `found` with where they lead.
    pub(super) fn find(
        &self,
        names: &mut Vec<Name>,
        mut found: impl FnMut(Name, EntryKey),
    ) -> Result<(), StoreError> {
        let (mut page, mut failed) = (IVec::default(), None);
        names.retain(|name| {
            if failed.is_some() || self.filter.as_ref().is_some_and(|filter| !filter.may_hold(name)) {
                return true;
            }
            // A page is looked up once for all that it holds.
            if last_name(&page).is_none_or(|last| last < &name[..]) {
                match self.page_of(name) {
                    Ok(other) => page = other,
                    Err(error) => failed = Some(error),
                }
            }
            let leads_to = search(&page, name);
            leads_to.iter().for_each(|entry| found(*name, *entry));
            leads_to.is_none()
        });
        failed.map_or(Ok(()), Err)
    }

    /// The page that a name would be in; an empty one where there is none.
    fn page_of(&self, name: &Name) -> Result<IVec, StoreError> {
        let (from, to) = (self.row(&[]), self.row(name));
        let page = self.tree.range(from..=to).next_back().transpose()?;
        let sound = |(at, page): &(IVec, IVec)| self.damage.pass("volumes", at, records(page)).is_some();
        Ok(page.filter(sound).map(|(_, page)| page).unwrap_or_default())
    }

    /// All that it says, in the order of the names.
    pub(super) fn forwards(self: &Arc<Self>) -> Records {
        let volume = Arc::clone(self);
        let rows = self.tree.range(self.row(&[])..self.row(&[FILTER]));
        Box::new(rows.flat_map(move |row| volume.open_page(row)))
    }

    /// All that it says of names that begin with `kind` and come before `end`, the last first.
    pub(super) fn backwards(self: &Arc<Self>, kind: u8, end: &[u8]) -> Records {
        let (volume, end) = (Arc::clone(self), end.to_vec());
        let rows = self.tree.range(self.row(&[])..self.row(&end)).rev();
        let said = rows.flat_map(move |row| volume.open_page(row).into_iter().rev());
        let is_later = move |said: &Said| said.as_ref().is_ok_and(|(name, _)| name[..] >= end[..]);
        let is_of_kind = move |said: &Said| said.as_ref().map_or(true, |(name, _)| name[0] == kind);
        Box::new(said.skip_while(is_later).take_while(is_of_kind))
    }

    fn open_page(&self, row: sled::Result<(IVec, IVec)>) -> Vec<Said> {
        match row {
            Err(error) => vec![Err(StoreError::from(error))],
            Ok((at, page)) => {
                let records = self.damage.pass("volumes", &at, records(&page)).unwrap_or_default();
                records.iter().map(|record| Ok(parts(record))).collect()
            }
        }
    }

    /// Removes its rows, a few at a time, with a `pause` after each. Whoever still reads it would miss them.
    pub(super) fn remove(&self, holds: &Holds, mut pause: impl FnMut()) -> Result<(), StoreError> {
        let mut end = self.prefix.clone();
        end.extend([u8::MAX; NAME_BYTES + 1]);
        loop {
            let mut gone = Batch::default();
            let mut rows =
                self.tree.range(self.prefix.clone()..=end.clone()).keys().take(PAGES_PER_BATCH).peekable();
            if rows.peek().is_none() {
                return Ok(());
            }
            for row in rows {
                gone.remove(row?);
            }
            holds.when_free(|| self.tree.apply_batch(gone))?;
            pause();
        }
    }

    fn row(&self, rest: &[u8]) -> Vec<u8> {
        [&self.prefix, rest].concat()
    }
}

/// A volume that is being written.
pub(super) struct Scribe {
    volume: Volume,
    page: Vec<[u8; RECORD_BYTES]>,
    batch: Batch,
    pages: usize,
    keys: usize,
    filter: Filter,
}

impl Scribe {
    /// Begins a volume with this number, which is to hold about `keys`.
    pub(super) fn new(tree: &Tree, number: u32, damage: &Arc<Damage>, keys: usize) -> Self {
        let volume = Volume { prefix: number.to_be_bytes().to_vec(), ..Volume::of_tree(tree, damage) };
        let (page, batch, filter) = (vec![], Batch::default(), Filter::new(keys));
        Self { volume, page, batch, pages: 0, keys: 0, filter }
    }

    /// Writes the next name; says whether a batch was written by that.
    pub(super) fn write(&mut self, name: Name, entry: EntryKey) -> Result<bool, StoreError> {
        self.filter.add(&name);
        self.page.push(record(name, entry));
        self.volume.drops += usize::from(entry == NOWHERE);
        self.keys += 1;
        if self.page.len() < PAGE_KEYS_MAX {
            return Ok(false);
        }
        self.turn()?;
        Ok(self.pages.is_multiple_of(PAGES_PER_BATCH))
    }

    /// Ends a page.
    fn turn(&mut self) -> Result<(), StoreError> {
        let Some(first) = self.page.first() else { return Ok(()) };
        self.batch.insert(self.volume.row(&parts(first).0), self.page.concat());
        self.page.clear();
        self.pages += 1;
        if self.pages.is_multiple_of(PAGES_PER_BATCH) {
            self.volume.tree.apply_batch(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    /// Ends the volume, which is not durable yet; none where it would be empty.
    pub(super) fn finish(mut self) -> Result<Option<Volume>, StoreError> {
        self.turn()?;
        if self.keys == 0 {
            return Ok(None);
        }
        let words = self.filter.words();
        for (part, words) in (0_u32..).zip(words.chunks(WORDS_PER_PART)) {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            self.batch.insert(self.volume.row(&[&[FILTER], &part.to_be_bytes()[..]].concat()), bytes);
        }
        let head = [self.keys, words.len(), LINES, self.volume.drops]
            .map(|number| (number as u64).to_be_bytes())
            .concat();
        self.batch.insert(self.volume.row(&[HEAD]), head);
        self.volume.tree.apply_batch(self.batch)?;
        Ok(Some(Volume { keys: Some(self.keys), filter: Some(self.filter), ..self.volume }))
    }
}

/// Whether a row is what a volume is made of.
pub(in crate::edge::store) fn verify_row(name: &[u8], row: &[u8]) -> Result<(), StoreError> {
    match name.get(4..).and_then(<[u8]>::first) {
        Some(&HEAD) => head(row).map(drop),
        Some(&FILTER) => filter_part(row, row.len() / WORD_BYTES).map(drop),
        Some(_) if name.len() == 4 + NAME_BYTES => records(row).map(drop),
        _ => Err(bytes::broken_off()),
    }
}

/// The number after the last volume's.
pub(super) fn next_number(tree: &Tree) -> Result<u32, StoreError> {
    let last = tree.last()?.and_then(|(row, _)| row.first_chunk().map(|number| u32::from_be_bytes(*number)));
    Ok(last.map_or(0, |last| last.saturating_add(1)))
}

/// What the last row of a volume says.
struct Head {
    keys: usize,
    /// Of the filter.
    words: usize,
    form: Form,
    drops: usize,
}

/// Earlier versions did not write all of the numbers.
fn head(row: &[u8]) -> Result<Head, StoreError> {
    let (numbers, []) = row.as_chunks::<WORD_BYTES>() else { return Err(bytes::broken_off()) };
    let number = |bytes| usize::try_from(u64::from_be_bytes(bytes)).map_err(bytes::unusable);
    let (keys, words, form, drops) = match *numbers {
        [keys, words] => (keys, words, Form::Scattered, [0; WORD_BYTES]),
        [keys, words, form] if number(form)? == LINES => (keys, words, Form::Lines, [0; WORD_BYTES]),
        [keys, words, form, drops] if number(form)? == LINES => (keys, words, Form::Lines, drops),
        _ => return Err(bytes::broken_off()),
    };
    Ok(Head { keys: number(keys)?, words: number(words)?, form, drops: number(drops)? })
}

fn filter_part(row: &[u8], words: usize) -> Result<&[[u8; WORD_BYTES]], StoreError> {
    let (found, rest) = row.as_chunks::<WORD_BYTES>();
    if rest.is_empty() && found.len() == words { Ok(found) } else { Err(bytes::broken_off()) }
}

/// Several that are each in order, the newest first, as one: of a name that more than one of them has, the newest
/// counts. Names that lead nowhere are among them.
pub(super) struct Merged {
    inputs: Vec<std::iter::Peekable<Records>>,
    is_backwards: bool,
}

impl Merged {
    pub(super) fn new(inputs: impl IntoIterator<Item = Records>, is_backwards: bool) -> Self {
        Self { inputs: inputs.into_iter().map(Iterator::peekable).collect(), is_backwards }
    }
}

impl Iterator for Merged {
    type Item = Said;

    fn next(&mut self) -> Option<Said> {
        let mut next: Option<(usize, Name)> = None;
        for (index, input) in self.inputs.iter_mut().enumerate() {
            match input.peek() {
                None => {}
                Some(Err(_)) => return input.next(),
                Some(Ok((name, _))) => {
                    let goes_before =
                        |other: &Name| if self.is_backwards { name > other } else { name < other };
                    if next.as_ref().is_none_or(|(_, other)| goes_before(other)) {
                        next = Some((index, *name));
                    }
                }
            }
        }
        let (index, name) = next?;
        let said = self.inputs.get_mut(index)?.next();
        for older in self.inputs.iter_mut().skip(index + 1) {
            older.next_if(|said| said.as_ref().is_ok_and(|(other, _)| *other == name));
        }
        said
    }
}

/// Whether a name leads anywhere.
pub(super) fn leads(said: &Said) -> bool {
    said.as_ref().map_or(true, |(_, entry)| *entry != NOWHERE)
}
