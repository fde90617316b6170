//! Feeds that seem to belong to somebody else now.

use nashra::model::*;
use nashra::pipeline;

use super::*;

const ELSEWHERE: &str = "https://casino.example/feed";

fn arabic(range: std::ops::Range<usize>, host: &str) -> Vec<FeedEntry> {
    range
        .map(|n| FeedEntry {
            title: Some(format!("الحكومة تعلن عن برنامج جديد رقم {n}")),
            content: Some(format!("<p>نص الخبر {n}</p>")),
            ..story(n, host)
        })
        .collect()
}

/// A source known for a day, and then this answer, from `answered` where it redirects.
fn check(known: Reading, answered: Option<&str>, found: Reading, quarantined: bool) -> (Days, Update) {
    let mut days = Days::of(HOME);
    days.poll(0, None, known);
    let update = days.poll(24, answered, found);
    assert_eq!(update.state.quarantine.is_some(), quarantined, "{:#?}", update.state);
    assert_eq!(update.new.is_empty(), quarantined);
    (days, update)
}

#[test]
fn a_feed_that_changed_hands_waits_for_the_admin() {
    let (known, spam) = (feed(stories(0..6, "a.example")), feed(stories(50..56, "casino.example")));
    let (mut days, update) = check(known, Some(ELSEWHERE), spam.clone(), true);
    let why = update.state.quarantine.as_ref().unwrap().why.clone();
    assert!(why.contains("casino.example instead of a.example") && !why.contains('\n'), "{why}");
    assert_eq!(codes(&update), ["quarantined"]);
    assert!(update.problems[0].message.contains("nashra sources accept a"), "{:?}", update.problems);
    let since = days.now;
    // Nothing of the last good state changes, however often it answers.
    let before = days.state().clone();
    for _ in 0..3 {
        let update = days.poll(24, Some(ELSEWHERE), spam.clone());
        assert_eq!(update.state, SourceState { asked_at: Some(days.now), ..before.clone() });
        assert_eq!(update.state.quarantine.as_ref().unwrap().since, since);
        assert!(update.delisted.is_empty() && update.changed.is_empty() && update.keys.is_empty());
    }
    let update = days.unchanged(24, Some(ELSEWHERE));
    assert_eq!(
        update.state,
        SourceState { asked_at: Some(days.now), ..before.clone() },
        "a 304 changes nothing"
    );
    days.unchanged(24 * 8, Some(ELSEWHERE));
    assert_eq!(days.asked(), HOME, "no address is adopted meanwhile");
    // An empty document does not show that the owner is back.
    assert!(days.feed(1, Some(ELSEWHERE), vec![]).state.quarantine.is_some());
    // The very document that was read last shows that the owner is back.
    let mut back = days.memory.states[&days.source.id].clone();
    let same = fetched(Reading::Unchanged { validators: Validators::default() }, "2026-12-01T00:00:00Z");
    back = pipeline::ingest(&days.source, &back, &Known::default(), &same, same.at).state;
    assert_eq!(back.quarantine, None);
    // So does one that lists anything known.
    let update = days.feed(1, None, stories(4..9, "a.example"));
    assert_eq!((update.state.quarantine, update.new.len()), (None, 3));
}

#[test]
fn an_entry_of_the_owners_does_not_let_a_stranger_in() {
    let spoken =
        |language: &str, entries| feed_with(entries, |feed| feed.language = Some(language.to_owned()));
    let spam = || stories(50..56, "casino.example");
    let (mut days, _) = check(spoken("ar", arabic(0..6, "a.example")), None, spoken("en", spam()), true);
    let bait = spam().into_iter().chain(arabic(0..1, "a.example")).collect();
    let update = days.poll(1, None, spoken("en", bait));
    assert!(update.state.quarantine.is_some() && update.new.is_empty());
    let update = days.poll(1, None, spoken("ar", arabic(3..9, "a.example")));
    assert_eq!((update.state.quarantine, update.new.len()), (None, 3));
}

#[test]
fn an_owner_who_is_back_may_move_where_a_stranger_was() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..6, "a.example"));
    days.feed(1, Some(NEW), stories(50..56, "casino.example"));
    let moving = days.state().moving.clone().unwrap();
    assert_eq!((moving.to.as_str(), moving.same_feed), (NEW, false));
    days.feed(24, Some(NEW), stories(0..6, "a.example"));
    assert!(days.state().moving.as_ref().unwrap().same_feed);
    days.unchanged(24 * 6, Some(NEW));
    assert_eq!(days.asked(), NEW);
}

