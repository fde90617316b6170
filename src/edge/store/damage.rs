//! Records that cannot be read: each is named in the log once, and whoever asked for it goes on without.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use super::StoreError;

/// Records that are named in the log; of more than that it only says that there are more.
const NAMED_MAX: usize = 100;

/// The records that were named so far.
#[derive(Debug, Default)]
pub(super) struct Damage(Mutex<HashSet<String>>);

impl Damage {
    /// Passes on what could be read. `tree` and `key` say which record it is.
    pub(super) fn pass<T>(&self, tree: &str, key: &[u8], read: Result<T, StoreError>) -> Option<T> {
        read.inspect_err(|error| self.name(tree, key, error)).ok()
    }

    fn name(&self, tree: &str, key: &[u8], error: &StoreError) {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = format!("{tree}/{}", readable(key));
        if named.len() > NAMED_MAX || !named.insert(record.clone()) {
            return;
        }
        if named.len() > NAMED_MAX {
            tracing::error!("more records of the store cannot be read; they are not named any more");
        } else {
            tracing::error!(record, %error, "a record of the store cannot be read and is left out");
        }
    }
}

/// The name of a source as it is, any other key in hexadecimal digits.
pub(super) fn readable(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => text.to_owned(),
        _ => key.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}
