//! Every row for itself: whether it can be read as what it is to be.

use super::links::Found;
use super::{Counted, Findings};
use crate::edge::store::codec::{self, NAME_BYTES};
use crate::edge::store::damage::readable;
use crate::edge::store::record::broken_off;
use crate::edge::store::{Store, StoreError, hidden, keys, sketches, stubs};
use crate::model::{SourceState, Subscriber};

const KEY_BYTES: usize = 16;

impl Store {
    /// Reads the rows of a tree, and keeps what others refer to.
    pub(super) fn verify_rows(&self, tree: &str, found: &mut Found, findings: &mut Findings) -> Counted {
        let mut counted = Counted::default();
        let rows = match self.trees.tree(tree) {
            Ok(tree) => tree,
            Err(error) => {
                findings.add(format!("{tree}: {error}"));
                return counted;
            }
        };
        for row in rows {
            match row {
                Err(error) => {
                    findings.add(format!("{tree}: a part of it cannot be read: {error}"));
                    break;
                }
                Ok((name, value)) => {
                    counted.rows += 1;
                    counted.bytes += (name.len() + value.len()) as u64;
                    if let Err(error) = self.verify_row(tree, &name, &value, found) {
                        findings.add(format!("{tree}/{}: {error}", readable(&name)));
                    }
                }
            }
        }
        counted
    }

    fn verify_row(&self, tree: &str, name: &[u8], value: &[u8], found: &mut Found) -> Result<(), StoreError> {
        let is_key = |bytes: &[u8]| codec::entry_key(bytes).map(drop);
        match tree {
            "sources" => codec::decode::<SourceState>(value).map(drop),
            "entries" => {
                let (entry, key) = (self.press.decode(value)?, codec::entry_key(name)?);
                found.singles.push(key);
                expect(entry.key == key, "it holds another entry")
            }
            "sheaves" => {
                let number = name.try_into().map_err(|_| broken_off())?;
                for entry in self.sheaf_entries(value)? {
                    found.bound.push((entry?.key, number));
                }
                Ok(())
            }
            "keys" => is_key(value),
            "runs" | "pages" => keys::records(value).map(drop),
            "volumes" => keys::verify_row(name, value),
            "names" => {
                is_key(name)?;
                expect(value.len().is_multiple_of(NAME_BYTES), "its keys have the wrong length")
            }
            "stories" => expect(name.len() == 2 * KEY_BYTES, "it names no member of a story"),
            "delisted" => is_key(name),
            "due" => expect(codec::due_entry(name).is_some(), "it names no entry"),
            "sketches" => sketches::open(value).map(drop),
            "stubs" => stubs::verify_row(name, value),
            "related" => {
                is_key(name)?;
                expect(value.len().is_multiple_of(KEY_BYTES), "it names no entries")
            }
            "clicks" => expect(name.len() == KEY_BYTES + 4 && value.len() == 4, "it counts nothing"),
            "archive" => {
                let is_run = name.first() != Some(&0);
                expect(!is_run || value.len().is_multiple_of(KEY_BYTES), "it names no entries")
            }
            "archived" => self.thaw(value).map(drop),
            "hidden" => hidden::verify_row(name, value),
            "subscriptions" => codec::decode::<Subscriber>(value).map(drop),
            "deliveries" => self.verify_delivery(name, value),
            _ => Ok(()),
        }
    }
}

fn expect(is_so: bool, otherwise: &str) -> Result<(), StoreError> {
    if is_so { Ok(()) } else { Err(StoreError::Record(otherwise.to_owned())) }
}
