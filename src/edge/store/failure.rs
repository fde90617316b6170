//! Errors of the store on their way from one process to another: what they are and what they say stays.

use std::io;

use serde::{Deserialize, Serialize};

use super::{Obstacle, ObstacleKind, StoreError};
use crate::edge::snapshot::SnapshotError;

/// A [`StoreError`], in words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure {
    Folder {
        path: String,
        source: System,
    },
    Journal(System),
    Snapshot(Unreadable),
    /// What the system said to sled.
    SledIo(System),
    /// sled has failed in a way that makes the rest of it doubtful.
    SledBroken(String),
    /// It has not.
    SledRefused(String),
    Refused(String),
    Foreign(String),
    Damaged {
        place: String,
        why: String,
    },
    NoRoom(String),
    Unfinished(String),
}

/// What the system said.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct System {
    code: Option<i32>,
    text: String,
}

/// Why a snapshot cannot be read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unreadable {
    Io(System),
    Foreign,
    Newer(u32),
    CutOff { block: u64, at: u64 },
    Damaged { block: u64, at: u64, why: String },
}

impl System {
    fn of(error: &io::Error) -> Self {
        Self { code: error.raw_os_error(), text: error.to_string() }
    }
}

impl From<System> for io::Error {
    fn from(System { code, text }: System) -> Self {
        code.map_or_else(|| Self::other(text), Self::from_raw_os_error)
    }
}

impl Failure {
    pub(super) fn of(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Folder { path, source } => Self::Folder { path, source: System::of(&source) },
            StoreError::Journal(source) => Self::Journal(System::of(&source)),
            StoreError::Snapshot(error) => Self::Snapshot(Unreadable::of(error)),
            StoreError::Sled(sled::Error::Io(source)) => Self::SledIo(System::of(&source)),
            StoreError::Sled(sled::Error::ReportableBug(why)) => Self::SledBroken(why),
            StoreError::Sled(sled::Error::Unsupported(why)) => Self::SledRefused(why),
            StoreError::Sled(error) if super::guard::is_fatal(&error) => Self::SledBroken(error.to_string()),
            StoreError::Sled(error) => Self::SledRefused(error.to_string()),
            StoreError::Foreign(why) => Self::Foreign(why),
            StoreError::Damaged { place, why } => Self::Damaged { place, why },
            StoreError::Obstacle(Obstacle { kind: ObstacleKind::NoRoom, why }) => Self::NoRoom(why),
            StoreError::Unfinished(why) => Self::Unfinished(why),
            StoreError::Refused(why) => Self::Refused(why),
            // Nobody has any of these before a store is open.
            StoreError::InUse(_)
            | StoreError::Obstacle(_)
            | StoreError::Hung(_)
            | StoreError::Behind { .. }
            | StoreError::Broken
            | StoreError::Record(_) => Self::Refused(text),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Folder { path, source } => Self::Folder { path, source: source.into() },
            Failure::Journal(source) => Self::Journal(source.into()),
            Failure::Snapshot(error) => Self::Snapshot(error.into()),
            Failure::SledIo(source) => Self::Sled(sled::Error::Io(source.into())),
            Failure::SledBroken(why) => Self::Sled(sled::Error::ReportableBug(why)),
            Failure::SledRefused(why) => Self::Sled(sled::Error::Unsupported(why)),
            Failure::Refused(why) => Self::Refused(why),
            Failure::Foreign(why) => Self::Foreign(why),
            Failure::Damaged { place, why } => Self::Damaged { place, why },
            Failure::NoRoom(why) => Self::Obstacle(Obstacle { kind: ObstacleKind::NoRoom, why }),
            Failure::Unfinished(why) => Self::Unfinished(why),
        }
    }
}

impl Unreadable {
    fn of(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Io(source) => Self::Io(System::of(&source)),
            SnapshotError::Foreign => Self::Foreign,
            SnapshotError::Newer(form) => Self::Newer(form),
            SnapshotError::CutOff { block, at } => Self::CutOff { block, at },
            SnapshotError::Damaged { block, at, why } => Self::Damaged { block, at, why },
        }
    }
}

impl From<Unreadable> for SnapshotError {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Io(source) => Self::Io(source.into()),
            Unreadable::Foreign => Self::Foreign,
            Unreadable::Newer(form) => Self::Newer(form),
            Unreadable::CutOff { block, at } => Self::CutOff { block, at },
            Unreadable::Damaged { block, at, why } => Self::Damaged { block, at, why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [i32; 4] = [5, 27, 28, 30];

    /// What decides on an error, and what is told of it.
    fn facts(error: &StoreError) -> (String, [bool; 4]) {
        let is = [error.is_about_room(), error.is_about_disk(), error.is_fatal(), error.is_mendable()];
        (error.to_string(), is)
    }

    #[test]
    fn an_error_stays_what_it_is() {
        let (why, place, path) = (|| "why".to_owned(), || "place".to_owned(), || "path".to_owned());
        let mut errors = vec![
            StoreError::Refused(why()),
            StoreError::Foreign(why()),
            StoreError::Damaged { place: place(), why: why() },
            StoreError::Unfinished(why()),
            StoreError::Obstacle(Obstacle { kind: ObstacleKind::NoRoom, why: why() }),
            StoreError::Sled(sled::Error::ReportableBug(why())),
            StoreError::Sled(sled::Error::Unsupported(why())),
            StoreError::Sled(sled::Error::Io(io::Error::other("why"))),
            StoreError::Snapshot(SnapshotError::Foreign),
            StoreError::Snapshot(SnapshotError::Newer(7)),
            StoreError::Snapshot(SnapshotError::CutOff { block: 3, at: 99 }),
            StoreError::Snapshot(SnapshotError::Damaged { block: 3, at: 99, why: why() }),
        ];
        for code in CODES {
            let said = || io::Error::from_raw_os_error(code);
            errors.push(StoreError::Folder { path: path(), source: said() });
            errors.push(StoreError::Journal(said()));
            errors.push(StoreError::Snapshot(SnapshotError::Io(said())));
            errors.push(StoreError::Sled(sled::Error::Io(said())));
        }
        for error in errors {
            let expected = facts(&error);
            let text = serde_json::to_string(&Failure::of(error)).unwrap();
            let came: StoreError = serde_json::from_str::<Failure>(&text).unwrap().into();
            assert_eq!(facts(&came), expected, "{text}");
        }
    }
}
