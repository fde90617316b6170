//! What documents are made from, as bytes to be hashed: every entry of every section, at each publication.

use crate::model::{Entry, EntryKey, SourceCard, Timestamp};

/// The facts of some entries, one after the other, so that no two lists of facts are the same bytes.
#[derive(Default)]
pub(super) struct Facts<'a> {
    bytes: Vec<u8>,
    /// Cards that were written down, few enough to be looked through.
    told: Vec<&'a SourceCard>,
}

impl<'a> Facts<'a> {
    /// What a document shows of an entry follows from its key, its id and how often its facts were replaced.
    pub(super) fn entry(&mut self, entry: &'a Entry, source: &'a SourceCard) {
        let Entry { key, id, digest, revision, updated, story, .. } = entry;
        self.key(*key);
        self.key(*story);
        self.bytes.extend_from_slice(&digest.0);
        self.bytes.extend_from_slice(&revision.to_le_bytes());
        self.moment(*updated);
        self.text(Some(id));
        self.source(source);
    }

    /// An entry, by its key alone.
    pub(super) fn key(&mut self, key: EntryKey) {
        self.bytes.extend_from_slice(&key.0);
    }

    /// The end of a group, which no entry begins with: it would be of the year 292 million.
    pub(super) fn end(&mut self) {
        self.bytes.extend_from_slice(&[0xff; 16]);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id of a source, and its card where it comes first.
    fn source(&mut self, source: &'a SourceCard) {
        let SourceCard { id, title, link, feed_url, feed_id, language, image, rights } = source;
        self.text(Some(&id.0));
        if !self.told.iter().any(|told| std::ptr::eq(*told, source)) {
            self.told.push(source);
            let others = [link, feed_url, language, image, rights].map(Option::as_ref);
            for text in [Some(title), Some(feed_id)].into_iter().chain(others) {
                self.text(text.map(String::as_str));
            }
        }
    }

    fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    }

    fn moment(&mut self, at: Option<Timestamp>) {
        let (seconds, nanos) = at.map_or((i64::MIN, 0), |at| (at.timestamp(), at.timestamp_subsec_nanos()));
        self.bytes.extend_from_slice(&seconds.to_le_bytes());
        self.bytes.extend_from_slice(&nanos.to_le_bytes());
    }
}
