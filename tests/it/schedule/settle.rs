//! What follows from a poll: the next moment, the ledger, the health.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use chrono_tz::Tz;
use nashra::model::{
    Adopted, Health, HealthKind, Hop, Ledger, Manners, Moving, Quarantine, Schedules, Source, SourceId,
    SourceState, Timestamp,
};
use nashra::schedule::{due, judge, settle};

use super::{asked, at, source};

fn noon() -> Timestamp {
    at("2026-06-03T12:00:00Z")
}

fn hop(host: &str, status: u16, wire_bytes: u64) -> Hop {
    Hop { host: host.to_owned(), status: Some(status), wire_bytes }
}

/// An exchange with these hops.
fn exchange(hops: &[Hop]) -> Manners {
    Manners { hops: hops.to_vec(), ..Manners::default() }
}

/// Settles a poll at `now` that changed the state so.
fn poll(
    source: &Source,
    old: &SourceState,
    manners: &Manners,
    now: Timestamp,
    change: impl Fn(&mut SourceState),
) -> SourceState {
    let mut state = SourceState { asked_at: Some(now), ..old.clone() };
    change(&mut state);
    settle(source, old, &mut state, manners, Tz::UTC, now);
    state
}

#[test]
fn the_ledger_counts_every_request_for_its_host() {
    let source = source("x", "every 15m");
    let hops = [hop("a.example", 301, 20), hop("b.example", 404, 9), hop("b.example", 200, 5000)];
    let first = poll(&source, &SourceState::default(), &exchange(&hops), noon(), |_| {});
    let counted = |requests, wire_bytes| Ledger { requests, wire_bytes, ..Ledger::default() };
    let expected = [("a.example", counted(1, 20)), ("b.example", counted(2, 5009))];
    let expected = expected.map(|(host, ledger)| (host.to_owned(), ledger));
    assert_eq!(first.ledger, BTreeMap::from(expected.clone()));

    let later = noon() + TimeDelta::hours(1);
    let hops = [
        hop("b.example", 304, 0),
        hop("b.example", 226, 40),
        hop("b.example", 429, 1),
        hop("b.example", 503, 2),
    ];
    let second = poll(&source, &first, &exchange(&hops), later, |_| {});
    let grown = Ledger { requests: 6, not_modified: 2, refused: 1, wire_bytes: 5052, ..Ledger::default() };
    assert_eq!(second.ledger["b.example"], grown);
    assert_eq!(second.ledger["a.example"], expected[0].1);
    // No answer is a request, too.
    let silent = Hop { host: "b.example".to_owned(), status: None, wire_bytes: 0 };
    let third = poll(&source, &second, &exchange(&[silent]), later, |_| {});
    assert_eq!(third.ledger["b.example"], Ledger { requests: 7, ..grown });
}

#[test]
fn the_ledger_is_bounded_and_does_not_overflow() {
    let source = source("x", "every 15m");
    let hops: Vec<Hop> = (0..20).map(|n| hop(&format!("h{n:02}.example"), 200, 1)).collect();
    let state = poll(&source, &SourceState::default(), &exchange(&hops), noon(), |state| {
        state.schedules.ttl_minutes = Some(60);
    });
    assert_eq!(state.ledger.len(), Ledger::HOSTS_MAX);
    let last = state.ledger.last_key_value().unwrap();
    assert_eq!((last.0.as_str(), last.1.requests, last.1.hints_received), ("h07.example", 13, 1));
    let mut full = state;
    full.ledger.values_mut().for_each(|ledger| ledger.wire_bytes = u64::MAX);
    let more = poll(&source, &full, &exchange(&[hop("h03.example", 200, u64::MAX)]), noon(), |_| {});
    assert_eq!(more.ledger["h03.example"].wire_bytes, u64::MAX);
}

#[test]
fn hints_are_counted_when_they_come_and_when_they_were_heeded() {
    let source = source("x", "every 15m");
    let check = |give: &dyn Fn(&mut SourceState), hours: i64, expected: (u64, u64)| {
        let first = poll(&source, &SourceState::default(), &exchange(&[hop("h", 200, 0)]), noon(), give);
        assert_eq!(
            (first.ledger["h"].hints_received, first.ledger["h"].hints_honoured),
            (expected.0, expected.0)
        );
        let then = noon() + TimeDelta::seconds(3600 * hours + 1);
        let bare = |state: &mut SourceState| {
            state.schedules = Schedules::default();
            (state.fresh_until, state.retry_after, state.error) = (None, None, None);
        };
        let second = poll(&source, &first, &exchange(&[hop("h", 200, 0)]), then, bare);
        let ledger = second.ledger["h"];
        assert_eq!((ledger.hints_received, ledger.hints_honoured), expected, "{hours} h");
    };
    let all = |state: &mut SourceState| {
        state.schedules = Schedules {
            ttl_minutes: Some(60),
            period_seconds: Some(2 * 3600),
            period_base: None,
            skip_hours: vec![14],
            skip_days: vec![3],
        };
        state.fresh_until = Some(noon() + TimeDelta::hours(3));
        state.retry_after = Some(noon() + TimeDelta::hours(4));
    };
    check(&all, 0, (6, 2));
    check(&all, 1, (6, 3));
    check(&all, 2, (6, 3));
    check(&all, 3, (6, 5));
    check(&all, 4, (6, 6));
    // At noon of the next day `max_interval` has passed, whatever the hints say.
    check(&all, 23, (6, 5));
    check(&all, 24, (6, 6));
    check(&|state| state.retry_after = Some(Timestamp::MAX_UTC), 23, (1, 0));
    check(&|state| state.retry_after = Some(Timestamp::MAX_UTC), 24, (1, 1));
    check(&|_| {}, 5, (0, 0));
    // A failure confirms nothing that the feed said before; it tells when to come again at most.
    let failed = |state: &mut SourceState| {
        all(state);
        state.error = Some("status 503".to_owned());
    };
    check(&failed, 3, (1, 0));
    check(&failed, 4, (1, 1));
}

