//! How a source is, in one word, and what asking it has cost its hosts.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How a source is, since when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The word.
    pub is: HealthKind,
    /// Since when.
    pub since: Timestamp,
    /// Why, one sentence; empty where there is nothing to say.
    pub why: String,
}

impl Health {
    /// Changes of health that are remembered.
    pub const PAST_MAX: usize = 16;
}

/// The words for the health of a source; where several fit, the first one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthKind {
    /// It answered 410: it is not asked any more.
    Gone,
    /// Another owner, it seems: nothing new is shown until the admin agrees.
    Quarantined,
    /// The last asking failed.
    Failing,
    /// It says that it has moved for good, or was followed there.
    Moved,
    /// Something about its answers is strange: only duplicates, dates that do not move, another size.
    Odd,
    /// It has had no news for much longer than its rhythm.
    Silent,
    /// It is well.
    Ok,
}

impl HealthKind {
    /// All of them, in the order in which they count.
    pub const ALL: [Self; 7] =
        [Self::Gone, Self::Quarantined, Self::Failing, Self::Moved, Self::Odd, Self::Silent, Self::Ok];

    /// Whether an admin has more to do about this than about the other.
    pub fn is_worse_than(self, other: Self) -> bool {
        let rank = |kind| Self::ALL.iter().position(|one| *one == kind);
        rank(self) < rank(other)
    }

    /// The word for tables and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Quarantined => "quarantined",
            Self::Failing => "failing",
            Self::Moved => "moved",
            Self::Odd => "odd",
            Self::Silent => "silent",
            Self::Ok => "ok",
        }
    }
}

/// What asking one source has cost one host, and how its hints were heeded. Counts since the source is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Requests, redirects and robots.txt among them.
    pub requests: u64,
    /// Answers 304 and 226.
    pub not_modified: u64,
    /// Answers 429.
    pub refused: u64,
    /// Bytes of bodies over the wire.
    pub wire_bytes: u64,
    /// Hints on when to come again that it gave.
    pub hints_received: u64,
    /// Those before whose end, or before `max_interval`, we have not asked.
    pub hints_honoured: u64,
}

impl Ledger {
    /// Hosts that one source's ledger names; those beyond are counted with the last.
    pub const HOSTS_MAX: usize = 8;

    /// Adds another ledger to this one; a sum that is too large stays at the largest number.
    pub fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.not_modified = self.not_modified.saturating_add(other.not_modified);
        self.refused = self.refused.saturating_add(other.refused);
        self.wire_bytes = self.wire_bytes.saturating_add(other.wire_bytes);
        self.hints_received = self.hints_received.saturating_add(other.hints_received);
        self.hints_honoured = self.hints_honoured.saturating_add(other.hints_honoured);
    }
}
