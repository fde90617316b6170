//! Why nothing can be written: in words for everybody, and what an admin can do.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use super::StoreError;

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObstacleKind {
    /// The disk or a quota is full.
    NoRoom,
    /// The state folder is read-only.
    ReadOnly,
    /// The disk fails.
    Failing,
    /// The open store is of no use any more: it has to be opened anew.
    Broken,
}

/// That nothing can be written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Of which kind.
    pub kind: ObstacleKind,
    /// In one sentence without a full stop.
    pub why: String,
}

impl ObstacleKind {
    /// In a few words, for everybody.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoRoom => "the disk is full",
            Self::ReadOnly => "the disk is read-only",
            Self::Failing => "the disk fails",
            Self::Broken => "the store is broken",
        }
    }

    /// What an admin can do, as the end of a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NoRoom => {
                "make room on the disk of the state folder (or lower store.min_free), then try again"
            }
            Self::ReadOnly => "make the state folder writable, then try again",
            Self::Failing => "look after the disk of the state folder, then try again",
            Self::Broken => "nashra makes the store anew by itself: try again in a moment",
        }
    }

    /// One stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoRoom => "no-room",
            Self::ReadOnly => "read-only",
            Self::Failing => "failing-disk",
            Self::Broken => "broken-store",
        }
    }

    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoRoom
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Failing,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.words(), self.why)
    }
}

impl StoreError {
    /// What it says about whether anything can be written.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let kind = match self {
            Self::Obstacle(obstacle) => return Some(obstacle.clone()),
            Self::Journal(error) | Self::Folder { source: error, .. } => ObstacleKind::of(error),
            _ if self.is_fatal() => ObstacleKind::Broken,
            _ => return None,
        };
        Some(Obstacle { kind, why: self.to_string() })
    }
}
