//! When hubs are asked, and what follows from what they say.

use chrono::TimeDelta;
use nashra::model::*;
use nashra::schedule::push::{self, Heard, Step, step};

use super::*;
use crate::kit::entries::{brought, said};

const SITE: &str = "https://news.example.org";
const TOPIC: &str = "https://e.example/feed";
const NOW: &str = "2026-06-01T00:00:00Z";
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3600;

fn id() -> SourceId {
    SourceId("x".to_owned())
}

/// A moment, in seconds after the beginning.
fn after(seconds: i64) -> Timestamp {
    at(NOW) + TimeDelta::seconds(seconds)
}

fn secret(text: &str) -> Secret {
    Secret(text.to_owned())
}

/// What a source names.
fn named(hubs: &[&str]) -> Push {
    let hubs = hubs.iter().map(|hub| format!("https://{hub}.example/")).collect();
    Push { hubs, topic: Some(TOPIC.to_owned()), ..Push::default() }
}

/// Does what is next at this moment, as the loop does; in one word, with the host of the hub or the seconds to wait.
fn next(push: &mut Push, site: Option<&str>, now: Timestamp) -> String {
    match step(&id(), push, site, now) {
        Step::Rest(None) => "rest".to_owned(),
        Step::Rest(Some(at)) => format!("until {}", (at - self::at(NOW)).num_seconds()),
        Step::Subscribe { hub, topic } => {
            let word = format!("subscribe {}", push::host(&hub));
            let names = (secret(&format!("t{}", push.turn)), secret("s"));
            push::begin(push, (hub, topic), site.unwrap(), names, now);
            word
        }
        Step::Renew => {
            push::renew(push, now);
            "renew".to_owned()
        }
        Step::Leave => {
            push::leave(push, now);
            "leave".to_owned()
        }
        Step::Fail(why) => {
            push::failed(&id(), push, &why, now);
            format!("fail: {why}")
        }
    }
}

fn verify(push: &mut Push, token: &str, lease_seconds: Option<u64>, now: Timestamp) -> Heard {
    let intent = Intent::Verify { wish: Wish::Subscribe, topic: TOPIC.to_owned(), lease_seconds };
    push::heard(&id(), push, &secret(token), &intent, now)
}

/// Subscribed at `one` with this lease, from the beginning on.
fn live(hubs: &[&str], lease_seconds: u64) -> Push {
    let mut push = named(hubs);
    next(&mut push, Some(SITE), at(NOW));
    assert_eq!(verify(&mut push, "t0", Some(lease_seconds), at(NOW)), Heard::Wanted);
    push
}

fn waited(push: &Push) -> i64 {
    push.retry_at.map_or(0, |at| (at - self::at(NOW)).num_seconds())
}

#[test]
fn a_subscription_is_asked_for_verified_and_renewed() {
    let mut push = named(&["one"]);
    assert_eq!(next(&mut push, None, at(NOW)), "rest");
    assert_eq!(next(&mut named(&[]), Some(SITE), at(NOW)), "rest");
    assert_eq!(next(&mut push, Some(SITE), at(NOW)), "subscribe one.example");
    assert_eq!(next(&mut push, Some(SITE), after(1)), format!("until {}", 15 * MINUTE));
    push::reply(&id(), &mut push, &secret("t0"), Ok(()), after(30));
    assert_eq!(next(&mut push, Some(SITE), after(30)), format!("until {}", 15 * MINUTE + 30));
    assert_eq!(verify(&mut push, "t0", Some(10 * 24 * 3600), after(60)), Heard::Wanted);
    // At 70 to 80 % of the lease, which the id decides.
    let renewal =
        (0..10 * DAY).step_by(600).find(|at| next(&mut push.clone(), Some(SITE), after(*at)) == "renew");
    assert!((7 * DAY..=8 * DAY + 660).contains(&renewal.unwrap()), "{renewal:?}");
    assert_eq!(next(&mut push, Some(SITE), after(8 * DAY + 60)), "renew");
    let before = push.subscription.clone().unwrap();
    assert!(push::is_relied_on(Some(&push), after(8 * DAY + 70)));
    assert_eq!(verify(&mut push, "t0", Some(600), after(8 * DAY + 70)), Heard::Wanted);
    let now = push.subscription.clone().unwrap();
    assert_eq!((before.token, before.secret, before.since), (now.token, now.secret, now.since));
    assert_eq!(now.until, Some(after(8 * DAY + 670)));
}