#[test]
fn files_and_polls_that_sent_nothing_have_no_ledger() {
    for id in ["file", "web"] {
        let give = |state: &mut SourceState| state.schedules.ttl_minutes = Some(60);
        let state = poll(&source(id, "every 15m"), &asked(noon()), &Manners::default(), noon(), give);
        assert_eq!(state.ledger, BTreeMap::new());
    }
}

#[test]
fn a_host_that_holds_us_is_not_tried_again_and_again() {
    let mut source = source("x", "every 1m");
    // Not the source's own hint: its host's, and no switch of the source opens that.
    source.fetch.hints.retry_after = false;
    let schedules = Schedules { ttl_minutes: Some(1), ..Schedules::default() };
    let old = SourceState { schedules, ..asked(noon() - TimeDelta::hours(20)) };
    let check = |seconds: u64, expected: i64| {
        let held = Manners { retry_after_seconds: Some(seconds), ..Manners::default() };
        // It was not asked, so all stays as it was; the request for robots.txt has its cost.
        let mut state = old.clone();
        let robots = Manners { hops: vec![hop("h", 200, 30)], ..held };
        settle(&source, &old, &mut state, &robots, Tz::UTC, noon());
        let cost = Ledger { requests: 1, wire_bytes: 30, ..Ledger::default() };
        assert_eq!(state.ledger, BTreeMap::from([("h".to_owned(), cost)]));
        assert_eq!((state.next_at.unwrap() - noon()).num_seconds(), expected);
        let states = BTreeMap::from([(SourceId("x".to_owned()), state)]);
        let before = noon() + TimeDelta::seconds(expected - 1);
        assert!(due([&source].into_iter(), &states, before).ask.is_empty());
        let then = noon() + TimeDelta::seconds(expected);
        assert_eq!(due([&source].into_iter(), &states, then).ask.len(), 1);
    };
    check(7 * 3600, 7 * 3600);
    check(u64::MAX, 24 * 3600);
    // An answer that says so is the source's own hint.
    let answered = Manners { retry_after_seconds: Some(7200), ..exchange(&[hop("h", 503, 0)]) };
    let state = poll(&source, &old, &answered, noon(), |_| {});
    assert!(state.next_at.unwrap() < noon() + TimeDelta::minutes(2));
}

#[test]
fn ten_thousand_sources_wait_in_order() {
    let one = source("x", "every 15m");
    let sources: Vec<Source> =
        (0..10_000).map(|n| Source { id: SourceId(format!("source-{n:05}")), ..one.clone() }).collect();
    let states: BTreeMap<SourceId, SourceState> = sources
        .iter()
        .zip(0..)
        .map(|(source, n): (&Source, i64)| {
            let mut state = asked(noon() - TimeDelta::hours(1));
            // In an order that is not the order of the ids: 7919 and 10,000 have no common factor.
            state.next_at = Some(noon() + TimeDelta::milliseconds(n * 7919 % 10_000));
            (source.id.clone(), state)
        })
        .collect();
    for (seconds, expected) in [(0, 1), (4, 4001), (9, 9001), (10, 10_000)] {
        let now = noon() + TimeDelta::seconds(seconds);
        let found = due(sources.iter(), &states, now);
        assert_eq!(found.ask.len(), expected);
        let moments: Vec<Timestamp> = found.ask.iter().filter_map(|id| states[id].next_at).collect();
        assert!(moments.is_sorted());
        let next = if expected < 10_000 { TimeDelta::milliseconds(1) } else { TimeDelta::seconds(60) };
        assert_eq!(found.wake, now + next);
    }
}

/// A state for which every word fits.
fn all_at_once() -> SourceState {
    let since = noon() - TimeDelta::days(2);
    let mut state = asked(noon());
    state.gone_at = Some(since);
    state.quarantine = Some(Quarantine { since, why: "Other language and other links.".to_owned() });
    (state.error, state.failures) = (Some("example.org answers 500".to_owned()), 3);
    state.next_at = Some(noon() + TimeDelta::hours(2));
    state.moving = Some(Moving { to: "https://new.example/feed".parse().unwrap(), since, same_feed: true });
    state.adopted = Some(Adopted {
        from: "https://example.org/x".parse().unwrap(),
        to: "https://adopted.example/feed".parse().unwrap(),
        at: since,
    });
    state.oddity = Some("all its dates are the same".to_owned());
    state.rhythm.news = (1..9).map(|hour| noon() - TimeDelta::days(9) + TimeDelta::hours(hour)).collect();
    state
}

