//! What a source does with its ids and links over time: which of them hold, and when they last changed.

use serde::{Deserialize, Serialize};

use super::{Digest, IdentityKind, Timestamp};

/// Which keys of a source hold from one document to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// The guids.
    pub guids: Habit,
    /// The canonical links.
    pub links: Habit,
    /// The canonical links without their queries.
    pub paths: Habit,
    /// By which of them its last document was read.
    pub read_by: Trust,
    /// What most of the entries of its last document were recognised by; `None` before the first.
    pub named_by: Option<IdentityKind>,
}

impl Habits {
    /// What the next document is read by.
    pub fn trust(&self) -> Trust {
        let holds = |habit: &Habit| habit.volatile_since.is_none();
        Trust { guids: holds(&self.guids), links: holds(&self.links), paths: holds(&self.paths) }
    }
}

/// How one kind of key behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habit {
    /// Documents in a row in which most known entries came under another one.
    pub strikes: u8,
    /// Since when it is no key, because it changes with every document or is the same for all; `None` while it is
    /// one.
    pub volatile_since: Option<Timestamp>,
    /// Documents in a row in which most stayed as they were, while it is no key.
    pub steady: u8,
    /// Since when they have.
    pub steady_since: Option<Timestamp>,
    /// What the last document had, hashed, while it is no key; at most [`Habit::SAMPLE_MAX`], ascending.
    pub sample: Vec<Digest>,
}

impl Habit {
    /// Values of one document that are remembered to see whether they stay.
    pub const SAMPLE_MAX: usize = 64;
}

/// What tells the entries of a source apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trust {
    /// Whether the guids do.
    pub guids: bool,
    /// Whether the canonical links do.
    pub links: bool,
    /// Whether they do without their queries, where the whole links do not.
    pub paths: bool,
}

impl Default for Trust {
    fn default() -> Self {
        Self { guids: true, links: true, paths: true }
    }
}

/// That most entries of a source came under other ids or links and were recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// When nashra saw it.
    pub at: Timestamp,
    /// How many entries.
    pub count: usize,
    /// What happened, one sentence.
    pub how: String,
    /// By how many minutes their dates were off since then, as a mistaken time zone makes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minutes: Vec<i64>,
    /// Where only the day was left of their dates: at which minutes of the day, in UTC, it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub midnights: Vec<i64>,
}