#[test]
fn leases_are_believed_within_bounds() {
    for (said, expected) in [
        (Some(0), 10),
        (Some(9), 10),
        (Some(11), 11),
        (Some(30), 30),
        (None, 864_000),
        (Some(30 * 86_400), 30 * 86_400),
        (Some(u64::MAX), 30 * 86_400),
    ] {
        let mut push = named(&["one"]);
        next(&mut push, Some(SITE), at(NOW));
        verify(&mut push, "t0", said, at(NOW));
        assert_eq!(push.subscription.unwrap().until, Some(after(expected)), "{said:?}");
    }
}

#[test]
fn a_short_lease_is_renewed_before_it_ends() {
    for lease in [10, 30, 90, 200] {
        let mut push = live(&["one"], lease);
        let lease = i64::try_from(lease).unwrap();
        let renewal =
            (0..lease).find(|at| next(&mut push.clone(), Some(SITE), after(*at)) == "renew").unwrap();
        assert!((lease * 7 / 10..=lease * 8 / 10).contains(&renewal), "{lease}: {renewal}");
        assert_eq!(next(&mut push, Some(SITE), after(renewal)), "renew");
        push::reply(&id(), &mut push, &secret("t0"), Err("busy".to_owned()), after(renewal));
        assert!((3..=lease).contains(&(waited(&push) - renewal)), "{lease}: {}", waited(&push));
        push.retry_at = None;
        assert_eq!(next(&mut push, Some(SITE), after(renewal)), "renew");
        assert_eq!(verify(&mut push, "t0", Some(30), after(renewal + 1)), Heard::Wanted);
        assert!(push::is_relied_on(Some(&push), after(renewal + 30)));
        assert!(!push::is_relied_on(Some(&push), after(renewal + 31)));
    }
}

#[test]
fn only_what_waits_is_confirmed() {
    let check = |change: &dyn Fn(&mut Push), token: &str, wish: Wish, topic: &str, expected: Heard| {
        let mut push = named(&["one"]);
        next(&mut push, Some(SITE), at(NOW));
        change(&mut push);
        let before = push.clone();
        let intent = Intent::Verify { wish, topic: topic.to_owned(), lease_seconds: Some(600) };
        assert_eq!(push::heard(&id(), &mut push, &secret(token), &intent, at(NOW)), expected);
        assert_eq!(push == before, expected == Heard::Unknown);
    };
    let (subscribe, leave) = (Wish::Subscribe, Wish::Unsubscribe);
    let left = |push: &mut Push| push::leave(push, at(NOW));
    let verified = |push: &mut Push| _ = verify(push, "t0", None, at(NOW));
    check(&|_| (), "t0", subscribe, TOPIC, Heard::Wanted);
    check(&|_| (), "t1", subscribe, TOPIC, Heard::Unknown);
    check(&|_| (), "t0", leave, TOPIC, Heard::Unknown);
    check(&|_| (), "t0", subscribe, "https://e.example/feed/", Heard::Unknown);
    check(&verified, "t0", subscribe, TOPIC, Heard::Unknown);
    check(&left, "t0", leave, TOPIC, Heard::Wanted);
    check(&left, "t0", subscribe, TOPIC, Heard::Unknown);
    check(&left, "t0", leave, "", Heard::Unknown);
}

