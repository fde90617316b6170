//! What ingest decides about the source itself: where it is, whether it is there, and how long its word counts.

mod daemon;
mod odd;
mod owner;
mod parts;
mod refused;

use chrono::TimeDelta;
use nashra::model::*;
use nashra::pipeline;
use proptest::prelude::*;

use crate::kit::entries::*;

const HOME: &str = "https://a.example/feed";
const NEW: &str = "https://b.example/feed";

/// A source that is polled over days.
struct Days {
    memory: Memory,
    source: Source,
    now: Timestamp,
}

impl Days {
    fn of(url: &str) -> Self {
        let source = Source { location: Location::Web(url.parse().unwrap()), ..source("a", &[]) };
        Self { memory: Memory::default(), source, now: at("2026-11-01T12:00:00Z") }
    }

    fn state(&self) -> &SourceState {
        &self.memory.states[&self.source.id]
    }

    fn asked(&self) -> String {
        pipeline::moves::asked(&self.source, self.state()).unwrap().to_string()
    }

    /// An answer after so many hours; `permanent` is where the address that is asked redirects for good.
    fn poll(&mut self, hours: i64, permanent: Option<&str>, reading: Reading) -> Update {
        self.now += TimeDelta::hours(hours);
        let mut fetched = fetched(reading, &self.now.to_rfc3339());
        let state = self.memory.states.get(&self.source.id).cloned().unwrap_or_default();
        let asked = pipeline::moves::asked(&self.source, &state).cloned();
        fetched.manners.permanent = permanent.map(|url| url.parse().unwrap());
        fetched.manners.url = fetched.manners.permanent.clone().or(asked);
        if matches!(fetched.reading, Reading::Unchanged { .. }) {
            fetched.status = Some(304);
        }
        self.memory.poll(&self.source, &fetched)
    }

    fn feed(&mut self, hours: i64, permanent: Option<&str>, entries: Vec<FeedEntry>) -> Update {
        self.poll(hours, permanent, feed(entries))
    }

    fn unchanged(&mut self, hours: i64, permanent: Option<&str>) -> Update {
        self.poll(hours, permanent, Reading::Unchanged { validators: Validators::default() })
    }

    /// A failure of this class; `answered` is the address that gave it.
    fn fail(&mut self, kind: FetchErrorKind, status: Option<u16>, answered: &str) -> Update {
        self.now += TimeDelta::hours(1);
        let error = FetchError { kind, message: format!("{kind:?}") };
        let mut fetched = fetched(Reading::Failed(error), &self.now.to_rfc3339());
        fetched.status = status;
        fetched.manners.url = Some(answered.parse().unwrap());
        self.memory.poll(&self.source, &fetched)
    }
}

/// A whole document of a feed that is called `A feed`.
fn feed(entries: Vec<FeedEntry>) -> Reading {
    brought(entries, "2026-11-01T12:00:00Z").reading
}

/// The same with other words about itself.
fn feed_with(entries: Vec<FeedEntry>, change: impl FnOnce(&mut Feed)) -> Reading {
    let mut reading = feed(entries);
    if let Reading::Feed { feed, .. } = &mut reading {
        change(feed);
    }
    reading
}

fn story(n: usize, host: &str) -> FeedEntry {
    said(
        &format!("{host}-{n}"),
        &format!("A headline of {host} about the event number {n}"),
        &format!("https://{host}/story/{n}"),
        &format!("2026-10-{:02}T08:00:00Z", n % 28 + 1),
    )
}

fn stories(range: std::ops::Range<usize>, host: &str) -> Vec<FeedEntry> {
    range.map(|n| story(n, host)).collect()
}

fn codes(update: &Update) -> Vec<&str> {
    update.problems.iter().map(|problem| problem.code.as_str()).collect()
}

