//! What one poll of one source came to: a line of the log, a row of a table.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::edge::store::StoreError;
use crate::model::{
    FetchErrorKind, Fetched, HealthKind, Problem, Reading, SourceId, Tally, Timestamp, Update,
};

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
    /// How its health changed by it.
    #[serde(default)]
    pub turn: Option<Turn>,
}

/// A change of a source's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// How it was; `None` for a source that had never been asked.
    pub from: Option<HealthKind>,
    /// How it is.
    pub to: HealthKind,
    /// Why, one sentence.
    pub why: String,
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
    /// Asked less than `min_interval` ago, or its host wants to be left alone, and so not asked.
    TooSoon,
    /// It answered 410 once, and nobody named it, and so not asked.
    Gone,
    /// A feed came that is not taken in until the admin agrees.
    Quarantined,
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
            Self::Gone => "gone",
            Self::Quarantined => "quarantined",
            Self::Outdated => "outdated",
        }
    }
}

impl Row {
    /// `before` is how the source was.
    pub(super) fn of(update: &Update, fetched: &Fetched, before: Option<HealthKind>) -> Self {
        let state = &update.state;
        let (status, error) = match (&fetched.reading, &state.quarantine) {
            (Reading::Failed(error), _) if error.kind == FetchErrorKind::Held => {
                (RowStatus::TooSoon, Some(error.message.clone()))
            }
            (Reading::Failed(_) | Reading::NotAFeed(_), _) => (RowStatus::Failed, state.error.clone()),
            (_, Some(quarantine)) => (RowStatus::Quarantined, Some(quarantine.why.clone())),
            (Reading::Feed { .. }, None) => (RowStatus::Ok, None),
            (Reading::Unchanged { .. }, None) => (RowStatus::Unchanged, None),
        };
        let turn = state.health.as_ref().filter(|health| before != Some(health.is)).map(|health| Turn {
            from: before,
            to: health.is,
            why: health.why.clone(),
        });
        Self {
            tally: update.tally,
            error,
            problems: update.problems.clone(),
            turn,
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
        Self::not_asked(source, RowStatus::TooSoon, Self::too_soon_why(seconds))
    }

    pub(super) fn too_soon_why(seconds: impl Display) -> String {
        format!("asked less than min_interval ago; it may be asked again in {seconds} s")
    }

    pub(super) fn gone(source: &SourceId, since: Timestamp) -> Self {
        let why =
            format!("it answered 410 (gone) on {}; name it to ask it all the same", since.format("%Y-%m-%d"));
        Self::not_asked(source, RowStatus::Gone, why)
    }

    /// Nothing could be stored of what it would bring.
    pub(super) fn held_up(source: &SourceId, why: &str) -> Self {
        Self::not_asked(source, RowStatus::Failed, format!("nothing can be stored at the moment: {why}"))
    }

    fn not_asked(source: &SourceId, status: RowStatus, why: String) -> Self {
        Self {
            source: source.0.clone(),
            status,
            http: None,
            tally: Tally::default(),
            bytes: 0,
            ms: 0,
            error: Some(why),
            problems: vec![],
            turn: None,
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
            turn: None,
        }
    }

    /// The one line that the log has for each poll.
    pub(super) fn log(&self) {
        let Tally { seen, new, updated, duplicates } = self.tally;
        let (source, status, bytes, ms) = (&self.source, self.status.word(), self.bytes, self.ms);
        if matches!(self.status, RowStatus::Failed | RowStatus::Quarantined) {
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
                error = self.error.as_deref(),
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
        if let Some(turn) = &self.turn {
            turn.log(source);
        }
    }
}

impl Turn {
    /// One line a change; that a new source is well is none.
    fn log(&self, source: &str) {
        let from = self.from.map_or("new", HealthKind::word);
        let (to, why) = (self.to.word(), &self.why);
        if self.to.is_worse_than(self.from.unwrap_or(HealthKind::Ok)) {
            tracing::warn!(source, from, to, why, "health");
        } else if self.from.is_some() {
            tracing::info!(source, from, to, why, "health");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Summary;

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