#[test]
fn one_hub_after_the_other_is_tried_and_then_later_and_later() {
    let mut push = named(&["one", "two"]);
    let mut now = at(NOW);
    let mut waits = vec![];
    for _ in 0..12 {
        for hub in ["one", "two"] {
            assert_eq!(next(&mut push, Some(SITE), now), format!("subscribe {hub}.example"));
            let token = push.subscription.as_ref().unwrap().token.clone();
            push::reply(&id(), &mut push, &token, Err("no answer".to_owned()), now);
        }
        waits.push((push.retry_at.unwrap() - now).num_seconds());
        assert!(next(&mut push, Some(SITE), now).starts_with("until "));
        now = push.retry_at.unwrap();
    }
    assert!((260..=300).contains(&waits[0]) && waits[11] <= DAY && waits[11] > DAY * 7 / 8, "{waits:?}");
    assert!(waits.windows(2).all(|two| two[0] <= two[1] + two[0] / 8), "{waits:?}");
    // It is one trouble, however long it lasts.
    let trouble = push.trouble.clone().unwrap();
    assert_eq!((trouble.since, trouble.why.as_str(), trouble.over), (at(NOW), "no answer", None));
    assert_eq!(next(&mut push, Some(SITE), now), "subscribe one.example");
    let token = push.subscription.as_ref().unwrap().token.0.clone();
    verify(&mut push, &token, None, now);
    assert_eq!((push.failures, push.trouble.unwrap().over), (0, Some(now)));
}

#[test]
fn who_does_not_verify_is_given_up() {
    let mut push = named(&["one"]);
    next(&mut push, Some(SITE), at(NOW));
    assert_eq!(
        next(&mut push, Some(SITE), after(15 * MINUTE)),
        "fail: one.example did not verify the subscription"
    );
    assert_eq!(push.subscription, None);
    assert!(waited(&push) > 15 * MINUTE + 200, "{}", waited(&push));
}

#[test]
fn a_renewal_that_fails_is_tried_again_before_the_lease_ends() {
    let mut push = live(&["one"], 10 * 86_400);
    assert_eq!(next(&mut push, Some(SITE), after(8 * DAY)), "renew");
    let mut tries = 1;
    loop {
        let now = push.retry_at.unwrap_or(after(8 * DAY));
        push::reply(&id(), &mut push, &secret("t0"), Err("no answer".to_owned()), now);
        assert_eq!(push.trouble, None, "the lease lasts still");
        let again = push.retry_at.unwrap();
        assert!(again > now);
        let word = next(&mut push, Some(SITE), again);
        if word != "renew" {
            assert_eq!(word, "fail: the lease at one.example ended and was not renewed");
            break;
        }
        tries += 1;
        if (after(10 * DAY) - again).num_seconds() < 10 {
            assert!(next(&mut push, Some(SITE), after(10 * DAY)).starts_with("fail: "));
            break;
        }
    }
    assert!((4..60).contains(&tries), "{tries}");
    assert!(push.subscription.is_none() && push.trouble.is_some());
    assert!(!push::is_relied_on(Some(&push), after(10 * DAY)));
}

#[test]
fn a_no_is_taken_for_a_day() {
    let mut push = live(&["one"], 86_400);
    let denied = |topic: &str| Intent::Denied { topic: topic.to_owned(), reason: Some("full".to_owned()) };
    assert_eq!(push::heard(&id(), &mut push, &secret("t0"), &denied("other"), after(9)), Heard::Unknown);
    assert_eq!(push::heard(&id(), &mut push, &secret("t0"), &denied(TOPIC), after(9)), Heard::Noted);
    assert_eq!(push.denied.as_ref().unwrap().reason.as_deref(), Some("full"));
    assert_eq!(push.trouble.as_ref().unwrap().why, "one.example denies the subscription: full");
    assert_eq!(next(&mut push, Some(SITE), after(10)), format!("until {}", DAY + 9));
    assert_eq!(next(&mut push, Some(SITE), after(DAY + 9)), "subscribe one.example");
    // Another hub is asked at once.
    let mut push = live(&["one", "two"], 86_400);
    push::heard(&id(), &mut push, &secret("t0"), &denied(TOPIC), after(9));
    assert_eq!(next(&mut push, Some(SITE), after(9)), "subscribe two.example");
}