#[test]
fn a_move_is_believed_after_seven_days_of_one_answer() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    for day in 0..7 {
        let update = days.unchanged(24, Some(NEW));
        let moving = update.state.moving.expect("it says that it moves");
        assert_eq!(
            (moving.to.as_str(), moving.same_feed, update.state.adopted),
            (NEW, true, None),
            "day {day}"
        );
        assert_eq!(moving.since, at("2026-11-02T12:00:00Z"));
    }
    let update = days.unchanged(24, Some(NEW));
    assert_eq!(codes(&update), ["moved-for-good"]);
    let message = &update.problems[0].message;
    assert!(message.contains(HOME) && message.contains(NEW) && !message.contains('\n'), "{message}");
    assert_eq!((days.asked().as_str(), &update.state.moving), (NEW, &None));
    let adopted = update.state.adopted.unwrap();
    assert_eq!((adopted.from.as_str(), adopted.at), (HOME, days.now));
    // Another address in feeds.toml ends it.
    days.source.location = Location::Web("https://c.example/feed".parse().unwrap());
    assert_eq!(days.asked(), "https://c.example/feed");
    let update = days.feed(1, None, stories(0..3, "a.example"));
    assert_eq!(update.state.adopted, None);
}

#[test]
fn whoever_wavers_is_not_believed() {
    // Without a redirect in between; with another target in between; with a week of silence, which is no answer.
    for (between, expected) in [(None, HOME), (Some("https://c.example/feed"), HOME), (Some(NEW), NEW)] {
        let mut days = Days::of(HOME);
        days.feed(0, None, stories(0..3, "a.example"));
        days.unchanged(24, Some(NEW));
        days.unchanged(72, between);
        days.unchanged(24, Some(NEW));
        days.unchanged(73, Some(NEW));
        assert_eq!(days.asked(), expected, "{between:?}");
    }
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    days.unchanged(1, Some(NEW));
    days.fail(FetchErrorKind::Connect, None, HOME);
    days.poll(24, Some("https://parking.example/"), Reading::NotAFeed("this is an HTML page".to_owned()));
    assert_eq!(days.state().moving.as_ref().unwrap().to.as_str(), NEW, "failures end nothing");
    let late = days.fail(FetchErrorKind::Status, Some(503), NEW);
    assert!(late.state.adopted.is_none());
    days.now += TimeDelta::days(10);
    days.fail(FetchErrorKind::Status, Some(503), NEW);
    assert_eq!(days.asked(), HOME, "failures confirm nothing");
    days.unchanged(1, Some(NEW));
    assert_eq!(days.asked(), NEW);
}

#[test]
fn a_clock_that_was_ahead_puts_no_move_off() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    days.unchanged(24 * 400, Some(NEW));
    days.unchanged(-24 * 399, Some(NEW));
    days.unchanged(24 * 7, Some(NEW));
    assert_eq!(days.asked(), NEW);
}

#[test]
fn only_the_same_feed_is_adopted() {
    let check = |found: Reading, expected: &str| {
        let mut days = Days::of(HOME);
        let known =
            feed_with(stories(0..3, "a.example"), |feed| feed.id = Some("tag:a.example,2026:f".to_owned()));
        days.poll(0, None, known);
        days.poll(1, Some(NEW), found.clone());
        days.poll(24 * 8, Some(NEW), found);
        assert_eq!(days.asked(), expected, "{:?}", days.state().moving);
    };
    let named =
        |title: &str, entries: Vec<FeedEntry>| feed_with(entries, |feed| feed.title = Some(title.to_owned()));
    check(named("A  FEED", stories(9..12, "a.example")), NEW);
    check(named("Another", stories(2..5, "a.example")), NEW);
    check(named("Another", stories(9..12, "a.example")), HOME);
    let same_id = feed_with(stories(9..12, "a.example"), |feed| {
        feed.title = None;
        feed.id = Some("tag:a.example,2026:f".to_owned());
    });
    check(same_id, NEW);
    // A 304 shows nothing of what is found there; one document that is another feed is enough.
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    days.unchanged(1, Some(NEW));
    days.poll(24, Some(NEW), named("Another", stories(9..10, "a.example")));
    days.poll(24 * 8, Some(NEW), named("Another", stories(9..10, "a.example")));
    assert_eq!(days.asked(), HOME);
    assert!(!days.state().moving.as_ref().unwrap().same_feed);
    // Where nothing was known there is nothing to compare with.
    let mut days = Days::of(HOME);
    days.feed(0, Some(NEW), stories(0..3, "a.example"));
    days.feed(24 * 7, Some(NEW), stories(0..4, "a.example"));
    assert_eq!(days.asked(), NEW);
}

