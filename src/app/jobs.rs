//! Polls that somebody waits for, and their sums.

use std::collections::HashSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::row::{Row, RowStatus};
use crate::model::SourceId;

/// The sums of a round, as `poll --once --json` prints them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Sources of the round.
    pub sources: usize,
    /// Sources that brought a feed.
    pub ok: usize,
    /// Sources that brought none.
    pub failed: usize,
    /// Sources with nothing new to read, those that were not asked or under an older feeds.toml
    /// among them.
    pub unchanged: usize,
    /// Entries in all documents.
    pub entries_seen: usize,
    /// Entries stored for the first time.
    pub entries_new: usize,
    /// Entries with a meaningful change.
    pub entries_updated: usize,
    /// Entries in the store after the round.
    pub entries_stored: u64,
    /// The time that the round took.
    pub seconds: f64,
}

impl Summary {
    /// Adds one source's row.
    pub fn add(&mut self, row: &Row) {
        self.sources += 1;
        match row.status {
            RowStatus::Ok => self.ok += 1,
            RowStatus::Failed | RowStatus::Quarantined => self.failed += 1,
            RowStatus::Unchanged | RowStatus::TooSoon | RowStatus::Gone | RowStatus::Outdated => {
                self.unchanged += 1;
            }
        }
        self.entries_seen += row.tally.seen;
        self.entries_new += row.tally.new;
        self.entries_updated += row.tally.updated;
    }
}

/// Refuses names on a command line that are no source's, all of them at once.
pub(super) fn check_names<'a>(
    named: &[String],
    sources: impl Iterator<Item = &'a SourceId>,
) -> Result<(), String> {
    let known: HashSet<&str> = sources.map(|id| id.0.as_str()).collect();
    let unknown: Vec<&str> = named.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(format!("no such source in feeds.toml: {}", unknown.join(", ")))
}

/// A round that somebody waits for.
pub(super) struct Job {
    waiting: HashSet<SourceId>,
    started: Instant,
    summary: Summary,
    rows: mpsc::UnboundedSender<Report>,
}

/// What a waiting caller is told.
#[derive(Clone, Debug)]
pub(super) enum Report {
    Row(Row),
    Done(Summary),
}

impl Job {
    /// A round over `waiting`; at most one row a source is sent, so the channel is bounded by their number.
    pub(super) fn new(waiting: HashSet<SourceId>, rows: mpsc::UnboundedSender<Report>) -> Self {
        Self { waiting, started: Instant::now(), summary: Summary::default(), rows }
    }

    /// Notes a row where it belongs to this round.
    pub(super) fn note(&mut self, row: &Row) {
        if self.waiting.remove(&SourceId(row.source.clone())) {
            self.summary.add(row);
            // A caller that went away needs no report.
            let _ = self.rows.send(Report::Row(row.clone()));
        }
    }

    /// Nobody is asked at the moment; says why.
    pub(super) fn hold_up(&mut self, why: &str) {
        let mut waiting: Vec<SourceId> = self.waiting.iter().cloned().collect();
        waiting.sort_unstable();
        waiting.iter().for_each(|source| self.note(&Row::held_up(source, why)));
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.rows.is_closed()
    }

    /// A source left the configuration while it was waited for.
    pub(super) fn forget(&mut self, gone: impl Fn(&SourceId) -> bool) {
        self.waiting.retain(|source| !gone(source));
    }

    /// Ends the round once every source has answered; says whether it did.
    pub(super) fn finish(&mut self, entries_stored: u64) -> bool {
        if !self.waiting.is_empty() {
            return false;
        }
        self.summary.entries_stored = entries_stored;
        self.summary.seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        let _ = self.rows.send(Report::Done(self.summary.clone()));
        true
    }
}
