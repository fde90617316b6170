//! How often readers opened which entry, a row an entry and hour.

use super::{Store, StoreError};
use crate::edge::journal::Rows;
use crate::model::{Click, Clicks, EntryKey};

impl Store {
    /// All that is counted. A row that cannot be read counts nothing.
    pub fn clicks(&self) -> Result<Clicks, StoreError> {
        let mut clicks = Clicks::default();
        for row in &self.clicks {
            let (name, count) = row?;
            if let Some(click) = self.damage.pass("clicks", &name, read(&name, &count)) {
                clicks.add(click);
            }
        }
        Ok(clicks)
    }

    /// Keeps the counts that are `now` so high, and drops those that are `gone`: all of it or nothing. Not durable
    /// before [`Store::flush`].
    pub fn note_clicks(&self, now: &[Click], gone: &[Click]) -> Result<(), StoreError> {
        let mut batch = Rows::default();
        gone.iter().for_each(|click| batch.remove(name(*click)));
        now.iter().for_each(|click| batch.insert(name(*click), click.count.to_be_bytes()));
        self.write_rows("clicks", batch)
    }
}

fn name(click: Click) -> [u8; 20] {
    let mut name = [0; 20];
    name[..16].copy_from_slice(&click.entry.0);
    name[16..].copy_from_slice(&click.hour.to_be_bytes());
    name
}

fn read(name: &[u8], count: &[u8]) -> Result<Click, StoreError> {
    let unusable = || StoreError::Record("a count has the wrong length".to_owned());
    let (entry, hour) = name.split_first_chunk::<16>().ok_or_else(unusable)?;
    let number = |bytes: &[u8]| bytes.try_into().map(u32::from_be_bytes).map_err(|_| unusable());
    Ok(Click { entry: EntryKey(*entry), hour: number(hour)?, count: number(count)? })
}
