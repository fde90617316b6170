//! Answers that hold only what changed (226), and the rhythm that is learnt from answers.

use super::*;

fn part(entries: Vec<FeedEntry>, etag: &str) -> Reading {
    let mut reading = feed(entries);
    if let Reading::Feed { is_delta, validators, feed, .. } = &mut reading {
        *is_delta = true;
        validators.etag = Some(etag.as_bytes().to_vec());
        feed.title = None;
    }
    reading
}

#[test]
fn what_a_part_leaves_out_is_still_there() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..5, "a.example"));
    let update = days.poll(1, None, part(stories(4..8, "a.example"), "\"2\""));
    assert_eq!((update.new.len(), update.delisted.len(), update.relisted.len()), (3, 0, 0));
    assert_eq!(update.state.listed.len(), 8);
    assert!(update.state.listed.is_sorted());
    assert_eq!(update.state.document, None, "a later whole is read anew");
    assert_eq!(update.state.validators.etag.as_deref(), Some(&b"\"2\""[..]));
    assert_eq!(update.state.title.as_deref(), Some("A feed"), "what a part does not say stays");
    let update = days.poll(1, None, part(vec![], "\"3\""));
    assert_eq!((update.state.listed.len(), update.delisted.len()), (8, 0));
    assert_eq!((&update.state.oddity, update.state.owner.unwrap().entries), (&None, 5));
    // The next whole says what is gone.
    let update = days.feed(1, None, stories(6..8, "a.example"));
    assert_eq!((update.delisted.len(), update.state.listed.len()), (6, 2));
    // What comes back in a part is listed again.
    let update = days.poll(1, None, part(stories(0..1, "a.example"), "\"4\""));
    assert_eq!((update.relisted.len(), update.state.listed.len()), (1, 3));
}

#[test]
fn a_part_that_is_of_no_use_is_followed_by_the_whole() {
    for (status, expected) in [(226, None), (500, Some(&b"\"1\""[..]))] {
        let mut days = Days::of(HOME);
        days.feed(0, None, stories(0..5, "a.example"));
        days.poll(1, None, part(vec![], "\"1\""));
        let update = days.fail(FetchErrorKind::Status, Some(status), HOME);
        assert_eq!(update.state.validators.etag.as_deref(), expected, "{status}");
        assert_eq!(update.state.failures, 1);
    }
}

#[test]
fn most_of_a_part_is_new_by_nature() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..5, "a.example"));
    // One page under a new id beside two new ones: within a whole this would be looked at as a move.
    let renamed = || FeedEntry { id: Some("renamed".to_owned()), ..story(4, "a.example") };
    let mut entries = stories(20..22, "a.example");
    let (title, content) = (Some("Another title".to_owned()), Some("<p>Another text</p>".to_owned()));
    entries.push(FeedEntry { title, content, ..renamed() });
    let update = days.poll(1, None, part(entries, "\"2\""));
    assert_eq!((codes(&update), update.new.len()), (vec![], 3));
    // One correction is no move either, though it is the whole part.
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..5, "a.example"));
    let update = days.poll(1, None, part(vec![renamed()], "\"2\""));
    assert_eq!((codes(&update), update.new.len()), (vec![], 0));
}

#[test]
fn a_part_after_another_configuration_is_not_the_rest() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..5, "a.example"));
    days.source.strip = vec!["A headline".to_owned()];
    let update = days.poll(1, None, part(stories(4..6, "a.example"), "\"2\""));
    assert_eq!(update.state.validators, Validators::default(), "the whole is read anew");
}

#[test]
fn parts_do_not_add_up_without_end() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    let oldest: Vec<EntryKey> = days.state().listed.clone();
    let many =
        (0..9_999).map(|n| said(&format!("n{n}"), "", &format!("https://a.example/n/{n}"), "")).collect();
    let update = days.poll(1, None, part(many, "\"2\""));
    assert_eq!(update.state.listed.len(), 10_000);
    assert_eq!(update.delisted, oldest[..2], "the oldest are not listed any more, and so retained no longer");
}

#[test]
fn rhythm_is_learnt_from_new_entries() {
    let dates = |days: &Days| -> Vec<String> {
        days.state().rhythm.news.iter().map(|at| at.format("%m-%dT%H:%M").to_string()).collect()
    };
    let on = |n: usize, date: &str| FeedEntry {
        published: (!date.is_empty()).then(|| at(date)),
        ..story(n, "a.example")
    };
    let mut days = Days::of(HOME);
    let backfill = vec![
        on(1, "2026-10-30T08:04:00Z"),
        on(2, "2026-10-30T08:00:00Z"),
        on(3, "2026-10-29T08:00:00Z"),
        on(4, "2025-01-01T00:00:00Z"),
        on(5, "2026-10-30T08:05:00Z"),
    ];
    days.feed(0, None, backfill.clone());
    assert_eq!(dates(&days), ["10-29T08:00", "10-30T08:00", "10-30T08:05"]);
    days.feed(1, None, backfill);
    assert_eq!(dates(&days).len(), 3, "what is known is no news");
    // Without a date of its own, or with one to come, an entry counts from when it was seen.
    days.feed(1, None, vec![on(6, ""), on(7, "2027-01-01T00:00:00Z")]);
    assert_eq!(dates(&days), ["10-29T08:00", "10-30T08:00", "10-30T08:05", "11-01T14:00"]);
    for n in 0..40 {
        days.feed(1, None, vec![on(100 + n, "")]);
    }
    let news = &days.state().rhythm.news;
    assert_eq!((news.len(), news.last()), (Rhythm::NEWS_MAX, Some(&days.now)));
    assert!(news.is_sorted());
}
