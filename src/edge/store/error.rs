//! What can go wrong with a store, and what that says of it.

use super::guard;
use super::{Obstacle, ObstacleKind};
use crate::edge::snapshot::SnapshotError;

/// What the system says of a disk that fails (errno(3)).
const EIO: i32 = 5;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the lock file cannot be made or read.
    #[error("{path}: {source}")]
    Folder {
        /// The place.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process holds it.
    #[error("{0} is using this store; stop it first, or leave out --once to poll through it")]
    InUse(String),
    /// It is from a newer version, or its folder holds other things.
    #[error("{0}")]
    Refused(String),
    /// Nothing can be written at the moment.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// sled's files are not ours, or not any more.
    #[error("{0}")]
    Foreign(String),
    /// sled's files are damaged.
    #[error("{place}: the store is damaged ({why}); `nashra run` makes it anew from the journal")]
    Damaged {
        /// Where they are.
        place: String,
        /// What is known.
        why: String,
    },
    /// Whoever was to make it anew did not come to an end with it; that says nothing about what it was to be made from.
    #[error("the store could not be made: {0}")]
    Unfinished(String),
    /// sled does not come back.
    #[error("the store does not open within {0} s")]
    Hung(u64),
    /// Commits are missing between what sled holds and what the journal begins with.
    #[error(
        "the store has come to commit {held}, and its journal begins with {first}: `nashra run` makes it anew from a snapshot"
    )]
    Behind {
        /// The place of the last commit in sled.
        held: u64,
        /// The first place from which on the journal has all.
        first: u64,
    },
    /// Something has failed in sled: until the store is opened again, it takes no commit.
    #[error("the store has failed, and takes nothing more until it is opened again")]
    Broken,
    /// The journal cannot be written or read.
    #[error("the journal failed: {0}")]
    Journal(std::io::Error),
    /// A snapshot cannot be written or read.
    #[error("the snapshot failed: {0}")]
    Snapshot(#[from] SnapshotError),
    /// sled failed.
    #[error("the store failed: {0}")]
    Sled(#[from] sled::Error),
    /// A record cannot be written or read.
    #[error("a record of the store is unusable: {0}")]
    Record(String),
}

impl StoreError {
    /// Whether the open store is not to be used any more after this: sled's files are damaged, or sled has failed in a
    /// way that makes the rest of it doubtful. Opening it anew repairs it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Sled(error) => guard::is_fatal(error),
            Self::Damaged { .. } | Self::Foreign(_) | Self::Hung(_) | Self::Behind { .. } | Self::Broken => {
                true
            }
            Self::Folder { .. }
            | Self::InUse(_)
            | Self::Refused(_)
            | Self::Obstacle(_)
            | Self::Unfinished(_)
            | Self::Journal(_)
            | Self::Snapshot(_)
            | Self::Record(_) => false,
        }
    }
}

impl StoreError {
    /// Whether another store in its place would help.
    pub fn is_mendable(&self) -> bool {
        self.is_fatal() && !matches!(self, Self::Hung(_)) && !self.is_about_room()
    }

    /// What the system said.
    fn of_system(&self) -> Option<&std::io::Error> {
        match self {
            Self::Folder { source, .. }
            | Self::Journal(source)
            | Self::Snapshot(SnapshotError::Io(source))
            | Self::Sled(sled::Error::Io(source)) => Some(source),
            _ => None,
        }
    }

    /// Whether it is the disk that failed: what is on it may be whole. What sled says of its own accord is damage.
    pub fn is_about_disk(&self) -> bool {
        match self {
            Self::Obstacle(obstacle) => obstacle.kind != ObstacleKind::Broken,
            Self::Sled(_) => self.of_system().is_some_and(|error| error.raw_os_error().is_some()),
            _ => self.of_system().is_some(),
        }
    }

    /// Whether it says nothing about what was to be read: the disk failed, or whoever read it was ended.
    pub(super) fn is_inconclusive(&self) -> bool {
        let code = self.of_system().and_then(std::io::Error::raw_os_error);
        matches!(self, Self::Unfinished(_)) || code == Some(EIO)
    }

    /// What is wrong, for whoever is about to mend it.
    pub fn reason(&self) -> String {
        match self {
            Self::Damaged { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Whether it is only that the disk takes nothing: it is full, or read-only.
    pub fn is_about_room(&self) -> bool {
        self.about_room().is_some()
    }

    /// Which of the two it is.
    pub(super) fn about_room(&self) -> Option<ObstacleKind> {
        let kind = match self {
            Self::Obstacle(obstacle) => obstacle.kind,
            _ => ObstacleKind::of(self.of_system()?),
        };
        matches!(kind, ObstacleKind::NoRoom | ObstacleKind::ReadOnly).then_some(kind)
    }
}
