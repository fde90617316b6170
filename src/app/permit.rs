//! May a source be asked outside of the rounds, as `check --probe` does? `min_interval` is kept there as well, so
//! whoever may ask is noted down before it does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::clock;
use crate::edge::store::{Store, StoreError};
use crate::model::{Adopted, Location, Source, SourceId, SourceState, Timestamp};
use crate::{pipeline, schedule};

/// Whether a source may be asked now, and what is known of where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// The source.
    pub source: SourceId,
    /// The seconds after which it may be asked; 0 for now, which is noted as an asking unless it is gone.
    pub wait_seconds: u64,
    /// Since when it is gone (410), and so not to be asked.
    pub gone_at: Option<Timestamp>,
    /// The address that replaced the configured one.
    pub adopted: Option<Adopted>,
}

impl Permit {
    /// Whether it is to be asked now.
    pub fn is_granted(&self) -> bool {
        self.wait_seconds == 0 && self.gone_at.is_none()
    }
}

/// Whether `min_interval` says anything about asking this source.
pub(super) fn is_limited(source: &Source) -> bool {
    matches!(source.location, Location::Web(_)) && !source.fetch.min_interval.is_zero()
}

/// Whether any source can be asked only by permit: files and those without a `min_interval` always can.
pub fn needs_permits(config: &Config) -> bool {
    config.sources.iter().any(|source| source.enabled && is_limited(source))
}

/// The permits of all enabled web sources where no daemon runs: straight from the store, which is closed again
/// when this returns.
pub fn stored_permits(options: &Options, config: &Config) -> Result<Vec<Permit>, AppError> {
    if !needs_permits(config) && !Store::exists(&options.state_folder) {
        return Ok(vec![]);
    }
    let store = opening::open_here(options)?;
    let (mut states, now) = (store.states()?, clock::now());
    store.note_unanswered(&mut states, now)?;
    let wanted = config.sources.iter().filter(|source| source.enabled);
    let permits = permit(wanted, &mut states, |_| false, now);
    keep(&store, &states, &permits)?;
    Ok(permits)
}

/// Gives permits to the web sources among these, and notes in `states` who is going to be asked at `now`.
pub(super) fn permit<'a>(
    sources: impl Iterator<Item = &'a Source>,
    states: &mut BTreeMap<SourceId, SourceState>,
    is_busy: impl Fn(&SourceId) -> bool,
    now: Timestamp,
) -> Vec<Permit> {
    let web = sources.filter(|source| matches!(source.location, Location::Web(_)));
    web.map(|source| {
        let state = states.entry(source.id.clone()).or_default();
        let rest =
            schedule::earliest_ask(source, state, now).map(|at| (at - now).to_std().unwrap_or_default());
        let busy = is_busy(&source.id).then_some(source.fetch.min_interval);
        // What it answered under another configuration says nothing about this one.
        let is_current = state.asked_as == Some(pipeline::configuration(source));
        let permit = Permit {
            source: source.id.clone(),
            wait_seconds: seconds_up(rest.max(busy).unwrap_or_default()),
            gone_at: state.gone_at.filter(|_| is_current),
            adopted: state.adopted.clone(),
        };
        if permit.is_granted() {
            state.unanswered_at = Some(now);
        }
        permit
    })
    .collect()
}

/// Makes durable what the granted permits have noted.
pub(super) fn keep(
    store: &Store,
    states: &BTreeMap<SourceId, SourceState>,
    permits: &[Permit],
) -> Result<(), StoreError> {
    let granted = permits.iter().filter(|permit| permit.is_granted());
    store.note_states(granted.filter_map(|permit| states.get_key_value(&permit.source)))
}

/// Whole seconds that are not less.
fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const NOW: &str = "2026-06-01T00:01:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The permit of a source with this much configuration and this state, and what is noted of it.
    fn given(more: &str, state: SourceState, busy: bool) -> (Option<Permit>, Option<Timestamp>) {
        let text = format!("[sources.x]\nschedule = \"every 1h\"\n{more}");
        let source = crate::config::read(&text, "feeds.toml", Path::new("")).unwrap().sources.remove(0);
        let asked_as = state.gone_at.map(|_| pipeline::configuration(&source));
        let mut states = BTreeMap::from([(source.id.clone(), SourceState { asked_as, ..state })]);
        let mut permits = permit([&source].into_iter(), &mut states, |_| busy, at(NOW));
        (permits.pop(), states[&source.id].unanswered_at)
    }

    #[test]
    fn min_interval_and_the_gone_are_kept_to() {
        let web = "url = \"https://example.org/a\"\nmin_interval = \"1m\"\n";
        let free = "url = \"https://example.org/a\"\nmin_interval = \"0s\"\n";
        let asked = |text: &str| SourceState { asked_at: Some(at(text)), ..SourceState::default() };
        let check = |more: &str, state: SourceState, busy: bool, expected: Option<u64>| {
            let (permit, noted) = given(more, state, busy);
            assert_eq!(permit.as_ref().map(|permit| permit.wait_seconds), expected, "{more}");
            assert_eq!(noted.is_some(), permit.is_some_and(|permit| permit.is_granted()), "{more}");
        };
        check(web, SourceState::default(), false, Some(0));
        check(web, asked("2026-06-01T00:00:00Z"), false, Some(0));
        check(web, asked("2026-06-01T00:00:00.1Z"), false, Some(1));
        check(web, asked(NOW), false, Some(60));
        check(web, asked("2026-05-01T00:00:00Z"), true, Some(60));
        check(free, asked(NOW), false, Some(0));
        check(free, asked(NOW), true, Some(0));
        check("url = \"file:a.xml\"\n", asked(NOW), false, None);
        let gone = SourceState { gone_at: Some(at("2026-05-01T00:00:00Z")), ..SourceState::default() };
        check(web, gone.clone(), false, Some(0));
        assert_eq!(given(web, gone, false).0.unwrap().gone_at, Some(at("2026-05-01T00:00:00Z")));
    }
}