#[test]
fn https_of_the_same_address_is_adopted_at_once() {
    let check = |from: &str, to: &str, expected: &str| {
        let mut days = Days::of(from);
        let update = days.feed(0, Some(to), stories(0..3, "a.example"));
        assert_eq!(days.asked(), expected);
        assert_eq!(update.state.adopted.is_some(), expected == to);
    };
    check("http://a.example/f?x=1", "https://a.example/f?x=1", "https://a.example/f?x=1");
    check("http://a.example/f", "https://www.a.example/f", "http://a.example/f");
    check("http://a.example/f", "https://a.example/g", "http://a.example/f");
    check("http://a.example/f", "https://a.example/f?x", "http://a.example/f");
    check("http://a.example:8080/f", "https://a.example/f", "http://a.example:8080/f");
    check("https://a.example/f", "http://a.example/f", "https://a.example/f");
    // Where no feed was found, nothing is.
    let mut days = Days::of("http://a.example/f");
    days.poll(0, Some("https://a.example/f"), Reading::NotAFeed("a page".to_owned()));
    assert_eq!(days.asked(), "http://a.example/f");
}

/// A source that has moved to `NEW`.
fn moved() -> Days {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    days.unchanged(1, Some(NEW));
    days.unchanged(24 * 7, Some(NEW));
    assert_eq!(days.asked(), NEW);
    days
}

#[test]
fn an_adopted_address_that_fails_is_given_up() {
    let mut days = moved();
    for _ in 0..2 {
        let update = days.fail(FetchErrorKind::Connect, None, NEW);
        assert_eq!((days.asked().as_str(), codes(&update).len()), (NEW, 0));
    }
    days.unchanged(1, None);
    days.fail(FetchErrorKind::Timeout, None, NEW);
    days.poll(1, None, Reading::NotAFeed("a page".to_owned()));
    let update = days.fail(FetchErrorKind::Connect, None, NEW);
    assert_eq!((days.asked().as_str(), codes(&update)), (HOME, vec!["moved-back"]));
    assert_eq!((update.state.failures, update.state.validators), (1, Validators::default()));
    for (kind, status, answered, expected) in [
        (FetchErrorKind::Status, 404, NEW, HOME),
        (FetchErrorKind::Gone, 410, NEW, HOME),
        (FetchErrorKind::Status, 404, "https://elsewhere.example/", NEW),
        (FetchErrorKind::Status, 403, NEW, NEW),
    ] {
        let mut days = moved();
        let update = days.fail(kind, Some(status), answered);
        assert_eq!((days.asked().as_str(), update.state.gone_at), (expected, None), "{status} of {answered}");
    }
}

#[test]
fn an_adopted_address_may_move_on_and_back() {
    let mut days = moved();
    days.unchanged(1, Some("https://c.example/feed"));
    assert_eq!(days.asked(), NEW);
    days.unchanged(24 * 7, Some("https://c.example/feed"));
    assert_eq!(days.asked(), "https://c.example/feed");
    assert_eq!(days.state().adopted.as_ref().unwrap().from.as_str(), HOME);
    days.unchanged(1, Some(HOME));
    days.unchanged(24 * 7, Some(HOME));
    assert_eq!((days.asked().as_str(), &days.state().adopted), (HOME, &None));
}

#[test]
fn gone_is_what_the_configured_address_says_itself() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    let update = days.fail(FetchErrorKind::Gone, Some(410), "https://elsewhere.example/");
    assert_eq!((update.state.gone_at, update.state.failures), (None, 1));
    let update = days.fail(FetchErrorKind::Gone, Some(410), HOME);
    assert_eq!((update.state.gone_at, codes(&update)), (Some(days.now), vec!["gone"]));
    let since = days.now;
    let update = days.fail(FetchErrorKind::Gone, Some(410), HOME);
    assert_eq!(update.state.gone_at, Some(since));
    assert_eq!(update.state.listed.len(), 3, "its last good entries stay");
    let update = days.unchanged(1, None);
    assert_eq!((update.state.gone_at, update.state.error), (None, None));
}

