//! What an answer to a delivery means, and when the next one is tried. No I/O, no clock.

use chrono::TimeDelta;
use http::{HeaderMap, StatusCode, header};

use crate::model::{Digest, Subscriber, SubscriberKind, Timestamp};

/// The first pause after a failure doubles with each further one, up to the longest.
const PAUSE_MILLIS: u64 = 1_000;
const PAUSE_MILLIS_MAX: u64 = 30 * 60 * 1_000;
/// The pauses of many that failed together part by so much: percent of a pause, up and down.
const JITTER_PERCENT: u64 = 20;
/// A subscriber that fails for so long is given up: a weekend must not end a subscription.
pub(super) const FAILING_MAX: TimeDelta = TimeDelta::hours(72);
/// What an rssCloud says is lost on the way is a hint only: readers poll as well.
const CLOUD_FAILURES_MAX: u32 = 5;
/// No server keeps us away longer than that.
const RETRY_AFTER_MAX: TimeDelta = TimeDelta::hours(1);

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Any 2xx.
    Accepted,
    /// Nothing was sent: what was to be told is to be told no more.
    Dropped,
    /// 410: nobody is there for good.
    Gone,
    /// Everything else; why, and for how long we are asked to stay away.
    Failed(String, Option<TimeDelta>),
}

impl Outcome {
    /// What an answer says (WebSub §7).
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        if status.is_success() {
            return Self::Accepted;
        }
        if status == StatusCode::GONE {
            return Self::Gone;
        }
        let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let wait = seconds.and_then(|seconds: u32| TimeDelta::try_seconds(seconds.into()));
        Self::Failed(format!("answered {}", status.as_u16()), wait.map(|wait| wait.min(RETRY_AFTER_MAX)))
    }
}

/// Whether a subscription goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    /// Whoever was there has said that nobody is.
    Gone,
    /// And why not; a word for whoever hears there.
    Ends(&'static str),
}

/// Writes down what became of the delivery of everything up to the announcement `upto`.
pub(super) fn settle(it: &mut Subscriber, outcome: &Outcome, upto: u64, now: Timestamp) -> Fate {
    match outcome {
        Outcome::Accepted => {
            it.acknowledged = it.acknowledged.max(upto);
            it.delivered_at = Some(now);
            (it.failures, it.failing_since, it.error, it.next_at) = (0, None, None, None);
            Fate::Lives
        }
        Outcome::Dropped => {
            it.acknowledged = it.acknowledged.max(upto);
            Fate::Lives
        }
        // A hub that feeds.toml names is the admin's to remove.
        Outcome::Gone if it.kind != SubscriberKind::Hub => Fate::Gone,
        Outcome::Gone => fail(it, "answered 410", None, now),
        Outcome::Failed(why, wait) => fail(it, why, *wait, now),
    }
}

fn fail(it: &mut Subscriber, why: &str, wait: Option<TimeDelta>, now: Timestamp) -> Fate {
    let since = *it.failing_since.get_or_insert(now);
    it.failures = it.failures.saturating_add(1);
    it.error = Some(why.to_owned());
    it.next_at = Some(now + pause(it.id(), it.failures).max(wait.unwrap_or_default()));
    match it.kind {
        SubscriberKind::WebSub if now - since >= FAILING_MAX => {
            Fate::Ends("deliveries have failed for 72 hours")
        }
        SubscriberKind::Cloud if it.failures >= CLOUD_FAILURES_MAX => Fate::Ends("notifications have failed"),
        _ => Fate::Lives,
    }
}