#[test]
fn an_empty_document_is_nobodys() {
    let spoken =
        |language: &str, entries| feed_with(entries, |feed| feed.language = Some(language.to_owned()));
    let spam = spoken("en", stories(50..56, "casino.example"));
    let (mut days, _) = check(spoken("ar", arabic(0..6, "a.example")), None, spam.clone(), true);
    assert!(days.feed(1, None, vec![]).state.quarantine.is_some());
    // Where nobody was a stranger, it leaves what is known of the owner as it is.
    let mut days = Days::of(HOME);
    days.poll(0, None, spoken("ar", arabic(0..6, "a.example")));
    days.feed(1, None, vec![]);
    assert!(days.poll(1, None, spam).state.quarantine.is_some());
}

#[test]
fn what_the_admin_accepts_is_taken_in() {
    let (known, spam) = (feed(stories(0..6, "a.example")), feed(stories(50..56, "casino.example")));
    let (mut days, _) = check(known, Some(ELSEWHERE), spam.clone(), true);
    let now = days.now;
    let state = days.memory.states.get_mut(&days.source.id).unwrap();
    pipeline::accept(state, now);
    assert_eq!((&state.quarantine, state.next_at), (&None, Some(now)));
    assert_eq!((&state.validators, state.document), (&Validators::default(), None));
    let update = days.poll(1, Some(ELSEWHERE), spam);
    assert_eq!((update.new.len(), update.delisted.len(), &update.state.quarantine), (6, 6, &None));
    assert!(update.new.iter().all(|entry| !entry.backfill));
    // The new owner is the owner from now on, and the address may be adopted.
    days.feed(24 * 8, Some(ELSEWHERE), stories(60..66, "casino.example"));
    assert_eq!(days.asked(), ELSEWHERE);
    let update = days.feed(1, Some("https://third.example/feed"), stories(90..96, "third.example"));
    assert!(update.state.quarantine.is_some());
}

#[test]
fn another_language_on_the_old_host_is_enough() {
    let spoken =
        |language: &str, entries| feed_with(entries, |feed| feed.language = Some(language.to_owned()));
    let spam = || stories(50..56, "casino.example");
    let (_, update) = check(spoken("ar-MA", arabic(0..6, "a.example")), None, spoken("en", spam()), true);
    assert!(update.state.quarantine.unwrap().why.contains("`en` instead of `ar`"));
    check(spoken("fr", stories(0..6, "a.example")), None, spoken("fr-MA", spam()), false);
    // Where nobody says, or says what every feed says, the letters of the titles do.
    let (_, update) = check(feed(arabic(0..6, "a.example")), None, feed(spam()), true);
    let why = update.state.quarantine.unwrap().why;
    assert!(why.contains("one in Latin letters instead of one in Arabic letters"), "{why}");
    check(spoken("en-US", arabic(0..6, "a.example")), None, spoken("en-US", spam()), true);
    check(spoken("ar", arabic(0..6, "a.example")), None, feed(arabic(50..56, "c.example")), false);
    let said_by_entries =
        spam().into_iter().map(|said| FeedEntry { language: Some("de".to_owned()), ..said });
    check(spoken("en", stories(0..6, "a.example")), None, feed(said_by_entries.collect()), true);
}

