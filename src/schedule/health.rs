//! How a source is, in one word and one sentence.

use std::time::Duration;

use super::rhythm;
use crate::model::{HealthKind, Location, Source, SourceState, Timestamp};

/// Judges a source that has been asked, in the order of [`HealthKind`]: the first word that fits. The sentence
/// says why and, where there is something to do, what; it is empty for a source that is well.
pub fn judge(source: &Source, state: &SourceState, now: Timestamp) -> (HealthKind, String) {
    let id = &source.id;
    if let Some(since) = state.gone_at {
        let why = format!(
            "answered 410 (gone for good) on {}, so it is not asked any more: remove it from feeds.toml, or find \
             its new address; `nashra poll {id}` asks once more",
            date(since)
        );
        return (HealthKind::Gone, why);
    }
    if let Some(quarantine) = &state.quarantine {
        let why = format!(
            "{}; since {} nothing new of it is shown: `nashra sources accept {id}` lets it in",
            clause(&quarantine.why),
            date(quarantine.since)
        );
        return (HealthKind::Quarantined, why);
    }
    if let Some(error) = &state.error {
        return (HealthKind::Failing, failing(error, state));
    }
    if let Some(why) = moved(source, state) {
        return (HealthKind::Moved, why);
    }
    if let Some(oddity) = &state.oddity {
        return (HealthKind::Odd, oddity.clone());
    }
    if let Some((since, gap)) = rhythm::silence(&state.rhythm, now) {
        let why = format!("no news since {}; before, it had some every {}", date(since), about(gap));
        return (HealthKind::Silent, why);
    }
    (HealthKind::Ok, String::new())
}

fn failing(error: &str, state: &SourceState) -> String {
    let times = match state.failures {
        0 | 1 => String::new(),
        times => format!(" ({times} times in a row)"),
    };
    let next = state.next_at.map(|at| format!("; it is tried again on {}", date(at))).unwrap_or_default();
    format!("{}{times}{next}", clause(error))
}

fn moved(source: &Source, state: &SourceState) -> Option<String> {
    if let Some(moving) = &state.moving {
        let doubt = if moving.same_feed { "" } else { ", but what is there is not the feed that we knew" };
        return Some(format!(
            "says since {} that it has moved for good to {}{doubt}",
            date(moving.since),
            moving.to
        ));
    }
    let Location::Web(configured) = &source.location else { return None };
    let adopted = state.adopted.as_ref().filter(|adopted| adopted.from == *configured)?;
    Some(format!(
        "moved for good and is asked at {} since {}: write this address into feeds.toml",
        adopted.to,
        date(adopted.at)
    ))
}

/// A sentence that goes on.
fn clause(sentence: &str) -> &str {
    sentence.trim_end().trim_end_matches('.')
}

fn date(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time in the unit that suits it.
fn about(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0..120 => format!("{} minutes", minutes.max(1)),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 60 / 24),
    }
}