/// The pause after the `failures`-th failure in a row; always the same for the same subscription.
fn pause(id: Digest, failures: u32) -> TimeDelta {
    let doublings = failures.saturating_sub(1).min(20);
    let whole = (PAUSE_MILLIS << doublings).min(PAUSE_MILLIS_MAX);
    let chance = Digest::of([&id.0[..], &failures.to_be_bytes()]).0;
    let percent = u64::from(chance[0]) * 2 * JITTER_PERCENT / 255 + 100 - JITTER_PERCENT;
    TimeDelta::milliseconds(i64::try_from(whole * percent / 100).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(kind: SubscriberKind) -> Subscriber {
        let callback = "http://r.example/cb".parse().unwrap();
        Subscriber::new(kind, callback, "http://n.example/a.atom".to_owned(), Timestamp::UNIX_EPOCH, 3)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_answer_is_read() {
        let none = HeaderMap::new();
        let asked = |value: &str| HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())]);
        let failed = |why: &str, seconds: Option<i64>| {
            Outcome::Failed(why.to_owned(), seconds.map(TimeDelta::seconds))
        };
        for (status, headers, expected) in [
            (200, none.clone(), Outcome::Accepted),
            (204, none.clone(), Outcome::Accepted),
            (410, none.clone(), Outcome::Gone),
            (301, none.clone(), failed("answered 301", None)),
            (404, none, failed("answered 404", None)),
            (503, asked("120"), failed("answered 503", Some(120))),
            (429, asked("999999"), failed("answered 429", Some(3600))),
            (429, asked("soon"), failed("answered 429", None)),
        ] {
            assert_eq!(Outcome::of(StatusCode::from_u16(status).unwrap(), &headers), expected);
        }
    }

    #[test]
    fn pauses_double_and_part() {
        let id = |number: u8| Digest([number; 16]);
        for (failures, low, high) in
            [(1, 800, 1_200), (2, 1_600, 2_400), (5, 12_800, 19_200), (40, 1_440_000, 2_160_000)]
        {
            let pauses: Vec<i64> = (0..50).map(|n| pause(id(n), failures).num_milliseconds()).collect();
            assert!(pauses.iter().all(|millis| (low..=high).contains(millis)), "{failures}: {pauses:?}");
            assert!(pauses.iter().any(|millis| *millis != pauses[0]), "all at once: {pauses:?}");
            assert_eq!(pause(id(1), failures), pause(id(1), failures));
        }
    }

    #[test]
    fn a_subscription_lives_until_it_is_given_up() {
        let failed = Outcome::Failed("answered 500".to_owned(), None);
        let mut it = subscription(SubscriberKind::WebSub);
        assert_eq!(settle(&mut it, &failed, 5, at(0)), Fate::Lives);
        assert_eq!((it.acknowledged, it.failures, it.failing_since), (3, 1, Some(at(0))));
        assert!(it.next_at > Some(at(0)));
        assert_eq!(settle(&mut it, &Outcome::Accepted, 5, at(9)), Fate::Lives);
        assert_eq!((it.acknowledged, it.failures, it.next_at, it.error.as_deref()), (5, 0, None, None));
        settle(&mut it, &failed, 6, at(10));
        assert_eq!(settle(&mut it, &failed, 6, at(10 + 72 * 3600 - 1)), Fate::Lives);
        assert!(matches!(settle(&mut it, &failed, 6, at(10 + 72 * 3600)), Fate::Ends(_)));
        assert_eq!(settle(&mut it, &Outcome::Gone, 6, at(11)), Fate::Gone);

        let mut cloud = subscription(SubscriberKind::Cloud);
        let fates: Vec<Fate> = (0..5).map(|n| settle(&mut cloud, &failed, 4, at(n))).collect();
        assert!(fates[..4].iter().all(|fate| *fate == Fate::Lives) && fates[4] != Fate::Lives);
        let mut hub = subscription(SubscriberKind::Hub);
        assert_eq!(settle(&mut hub, &Outcome::Gone, 4, at(0)), Fate::Lives);
        assert_eq!(settle(&mut hub, &failed, 4, at(9_000_000)), Fate::Lives);
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        let mut it = subscription(SubscriberKind::WebSub);
        let asked = Outcome::Failed("answered 429".to_owned(), Some(TimeDelta::seconds(600)));
        settle(&mut it, &asked, 4, at(0));
        assert_eq!(it.next_at, Some(at(600)));
    }
}