#[test]
fn what_was_not_sent_or_is_not_allowed_has_not_failed() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    let before = days.state().clone();
    let error = FetchError { kind: FetchErrorKind::Held, message: "held".to_owned() };
    let mut held = fetched(Reading::Failed(error), "2026-11-01T13:00:00Z");
    held.manners.retry_after_seconds = Some(60);
    let update = days.memory.poll(&days.source, &held);
    let expected = SourceState { retry_after: Some(at("2026-11-01T13:01:00Z")), ..before };
    assert_eq!(update.state, expected);
    for _ in 0..3 {
        let update = days.fail(FetchErrorKind::Robots, None, HOME);
        assert_eq!((update.state.failures, update.state.error.as_deref()), (1, Some("Robots")));
    }
}

#[test]
fn how_long_an_answer_is_fresh() {
    let mut days = Days::of(HOME);
    let mut poll = |reading: Reading, seconds: Option<u64>| {
        days.now += TimeDelta::hours(1);
        let mut fetched = fetched(reading, &days.now.to_rfc3339());
        fetched.manners.fresh_seconds = seconds;
        if matches!(fetched.reading, Reading::Unchanged { .. }) {
            fetched.status = Some(304);
        }
        let until = days.memory.poll(&days.source, &fetched).state.fresh_until;
        until.map(|until| (until - days.now).num_seconds())
    };
    let unchanged = || Reading::Unchanged { validators: Validators::default() };
    assert_eq!(poll(feed(stories(0..3, "a.example")), Some(600)), Some(600));
    let failed = FetchError { kind: FetchErrorKind::Status, message: String::new() };
    assert_eq!(poll(Reading::Failed(failed), Some(9)), Some(600 - 3600), "a failure renews nothing");
    assert_eq!(poll(unchanged(), None), Some(600), "a 304 without a word confirms what was said");
    assert_eq!(poll(unchanged(), Some(30)), Some(30));
    assert_eq!(poll(unchanged(), None), Some(30));
    assert_eq!(poll(feed(stories(0..4, "a.example")), None), None, "a document says all there is to say");
    assert_eq!(poll(unchanged(), None), None);
    assert_eq!(poll(unchanged(), Some(u64::MAX)), None);
}

proptest! {
    /// Whatever a source answers, an address is only adopted when every good answer of the last seven days, this
    /// one included, has led there.
    #[test]
    fn nothing_is_adopted_without_a_week_of_unanimity(
        answers in prop::collection::vec((1_i64..60, 0_u8..8), 1..40)
    ) {
        let mut days = Days::of(HOME);
        days.feed(0, None, stories(0..3, "a.example"));
        // When the present run of answers began, and where it leads.
        let mut run: Option<(Timestamp, &str)> = None;
        for (hours, answer) in answers {
            let asked = days.asked();
            let adopted = match answer {
                0 => None,
                1 => Some("https://c.example/feed"),
                2 => {
                    days.now += TimeDelta::hours(hours);
                    days.fail(FetchErrorKind::Timeout, None, &asked);
                    // Too many failures give an adopted address up.
                    if days.asked() != asked {
                        run = None;
                    }
                    continue;
                }
                _ => Some(NEW),
            };
            days.unchanged(hours, adopted);
            run = adopted
                .filter(|to| *to != asked)
                .map(|to| (run.filter(|(_, before)| *before == to).map_or(days.now, |(since, _)| since), to));
            let believed = run.filter(|(since, _)| days.now - *since >= TimeDelta::days(7));
            prop_assert_eq!(days.asked(), believed.map_or(asked, |(_, to)| to.to_owned()));
            if believed.is_some() {
                run = None;
            }
        }
    }
}
