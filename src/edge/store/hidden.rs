//! What the admin took out of every output: a few rows that outlive the entries that they are about.

use std::sync::atomic::Ordering;

use super::commit::Commit;
use super::delisted::{Left, put_aside};
use super::{Store, StoreError, codec};
use crate::model::{Entry, EntryKey, Filing, Hidden, Hiding, Timestamp};

/// Entries and stories that can be hidden at a time.
pub const HIDDEN_MAX: usize = 20_000;
/// What the rows of entries begin with, and those of stories.
const ENTRY: u8 = b'e';
const STORY: u8 = b's';

impl Store {
    /// All that is hidden.
    pub fn hidden(&self) -> Result<Hidden, StoreError> {
        let mut hidden = Hidden::default();
        for row in self.hidden.iter().take(2 * HIDDEN_MAX) {
            let (name, bytes) = row?;
            let Some((kind, key)) = name.split_first() else { continue };
            let key = self.damage.pass("hidden", &name, codec::entry_key(key));
            match kind {
                &ENTRY => {
                    // One that cannot be read stays hidden all the same: only its notice is lost.
                    let hiding = self.damage.pass("hidden", &name, codec::decode::<Hiding>(&bytes));
                    hidden.extend(key.map(|key| (key, hiding.unwrap_or_default())));
                }
                _ => hidden.stories.extend(key.map(|key| (key, codec::moment(&bytes).unwrap_or_default()))),
            }
        }
        Ok(hidden)
    }

    /// Hides entries, and a story with all that joins it. `changed` are the entries themselves, which say what
    /// happened to them, as far as they are stored; `filings` is what takes their places. One commit.
    pub fn hide(
        &self,
        entries: &[(EntryKey, Hiding)],
        story: Option<(EntryKey, Timestamp)>,
        changed: &[Entry],
        filings: &[Filing],
    ) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        for (key, hiding) in entries {
            commit.hidden.insert(name(ENTRY, *key), codec::encode(hiding)?);
        }
        if let Some((story, at)) = story {
            commit.hidden.insert(name(STORY, story), codec::time(at));
        }
        self.rewrite(&mut commit, changed)?;
        let books = self.file_in(&mut commit, filings)?;
        self.commit(commit)?;
        self.ledgers.take(books);
        self.hidings.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// How often something was hidden or let back since the store was opened: whoever keeps what he has rendered
    /// looks at it before and after.
    pub fn hidings(&self) -> u64 {
        self.hidings.load(Ordering::SeqCst)
    }

    /// Takes that back of these entries, and of a story.
    pub fn unhide(
        &self,
        entries: &[EntryKey],
        story: Option<EntryKey>,
        changed: &[Entry],
        filings: &[Filing],
    ) -> Result<(), StoreError> {
        let mut commit = Commit::default();
        for key in entries {
            commit.hidden.remove(name(ENTRY, *key));
            // What keeps its keys because it is hidden loses them in its time.
            if let Some(Left::At(at)) = self.left(&[*key])?.get(key)
                && !self.is_stored(*key)?
            {
                put_aside(&mut commit, *at, None, &[*key]);
            }
        }
        story.iter().for_each(|key| commit.hidden.remove(name(STORY, *key)));
        self.rewrite(&mut commit, changed)?;
        let books = self.file_in(&mut commit, filings)?;
        self.commit(commit)?;
        self.ledgers.take(books);
        self.hidings.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Whether an entry is hidden by itself.
    pub(super) fn is_hidden(&self, key: EntryKey) -> Result<bool, StoreError> {
        Ok(self.hidden.contains_key(name(ENTRY, key))?)
    }

    fn rewrite(&self, commit: &mut Commit, changed: &[Entry]) -> Result<(), StoreError> {
        for entry in changed {
            let names = self.names_of(entry.key)?;
            commit.entries.insert(entry.key.0, self.press.encode(entry, &names)?);
        }
        Ok(())
    }
}

fn name(kind: u8, key: EntryKey) -> Vec<u8> {
    [&[kind], &key.0[..]].concat()
}

/// Whether a row says what is hidden.
pub(super) fn verify_row(name: &[u8], row: &[u8]) -> Result<(), StoreError> {
    codec::entry_key(name.get(1..).unwrap_or_default())?;
    match name.first() {
        Some(&ENTRY) => codec::decode::<Hiding>(row).map(drop),
        Some(&STORY) if codec::moment(row).is_some() => Ok(()),
        _ => Err(StoreError::Record("it does not say what is hidden".to_owned())),
    }
}
