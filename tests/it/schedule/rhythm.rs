//! `schedule = "auto"` learns the rhythm of a source: weeks of simulated ones.

use chrono::TimeDelta;
use chrono_tz::Tz;
use nashra::model::{HealthKind, Rhythm, SourceState, Timestamp};
use nashra::schedule::judge;

use super::{asked, at, next_at, source};

/// What came of polling a source for some time.
struct Outcome {
    polls: usize,
    /// How long each news waited to be found, in minutes.
    delays: Vec<i64>,
    /// The time between askings, in minutes, in the order of the askings.
    waits: Vec<i64>,
}

impl Outcome {
    fn polls_per_news(&self) -> f64 {
        float(self.polls) / float(self.delays.len())
    }

    fn mean_delay(&self) -> f64 {
        mean(&self.delays)
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn mean(numbers: &[i64]) -> f64 {
    numbers.iter().map(|number| f64::from(i32::try_from(*number).unwrap())).sum::<f64>()
        / float(numbers.len())
}

fn start() -> Timestamp {
    at("2026-03-02T00:00:00Z")
}

/// Polls a source that publishes at these minutes after the start, from minute `from` to minute `to`. What was
/// published before is found by the first poll, as with a feed that lists its last entries.
fn live(id: &str, published: &[i64], from: i64, to: i64) -> Outcome {
    let source = source(id, "auto");
    let moment = |minute: i64| start() + TimeDelta::minutes(minute);
    let (mut now, end) = (moment(from), moment(to));
    let mut found = 0;
    let mut state = SourceState::default();
    let mut outcome = Outcome { polls: 0, delays: vec![], waits: vec![] };
    while now < end {
        outcome.polls += 1;
        while let Some(minute) = published.get(found).filter(|minute| moment(**minute) <= now) {
            if outcome.polls > 1 {
                outcome.delays.push((now - moment(*minute)).num_minutes());
            }
            state.rhythm.news.push(moment(*minute));
            found += 1;
        }
        let surplus = state.rhythm.news.len().saturating_sub(Rhythm::NEWS_MAX);
        state.rhythm.news.drain(..surplus);
        state.asked_at = Some(now);
        let next = next_at(&source, &state, Tz::UTC, now);
        outcome.waits.push((next - now).num_minutes());
        now = next;
    }
    outcome
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// `count` news, one every `gap` minutes, from minute `first` on.
fn steady(first: i64, gap: i64, count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(move |n| first + n * gap)
}

#[test]
fn a_steady_source_is_asked_twice_for_each_news() {
    for (gap, polls) in [(HOUR, 1.8..2.3), (6 * HOUR, 1.8..2.3), (DAY, 1.8..2.5)] {
        let published: Vec<i64> = steady(7, gap, 60 * DAY / gap).collect();
        let outcome = live("steady", &published, 12 * gap, 60 * DAY);
        let per_news = outcome.polls_per_news();
        assert!(polls.contains(&per_news), "every {gap} minutes: {per_news} polls per news");
        // A quarter of the gap, and a little more because the askings know nothing of the moments of news.
        let share = outcome.mean_delay() * 100.0 / f64::from(i32::try_from(gap).unwrap());
        assert!(share < 40.0, "every {gap} minutes: found after {share} % of that");
    }
}

#[test]
fn one_news_a_day_does_not_cost_a_poll_a_minute() {
    let published: Vec<i64> = steady(7, DAY, 30).collect();
    let outcome = live("daily", &published, 0, 30 * DAY);
    // The first days cost two polls an hour, because nothing is known of the source.
    assert!(outcome.polls < 30 * 2 + 3 * 48, "{} polls in 30 days", outcome.polls);
    assert!(outcome.polls > 40, "{} polls in 30 days", outcome.polls);
}

#[test]
fn bursts_are_followed_without_haste() {
    // Every morning twelve news within an hour.
    let published: Vec<i64> = (0..42).flat_map(|day| steady(day * DAY + 8 * HOUR, 5, 12)).collect();
    let outcome = live("bursts", &published, 2 * DAY, 42 * DAY);
    // Within a burst it is asked every few minutes; in the silence after it every twentieth of that silence.
    let a_day = outcome.polls / 40;
    assert!((40..80).contains(&a_day), "{a_day} polls a day");
    assert!(outcome.polls_per_news() < 6.0, "{} polls per news", outcome.polls_per_news());
    assert!(outcome.mean_delay() < 45.0, "found after {} minutes", outcome.mean_delay());
}

#[test]
fn a_dying_source_is_asked_less_and_less_but_never_left() {
    let published: Vec<i64> = steady(0, HOUR, 7 * 24).collect();
    let outcome = live("dying", &published, 2 * DAY, 120 * DAY);
    let last = &outcome.waits[outcome.waits.len() - 20..];
    // An asking a day, and never less.
    assert!(mean(last) > 22.0 * 60.0, "{last:?}");
    assert!(outcome.waits.iter().all(|wait| *wait <= DAY), "{:?}", outcome.waits);
    // Five days of news at two polls each, the weeks in which it slows down, and one a day.
    assert!(outcome.polls < 2 * 5 * 24 + 110 + 120, "{} polls", outcome.polls);
}

#[test]
fn a_source_that_revives_is_followed_at_once_again() {
    let before = steady(0, HOUR, 7 * 24);
    let revived = 60 * DAY;
    let published: Vec<i64> = before.chain(steady(revived, HOUR, 10 * 24)).collect();
    let outcome = live("reviving", &published, 2 * DAY, revived + 10 * DAY);
    // The first news waits for a day or so; the poll that finds it finds the others of that day, too.
    let of_new_life = &outcome.delays[outcome.delays.len() - 240..];
    assert!(of_new_life[0] <= 36 * HOUR, "{}", of_new_life[0]);
    let settled = &of_new_life[100..];
    assert!(mean(settled) < 30.0, "found after {} minutes", mean(settled));
}

#[test]
fn the_interval_stays_within_its_limits() {
    let wait = |news: &[i64], hours: i64| {
        let now = start() + TimeDelta::hours(hours);
        let mut state = asked(now);
        state.rhythm.news = news.iter().map(|hour| start() + TimeDelta::hours(*hour)).collect();
        // Two in a row show the interval, because the points of its grid are that far apart.
        let source = source("x", "auto");
        let first = next_at(&source, &state, Tz::UTC, now);
        state.rhythm.news.iter_mut().for_each(|moment| *moment += first - now);
        state.asked_at = Some(first);
        (next_at(&source, &state, Tz::UTC, first) - first).num_minutes()
    };
    assert_eq!(wait(&[], 5), 30);
    assert_eq!(wait(&[0, 1], 5000), 30);
    assert_eq!(wait(&[0, 1, 2], 3), 30);
    assert_eq!(wait(&[0, 4, 8], 12), 120);
    assert_eq!(wait(&[0, 0, 0, 0], 0), 1);
    assert_eq!(wait(&[0, 1, 2], 100_000), DAY);
    // Only the last ten gaps count.
    let hourly: Vec<i64> = (90..=100).collect();
    assert_eq!(wait(&[&[0, 50], &*hourly].concat(), 101), 30);
    // News from the future are no silence, and no reason to panic.
    assert_eq!(wait(&[10, 20, 30], 0), 1);
}

#[test]
fn silence_is_told_from_a_pause() {
    let check = |news: &[i64], now: i64, expected: Option<&str>| {
        let mut state = asked(start());
        state.rhythm.news = news.iter().map(|minute| start() + TimeDelta::minutes(*minute)).collect();
        let found = judge(&source("x", "auto"), &state, start() + TimeDelta::minutes(now));
        let expected = expected.map_or((HealthKind::Ok, String::new()), |why| {
            (HealthKind::Silent, format!("no news since {why}"))
        });
        assert_eq!(found, expected, "{news:?} {now}");
    };
    let hourly: Vec<i64> = steady(0, HOUR, 25).collect();
    check(&hourly, 4 * DAY, None);
    check(&hourly, 4 * DAY + 1, Some("2026-03-03 00:00 UTC; before, it had some every 60 minutes"));
    let daily: Vec<i64> = steady(0, DAY, 5).collect();
    check(&daily, 14 * DAY, None);
    check(&daily, 14 * DAY + 1, Some("2026-03-06 00:00 UTC; before, it had some every 24 hours"));
    // Four news are no rhythm.
    check(&daily[..4], 900 * DAY, None);
    // A dozen news every Friday: Thursday is no silence, the Friday after the next one is.
    let weekly: Vec<i64> = (0..2).flat_map(|week| steady(week * 7 * DAY, 5, 12)).collect();
    check(&weekly, 13 * DAY, None);
    check(&weekly, 21 * DAY, Some("2026-03-09 00:55 UTC; before, it had some every 7 hours"));
    check(&[], 900 * DAY, None);
}
