//! Who is told of news, and the ledger of what they are still to be told.
//!
//! `subscriptions`: id → subscription, in JSON. `deliveries`: `t` and the topic's hash → how far its announcements
//! have come, in JSON; `a`, the hash and a number → an announcement, its JSON compressed behind its length.

use super::record::{length, unusable};
use super::{Store, StoreError, codec};
use crate::edge::fault;
use crate::edge::journal::{Changes, Rows};
use crate::model::{Announcement, Digest, Subscriber, Topic};

const TOPIC: u8 = b't';
const ANNOUNCEMENT: u8 = b'a';

/// What changes in one commit.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Subscriptions by their ids; `None` where one has ended.
    pub subscriptions: Vec<(Digest, Option<Subscriber>)>,
    /// Topics by their addresses; `None` where nobody is subscribed any more.
    pub topics: Vec<(String, Option<Topic>)>,
    /// New announcements of topics.
    pub announcements: Vec<(String, Announcement)>,
    /// Those that nobody needs any more, by their topics and numbers.
    pub forgotten: Vec<(String, u64)>,
}

impl Ledger {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        let Self { subscriptions, topics, announcements, forgotten } = self;
        subscriptions.is_empty() && topics.is_empty() && announcements.is_empty() && forgotten.is_empty()
    }
}

impl Store {
    /// Everybody who is told of news.
    pub fn subscriptions(&self) -> Result<Vec<Subscriber>, StoreError> {
        fault::failing("store.subscriptions").map_err(sled::Error::Io)?;
        let mut found = vec![];
        for row in &self.subscriptions {
            let (id, record) = row?;
            found.extend(self.damage.pass("subscriptions", &id, codec::decode(&record)));
        }
        Ok(found)
    }

    /// How far the announcements have come.
    pub fn topics(&self) -> Result<Vec<Topic>, StoreError> {
        let mut found = vec![];
        for row in self.deliveries.scan_prefix([TOPIC]) {
            let (name, record) = row?;
            found.extend(self.damage.pass("deliveries", &name, codec::decode(&record)));
        }
        Ok(found)
    }

    /// The numbers of the announcements of a topic that are kept, with their bytes on the disk, the first one first.
    pub fn announced(&self, topic: &str) -> Result<Vec<(u64, usize)>, StoreError> {
        let rows = self.deliveries.scan_prefix(prefix(topic));
        let read = |row: sled::Result<(sled::IVec, sled::IVec)>| {
            let (name, record) = row?;
            Ok(number(&name).map(|number| (number, record.len())))
        };
        rows.map(read).filter_map(Result::transpose).collect()
    }

    /// The announcements of a topic behind the one with the number `after`, until they are so many bytes; at least
    /// one, where there is one.
    pub fn announcements(
        &self,
        topic: &str,
        after: u64,
        bytes_max: usize,
    ) -> Result<Vec<Announcement>, StoreError> {
        let (mut found, mut bytes) = (vec![], 0);
        let from = announcement(topic, after.saturating_add(1));
        for row in self.deliveries.range(from..=announcement(topic, u64::MAX)) {
            let (name, record) = row?;
            let Some(one) = self.damage.pass("deliveries", &name, self.announcement(&record)) else { break };
            bytes += one.bytes();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push(one);
        }
        Ok(found)
    }

    /// Writes all of it or nothing; says how many bytes each new announcement takes. Not durable before
    /// [`Store::flush`].
    pub fn note_deliveries(&self, ledger: &Ledger) -> Result<Vec<usize>, StoreError> {
        let (mut subscriptions, mut deliveries, mut sizes) = (Rows::default(), Rows::default(), vec![]);
        for (id, kept) in &ledger.subscriptions {
            match kept {
                Some(kept) => subscriptions.insert(id.0, codec::encode(kept)?),
                None => subscriptions.remove(id.0),
            }
        }
        for (topic, state) in &ledger.topics {
            let name = [&[TOPIC][..], &hash(topic)].concat();
            match state {
                Some(state) => deliveries.insert(name, codec::encode(state)?),
                None => deliveries.remove(name),
            }
        }
        for (topic, one) in &ledger.announcements {
            let json = serde_json::to_vec(one).map_err(unusable)?;
            let bytes = u32::try_from(json.len()).map_err(unusable)?.to_be_bytes();
            let record = [&bytes[..], &self.press.press(&json)?].concat();
            sizes.push(record.len());
            deliveries.insert(announcement(topic, one.number), record);
        }
        for (topic, number) in &ledger.forgotten {
            deliveries.remove(announcement(topic, *number));
        }
        let mut changes = Changes::default();
        changes.of("subscriptions", subscriptions);
        changes.of("deliveries", deliveries);
        self.write(&changes)?;
        Ok(sizes)
    }

    /// Whether a row of `deliveries` can be read.
    pub(super) fn verify_delivery(&self, name: &[u8], record: &[u8]) -> Result<(), StoreError> {
        match name.first() {
            Some(&TOPIC) => codec::decode::<Topic>(record).map(drop),
            Some(&ANNOUNCEMENT) => self.announcement(record).map(drop),
            _ => Err(StoreError::Record("its kind is not known here".to_owned())),
        }
    }

    fn announcement(&self, record: &[u8]) -> Result<Announcement, StoreError> {
        let (length, pressed) = length(record)?;
        serde_json::from_slice(&self.press.restore(pressed, length)?).map_err(unusable)
    }
}

fn hash(topic: &str) -> [u8; 16] {
    Digest::of([topic.as_bytes()]).0
}

fn prefix(topic: &str) -> Vec<u8> {
    [&[ANNOUNCEMENT][..], &hash(topic)].concat()
}

fn announcement(topic: &str, number: u64) -> Vec<u8> {
    [&prefix(topic)[..], &number.to_be_bytes()].concat()
}

fn number(name: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(name.get(17..)?.try_into().ok()?))
}