#[test]
fn what_the_source_or_the_admin_no_longer_wants_is_left() {
    let check = |change: &dyn Fn(&mut Push), site: Option<&str>, then: &str| {
        let mut push = live(&["one", "two"], 86_400);
        change(&mut push);
        assert_eq!(next(&mut push, site, after(9)), "leave");
        let left = push.leaving[0].pending.unwrap();
        assert_eq!((left.wish, left.since), (Wish::Unsubscribe, after(9)));
        assert_eq!(next(&mut push, site, after(9)), then);
        assert!(!push::forget_left(&mut push, after(15 * MINUTE)));
        assert_eq!(push::forget_at(&push), Some(after(15 * MINUTE + 9)));
        assert!(push::forget_left(&mut push, after(15 * MINUTE + 9)) && push.leaving.is_empty());
    };
    check(&|_| (), None, "rest");
    check(&|_| (), Some("https://elsewhere.example.org"), "subscribe one.example");
    check(&|push| push.topic = None, Some(SITE), "rest");
    check(&|push| push.hubs.clear(), Some(SITE), "rest");
    check(
        &|push| push.topic = Some("https://e.example/other".to_owned()),
        Some(SITE),
        "subscribe one.example",
    );
    check(&|push| push.hubs.retain(|hub| hub.contains("two")), Some(SITE), "subscribe two.example");
    let mut push = Push::default();
    for n in 0..10 {
        push = Push { leaving: push.leaving, ..live(&["one"], 600) };
        push::leave(&mut push, after(n));
    }
    assert_eq!(push.leaving.len(), Push::LEAVING_MAX);
}

/// An entry as a poll finds it: published so many seconds after the beginning, if its source says when.
fn found(published: Option<i64>, now: i64) -> Entry {
    let date = published.map(|at| after(at).to_rfc3339()).unwrap_or_default();
    let source = crate::kit::entries::source("x", &[]);
    let state = SourceState { first_at: Some(at(NOW)), ..SourceState::default() };
    let fetched = brought(vec![said("1", "News", "", &date)], &after(now).to_rfc3339());
    let update = nashra::pipeline::ingest(&source, &state, &Known::default(), &fetched, after(now));
    update.new[0].clone()
}

#[test]
fn a_hub_that_brings_nothing_is_not_relied_on() {
    let counts = |published: Option<i64>, now: i64| {
        let mut push = live(&["one"], 864_000);
        push::missed(&mut push, &[found(published, now)], after(now))
    };
    assert!(counts(Some(100), 3600) && counts(None, 3600));
    assert!(!counts(Some(-100), 3600), "it was there before the subscription");
    assert!(!counts(Some(3500), 3600), "it may be on its way");
    assert!(!counts(Some(100), 11 * DAY), "the lease is over");
    let mut push = live(&["one"], 864_000);
    let mut backfill = found(Some(100), 3600);
    backfill.backfill = true;
    assert!(!push::missed(&mut push, &[backfill], after(3600)) && !push::missed(&mut push, &[], after(3600)));
    assert!(push::is_relied_on(Some(&push), after(3600)));
    push::missed(&mut push, &[found(Some(100), 3600)], after(3600));
    assert!(!push::is_relied_on(Some(&push), after(3600)), "the next poll is to see");
    push::delivered(&mut push, true, after(3700));
    assert!(push::is_relied_on(Some(&push), after(3700)));
    for hour in [2, 3] {
        push::missed(&mut push, &[found(Some(hour * 3600 - 900), hour * 3600)], after(hour * 3600));
    }
    let why = "polling found news 2 times in a row that one.example had not pushed";
    assert_eq!(next(&mut push, Some(SITE), after(3 * 3600)), format!("fail: {why}"));
    assert_eq!((push.trouble.as_ref().unwrap().why.as_str(), push.leaving.len(), push.barren), (why, 1, 1));
    // It is tried again later and later, until it brings something.
    let first = push.retry_at.unwrap();
    assert_eq!(next(&mut push, Some(SITE), first), "subscribe one.example");
    let token = push.subscription.as_ref().unwrap().token.0.clone();
    verify(&mut push, &token, None, first);
    assert!(!push::is_relied_on(Some(&push), first) && push.trouble.as_ref().unwrap().over.is_none());
    push::delivered(&mut push, true, first);
    assert!(push::is_relied_on(Some(&push), first) && push.trouble.unwrap().over == Some(first));
}

