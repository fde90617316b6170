//! What a changed feeds.toml makes untrue of the state of a source.

use crate::model::{Source, SourceState};
use crate::pipeline;

/// Takes out of a state what belongs to a configuration that is not in force any more.
pub(super) fn forget_outdated(source: &Source, state: &mut SourceState) {
    if state.asked_as != Some(pipeline::configuration(source)) {
        // Failures, waits and a 410 belong to what was asked for. Its successor is asked as soon as the last
        // asking is `min_interval` ago, and the feed's own hints allow it.
        (state.failures, state.error, state.retry_after, state.next_at) = (0, None, None, None);
        (state.fresh_until, state.gone_at) = (None, None);
    }
    // A new version of nashra or a new password is no reason to forget whose feed it is.
    pipeline::forget_other_place(source, state);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{Owner, Quarantine, Rhythm, Schedules, Timestamp};

    #[test]
    fn a_state_keeps_what_the_configuration_leaves_true() {
        let read = |url: &str, more: &str| {
            let text = format!("[sources.x]\nurl = \"{url}\"\n{more}");
            crate::config::read(&text, "feeds.toml", Path::new("")).unwrap().sources.remove(0)
        };
        let source = read("https://example.org/a", "");
        let at: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let mut state = SourceState {
            asked_as: Some(pipeline::configuration(&source)),
            asked_at: Some(at),
            failures: 3,
            gone_at: Some(at),
            fresh_until: Some(at),
            owner: Some(Owner::default()),
            quarantine: Some(Quarantine { since: at, why: "why".to_owned() }),
            rhythm: Rhythm { news: vec![at] },
            schedules: Schedules { ttl_minutes: Some(60), ..Schedules::default() },
            ..SourceState::default()
        };
        let waits = |state: &SourceState| (state.failures, state.gone_at, state.fresh_until);
        // The first plan of a store that knew no places, and any later one.
        let mut same = state.clone();
        forget_outdated(&source, &mut state);
        same.place = state.place;
        assert!(state.place.is_some());
        assert_eq!(state, same);
        forget_outdated(&source, &mut state);
        assert_eq!(state, same);
        // Another User-Agent may be let in; whose feed it is does not depend on that.
        forget_outdated(&read("https://example.org/a", "user_agent = \"other\"\n"), &mut state);
        assert_eq!(waits(&state), (0, None, None));
        assert_eq!((&state.owner, &state.quarantine), (&same.owner, &same.quarantine));
        assert_eq!((&state.rhythm, &state.schedules), (&same.rhythm, &same.schedules));
        // Another address is another feed.
        forget_outdated(&read("https://example.org/b", ""), &mut state);
        assert_eq!((&state.owner, &state.quarantine), (&None, &None));
        assert_eq!((&state.rhythm, &state.schedules), (&Rhythm::default(), &Schedules::default()));
        assert_eq!(state.asked_at, Some(at));
    }
}
