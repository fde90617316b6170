//! Bytes that are kept on disk for as long as this process runs, in a file without a name.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use super::Store;

/// What the file is called for the moment before it has no name. A kill may leave it behind, empty: the next one begins
/// with that.
const NAME: &str = "scratch";

/// A file that is gone when this is dropped, or the process ends.
#[derive(Debug)]
pub struct Scratch(File);

impl Scratch {
    /// Some of its bytes; from the memory of the kernel, where they were read not long ago.
    pub fn read(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; range.len()];
        self.0.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(bytes)
    }
}

impl Store {
    /// Keeps these bytes in the state folder, where there is room for them.
    pub fn scratch(&self, bytes: &[u8]) -> Option<Scratch> {
        if !self.has_room(bytes.len() as u64) {
            return None;
        }
        let path = self.room.folder().join(NAME);
        let keep = || {
            let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
            fs::remove_file(&path)?;
            (&file).write_all(bytes)?;
            Ok(Scratch(file))
        };
        let kept: io::Result<Scratch> = keep();
        kept.inspect_err(|error| tracing::debug!(%error, "what is searched stays in memory")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_read_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        // What a kill left.
        fs::write(folder.path().join(NAME), "").unwrap();
        let (one, two) = (store.scratch(b"one two").unwrap(), store.scratch(b"three").unwrap());
        assert_eq!((one.read(4..7).unwrap(), two.read(0..5).unwrap()), (b"two".to_vec(), b"three".to_vec()));
        assert!(one.read(4..8).is_err());
        assert!(!folder.path().join(NAME).exists());
        store.leave_free(Some(u64::MAX));
        assert!(store.scratch(b"four").is_none());
    }
}
