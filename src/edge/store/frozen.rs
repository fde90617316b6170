//! Archive pages as they were first rendered whole: what a reader has once been told stays as it is.

use serde::{Deserialize, Serialize};

use super::ledger::row;
use super::{Store, StoreError, codec, record};
use crate::edge::journal::Rows;
use crate::model::{EntryKey, Frozen, SectionId, Timestamp};

/// What stands before the compressed document.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(default)]
    modified: Option<Timestamp>,
    #[serde(default)]
    omitted: Vec<EntryKey>,
    #[serde(default)]
    site_url: String,
    bytes: usize,
}

impl Store {
    /// A page of an archive as it was rendered; `None` where nobody has asked for it since it is whole.
    pub fn frozen(&self, section: &SectionId, page: u64) -> Result<Option<Frozen>, StoreError> {
        let name = row(section, page);
        let Some(bytes) = self.archived.get(&name)? else { return Ok(None) };
        Ok(self.damage.pass("archived", &name, self.thaw(&bytes)))
    }

    pub(super) fn thaw(&self, bytes: &[u8]) -> Result<Frozen, StoreError> {
        let (length, rest) = record::length(bytes)?;
        let (head, pressed) = rest.split_at_checked(length).ok_or_else(record::broken_off)?;
        let Head { modified, omitted, site_url, bytes } = codec::decode(head)?;
        Ok(Frozen { modified, omitted, site_url, body: self.press.restore(pressed, bytes)? })
    }

    /// Keeps a page as it is.
    pub fn freeze(&self, section: &SectionId, page: u64, frozen: &Frozen) -> Result<(), StoreError> {
        let Frozen { modified, omitted, site_url, body } = frozen;
        let head = Head {
            modified: *modified,
            omitted: omitted.clone(),
            site_url: site_url.clone(),
            bytes: body.len(),
        };
        let head = codec::encode(&head)?;
        let length = u32::try_from(head.len()).map_err(record::unusable)?;
        let bytes = [&length.to_be_bytes()[..], &head, &self.press.press(body)?].concat();
        let mut rows = Rows::default();
        rows.insert(row(section, page), bytes);
        self.write_rows("archived", rows)
    }

    /// Lets a page be rendered anew: the admin took something out of it, or back, or it is gone.
    pub fn unfreeze(&self, section: &SectionId, page: u64) -> Result<(), StoreError> {
        let mut rows = Rows::default();
        rows.remove(row(section, page));
        self.write_rows("archived", rows)
    }

    /// The entries that frozen pages of a section do not have, though the ledger does.
    pub fn omitted(&self, section: &SectionId) -> Result<Vec<EntryKey>, StoreError> {
        let mut all = vec![];
        for page in self.archived.range(row(section, 0)..row(section, u64::MAX)) {
            let (name, bytes) = page?;
            let head = record::length(&bytes).and_then(|(length, rest)| {
                let head = rest.get(..length).ok_or_else(record::broken_off)?;
                codec::decode::<Head>(head)
            });
            all.extend(self.damage.pass("archived", &name, head).into_iter().flat_map(|head| head.omitted));
        }
        Ok(all)
    }
}