#[test]
fn what_is_news_and_no_stranger() {
    let known = || feed(stories(0..6, "a.example"));
    let elsewhere = Some(ELSEWHERE);
    // A burst of news, or a feed that replaced everything, on the same sites, wherever it is served from.
    check(known(), None, feed(stories(50..90, "a.example")), false);
    check(known(), elsewhere, feed(stories(50..90, "a.example")), false);
    check(known(), elsewhere, feed(stories(50..90, "www.a.example")), false);
    let sections = |name: &str| feed(stories(50..56, &format!("{name}.paper.example")));
    check(sections("sport"), Some("https://x.example/f"), feed(stories(60..66, "news.paper.example")), false);
    // Another host where one entry is known, or where one link leads home.
    let mut mixed = stories(50..56, "b.example");
    mixed.push(story(2, "a.example"));
    check(known(), elsewhere, feed(mixed), false);
    let mut home = stories(50..56, "b.example");
    home.push(story(99, "a.example"));
    check(known(), elsewhere, feed(home), false);
    // A single link proves nothing.
    check(known(), elsewhere, feed(stories(50..51, "b.example")), false);
    // What has no links proves nothing either.
    let bare = |n: usize| FeedEntry { link: None, ..story(n, "b.example") };
    check(known(), elsewhere, feed((50..56).map(bare).collect()), false);
    // An aggregator's links lead to ever new sites.
    let many = |range: std::ops::Range<usize>| {
        feed(range.map(|n| story(n, &format!("site{n}.example"))).collect::<Vec<_>>())
    };
    check(many(0..40), None, many(50..90), false);
    // Ids that are known are, whatever else has changed.
    let rewritten = |n: usize| FeedEntry {
        id: Some(format!("a.example-{n}")),
        published: None,
        ..story(n + 50, "b.example")
    };
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..6, "a.example"));
    let update = days.poll(24, elsewhere, feed((0..6).map(rewritten).collect()));
    assert_eq!((update.state.quarantine, update.new.len()), (None, 0));
    // The host of the feed and its page are its owner's, too: a link blog that writes itself for once.
    let blog =
        feed_with(stories(0..6, "far.example"), |feed| feed.link = Some("https://me.example/".to_owned()));
    check(blog.clone(), elsewhere, feed(stories(50..56, "me.example")), false);
    check(blog, elsewhere, feed(stories(50..56, "www.a.example")), false);
}

#[test]
fn a_new_system_with_the_old_titles_is_no_stranger() {
    let moved = |n: usize| FeedEntry {
        id: Some(format!("post-{}", n + 1000)),
        link: Some(format!("https://b.example/archives/{}", n + 1000)),
        published: Some(at("2026-11-01T00:00:00Z")),
        ..story(n, "a.example")
    };
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..6, "a.example"));
    let update = days.poll(24, Some(NEW), feed((0..6).map(moved).collect()));
    assert_eq!(update.state.quarantine, None);
}

#[test]
fn whoever_is_trusted_or_only_sends_a_part_is_not_judged() {
    let spam = || feed(stories(50..56, "casino.example"));
    let mut days = Days::of(HOME);
    days.source.trust = true;
    days.feed(0, None, stories(0..6, "a.example"));
    assert_eq!(days.poll(1, Some(ELSEWHERE), spam()).new.len(), 6);
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..6, "a.example"));
    let mut part = spam();
    if let Reading::Feed { is_delta, .. } = &mut part {
        *is_delta = true;
    }
    assert_eq!(days.poll(1, Some(ELSEWHERE), part).new.len(), 6);
    // Another address in feeds.toml is another source.
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..6, "a.example"));
    days.source.location = Location::Web(ELSEWHERE.parse().unwrap());
    assert_eq!(days.poll(1, None, spam()).new.len(), 6);
}

#[test]
fn a_stranger_lets_nobody_in_with_a_part() {
    let (known, spam) = (feed(stories(0..6, "a.example")), feed(stories(50..56, "casino.example")));
    let (mut days, update) = check(known, Some(ELSEWHERE), spam, true);
    let held = update.state.quarantine;
    let mut part = feed(stories(60..66, "casino.example"));
    if let Reading::Feed { is_delta, .. } = &mut part {
        *is_delta = true;
    }
    for listed in [part.clone(), part] {
        let update = days.poll(1, Some(ELSEWHERE), listed);
        assert_eq!((update.new.len(), &update.state.quarantine), (0, &held));
    }
    assert_eq!(days.state().listed.len(), 6);
    // The admin's trust ends a quarantine too, whatever comes next.
    days.source.trust = true;
    assert_eq!(days.unchanged(1, Some(ELSEWHERE)).state.quarantine, None);
}

#[test]
fn a_stranger_waits_over_an_upgrade_and_a_new_address_ends_it() {
    let (known, spam) = (feed(stories(0..6, "a.example")), feed(stories(50..56, "casino.example")));
    let (mut days, _) = check(known, Some(ELSEWHERE), spam.clone(), true);
    let state = days.memory.states.get_mut(&days.source.id).unwrap();
    (state.config, state.asked_as) = (Some(Digest([9; 16])), Some(Digest([9; 16])));
    assert!(days.poll(1, Some(ELSEWHERE), spam.clone()).state.quarantine.is_some());
    days.source.location = Location::Web(ELSEWHERE.parse().unwrap());
    let update = days.poll(1, None, spam);
    assert_eq!((update.state.quarantine, update.new.len()), (None, 6));
}
