//! What the disk says when it takes nothing more.

use std::io;

use super::StoreError;

/// The number of EIO on every system that this runs on; `std` has no name for it.
const EIO: i32 = 5;

/// Why the disk does not take what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is full (ENOSPC).
    Full,
    /// The quota of this user is used up (EDQUOT).
    Quota,
    /// It may only be read (EROFS).
    ReadOnly,
    /// It fails (EIO).
    Failing,
}

impl Refusal {
    /// What an error of the system says of the disk; `None` where it says something else.
    pub fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull => Some(Self::Full),
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => (error.raw_os_error() == Some(EIO)).then_some(Self::Failing),
        }
    }
}

impl StoreError {
    /// What the disk refuses, where that is the reason.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Folder { source, .. } | Self::Journal(source) | Self::Sled(sled::Error::Io(source)) => {
                Refusal::of(source)
            }
            _ => None,
        }
    }

    /// Whether there is only no room: nothing is broken, and it goes on when there is.
    pub fn is_no_room(&self) -> bool {
        matches!(self.refusal(), Some(Refusal::Full | Refusal::Quota | Refusal::ReadOnly))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_apart() {
        for (number, expected, is_no_room) in [
            (28, Some(Refusal::Full), true),
            (122, Some(Refusal::Quota), true),
            (30, Some(Refusal::ReadOnly), true),
            (5, Some(Refusal::Failing), false),
            (13, None, false),
        ] {
            for error in [
                StoreError::Journal(io::Error::from_raw_os_error(number)),
                StoreError::Sled(sled::Error::Io(io::Error::from_raw_os_error(number))),
                StoreError::Folder { path: "there".to_owned(), source: io::Error::from_raw_os_error(number) },
            ] {
                assert_eq!((error.refusal(), error.is_no_room()), (expected, is_no_room), "{error}");
            }
        }
        assert_eq!(StoreError::Broken.refusal(), None);
    }
}