#[test]
fn what_is_pushed_is_polled_more_rarely() {
    let interval = |schedule: &str, push: bool, max_interval: u64| {
        let mut source = source("x", schedule);
        source.fetch.push = push;
        source.fetch.max_interval = Duration::from_secs(max_interval);
        let state = SourceState { push: Some(Box::new(live(&["one"], 864_000))), ..asked(at(NOW)) };
        // Twice, so that the place in the grid does not matter.
        let first = next_at(&source, &state, Tz::UTC, at(NOW));
        let state = SourceState { asked_at: Some(first), ..state };
        (next_at(&source, &state, Tz::UTC, first) - first).num_minutes()
    };
    let day = 86_400;
    assert_eq!(interval("every 10m", false, day), 10);
    assert_eq!(interval("every 10m", true, day), 40);
    assert_eq!(interval("every 15m", true, day), 60);
    assert_eq!(interval("every 50m", true, day), 60, "no longer than an hour by that");
    assert_eq!(interval("every 3h", true, day), 180);
    assert_eq!(interval("every 10m", true, 1200), 20, "and no longer than max_interval");
    assert_eq!(interval("auto", true, day), 60);
    assert_eq!(interval("*/10 * * * *", true, day), 10, "a crontab names moments");
}

#[test]
fn records_of_another_day_can_be_read() {
    let push: Push = serde_json::from_str("{\"failures\":3,\"unheard\":1}").unwrap();
    assert_eq!(push, Push { failures: 3, ..Push::default() });
    let state: SourceState = serde_json::from_str("{}").unwrap();
    assert_eq!(state.push, None);
    let push = live(&["one"], 600);
    let record = serde_json::to_string(&push).unwrap();
    assert_eq!(serde_json::from_str::<Push>(&record).unwrap(), push);
    assert!(!format!("{push:?}").contains("\"t0\""), "{push:?}");
}

proptest! {
    /// Whatever happens, there is an end of steps, and no wait is in the past.
    #[test]
    fn there_is_always_an_end(events in proptest::collection::vec((0..7_u8, 0..200_000_i64), 0..40)) {
        let (mut push, mut now) = (named(&["one", "two", "three"]), at(NOW));
        for (event, wait) in events {
            now += TimeDelta::seconds(wait);
            let token = push.subscription.as_ref().map_or_else(|| secret("t"), |one| one.token.clone());
            let topic = TOPIC.to_owned();
            match event {
                0 => _ = verify(&mut push, &token.0, Some(3600), now),
                1 => push::reply(&id(), &mut push, &token, Err("no".to_owned()), now),
                2 => push::reply(&id(), &mut push, &token, Ok(()), now),
                3 => _ = push::heard(&id(), &mut push, &token, &Intent::Denied { topic, reason: None }, now),
                4 => push::delivered(&mut push, true, now),
                5 => push.missed += 1,
                _ => push.hubs.rotate_left(1),
            }
            let mut steps = 0;
            loop {
                let word = next(&mut push, Some(SITE), now);
                steps += 1;
                prop_assert!(steps < 12, "{word}");
                if let Step::Rest(at) = step(&id(), &push, Some(SITE), now) {
                    prop_assert!(at.is_some_and(|at| at > now));
                    break;
                }
            }
            prop_assert!(push.leaving.len() <= Push::LEAVING_MAX);
        }
    }
}
