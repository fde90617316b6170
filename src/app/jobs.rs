//! Polls that somebody waits for: one row a source, and the sums.

use std::collections::HashSet;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::edge::store::StoreError;
use crate::model::{Fetched, Problem, Reading, SourceId, Tally, Update};

/// Problems that the admin should hear of without asking.
const LOUD: &[&str] =
    &["identities-moved", "too-many-entries", "moved-for-good", "moved-back", "gone", "quarantined"];

/// What one poll of one source came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The source.
    pub source: String,
    /// How it went.
    pub status: RowStatus,
    /// The HTTP status, where there was one.
    pub http: Option<u16>,
    /// What it brought.
    pub tally: Tally,
    /// Bytes over the wire.
    pub bytes: u64,
    /// Milliseconds for the fetch.
    pub ms: u64,
    /// Why it failed, or was left alone.
    pub error: Option<String>,
    /// What the admin should hear of.
    pub problems: Vec<Problem>,
}

/// How a poll went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowStatus {
    /// A feed was read.
    Ok,
    /// The source says, or its bytes say, that nothing changed.
    Unchanged,
    /// No answer, no feed, or no room to store it.
    Failed,
    /// Asked less than `min_interval` ago, and so not asked.
    TooSoon,
    /// feeds.toml changed while it was being asked, so what came was left; it is asked again.
    Outdated,
}

impl RowStatus {
    /// The word for the log and the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::TooSoon => "too-soon",
            Self::Outdated => "outdated",
        }
    }
}

impl Row {
    pub(super) fn of(update: &Update, fetched: &Fetched) -> Self {
        let status = match &fetched.reading {
            Reading::Feed { .. } => RowStatus::Ok,
            Reading::Unchanged { .. } => RowStatus::Unchanged,
            Reading::Failed(_) | Reading::NotAFeed(_) => RowStatus::Failed,
        };
        Self {
            tally: update.tally,
            error: update.state.error.clone(),
            problems: update.problems.clone(),
            ..Self::bare(&update.source, status, fetched)
        }
    }

    pub(super) fn store_failed(source: &SourceId, fetched: &Fetched, error: &StoreError) -> Self {
        Self { error: Some(error.to_string()), ..Self::bare(source, RowStatus::Failed, fetched) }
    }

    pub(super) fn outdated(source: &SourceId, fetched: &Fetched) -> Self {
        let why = "feeds.toml changed while it was being asked; it is asked again".to_owned();
        Self { error: Some(why), ..Self::bare(source, RowStatus::Outdated, fetched) }
    }

    /// Nobody was shown what it brought, so nothing is new or updated.
    pub(super) fn not_stored(self, error: &StoreError) -> Self {
        let tally = Tally { seen: self.tally.seen, ..Tally::default() };
        Self { status: RowStatus::Failed, tally, error: Some(error.to_string()), ..self }
    }

    pub(super) fn too_soon(source: &SourceId, seconds: i64) -> Self {
        Self {
            source: source.0.clone(),
            status: RowStatus::TooSoon,
            http: None,
            tally: Tally::default(),
            bytes: 0,
            ms: 0,
            error: Some(format!("asked less than min_interval ago; it may be asked again in {seconds} s")),
            problems: vec![],
        }
    }

    fn bare(source: &SourceId, status: RowStatus, fetched: &Fetched) -> Self {
        Self {
            source: source.0.clone(),
            status,
            http: fetched.status,
            tally: Tally::default(),
            bytes: fetched.wire_bytes,
            ms: fetched.elapsed_ms,
            error: None,
            problems: vec![],
        }
    }

    /// The one line that the log has for each poll.
    pub(super) fn log(&self) {
        let Tally { seen, new, updated, duplicates } = self.tally;
        let (source, status, bytes, ms) = (&self.source, self.status.word(), self.bytes, self.ms);
        if self.status == RowStatus::Failed {
            let error = self.error.as_deref().unwrap_or_default();
            tracing::warn!(source, status, http = self.http, error, bytes, ms, "poll");
        } else {
            tracing::info!(
                source,
                status,
                http = self.http,
                seen,
                new,
                updated,
                duplicates,
                bytes,
                ms,
                "poll"
            );
        }
        for Problem { code, message } in &self.problems {
            // Repairs of a feed's form are for whoever looks for them; these change what readers get.
            if LOUD.contains(&code.as_str()) {
                tracing::warn!(source, code, message, "problem");
            } else {
                tracing::debug!(source, code, message, "problem");
            }
        }
    }
}

/// The sums of a round, as `poll --once --json` prints them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Sources of the round.
    pub sources: usize,
    /// Sources that brought a feed.
    pub ok: usize,
    /// Sources that brought none.
    pub failed: usize,
    /// Sources with nothing new to read, those asked too short ago or under an older feeds.toml among them.
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
            RowStatus::Failed => self.failed += 1,
            RowStatus::Unchanged | RowStatus::TooSoon | RowStatus::Outdated => self.unchanged += 1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_stored_is_not_reported_as_new() {
        let tally = Tally { seen: 9, new: 3, updated: 2, duplicates: 1 };
        let row = Row { status: RowStatus::Ok, tally, ..Row::too_soon(&SourceId("a".to_owned()), 1) };
        let row = row.not_stored(&StoreError::Record("full".to_owned()));
        let mut summary = Summary::default();
        summary.add(&row);
        assert_eq!((row.status, row.tally.duplicates), (RowStatus::Failed, 0));
        assert_eq!((summary.entries_seen, summary.entries_new, summary.entries_updated), (9, 0, 0));
    }
}