#[test]
fn the_first_word_that_fits_counts() {
    let source = source("x", "every 15m");
    let mut state = all_at_once();
    let check = |state: &SourceState, is: HealthKind, why: &str| {
        assert_eq!(judge(&source, state, noon()), (is, why.to_owned()));
    };
    check(
        &state,
        HealthKind::Gone,
        "answered 410 (gone for good) on 2026-06-01 12:00 UTC, so it is not asked any more: remove it from \
         feeds.toml, or find its new address; `nashra poll x` asks once more",
    );
    state.gone_at = None;
    check(
        &state,
        HealthKind::Quarantined,
        "Other language and other links; since 2026-06-01 12:00 UTC nothing new of it is shown: `nashra sources \
         accept x` lets it in",
    );
    state.quarantine = None;
    let failing = "example.org answers 500 (3 times in a row); it is tried again on 2026-06-03 14:00 UTC";
    check(&state, HealthKind::Failing, failing);
    state.failures = 1;
    check(&state, HealthKind::Failing, &failing.replace(" (3 times in a row)", ""));
    // robots.txt forbids it: that does not double the wait, but nothing comes either.
    state.failures = 0;
    check(&state, HealthKind::Failing, &failing.replace(" (3 times in a row)", ""));
    state.error = None;
    let moving = "says since 2026-06-01 12:00 UTC that it has moved for good to https://new.example/feed";
    check(&state, HealthKind::Moved, moving);
    if let Some(moving) = &mut state.moving {
        moving.same_feed = false;
    }
    let other = format!("{moving}, but what is there is not the feed that we knew");
    check(&state, HealthKind::Moved, &other);
    state.moving = None;
    check(
        &state,
        HealthKind::Moved,
        "moved for good and is asked at https://adopted.example/feed since 2026-06-01 12:00 UTC: write this \
         address into feeds.toml",
    );
    // Another address in feeds.toml has ended that.
    if let Some(adopted) = &mut state.adopted {
        adopted.from = "https://example.org/old".parse().unwrap();
    }
    check(&state, HealthKind::Odd, "all its dates are the same");
    state.oddity = None;
    check(
        &state,
        HealthKind::Silent,
        "no news since 2026-05-25 20:00 UTC; before, it had some every 60 minutes",
    );
    state.rhythm.news.clear();
    check(&state, HealthKind::Ok, "");
}

#[test]
fn health_is_kept_with_its_beginning_and_its_past() {
    let source = source("x", "every 15m");
    let manners = exchange(&[hop("h", 200, 0)]);
    let moment = |hours| noon() + TimeDelta::hours(hours);
    let at_hour = |old: &SourceState, hours, error: Option<&str>| {
        poll(&source, old, &manners, moment(hours), |state| {
            state.error = error.map(str::to_owned);
        })
    };
    let health = |is, hours, why: &str| Health { is, since: moment(hours), why: why.to_owned() };

    let well = at_hour(&SourceState::default(), 0, None);
    assert_eq!((well.health.clone(), well.past.len()), (Some(health(HealthKind::Ok, 0, "")), 0));
    let still_well = at_hour(&well, 1, None);
    assert_eq!((still_well.health.clone(), still_well.past.len()), (well.health.clone(), 0));
    let failing = at_hour(&still_well, 2, Some("one"));
    let found = failing.health.clone().unwrap();
    assert_eq!((found.is, found.since), (HealthKind::Failing, moment(2)));
    assert!(found.why.starts_with("one; it is tried again on 2026-06-03 14:"), "{}", found.why);
    assert_eq!(failing.past, [health(HealthKind::Ok, 0, "")]);
    // The same word for another reason: since when stays, why is renewed.
    let failing = at_hour(&failing, 3, Some("two"));
    let found = failing.health.clone().unwrap();
    assert_eq!((found.is, found.since, failing.past.len()), (HealthKind::Failing, moment(2), 1));
    assert!(found.why.starts_with("two; "), "{}", found.why);

    let mut state = failing;
    for hour in 4..60 {
        state = at_hour(&state, hour, (hour % 2 == 1).then_some("every other hour"));
    }
    assert_eq!(state.past.len(), Health::PAST_MAX);
    assert_eq!(state.past.last().map(|health| health.since), Some(moment(58)));
    assert_eq!(state.health.map(|health| health.since), Some(moment(59)));
}

#[test]
fn a_source_that_was_never_asked_has_no_health() {
    let source = source("x", "every 15m");
    let mut state = SourceState::default();
    let held = Manners { retry_after_seconds: Some(60), ..Manners::default() };
    settle(&source, &SourceState::default(), &mut state, &held, Tz::UTC, noon());
    assert_eq!((state.health, state.past.len()), (None, 0));
    assert!(state.next_at.is_some());
}
